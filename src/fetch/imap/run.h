#ifndef VALISE_FETCH_IMAP_RUN_H
#define VALISE_FETCH_IMAP_RUN_H

#include "valise/base/mem.h"
#include "valise/proto/imap/pool.h"
#include "fetch/run.h"
#include "valise/fetch/survey.h"
#include "valise/tree/intake.h"

/*
 * The IMAP source (RFC 3501). One session lists the mailboxes and their STATUS; what may
 * have changed is then read by several workers with a session each, in two phases:
 *   1  each mailbox is examined and its messages are listed: what the sink has is handed
 *      over at once
 *   2  the bodies of the rest are fetched in jobs bounded by octets and number; several
 *      workers may be in one mailbox
 * Between the two the whole size is known: the disk is asked, and progress has its
 * totals.
 *
 * Locks: run->base.workers.lock guards all members of a mailbox that say who works on it (state,
 * users, next, back, listings), the result and the fatal error. mbox->lock guards its
 * collection and what is counted beside it. A record belongs to the worker whose job
 * holds it. When both are taken, run->base.workers.lock comes first.
 */

enum {
	LIST_RANGE = 5000, /* messages listed by one command */
	JOB_MESSAGES = 200, /* messages asked for by one command */
	/* octets asked for by one command, but for the last message */
	JOB_BYTES = 1 << 20,
	FLY_BYTES = 8 << 20, /* octets in flight on one connection */
	FLY_MAX = 16, /* commands in flight */
	FLY_MIN = 2,
	LIST_BOXES = 8, /* mailboxes listed together */
	BIG_MESSAGE = 48 << 20, /* from this size on in pieces */
	PIECE = 8 << 20,
	RESCUE_PIECE = 256 << 10, /* of a message that is not given whole */
	SHORT_VAIN = 20, /* then RFC822.SIZE is taken to be wrong, not the messages */
	/* fresh connections in one mailbox for messages that are not given */
	FRESH_MAX = 20,
	SET_MAX = 7000, /* characters of a sequence set (imap_fetch_send) */
	/* of a job's: some servers take lines of 1,000 octets only (RFC 2683 3.2.1.5) */
	SET_SHORT = 940,
	HEAD_MAX = 64 << 10, /* of a message, kept to find its date */
	CONNECTIONS = 4,
	TRIES = 3, /* at one spot without progress */
	/*
	 * messages in a row that break the connection, before their mailbox is given up
	 */
	POISON_MAX = 5,
};

enum {
	REC_FLAGS = 1,
	REC_DATE = 2,
	REC_SIZE = 4,
	REC_ALL = 7,
	REC_KEPT = 8 /* as the last snapshot has it, but for what is told here */
};

/* A message of a mailbox, as listed. */
struct rec {
	uint64_t size;
	int64_t date_utc;
	uint32_t uid;
	uint32_t keywords; /* set in the mailbox's collection */
	/* in the mailbox's collection: what X-GM-EXT-1 says of it; 0: nothing */
	uint32_t ext;
	int16_t zone_min;
	uint8_t flags;
	uint8_t have; /* REC_* */
	uint8_t done; /* given to the sink, found expunged, or named in an error line */
	uint8_t empty; /* a body of no octets came although there should be some */
	uint8_t tries; /* connections that broke while this message alone was asked for */
	uint8_t rung; /* of the rescue ladder: how it is to be asked for next */
	/* it came with other octets than RFC822.SIZE says, and is looked at alone */
	uint8_t misfit;
	/* the last snapshot may have it, so that no option leaves it out */
	uint8_t had;
};

/* A message that came with more or fewer octets than RFC822.SIZE says. */
enum misfit {
	MISFIT_NOT_SEEN,
	MISFIT_SEEN, /* to be asked for alone, however often that is put off */
	MISFIT_JUDGED, /* kept as it came */
	MISFIT_CUT, /* more follows */
};

/* How a message is asked for, one after the other. */
enum rung { RUNG_PLAIN, RUNG_PIECES, RUNG_TEXT, RUNG_PARTS, RUNG_END };

/* A run of records. */
struct job {
	size_t first, n;
	uint64_t bytes;
};

