/*
 * What a NO, a BAD or a BYE means to who asked: by its response code (RFC 5530, RFC 9208,
 * RFC 9738 and those of Gmail and Yahoo), and where servers know none, by their own
 * words. And what a person can do about a refused sign-in.
 */
#include "internal.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WAIT_MAX_MS (24 * 3600 * 1000u)
#define NEAR 40 /* characters between "backoff" and its number */

struct meaning {
	const char *word; /* a code, or words of the text in any case */
	enum imap_class class;
};

static const struct meaning codes[] = {
        {"THROTTLED", IMAP_THROTTLE},
        {"UNAVAILABLE", IMAP_TEMPORARY},
        {"INUSE", IMAP_TEMPORARY},
        {"SERVERBUG", IMAP_TEMPORARY},
        {"OVERQUOTA", IMAP_QUOTA},
        {"AUTHENTICATIONFAILED", IMAP_AUTH},
        {"AUTHORIZATIONFAILED", IMAP_AUTH},
        {"EXPIRED", IMAP_AUTH},
        {"PRIVACYREQUIRED", IMAP_AUTH},
        {"WEBALERT", IMAP_AUTH},
        {"NOPERM", IMAP_PERMANENT},
        {"CANNOT", IMAP_PERMANENT},
        {"NONEXISTENT", IMAP_PERMANENT},
        {"TRYCREATE", IMAP_PERMANENT},
        {"ALREADYEXISTS", IMAP_PERMANENT},
        {"TOOBIG", IMAP_PERMANENT},
        {"BADCHARSET", IMAP_PERMANENT},
        {"UNKNOWN-CTE", IMAP_PERMANENT},
        {"CONTACTADMIN", IMAP_PERMANENT},
};

/*
 * Told before the code counts: Gmail says [OVERQUOTA] of its bandwidth limit and [ALERT]
 * of too many connections, Yahoo [LIMIT] of its rate limit.
 */
static const struct meaning loud[] = {
        {"throttl",
                /* Exchange: "Request is throttled. Suggested Backoff Time: ..." */
                IMAP_THROTTLE},
        {"backoff", IMAP_THROTTLE}, {"rate limit", IMAP_THROTTLE},
        {"too many simultaneous", IMAP_THROTTLE}, {"too many connections", IMAP_THROTTLE},
        {"number of connections",
                /* Dovecot: Maximum number of connections from user+IP exceeded */
                IMAP_THROTTLE},
        {"bandwidth limit",
                IMAP_THROTTLE}, /* Gmail: Account exceeded command or bandwidth limits */
        {"server unavailable. 15", IMAP_QUOTA}, /* Exchange */
        {"authenticated but not connected", IMAP_THROTTLE}, /* Exchange */
};

static const struct meaning words[] = {
        {"try again later", IMAP_TEMPORARY}, /* Yahoo: Server error - try again later */
        {"temporar", IMAP_TEMPORARY},
        {"server unavailable", IMAP_TEMPORARY},
        {"quota", IMAP_QUOTA},
        {"mailbox is full", IMAP_QUOTA},
        {"application-specific password", IMAP_AUTH},
        {"basic authentication is disabled", IMAP_AUTH},
};

static enum imap_class by_text(const struct meaning *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strcasestr(text, list[i].word))
			return list[i].class;
	return IMAP_UNKNOWN;
}

enum imap_class imap_classify(const char *code, const char *text)
{
	enum imap_class found = by_text(loud, COUNT(loud), text);

	for (size_t i = 0; i < COUNT(codes) && !found; i++)
		if (strcasecmp(codes[i].word, code) == 0)
			found = codes[i].class;
	return found ? found : by_text(words, COUNT(words), text);
}

enum imap_class imap_classify_sign_in(const char *code, const char *text)
{
	/* Only without a code that says more. */
	static const struct meaning busy[] = {{"busy", IMAP_TEMPORARY},
	        {"try again", IMAP_TEMPORARY}, {"try later", IMAP_TEMPORARY},
	        {"too many", IMAP_TEMPORARY}, {"overload", IMAP_TEMPORARY},
	        {"maintenance", IMAP_TEMPORARY}, {"unavailable", IMAP_TEMPORARY}};
	/* A wrong password is not sent again: tries are counted. */
	static const struct meaning wrong[] = {{"invalid", IMAP_AUTH}, {"incorrect", IMAP_AUTH},
	        {"wrong", IMAP_AUTH}, {"bad password", IMAP_AUTH}, {"bad credential", IMAP_AUTH},
	        {"too many failed", IMAP_AUTH}, {"too many login fail", IMAP_AUTH},
	        {"attempts", IMAP_AUTH}, {"locked out", IMAP_AUTH}};
	enum imap_class class = imap_classify(code, text);

	if (*code && class != IMAP_UNKNOWN)
		return class;
	if (by_text(wrong, COUNT(wrong), text))
		return IMAP_AUTH;
	if (class == IMAP_UNKNOWN && strcasecmp(code, "LIMIT") == 0)
		return IMAP_TEMPORARY;
	return class == IMAP_UNKNOWN ? by_text(busy, COUNT(busy), text) : class;
}

/* The unit of a number; ${ms} where none is said. */
static unsigned unit_ms(const char *p, unsigned ms)
{
	static const struct {
		const char *word;
		unsigned ms;
	} units[] = {{"milli", 1}, {"ms", 1}, {"sec", 1000}, {"min", 60000}, {"hour", 3600000},
	        {"s", 1000}};

	while (isspace((unsigned char)*p))
		p++;
	for (size_t i = 0; i < COUNT(units); i++)
		if (strncasecmp(p, units[i].word, strlen(units[i].word)) == 0)
			return units[i].ms;
	return ms;
}

