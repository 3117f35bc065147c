/* What OAuth sends: random words, forms and URLs (RFC 6749 4.1, RFC 7636, RFC 8414 3). */
#include "form.h"
#include "valise/base/hash.h"
#include "valise/base/secret.h"
#include "valise/net/url.h"
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>

#define RANDOM_OCTETS 32

void base64url_put(const void *p, size_t n, char *out, size_t size)
{
	char *text = base64_encode(p, n);
	size_t o = 0;

	for (const char *s = text; *s && *s != '=' && o + 1 < size; s++)
		out[o++] = (char)(*s == '+' ? '-' : *s == '/' ? '_' : *s);
	out[o] = '\0';
	wipe(text, strlen(text));
	free(text);
}

int random_word(char out[WORD_SIZE], struct err *err)
{
	unsigned char octets[RANDOM_OCTETS];

	if (gnutls_rnd(GNUTLS_RND_KEY, octets, sizeof octets) != 0)
		return err_set(err, ERR_IO, ERR_WHOLE, "no random numbers to sign in with");
	base64url_put(octets, sizeof octets, out, WORD_SIZE);
	wipe(octets, sizeof octets);
	return 0;
}

void pkce_challenge(const char *verifier, char out[WORD_SIZE])
{
	uint8_t sum[SHA256_LEN];

	sha256_of(verifier, strlen(verifier), sum);
	base64url_put(sum, sizeof sum, out, WORD_SIZE);
}

void form_put(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	if (out->len && !strchr("?&", out->data[out->len - 1]))
		buf_putc(out, '&');
	buf_puts(out, name);
	buf_putc(out, '=');
	url_escape_segment(value, strlen(value), out);
}

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = list; s && (s = strstr(s, word)); s += n)
		if ((s == list || s[-1] == ' ') && (!s[n] || s[n] == ' '))
			return true;
	return false;
}

void authorize_url(const struct oauth_client *c, const char *redirect, const char *state,
        const char *challenge, struct buf *out)
{
	bool consent = has_word(c->scopes, "openid") && has_word(c->scopes, "offline_access");

	buf_puts(out, c->authorize);
	buf_puts(out, strchr(c->authorize, '?') ? "&" : "?");
	form_put(out, "response_type", "code");
	form_put(out, "client_id", c->id);
	form_put(out, "redirect_uri", redirect);
	form_put(out, "scope", c->scopes);
	form_put(out, "state", state);
	form_put(out, "code_challenge", challenge);
	form_put(out, "code_challenge_method", "S256");
	form_put(out, "login_hint", c->user);
	/* OpenID Connect Core 11: offline access is given to who asked for it */
	form_put(out, "prompt", consent && !strstr(c->authorize, "prompt=") ? "consent" : NULL);
}

static bool is_loopback(const char *host)
{
	return !strcmp(host, "localhost") || !strcmp(host, "127.0.0.1") || !strcmp(host, "::1");
}

const char *why_untrusted(const char *url, bool cleartext)
{
	struct buf b = buf_of(URL_MAX);
	const char *why = NULL;
	struct url u;

	if (url_join(NULL, url, &b, NULL) != 0 || !url_cut(buf_str(&b), &u))
		why = "not a URL";
	else if (!u.tls && !is_loopback(u.host))
		why = "not https, over which alone tokens go";
	else if (!u.tls && !cleartext)
		why = "not https; to this machine it may be http with cleartext = yes";
	buf_clear(&b);
	return why;
}

bool metadata_url(const char *issuer, unsigned nth, struct buf *out)
{
	size_t n = strlen(issuer), host;
	const char *scheme = strstr(issuer, "://");

	if (!scheme || nth > 1)
		return false;
	n -= n && issuer[n - 1] == '/';
	if (nth == 0) {
		buf_putf(out, "%.*s/.well-known/openid-configuration", (int)n, issuer);
		return true;
	}
	host = (size_t)(scheme - issuer) + 3;
	host += strcspn(issuer + host, "/");
	host = host < n ? host : n;
	buf_putf(out, "%.*s/.well-known/oauth-authorization-server%.*s", (int)host, issuer,
	        (int)(n - host), issuer + host);
	return true;
}
