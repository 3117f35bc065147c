/*
 * The check of the server's certificate, run inside the handshake: chain and purpose (RFC 5280), name
 * (RFC 6125) or address (RFC 9110 4.3.5); or, with a pin, that it is this one certificate.
 */
#include "transport_internal.h"
#include "verify.h"
#include "valise/base/date.h"
#include "valise/base/hash.h"
#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#define NAMES_MAX 12
#define NAMES_TEXT 240
#define REASON_MAX 2048

static int check_pin(struct transport *t, const char *sum)
{
	if (strcmp(sum, t->pin) == 0)
		return 0;
	return transport_fail(t, ERR_TLS,
	        "the certificate is not the pinned one: the server shows sha256:%s", sum);
}

static char *date_text(time_t when, char out[DATE_TEXT_SIZE])
{
	return date_format_iso((int64_t)when, out);
}

bool verify_time_reason(gnutls_x509_crt_t leaf, struct buf *out)
{
	time_t now = time(NULL), from = gnutls_x509_crt_get_activation_time(leaf),
	       until = gnutls_x509_crt_get_expiration_time(leaf);
	char edge[DATE_TEXT_SIZE], today[DATE_TEXT_SIZE];

	date_text(now, today);
	if (until != (time_t)-1 && until < now)
		buf_putf(out,
		        "the certificate expired on %s (this machine's clock says %s): its "
		        "operator must renew it",
		        date_text(until, edge), today);
	else if (from != (time_t)-1 && from > now)
		buf_putf(out,
		        "the certificate is not valid before %s: check this machine's clock, "
		        "which says %s",
		        date_text(from, edge), today);
	else
		return false;
	return true;
}

/* The reason in ${b}, which is cleared, ends the session. */
static int fail_for(struct transport *t, struct buf *b)
{
	(void)transport_fail(t, ERR_TLS, "%s", buf_str(b));
	buf_clear(b);
	return -1;
}

static int fail_time(struct transport *t, gnutls_x509_crt_t leaf, unsigned status)
{
	char today[DATE_TEXT_SIZE];
	struct buf why;

	buf_init(&why, REASON_MAX);
	if (!verify_time_reason(leaf, &why))
		buf_putf(&why,
		        "a certificate of its chain %s: check this machine's clock, which says %s",
		        status & GNUTLS_CERT_EXPIRED ? "has expired" : "is not valid yet",
		        date_text(time(NULL), today));
	return fail_for(t, &why);
}

static int fail_chain(struct transport *t, gnutls_x509_crt_t leaf, unsigned status, const char *sum)
{
	gnutls_datum_t text = {NULL, 0};
	int rc;

	if (status & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED))
		return fail_time(t, leaf, status);
	if (status & GNUTLS_CERT_REVOKED)
		return transport_fail(t, ERR_TLS, "the certificate was revoked");
	if (status & GNUTLS_CERT_SIGNER_NOT_FOUND) {
		bool self = gnutls_x509_crt_check_issuer(leaf, leaf) != 0;

		return transport_fail(t, ERR_TLS,
		        "the certificate is %s: use --ca-file FILE with the certificate of its "
		        "authority, or, when its operator confirms this fingerprint, "
		        "--pin sha256:%s",
		        self ? "self-signed" : "signed by an unknown authority", sum);
	}
	rc = gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0);
	(void)transport_fail(t, ERR_TLS, "the certificate is not trusted: %s",
	        rc == 0 ? (char *)text.data : "unknown reason");
	gnutls_free(text.data);
	return -1;
}

/* One subject alternative name as text; false if it is of a kind that names no server. */
static bool name_text(int type, const char *name, size_t n, char *out, size_t size)
{
	if (type == GNUTLS_SAN_DNSNAME) {
		snprintf(out, size, "%.*s", (int)(n < size ? n : size), name);
		return true;
	}
	if (type == GNUTLS_SAN_IPADDRESS && (n == 4 || n == 16))
		return inet_ntop(n == 4 ? AF_INET : AF_INET6, name, out, (socklen_t)size) != NULL;
	return false;
}

