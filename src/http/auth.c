/*
 * Sign-in over HTTP: the challenges of RFC 9110 11, Basic (RFC 7617), Digest (RFC 7616,
 * qop "auth" or none; MD5, SHA-256 and SHA-512-256), Bearer (RFC 6750). Made here and not
 * by libcurl, so that one challenge serves all requests in flight, a body goes along with
 * every try, and Basic is never sent where we would not. NTLM and Negotiate are chosen here,
 * and spoken by libcurl, as they belong to its connections.
 *
 * 	WWW-Authenticate = 1#( scheme [ 1*SP ( token68 / #( token "=" ( token /
 *  quoted-string ) ) ) ] )
 */
#include "internal.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <ctype.h>
#include <gnutls/crypto.h>
#include <nettle/nettle-meta.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define VALUE_MAX 2048
#define DIGEST_HEX 65

static void challenge_clear(struct challenge *c)
{
	free(c->realm);
	free(c->nonce);
	free(c->opaque);
	free(c->next);
	memset(c, 0, sizeof *c);
}

void challenges_clear(struct challenges *c)
{
	for (size_t i = 0; i < c->n; i++)
		challenge_clear(&c->list[i]);
	c->n = 0;
}

static size_t token_len(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || (s[n] && strchr("!#$%&'*+-.^_`|~/", s[n])))
		n++;
	return n;
}

/*
 * A token or quoted-string at *${s}; advances it. Longer ones are cut: they will not
 * work, but harm nobody.
 */
static void take_value(const char **s, char out[VALUE_MAX])
{
	const char *p = *s;
	bool quoted = *p == '"';
	size_t n = 0;

	p += quoted;
	while (*p && (quoted ? *p != '"' : !strchr(", \t", *p))) {
		if (quoted && *p == '\\' && p[1])
			p++;
		if (n < VALUE_MAX - 1)
			out[n++] = *p;
		p++;
	}
	p += quoted && *p == '"';
	out[n] = '\0';
	*s = p;
}

/* Is the word one of those in ${list}, parted by commas or blanks, in any case? */
static bool list_has(const char *list, const char *word)
{
	while (*list) {
		size_t n = strcspn(list, ", \t");

		if (text_is(list, n, word))
			return true;
		list += n;
		list += strspn(list, ", \t");
	}
	return false;
}

static void replace_text(char **p, const char *value)
{
	free(*p);
	*p = xstrdup(value);
}

static void set_aside(struct challenge *c)
{
	c->scheme = AUTH_NONE;
	c->odd_digest = true;
}

/* An algorithm that we do not know makes the challenge one of no use: AUTH_NONE. */
static void take_algorithm(struct challenge *c, const char *value)
{
	size_t n = strlen(value);

	c->sess = n > 5 && strcasecmp(value + n - 5, "-sess") == 0;
	n -= c->sess ? 5 : 0;
	c->sha256 = text_is(value, n, "SHA-256");
	c->sha512 = text_is(value, n, "SHA-512-256");
	if (!c->sha256 && !c->sha512 && !text_is(value, n, "MD5"))
		set_aside(c);
}

/* One parameter of a challenge. */
static void take_param(struct challenge *c, const char *name, size_t n, const char *value)
{
	if (c->scheme == AUTH_NONE)
		return;
	if (text_is(name, n, "realm"))
		replace_text(&c->realm, value);
	else if (text_is(name, n, "nonce"))
		replace_text(&c->nonce, value);
	else if (text_is(name, n, "opaque"))
		replace_text(&c->opaque, value);
	else if (text_is(name, n, "nextnonce"))
		replace_text(&c->next, value);
	else if (text_is(name, n, "stale"))
		c->stale = strcasecmp(value, "true") == 0;
	else if (text_is(name, n, "algorithm") && c->scheme == AUTH_DIGEST)
		take_algorithm(c, value);
	else if (text_is(name, n, "qop") && c->scheme == AUTH_DIGEST) {
		c->qop = list_has(value, "auth");
		/* auth-int alone */
		if (!c->qop)
			set_aside(c);
	}
}

/* A new challenge of this scheme; NULL: there are enough. */
static struct challenge *take_scheme(struct challenges *c, const char *name, size_t n)
{
	struct challenge *last;

	if (c->n == CHALLENGES_MAX)
		return NULL;
	last = &c->list[c->n++];
	memset(last, 0, sizeof *last);
	if (text_is(name, n, "Basic"))
		last->scheme = AUTH_BASIC;
	else if (text_is(name, n, "Digest"))
		last->scheme = AUTH_DIGEST;
	else if (text_is(name, n, "Bearer"))
		last->scheme = AUTH_BEARER;
	else if (text_is(name, n, "NTLM"))
		last->scheme = AUTH_NTLM;
	else if (text_is(name, n, "Negotiate"))
		last->scheme = AUTH_NEGOTIATE;
	return last;
}

