#ifndef VALISE_PROTO_DAV_CLIENT_H
#define VALISE_PROTO_DAV_CLIENT_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"
#include "valise/base/progress.h"
#include "valise/base/guard_role.h"
#include "valise/base/service.h"
#include "valise/proto/dav/webdav.h"

/*
 * A DAV server: the client, and resources as octets, which come by GET and go by PUT
 * (RFC 9110 9.3), files of an object by POST (RFC 8607). Sources and targets reach HTTP
 * through this and webdav.h alone.
 */

/*
 * As http_open, http_open_beside, http_close (http/http.h). ${role}: GUARD_DAV_SOURCE or
 * GUARD_DAV_TARGET, GUARD_DAV_UPDATE.
 */
int dav_open(const struct service *service, enum guard_role role, struct progress *progress,
        struct http **out, struct err *err) MUST_CHECK;
int dav_open_beside(struct http *first, struct http **out, struct err *err) MUST_CHECK;
void dav_close(struct http *h); /* NULL is fine */

/**
 * dav_options(h, urls, n, out, err): *out: the DAV header fields (RFC 4918 10.1) that
 * OPTIONS of these URLs brings, joined by ", ", or NULL; the caller frees it. Negative as
 * http_run.
 */
int dav_options(
        struct http *h, const char *const *urls, size_t n, char **out, struct err *err) MUST_CHECK;

/* One GET of several in flight. */
struct dav_get {
	const char *url;
	const char *accept; /* "Accept: text/vcard" */
	uint64_t max; /* octets of the body; beyond: ERR_LIMIT */
	/* the URL stands in somebody's content (http_request.link) */
	bool link;
	/* The body goes into this buffer, or to write(). */
	struct buf *into;
	int (*write)(void *ctx, const void *p, size_t n, struct err *err);
	/* What write() got is void: the body begins again. Called before the first octet, too. */
	void (*restart)(void *ctx);
	void (*done)(void *ctx); /* what follows is set; may be NULL */
	void *ctx;

	int status; /* out; 0: no answer came */
	char *etag; /* out: of the body, or NULL; dav_get_clear frees it */
	bool is_html; /* out: Content-Type */
	struct err err; /* out: no whole answer came, and why; that of write() */
};
/* Each once; negative only for what ends the client. */
int dav_get_run(struct http *h, struct dav_get *list, size_t n, unsigned parallel,
        struct err *err) MUST_CHECK;
void dav_get_clear(struct dav_get *g);

/*
 * Octets on their way to the server: a PUT with If-None-Match: *, which overwrites
 * nothing, or (${etag}: a strong entity tag, quotes and all; GUARD_DAV_UPDATE) one that
 * replaces just the version that has it, or (${file}: its name) a file that is added to the object
 * at ${url}: POST ?action=attachment-add (RFC 8607 3.3.1). Each with the header fields that keep
 * servers from mailing invitations.
 */
struct dav_send {
	const char *url;
	const char *type; /* "text/calendar; charset=utf-8" */
	const char *etag;
	const char *file;
	const void *data;
	size_t len;
	bool strict; /* Prefer: handling=strict (RFC 7240 4.4) */

	struct dav_answer answer; /* out; clear it */
	struct err err; /* out: no answer came, and why */
};
/* As dav_get_run. */
int dav_send_run(struct http *h, struct dav_send *const *list, size_t n, unsigned parallel,
        struct err *err) MUST_CHECK;

#endif
