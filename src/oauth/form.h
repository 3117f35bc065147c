#ifndef VALISE_OAUTH_FORM_H
#define VALISE_OAUTH_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include "valise/base/buf.h"
#include "valise/oauth/oauth.h"

/* What is sent: URLs and forms, made of texts alone. */

#define WORD_SIZE 44 /* 32 octets in base64url, and NUL */

/* RFC 4648 5, without padding; ${out}: WORD_SIZE for 32 octets. */
void base64url_put(const void *p, size_t n, char *out, size_t size);
/* A word that nobody guesses. */
int random_word(char out[WORD_SIZE], struct err *err) MUST_CHECK;
/* RFC 7636 4.2, S256. */
void pkce_challenge(const char *verifier, char out[WORD_SIZE]);

/* "name=value", after '&' where something stands before; NULL adds nothing. */
void form_put(struct buf *out, const char *name, const char *value);

/* What the browser is sent to. A query that the endpoint has of its own stays (3.1). */
void authorize_url(const struct oauth_client *c, const char *redirect, const char *state,
        const char *challenge, struct buf *out);

/*
 * Why ${url} may not be trusted with tokens; NULL: it may. ${cleartext}: this machine by
 * http.
 */
const char *why_untrusted(const char *url, bool cleartext);

/* Where the metadata of an issuer is: ${nth} of two places (OpenID; RFC 8414 3.1). */
bool metadata_url(const char *issuer, unsigned nth, struct buf *out);

#endif
