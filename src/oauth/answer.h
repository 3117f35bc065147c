#ifndef VALISE_OAUTH_ANSWER_H
#define VALISE_OAUTH_ANSWER_H

#include <stddef.h>
#include <stdint.h>
#include "valise/base/err.h"
#include "valise/oauth/oauth.h"

/* What servers answer, and what follows from it. */

enum {
	ANSWER_MAX = 256 << 10, /* of octets: metadata is the longest */
	INTERVAL_DEFAULT_S = 5, /* RFC 8628 3.2 */
	INTERVAL_MAX_S = 300,
	DEVICE_MAX_S = 3600,
};

/* What to do next. */
enum answer_next {
	NEXT_DONE,
	NEXT_WAIT, /* authorization_pending: ask again */
	NEXT_SLOWER, /* slow_down: and less often from now on */
	NEXT_SIGN_IN, /* what was sent is no good any more: a person has to sign in again */
	NEXT_FAIL, /* and the reason is told */
};

/**
 * answer_tokens(status, text, n, now_ms, out, next_out, err): of a token endpoint (RFC
 * 6749 5.1, 5.2). ${out} is filled for NEXT_DONE; else the result is negative with
 * ${err}, but 0 for those two that wait. Of an answer that gives tokens but is odd
 * ${out} has the refresh token all the same: the one before it may be void.
 */
int answer_tokens(int status, const char *text, size_t n, int64_t now_ms, struct oauth_tokens *out,
        enum answer_next *next_out, struct err *err) MUST_CHECK;

struct device_answer {
	struct secret device_code;
	char *user_code, *url, *whole; /* whole: with the code in it, or NULL */
	unsigned interval_s, expires_s;
};
/* Of a device authorization endpoint (RFC 8628 3.2). */
int answer_device(int status, const char *text, size_t n, struct device_answer *out,
        struct err *err) MUST_CHECK;
void device_answer_clear(struct device_answer *a);

/*
 * Metadata of the issuer of ${c} (RFC 8414 3.2): fills the URLs that it has not.
 * ERR_PROTO: not that, or of another issuer.
 */
int answer_metadata(const char *text, size_t n, struct oauth_client *c, struct err *err) MUST_CHECK;

/* Of a revocation endpoint (RFC 7009 2.2): a token that is unknown is revoked. */
int answer_revoked(int status, const char *text, size_t n, struct err *err) MUST_CHECK;

#endif
