/*
 * http and https URLs: RFC 3986 5 (references), 6.2.2 (normal forms), RFC 9110 4.2.
 *
 * What servers give is made canonical before anyone looks at its host: scheme and host in
 * lower case, no user, no default port, no fragment, no dot segments, and whatever has no
 * place in a URL escaped.
 * So libcurl and we cannot read one URL in two ways.
 */
#include "valise/net/url.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <gnutls/gnutls.h>
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_unreserved(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-._~", c));
}

static bool is_query_char(char c)
{
	return is_unreserved(c) || (c && strchr("!$&'()*+,;=:@/?", c));
}

static bool is_escape(const char *s, size_t n)
{
	return n >= 3 && s[0] == '%' && hex_octet(s + 1) >= 0;
}

static int put_escaped(struct buf *out, char c)
{
	return buf_addf(out, "%%%02X", (unsigned)(unsigned char)c);
}

void url_escape_segment(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (is_unreserved(s[i]))
			buf_putc(out, s[i]);
		else
			buf_putf(out, "%%%02X", (unsigned)(unsigned char)s[i]);
	}
}

bool url_unescape(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (c == '%') {
			if (!is_escape(s + i, n - i))
				return false;
			c = (char)hex_octet(s + i + 1);
			i += 2;
		}
		if (buf_addc(out, c) != 0)
			return false;
	}
	return true;
}

/* ${s} of a reference, with what has no place in a path or query escaped. */
static int put_clean(struct buf *out, const char *s, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		if (is_escape(s + i, n - i) || is_query_char(s[i]))
			rc = buf_addc(out, s[i]);
		else
			rc = put_escaped(out, s[i]);
	return rc;
}

/* Length of a scheme that ${s} begins with, 0 if it is a relative reference. */
static size_t scheme_len(const char *s, size_t n)
{
	size_t i = 1;

	if (!n || !isalpha((unsigned char)s[0]))
		return 0;
	while (i < n && (isalnum((unsigned char)s[i]) || strchr("+-.", s[i])) && s[i])
		i++;
	return i < n && s[i] == ':' ? i : 0;
}

char *url_host_ace(const char *host)
{
	gnutls_datum_t ace = {NULL, 0};
	char *lower = xstrdup(host), *out;

	for (char *s = lower; *s; s++) /* IDNA has no capitals */
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s | 0x20);
	if (gnutls_idna_map(lower, (unsigned)strlen(lower), &ace, 0) != 0)
		ace.data = NULL;
	out = xstrdup(ace.data ? (char *)ace.data : host);
	gnutls_free(ace.data);
	free(lower);
	return out;
}

static bool is_ascii(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] >= 0x80)
			return false;
	return true;
}

static bool take_host(const char *s, size_t n, char out[HOST_SIZE]);

/* A host outside of ASCII: its ACE form. */
static bool take_idn(const char *s, size_t n, char out[HOST_SIZE])
{
	char *host = xstrndup(s, n), *ace = url_host_ace(host);
	size_t len = strlen(ace);
	bool ok = is_ascii(ace, len) && take_host(ace, len, out);

	free(ace);
	free(host);
	return ok;
}

/* host = name / IPv4 / "[" IPv6 "]"; lower-cased into ${out} without brackets. */
static bool take_host(const char *s, size_t n, char out[HOST_SIZE])
{
	struct in6_addr address;
	bool bracket = n >= 2 && s[0] == '[' && s[n - 1] == ']';

	if (n < 4 * HOST_SIZE && !is_ascii(s, n))
		return take_idn(s, n, out);
	if (bracket) {
		s++;
		n -= 2;
	}
	if (!n || n >= HOST_SIZE)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)s[i]) && !strchr(bracket ? ":." : "-._", s[i]))
			return false;
		if (!s[i])
			return false;
		out[i] = (char)tolower((unsigned char)s[i]);
	}
	out[n] = '\0';
	return !bracket || inet_pton(AF_INET6, out, &address) == 1;
}

/* "" leaves *out. */
static bool take_port(const char *s, size_t n, uint16_t *out)
{
	unsigned long port = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s[i]) || port > 65535)
			return false;
		port = port * 10 + (unsigned long)(s[i] - '0');
	}
	if (n && (port == 0 || port > 65535))
		return false;
	if (n)
		*out = (uint16_t)port;
	return true;
}

/* authority = [user "@"] host [":" port]; the user is forgotten. */
static bool take_authority(const char *s, size_t n, struct url *u)
{
	const char *at = memrchr(s, '@', n), *colon;
	size_t host;

	if (at) {
		n -= (size_t)(at + 1 - s);
		s = at + 1;
	}
	colon = memrchr(s, ':', n);
	if (colon && memchr(colon, ']', n - (size_t)(colon - s)))
		colon = NULL;
	host = colon ? (size_t)(colon - s) : n;
	u->port = u->tls ? 443 : 80;
	return take_host(s, host, u->host) &&
	       (!colon || take_port(colon + 1, n - host - 1, &u->port));
}

