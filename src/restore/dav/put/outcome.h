#ifndef VALISE_RESTORE_DAV_PUT_OUTCOME_H
#define VALISE_RESTORE_DAV_PUT_OUTCOME_H

#include <stdbool.h>
#include "valise/proto/dav/client.h"

/*
 * What the answer to a PUT with If-None-Match: * means. The status alone does not say it.
 */
enum put_verdict {
	PUT_STORED, /* to be read back: an ETag is no proof of equality */
	/* something is at this href, or the server calls another refusal so: look */
	PUT_EXISTS,
	PUT_UID, /* the UID is elsewhere in the account: look there */
	/* refused because strict handling was asked for: once more without */
	PUT_LENIENT,
	PUT_UNKNOWN, /* no answer came: look whether it arrived */
	PUT_FULL, /* no room: nothing more goes there */
	/* something within the server stood in the way that passes: locked, deadlock */
	PUT_AGAIN,
	PUT_LATER, /* the server wants nothing more now */
	PUT_REFUSED,
};

struct put_reply {
	int status; /* 0: none came */
	int inner; /* worst status inside a multistatus, 0: none */
	const char *error; /* Clark names of the precondition, or NULL */
	const char *text; /* what the server says, or NULL */
	bool strict; /* Prefer: handling=strict was sent */
	bool busy; /* waited for it in vain */
};

/* What came back; ${err}: of the sending, its code 0 where there is an answer. */
struct put_reply put_reply_of(const struct dav_answer *a, const struct err *err, bool strict);
enum put_verdict put_judge(const struct put_reply *p);
/* The same of what was sent: also refused by ourselves. */
enum put_verdict put_judge_sent(const struct dav_send *s);
/* The reason for a person: "HTTP 403 forbidden: no-uid-conflict". */
void put_reason(const struct put_reply *p, struct buf *out);
/* The same of what was sent, or why it was not. */
void put_reason_sent(const struct dav_send *s, struct buf *out);

#endif
