#ifndef VALISE_NET_HTTP_H
#define VALISE_NET_HTTP_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"
#include "valise/base/progress.h"
#include "valise/base/service.h"

/*
 * An HTTP client for DAV on libcurl: TLS verified as everywhere (chain and name, ca_file, pin), HTTP/2 where the server has it, Basic, Digest and
 * Bearer sign-in, many requests in flight, redirects followed by us, Retry-After honoured, the guard over every method.
 * One client belongs to one thread at a time. Sources: RFC 9110, 9112, 9113, 7617, 7616, 6750, 6585.
 */

enum http_role {
	HTTP_SOURCE, /* OPTIONS GET HEAD PROPFIND REPORT */
	HTTP_TARGET, /* and PUT with If-None-Match: *, MKCALENDAR, MKCOL, PROPPATCH; never DELETE, MOVE or another PUT */
};

struct http;
int http_open(const struct service *service, enum http_role role, struct progress *progress,
        struct http **out, struct err *err) MUST_CHECK;
void http_close(struct http *h);

#define HTTP_HEADERS_MAX 8
struct http_response {
	int status;
	char *etag; /* raw, or NULL */
	char *content_type;
	char *location;
	char *dav; /* DAV: header fields joined by ", " */
	char *url; /* the effective one, after redirects */
	uint64_t body_len; /* octets given to body() */
};

struct http_request {
	const char *method;
	const char *url; /* absolute */
	const char *header[HTTP_HEADERS_MAX]; /* "Name: value", NULL ends */
	const void *body; /* lent until done; NULL: none (and give NULL) */
	uint64_t body_size;
	/* Or the body streamed: give out octets [off, off+n) as far as there are; *got_out 0 at the end. Called again from 0 on a retry. */
	int (*give)(void *ctx, uint64_t off, void *p, size_t n, size_t *got_out, struct err *err);
	uint64_t
	        max_response; /* cap on the decoded answer; 0: 64 MiB. Beyond: ERR_LIMIT for this request */
	bool identity; /* Accept-Encoding: identity (the ETag will be kept) */
	/* Octets of a 2xx answer (decoded); of other answers the first 64 KiB go to ${error_body} instead. A negative result fails this request. */
	int (*body_fn)(void *ctx, const void *p, size_t n, struct err *err);
	/* Called once, when the answer is whole or cannot be had (${err}->code != 0: ERR_NET, ERR_TLS, ERR_AUTH for a 401 that stays, ERR_LIMIT, ERR_BUSY after the last Retry-After, ERR_GUARD). */
	void (*done)(struct http_request *rq, const struct http_response *rs,
	        const char *error_body, const struct err *err);
	void *ctx;
};

/**
 * http_run(h, list, n, parallel, err): carry out ${n} requests, at most ${parallel} at a time (0: 8), in any order; returns when each was done().
 * 401: Digest or Basic as offered (Basic only inside TLS, on loopback or with SECURITY_NONE), a renewed Bearer token once. 301, 302, 307, 308 keep method and body; at most 5 hops, never from https to http, credentials go along only to the same host or
 * to a host below the same registrable name (last two labels; co.uk-like: three). 429 and 503: wait as Retry-After says (else 1, 2, 4 ... s, at most 5 min at a time, 30 min in all), said on
 * ${progress}, with fewer in flight afterwards. A PUT whose outcome is unknown is not sent again: ERR_NET. Others are tried 3 times on a lost connection.
 * The result is negative only for what ends the client: ERR_STOPPED, ERR_TLS, ERR_AUTH.
 */
int http_run(struct http *h, struct http_request *list, size_t n, unsigned parallel,
        struct err *err) MUST_CHECK;

/* Join ${ref} (absolute URL, absolute path or relative) to ${base}, RFC 3986 5; ERR_PROTO if it is no URL or leaves http(s). */
int url_join(const char *base, const char *ref, struct buf *out, struct err *err) MUST_CHECK;
/* Same scheme, host and port? */
bool url_same_origin(const char *a, const char *b);
/* The origin of a service: "https://host:port" (no path). */
void url_of_service(const struct service *s, struct buf *out);
/* Append ${s} with everything but unreserved characters escaped as %XX (a path segment). */
void url_escape_segment(const char *s, size_t n, struct buf *out);
/* Percent-decode; false when malformed. */
bool url_unescape(const char *s, size_t n, struct buf *out);

#endif