/* A command in flight: UID FETCH of a job. */
struct flight {
	struct mbox *mb;
	struct job job;
};

/* A body of another size than RFC822.SIZE says, in the sink, but no item yet. */
struct doubt {
	struct mbox *mb;
	struct rec *r;
	struct tree_item it;
	bool look; /* it is to be asked for alone */
};

/*
 * Work on one mailbox that is done step by step: a large message, or messages that did
 * not come.
 */
struct special {
	struct mbox *mb; /* NULL: none */
	struct job big; /* n 0: the missing ones */
};

struct uid_range {
	uint32_t first, last;
};

/* What a listing of changes goes on from: the last snapshot. */
struct since {
	uint64_t modseq; /* 0: everything is listed */
	uint32_t uidnext, items;
	bool maybe_gone; /* the numbers leave room for expunged messages */
};

enum mbox_state { MB_LIST, MB_LISTING, MB_BODIES, MB_DONE };

struct mbox {
	const struct imap_mailbox *box;
	char *name; /* UTF-8, unique in the account */
	bool left_out; /* other people's: its last catalog stands, if there is one */
	bool keep_raw; /* its encoded form is not what the server sent */
	const char *prefix; /* of the personal namespace, UTF-8; or NULL */
	struct imap_status status;
	struct since since;

	enum mbox_state state;
	unsigned users; /* workers in it (phase 2) */
	unsigned listings; /* how often it was listed: UIDVALIDITY may change meanwhile */
	bool relist;
	size_t next; /* first record never taken */
	struct job *back; /* jobs that a broken connection gave back */
	size_t n_back, back_cap;
	uint64_t bytes_left;

	pthread_mutex_t lock;
	struct tree_coll *coll;
	struct rec *recs; /* sorted by UID, what has to be fetched */
	size_t n_recs;
	struct rec *twins; /* those whose body comes from another mailbox */
	size_t n_twins;
	/* messages in a row that broke the connection again and again */
	unsigned poisoned;
	uint64_t gone; /* expunged while we read */
	uint32_t exists; /* when it was listed */
	/* as many messages as then, and no new ones: nothing was expunged */
	bool none_left;
	bool unknown; /* the last snapshot has nothing under these UIDs */
	bool unmeant; /* options may leave some of its records out (leave.c) */
	/* what they left out last time, and which, if nothing is new since */
	uint64_t past_left_out;
	char *past_selection;
	/*
	 * of some messages the listing does not tell the flags: bodies are asked for with
	 * them
	 */
	bool untold;
	bool undated; /* nor when some arrived: that is looked for in their headers */
	unsigned fresh; /* fresh connections on which missing messages were asked for */
};

/* duplicates.c: messages by X-GM-MSGID and RFC822.SIZE. Its lock is taken last. */
struct twins {
	pthread_mutex_t lock;
	struct twin *list; /* hash table */
	size_t n, size;
	uint32_t round;
	bool on; /* the server has X-GM-EXT-1 */
};

/* What is to be read; made by the first session, names and all. */
struct plan {
	bool all_namespaces; /* mailboxes of other users and shared ones, too */
	struct imap_mailbox *list;
	size_t n_list;
	char *prefix; /* personal namespace, UTF-8, or NULL */
	struct mbox *boxes;
	size_t n_boxes;
};

/* How the work is shared out (sched.c); base.workers.lock guards it. */
struct sched {
	unsigned phase, listing;
	/* started ones, n of them; the first runs in the caller's thread */
	struct worker *worker;
	unsigned n_workers, max_workers;
	size_t open; /* mailboxes not MB_DONE */
	size_t list_from; /* none before it is to be listed */
	bool rematched;
	/* failed as no connection could be opened any more: no fault of ours or the sink's */
	bool cut_short;
};

struct run {
	struct fetch_run base;
	worker_fn *work; /* of each worker */
	/* the server takes one command at a time */
	atomic_bool one_by_one;
	atomic_uint sizes_right; /* messages that are as RFC822.SIZE says */
	atomic_uint sizes_wrong; /* those that end before it, and nothing follows */
	/* what is not given plainly is named, not rescued (docs/INTEROP.md) */
	bool strict;
	char *selection; /* options that leave messages out, in words; NULL: none does */
	struct imap_pool pool;
	struct plan plan;
	struct sched sched;
	struct twins twins;
};

