/*
 * The one check of a server's certificate, for IMAP, POP3 and HTTP alike: chain and
 * purpose (RFC 5280), strength of its keys, name (RFC 9525: a DNS name among the subject
 * alternative names, the common name counts for nothing) or address (RFC 9110 4.3.5); or,
 * with a pin, that it is this one certificate and nothing else.
 */
#include "transport_internal.h"
#include "valise/base/mem.h"
#include "valise/net/url.h"
#include "valise/net/verify.h"
#include "valise/base/date.h"
#include "valise/base/hash.h"
#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#define NAMES_MAX 12
#define NAMES_TEXT 240
#define REASON_MAX 4096
#define CHAIN_MAX 16

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

/* Is the time of this certificate over, or not come yet? Then ${out} says so. */
static bool time_is_wrong(gnutls_x509_crt_t leaf, struct buf *out)
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

/* The same of a chain whose check failed for that. */
static void time_reason(gnutls_x509_crt_t leaf, unsigned status, struct buf *out)
{
	char today[DATE_TEXT_SIZE];

	if (!time_is_wrong(leaf, out))
		buf_putf(out,
		        "a certificate of its chain %s: check this machine's clock, which says %s",
		        status & GNUTLS_CERT_EXPIRED ? "has expired" : "is not valid yet",
		        date_text(time(NULL), today));
}

/* Why the chain is not trusted, and what to do. */
static void chain_reason(gnutls_x509_crt_t leaf, unsigned status, const char *sum, struct buf *out)
{
	static const struct {
		unsigned bit;
		const char *text;
	} faults[] = {
	        {GNUTLS_CERT_REVOKED, "the certificate was revoked"},
	        {GNUTLS_CERT_SIGNER_NOT_CA, "a certificate of its chain signs others, but is no "
	                                    "authority's"},
	        {GNUTLS_CERT_INSECURE_ALGORITHM,
	                "the certificate, or one of its chain, is signed with an algorithm that is "
	                "not safe any more (SHA-1 or older)"},
	        {GNUTLS_CERT_PURPOSE_MISMATCH,
	                "the certificate has another purpose than to be a server's"},
	};
	gnutls_datum_t text = {NULL, 0};
	int rc;

	if (status & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED)) {
		time_reason(leaf, status, out);
		return;
	}
	for (size_t i = 0; i < COUNT(faults); i++)
		if (status & faults[i].bit) {
			buf_putf(out, "%s: its operator must renew it, or --pin sha256:%s",
			        faults[i].text, sum);
			return;
		}
	if (status & GNUTLS_CERT_SIGNER_NOT_FOUND) {
		buf_putf(out,
		        "the certificate is %s: use --ca-file FILE with the certificate of its "
		        "authority, or, when its operator confirms this fingerprint, "
		        "--pin sha256:%s",
		        gnutls_x509_crt_check_issuer(leaf, leaf) ? "self-signed"
		                                                 : "signed by an unknown authority",
		        sum);
		return;
	}
	rc = gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0);
	buf_putf(out, "the certificate is not trusted: %.300s",
	        rc == 0 ? (char *)text.data : "unknown reason");
	gnutls_free(text.data);
}

/* One subject alternative name as text; false if it is of a kind that names no server. */
static bool name_text(int type, const char *name, size_t n, char *out, size_t size)
{
	if (type == GNUTLS_SAN_DNSNAME) {
		size_t k = 0;

		for (; k < n && k < size - 1; k++)
			out[k] = name[k] ? name[k] : '?';
		out[k] = '\0';
		return true;
	}
	if (type == GNUTLS_SAN_IPADDRESS && (n == 4 || n == 16))
		return inet_ntop(n == 4 ? AF_INET : AF_INET6, name, out, (socklen_t)size) != NULL;
	return false;
}

void verify_names(gnutls_x509_crt_t leaf, struct buf *out)
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

