#ifndef VALISE_PROTO_MAPI_SESSION_H
#define VALISE_PROTO_MAPI_SESSION_H

#include "valise/base/guard_role.h"
#include "valise/base/progress.h"
#include "valise/base/service.h"

/*
 * A session of MAPI over HTTP (MS-OXCMAPIHTTP): Connect, Execute, Disconnect, with the
 * cookies that carry its context. One request is in flight at a time; a session belongs to
 * one thread. Each request goes past the guard of its role, which reads every ROP in it.
 */

enum {
	MAPI_ROPS_MAX = 32760, /* octets of the ROPs of one request, MS-OXCRPC 2.2.2.1 */
	MAPI_HANDLES_MAX = 128, /* of the table of one request or answer */
	MAPI_ANSWER_MAX = 4 << 20, /* octets of one answer */
	MAPI_ROP_OUT = 0x40000, /* what an answer may have when it is chained, MaxRopOut */
};

struct mapi_session;

/* What the server said of itself and of who signed in. Lent as long as the session lives. */
struct mapi_greeting {
	char *display_name; /* of the mailbox's owner; "" where it says none */
	char *server; /* X-ServerApplication, "Exchange/15.00.0847.4040"; or NULL */
};

/**
 * mapi_connect(service, role, progress, out, err): sign in and Connect. ${service}->at is the
 * URL of the mailbox's store, ${service}->mailbox its distinguished name. ${role}:
 * GUARD_MAPI_SOURCE or GUARD_MAPI_TARGET.
 * Errors: as http_run; ERR_AUTH: X-ResponseCode 7 ..., no such mailbox or no right to it;
 * ERR_PROTO; ERR_BUSY (patience is at its end).
 */
int mapi_connect(const struct service *service, enum guard_role role, struct progress *progress,
        struct mapi_session **out, struct err *err) MUST_CHECK;
/* Disconnect, which nobody waits long for, and free. NULL is fine. */
void mapi_disconnect(struct mapi_session *s);
const struct mapi_greeting *mapi_greeting(const struct mapi_session *s);

/* What one payload of an answer has: ROP answers, one after the other, and the handles. */
struct mapi_answer {
	const uint8_t *rops;
	size_t n_rops; /* octets */
	const uint32_t *handles; /* 0xffffffff: none */
	size_t n_handles;
};
struct mapi_request {
	const uint8_t *rops; /* MS-OXCROPS 2.2.1, without RopSize; lent */
	size_t n_rops; /* octets, at most MAPI_ROPS_MAX */
	const uint32_t *handles;
	size_t n_handles;
	bool chain; /* the server may repeat the last ROP and answer with more
	               (MS-OXCRPC 3.1.4.2.1.2) */
	/**
	 * answer(ctx, a, err): each payload in its order, ${a} lent; a negative result ends the
	 * request with it.
	 */
	int (*answer)(void *ctx, const struct mapi_answer *a, struct err *err);
	void *ctx;
};
/**
 * mapi_execute(s, rq, err): one Execute. It is never sent twice: an answer that is lost does
 * not come for the same request. A server that is busy (429, 503, Retry-After) and
 * says so before it does anything is waited for as elsewhere (valise/net/patience.h, http.h).
 * Errors: ERR_NET, and mapi_is_lost then says whether the session is gone with its handles;
 * ERR_PROTO, ERR_LIMIT: the answer is none, or beyond a cap; ERR_REFUSED: ErrorCode of the
 * Execute; ERR_GUARD; those of ${rq}->answer.
 */
int mapi_execute(struct mapi_session *s, const struct mapi_request *rq, struct err *err) MUST_CHECK;
/**
 * mapi_pause(s, ms, why, err): an answer asks for a pause (BackoffTime of a ROP): wait, and
 * say so on progress; ${why} for people. At most 5 min at a time, and 30 min in all since
 * an Execute went well: then, and for what is not a time (< 0), ERR_BUSY. ERR_STOPPED.
 */
int mapi_pause(struct mapi_session *s, int64_t ms, const char *why, struct err *err) MUST_CHECK;
/* PING, where half of the time has passed after which the server forgets an idle session. */
int mapi_ping(struct mapi_session *s, struct err *err) MUST_CHECK;
/* Its context is gone (network, X-ResponseCode 10, 13, 15 ...): only mapi_disconnect is left. */
bool mapi_is_lost(const struct mapi_session *s);
/* Requests so far, of all kinds. */
uint64_t mapi_requests(const struct mapi_session *s);

#endif