/* The body that is coming in, and those that came and are in doubt (body.c). */
struct incoming {
	struct intake in;
	struct mbox *expect_mb; /* the mailbox that answers are about */
	/* its records that the command may answer, beside those in flight */
	struct job expect;
	bool singly; /* the missing ones are being asked for one by one */
	/* until the commands in flight show nothing else that is odd */
	struct doubt *doubts;
	size_t n_doubts, doubts_cap;
	bool doubting; /* such bodies are held back */
	/* a body came that nobody asked for, since the last command was answered */
	bool stray;
	bool nameless; /* bodies come without their UID */
	/* the only message that is asked for: a body without UID is its body */
	struct rec *alone;
	char note[160]; /* how the body in hand was rescued, "" for not at all */
};

struct worker {
	struct run *run;
	struct imap_conn conn;
	bool qresync, qresync_tried; /* on the session: it is on; it was asked for */

	struct mbox *at; /* the mailbox that is examined on m */
	uint32_t at_validity; /* its UIDVALIDITY as examined */

	struct flight fly[FLY_MAX]; /* commands in flight, oldest first */
	size_t n_fly;
	uint64_t fly_bytes;
	struct mbox *cur; /* whose jobs are being sent */
	struct mbox *held[FLY_MAX + 2]; /* mailboxes that this worker is counted in */
	size_t n_held;
	struct special special; /* waits until nothing is in flight */
	uint64_t progress; /* messages since the connection was opened */
	unsigned strikes; /* connections lost in a row without progress */
	/* one message at a time: one of them may be what breaks the connection */
	bool careful;
	struct attempts busy; /* NO [UNAVAILABLE] and the like in a row */
	size_t *missing; /* records that were asked for and did not come */
	size_t n_missing, missing_cap;

	struct incoming body;
};

/* plan.c: pure decisions. */
/* The UTF-8 name of raw bytes; *raw_out: they have to be kept. */
char *plan_name(const uint8_t *raw, size_t n, bool *raw_out);
/*
 * Make the names of n mailboxes (sorted by raw bytes) differ; those that are exactly
 * decoded keep theirs.
 */
void plan_unique(struct mbox *boxes, size_t n);
/* What patterns and uses are asked about; lent from ${c} and ${content}. */
void plan_names(const struct tree_coll *c, const char *content, struct pattern_name *out);
struct tree_coll *plan_coll(const struct mbox *mb);
bool plan_same_raw(const struct tree_coll *a, const struct tree_coll *b);
/*
 * ${items}: how many ${prev} has, which need not be there. ${selection}: what options mean
 * now, or NULL. What they left out before may be meant now.
 */
bool plan_unchanged(const struct tree_coll *prev, size_t items, const struct mbox *mb,
        const struct tree_coll *now, const char *selection);
/*
 * Can the changes since ${prev} be asked for? Where its ${items} are not there, it is to be
 * asked again once they are whether one of them was rescued.
 */
void plan_since(
        const struct tree_coll *prev, size_t items, const struct imap_status *s, struct since *out);
bool plan_has_rescued(const struct tree_coll *c);
/*
 * Does the examined mailbox go on from there, ${told} answers about messages and ${gone}
 * ranges of vanished ones being all the changes?
 */
bool plan_since_fits(
        const struct since *since, const struct imap_selected *sel, size_t told, size_t gone);
/**
 * plan_changes(prev, by_uid, gone, n_gone, recs, n, cap): add to the records (sorted;
 * what the server told of) those of ${prev} that nothing speaks against: not in the
 * ranges ${gone} (in any order), and with ${by_uid} told of.
 */
void plan_changes(const struct tree_coll *prev, bool by_uid, struct uid_range *gone, size_t n_gone,
        struct rec **recs, size_t *n, size_t *cap);
