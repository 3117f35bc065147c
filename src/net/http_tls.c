/*
 * TLS of the HTTP client: chain and name are verified by libcurl with GnuTLS. A pin stands for both
 * and is checked by us, on every connection after its handshake and before a request goes out on it.
 */
#include "http_internal.h"
#include "valise/base/hash.h"
#include "valise/base/sys.h"
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <string.h>

/* The system's authorities in one file, as GnuTLS takes them too: Debian's libcurl would read the directory around it, each of them twice, for every connection. */
#define BUNDLE "/etc/ssl/certs/ca-certificates.crt"

void http_tls_options(struct xfer *x)
{
	const struct endpoint *at = &x->h->service->at;
	long check = x->pinned ? 0 : 1;

	curl_easy_setopt(x->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(x->easy, CURLOPT_SSL_VERIFYPEER, check);
	curl_easy_setopt(x->easy, CURLOPT_SSL_VERIFYHOST, check ? 2L : 0L);
	curl_easy_setopt(x->easy, CURLOPT_CERTINFO, check);
	/* A resumed session would show no certificate of its own. */
	curl_easy_setopt(x->easy, CURLOPT_SSL_SESSIONID_CACHE, check);
	if (at->ca_file || x->h->common->bundle) {
		curl_easy_setopt(x->easy, CURLOPT_CAINFO, at->ca_file ? at->ca_file : BUNDLE);
		curl_easy_setopt(x->easy, CURLOPT_CAPATH, NULL);
	}
}

bool http_tls_has_bundle(void)
{
	int fd = sys_openat(AT_FDCWD, BUNDLE, O_RDONLY, 0);

	if (fd >= 0)
		(void)sys_close(fd);
	return fd >= 0;
}

int http_tls_pin(struct xfer *x, struct err *err)
{
	struct curl_tlssessioninfo *info = NULL;
	const gnutls_datum_t *chain = NULL;
	unsigned n = 0;
	uint8_t digest[SHA256_LEN];
	char sum[SHA256_HEX_SIZE];

	if (!x->pinned)
		return 0;
	if (curl_easy_getinfo(x->easy, CURLINFO_TLS_SSL_PTR, &info) == CURLE_OK && info &&
	        info->backend == CURLSSLBACKEND_GNUTLS && info->internals)
		chain = gnutls_certificate_get_peers(info->internals, &n);
	if (!chain || !n)
		return err_set(err, ERR_TLS, ERR_WHOLE, "%s: the server shows no certificate",
		        x->h->service->at.host);
	sha256_of(chain[0].data, chain[0].size, digest);
	hex_format(digest, sizeof digest, sum);
	if (strcmp(sum, x->h->service->at.pin) == 0)
		return 0;
	return err_set(err, ERR_TLS, ERR_WHOLE,
	        "%s: the certificate is not the pinned one: the server shows sha256:%s",
	        x->h->service->at.host, sum);
}

/* The octets between the PEM marks of ${pem}, hashed; false when there are none. */
static bool pem_sum(const char *pem, char sum[SHA256_HEX_SIZE])
{
	gnutls_datum_t in = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)}, der;
	uint8_t digest[SHA256_LEN];

	if (gnutls_pem_base64_decode2("CERTIFICATE", &in, &der) != 0)
		return false;
	sha256_of(der.data, der.size, digest);
	gnutls_free(der.data);
	hex_format(digest, sizeof digest, sum);
	return true;
}

/* The fingerprint of the certificate that was refused, as far as libcurl kept it. */
static bool leaf_sum(CURL *easy, char sum[SHA256_HEX_SIZE])
{
	struct curl_certinfo *info = NULL;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK || !info ||
	        info->num_of_certs < 1)
		return false;
	for (struct curl_slist *s = info->certinfo[0]; s; s = s->next)
		if (strncmp(s->data, "Cert:", 5) == 0)
			return pem_sum(s->data + 5, sum);
	return false;
}

int http_tls_failed(struct xfer *x, CURLcode rc, struct err *err)
{
	const char *why = *x->curl_text ? x->curl_text : curl_easy_strerror(rc);
	char *files = strstr(x->curl_text, ". CAfile:");
	enum err_scope scope = x->trusted ? ERR_WHOLE : ERR_ITEM;
	char sum[SHA256_HEX_SIZE];
	struct url u;

	if (files)
		*files = '\0';
	if (!url_cut(x->url, &u))
		return err_set(err, ERR_TLS, scope, "TLS: %s", why);
	if (rc == CURLE_PEER_FAILED_VERIFICATION && leaf_sum(x->easy, sum))
		return err_set(err, ERR_TLS, scope,
		        "%s: the certificate is not accepted: %s; use --ca-file FILE with the "
		        "certificate of its authority, or, when its operator confirms this "
		        "fingerprint, --pin sha256:%s",
		        u.host, why, sum);
	return err_set(err, ERR_TLS, scope, "%s: TLS: %s", u.host, why);
}
