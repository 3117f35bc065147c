#ifndef VALISE_NET_PROXY_H
#define VALISE_NET_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/base/err.h"

/*
 * A proxy that connections go through (--proxy): SOCKS5 (RFC 1928, 1929), or HTTP's
 * CONNECT (RFC 9110 9.3.6). There is no exception, not for this machine either.
 */

enum proxy_kind {
	PROXY_SOCKS5H, /* the proxy looks names up */
	PROXY_SOCKS5, /* we do */
	PROXY_HTTP, /* the proxy does */
};

#define PROXY_HOST_SIZE 256
#define PROXY_TEXT_MAX 255 /* of user and password: RFC 1929 has one octet for the length */
struct proxy {
	enum proxy_kind kind;
	char host[PROXY_HOST_SIZE];
	uint16_t port;
	bool signs_in;
	char user[PROXY_TEXT_MAX + 1], password[PROXY_TEXT_MAX + 1];
};

/**
 * proxy_read(text, out, err): KIND://[USER[:PASSWORD]@]HOST:PORT, %XX in user and
 * password. ERR_USAGE, without the text, which may hold a password. Wipe *out.
 */
int proxy_read(const char *text, struct proxy *out, struct err *err) MUST_CHECK;
/* What ${text} names looks names up by itself. False also of NULL and of what is none. */
bool proxy_resolves(const char *text);
/* "the proxy HOST:PORT" */
#define PROXY_NAME_SIZE (PROXY_HOST_SIZE + 32)
char *proxy_name(const struct proxy *p, char out[PROXY_NAME_SIZE]);

/* The request of RFC 1928 4 for a host in ASCII or an address; 0: the name is too long. */
#define SOCKS_REQUEST_MAX (4 + 1 + 255 + 2)
size_t proxy_socks_request(const char *host, uint16_t port, uint8_t out[SOCKS_REQUEST_MAX]);
/* The octets of RFC 1929 2. */
#define SOCKS_SIGN_IN_MAX (3 + 2 * PROXY_TEXT_MAX)
size_t proxy_socks_sign_in(const struct proxy *p, uint8_t out[SOCKS_SIGN_IN_MAX]);
/* What a reply (RFC 1928 6) other than 0 says, for people. */
const char *proxy_socks_text(unsigned reply);
/* What the first octet, which is no 5, lets one think of. */
const char *proxy_socks_stranger(uint8_t first);

/* The status of a line "HTTP/1.1 200 ..."; 0: it is no such line. */
unsigned proxy_http_status(const char *line);
/* Why this status is no connection, in ${out}. */
#define PROXY_WHY_SIZE 160
char *proxy_http_text(unsigned status, bool signed_in, char out[PROXY_WHY_SIZE]);

#endif