/* Is enough known of it, from the server or from the last snapshot? */
bool plan_is_listed(const struct rec *r);
/* Listed by one command, together with others. */
bool plan_is_small(const struct mbox *mb);
bool plan_never_used(const struct imap_status *s);
/* Signing in takes many round trips: a further connection has to be worth them. */
unsigned plan_listers(const struct source_opts *o, size_t boxes, uint64_t messages);
unsigned plan_fetchers(const struct source_opts *o, uint64_t items, uint64_t bytes);
/*
 * The i-th UID range of a listing of ${exists} messages below ${uidnext}; false: no more.
 */
bool plan_range(uint32_t exists, uint32_t uidnext, uint32_t i, char out[32]);
/* by UID; several answers for one UID are merged */
void rec_sort(struct rec *recs, size_t *n);
struct rec *rec_find(struct rec *recs, size_t n, uint32_t uid);
/* An error line of it; mb->lock is held. */
void rec_error(struct mbox *mb, const struct rec *r, const char *subject, const char *reason);
/* mb->bytes_left: all its records. */
void plan_weigh(struct mbox *mb);
/* The message as listed, but for its octets. */
struct tree_item plan_item(const struct rec *r);
/* May the bytes that the sink has for ${old} be taken for the message listed as ${r}? */
bool plan_known(const struct tree_item *old, const struct rec *r);
/* How many records from ${first} on make a job; *bytes_out their octets. */
size_t plan_cut(const struct rec *recs, size_t first, size_t n, uint64_t *bytes_out);
/* The sequence set of the undone records of a job; false: all are done. */
bool plan_set(const struct rec *recs, const struct job *j, struct buf *out);

/* conn.c: connections. */
void worker_init(struct worker *w, struct run *r, unsigned number);
void worker_clear(struct worker *w);
/* EXAMINE it, as imap_conn_select; ${sel} is filled in any case, the caller clears it. */
int mbox_examine(
        struct worker *w, struct mbox *mb, struct imap_selected *sel, struct err *err) MUST_CHECK;

/* sched.c: who does what. */
/* The next mailbox to list or to fetch from; NULL: nothing left, or the run failed. */
struct mbox *sched_pick(struct worker *w, bool *list_out, struct err *err);
/* Without waiting: a small mailbox to list; a mailbox to fetch from. NULL: none. */
struct mbox *sched_try_listing(struct run *r);
struct mbox *sched_try_bodies(struct run *r);
bool sched_take(struct run *r, struct mbox *mb, bool one, struct job *out);
void sched_return(struct run *r, struct mbox *mb, const struct job *j);
int sched_listed(struct worker *w, struct mbox *mb, struct err *err) MUST_CHECK;
/* The connection is gone for good: another worker lists it. */
void sched_unlist(struct run *r, struct mbox *mb);
int sched_leave(struct worker *w, struct mbox *mb, struct err *err) MUST_CHECK;
void sched_relist(struct run *r, struct mbox *mb);
/* EXAMINEs of it that failed, after adding ${add}. */
/* The mailbox could not be read: its last catalog stands. */
int sched_stale(struct worker *w, struct mbox *mb, const char *reason, struct err *err) MUST_CHECK;
/*
 * The run was cut short: what was fetched of each mailbox is given to the sink, the rest is
 * named with ${reason}.
 */
int sched_settle(struct run *r, const char *reason, struct err *err) MUST_CHECK;
/* Start threads until there are ${want} workers; run->base.workers.lock is held. */
void work_start(struct run *r, unsigned want);
void mbox_reset(struct mbox *mb);

/* survey.c: opts->survey */
/* The server said how many octets it holds, or that there is nothing: it is not listed. */
bool survey_is_known(const struct mbox *mb);
void survey_said(struct run *r, const struct mbox *mb);
/* What a listing says of it; run->base.workers.lock is held. */
void survey_listed(struct run *r, const struct mbox *mb);
/*
 * Capabilities, quota, and a sample of the messages. What the server does not give is not
 * told; negative only for what ends the run.
 */
int survey_sample(struct worker *w, struct err *err) MUST_CHECK;

/* labels.c: X-GM-EXT-1 */
const char *labels_items(const struct imap *m); /* what a listing asks for */
/*
 * X-GM-LABELS as a canonical JSON list of UTF-8 texts, sorted by bytes, or NULL for an
 * empty one; malloc'ed.
 */