void challenges_parse(struct challenges *c, const char *s)
{
	struct challenge *now = NULL;
	char value[VALUE_MAX];

	while (*(s += strspn(s, ", \t="))) {
		size_t n = token_len(s);
		const char *name = s;

		if (!n) {
			take_value(&s, value);
			if (s == name)
				s++;
			continue;
		}
		s += n;
		s += strspn(s, " \t");
		if (*s != '=') {
			now = take_scheme(c, name, n);
			continue;
		}
		s++;
		s += strspn(s, " \t");
		take_value(&s, value);
		if (now)
			take_param(now, name, n, value);
	}
}

void auth_clear(struct http_auth *a)
{
	challenge_clear(&a->used);
	free(a->origin);
	secret_clear(&a->secret);
	memset(a, 0, sizeof *a);
}

static bool mech_is(const struct login *login, const char *list)
{
	return login->mech && list_has(list, login->mech);
}

bool auth_wants_bearer(const struct login *login)
{
	return login->token || mech_is(login, "BEARER,XOAUTH2,OAUTHBEARER");
}

bool auth_may_basic(const struct login *login)
{
	return login->user && !auth_wants_bearer(login) &&
	       !mech_is(login, "DIGEST,DIGEST-MD5,NTLM,NEGOTIATE");
}

bool auth_has_ticket(void)
{
	const char *cache = getenv("KRB5CCNAME");
	char path[64];

	if (cache && *cache)
		return true;
	snprintf(path, sizeof path, "/tmp/krb5cc_%lu", (unsigned long)geteuid());
	return access(path, R_OK) == 0;
}

/*
 * A ticket signs in where nobody gave a password, which a person would be asked for; what
 * was not asked for and refused is not tried again.
 */
static bool may_negotiate(const struct http_auth *a)
{
	if (mech_is(a->login, "NEGOTIATE"))
		return true;
	return !a->login->mech && a->login->typed && !a->login->token && a->ticket &&
	       !a->no_negotiate;
}

static bool may_ntlm(const struct login *login)
{
	return login->user && !auth_wants_bearer(login) && (!login->mech || mech_is(login, "NTLM"));
}

static bool is_strong(const struct challenge *c)
{
	return c->sha256 || c->sha512;
}

/*
 * How good a challenge is: 0 of no use. Inside TLS Basic comes first, for it has no state
 * to lose; NTLM, whose hashes are the worst, comes where nothing else is offered.
 */
static int rank_challenge(const struct http_auth *a, const struct challenge *c, bool clear)
{
	switch (c->scheme) {
	case AUTH_NONE:
		return 0;
	case AUTH_BEARER:
		return auth_wants_bearer(a->login) ? 9 : 0;
	case AUTH_BASIC:
		return !auth_may_basic(a->login) ? 0 : clear ? 1 : 5;
	case AUTH_DIGEST:
		if (auth_wants_bearer(a->login) ||
		        mech_is(a->login, "BASIC,PLAIN,LOGIN,NTLM,NEGOTIATE") || !c->nonce)
			return 0;
		if (is_strong(c) && a->no_strong)
			return 0;
		return is_strong(c) ? 4 : 3;
	case AUTH_NTLM:
		return may_ntlm(a->login) ? 2 : 0;
	case AUTH_NEGOTIATE:
		return may_negotiate(a) ? 8 : 0;
	}
	return 0;
}

static const char *const names[] = {
        "another scheme", "Basic", "Digest", "Bearer", "NTLM", "Negotiate"};

const char *auth_word(const struct http_auth *a)
{
	return names[auth_wants_bearer(a->login) ? AUTH_BEARER : a->used.scheme];
}

/* ERR_AUTH, with what the server offers. */
static int nothing_fits(
        const struct http_auth *a, const struct challenges *offered, struct err *err)
{
	char list[128] = "nothing";
	size_t n = 0;

	for (size_t i = 0; i < offered->n && n < sizeof list - 30; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "",
		        offered->list[i].odd_digest ? "Digest of an unknown kind"
		                                    : names[offered->list[i].scheme]);
	return err_set(err, ERR_AUTH, ERR_WHOLE,
	        "the server wants a sign-in that does not fit%s%s: it offers %s",
	        a->login->mech ? " --auth " : "", a->login->mech ? a->login->mech : "", list);
}

int auth_choose(struct http_auth *a, struct challenges *offered, const char *origin, bool clear,
        struct err *err)
{
	struct challenge *best = NULL;
	int most = 0;

