#ifndef VALISE_FETCH_POP3_RUN_H
#define VALISE_FETCH_POP3_RUN_H

#include "valise/base/mem.h"
#include "valise/proto/pop3/pop3.h"
#include "fetch/run.h"
#include "valise/tree/intake.h"
#include "judge.h"

/*
 * The POP3 source. Leaving mail on the server is enforced, not hoped for:
 *   - nothing that deletes exists, and a session that retrieved mail ends without QUIT
 *     (RFC 1939 6: only QUIT enters UPDATE);
 *   - a server that says EXPIRE 0 is refused (RFC 2449 6.7), a short EXPIRE is a warning
 *     with the date;
 *   - before the bulk, one message (the canary) is retrieved, and a new session proves
 *     that it is still there;
 *   - messages are fetched by TOP, which marks none as read, where its octets are seen to
 *     be those of RETR;
 *   - of what was asked for only so much is not durable yet (judge.h), so that a server
 *     which loses it loses no more;
 *   - afterwards a new session proves that every message listed earlier is still there.
 * A message is known by its UIDL where that is valid, unique and stays the same; else by
 * its content, of which there are as many as one listing shows.
 */
enum {
	POP3_TRIES = 10, /* sessions without progress */
	POP3_REFUSALS = 2, /* of a message, until it is believed */
	POP3_BREAKS = 4, /* of the session by a message */
	/* a session that timed out counts as so many that broke */
	POP3_WAITED_OUT = 2,
	POP3_SESSIONS = 100000,
	/* so many new messages of a known maildrop deserve a canary, too */
	POP3_CANARY_FROM = 20,
	POP3_TOP_MISFITS = 3, /* then TOP is not worth while */
	POP3_CROSSED = 1000, /* misfits that are compared with each other */
	POP3_HEAD = 64 << 10, /* of a message, kept to find its date */
	POP3_EXPIRE_WARN = 30, /* days */
	POP3_WINDOW = 250, /* what servers list that list only a part */
};

/* One message of the maildrop, over all sessions of a run. */
struct message {
	char *uidl; /* valid and unique, or NULL */
	uint32_t number; /* in the present session; 0: not listed in it */
	uint64_t size;
	bool done; /* it is in the collection, or need not be */
	bool failed; /* it was named as one that could not be fetched */
	/* without UIDL, and the listing was read again: another message stands for it */
	bool gone;
	bool left_out; /* by options, and no earlier run has it */
	bool hashed;
	uint8_t sha256[SHA256_LEN];
	unsigned tries;
	bool by_retr; /* TOP did not do */
	bool topped, retred; /* it was fetched by TOP; it was asked for by RETR */
	enum pop3_dots dots;
	unsigned astray; /* times that something else than an answer followed it */
	bool again; /* it was asked for again, as its size does not fit */
	bool misfits; /* it came with more or fewer octets than LIST says */
	uint64_t came;
};

struct known; /* items of the last state */
struct tally; /* content of messages without UIDL */
struct seen_file;

/* The session, and how sessions end. */
struct visit {
	struct pop3 *pop3;
	bool retrieved; /* in this session */
	bool quits; /* --pop3-end=quit */
	bool end_by_quit; /* sessions that retrieved mail */
	bool lock_said; /* that sessions ended by QUIT would not have to wait */
	unsigned sessions;
	int64_t signed_in; /* clock_ms */
};

/* How messages are asked for, and what was learnt of their sizes. */
struct manner {
	bool may_top; /* the server has TOP, or does not say */
	bool top; /* TOP is used instead of RETR */
	bool top_proven; /* one message by it was what is here already */
	unsigned top_misfits; /* messages that TOP was not shown to give whole */
	/*
	 * sizes were found wrong: after each RETR it is seen that the session is in step
	 */
	bool check;
	bool unstuffed; /* said that the server does not stuff dots */
	/* messages whose LIST size is wrong, not only short of a final CRLF */
	uint64_t liars;
	uint64_t exact; /* messages that are as LIST says, known ones as well */
};

/* What earlier runs and other sources left. */
struct past {
	struct known *prev, *last_run;
	bool doubted; /* items of last_run whose size is not as listed are not taken */
	/* of what is in prev, if that is another collection; else NULL */
	struct tree_reader *last;
	struct seen_file *elsewhere; /* UIDLs of messages that another source gives */
	uint64_t skipped; /* those messages */
};

/* What the server lists. */
struct maildrop {
	struct message *messages;
	size_t n_messages, messages_cap;
	bool no_uidl; /* UIDLs change from session to session */
	size_t lost; /* messages without UIDL that are not listed any more */
	size_t vanished; /* of all messages, in the last listing */
	size_t fresh; /* messages that the last listing showed first */
	uint32_t counted; /* by STAT */
	size_t listed;
	bool window; /* the server lists only a part */
	struct tally *tally;
};

struct pop3_run {
	struct fetch_run base; /* one thread: its lock is never taken by us */
	const char *name; /* of the collection */
	bool drop; /* what is not listed any more is to go, by the user's word */
	struct visit visit;
	struct manner manner;
	struct past past;
	struct maildrop maildrop;