char *labels_json(const char *raw);
/* Labels and numbers of a listed message, as an ext of ${c}; 0: it has none. */
uint32_t labels_note(struct tree_coll *c, const struct imap_msg *msg);

/* duplicates.c: one message in several mailboxes. */
void twins_init(struct twins *t);
void twins_clear(struct twins *t);
/* The bytes of ${it} of ${c}, listed with that RFC822.SIZE, are in the sink. */
void twins_know(
        struct twins *t, const struct tree_coll *c, const struct tree_item *it, uint64_t listed);
/* The same for all items of a collection of the last snapshot. */
void twins_know_all(struct twins *t, const struct tree_coll *c);
/*
 * Nothing is being fetched: decide what is to be fetched next, hand over what needs no
 * fetch. run->base.workers.lock is held.
 */
int twins_round(struct run *run, struct err *err) MUST_CHECK;
/* Everything else is done, and messages wait for a round. run->base.workers.lock is held. */
bool twins_wait(const struct run *run);

/*
 * rematch.c: all is listed and nothing is being fetched. What the last snapshot has under
 * other UIDs is given to the sink.
 */
void rematch_all(struct worker *w);

/*
 * leave.c: what options leave out. leave_any: may it be one of the mailbox's records?
 * leave_all: all is listed, and what the last snapshot may have is known: the others of them
 * are not fetched.
 */
bool leave_any(const struct run *run, const struct mbox *mb);
void leave_all(struct run *run);

/* list.c, batch.c, body.c, fetch.c, rescue.c */
/*
 * List ${mb}, and further small ones with it as long as there are some, their commands in
 * flight together.
 */
int list_mailboxes(struct worker *w, struct mbox *mb, struct err *err) MUST_CHECK;
/* What the sink has of the mailbox ${now} under the same UIDs; NULL: nothing. */
int list_prev(struct run *run, const struct tree_coll *now, enum tree_prev which,
        struct tree_coll **out, struct err *err) MUST_CHECK;
/* *it: the item ${old} of ${from}, as it is listed now, for ${to}. */
void list_known_item(struct tree_coll *to, const struct tree_coll *from,
        const struct tree_item *old, const struct rec *r, struct tree_item *it);
int fetch_mailbox(struct worker *w, struct mbox *mb, struct err *err) MUST_CHECK;
int fetch_rescue(struct worker *w, struct mbox *mb, struct err *err) MUST_CHECK;
/* partial.c: the message of a job of one, as it is too large for one answer. */
int fetch_pieces(struct worker *w, struct mbox *mb, struct job j, struct err *err) MUST_CHECK;
/*
 * Stream it in pieces of ${size} octets from ${*at} on. 1: it is whole; 0: it was not
 * given.
 */
int pieces_run(
        struct worker *w, struct rec *r, uint32_t size, uint64_t *at, struct err *err) MUST_CHECK;
/*
 * fallbacks.c: pieces, header and text, header and parts; r->done if one of them gave it.
 */
int fetch_ladder(struct worker *w, struct mbox *mb, struct rec *r, struct err *err) MUST_CHECK;
extern const struct imap_fetch_ops fetch_ops;
/**
 * doubts_settle(w, mb, j, believe, err): the bodies held back of the records of ${j}
 * (NULL: all) become items, or (${believe} false) are asked for again.
 */
int doubts_settle(struct worker *w, const struct mbox *mb, const struct job *j, bool believe,
        struct err *err) MUST_CHECK;
/* Nothing is in flight: does anything follow the bodies held back that end too early? */
int doubts_probe(struct worker *w, struct err *err) MUST_CHECK;
/* what is asked for to have a message whole */
const char *body_items(const struct mbox *mb);
/* the body that came in was not wanted, or not whole */
void fetch_drop(struct worker *w);
unsigned fetch_poisoned(struct mbox *mb, unsigned add);
/* Name one record in an error line; ${a}, what is known of it, may be NULL. */
void fetch_error(struct worker *w, struct mbox *mb, struct rec *r, const struct item_about *a,
        const char *reason);

#endif
