/*
 * The way through a proxy: the handshake before all else, SOCKS5 (RFC 1928, 1929) or
 * CONNECT (RFC 9110 9.3.6). What the proxy says after it is the server's.
 */
#include "transport_internal.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/secret.h"
#include "valise/base/sys.h"
#include "valise/net/proxy.h"
#include "valise/net/url.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_MAX 16384 /* of an answer to CONNECT, and of those before it */
#define LINE_SIZE 64
#define ADDRESSES_MAX 4

enum { METHOD_NONE = 0, METHOD_PASSWORD = 2, METHOD_REFUSED = 0xff };

static int read_exactly(struct transport *t, uint8_t *p, size_t n)
{
	while (n) {
		ssize_t got = wire_recv(t, p, n, true);

		if (got <= 0)
			return -1;
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

static int fail_text(struct transport *t, const char *why)
{
	return transport_fail(t, ERR_NET, "%s", why);
}

/* RFC 1929. */
static int socks_sign_in(struct transport *t, const struct proxy *p)
{
	uint8_t out[SOCKS_SIGN_IN_MAX], in[2];
	size_t n = proxy_socks_sign_in(p, out);
	int rc = wire_send(t, out, n);

	wipe(out, sizeof out);
	if (rc != 0 || read_exactly(t, in, sizeof in) != 0)
		return -1;
	return in[1] == 0 ? 0 : fail_text(t, "it refused the sign-in");
}

/* RFC 1928 3. */
static int socks_greet(struct transport *t, const struct proxy *p)
{
	static const uint8_t both[] = {5, 2, METHOD_NONE, METHOD_PASSWORD},
	                     one[] = {5, 1, METHOD_NONE};
	uint8_t in[2];

	if (wire_send(t, p->signs_in ? both : one, p->signs_in ? sizeof both : sizeof one) != 0 ||
	        read_exactly(t, in, 1) != 0)
		return -1;
	if (in[0] != 5)
		return fail_text(t, proxy_socks_stranger(in[0]));
	if (read_exactly(t, in + 1, 1) != 0)
		return -1;
	if (in[1] == METHOD_NONE)
		return 0;
	if (in[1] == METHOD_PASSWORD && p->signs_in)
		return socks_sign_in(t, p);
	if (in[1] == METHOD_REFUSED)
		return fail_text(t, p->signs_in ? "it takes no sign-in by a password"
		                                : "it wants a sign-in (USER:PASSWORD@)");
	return fail_text(t, "it chose a sign-in that was not offered");
}

/* RFC 1928 6; *reply_out as it came, 0xff where it never did. The address means nothing here. */
static int socks_connect(struct transport *t, const char *host, unsigned *reply_out)
{
	uint8_t out[SOCKS_REQUEST_MAX], in[256 + 2];
	size_t n = proxy_socks_request(host, t->port, out), rest;

	*reply_out = 0xff;
	if (!n)
		return fail_text(t, "the name of the host is too long for it");
	if (wire_send(t, out, n) != 0 || read_exactly(t, in, 4) != 0)
		return -1;
	if (in[0] != 5)
		return fail_text(t, proxy_socks_stranger(in[0]));
	*reply_out = in[1];
	if (in[1] != 0)
		return fail_text(t, proxy_socks_text(in[1]));
	if (in[3] != 1 && in[3] != 3 && in[3] != 4)
		return fail_text(t, "its reply is not understood");
	rest = in[3] == 1 ? 4 : 16;
	if (in[3] == 3) {
		if (read_exactly(t, in, 1) != 0)
			return -1;
		rest = in[0];
	}
	return read_exactly(t, in, rest + 2);
}

static int send_connect(struct transport *t, const struct proxy *p, const char *host)
{
	const char *fmt = strchr(host, ':') ? "[%s]:%u" : "%s:%u";
	struct buf out = buf_of(4096);
	char at[HOST_SIZE + 16];
	int rc;

	snprintf(at, sizeof at, fmt, host, t->port);
	buf_putf(&out, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", at, at);
	if (p->signs_in) {
		char *plain = xasprintf("%s:%s", p->user, p->password);
		char *coded = base64_encode(plain, strlen(plain));

		buf_putf(&out, "Proxy-Authorization: Basic %s\r\n", coded);
		wipe(plain, strlen(plain));
		wipe(coded, strlen(coded));
		free(plain);
		free(coded);
	}
	buf_puts(&out, "\r\n");
	rc = wire_send(t, out.data, out.len);
	wipe(out.data, out.size);
	buf_clear(&out);
	return rc;
}

/* A line without its end, cut to what ${line} holds; *left: octets that may still come. */
static int read_line(struct transport *t, char line[LINE_SIZE], size_t *left)
{
	size_t n = 0;
	char c = 0;

	while (c != '\n') {
		if (!(*left)--)
			return fail_text(t, "its answer is longer than any should be");
		if (wire_recv(t, &c, 1, true) <= 0)
			return -1;
		if (c != '\n' && c != '\r' && n < LINE_SIZE - 1)
			line[n++] = c ? c : '?';
	}
	line[n] = '\0';
	return 0;
}

static int http_connect(struct transport *t, const struct proxy *p, const char *host)
{
	char line[LINE_SIZE], why[PROXY_WHY_SIZE];
	size_t left = HEAD_MAX;
	unsigned status = 0;

	if (send_connect(t, p, host) != 0)
		return -1;
	/* what comes before the answer proper (1xx) has a head of its own */
	while (status < 200) {
		if (read_line(t, line, &left) != 0)
			return -1;
		status = proxy_http_status(line);
		if (status < 100)
			return fail_text(t, *line == 5
			                            ? "it speaks SOCKS5: write socks5h:// before it"
			                            : "it does not speak HTTP");
		if (status >= 300)
			return fail_text(t, proxy_http_text(status, p->signs_in, why));
		while (*line)
			if (read_line(t, line, &left) != 0)
				return -1;
	}
	return 0;
}

/* One connection to the proxy, and through it. */
static int try_host(
        struct transport *t, const struct proxy *p, const char *host, unsigned *reply_out)
{
	int rc;

	*reply_out = 0xff;
	if (net_connect_to(t, p->host, p->port) != 0)
		return -1;
	t->deadline = clock_ms() + t->connect_timeout_ms;
	if (p->kind == PROXY_HTTP) {
		rc = http_connect(t, p, host);
	} else {
		rc = socks_greet(t, p);
		if (rc == 0)
			rc = socks_connect(t, host, reply_out);
	}
	t->deadline = 0;
	return rc;
}

/* Another address of the server may do. */
static bool is_of_address(unsigned reply)
{
	return reply >= 3 && reply <= 8 && reply != 7;
}

/* socks5://, and so each of the addresses in turn. */
static int try_addresses(struct transport *t, const struct proxy *p)
{
	const char *name = t->address ? t->address : t->host;
	struct addrinfo *list = NULL;
	char host[INET6_ADDRSTRLEN];
	unsigned reply = 0;
	int rc = -1, tries = 0;

	*t->via = '\0'; /* an unknown name is the server's */
	if (net_resolve(t, name, t->port, clock_ms() + t->connect_timeout_ms, &list) != 0)
		return -1;
	proxy_name(p, t->via);
	for (struct addrinfo *a = list; a && rc != 0 && tries < ADDRESSES_MAX; a = a->ai_next) {
		if (getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof host, NULL, 0,
		            NI_NUMERICHOST) != 0)
			continue;
		if (tries++) {
			if (!is_of_address(reply))
				break;
			err_clear(&t->error);
			(void)sys_close(t->fd);
			t->fd = -1;
			t->raw_pos = t->raw_len = 0;
		}
		rc = try_host(t, p, host, &reply);
	}
	freeaddrinfo(list);
	return rc;
}

int net_tunnel(struct transport *t)
{
	struct proxy p;
	struct err err;
	unsigned reply;
	int rc = proxy_read(t->proxy, &p, &err);

	if (rc != 0) {
		(void)transport_fail_with(t, &err);
	} else if (p.kind == PROXY_SOCKS5) {
		proxy_name(&p, t->via);
		rc = try_addresses(t, &p);
	} else {
		char *host = url_host_ace(t->host);

		proxy_name(&p, t->via);
		rc = try_host(t, &p, host, &reply);
		free(host);
	}
	*t->via = '\0';
	wipe(&p, sizeof p);
	if (rc == 0) { /* what came is the server's from here on */
		t->in = t->raw_len - t->raw_pos;
		t->out = 0;
	}
	return rc == 0 ? 0 : -1;
}
