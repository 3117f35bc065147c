#ifndef VALISE_OAUTH_REDIRECT_H
#define VALISE_OAUTH_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include "valise/base/err.h"
#include "valise/base/secret.h"

/* The request that a browser brings back from the authorization server. */

#define REQUEST_MAX 16384 /* of octets: its head */

enum redirect {
	REDIRECT_MORE, /* the head is not whole yet */
	REDIRECT_OTHER, /* another request: 404 */
	REDIRECT_FORGED, /* the place is right, the state is not: 404 as well */
	REDIRECT_CODE, /* the code is in ${code} */
	REDIRECT_ERROR, /* with our state: ${err} is the end of it */
};

struct redirect_want {
	unsigned port;
	const char *state;
	const char *issuer; /* NULL: not known */
	bool iss_needed; /* RFC 9207 2.4 */
};

/* Looks at ${n} octets of a request; ${code} and ${err} are set as the result says. */
enum redirect redirect_read(const char *p, size_t n, const struct redirect_want *want,
        struct secret *code, struct err *err);

#endif
