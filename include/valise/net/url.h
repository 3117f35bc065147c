#ifndef VALISE_NET_URL_H
#define VALISE_NET_URL_H

/* URLs: cut, joined, compared; where credentials may go. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"
#include "valise/base/service.h"

#define URL_MAX 16384
#define HOST_SIZE 256

/* A URL as url_join gives it, cut into its parts; host lower-case, without brackets. */
struct url {
	bool tls;
	char host[HOST_SIZE];
	uint16_t port;
	const char *path; /* with the query, in the URL that was cut */
};

/* False when ${s} is not of the canonical form that url_join gives. */
bool url_cut(const char *s, struct url *out);

/*
 * May credentials for ${home} go to ${host}? The same, or below the same registrable
 * domain.
 */
bool url_host_trusted(const char *home, const char *host);
/* May the credentials of the service go there: host, scheme and port? */
bool url_may_sign_in(const struct endpoint *at, const struct url *u);

bool url_host_is_address(const char *host);
/* "old.example" of "mail.old.example" (the Public Suffix List); the host itself where it has
 * none. The caller frees. */
char *url_host_registrable(const char *host);

/*
 * ${host} as resolvers and certificates know it: names outside ASCII in their ACE form
 * (RFC 5891), where they have one. The caller frees it.
 */
char *url_host_ace(const char *host);

/*
 * Join ${ref} (absolute URL, absolute path or relative) to ${base} (may be NULL when
 * ${ref} is absolute), RFC 3986 5. The result is canonical: host in lower case, no user,
 * default port, fragment or dot segments, odd octets escaped; %XX stay as they are.
 * ERR_PROTO if it is no URL or leaves http(s), ERR_LIMIT beyond 16 KiB.
 */
int url_join(const char *base, const char *ref, struct buf *out, struct err *err) MUST_CHECK;
/* Same scheme, host and port? */
bool url_same_origin(const char *a, const char *b);
/*
 * Append the key under which URLs name one resource although servers escape it in several
 * ways (%40 or @): canonical, then percent-decoded. False when it is no URL. For
 * comparing only.
 */
bool url_key(const char *url, struct buf *out);
/*
 * The origin of a service: "https://host:port" (no path; no port where it is the
 * default).
 */
void url_of_service(const struct service *s, struct buf *out);
/*
 * Append ${s} with everything but unreserved characters escaped as %XX (a path segment).
 */
void url_escape_segment(const char *s, size_t n, struct buf *out);
/* Percent-decode; false when malformed. */
bool url_unescape(const char *s, size_t n, struct buf *out);

#endif
