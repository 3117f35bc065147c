#ifndef VALISE_SOURCE_POP3_PRIVATE_H
#define VALISE_SOURCE_POP3_PRIVATE_H

#include "valise/base/mem.h"
#include "valise/proto/pop3.h"
#include "valise/source/source.h"

/*
 * The POP3 source. Leaving mail on the server is enforced, not hoped for:
 *   - nothing that deletes exists, and a session that retrieved mail ends without QUIT (RFC 1939 6: only QUIT enters UPDATE);
 *   - a server that says EXPIRE 0 is refused (RFC 2449 6.7), a short EXPIRE is a warning with the date;
 *   - before the bulk, one message (the canary) is retrieved, and a new session proves that it is still there;
 *   - afterwards a new session proves that every UIDL of before is still there.
 * A message is known by its UIDL where that is valid and unique, else by its content.
 */
enum {
	POP3_BATCH = 50, /* messages asked for at a time */
	POP3_BATCH_BYTES = 8 << 20, /* octets asked for at a time, but for the last message */
	POP3_TRIES = 5, /* connections without progress */
	POP3_ROUNDS = 100000, /* listings that showed something new */
	POP3_HEAD = 64 << 10, /* of a message, kept to find its date */
	POP3_EXPIRE_WARN = 30, /* days */
};

/* One message of the maildrop, over all sessions of a run. */
struct drop {
	char *uidl; /* valid and unique, or NULL */
	uint32_t number; /* in the present session; 0: not listed in it */
	uint64_t size;
	bool done, failed;
	unsigned tries;
};

struct pop3_run {
	const struct service *service;
	struct tree_sink *sink;
	const struct source_opts *opts;
	struct progress *progress;
	struct source_result *result;
	struct pop3 *session;
	bool retrieved; /* in this session */
	struct tree_coll *coll, *prev, *last_run;
	uint8_t *used; /* items of prev that have their message again */
	uint32_t next_uid;
	struct drop *drops;
	size_t n_drops, drops_cap;
	unsigned liars; /* messages whose LIST size is not off by a final CRLF but wrong */
	/* the message being received */
	struct tree_body *body;
	struct buf head;
	bool held_cr,
	        held_crlf; /* its last octets, which may be the line end that only the dot needs */
	struct drop *current;
};

/* pop3_session.c */
int pop3_connect(struct pop3_run *r,
        struct err *err) MUST_CHECK; /* waits where the server says in use or too soon */
int pop3_disconnect(struct pop3_run *r,
        struct err *err) MUST_CHECK; /* close, or QUIT as opts say or nothing was retrieved */
int pop3_relist(struct pop3_run *r, size_t *new_out,
        struct err *err) MUST_CHECK; /* number the drops anew; add those not seen before */
int pop3_check_expire(struct pop3_run *r, struct err *err) MUST_CHECK;

/* pop3_fetch.c */
int pop3_fetch(struct pop3_run *r, struct drop *const *list, size_t n, struct err *err) MUST_CHECK;
int pop3_give_known(
        struct pop3_run *r, struct drop *d, bool *known_out, struct err *err) MUST_CHECK;
void pop3_name_failure(struct pop3_run *r, const struct drop *d, const char *reason);

#endif
