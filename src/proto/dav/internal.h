#ifndef VALISE_PROTO_DAV_INTERNAL_H
#define VALISE_PROTO_DAV_INTERNAL_H

#include "valise/http/http.h"
#include "valise/proto/dav/webdav.h"
#include <expat.h>

#define DAV_DEPTH_MAX 32
#define DAV_NAME_MAX 1024
#define DAV_PROP_MAX ((size_t)1 << 20)
#define DAV_PROPS_MAX 1000 /* of one response */
#define DAV_RESPONSE_MAX ((size_t)16 << 20) /* properties of one response together */
#define DAV_DATA_MAX ((size_t)64 << 20)
#define DAV_BODY_MAX ((size_t)64 << 20) /* of a request */
#define DAV_ANSWER_MAX ((uint64_t)1 << 30) /* streamed, so only a bound on patience */

/*
 * Between the parts of a name in expat's triplets; no namespace that expat accepts has
 * it.
 */
#define DAV_SEP '\n'

/*
 * raw.c: XML written again from what the parser says, with each prefix declared where it
 * is first used.
 */
struct dav_ns {
	char *prefix, *uri;
	int depth;
};
struct dav_raw {
	struct buf xml;
	struct dav_ns *ns;
	size_t n_ns, cap_ns;
	int depth;
	bool open; /* a start tag still without its '>' */
	bool full; /* the cap was met: reset it */
};
void dav_raw_init(struct dav_raw *w, size_t cap);
void dav_raw_clear(struct dav_raw *w);
void dav_raw_reset(struct dav_raw *w);
/* Names as triplets; not when it is full. */
void dav_raw_start(struct dav_raw *w, const char *name, const char **atts);
void dav_raw_text(struct dav_raw *w, const char *s, size_t n);
void dav_raw_end(struct dav_raw *w, const char *name);

/* A triplet (or pair) as "{uri}local"; false when longer than the cap. */
bool dav_clark(const char *name, char out[DAV_NAME_MAX]);

/*
 * head.c: where the XML begins in the first octets of an answer, and how it is encoded.
 * False: more of them have to be seen.
 */
#define DAV_HEAD_MAX 65536
#define DAV_ENCODING_MAX 40
struct dav_head {
	size_t skip;
	bool utf8, wide; /* octets are UTF-8; UTF-16 */
	const char *override; /* of an encoding name of no use; NULL: none */
};
bool dav_head_look(const char *s, size_t n, bool whole, struct dav_head *out);
/* Unicode characters of an encoding of one octet each; negative when it is none. */
int dav_single_byte_map(const char *name, int map[256]);

/* repair.c: a stream of octets made well-formed as far as single characters go. */
struct dav_repair {
	struct buf held; /* not judged yet */
	struct buf out; /* of the last feed */
	const char *section; /* how the one ends that we are in, or NULL */
	bool utf8, changed;
};
void dav_repair_init(struct dav_repair *r, bool utf8);
void dav_repair_clear(struct dav_repair *r);
void dav_repair_feed(struct dav_repair *r, const char *p, size_t n, bool last);
/* Parsed text with the octets that were no characters put back; the caller frees it. */
char *dav_repaired_href(const char *s);
char *dav_repaired_text(const char *s);

/* parse.c: an answer as it streams in. */
struct dav_parser;
enum {
	/*
	 * single characters that cannot stand in XML cost nothing but themselves (not for
	 * content, whose octets count)
	 */
	DAV_MENDS = 1,
	DAV_SYNC = 2, /* the 507 of the collection itself is held back */
};
struct dav_parser *dav_parser_new(
        const char *base_url, dav_response_fn fn, void *ctx, unsigned how);
void dav_parser_free(struct dav_parser *p);
/* The root element is one of those that an answer has. */
bool dav_parser_is_answer(const struct dav_parser *p);
int dav_parser_feed(struct dav_parser *p, const void *s, size_t n, struct err *err) MUST_CHECK;
int dav_parser_end(struct dav_parser *p, struct err *err) MUST_CHECK;
/* Responses that fn got. */
size_t dav_parser_delivered(const struct dav_parser *p);
/* Move what stands outside of responses to ${a}. */
void dav_parser_take(struct dav_parser *p, struct dav_answer *a);

/*
 * xml.c: the body of a request. It has no cap but at its end: ERR_LIMIT there. ERR_PROTO
 * for what cannot stand in XML.
 */
int dav_put_text(struct buf *out, const char *s, size_t n, struct err *err) MUST_CHECK;
/* "<P:local xmlns...", with the known namespaces declared at the root. */
void dav_put_root(struct buf *out, const char *name);
int dav_put_end(struct buf *out, const char *name, struct err *err) MUST_CHECK;
int dav_put_empty(struct buf *out, const char *clark, struct err *err) MUST_CHECK;
int dav_put_set(struct buf *out, const struct dav_set *set, struct err *err) MUST_CHECK;

/*
 * scan.c: the elements of raw inner XML, one after the other. False when it is not
 * well-formed.
 */
typedef void (*dav_scan_fn)(void *ctx, const char *clark, const char **atts, const char *text);
bool dav_scan(const char *xml, dav_scan_fn fn, void *ctx);

/* call.c: one request and its answer. */
struct dav_call {
	struct http_request rq;
	struct buf body;
	struct dav_parser *parser;
	dav_response_fn fn;
	void *fn_ctx;
	bool sync;
	bool verbatim; /* the answer brings content */
	bool lenient; /* answers other than 207 may hold responses, or anything */
	bool forgiving; /* of a 207, what was understood counts */
	int status;
	int64_t began_ms;
	char *inner_error; /* of a response */
	struct dav_answer *answer, own;
	struct err err;
};
/* ${a} NULL: nobody asks for the answer. */
void dav_call_init(struct dav_call *c, const char *method, const char *url, struct dav_answer *a);
void dav_call_clear(struct dav_call *c);
/* c->err tells how each came out; negative when the client is at its end. */
int dav_call_run(struct http *h, struct dav_call *c, size_t n, unsigned parallel,
        struct err *err) MUST_CHECK;
/* One; negative when nothing came: a refusal is an answer. */
int dav_call_one(struct http *h, struct dav_call *c, struct err *err) MUST_CHECK;
/*
 * write.c: it writes: no invitation may leave, which header fields from ${header} on ask
 * for; the worst status in a multistatus counts.
 */
void dav_call_writes(struct dav_call *c, size_t header);
/* ERR_REFUSED when the answer is not 207. */
int dav_call_refused(struct dav_call *c, struct err *err);

#endif
