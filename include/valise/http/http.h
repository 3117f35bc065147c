#ifndef VALISE_HTTP_HTTP_H
#define VALISE_HTTP_HTTP_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"
#include "valise/base/progress.h"
#include "valise/base/service.h"
#include "valise/base/guard_role.h"
#include "valise/net/url.h"

/*
 * An HTTP client for DAV on libcurl: TLS verified as everywhere (chain and name, ca_file,
 * pin), HTTP/2 where the server has it, Basic, Digest and Bearer sign-in, many requests
 * in flight, redirects followed by us, Retry-After honoured, the guard over every method.
 * One client belongs to one thread at a time. Sources: RFC 9110, 9112, 9113, 7617, 7616,
 * 6750, 6585.
 */

struct http;
/* What ${role} may send, and nothing else: GUARD_DAV_SOURCE, GUARD_MAPI_TARGET ... */
int http_open(const struct service *service, enum guard_role role, struct progress *progress,
        struct http **out, struct err *err) MUST_CHECK;
/*
 * http_open_beside(first, out, err): a client for another thread with connections of its
 * own; what is learnt of the sign-in, and the server's wish to wait, holds for both.
 */
int http_open_beside(struct http *first, struct http **out, struct err *err) MUST_CHECK;
void http_close(struct http *h); /* NULL is fine */
/**
 * http_preempt(h): the server answers strangers (DAV's <unauthenticated/>): from now on
 * sign in without being asked, with Basic. Inside TLS only; nothing happens elsewhere.
 */
void http_preempt(struct http *h);

/* Would the password go along to this URL (see http_run)? */
bool http_may_sign_in(const struct http *h, const char *url);

#define HTTP_HEADERS_MAX 8
struct http_response {
	int status; /* 0: no answer came */
	bool refused; /* none, as nothing listens at that port */
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
	/*
	 * Or the body streamed: give out octets [off, off+n) as far as there are;
	 * *got_out 0 at the end. Called again from 0 on a retry. ${body_size} 0: not
	 * known, sent chunked (many servers refuse that).
	 */
	int (*give)(void *ctx, uint64_t off, void *p, size_t n, size_t *got_out, struct err *err);
	/* cap on the decoded answer; 0: 64 MiB. Beyond: ERR_LIMIT for this request */
	uint64_t max_response;
	/*
	 * the URL stands in somebody's content: beyond the service's own origin it goes
	 * out without credentials, over TLS only, and never into a private network; its
	 * errors end nothing else, and nobody waits for a busy server
	 */
	bool link;
	bool once; /* asked once: a failure, or a server that is busy, is an answer, too */
	/*
	 * its answer is given once: when it was sent, it is waited for a moment longer
	 * (10 s) although a stop is asked for
	 */
	bool finish;
	bool identity; /* Accept-Encoding: identity (the ETag will be kept) */
	int most_ms; /* that one try may take in all; 0: as long as something comes */
	/*
	 * Each field of the header of an answer, of a 401 and the like, too: "Name: value",
	 * without the end of the line, lent. May be NULL.
	 */
	void (*field)(void *ctx, int status, const char *line, size_t n);
	/*
	 * The header of a 2xx answer is there, its body follows; what an earlier try gave
	 * to body_fn is void. Without it (NULL) a request is not tried again once body_fn
	 * got something. A negative result fails this request.
	 */
	int (*begin)(void *ctx, const struct http_response *rs, struct err *err);
	/*
	 * Octets of a 2xx answer (decoded); of other answers the first 64 KiB go to
	 * ${error_body} instead. A negative result fails this request.
	 */
	int (*body_fn)(void *ctx, const void *p, size_t n, struct err *err);
	/*
	 * Called once, when the answer is whole or failed (${err}->code != 0:
	 * ERR_NET, ERR_TLS, ERR_AUTH for a 401 that stays, ERR_LIMIT, ERR_BUSY after the
	 * last Retry-After, ERR_GUARD).
	 */
	void (*done)(struct http_request *rq, const struct http_response *rs,
	        const char *error_body, const struct err *err);
	void *ctx;
};

/**
 * http_run(h, list, n, parallel, err): carry out ${n} requests, at most ${parallel} at a
 * time (0: 8), in any order; returns when each was done().
 *
 *   401                  sign in with Basic or Digest, as offered: Digest first without
 *                        TLS, Basic without TLS only with SECURITY_NONE; inside TLS also
 *                        where nothing is offered; --auth chooses. A Bearer token is
 *                        renewed once
 *   301, 302, 307, 308   follow with method and body (303: GET and HEAD), 5 hops at most,
 *                        never from https to http: http:// of a host that may have the
 *                        password is asked as https://. Requests that write go nowhere
 *                        else
 *   429, 503, Google's 403
 *                        wait as Retry-After says, else (and for 0) 1, 2, 4 ... s, six
 *                        times; at most 5 min at a time and 30 min in all since the last
 *                        success, said on ${progress}; then fewer in flight, and slowly
 *                        more again
 *   502, connection lost 3 tries; a server that was there and takes no connection is
 *                        tried for a minute
 *   http_is_passing      what only reads is tried for a minute
 *   outcome unknown      a PUT, POST, MKCALENDAR or MKCOL is not sent again: ERR_NET;
 *                        nor is anything of a session of MAPI
 *   300 and above        counts as soon as the header is there
 *   silence              counts as a lost connection: nothing to this client for
 *                        idle_timeout_ms (slow_timeout_ms but for GET and OPTIONS), or
 *                        next to nothing to this request in ten times that. Beyond GET
 *                        the second wait is twice as long, and final
 *
 * Credentials go to the same host, or below the same registrable domain (public suffix
 * list), by the same scheme to the same port, or from http to https, both on their own
 * ports. A pin stands for chain and name of these hosts.
 *
 * The result is negative only for what ends the client (scope ERR_WHOLE): ERR_STOPPED,
 * ERR_TLS, what get_secret says, and ERR_AUTH when no sign-in succeeded before (later a
 * 401 costs its request, twenty in a row end the client). Requests that were not done get
 * the same error. The guard (ERR_GUARD) also refuses a PUT to a URL that ends in '/', and
 * header fields that this room sets or that change what a method means.
 */
int http_run(struct http *h, struct http_request *list, size_t n, unsigned parallel,
        struct err *err) MUST_CHECK;

/*
 * Does the status with the text of its answer say that the same may go well in a moment
 * (423, 504; 500 of a database that is locked, in a deadlock, busy)?
 */
bool http_is_passing(int status, const char *text);

#endif
