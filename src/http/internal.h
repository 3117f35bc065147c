#ifndef VALISE_HTTP_INTERNAL_H
#define VALISE_HTTP_INTERNAL_H

#include "guard.h"
#include "valise/net/url.h"
#include "valise/http/http.h"
#include "valise/base/clock.h"
#include "valise/base/secret.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <zlib.h>

/* auth.c */
enum auth_scheme {
	AUTH_NONE,
	AUTH_BASIC,
	AUTH_DIGEST,
	AUTH_BEARER,
	/* of a connection, not of a request: libcurl speaks them (MS-NTHT, RFC 4559) */
	AUTH_NTLM,
	AUTH_NEGOTIATE,
};

struct challenge {
	enum auth_scheme scheme;
	char *realm, *nonce, *opaque, *next; /* Digest */
	bool sha256, sha512, sess, qop, stale, utf8; /* sha512: SHA-512-256 */
	bool odd_digest; /* of an algorithm or qop that we do not know */
};

#define CHALLENGES_MAX 8
struct challenges {
	struct challenge list[CHALLENGES_MAX];
	size_t n;
};
void challenges_clear(struct challenges *c);
/*
 * Add what one WWW-Authenticate field offers (RFC 9110 11.6.1); unknown schemes are
 * passed over.
 */
void challenges_parse(struct challenges *c, const char *value);

struct http_auth {
	const struct login *login;
	struct challenge used; /* scheme AUTH_NONE: nothing chosen yet */
	char *origin; /* of a Digest challenge */
	uint32_t count; /* nc */
	char cnonce[33]; /* one for a nonce, so that -sess means the same to everybody */
	unsigned serial; /* a new challenge or token since */
	struct secret secret;
	bool have_secret;
	bool ticket; /* of Kerberos: there seems to be one */
	bool no_negotiate; /* it was chosen without being asked for, and refused */
	bool no_strong; /* another hash than MD5 was refused where MD5 is offered, too */
	bool proven; /* the server took the credentials once */
	unsigned refused; /* sign-ins in a row since it did */
};
void auth_clear(struct http_auth *a);
/*
 * Choose from what a 401 offers; ${clear}: the request went without TLS. ERR_AUTH when
 * nothing fits.
 */
int auth_choose(struct http_auth *a, struct challenges *offered, const char *origin, bool clear,
        struct err *err) MUST_CHECK;
/*
 * A Digest with a hash of the SHA family was refused, and the same 401 offers MD5; or
 * Negotiate was, which nobody asked for, and it offers what has a password: true once, then
 * auth_choose takes that.
 */
bool auth_other_way(struct http_auth *a, const struct challenges *offered);
/* Is a connection signed in, and not each request? */
bool auth_by_connection(const struct http_auth *a);
/* For libcurl: who signs in, unless a ticket does; to be wiped. */
int auth_credentials(struct http_auth *a, struct secret *out, struct err *err) MUST_CHECK;
/* Does the cache of tickets look as if there was one? */
bool auth_has_ticket(void);
/* Ask the command for a new token. */
int auth_renew(struct http_auth *a, struct err *err) MUST_CHECK;
/* What an Authentication-Info field says of the next Digest nonce (RFC 7616 3.5). */
void auth_next(struct http_auth *a, const char *value);
/* "Basic", "Digest", "Bearer", "NTLM" or "Negotiate", as chosen. */
const char *auth_word(const struct http_auth *a);
/* Token sign-in needs no challenge. */
bool auth_wants_bearer(const struct login *login);
/* May the password go out as it is? */
bool auth_may_basic(const struct login *login);
/*
 * The value of Authorization for one request; ${out} must be wiped. Empty: nothing to
 * send yet.
 */
int auth_header(struct http_auth *a, const char *method, const char *url, struct buf *out,
        struct err *err) MUST_CHECK;

/* decode.c: Content-Encoding (RFC 9110 8.4): gzip and identity. */
struct http_decoder {
	bool gzip, began, ended;
	size_t in_vain; /* octets since the last that meant anything */
	z_stream z;
};
/* False for a coding that we did not ask for and cannot undo. */
bool http_decoder_set(struct http_decoder *d, const char *coding);
void http_decoder_clear(struct http_decoder *d);
/* Octets of the wire; ${sink} gets them decoded. */
int http_decode(struct http_decoder *d, const void *p, size_t n,
        int (*sink)(void *ctx, const void *p, size_t n), void *ctx, struct err *err) MUST_CHECK;
/* False if the coding was cut short. */
bool http_decoder_whole(const struct http_decoder *d);

