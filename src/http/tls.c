/*
 * TLS of the HTTP client: libcurl with GnuTLS verifies chain and name; what every other
 * connection is asked (verify.c), or the pin that stands for it, is checked by us after
 * the handshake and before a request goes out.
 */
#include "internal.h"
#include "valise/net/verify.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

/*
 * The system's authorities in one file, as GnuTLS takes them too: Debian's libcurl would
 * read the directory around it, each of them twice, for every connection.
 */
#define CHAIN_MAX 16
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
	curl_easy_setopt(x->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
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

static int check_pin(struct xfer *x, const char *sum, struct err *err)
{
	if (strcmp(sum, x->h->service->at.pin) == 0)
		return 0;
	return err_set(err, ERR_TLS, ERR_WHOLE,
	        "%s: the certificate is not the pinned one: the server shows sha256:%s",
	        x->h->service->at.host, sum);
}

/*
 * Was this certificate found good for this host before? A request is no reason to look
 * again.
 */
static bool is_remembered(struct http_common *c, const char *mark, bool remember)
{
	bool known = false;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < VERIFIED_MAX; i++)
		known = known || (c->verified[i] && strcmp(c->verified[i], mark) == 0);
	if (remember && !known) {
		char **at = &c->verified[c->next_verified++ % VERIFIED_MAX];

		free(*at);
		*at = xstrdup(mark);
	}
	pthread_mutex_unlock(&c->lock);
	return known;
}

/* The certificate is one of ${host}, as verify.c sees it. */
static int check_server(
        struct xfer *x, gnutls_session_t tls, const char *host, const char *sum, struct err *err)
{
	struct http_common *c = x->h->common;
	char *mark = xasprintf("%s %s", sum, host);
	struct buf why = buf_of(8192);
	int rc = 0;

	if (!is_remembered(c, mark, false)) {
		if (verify_server(tls, host, &why))
			(void)is_remembered(c, mark, true);
		else
			rc = err_set(err, ERR_TLS, x->trusted ? ERR_WHOLE : ERR_ITEM, "%s: %s",
			        host, buf_str(&why));
	}
	buf_clear(&why);
	free(mark);
	return rc;
}

int http_tls_check(struct xfer *x, struct err *err)
{
	struct curl_tlssessioninfo *info = NULL;
	const gnutls_datum_t *chain = NULL;
	char sum[SHA256_HEX_SIZE];
	struct url u;
	unsigned n = 0;
	int rc;

	if (!url_cut(x->url, &u) || !u.tls)
		return 0;
	if (curl_easy_getinfo(x->easy, CURLINFO_TLS_SSL_PTR, &info) == CURLE_OK && info &&
	        info->backend == CURLSSLBACKEND_GNUTLS && info->internals)
		chain = gnutls_certificate_get_peers(info->internals, &n);
	if (!chain || !n)
		return err_set(err, ERR_TLS, x->trusted ? ERR_WHOLE : ERR_ITEM,
		        "%s: the server shows no certificate", u.host);
	verify_sum(&chain[0], sum);
	rc = x->pinned ? check_pin(x, sum, err)
	               : check_server(x, info->internals, u.host, sum, err);
	if (rc == 0 && strcmp(u.host, x->h->service->at.host) == 0)
		verify_facts(info->internals, x->h->service->facts);
	return rc;
}

/* The chain that was refused, as far as libcurl kept it; the caller frees each. */
static unsigned refused_chain(CURL *easy, gnutls_datum_t chain[CHAIN_MAX])
{
	struct curl_certinfo *info = NULL;
	unsigned n = 0;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK || !info)
		return 0;
	for (int i = 0; i < info->num_of_certs && n < CHAIN_MAX; i++) {
		gnutls_datum_t pem = {NULL, 0};

		for (struct curl_slist *s = info->certinfo[i]; s; s = s->next)
			if (strncmp(s->data, "Cert:", 5) == 0)
				pem.data = (unsigned char *)s->data + 5;
		pem.size = pem.data ? (unsigned)strlen((char *)pem.data) : 0;
		if (!pem.size || gnutls_pem_base64_decode2("CERTIFICATE", &pem, &chain[n]) != 0)
			break;
		n++;
	}
	return n;
}

/*
 * libcurl says only that it does not like a certificate: why is said as for every other
 * connection.
 */
static bool why_refused(struct xfer *x, const char *host, struct buf *out)
{
	const char *ca_file = x->h->service->at.ca_file;
	gnutls_datum_t chain[CHAIN_MAX];
	unsigned n = refused_chain(x->easy, chain);
	bool known;

	if (!ca_file && x->h->common->bundle)
		ca_file = BUNDLE;
	known = n && !verify_chain(chain, n, ca_file, host, out);
	for (unsigned i = 0; i < n; i++)
		gnutls_free(chain[i].data);
	return known;
}

int http_tls_failed(struct xfer *x, CURLcode rc, struct err *err)
{
	char *files = strstr(x->curl_text, ". CAfile:");
	struct url u = {0};
	struct buf why = buf_of(4096);

	if (files)
		*files = '\0';
	(void)url_cut(x->url, &u);
	if (strstr(x->curl_text, "unexpected TLS packet"))
		buf_putf(&why, "the server does not speak TLS at port %u: is it another service's?",
		        u.port);
	else if (rc != CURLE_PEER_FAILED_VERIFICATION || !why_refused(x, u.host, &why))
		buf_putf(&why, "TLS: %s", *x->curl_text ? x->curl_text : curl_easy_strerror(rc));
	err_set(err, ERR_TLS, x->trusted ? ERR_WHOLE : ERR_ITEM, "%s: %s", u.host, buf_str(&why));
	buf_clear(&why);
	return ERR_TLS;
}
