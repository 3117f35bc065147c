#ifndef VALISE_PROTO_MAPI_WIRE_H
#define VALISE_PROTO_MAPI_WIRE_H

/* The pieces of a session of MAPI over HTTP, from the fields of an answer to its ROPs. */

#include "valise/base/buf.h"
#include "valise/http/http.h"
#include "valise/proto/mapi/session.h"

/* ---- cookies.c ---- */

enum { MAPI_COOKIES_MAX = 32, MAPI_COOKIE_MAX = 4096 };

/* What the server set, each name once (RFC 6265): all go back to its one URL. */
struct mapi_cookies {
	char *list[MAPI_COOKIES_MAX]; /* "name=value" */
	size_t n;
};
/*
 * The value of a Set-Cookie field. False when it has no room. One that ends at once, or is
 * malformed, takes the one of its name away.
 */
bool mapi_cookies_take(struct mapi_cookies *c, const char *set, size_t n);
/* Append "Cookie: a=b; c=d", or nothing. */
void mapi_cookies_put(const struct mapi_cookies *c, struct buf *out);
void mapi_cookies_clear(struct mapi_cookies *c);

/* ---- body.c ---- */

enum { MAPI_PRELUDE_MAX = 65536 /* octets, the lines PENDING not counted */ };

/* The body of an answer (MS-OXCMAPIHTTP 2.2.2.2, 2.2.7), as it comes in. */
struct mapi_body {
	enum { MAPI_BODY_LINES, MAPI_BODY_FIELDS, MAPI_BODY_OCTETS } at;
	struct buf line;
	size_t prelude;
	unsigned pending; /* lines PENDING so far */
	int response_code; /* of the fields after DONE; -1: not said */
	struct buf octets; /* what is after the blank line */
};
void mapi_body_init(struct mapi_body *b);
void mapi_body_reset(struct mapi_body *b); /* keeps the memory */
void mapi_body_clear(struct mapi_body *b);
/* ERR_PROTO, ERR_LIMIT. */
int mapi_body_feed(struct mapi_body *b, const void *p, size_t n, struct err *err) MUST_CHECK;
/* Nothing follows: ERR_PROTO where DONE and the blank line did not come. */
int mapi_body_end(const struct mapi_body *b, struct err *err) MUST_CHECK;
/* The value of the field ${name} that ${line} is, blanks dropped; NULL: it is another. */
const char *mapi_field(const char *line, size_t n, const char *name, size_t *n_out);
/* The number that a field's value is, of nine digits at most; -1: none. */
int mapi_field_number(const char *value, size_t n);

/* ---- lzxpress.c ---- */

/*
 * Decompress the ${n} octets (MS-XCA 2.4, plain LZ77) into just ${out_n}; false where
 * these do not come of them.
 */
bool mapi_lzxpress(const uint8_t *p, size_t n, uint8_t *out, size_t out_n);

/* ---- ext.c ---- */

typedef int (*mapi_payload_fn)(void *ctx, const uint8_t *p, size_t n, struct err *err);
/**
 * mapi_payloads(p, n, each, ctx, err): each payload of an extended buffer (RPC_HEADER_EXT,
 * MS-OXCRPC 2.2.2.1, 3.1.4.2.1.2), decoded, to ${each}, whose negative result ends it.
 * ERR_PROTO for a chain without an end, or one that is malformed.
 */
int mapi_payloads(
        const uint8_t *p, size_t n, mapi_payload_fn each, void *ctx, struct err *err) MUST_CHECK;

typedef int (*mapi_answer_fn)(void *ctx, const struct mapi_answer *a, struct err *err);
/* One payload as ROP answers and their handles (MS-OXCROPS 2.2.1), to ${each}. */
int mapi_rop_answer(
        const uint8_t *p, size_t n, mapi_answer_fn each, void *ctx, struct err *err) MUST_CHECK;

/* ---- codes.c ---- */

/* What a code means. */
struct mapi_code {
	enum err_code err;
	const char *text; /* for people */
};
/*
 * X-ResponseCode (MS-OXCMAPIHTTP 2.2.3.3.3). ${begun}: the session answered before, so
 * that the request is in order, and its context is what is missing.
 */
struct mapi_code mapi_response_code(int code, bool begun);
/* The ErrorCode or StatusCode of Connect and Execute; text NULL: it is not known. */
struct mapi_code mapi_error_code(uint32_t code);

/* ---- call.c ---- */

struct mapi_session {
	struct http *http;
	struct service service; /* host and path are its own, all else is borrowed */
	enum guard_role role;
	struct progress *progress;
	char *url;
	struct mapi_cookies cookies;
	char id[39], client[39]; /* GUIDs of X-RequestId and X-ClientInfo */
	uint64_t requests;
	struct mapi_body body; /* of the last answer */
	struct buf out; /* the body of the request */
	struct mapi_greeting greeting;
	int64_t last_ms; /* of the last answer */
	int64_t expires_ms; /* X-ExpirationInfo; 0: not said */
	int64_t waited_ms; /* for a busy server, since a request went without a pause */
	bool paused; /* since the last request */
	bool begun, lost;
};

/* One request of a session, and what its answer says. */
struct mapi_call {
	const char *type; /* X-RequestType */
	int most_ms; /* 0: as long as something comes */
	/* the answer */
	struct mapi_session *s;
	int status; /* of HTTP; 0: none came */
	int response_code; /* X-ResponseCode; -1: not said */
	char *location; /* of a redirect */
	char *server; /* X-ServerApplication */
	struct buf text; /* of a page that is no answer, cut */
	struct err err;
	bool binary; /* its type is that of the protocol */
	bool full; /* the cookies have no room */
	bool told; /* that it takes long */
	int64_t began_ms;
};
/**
 * mapi_call(s, c, err): send s->out as ${c}->type; what comes of it is in s->body.octets.
 * All failures but ERR_GUARD and ERR_BUSY lose the session.
 */
int mapi_call(struct mapi_session *s, struct mapi_call *c, struct err *err) MUST_CHECK;
void mapi_call_clear(struct mapi_call *c);

#endif
