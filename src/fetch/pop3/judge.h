#ifndef VALISE_FETCH_POP3_JUDGE_H
#define VALISE_FETCH_POP3_JUDGE_H

#include "valise/proto/pop3/pop3.h"

/*
 * Is what came all of the message? Pure decisions. Nothing in POP3 says so but the size
 * in LIST, and many servers' sizes are wrong, so a wrong size alone refuses nothing: it
 * is asked again what comes behind the message. Where that is the server's next answer,
 * the message ended there. Where it is not, the server does not stuff its dots, and only
 * the size tells the end.
 */

struct pop3_asked {
	struct pop3_want want; /* how it was asked for */
	unsigned astray; /* how often what followed it was no answer, before */
	/* LIST is right about the others, and it was not asked for again for its size */
	bool doubted;
};

enum pop3_verdict {
	POP3_KEEP,
	POP3_ASK_RETR, /* TOP is not shown to be the whole of it */
	POP3_ASK_CHECKED, /* by RETR, with a look at what follows */
	POP3_ASK_DOUBLED, /* by RETR, with single dots kept */
	POP3_ASK_BY_SIZE, /* by RETR, by its size */
	POP3_NOT_WHOLE, /* nothing more can be tried */
};
enum pop3_verdict pop3_judge(const struct pop3_shape *came, const struct pop3_asked *asked);

/*
 * Does LIST's size say that these octets are all? Exactly, but for a final CRLF that was
 * lent, or with each CRLF counted as one.
 */
bool pop3_size_fits(const struct pop3_shape *came, uint64_t size);

/*
 * What a server may lose once it was asked for (some delete what they gave): it is limited,
 * whatever the way is like, and a long one is filled all the same.
 */
enum {
	POP3_AHEAD = 600, /* messages asked for that are not durable yet */
	/* their octets, but for a single message */
	POP3_AHEAD_BYTES = 16 << 20,
	/* messages and octets that were taken and are made durable together */
	POP3_SYNC = 200,
	POP3_SYNC_BYTES = 4 << 20,
};
struct pop3_load {
	size_t messages;
	uint64_t octets; /* by LIST */
};
/* ${ahead}: what was asked for and is not durable. */
bool pop3_may_ask(const struct pop3_load *ahead, uint64_t size);
/* ${taken}: what came and is not durable. */
bool pop3_is_due(const struct pop3_load *taken);

#endif