/* Scheme, host and port, without the default one. */
static int put_origin(const struct url *u, struct buf *out)
{
	bool six = strchr(u->host, ':') != NULL;
	int rc = buf_addf(out, "%s://%s%s%s", u->tls ? "https" : "http", six ? "[" : "", u->host,
	        six ? "]" : "");

	if (rc == 0 && u->port != (u->tls ? 443 : 80))
		rc = buf_addf(out, ":%u", u->port);
	return rc;
}

/* A segment that is "." or "..", its dots escaped or not: 1 or 2; else 0. */
static int count_dots(const char *s, size_t n)
{
	int count = 0;

	while (n) {
		size_t step = n >= 3 && strncasecmp(s, "%2e", 3) == 0 ? 3 : *s == '.' ? 1 : 0;

		if (!step || count == 2)
			return 0;
		count++;
		s += step;
		n -= step;
	}
	return count;
}

/* RFC 3986 5.2.4 over ${s}, which begins with '/'. */
static int put_path(struct buf *out, const char *s, size_t n)
{
	size_t start = out->len;
	int rc = 0;

	while (n && rc == 0) {
		const char *slash = memchr(s + 1, '/', n - 1);
		size_t segment = slash ? (size_t)(slash - s) : n;
		int up = count_dots(s + 1, segment - 1);

		if (up == 2)
			while (out->len > start && out->data[--out->len] != '/')
				continue;
		if (up && !slash)
			rc = buf_addc(out, '/');
		else if (!up)
			rc = put_clean(out, s, segment);
		out->data[out->len] = '\0';
		s += segment;
		n -= segment;
	}
	return rc == 0 && out->len == start ? buf_addc(out, '/') : rc;
}

static int put_path_query(struct buf *out, const char *s, size_t n)
{
	const char *query = memchr(s, '?', n);
	size_t path = query ? (size_t)(query - s) : n;
	int rc = put_path(out, s, path);

	return rc == 0 && query ? put_clean(out, query, n - path) : rc;
}

/*
 * Everything after the authority of ${base} replaced by ${ref} (RFC 3986 5.2.2, no
 * authority in it).
 */
static int put_relative(
        const struct url *base, const char *ref, size_t n, struct buf *whole, struct buf *out)
{
	size_t path = strcspn(base->path, "?");
	int rc;

	if (n && ref[0] == '/')
		return put_path_query(out, ref, n);
	if (!n)
		path = strlen(base->path);
	else if (ref[0] != '?')
		while (path && base->path[path - 1] != '/')
			path--;
	rc = buf_add(whole, base->path, path);
	if (rc == 0)
		rc = buf_add(whole, ref, n);
	return rc == 0 ? put_path_query(out, buf_str(whole), whole->len) : rc;
}

bool url_cut(const char *s, struct url *out)
{
	size_t scheme = scheme_len(s, strlen(s));
	const char *authority = s + scheme + 3;

	memset(out, 0, sizeof *out);
	if (scheme != 4 && scheme != 5)
		return false;
	if (strncasecmp(s, "https", scheme) != 0 || strncmp(s + scheme, "://", 3) != 0)
		return false;
	out->tls = scheme == 5;
	out->path = authority + strcspn(authority, "/?#");
	if (!take_authority(authority, (size_t)(out->path - authority), out))
		return false;
	return *out->path == '/';
}

static int refuse_ref(struct err *err, const char *ref)
{
	return err_set(err, ERR_PROTO, ERR_ITEM, "not an http URL: %.200s", ref);
}

/* ${ref} with an authority: its origin and path without a look at the base. */
static int put_absolute(bool tls, const char *s, size_t n, struct buf *out)
{
	struct url u = {.tls = tls};
	size_t authority = 0;
	int rc;

	while (authority < n && !strchr("/?", s[authority]))
		authority++;
	if (!take_authority(s, authority, &u))
		return ERR_PROTO;
	rc = put_origin(&u, out);
	if (rc == 0 && (authority == n || s[authority] == '?'))
		rc = buf_addc(out, '/');
	if (rc == 0 && authority < n && s[authority] == '?')
		return put_clean(out, s + authority, n - authority);
	return rc == 0 && authority < n ? put_path_query(out, s + authority, n - authority) : rc;
}

