#ifndef VALISE_OAUTH_POST_H
#define VALISE_OAUTH_POST_H

#include "valise/base/buf.h"
#include "valise/oauth/oauth.h"

/* One answer, whatever its status. */
struct reply {
	int status;
	struct buf text; /* wiped by reply_clear */
};
void reply_clear(struct reply *r);

/*
 * POST ${form} to ${url}, or GET it (${form} NULL), of which ${what} is the key in
 * accounts.ini. 0 for any answer; ERR_TLS, ERR_NET, ERR_LIMIT.
 */
int oauth_send(const struct oauth_client *c, const char *what, const char *url,
        const struct buf *form, struct reply *out, struct err *err) MUST_CHECK;

#endif