/* Has it this DNS name, or (NULL) any? A common name alone names no server (RFC 9525). */
static bool has_dns_name(gnutls_x509_crt_t leaf, const char *text)
{
	char name[256];

	for (unsigned i = 0;; i++) {
		size_t n = sizeof name;
		int type = gnutls_x509_crt_get_subject_alt_name(leaf, i, name, &n, NULL);

		if (type == GNUTLS_SAN_DNSNAME &&
		        (!text || (n == strlen(text) && memcmp(name, text, n) == 0)))
			return true;
		if (type < 0 && type != GNUTLS_E_SHORT_MEMORY_BUFFER)
			return false;
	}
}

/* An address must stand in the certificate as an address, not as a name. */
static bool name_matches(const char *host, gnutls_x509_crt_t leaf)
{
	unsigned char address[16];

	if (inet_pton(AF_INET, host, address) == 1)
		return gnutls_x509_crt_check_ip(leaf, address, 4, 0) != 0;
	if (inet_pton(AF_INET6, host, address) == 1)
		return gnutls_x509_crt_check_ip(leaf, address, 16, 0) != 0;
	return has_dns_name(leaf, NULL) && gnutls_x509_crt_check_hostname(leaf, host) != 0;
}

/* Is it another host's? Then ${out} says whose. */
static bool name_is_wrong(gnutls_x509_crt_t leaf, const char *name, struct buf *out)
{
	char host[256];
	struct buf names = buf_of(NAMES_TEXT + 256);
	size_t n = strlen(name);

	if (n && name[n - 1] == '.')
		n--;
	snprintf(host, sizeof host, "%.*s", (int)MIN(n, sizeof host), name);
	if (name_matches(host, leaf))
		return false;
	verify_names(leaf, &names);
	if (!has_dns_name(leaf, NULL) && gnutls_x509_crt_check_hostname(leaf, host))
		buf_putf(out,
		        "the certificate has %s in its common name alone, which counts no longer "
		        "(RFC 9525): its operator must renew it, or --pin",
		        host);
	else if (url_host_is_address(host) && has_dns_name(leaf, host))
		buf_putf(out,
		        "the certificate has %s as a name, not as an address, and so it does not "
		        "count: use a host name that it has, or --pin",
		        host);
	else
		buf_putf(out,
		        "the certificate is for another name: %s, not %s%s; use the name it has, "
		        "or --pin",
		        buf_str(&names), host, url_host_is_address(host) ? " (an address)" : "");
	buf_clear(&names);
	return true;
}

/*
 * Keys that are broken, or soon will be: RSA and DSA below 2048 bits, curves below 224.
 */
static bool is_weak(gnutls_x509_crt_t crt, unsigned *bits_out)
{
	int kind = gnutls_x509_crt_get_pk_algorithm(crt, bits_out);

	if (kind == GNUTLS_PK_RSA || kind == GNUTLS_PK_RSA_PSS || kind == GNUTLS_PK_DSA)
		return *bits_out < 2048;
	return kind == GNUTLS_PK_ECDSA && *bits_out < 224;
}

/* Does one of the chain have a key that is too weak? */
static bool strength_reason(const gnutls_datum_t *chain, unsigned n, struct buf *out)
{
	bool weak = false;

	for (unsigned i = 0; i < n && i < CHAIN_MAX && !weak; i++) {
		gnutls_x509_crt_t crt = NULL;
		unsigned bits = 0;

		if (gnutls_x509_crt_init(&crt) == 0 &&
		        gnutls_x509_crt_import(crt, &chain[i], GNUTLS_X509_FMT_DER) == 0)
			weak = is_weak(crt, &bits);
		if (crt)
			gnutls_x509_crt_deinit(crt);
		if (weak)
			buf_putf(out,
			        "%s has a key of %u bits, which is too weak: its operator must "
			        "renew "
			        "it, or --pin",
			        i ? "a certificate of its chain" : "the certificate", bits);
	}
	return weak;
}