	struct tree_coll *coll;
	/* what the server says of itself, as props of the collection; NULL: nothing */
	char *capa;
	bool changed; /* an item is new, or under a new UIDL */
	uint32_t next_uid;

	/* the message being received */
	struct intake in;
	/* its last octets may be the line end that only the dot needs */
	bool held_cr, held_crlf;
};

/* session.c */
/*
 * Sign in and list the maildrop; waits where the server says that it is in use, or too
 * soon.
 */
int pop3_connect(struct pop3_run *r, struct err *err) MUST_CHECK;
/* Close, or QUIT where that is wanted or nothing was retrieved. */
void pop3_disconnect(struct pop3_run *r);
/* The session ends as it must; a new one lists the maildrop. */
int pop3_renew(struct pop3_run *r, struct err *err) MUST_CHECK;
/* {"capa":...,"capa_before":...}; NULL without CAPA */
char *pop3_capa_json(const struct pop3 *p);
int pop3_check_expire(struct pop3_run *r, struct err *err) MUST_CHECK;
void pop3_advise(struct pop3_run *r); /* what a person should know about this server */

/* survey.c: what opts->survey is told; negative only for a stop. */
int pop3_survey(struct pop3_run *r, struct err *err) MUST_CHECK;

/* list.c: number the messages by a fresh listing, add those not seen before. */
int pop3_relist(struct pop3_run *r, struct err *err) MUST_CHECK;

/* fetch.c */
/* Some of them, in their order (*asked_out, may be NULL: how many); what came is durable then. */
int pop3_fetch(struct pop3_run *r, struct message *const *list, size_t n, size_t *asked_out,
        struct err *err) MUST_CHECK;
int pop3_give_known(
        struct pop3_run *r, struct message *m, bool *known_out, struct err *err) MUST_CHECK;
/**
 * pop3_give_unlisted(r, named, n_out, err): what the last state has and this listing has
 * not shown; with r->drop only what may be listed again.
 * ${named}: the server lists only a part, and may list again what has a UIDL; only such
 * are counted. Else the UIDL is dropped, since RFC 1939 7 lets a server use it again.
 */
int pop3_give_unlisted(struct pop3_run *r, bool named, size_t *n_out, struct err *err) MUST_CHECK;
void pop3_name_failure(struct pop3_run *r, struct message *m, const char *reason);
/*
 * Where LIST is right about the other messages, or two are as long as it says of each
 * other, those that came shorter or longer are named: they may be cut, or others.
 */
void pop3_name_misfits(struct pop3_run *r);

/* give.c: the collection to the sink; if IMAP has all of its messages, it is not made. */
int pop3_give_coll(struct pop3_run *r, struct err *err) MUST_CHECK;

/* top.c */
/*
 * The smallest message that is safe here, by TOP: only where that is the same is TOP used
 * further.
 */
int pop3_prove_top(struct pop3_run *r, struct err *err) MUST_CHECK;
/* Once a run: how the mail was fetched, and what that did to it. */
void pop3_say_how(struct pop3_run *r);

/* known.c */
/* takes ${c}, which may be NULL; NULL is fine below */
struct known *known_new(struct tree_coll *c);
void known_free(struct known *k);
size_t known_count(const struct known *k);
uint32_t known_next_uid(const struct known *k);
/* Of the collection that these items are of; NULL: none. */
const struct tree_coll *known_coll(const struct known *k);
/*
 * Items not claimed yet, claimed with this: by UIDL (and size, where that was right;
 * ${exact}: only those), by content. NULL: none.
 */
const struct tree_item *known_claim_uidl(
        struct known *k, const char *uidl, uint64_t size, bool exact);
const struct tree_item *known_claim_content(struct known *k, const uint8_t sha256[SHA256_LEN]);
/* The next one that was not claimed, from *at on. */
const struct tree_item *known_unclaimed(struct known *k, size_t *at, const char **uidl_out);

/*
 * Messages without UIDL are counted by content: each listing may show as many of one
 * content as it has, and those beyond what earlier listings gave are new. A pass is one
 * listing read from its beginning.
 */
struct tally *tally_new(void);
void tally_free(struct tally *t);
void tally_pass(struct tally *t);
/* A message of this content: true if it was not given yet. */
bool tally_add(struct tally *t, const uint8_t sha256[SHA256_LEN]);

/*
 * UIDLs, sizes in LIST, and hashes of messages that another source gives, kept in a file
 * for each maildrop. dir NULL: nothing is kept.
 */
struct seen_file *seen_file_open(const char *dir, const struct service *service);
const uint8_t *seen_file_find(const struct seen_file *f, const char *uidl, uint64_t size);
void seen_file_add(
        struct seen_file *f, const char *uidl, uint64_t size, const uint8_t sha256[SHA256_LEN]);
int seen_file_write(struct seen_file *f, struct err *err) MUST_CHECK;
void seen_file_free(struct seen_file *f);

#endif
