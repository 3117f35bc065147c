/* What a TLS session and its certificate say of the server (RFC 5280), for reports. */
#include "transport_internal.h"
#include "valise/base/date.h"
#include "valise/net/verify.h"
#include <stdlib.h>
#include <string.h>

static void note_name(struct service_facts *f, enum service_fact which, gnutls_x509_crt_t leaf,
        int (*get)(gnutls_x509_crt_t crt, gnutls_datum_t *out))
{
	gnutls_datum_t name = {NULL, 0};

	if (get(leaf, &name) == 0)
		facts_set(f, which, (const char *)name.data); /* NUL-terminated, says GnuTLS */
	gnutls_free(name.data);
}

static void note_time(struct service_facts *f, enum service_fact which, time_t when)
{
	char text[DATE_TEXT_SIZE];

	if (when != (time_t)-1)
		facts_set(f, which, date_format_iso((int64_t)when, text));
}

static void note_certificate(struct service_facts *f, gnutls_x509_crt_t leaf)
{
	struct buf names = buf_of(FACT_MAX * 2);

	note_name(f, FACT_CERT_SUBJECT, leaf, gnutls_x509_crt_get_dn2);
	note_name(f, FACT_CERT_ISSUER, leaf, gnutls_x509_crt_get_issuer_dn2);
	note_time(f, FACT_CERT_FROM, gnutls_x509_crt_get_activation_time(leaf));
	note_time(f, FACT_CERT_UNTIL, gnutls_x509_crt_get_expiration_time(leaf));
	verify_names(leaf, &names);
	facts_set(f, FACT_CERT_NAMES, buf_str(&names));
	buf_clear(&names);
}

void verify_facts(gnutls_session_t tls, struct service_facts *f)
{
	const gnutls_datum_t *chain;
	gnutls_x509_crt_t leaf = NULL;
	char sum[SHA256_HEX_SIZE];
	unsigned n = 0;

	if (!f || facts_has(f, FACT_TLS))
		return;
	facts_set(f, FACT_TLS, gnutls_protocol_get_name(gnutls_protocol_get_version(tls)));
	facts_set(f, FACT_CIPHER, gnutls_cipher_get_name(gnutls_cipher_get(tls)));
	chain = gnutls_certificate_get_peers(tls, &n);
	if (!chain || !n)
		return;
	verify_sum(&chain[0], sum);
	facts_set(f, FACT_CERT_SHA256, sum);
	if (gnutls_x509_crt_init(&leaf) == 0 &&
	        gnutls_x509_crt_import(leaf, &chain[0], GNUTLS_X509_FMT_DER) == 0)
		note_certificate(f, leaf);
	if (leaf)
		gnutls_x509_crt_deinit(leaf);
}

void transport_facts(const struct transport *t, struct service_facts *f)
{
	if (t->tls)
		verify_facts(t->tls, f);
}
