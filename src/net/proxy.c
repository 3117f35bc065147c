/* What a proxy is called, what is sent to it, and what its answers mean. */
#include "valise/net/proxy.h"
#include "valise/net/url.h"
#include "valise/base/mem.h"
#include "valise/base/secret.h"
#include "valise/base/text.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KINDS "socks5h|socks5|http" /* as enum proxy_kind */
#define WANTED "a proxy is socks5h://, socks5:// or http://, then [USER[:PASSWORD]@]HOST:PORT"

static int refuse(struct err *err, const char *why)
{
	return err_set(err, ERR_USAGE, ERR_WHOLE, "%s: %s", WANTED, why);
}

/* Decoded, within what RFC 1929 has room for, and without a NUL. */
static bool read_text(const char *s, size_t n, char out[PROXY_TEXT_MAX + 1])
{
	struct buf b = buf_of(PROXY_TEXT_MAX);
	bool good = url_unescape(s, n, &b) && b.len <= PROXY_TEXT_MAX &&
	            !memchr(buf_str(&b), '\0', b.len);

	if (good)
		memcpy(out, buf_str(&b), b.len + 1);
	if (b.data)
		wipe(b.data, b.size);
	buf_clear(&b);
	return good;
}

static bool read_sign_in(const char *s, size_t n, struct proxy *out)
{
	const char *colon = memchr(s, ':', n);
	size_t user = colon ? (size_t)(colon - s) : n;

	out->signs_in = true;
	return user && read_text(s, user, out->user) &&
	       (!colon || read_text(colon + 1, n - user - 1, out->password));
}

static bool is_host(const char *host, bool six)
{
	struct in6_addr ignored;

	if (six)
		return inet_pton(AF_INET6, host, &ignored) == 1;
	for (const char *s = host; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-._", *s) &&
		        !((unsigned char)*s & 0x80))
			return false;
	return *host != '\0';
}

/* "HOST:PORT" or "[ADDRESS]:PORT", perhaps with a slash behind. */
static bool read_host(const char *s, struct proxy *out)
{
	bool six = *s == '[';
	const char *end = six ? strchr(s, ']') : strchr(s, ':'), *colon = end;
	char *rest = NULL;
	unsigned long port;

	s += six;
	if (!end || end - s >= PROXY_HOST_SIZE)
		return false;
	memcpy(out->host, s, (size_t)(end - s));
	out->host[end - s] = '\0';
	colon += six;
	if (*colon != ':' || !isdigit((unsigned char)colon[1]))
		return false;
	port = strtoul(colon + 1, &rest, 10);
	out->port = (uint16_t)port;
	return port >= 1 && port <= 65535 && (!*rest || strcmp(rest, "/") == 0) &&
	       is_host(out->host, six);
}

int proxy_read(const char *text, struct proxy *out, struct err *err)
{
	const char *rest = strstr(text, "://"), *at;
	char kind[8] = "";
	int place;

	memset(out, 0, sizeof *out);
	if (!rest)
		return refuse(err, "the kind is missing");
	if ((size_t)(rest - text) < sizeof kind)
		memcpy(kind, text, (size_t)(rest - text));
	place = text_place(kind, KINDS);
	if (place < 0)
		return refuse(err, "there is no other kind");
	out->kind = (enum proxy_kind)place;
	rest += 3;
	at = strrchr(rest, '@');
	if (at && !read_sign_in(rest, (size_t)(at - rest), out))
		return refuse(err,
		        "USER and PASSWORD have at most 255 octets, with % as %25, : as %3A "
		        "and @ as %40");
	if (!read_host(at ? at + 1 : rest, out))
		return refuse(err, "what follows is not HOST:PORT");
	return 0;
}

bool proxy_resolves(const char *text)
{
	struct proxy p;
	bool yes = text && proxy_read(text, &p, NULL) == 0 && p.kind != PROXY_SOCKS5;

	wipe(&p, sizeof p);
	return yes;
}

char *proxy_name(const struct proxy *p, char out[PROXY_NAME_SIZE])
{
	bool six = strchr(p->host, ':') != NULL;

	snprintf(out, PROXY_NAME_SIZE, "the proxy %s%s%s:%u", six ? "[" : "", p->host,
	        six ? "]" : "", p->port);
	return out;
}

size_t proxy_socks_request(const char *host, uint16_t port, uint8_t out[SOCKS_REQUEST_MAX])
{
	size_t n = strlen(host), len = 4;

	memcpy(out, "\5\1\0", 3);
	if (inet_pton(AF_INET, host, out + 4) == 1) {
		out[3] = 1;
		len += 4;
	} else if (inet_pton(AF_INET6, host, out + 4) == 1) {
		out[3] = 4;
		len += 16;
	} else if (n && n <= 255) {
		out[3] = 3;
		out[4] = (uint8_t)n;
		memcpy(out + 5, host, n);
		len += 1 + n;
	} else {
		return 0;
	}
	out[len++] = (uint8_t)(port >> 8);
	out[len++] = (uint8_t)port;
	return len;
}

size_t proxy_socks_sign_in(const struct proxy *p, uint8_t out[SOCKS_SIGN_IN_MAX])
{
	size_t user = strlen(p->user), password = strlen(p->password);

	out[0] = 1;
	out[1] = (uint8_t)user;
	memcpy(out + 2, p->user, user);
	out[2 + user] = (uint8_t)password;
	memcpy(out + 3 + user, p->password, password);
	return 3 + user + password;
}

const char *proxy_socks_text(unsigned reply)
{
	static const char *const texts[] = {NULL, "it failed, and does not say why",
	        "it does not allow connections to this server", "it cannot reach this network",
	        "it cannot reach this host, or does not know the name",
	        "the server refused the connection (nothing listens at this port)",
	        "the server was not reached in time", "it makes no connections for others",
	        "it takes no addresses of this kind"};

	return reply && reply < COUNT(texts) ? texts[reply]
	                                     : "it failed, with a reply of no meaning";
}

const char *proxy_socks_stranger(uint8_t first)
{
	if (first == 4)
		return "it speaks SOCKS4, not SOCKS5";
	return first == 'H' ? "it speaks HTTP, not SOCKS5: write http:// before it"
	                    : "it does not speak SOCKS5";
}

unsigned proxy_http_status(const char *line)
{
	if (strncmp(line, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)line[7]) || line[8] != ' ')
		return 0;
	line += 9;
	for (int i = 0; i < 3; i++)
		if (!isdigit((unsigned char)line[i]))
			return 0;
	return line[3] == ' ' || !line[3] ? (unsigned)atoi(line) : 0;
}

char *proxy_http_text(unsigned status, bool signed_in, char out[PROXY_WHY_SIZE])
{
	static const struct {
		unsigned status;
		const char *text;
	} known[] = {{403, "it does not allow connections to this server"},
	        {405, "it is no proxy for connections (CONNECT)"},
	        {501, "it is no proxy for connections (CONNECT)"},
	        {502, "it cannot reach this server"}, {503, "it cannot reach this server"},
	        {504, "the server was not reached in time"}};
	const char *text = NULL;

	if (status == 407)
		text = signed_in ? "it refused the sign-in" : "it wants a sign-in (USER:PASSWORD@)";
	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i].status == status)
			text = known[i].text;
	if (text)
		snprintf(out, PROXY_WHY_SIZE, "%s (%u)", text, status);
	else
		snprintf(out, PROXY_WHY_SIZE, "it answers %u", status);
	return out;
}