/* ${s} of n octets on ${base}; ${whole} is room for it. */
static int join_parts(const char *base, const char *s, size_t n, struct buf *whole, struct buf *out)
{
	size_t scheme = scheme_len(s, n);
	struct url from;
	int rc;

	if (scheme) {
		bool tls = scheme == 5;

		if ((scheme != 4 && scheme != 5) || strncasecmp(s, "https", scheme) != 0 ||
		        n < scheme + 3 || memcmp(s + scheme, "://", 3) != 0)
			return ERR_PROTO;
		return put_absolute(tls, s + scheme + 3, n - scheme - 3, out);
	}
	if (!base || !url_cut(base, &from))
		return ERR_PROTO;
	if (n >= 2 && s[0] == '/' && s[1] == '/')
		return put_absolute(from.tls, s + 2, n - 2, out);
	rc = put_origin(&from, out);
	return rc == 0 ? put_relative(&from, s, n, whole, out) : rc;
}

int url_join(const char *base, const char *ref, struct buf *out, struct err *err)
{
	struct buf root = buf_of(URL_MAX);
	struct buf done = buf_of(URL_MAX);
	struct buf whole = buf_of(URL_MAX);
	const char *s = ref;
	size_t n = strcspn(ref, "#");
	int rc = 0;

	text_trim(&s, &n);
	/* The base may be what a person wrote: the same rules for it. */
	if (base && !scheme_len(s, n)) {
		size_t len = strcspn(base, "#");

		text_trim(&base, &len);
		rc = scheme_len(base, len) ? join_parts(NULL, base, len, &whole, &root) : ERR_PROTO;
		buf_reset(&whole);
	}
	if (rc == 0)
		rc = join_parts(base ? buf_str(&root) : NULL, s, n, &whole, &done);
	if (rc == 0)
		rc = buf_add(out, done.data, done.len);
	if (rc == ERR_LIMIT)
		err_set(err, ERR_LIMIT, ERR_ITEM, "a URL is longer than %d octets", URL_MAX);
	else if (rc != 0)
		rc = refuse_ref(err, ref);
	buf_clear(&whole);
	buf_clear(&done);
	buf_clear(&root);
	return rc;
}

bool url_same_origin(const char *a, const char *b)
{
	struct buf cb = buf_of(URL_MAX);
	struct buf ca = buf_of(URL_MAX);
	struct url ua, ub;
	bool same;

	same = url_join(NULL, a, &ca, NULL) == 0 && url_join(NULL, b, &cb, NULL) == 0 &&
	       url_cut(buf_str(&ca), &ua) && url_cut(buf_str(&cb), &ub) && ua.tls == ub.tls &&
	       ua.port == ub.port && strcmp(ua.host, ub.host) == 0;
	buf_clear(&ca);
	buf_clear(&cb);
	return same;
}

bool url_key(const char *url, struct buf *out)
{
	struct buf clean = buf_of(URL_MAX);
	struct url u;
	bool ok = false;

	if (url_join(NULL, url, &clean, NULL) == 0 && url_cut(buf_str(&clean), &u))
		ok = put_origin(&u, out) == 0 && url_unescape(u.path, strlen(u.path), out);
	buf_clear(&clean);
	return ok;
}

void url_of_service(const struct service *s, struct buf *out)
{
	bool tls = s->at.security != SECURITY_NONE, six = strchr(s->at.host, ':') != NULL;

	buf_putf(out, "%s://%s%s%s", tls ? "https" : "http", six ? "[" : "", s->at.host,
	        six ? "]" : "");
	if (s->at.port && s->at.port != (tls ? 443 : 80))
		buf_putf(out, ":%u", s->at.port);
}

bool url_host_is_address(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

static void copy_name(const char *host, char out[HOST_SIZE])
{
	size_t n = 0;

	for (; host[n] && n < HOST_SIZE - 1; n++)
		out[n] = (char)tolower((unsigned char)host[n]);
	if (n && out[n - 1] == '.')
		n--;
	out[n] = '\0';
}

bool url_host_trusted(const char *home, const char *host)
{
	const psl_ctx_t *psl = psl_builtin();
	char a[HOST_SIZE], b[HOST_SIZE];
	const char *mine, *other;

	copy_name(home, a);
	copy_name(host, b);
	if (strcmp(a, b) == 0)
		return true;
	if (!psl || url_host_is_address(a) || url_host_is_address(b))
		return false;
	mine = psl_registrable_domain(psl, a);
	other = psl_registrable_domain(psl, b);
	return mine && other && strcmp(mine, other) == 0;
}

char *url_host_registrable(const char *host)
{
	const psl_ctx_t *psl = psl_builtin();
	const char *mine = NULL;
	char a[HOST_SIZE];

	copy_name(host, a);
	if (psl && !url_host_is_address(a))
		mine = psl_registrable_domain(psl, a);
	return xstrdup(mine ? mine : a);
}

bool url_may_sign_in(const struct endpoint *at, const struct url *u)
{
	bool tls = at->security != SECURITY_NONE;
	uint16_t port = at->port ? at->port : tls ? 443 : 80;

	if (!url_host_trusted(at->host, u->host))
		return false;
	if (u->tls == tls && u->port == port)
		return true;
	return u->tls && !tls && port == 80 && u->port == 443;
}
