#ifndef VALISE_PROTO_SASL_SASL_H
#define VALISE_PROTO_SASL_SASL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"
#include "valise/base/secret.h"
#include "valise/base/service.h"

/*
 * The client side of a SASL exchange (RFC 4422), without the protocol around it: octets
 * in, octets out.
 * SCRAM-SHA-256 and SCRAM-SHA-1 (RFC 5802, RFC 7677; no channel binding), PLAIN (RFC
 * 4616), LOGIN, OAUTHBEARER (RFC 7628), XOAUTH2. Names and passwords go out as they are
 * given: SASLprep is left to who chose them, as servers do.
 */
struct sasl;

/* The mechanism is one of those above. */
bool sasl_known(const char *mech);
/* Its secret is a token that expires, so that asking for a fresh one can help. */
bool sasl_uses_token(const char *mech);
/*
 * The best of what ${offers}(ctx, mech) says yes to and ${login} can use: those with a
 * token where it has one, else those without; NULL if there is none. With an authorization identity
 * and on an encrypted connection that is PLAIN, which every server with such logins knows.
 */
const char *sasl_best(const struct login *login, bool encrypted,
        bool (*offers)(void *ctx, const char *mech), void *ctx);
/*
 * ERR_USAGE where ${mech} (NULL: none, the protocol's own command) is unknown, or drops
 * the authorization identity of ${login}.
 */
int sasl_check(const struct login *login, const char *mech, struct err *err) MUST_CHECK;

/**
 * sasl_new(mech, login, secret, at, err): ${mech} must be known. Nothing of the arguments
 * is kept but ${login} and ${at}, which are borrowed; the secret is copied. NULL when a
 * name or password cannot be sent (NUL inside, which no mechanism can carry).
 */
struct sasl *sasl_new(const char *mech, const struct login *login, const struct secret *secret,
        const struct endpoint *at, struct err *err);
void sasl_free(struct sasl *s); /* wipes; NULL is fine */

/*
 * True if the client speaks first (all but LOGIN): its first answer may be sent with the
 * command.
 */
bool sasl_client_first(const struct sasl *s);

/**
 * sasl_step(s, in, n, out, err): the answer to the challenge ${in} (the first answer of a
 * client-first mechanism is that to an empty one). ${out} is replaced; wipe it with
 * sasl_wipe when it is sent.
 * ERR_AUTH: the exchange must be cancelled ("*").
 */
int sasl_step(
        struct sasl *s, const void *in, size_t n, struct buf *out, struct err *err) MUST_CHECK;

/*
 * The server said OK: 0, or ERR_AUTH when it has not proved that it knows the password
 * (SCRAM).
 */
int sasl_finish(const struct sasl *s, struct err *err) MUST_CHECK;

/*
 * What the server said about a refusal inside the exchange (the JSON of RFC 7628 3.2.2):
 * "" if nothing.
 */
const char *sasl_server_says(const struct sasl *s);

/* Do the words of a refusal say that tokens are taken, and no passwords? */
bool sasl_says_oauth(const char *text);
/*
 * To the text of a refusal: how one signs in by OAuth here; nothing where that was tried.
 * Returns err->code.
 */
int sasl_name_login(const struct login *login, struct err *err);

void sasl_wipe(struct buf *b);

/* For test vectors: the client's nonce. */
void sasl_set_nonce(struct sasl *s, const char *nonce);

#endif
