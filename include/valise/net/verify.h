#ifndef VALISE_NET_VERIFY_H
#define VALISE_NET_VERIFY_H

#include <gnutls/x509.h>
#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/base/hash.h"

/* Is the certificate of the session, whose handshake is done or in its verify function, one of ${host}'s? Else ${why} says to a person why not. */
bool verify_server(gnutls_session_t tls, const char *host, struct buf *why);
void verify_sum(const gnutls_datum_t *der, char out[SHA256_HEX_SIZE]);

/* Why a certificate does not do, for a person, appended to ${out}; false: not for this reason. */
bool verify_time_reason(gnutls_x509_crt_t leaf, struct buf *out);
bool verify_name_reason(gnutls_x509_crt_t leaf, const char *host, struct buf *out);

#endif
