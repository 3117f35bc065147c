/*
 *	url = scheme "://" [user "@"] host [":" port] [path]
 *
 * of RFC 3986, held to what a service needs: no password, no path for mail, no fragment.
 */
#include "service_url.h"
#include "valise/base/buf.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOST_MAX 253
#define USER_MAX 512

/* A URL being taken apart; the ends are exclusive. */
struct parts {
	const char *authority, *authority_end;
	const char *path;
};

/* ERR_USAGE: the URL of the service ${what}. */
static int refuse_url(const struct protocol *p, struct err *err, const char *what)
{
	return err_set(err, ERR_USAGE, ERR_WHOLE, "%s: the URL %s; write it as in %s", p->name,
	        what, p->example);
}

const char *service_url_scheme(const struct protocol *p, enum security security)
{
	return p->schemes[security == SECURITY_TLS ? 0 : 1].name;
}

/* The row of the scheme, and where its parts begin and end. */
static int take_scheme(const struct protocol *p, const char *text,
        const struct protocol_scheme **out, struct parts *parts, struct err *err)
{
	const char *colon = strstr(text, "://");
	size_t n = colon ? (size_t)(colon - text) : 0;

	if (!colon)
		return refuse_url(p, err, "has no scheme");
	for (size_t i = 0; i < COUNT(p->schemes); i++) {
		const struct protocol_scheme *s = &p->schemes[i];

		if (strlen(s->name) != n || strncasecmp(text, s->name, n) != 0)
			continue;
		*out = s;
		parts->authority = colon + 3;
		parts->authority_end = parts->authority + strcspn(parts->authority, "/?#");
		parts->path = parts->authority_end;
		return 0;
	}
	return refuse_url(p, err, "has a scheme that does not fit this service");
}

/* NULL when an escape is malformed or the result holds controls or is not UTF-8. */
static char *decode_user(const char *s, size_t n)
{
	char *out = xmalloc(n + 1);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		int c = (unsigned char)s[i];

		if (c == '%') {
			c = i + 2 < n ? hex_octet(s + i + 1) : -1;
			if (c < 0)
				goto bad;
			i += 2;
		}
		if (c < 0x20 || c == 0x7f)
			goto bad;
		out[len++] = (char)c;
	}
	out[len] = '\0';
	if (len && utf8_valid(out, len))
		return out;
bad:
	free(out);
	return NULL;
}

/* The user before the "@"; no password may stand there. */
static int take_user(
        const struct protocol *p, struct parts *parts, char **user_out, struct err *err)
{
	size_t n = (size_t)(parts->authority_end - parts->authority);
	const char *at = memchr(parts->authority, '@', n);
	size_t user_len;

	if (!at)
		return 0;
	user_len = (size_t)(at - parts->authority);
	if (memchr(parts->authority, ':', user_len))
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s: the URL holds a password, which others can read there; remove it and "
		        "use password-command",
		        p->name);
	if (memchr(at + 1, '@', n - user_len - 1))
		return refuse_url(p, err, "has two '@': write the one of the user name as %40");
	if (memchr(parts->authority, ';', user_len))
		return refuse_url(p, err, "holds parameters: give the mechanism with auth");
	*user_out = user_len <= USER_MAX ? decode_user(parts->authority, user_len) : NULL;
	if (!*user_out)
		return refuse_url(p, err, "has a malformed user name");
	parts->authority = at + 1;
	return 0;
}

/* RFC 1123 2.1 and what is met: letters, digits, '-', '_', UTF-8; dots between. */
static bool host_is_valid(const char *s)
{
	unsigned char address[16];
	size_t n = strlen(s), label = 0;

	if (!n || n > HOST_MAX || !utf8_valid(s, n))
		return false;
	if (strspn(s, "0123456789.") == n)
		return inet_pton(AF_INET, s, address) == 1;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '.' && label == 0)
			return false;
		if (c != '.' && !isalnum(c) && c != '-' && c != '_' && c < 0x80)
			return false;
		label = c == '.' ? 0 : label + 1;
	}
	return s[0] != '-';
}

/* A number from 1 to 65535. */
static int take_port(
        const struct protocol *p, const char *s, const char *end, uint16_t *out, struct err *err)
{
	unsigned port = 0;

	for (; s < end && isdigit((unsigned char)*s) && port <= UINT16_MAX; s++)
		port = port * 10 + (unsigned)(*s - '0');
	if (s != end || !port || port > UINT16_MAX)
		return refuse_url(p, err, "has a port that is not a number from 1 to 65535");
	*out = (uint16_t)port;
	return 0;
}

/* The host, or an address, and the port behind it. */
static int take_host(
        const struct protocol *p, const struct parts *parts, struct endpoint *at, struct err *err)
{
	const char *s = parts->authority, *end = parts->authority_end, *host_end;
	unsigned char address[16];
	bool literal = s < end && *s == '[';

	s += literal;
	host_end = memchr(s, literal ? ']' : ':', (size_t)(end - s));
	if (literal && !host_end)
		return refuse_url(p, err, "has an address without its ']'");
	if (!host_end)
		host_end = end;
	at->host = xstrndup(s, (size_t)(host_end - s));
	if (literal ? inet_pton(AF_INET6, at->host, address) != 1 : !host_is_valid(at->host))
		return refuse_url(p, err, "has a malformed host name or address");
	s = host_end + literal;
	if (s == end)
		return 0;
	if (*s != ':')
		return refuse_url(p, err, "has something after its address that is not a port");
	return take_port(p, s + 1, end, &at->port, err);
}

