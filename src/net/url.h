#ifndef NET_URL_H
#define NET_URL_H

#include "valise/net/http.h"

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

/* May credentials for ${home} go to ${host}? The same, or below the same registrable domain. */
bool url_host_trusted(const char *home, const char *host);
/* May the credentials of the service go there: host, scheme and port? */
bool url_may_sign_in(const struct endpoint *at, const struct url *u);

bool url_host_is_address(const char *host);

/* ${host} as resolvers and certificates know it: names outside ASCII in their ACE form (RFC 5891), where they have one. The caller frees it. */
char *url_host_ace(const char *host);

#endif