/* What the certificate says whom it is for, for a person. */
static void list_names(gnutls_x509_crt_t leaf, struct buf *out)
{
	char name[256], text[256];
	unsigned shown = 0;
	size_t n;

	for (unsigned i = 0; shown < NAMES_MAX && out->len < NAMES_TEXT; i++) {
		int type;

		n = sizeof name - 1;
		type = gnutls_x509_crt_get_subject_alt_name(leaf, i, name, &n, NULL);
		if (type == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (type < 0)
			break;
		if (!name_text(type, name, n, text, sizeof text))
			continue;
		buf_putf(out, "%s%.80s", shown++ ? ", " : "", text);
	}
	n = sizeof name;
	if (!shown && gnutls_x509_crt_get_dn_by_oid(
	                      leaf, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &n) == 0)
		buf_putf(out, "%.80s", name);
	if (!out->len)
		buf_puts(out, "no name");
}

/* An address must stand in the certificate as an address, not as a name. */
static bool name_matches(const char *host, gnutls_x509_crt_t leaf)
{
	unsigned char address[16];

	if (inet_pton(AF_INET, host, address) == 1)
		return gnutls_x509_crt_check_ip(leaf, address, 4, 0) != 0;
	if (inet_pton(AF_INET6, host, address) == 1)
		return gnutls_x509_crt_check_ip(leaf, address, 16, 0) != 0;
	return gnutls_x509_crt_check_hostname(leaf, host) != 0;
}

bool verify_name_reason(gnutls_x509_crt_t leaf, const char *name, struct buf *out)
{
	char host[256];
	struct buf names;
	size_t n = strlen(name);

	if (n && name[n - 1] == '.')
		n--;
	snprintf(host, sizeof host, "%.*s", (int)(n < sizeof host ? n : sizeof host), name);
	if (name_matches(host, leaf))
		return false;
	buf_init(&names, NAMES_TEXT + 256);
	list_names(leaf, &names);
	buf_putf(out,
	        "the certificate is for another name: %s, not %s; use the name it has, or --pin",
	        buf_str(&names), host);
	buf_clear(&names);
	return true;
}

static int check_name(struct transport *t, gnutls_x509_crt_t leaf)
{
	struct buf why;

	buf_init(&why, REASON_MAX);
	if (verify_name_reason(leaf, t->host, &why))
		return fail_for(t, &why);
	buf_clear(&why);
	return 0;
}

static int check_chain(struct transport *t, gnutls_x509_crt_t leaf, const char *sum)
{
	gnutls_typed_vdata_st purpose = {
	        GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER, 0};
	unsigned status = GNUTLS_CERT_INVALID;
	int rc = gnutls_certificate_verify_peers(t->tls, &purpose, 1, &status);

	if (rc != 0)
		return transport_fail(
		        t, ERR_TLS, "the certificate cannot be checked: %s", gnutls_strerror(rc));
	if (status != 0)
		return fail_chain(t, leaf, status, sum);
	return check_name(t, leaf);
}

int tls_verify(gnutls_session_t session)
{
	struct transport *t = gnutls_session_get_ptr(session);
	gnutls_x509_crt_t leaf = NULL;
	const gnutls_datum_t *chain;
	unsigned n = 0;
	uint8_t digest[SHA256_LEN];
	char sum[SHA256_HEX_SIZE];
	int rc = -1;

	chain = gnutls_certificate_get_peers(session, &n);
	if (!chain || !n) {
		(void)transport_fail(t, ERR_TLS, "the server shows no certificate");
		return GNUTLS_E_CERTIFICATE_ERROR;
	}
	sha256_of(chain[0].data, chain[0].size, digest);
	hex_format(digest, sizeof digest, sum);
	if (t->pin)
		return check_pin(t, sum) == 0 ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
	if (gnutls_x509_crt_init(&leaf) != 0 ||
	        gnutls_x509_crt_import(leaf, &chain[0], GNUTLS_X509_FMT_DER) != 0)
		(void)transport_fail(t, ERR_TLS, "the certificate cannot be read");
	else
		rc = check_chain(t, leaf, sum);
	if (leaf)
		gnutls_x509_crt_deinit(leaf);
	return rc == 0 ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}
