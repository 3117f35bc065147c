#ifndef VALISE_HTTP_GUARD_H
#define VALISE_HTTP_GUARD_H

#include <stdbool.h>
#include "valise/base/err.h"
#include "valise/http/http.h"
#include "valise/base/guard_role.h"

/*
 * The guard over outgoing requests: which methods a role may send, and where POST is all
 * that there is, which operations its bodies may ask for.
 */

/*
 * One operation of a protocol that has POST for everything and says in the request what
 * the server is to do (JMAP, RFC 8620 3.3; EWS; MAPI over HTTP).
 */
struct post_operation {
	const char *name; /* NULL ends a list */
	bool adds; /* a target may ask for it, it only adds; else it only reads */
};

/* Told of an operation: false ends. ${name}: ${len} octets, lent. */
typedef bool post_operation_fn(void *ctx, const char *name, size_t len);

/*
 * The allow-list of such a protocol. Each has one, in a file of its own in this folder
 * and by its roles in guard.c.
 */
struct post_rules {
	const char *content_type; /* the media type of each request */
	/**
	 * read(rq, each, ctx): give every operation that the body and the fields of ${rq}
	 * ask for to ${each}, and return false where that does, or for what is not wholly
	 * understood, as the server might read it in another way. Judges nothing itself.
	 */
	bool (*read)(const struct http_request *rq, post_operation_fn *each, void *ctx);
	const struct post_operation *allowed;
};

/* What a role may send. */
struct http_guard {
	bool target; /* it may add; else it only reads */
	const struct post_rules *posts; /* NULL: DAV, where the method says what is done */
	/* to the very URL of the service, and no redirect: what is sent is a secret */
	bool one_url;
	bool replaces; /* it may replace the version that an entity tag names, too */
	/*
	 * What is sent belongs to a session: its cookies go along, and nothing is sent twice,
	 * whatever it asks for
	 */
	bool session;
};

/* oauth.c: the forms of OAuth 2.0. */
extern const struct post_rules http_oauth_posts;
/* autodiscover.c: the one question of POX Autodiscover. */
extern const struct post_rules http_autodiscover_posts;
/* mapi.c: MAPI over HTTP. */
extern const struct post_rules http_mapi_posts;

/* Of a role that has nothing to do with HTTP: NULL, which lets nothing out. */
const struct http_guard *http_guard_of(enum guard_role role);

/**
 * http_guard_check(g, rq, url, err): is ${rq} one that may be sent, and free of what
 * would make another request of it? ERR_GUARD.
 */
int http_guard_check(const struct http_guard *g, const struct http_request *rq, const char *url,
        struct err *err) MUST_CHECK;
/* Sending it twice is as good as once. */
bool http_guard_repeatable(const struct http_guard *g, const struct http_request *rq);
/* It changes nothing. */
bool http_guard_reads(const struct http_guard *g, const struct http_request *rq);

#endif