/* A chain whose check ended with ${rc} and ${status}. */
static bool is_good(const gnutls_datum_t *chain, unsigned n, int rc, unsigned status,
        const char *host, struct buf *why)
{
	gnutls_x509_crt_t leaf = NULL;
	char sum[SHA256_HEX_SIZE];
	bool good = false;

	verify_sum(&chain[0], sum);
	if (gnutls_x509_crt_init(&leaf) != 0 ||
	        gnutls_x509_crt_import(leaf, &chain[0], GNUTLS_X509_FMT_DER) != 0)
		buf_puts(why, "the certificate cannot be read");
	else if (rc != 0)
		buf_putf(why, "the certificate cannot be checked: %s", gnutls_strerror(rc));
	else if (status != 0)
		chain_reason(leaf, status, sum, why);
	else
		good = !name_is_wrong(leaf, host, why) && !strength_reason(chain, n, why);
	if (leaf)
		gnutls_x509_crt_deinit(leaf);
	return good;
}

static gnutls_typed_vdata_st purpose_of_servers(void)
{
	return (gnutls_typed_vdata_st){
	        GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER, 0};
}

void verify_sum(const gnutls_datum_t *der, char out[SHA256_HEX_SIZE])
{
	uint8_t digest[SHA256_LEN];

	sha256_of(der->data, der->size, digest);
	hex_format(digest, sizeof digest, out);
}

bool verify_server(gnutls_session_t tls, const char *host, struct buf *why)
{
	gnutls_typed_vdata_st purpose = purpose_of_servers();
	unsigned n = 0, status = GNUTLS_CERT_INVALID;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(tls, &n);
	int rc;

	if (!chain || !n) {
		buf_puts(why, "the server shows no certificate");
		return false;
	}
	rc = gnutls_certificate_verify_peers(tls, &purpose, 1, &status);
	return is_good(chain, n, rc, status, host, why);
}

bool verify_chain(const gnutls_datum_t *chain, unsigned n, const char *ca_file, const char *host,
        struct buf *why)
{
	gnutls_typed_vdata_st purpose = purpose_of_servers();
	gnutls_x509_trust_list_t trust = NULL;
	gnutls_x509_crt_t crt[CHAIN_MAX];
	unsigned k = 0, status = GNUTLS_CERT_INVALID;
	int rc = gnutls_x509_trust_list_init(&trust, 0);

	if (rc == 0)
		rc = ca_file ? gnutls_x509_trust_list_add_trust_file(
		                       trust, ca_file, NULL, GNUTLS_X509_FMT_PEM, 0, 0)
		             : gnutls_x509_trust_list_add_system_trust(trust, 0, 0);
	rc = rc > 0 ? 0 : rc;
	while (rc == 0 && k < n && k < CHAIN_MAX) {
		rc = gnutls_x509_crt_init(&crt[k]);
		if (rc == 0) {
			rc = gnutls_x509_crt_import(crt[k], &chain[k], GNUTLS_X509_FMT_DER);
			k++;
		}
	}
	if (rc == 0)
		rc = gnutls_x509_trust_list_verify_crt2(
		        trust, crt, k, &purpose, 1, 0, &status, NULL);
	while (k)
		gnutls_x509_crt_deinit(crt[--k]);
	if (trust)
		gnutls_x509_trust_list_deinit(trust, 1);
	return is_good(chain, n, rc, status, host, why);
}

int tls_verify(gnutls_session_t session)
{
	struct transport *t = gnutls_session_get_ptr(session);
	const gnutls_datum_t *chain;
	char sum[SHA256_HEX_SIZE];
	struct buf why = buf_of(REASON_MAX);
	unsigned n = 0;
	bool good;

	chain = gnutls_certificate_get_peers(session, &n);
	if (t->pin && chain && n) {
		verify_sum(&chain[0], sum);
		return check_pin(t, sum) == 0 ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
	}
	good = verify_server(session, t->host, &why);
	if (!good)
		(void)transport_fail(t, ERR_TLS, "%s", buf_str(&why));
	buf_clear(&why);
	return good ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}
