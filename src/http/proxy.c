/* The proxy of HTTP's connections: libcurl's own, with what it says in our words. */
#include "internal.h"
#include "valise/net/proxy.h"
#include <stdio.h>
#include <string.h>

void http_proxy_options(struct xfer *x)
{
	static const long kinds[] = {CURLPROXY_SOCKS5_HOSTNAME, CURLPROXY_SOCKS5, CURLPROXY_HTTP};
	const char *text = x->h->service->at.proxy;
	struct proxy p;

	/* Neither http_proxy nor no_proxy of the environment: all services go the same way. */
	curl_easy_setopt(x->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(x->easy, CURLOPT_NOPROXY, "");
	if (!text || proxy_read(text, &p, NULL) != 0)
		return;
	curl_easy_setopt(x->easy, CURLOPT_PROXY, p.host);
	curl_easy_setopt(x->easy, CURLOPT_PROXYPORT, (long)p.port);
	curl_easy_setopt(x->easy, CURLOPT_PROXYTYPE, kinds[p.kind]);
	curl_easy_setopt(x->easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
	curl_easy_setopt(x->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(x->easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	curl_easy_setopt(x->easy, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
	curl_easy_setopt(x->easy, CURLOPT_SOCKS5_AUTH, (unsigned long)CURLAUTH_BASIC);
	if (p.signs_in) {
		curl_easy_setopt(x->easy, CURLOPT_PROXYUSERNAME, p.user);
		curl_easy_setopt(x->easy, CURLOPT_PROXYPASSWORD, p.password);
	}
	wipe(&p, sizeof p);
}

/* What libcurl says of SOCKS5; NULL: nothing in particular. *final_out: again is no use. */
static const char *socks_text(long code, bool signs_in, bool *final_out)
{
	static const struct {
		CURLproxycode code;
		unsigned reply; /* of RFC 1928 */
	} replies[] = {{CURLPX_REPLY_GENERAL_SERVER_FAILURE, 1}, {CURLPX_REPLY_NOT_ALLOWED, 2},
	        {CURLPX_REPLY_NETWORK_UNREACHABLE, 3}, {CURLPX_REPLY_HOST_UNREACHABLE, 4},
	        {CURLPX_REPLY_CONNECTION_REFUSED, 5}, {CURLPX_REPLY_TTL_EXPIRED, 6},
	        {CURLPX_REPLY_COMMAND_NOT_SUPPORTED, 7},
	        {CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED, 8}, {CURLPX_REPLY_UNASSIGNED, 255}};

	*final_out = true;
	if (code == CURLPX_USER_REJECTED)
		return "it refused the sign-in";
	if (code == CURLPX_NO_AUTH || code == CURLPX_UNKNOWN_MODE)
		return signs_in ? "it takes no sign-in by a password"
		                : "it wants a sign-in (USER:PASSWORD@)";
	if (code == CURLPX_BAD_VERSION)
		return "it does not speak SOCKS5";
	*final_out = false;
	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
		if ((long)replies[i].code == code)
			return proxy_socks_text(replies[i].reply);
	return "it closed the connection in its handshake";
}

bool http_proxy_failed(struct xfer *x, CURLcode rc, bool *final_out)
{
	const char *text = x->h->service->at.proxy, *why = NULL;
	char name[PROXY_NAME_SIZE], status_text[PROXY_WHY_SIZE];
	long socks = 0, status = 0;
	struct proxy p;

	*final_out = false;
	if (!text || proxy_read(text, &p, NULL) != 0)
		return false;
	(void)curl_easy_getinfo(x->easy, CURLINFO_PROXY_ERROR, &socks);
	(void)curl_easy_getinfo(x->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	if (rc == CURLE_PROXY) {
		why = socks_text(socks, p.signs_in, final_out);
	} else if (rc == CURLE_COULDNT_RESOLVE_PROXY) {
		why = "unknown host; check the name";
		*final_out = true;
	} else if (rc == CURLE_COULDNT_CONNECT) {
		why = "it cannot be connected to";
	} else if (rc == CURLE_OPERATION_TIMEDOUT && !x->active_ms) {
		why = "nothing came through it in time";
	} else if (strstr(x->curl_text, "CONNECT response")) {
		why = "its answer is longer than any should be";
	} else if (status >= 300) {
		why = proxy_http_text((unsigned)status, p.signs_in, status_text);
		*final_out = status == 407 || status == 403;
	} else if (p.kind == PROXY_HTTP && !status && !x->active_ms) {
		why = "it closed the connection in its handshake, or does not speak HTTP";
	}
	if (why)
		snprintf(x->curl_text, sizeof x->curl_text, "%s: %s", proxy_name(&p, name), why);
	wipe(&p, sizeof p);
	return why != NULL;
}
