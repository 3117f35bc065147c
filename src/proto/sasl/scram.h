#ifndef VALISE_PROTO_SASL_SCRAM_H
#define VALISE_PROTO_SASL_SCRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"
#include "valise/base/secret.h"

#define SCRAM_NONCE_SIZE 64

/* SCRAM (RFC 5802, RFC 7677), client side, without channel binding. */
struct scram {
	bool sha256;
	int step;
	bool verified; /* the server's signature was right */
	char nonce[SCRAM_NONCE_SIZE];
	char gs2[600]; /* "n,," or "n,a=...,": what is authorized */
	char first_bare[1200]; /* client-first-message-bare */
	uint8_t server_signature[32];
};

#define SASLNAME_SIZE 1600
/*
 * Append ${name} as a saslname: ',' and '=' are escaped (RFC 5802 5.1). False where it
 * does not fit.
 */
bool saslname_add(char *out, size_t size, const char *name);

/* Names longer than 500 octets are ERR_AUTH. ${authzid} may be NULL. */
int scram_start(struct scram *s, bool sha256, const char *user, const char *authzid,
        struct err *err) MUST_CHECK;
/*
 * Steps: "" gives client-first, server-first gives client-final, server-final gives "".
 */
int scram_step(struct scram *s, const struct secret *password, const char *in, size_t n,
        struct buf *out, struct err *err) MUST_CHECK;

#endif