/* The path of a service that has one; none else. */
static int take_path(
        const struct protocol *p, const struct parts *parts, struct endpoint *at, struct err *err)
{
	struct buf out = buf_of(3 * URL_MAX + 2);
	const char *s = parts->path;

	if (!p->has_path) {
		if (*s && strcmp(s, "/") != 0)
			return refuse_url(p, err, "has a path, which means nothing here");
		return 0;
	}
	if (strchr(s, '#'))
		return refuse_url(p, err, "has a fragment (#), which means nothing here");
	if (*s != '/')
		buf_putc(&out, '/');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		/* A path pasted as people see it: UTF-8 and blanks are encoded. */
		if (c >= 0x80 || c == ' ')
			buf_putf(&out, "%%%02X", c);
		else
			buf_putc(&out, (char)c);
	}
	at->path = buf_take(&out);
	buf_clear(&out);
	return 0;
}

/*
 * The port of the other scheme: a server that waits for TLS and a client that waits for a
 * greeting would be silent for as long as --timeout says.
 */
static int check_crossing(const struct protocol *p, const struct protocol_scheme *scheme,
        const struct endpoint *at, struct err *err)
{
	bool tls = scheme == &p->schemes[0], six = strchr(at->host, ':') != NULL;
	const struct protocol_scheme *other = &p->schemes[tls];

	if (at->port != other->port)
		return 0;
	if (tls && other->security == SECURITY_NONE)
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s: port %u is that of %s://, without TLS: leave the port out, or write "
		        "that of %s://",
		        p->name, at->port, other->name, scheme->name);
	return err_set(err, ERR_USAGE, ERR_WHOLE, "%s: port %u %s: write %s://%s%s%s%s", p->name,
	        at->port,
	        tls ? "does not begin with TLS, which is asked for there by STARTTLS"
	            : "begins with TLS",
	        other->name, six ? "[" : "", at->host, six ? "]" : "", p->has_path ? "/" : "");
}

static int check_text(const struct protocol *p, const char *text, struct err *err)
{
	size_t n = strlen(text);

	if (n > URL_MAX)
		return err_set(err, ERR_LIMIT, ERR_WHOLE, "%s: the URL is longer than %d bytes",
		        p->name, URL_MAX);
	for (size_t i = 0; i < n; i++)
		if (iscntrl((unsigned char)text[i]))
			return refuse_url(p, err, "holds a control character");
	return 0;
}

int service_url_parse(const struct protocol *p, const char *text, bool cleartext,
        struct endpoint *at, char **user_out, struct err *err)
{
	const struct protocol_scheme *scheme = NULL;
	struct parts parts;
	int rc;

	*user_out = NULL;
	rc = check_text(p, text, err);
	if (rc == 0)
		rc = take_scheme(p, text, &scheme, &parts, err);
	if (rc != 0)
		return rc;
	if (scheme->security == SECURITY_NONE && !cleartext)
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s: %s:// would send the password readable for everyone on the way: "
		        "write %s://, or add cleartext (--cleartext)",
		        p->name, scheme->name, p->schemes[0].name);
	at->port = scheme->port;
	at->security =
	        scheme->security != SECURITY_TLS && cleartext ? SECURITY_NONE : scheme->security;
	rc = take_user(p, &parts, user_out, err);
	if (rc == 0)
		rc = take_host(p, &parts, at, err);
	if (rc == 0)
		rc = check_crossing(p, scheme, at, err);
	if (rc == 0)
		rc = take_path(p, &parts, at, err);
	return rc;
}

bool service_is_place(const struct protocol *p, const char *text)
{
	return p->is_found && !strstr(text, "://");
}

int service_place_parse(const struct protocol *p, const char *text, struct endpoint *at,
        char **user_out, struct err *err)
{
	/* "%40" of %{user} in an account file */
	char *plain = decode_user(text, strlen(text)), *at_sign;
	struct parts parts;
	int rc;

	*user_out = NULL;
	if (!plain || strlen(plain) > USER_MAX + HOST_MAX || strpbrk(plain, "/?# ")) {
		free(plain);
		return refuse_url(p, err, "is none, nor a host or an address");
	}
	at_sign = strrchr(plain, '@');
	parts.authority = at_sign ? at_sign + 1 : plain;
	parts.authority_end = plain + strlen(plain);
	at->port = p->schemes[0].port;
	at->security = SECURITY_TLS;
	if (at_sign == plain)
		rc = refuse_url(p, err, "is an address without a name");
	else
		rc = take_host(p, &parts, at, err);
	if (rc == 0)
		rc = check_crossing(p, &p->schemes[0], at, err);
	if (rc == 0 && at_sign)
		*user_out = xstrdup(plain);
	free(plain);
	return rc;
}

bool host_is_loopback(const char *host)
{
	static const char name[] = "localhost";
	struct in6_addr six;
	struct in_addr four;
	size_t n = strlen(host);

	if (inet_pton(AF_INET, host, &four) == 1)
		return (ntohl(four.s_addr) >> 24) == 127;
	if (inet_pton(AF_INET6, host, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six) ||
		       (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
	if (n && host[n - 1] == '.')
		n--;
	if (n < strlen(name) || strncasecmp(host + n - strlen(name), name, strlen(name)) != 0)
		return false;
	return n == strlen(name) || host[n - strlen(name) - 1] == '.';
}

char *service_url_place(const struct protocol *p, const struct endpoint *at)
{
	bool usual = at->port == p->schemes[0].port || at->port == p->schemes[1].port;

	if (usual && !host_is_loopback(at->host))
		return xstrdup(at->host);
	return xasprintf(strchr(at->host, ':') ? "[%s]:%u" : "%s:%u", at->host, at->port);
}