	for (size_t i = 0; i < offered->n; i++) {
		int r = rank_challenge(a, &offered->list[i], clear);

		if (r > most) {
			most = r;
			best = &offered->list[i];
		}
	}
	if (!best)
		return nothing_fits(a, offered, err);
	challenge_clear(&a->used);
	a->used = *best;
	memset(best, 0, sizeof *best);
	free(a->origin);
	a->origin = xstrdup(origin);
	a->count = 0;
	a->serial++;
	return 0;
}

bool auth_by_connection(const struct http_auth *a)
{
	return !auth_wants_bearer(a->login) &&
	       (a->used.scheme == AUTH_NTLM || a->used.scheme == AUTH_NEGOTIATE);
}

/*
 * Servers that keep a hash of the password have one of one kind alone (RFC 7616 3.7 lets
 * them offer both).
 */
bool auth_other_way(struct http_auth *a, const struct challenges *offered)
{
	if (a->used.scheme == AUTH_NEGOTIATE && !a->login->mech && !a->no_negotiate && !a->proven) {
		a->no_negotiate = true;
		return true;
	}
	if (a->used.scheme != AUTH_DIGEST || !is_strong(&a->used) || a->no_strong || a->proven)
		return false;
	for (size_t i = 0; i < offered->n; i++) {
		const struct challenge *c = &offered->list[i];

		if (c->scheme == AUTH_DIGEST && !is_strong(c) && c->nonce) {
			a->no_strong = true;
			return true;
		}
	}
	return false;
}

/* Ask for the password or token, unless it is there and not to be renewed. */
static int need_secret(struct http_auth *a, int renew, struct err *err)
{
	int rc;

	if (a->have_secret && !renew)
		return 0;
	a->have_secret = false;
	if (!a->login->get_secret)
		return err_set(err, ERR_AUTH, ERR_WHOLE, "no password or token is known");
	rc = a->login->get_secret(a->login->ctx, renew, &a->secret, err);
	if (rc != 0)
		secret_clear(&a->secret);
	a->have_secret = rc == 0 && a->secret.data;
	if (rc == 0 && !a->have_secret)
		return err_set(err, ERR_AUTH, ERR_WHOLE, "the password or token is empty");
	return rc;
}

void auth_next(struct http_auth *a, const char *value)
{
	struct challenges c = {0};
	char *line = xasprintf("Digest %s", value);

	challenges_parse(&c, line);
	if (a->used.scheme == AUTH_DIGEST && c.n && c.list[0].next) {
		replace_text(&a->used.nonce, c.list[0].next);
		a->count = 0;
		a->serial++;
	}
	challenges_clear(&c);
	free(line);
}

int auth_renew(struct http_auth *a, struct err *err)
{
	a->serial++;
	return need_secret(a, 1, err);
}

/* Whatever would end the field early. */
static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

/* Room at once: a buffer that grows would leave copies of a secret behind. */
static void reserve_room(struct buf *b, size_t n)
{
	size_t len = b->len;

	buf_putf(b, "%*s", (int)n, "");
	b->len = len;
	b->data[len] = '\0';
}

/* The value of Authorization for Basic. */
static int put_basic(struct http_auth *a, const char *user, struct buf *out, struct err *err)
{
	struct buf pair = buf_of(strlen(user) + SECRET_MAX + 2);
	char *text;

	if (strchr(user, ':'))
		return err_set(err, ERR_AUTH, ERR_WHOLE,
		        "a user name with ':' cannot sign in with Basic (RFC 7617)");
	reserve_room(&pair, strlen(user) + a->secret.len + 1);
	buf_putf(&pair, "%s:", user);
	buf_put(&pair, a->secret.data, a->secret.len);
	text = base64_encode(pair.data, pair.len);
	reserve_room(out, strlen(text) + sizeof "Basic ");
	buf_puts(out, "Basic ");
	buf_puts(out, text);
	wipe(pair.data, pair.size);
	wipe(text, strlen(text));
	buf_clear(&pair);
	free(text);
	return 0;
}

/* H() of the parts, each but the first after a colon. */
static void digest_of(const struct challenge *c, const char *const *part, size_t n, char *hex)
{
	const struct nettle_hash *kind = c->sha512   ? &nettle_sha512_256
	                                 : c->sha256 ? &nettle_sha256
	                                             : &nettle_md5;
	void *h = xmalloc(kind->context_size);
	uint8_t sum[SHA256_LEN];

	kind->init(h);
	for (size_t i = 0; i < n; i++) {
		kind->update(h, i > 0, (const uint8_t *)":");
		kind->update(h, strlen(part[i]), (const uint8_t *)part[i]);
	}
	kind->digest(h, kind->digest_size, sum);
	hex_format(sum, kind->digest_size, hex);
	wipe(sum, sizeof sum);
	wipe(h, kind->context_size);
	free(h);
}

