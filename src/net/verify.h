#ifndef NET_VERIFY_H
#define NET_VERIFY_H

#include <gnutls/x509.h>
#include <stdbool.h>
#include "valise/base/buf.h"

/* Why a certificate does not do, for a person, appended to ${out}; false: not for this reason. */
bool verify_time_reason(gnutls_x509_crt_t leaf, struct buf *out);
bool verify_name_reason(gnutls_x509_crt_t leaf, const char *host, struct buf *out);

#endif
