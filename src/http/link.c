/*
 * Requests for links that stand in somebody's content. Anybody can send an invitation
 * with one, so beyond the service's own origin they go out without credentials, over TLS
 * alone, and to no address that a stranger has no business with (RFC 6890).
 */
#include "internal.h"
#include "valise/base/mem.h"
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

/* Networks that are not the public internet: address, length of the prefix. */
static const struct {
	uint8_t net[4];
	unsigned bits;
} private4[] = {{{0, 0, 0, 0}, 8}, {{10, 0, 0, 0}, 8}, {{100, 64, 0, 0}, 10}, {{127, 0, 0, 0}, 8},
        {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12}, {{192, 0, 0, 0}, 24}, {{192, 168, 0, 0}, 16},
        {{198, 18, 0, 0}, 15}, {{224, 0, 0, 0}, 3}};

static bool is_public4(const uint8_t a[4])
{
	uint32_t address = (uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3];

	for (size_t i = 0; i < COUNT(private4); i++) {
		const uint8_t *n = private4[i].net;
		uint32_t net =
		        (uint32_t)n[0] << 24 | (uint32_t)n[1] << 16 | (uint32_t)n[2] << 8 | n[3];

		if ((address ^ net) >> (32 - private4[i].bits) == 0)
			return false;
	}
	return true;
}

/*
 * Global unicast, 2000::/3, without what wraps other addresses: 2001::/32 (Teredo),
 * 2002::/16 (6to4).
 */
static bool is_public6(const uint8_t a[16])
{
	static const uint8_t teredo[4] = {0x20, 0x01, 0, 0}, sixtofour[2] = {0x20, 0x02};

	return (a[0] & 0xe0) == 0x20 && memcmp(a, teredo, 4) != 0 && memcmp(a, sixtofour, 2) != 0;
}

bool http_address_is_public(const struct sockaddr *sa)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof in);
		return is_public4((const uint8_t *)&in.sin_addr);
	}
	if (sa->sa_family != AF_INET6)
		return false;
	memcpy(&in6, sa, sizeof in6);
	return is_public6(in6.sin6_addr.s6_addr);
}

/* Of libcurl: no socket to an address that is not public. */
static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct xfer *x = ctx;

	(void)purpose;
	if (!http_address_is_public(&address->addr)) {
		err_set(&x->err, ERR_REFUSED, ERR_ITEM,
		        "%.200s: refused, it leads into a private network", x->url);
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int http_link_check(struct xfer *x, bool tls, struct err *err)
{
	struct buf own = buf_of(URL_MAX);

	url_of_service(x->h->service, &own);
	buf_putc(&own, '/');
	x->outside = !url_same_origin(buf_str(&own), x->url);
	buf_clear(&own);
	if (!x->outside)
		return 0;
	x->trusted = x->pinned = false;
	if (x->h->service->at.proxy)
		return err_set(err, ERR_REFUSED, ERR_ITEM,
		        "%.200s: a link to another host is not followed through a proxy: nobody "
		        "sees whether it leads into a private network",
		        x->url);
	return tls ? 0
	           : err_set(err, ERR_REFUSED, ERR_ITEM,
	                     "%.200s: a link to another host without TLS, refused", x->url);
}

void http_link_options(struct xfer *x)
{
	if (!x->outside)
		return;
	curl_easy_setopt(x->easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(x->easy, CURLOPT_OPENSOCKETDATA, x);
	/* A connection that is open already was opened for something else. */
	curl_easy_setopt(x->easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(x->easy, CURLOPT_FORBID_REUSE, 1L);
}
