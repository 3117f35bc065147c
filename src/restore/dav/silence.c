/* Does a server mail invitations all the same (RFC 6638)? */
#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include "silence.h"

bool dav_announces(const char *dav, const char *token)
{
	size_t n = strlen(token);

	while (dav && *dav) {
		size_t len;

		dav += strspn(dav, ", \t");
		len = strcspn(dav, ",");
		while (len && isspace((unsigned char)dav[len - 1]))
			len--;
		if (len == n && strncasecmp(dav, token, n) == 0)
			return true;
		dav += strcspn(dav, ",");
	}
	return false;
}

/* The host of ${url} is ${domain} or below it. */
static bool host_below(const char *url, const char *domain)
{
	const char *host = strstr(url, "://");
	size_t len, n = strlen(domain);

	if (!host)
		return false;
	host += 3;
	len = strcspn(host, ":/?#");
	return len >= n && strncasecmp(host + len - n, domain, n) == 0 &&
	       (len == n || host[len - n - 1] == '.');
}

/* By the host, the paths and the announcements that only it has. */
static enum family family_of(const char *dav, const char *url, bool cyrus)
{
	if (host_below(url, "google.com") || host_below(url, "googleapis.com") ||
	        host_below(url, "googleusercontent.com"))
		return FAMILY_GOOGLE;
	/*
	 * Cyrus names the property only where it is set; its paths and announcements are
	 * its own.
	 */
	if (cyrus || (strstr(url, "/dav/calendars/user/") &&
	                     dav_announces(dav, "calendar-query-extended")))
		return FAMILY_CYRUS;
	if (strstr(url, "/SOGo/"))
		return FAMILY_SOGO;
	if (dav_announces(dav, "nc-calendar-search") || dav_announces(dav, "nc-paginate") ||
	        dav_announces(dav, "nextcloud-checksum-update") || strstr(url, "/remote.php/"))
		return FAMILY_NEXTCLOUD;
	if (strstr(url, "/dav.php/") || strstr(url, "/cal.php/"))
		return FAMILY_SABRE;
	return FAMILY_UNKNOWN;
}

struct silence silence_of(const char *dav, const char *url, bool cyrus)
{
	struct silence s = {.family = family_of(dav, url, cyrus)};

	s.schedules = !dav || dav_announces(dav, "calendar-auto-schedule");
	switch (s.family) {
	case FAMILY_GOOGLE:
		s.schedules = true;
		s.why = "Google mails every attendee, whatever the request says";
		break;
	case FAMILY_SOGO:
		s.why = "SOGo copies events into the calendars of their attendees";
		break;
	case FAMILY_CYRUS:
	case FAMILY_NEXTCLOUD:
	case FAMILY_SABRE:
		s.assured = true;
		break;
	case FAMILY_UNKNOWN:
		s.why = dav ? "the server mails invitations, and it is not known how to keep it "
		              "from that"
		            : "the server does not say whether it mails invitations";
		break;
	}
	if (!s.schedules)
		s.assured = true;
	return s;
}
