#ifndef VALISE_RESTORE_DAV_PUT_OUTCOME_H
#define VALISE_RESTORE_DAV_PUT_OUTCOME_H

#include <stdbool.h>
#include "valise/base/buf.h"

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

enum put_verdict put_judge(const struct put_reply *p);
/* The reason for a person: "HTTP 403 forbidden: no-uid-conflict". */
void put_reason(const struct put_reply *p, struct buf *out);

#endif
