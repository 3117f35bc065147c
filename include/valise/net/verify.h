#ifndef VALISE_NET_VERIFY_H
#define VALISE_NET_VERIFY_H

#include <gnutls/x509.h>
#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/base/facts.h"
#include "valise/base/hash.h"

/*
 * Is the certificate of the session, whose handshake is done or in its verify function,
 * one of ${host}'s? Else ${why} says to a person why not.
 */
bool verify_server(gnutls_session_t tls, const char *host, struct buf *why);
/* What the certificate says whom it is for, "a.example, b.example". */
void verify_names(gnutls_x509_crt_t leaf, struct buf *out);
/* Version, cipher and certificate of the session, once its handshake is done. */
void verify_facts(gnutls_session_t tls, struct service_facts *f);
void verify_sum(const gnutls_datum_t *der, char out[SHA256_HEX_SIZE]);

/*
 * The same of a chain (DER, ${n} > 0) that was shown to somebody else; ${ca_file} NULL:
 * the system's authorities.
 */
bool verify_chain(const gnutls_datum_t *chain, unsigned n, const char *ca_file, const char *host,
        struct buf *why);

#endif