static void put_quoted(struct buf *out, const char *name, const char *value)
{
	buf_putf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *value);
	}
	buf_puts(out, "\"");
}

struct digest {
	const char *user, *method, *uri;
	char nc[9], response[DIGEST_HEX];
};

/* d->response (RFC 7616 3.4.1). */
static void digest_response(struct http_auth *a, struct digest *d)
{
	const struct challenge *c = &a->used;
	const char *realm = c->realm ? c->realm : "";
	char ha1[DIGEST_HEX], ha2[DIGEST_HEX];
	const char *const secret[] = {d->user, realm, a->secret.data};
	const char *const session[] = {ha1, c->nonce, a->cnonce};
	const char *const request[] = {d->method, d->uri};
	const char *const with_qop[] = {ha1, c->nonce, d->nc, a->cnonce, "auth", ha2};
	const char *const without[] = {ha1, c->nonce, ha2};

	digest_of(c, secret, 3, ha1);
	if (c->sess)
		digest_of(c, session, 3, ha1);
	digest_of(c, request, 2, ha2);
	if (c->qop)
		digest_of(c, with_qop, 6, d->response);
	else
		digest_of(c, without, 3, d->response);
	wipe(ha1, sizeof ha1);
}

/* The value of Authorization for Digest. */
static int put_digest(struct http_auth *a, struct digest *d, struct buf *out, struct err *err)
{
	const struct challenge *c = &a->used;
	uint8_t random[16];

	if (!a->count && gnutls_rnd(GNUTLS_RND_NONCE, random, sizeof random) != 0)
		return err_set(err, ERR_IO, ERR_WHOLE, "no random numbers for Digest");
	if (!a->count)
		hex_format(random, sizeof random, a->cnonce);
	snprintf(d->nc, sizeof d->nc, "%08x", ++a->count);
	digest_response(a, d);
	buf_puts(out, "Digest ");
	put_quoted(out, "username", d->user);
	put_quoted(out, ", realm", c->realm ? c->realm : "");
	put_quoted(out, ", nonce", c->nonce);
	put_quoted(out, ", uri", d->uri);
	put_quoted(out, ", response", d->response);
	buf_putf(out, ", algorithm=%s%s",
	        c->sha512   ? "SHA-512-256"
	        : c->sha256 ? "SHA-256"
	                    : "MD5",
	        c->sess ? "-sess" : "");
	if (c->opaque)
		put_quoted(out, ", opaque", c->opaque);
	if (c->qop || c->sess)
		put_quoted(out, ", cnonce", a->cnonce);
	if (c->qop)
		buf_putf(out, ", qop=auth, nc=%s", d->nc);
	return 0;
}

int auth_credentials(struct http_auth *a, struct secret *out, struct err *err)
{
	int rc;

	if (a->used.scheme == AUTH_NEGOTIATE)
		return 0;
	rc = need_secret(a, 0, err);
	return rc == 0 ? secret_set(out, a->secret.data, a->secret.len, err) : rc;
}

int auth_header(
        struct http_auth *a, const char *method, const char *url, struct buf *out, struct err *err)
{
	enum auth_scheme scheme = auth_wants_bearer(a->login) ? AUTH_BEARER : a->used.scheme;
	struct digest d = {.user = a->login->user, .method = method};
	struct url u;
	int rc;

	if (scheme == AUTH_NONE || auth_by_connection(a))
		return 0;
	/* a nonce of another server */
	if (scheme == AUTH_DIGEST && a->origin && !url_same_origin(a->origin, url))
		return 0;
	rc = need_secret(a, 0, err);
	if (rc != 0)
		return rc;
	if ((d.user && has_control(d.user)) || has_control(a->secret.data))
		return err_set(err, ERR_AUTH, ERR_WHOLE,
		        "the user name or password has control characters");
	if (scheme == AUTH_BEARER) {
		reserve_room(out, a->secret.len + sizeof "Bearer ");
		buf_puts(out, "Bearer ");
		buf_put(out, a->secret.data, a->secret.len);
		return 0;
	}
	if (!d.user)
		return err_set(
		        err, ERR_AUTH, ERR_WHOLE, "the server wants a sign-in: no user is set");
	if (scheme == AUTH_BASIC)
		return put_basic(a, d.user, out, err);
	if (!url_cut(url, &u))
		return err_set(err, ERR_PROTO, ERR_ITEM, "not a URL");
	d.uri = u.path;
	return put_digest(a, &d, out, err);
}
