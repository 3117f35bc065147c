#ifndef VALISE_PROTO_DAV_DISCOVER_H
#define VALISE_PROTO_DAV_DISCOVER_H

#include "valise/base/service.h"
#include "valise/proto/dav/webdav.h"

/*
 * From the URL of a service to where its calendars or address books are (RFC 5397, 6764,
 * 4791 6.2.1, 6352 7.1.1).
 */
struct dav_home {
	char **urls; /* home sets, or a single collection */
	size_t n;
	bool single; /* the service's URL is a collection itself */
	bool mixed; /* a home set holds calendars and address books */
	char *principal; /* its URL, or NULL */
	char *prefix; /* of paths, that a proxy takes away and hrefs lack; or NULL */
	/*
	 * the first URL that the server named and that may not have the password: its
	 * path was asked for here
	 */
	char *elsewhere;
};

/**
 * dav_discover(h, s, out, err): try the path of ${s}, then .well-known, then "/": each
 * may be a collection, a home set, a principal, or lead to one.
 * A server that knows no principals gives the path itself. A path that is not there, and
 * is another person's home by its look, is not made up for by the home of whoever signs
 * in: ERR_NOTFOUND. ERR_NOTFOUND and what the first try said when nothing is found (scope
 * ERR_WHOLE). ${out} is to be cleared in any case.
 */
int dav_discover(
        struct http *h, const struct service *s, struct dav_home *out, struct err *err) MUST_CHECK;
void dav_home_clear(struct dav_home *h);
/* Nothing is there: say of what is elsewhere what to do about it. */
void dav_tell_elsewhere(const struct dav_home *home, struct err *err);

/*
 * Is the path ${given} the home set ${home} (a URL) of ${login}, but for another name in
 * the place of the login?
 */
bool dav_names_another(const char *given, const char *home, const char *login);

/* Of a URL or path: equal however it is escaped; a trailing slash does not count. */
uint64_t dav_key(const char *url);
/*
 * The last segment of the path of a URL or href, decoded; the octets themselves where
 * that gives no UTF-8 text. Caller frees.
 */
char *dav_last_segment(const char *href);
/*
 * A calendar (also a subscribed one) or an address book; not an inbox, outbox, trash bin.
 * Needs {DAV:}resourcetype.
 */
bool dav_is_collection(const struct dav_response *r, bool contacts);
/*
 * None of the privileges that writing takes (RFC 3744 5.4) is granted. Needs
 * {DAV:}current-user-privilege-set; without it: false.
 */
bool dav_is_readonly(const struct dav_response *r);
/*
 * Whom a DAV:owner means, as far as it can be told from how the principal of the session,
 * ${me}, and the login, ${user}, are written (both may be NULL).
 */
enum dav_owner { DAV_OWNER_ME, DAV_OWNER_OTHER, DAV_OWNER_UNSAID };
enum dav_owner dav_owner_of(const char *owner, const char *me, const char *user);
/*
 * Somebody else's collection, shared with the account. What is below a home set and may
 * be written is the account's own unless its owner is said to be another. Needs
 * {DAV:}owner, {DAV:}resourcetype, {DAV:}current-user-privilege-set.
 */
bool dav_is_foreign(const struct dav_response *r, const struct dav_home *home, const char *user);

#endif