unsigned imap_asked_wait(const char *text)
{
	static const struct {
		const char *word;
		unsigned ms; /* of a number without a unit */
	} ways[] = {{"backoff", 1}, {"try again in", 1000}, {"retry after", 1000},
	        {"retry in", 1000}, {"wait", 1000}};

	for (size_t i = 0; i < COUNT(ways); i++) {
		const char *p = strcasestr(text, ways[i].word);
		size_t skip = p ? strcspn(p, "0123456789") : 0;
		unsigned long long n;
		char *end;

		if (!p || !p[skip] || skip > NEAR)
			continue;
		n = strtoull(p + skip, &end, 10);
		if (n > WAIT_MAX_MS)
			return WAIT_MAX_MS;
		n *= unit_ms(end, ways[i].ms);
		return n > WAIT_MAX_MS ? WAIT_MAX_MS : (unsigned)n;
	}
	return 0;
}

static enum err_code code_of(enum imap_class class)
{
	switch (class) {
	case IMAP_THROTTLE:
		return ERR_THROTTLED;
	case IMAP_TEMPORARY:
	case IMAP_QUOTA:
		return ERR_BUSY;
	case IMAP_AUTH:
		return ERR_AUTH;
	case IMAP_PERMANENT:
	case IMAP_UNKNOWN:
		break;
	}
	return ERR_REFUSED;
}

/* The error of a NO or BAD of this class. */
static int refuse_as(enum err_code class, enum line_status status, const char *code,
        const char *text, const char *what, struct err *err)
{

	err_set(err, class, class == ERR_AUTH ? ERR_WHOLE : ERR_COLLECTION,
	        "%s: the server says %s%s%s%s \"%.200s\"", what,
	        status == STATUS_BAD ? "BAD" : "NO", *code ? " [" : "", code, *code ? "]" : "",
	        text);
	if (err && class == ERR_THROTTLED)
		err->wait_ms = imap_asked_wait(text);
	return class;
}

int refusal(enum line_status status, const char *code, const char *text, const char *what,
        struct err *err)
{
	return refuse_as(code_of(imap_classify(code, text)), status, code, text, what, err);
}

int sign_in_refusal(enum line_status status, const char *code, const char *text, const char *what,
        struct err *err)
{
	enum err_code class = code_of(imap_classify_sign_in(code, text));

	return refuse_as(class == ERR_REFUSED ? ERR_AUTH : class, status, code, text, what, err);
}

int bye(const struct status_line *s, const char *what, struct err *err)
{
	bool throttled;
	char text[201];

	snprintf(text, sizeof text, "%.*s", (int)MIN(s->text_len, 200), s->text);
	throttled = imap_classify(s->code, text) == IMAP_THROTTLE;
	err_set(err, throttled ? ERR_THROTTLED : ERR_NET, ERR_WHOLE, "%s: \"%s%s%s%s\"", what,
	        *s->code ? "[" : "", s->code, *s->code ? "] " : "", text);
	if (err && throttled)
		err->wait_ms = imap_asked_wait(text);
	return throttled ? ERR_THROTTLED : ERR_NET;
}

/* ---- what to do about it ---- */

/* Each of ${host} (its end) and ${text} may be NULL: any. The first that fits is told. */
static const struct {
	const char *host, *text, *hint;
} hints[] = {
        {NULL, "application-specific password",
                "make an app password at https://myaccount.google.com/apppasswords and use that, "
                "or sign in by OAuth"},
        {NULL, "basic authentication is disabled",
                "passwords are not taken here any more: sign in by OAuth"},
        {NULL, "logondenied-basicauthblocked",
                "passwords are not taken here any more: sign in by OAuth"},
        {NULL, "unsafe login",
                "make an authorization code in the web mail's settings (POP3/SMTP/IMAP) and use "
                "that "
                "as the password"},
        {NULL, "web login required",
                "sign in with a browser once, as the server's message says, then run this again"},
        {NULL, "not enabled for imap", "switch IMAP on in the settings of the web mail"},
        {NULL, "imap access is disabled", "switch IMAP on in the settings of the web mail"},
        {NULL, "imap is disabled", "switch IMAP on in the settings of the web mail"},
        {"outlook.com", NULL, "Outlook and Office 365 take no passwords: sign in by OAuth"},
        {"office365.com", NULL, "Outlook and Office 365 take no passwords: sign in by OAuth"},
        {"gmail.com", NULL,
                "Gmail takes an app password (https://myaccount.google.com/apppasswords), or sign "
                "in by OAuth"},
        {"mail.me.com", NULL,
                "iCloud takes an app-specific password, made at https://account.apple.com"},
        {"yahoo.com", NULL, "Yahoo takes an app password, made in its account security settings"},
        {"aol.com", NULL, "AOL takes an app password, made in its account security settings"},
        {"163.com", NULL, "use an authorization code made in the web mail's settings"},
        {"126.com", NULL, "use an authorization code made in the web mail's settings"},
};

const char *imap_hint(const char *host, const char *text)
{
	for (size_t i = 0; i < COUNT(hints); i++)
		if ((!hints[i].host || text_ends_with(host, hints[i].host)) &&
		        (!hints[i].text || strcasestr(text, hints[i].text)))
			return hints[i].hint;
	return NULL;
}