/* One request on its way. */
enum xfer_state { XFER_FREE, XFER_RUNNING, XFER_WAITING };

struct xfer {
	struct http *h;
	struct http_request *rq;
	unsigned id;
	enum xfer_state state;
	CURL *easy;
	struct curl_slist *headers, *resolve;
	char curl_text[CURL_ERROR_SIZE];
	char *url; /* of this hop */
	bool trusted; /* credentials may go there */
	bool pinned;
	bool outside; /* a link beyond the service's own origin */
	/* over all tries */
	int hops, lost, away, busy, auth_tries, silences;
	bool told; /* that its silence is waited for */
	bool renewed;
	uint64_t given; /* octets of body_fn, all tries */
	int64_t wake_ms;
	/* of this try */
	bool sent, head_done, enough;
	bool with_auth, own_challenge;
	/*
	 * libcurl signs the connection in, in two requests or more, whose answers are
	 * passed over but for the last one
	 */
	bool by_connection;
	unsigned auth_serial;
	/* of the try; of its last octet, 0: not connected yet */
	int64_t began_ms, active_ms;
	int64_t held_before_ms; /* h->held_ms as it began */
	uint64_t moved;
	size_t head_len;
	uint64_t body_off, drained;
	struct http_response rs;
	struct challenges offered;
	int64_t retry_after; /* seconds; -1: not said */
	struct http_decoder decoder;
	struct buf error_body;
	struct err err;
};

#define ERROR_BODY_MAX 65536
#define VERIFIED_MAX 8

/*
 * What the clients of one service know of it together; everything below the lock is
 * changed under it.
 */
struct http_common {
	struct service service; /* a copy; its trace and login.ctx are borrowed */
	bool bundle; /* of authorities is there */
	pthread_mutex_t lock;
	unsigned users;
	struct http_auth auth;
	atomic_bool reached; /* an answer came once */
	atomic_bool absent; /* none came, however often it was tried */
	atomic_bool stuck; /* what should have passed did not, lately */
	atomic_bool settled; /* and one that is not about the sign-in */
	_Atomic int64_t hold_ms; /* nothing starts before */
	int64_t waited_ms; /* for busy servers, since the last success */
	char *verified[VERIFIED_MAX]; /* certificates and hosts that were found good */
	size_t next_verified;
	int64_t away_ms; /* since when it takes no connection, 0: it does */
};

struct http {
	const struct http_guard *guard;
	struct http_common *common;
	const struct service *service; /* of common */
	struct progress *progress;
	CURLM *multi;
	unsigned running;
	struct xfer **slots;
	size_t n_slots;
	unsigned limit; /* in flight; smaller after 429 and 503, then slowly more again */
	unsigned good; /* answers since it changed */
	int64_t cut_ms; /* when it last became smaller */
	int64_t active_ms; /* last octet of any transfer */
	int64_t held_ms; /* that --max-rate let all of them wait */
};

/* xfer.c: send x->rq to x->url. */
int xfer_start(struct xfer *x, struct err *err) MUST_CHECK;
/*
 * The transfer is out of libcurl's hands; what this try left is forgotten (the answer is
 * not).
 */
void xfer_stop(struct xfer *x);
void xfer_answer_clear(struct xfer *x);

/*
 * outcome.c: what a transfer that libcurl ended with ${rc} came to; true: it goes on
 * (again, or waiting), false: x->err and x->rs tell the end.
 */
bool xfer_outcome(struct xfer *x, CURLcode rc);
/*
 * Seconds of a Retry-After field at ${now_utc}; -1 when it is neither a number nor a
 * date.
 */
int64_t http_retry_after(const char *value, int64_t now_utc);

/* tls.c */
void http_tls_options(struct xfer *x);
bool http_tls_has_bundle(void);
/* The certificate of the connection that ${x} goes out on is good, or the pinned one. */
int http_tls_check(struct xfer *x, struct err *err) MUST_CHECK;
int http_tls_failed(struct xfer *x, CURLcode rc, struct err *err);

/* proxy.c */
void http_proxy_options(struct xfer *x);
/*
 * Is it the proxy that failed? Then x->curl_text says why. *final_out: to try again is of
 * no use.
 */
bool http_proxy_failed(struct xfer *x, CURLcode rc, bool *final_out);

/* link.c */
int http_link_check(struct xfer *x, bool tls, struct err *err) MUST_CHECK;
void http_link_options(struct xfer *x);
/* False for addresses of this machine, of private and of special networks. */
bool http_address_is_public(const struct sockaddr *sa);

/* trace.c */
int http_trace(CURL *easy, curl_infotype type, char *data, size_t n, void *ctx);

#endif
