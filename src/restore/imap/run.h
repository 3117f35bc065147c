#ifndef VALISE_RESTORE_IMAP_RUN_H
#define VALISE_RESTORE_IMAP_RUN_H

#include "valise/base/mem.h"
#include "valise/base/workers.h"
#include "valise/format/mend.h"
#include "valise/proto/imap/pool.h"
#include "valise/restore/restore.h"
#include "journal.h"
#include "restore/imap/map/map.h"
#include "restore/imap/pair/match.h"

/*
 * The IMAP target (RFC 3501, 3502, 4315). One session probes and plans; then a few
 * workers with a session each take one mailbox after the other, so that the order of
 * messages inside a mailbox is kept. In a mailbox:
 *   make it where it is missing, subscribe; list what is there; pair it with the archive
 *   by the journal and by content; add the flags set since; append the rest in batches,
 *   each made known to the journal when the server has it; look at what came of it.
 * Nothing is taken away: no flag, no message, no mailbox.
 */

enum {
	/* imap_append makes commands of 100 of them, all in flight */
	BATCH_MESSAGES = 400,
	BATCH_BYTES = 4 << 20,
	HELD_MAX = 1 << 20, /* larger messages are streamed, and sent alone */
	HASH_MESSAGES = 200, /* bodies of the target asked for by one command */
	HASH_BYTES = 1 << 20,
	HASH_FLY = 8,
	LIST_CAP = 64 << 20, /* messages of one mailbox */
	HEAD_CAP = 64 << 10,
	CONNECTIONS = 3,
	TRIES = 3, /* of what may break the connection */
	SET_MAX = 6900,
	LATER_BOXES = 8, /* mailboxes looked at together in the end */
	LATER_ITEMS = 5000,
};

/* A message of the target. */
struct tmsg {
	uint64_t size;
	int64_t date_utc;
	uint32_t uid;
	uint32_t keywords; /* set in box->words */
	uint32_t labels; /* the same (labels.c) */
	uint16_t flags;
	bool has_date;
};

/* What the body of a message turned out to be: one of the target, or an item. */
struct seen {
	uint8_t sha256[SHA256_LEN];
	uint8_t loose[SHA256_LEN];
	uint8_t msgid[SHA256_LEN];
	uint8_t text[SHA256_LEN];
	uint8_t fields[SHA256_LEN];
	uint8_t head[SHA256_LEN], body[SHA256_LEN]; /* each as loose */
	int64_t date;
	uint64_t size;
	uint32_t index; /* of the tmsg, or the item */
	uint64_t n_80; /* octets 0x80, which are in no hash but sha256 */
	bool has_msgid, has_text, has_nul;
	bool broken; /* the archive does not give it: it is like nothing */
};

/* A message of an earlier restore that the archive no longer has in this mailbox. */
struct gone {
	uint8_t sha256[SHA256_LEN];
	uint32_t src_uid;
	size_t entry;
	const char *source; /* lent by the journal; NULL: not known */
};

/* A message added by this run. */
struct placed {
	uint8_t sha256[SHA256_LEN];
	size_t entry;
};

/* Made by the first session; nothing of it changes while the workers run but names. */
struct plan {
	struct imap_mailbox *list;
	size_t n_list;
	struct map_target there;
	char *prefix, *prefix_shown; /* of the personal namespace, as sent and as text */
	struct map_entry *map;
	size_t n_map;
	bool *selected; /* --folder */
	size_t *order; /* of the selected entries, largest first */
	size_t n_order;
	bool gmail; /* the target has labels */
	uint64_t append_limit; /* 0: unknown */
	/* what INBOX takes is asked once, for mailboxes that are made */
	struct imap_selected inbox;
	bool ready; /* the plan stands */
};

/* Mailboxes that wait for a worker. */
struct queue {
	size_t next; /* in plan.order */
	size_t *back; /* entries whose worker lost its connection for good */
	size_t n_back, back_cap;
	unsigned busy; /* workers with a mailbox */
};

/* What came of it, and what was learnt of the target. */
struct outcome {
	struct target_result sum;
	/* messages, for the sample of them that is read back */
	atomic_ullong n_added;
	/* messages whose octets were right, though their size was not */
	atomic_uint sizes_wrong;
	atomic_bool alters; /* one of the sample was not as it was sent: all are read back */
	/* the smallest message that was over quota, UINT64_MAX: none */
	uint64_t quota_refused;
	struct gone *gone;
	size_t n_gone, gone_cap;
	struct placed *placed;
	size_t n_placed, placed_cap;
};

/* What a look has not told yet, under workers.lock. */
struct looking {
	struct box **kept; /* with items that were not found, or messages that are no item's */
	size_t n_kept, kept_cap;
	bool *done; /* per entry of the plan: its items were told, or it is kept */
	struct told *told; /* with a view of the archive alone */
	size_t n_told, told_cap;
	struct box_seen *seen; /* per entry: look/seen.c; or NULL */
};

/* What was told of an item. */
struct told {
	uint8_t sha256[SHA256_LEN];
	enum look_state state;
	char *place, *differs;
	unsigned by; /* LOOK_BY_x */
};

/* What a dry run that foresees knows of the target. */
struct foreseen {
	bool keeps_none; /* a mailbox says that it keeps neither flags nor keywords */
	struct imap_quota quota;
	int64_t idle_us; /* the shortest answer; 0: none came */
};

struct run {
	const struct service *service;
	const struct target_opts *opts; /* of a look: with neither writing nor reports */
	const struct target_opts *asked; /* as they came */
	struct progress *progress;
	struct imap_pool pool;

	struct tree_reader *archive; /* as it came */
	struct tree_reader *reader;
	pthread_mutex_t reader_lock; /* reader->coll is not thread-safe */
	/* of the archive: what reader is from the plan on; NULL: the archive itself */
	struct tree_reader *view;
	struct kept_journal *journal;
	char *journal_id;

	struct plan plan;
	struct foreseen foreseen;
	struct workers workers; /* its lock guards queue, outcome and names of the plan */
	struct queue queue;
	struct outcome outcome;
	struct looking looking;
};

struct box;

/* How a message of the target is not as in the archive. */
enum odd {
	ODD_FORM = 1, /* in another form (fallbacks.c) */
	ODD_FLAGS = 2, /* without a flag, keyword or label */
	ODD_DATE = 4,
	ODD_OCTETS = 8,
};

/* A size that is right says little about the octets: these are read. */
enum read_back {
	READ_FRAGILE = 1, /* servers change such messages without changing the size */
	READ_SAMPLE = 2,
	READ_SIZE = 4, /* the size is another one: that may be a lie of RFC822.SIZE */
	READ_SAID = 8, /* that it has other octets was said already */
};

struct worker {
	struct run *run;
	struct imap_conn conn;
	struct box *later[LATER_BOXES]; /* filled, not looked at yet */
	size_t n_later, later_items;
	int64_t late_ms; /* so long an unknown outcome is waited for; 0: not known yet */
	unsigned felt; /* batches that were sent and met no other restore */
	bool met; /* another restore stored the same, in this mailbox or the last one */
};

/* A keyword that a mailbox does not take. */
struct lacking {
	char *word;
	uint64_t messages;
};

/* Flags to be added to a message that is there. */
struct to_store {
	uint32_t uid;
	uint32_t keywords; /* set in box->words */
	uint16_t flags;
	bool told; /* refused, and counted as such */
	bool listed; /* flags and keywords are what it still lacks after the STORE */
	uint32_t item;
};

/*
 * The form in which a message goes to the target, where it is not plainly sent as it is.
 */
struct form {
	struct mend *mender; /* while it may be sent */
	unsigned mend; /* MEND_* */
	unsigned flaws; /* what could be mended */
	bool looked; /* flaws is known */
	bool bare_keywords, bare_flags; /* set afterwards */
	bool no_date, date_asked;
	bool is_counted;
	unsigned last_steps; /* of those that are tried when nothing else helps */
	uint64_t size; /* of what is sent */
	uint8_t sha256[SHA256_LEN];
	char why[300]; /* what the server said to the message as it is */
};

/* Labels to be added to a message that is there. */
struct to_label {
	uint32_t uid;
	uint32_t item;
	uint32_t set; /* in box->words */
	bool done;
};

/* In what the octets of a message of the target are not the item's; 0: nothing was seen. */
enum unlike { UNLIKE_ENDS = 1, UNLIKE_HEAD = 2, UNLIKE_TEXT = 4 };

enum item_state { ITEM_TODO, ITEM_THERE, ITEM_ADDED, ITEM_FAILED };

/* What becomes of one item of the archive. */
struct restored {
	uint8_t state; /* enum item_state */
	uint8_t odd; /* how it is not as in the archive, bits of enum odd */
	uint8_t noted; /* the journal has it with these */
	uint8_t read_back; /* why it is read back, bits of enum read_back */
	uint8_t tries; /* connections lost while it alone was sent */
	uint8_t by; /* LOOK_BY_x, of a look */
	uint8_t unlike; /* what it was paired with is not like it, bits of enum unlike */
	bool broken; /* the archive does not give it */
	bool told; /* what a look found of it */
	uint32_t copy; /* UID of what stands there besides; 0: nothing */
	uint32_t got; /* UID after APPEND, 0: not known */
	uint32_t said; /* UID that APPENDUID said and that was not believed */
	uint32_t lacks; /* flags and keywords that it did not get, a set of words */
	/* where the target has labels: what it is to have, and is known to have got */
	uint32_t labels, labelled;
	struct taken taken;
	struct form *form; /* NULL: as it is */
};

/* What others, or this run itself, may have stored in the mailbox unseen (late.c). */
struct late {
	int64_t took_ms; /* the last batch */
	int64_t out_ms; /* the journal knows that messages go out */
	int64_t sent_ms; /* the last batch went out */
	int64_t checked_ms; /* others were looked for */
	uint32_t clear_uid; /* lower ones are known */
	size_t blind; /* stored since then without being told the UID */
	bool ours, others; /* stored something since they were looked for */
	bool resent; /* something was sent again although it may be there */
};

/* The work on one mailbox. */
struct box {
	struct worker *w;
	struct map_entry *e;
	size_t entry;
	struct tree_coll *coll; /* of the archive, sorted */
	struct imap_selected sel;
	/* keyword sets of the target's messages and of what goes there */
	struct tree_coll *words;
	struct tmsg *there; /* sorted by UID */
	size_t n_there, there_cap;
	struct restored *items; /* as many as coll has */
	uint32_t *on_target; /* per item: index in there + 1; 0: not known to be there */
	uint8_t *claimed; /* per message there: an item's */
	uint8_t *unread; /* per message there: the target does not give it; NULL: none is */
	uint64_t over_quota; /* messages that found no room */
	uint64_t quota; /* of this size and larger nothing is sent any more */
	unsigned refused; /* messages in a row of which the target took no form */
	struct lacking *lacking;
	size_t n_lacking, lacking_cap;
	bool since; /* what is stored now was set since an earlier restore */
	struct to_store *store;
	size_t n_store, store_cap;
	struct to_label *label;
	size_t n_label, label_cap;
	unsigned waits; /* times in a row that the server was busy; its wish to wait is none */
	/* messages with lower UIDs were there before restores of this archive began */
	uint32_t base;
	struct late late;
	bool is_open; /* it was selected */
	bool seen; /* nothing of what stands there has to be looked at by another run */
	bool relearnt; /* UIDs that the journal has are known better now */
	bool filled; /* nothing is left to do but the last look: it goes back to nobody */
	uint32_t first; /* what was appended has at least this UID */
	uint32_t next_uid; /* what is appended from now on has at least this UID */
	struct target_result sum;
};

/* queue.c */
/*
 * The next mailbox, for one worker; waits while others may still give theirs back. False:
 * none is left.
 */
bool queue_next(struct run *r, size_t *out);
/* It is for a worker that still has a connection. */
void queue_give_back(struct run *r, size_t entry);
/* A worker is done with what queue_next gave it. */
void queue_done(struct run *r);

/* mailbox.c */
/* Select (dry run: examine) the mailbox, as imap_conn_select. */
int box_select(struct box *b, struct err *err) MUST_CHECK;
/* In the middle of the work on it: ERR_PROTO if its UIDVALIDITY is another one now. */
int box_reselect(struct box *b, struct err *err) MUST_CHECK;
/*
 * Work on a mailbox ended with *${rc}: imap_conn_retry. True: it is to be tried once
 * more, when it is selected again.
 */
bool box_again(struct box *b, struct attempts *a, int *rc, struct err *err);
/* The same in the middle of the work on it: the mailbox is selected again. */
bool box_again_in(struct box *b, struct attempts *a, int *rc, struct err *err);

/* NOOP, or SELECT where that is asked for or needed; a refusal costs nothing. */
int box_refresh(struct box *b, bool select, struct err *err) MUST_CHECK;
/* A command ended with ${rc}: it was refused, the connection is fine. */
bool box_refuses(const struct box *b, int rc);
/* Does the mailbox take this keyword? A tree_word_fn; ${box}: a struct box. */
bool keyword_fits(void *box, const char *word);
/* The words of ${text}, which is cut; the list is malloc'ed. */
const char **words_split(char *text, size_t *n_out);
/* No more of the item's ${n} keywords than one command holds; the rest is noted as lacking. */
void item_words_cut(struct box *b, uint32_t item, const char **word, size_t *n);
/* The words of set ${a} that set ${b} lacks, a set of box->words. */
uint32_t words_minus(struct box *b, const char *a, const char *minus);
int item_read(
        struct box *b, uint32_t item, tree_write_fn write, void *ctx, struct err *err) MUST_CHECK;
/* The start of a message, to name it, as far as the archive gives it; appended. */
void item_head(struct box *b, uint32_t item, struct buf *out);
void item_altered(struct box *b, uint32_t item, enum odd how);

/* report.c: what a person is told. */
void say_box(struct box *b, enum say_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* ${read}: with From and Subject, which the archive is asked for. */
void say_item(struct box *b, enum say_level level, uint32_t item, bool read, const char *fmt, ...)
        PRINTF_LIKE(5, 6);
/* item_altered, and a note on it. */
void say_altered(struct box *b, uint32_t item, enum odd how, bool read, const char *fmt, ...)
        PRINTF_LIKE(5, 6);
/* "UID 7 perhaps" */
enum { TAKEN_SIZE = 64 };
const char *taken_text(const struct taken *t, char out[TAKEN_SIZE]);
/* ${n} messages of the target that it does not give: counted as not looked at. */
void say_unread(struct box *b, size_t n, const char *so);
void say_plan(struct run *r, uint64_t quota_used, uint64_t quota_limit);
void say_mapping(struct run *r, const struct map_entry *e); /* if it is worth a word */
void say_gone(struct run *r);

/* The same name of an item for a line of its own; appended. */
void name_item(struct box *b, uint32_t item, bool read, struct buf *out);

/* predict.c: opts->predictor. */
/* The plan stands. What mailboxes keep is asked of an empty one. */
int predict_plan(
        struct run *r, struct imap *m, const struct imap_quota *quota, struct err *err) MUST_CHECK;
void predict_box(struct box *b); /* of what is to be added there */
void predict_end(struct run *r);

/* labels.c: Gmail's labels. All of it does nothing on other targets. */
/*
 * What of the archive goes where, by --labels and by what the target is: r->reader
 * becomes the view of it.
 */
int labels_plan(struct run *r, struct imap *m, struct err *err) MUST_CHECK;
/*
 * Make what make_all did not: what a mailbox is called in the end is what its label is
 * called.
 */
int labels_make(struct worker *w, struct err *err) MUST_CHECK;
void labels_load(struct box *b);
const char *there_items(const struct run *r);
uint32_t labels_there(struct box *b, const char *raw);
bool labels_lacking(struct box *b, uint32_t item, const struct tmsg *t);
/* Those labels, a blank before each; a label's own blanks stay. */
void labels_put_lacking(struct box *b, uint32_t item, const struct tmsg *t, struct buf *out);
/*
 * Note what an item that was added, or is there already, is still to get. ${had}: what a
 * record says that it got earlier, which is not set again; true if there is more to
 * record.
 */
void labels_after(struct box *b, uint32_t item, const struct tmsg *t);
bool labels_since(struct box *b, uint32_t item, const struct tmsg *t, const char *had);
int labels_store(struct box *b, struct err *err) MUST_CHECK;

/* make.c: the mailbox itself. */
/*
 * All that are missing, with commands in flight; those that are refused are left to
 * box_make.
 */
int make_all(struct run *r, struct imap *m, struct err *err) MUST_CHECK;
int box_make(struct worker *w, struct map_entry *e, struct target_result *sum,
        struct err *err) MUST_CHECK;

/* pair/scan.c: what is there. */
/* List it from a UID on. */
int there_from(struct box *b, uint32_t uid, struct err *err) MUST_CHECK;
struct tmsg *there_find(struct box *b, uint32_t uid); /* of those listed; NULL */
struct tmsg *there_of(struct box *b, size_t item); /* the one that an item is; NULL */
/* Marks of those listed that an item is, or (*n_out of them) that none is; malloc'ed. */
uint8_t *there_claimed(struct box *b);
uint8_t *there_strange(struct box *b, size_t *n_out);
/* Its INTERNALDATE, UTC; INT64_MIN: it has none. */
int64_t there_date(const struct tmsg *t);
/* The UIDs listed that are not ${claimed}, ascending; malloc'ed. */
uint32_t *there_unclaimed(const struct box *b, const uint8_t *claimed, size_t *n_out);
/* The answers to a fetch of there_items() that is the oldest command in flight. */
int there_take(struct box *b, struct err *err) MUST_CHECK;
/* Hash the messages whose index is set in ${wanted}; *out malloc'ed. */
int there_hash(struct box *b, const uint8_t *wanted, struct seen **out, size_t *n_out,
        struct err *err) MUST_CHECK;
/* The same of their headers alone: head, fields and msgid are set. */
int there_hash_heads(struct box *b, const uint8_t *wanted, struct seen **out, size_t *n_out,
        struct err *err) MUST_CHECK;
/* The same of some fields: fields and msgid are set. */
int there_hash_fields(struct box *b, const uint8_t *wanted, struct seen **out, size_t *n_out,
        struct err *err) MUST_CHECK;
/* The hash of its Message-ID; false: it has none. */
bool there_msgid(const char *head, size_t n, uint8_t out[SHA256_LEN]);
/* What is left alone of a message when a server rewrites it, in the order it is tried. */
enum alike { ALIKE_LOOSE, ALIKE_MSGID, ALIKE_TEXT, ALIKE_KEYS, ALIKE_OCTETS = ALIKE_KEYS };
/* The same of the header alone of an item. */
void item_look_head(struct box *b, uint32_t item, struct seen *out);
/* An item, as it is read from the archive. */
int item_look(struct box *b, uint32_t item, struct seen *out, struct err *err) MUST_CHECK;
/* Their keys, but for those that are set in ${skip} (may be NULL) or have none. */
size_t seen_keys(
        const struct seen *s, size_t n, enum alike by, const uint8_t *skip, struct match_key *out);

/* pair/pair.c: pair the archive with it. */
/*
 * Sets b->on_target, and taken of what an earlier restore stored and nothing there can be
 * told to be.
 */
int box_pair(struct box *b, struct err *err) MUST_CHECK;
/*
 * A look: by the records that the listing agrees with alone: size and date are the item's.
 * True: all items are found so. What else there is stays for box_pair.
 */
bool box_pair_listed(struct box *b);
/* What the octets of an item and of a message have not in common, bits of enum unlike. */
unsigned seen_unlike(const struct seen *item, const struct seen *there);

/* flags.c */
void box_store_later(struct box *b, uint32_t item, uint32_t uid, unsigned flags, uint32_t keywords);
int box_store(struct box *b, struct err *err) MUST_CHECK;
/*
 * What an item that is there as ${t} has not got of its flags and keywords, but may get;
 * what it may not is noted.
 */
void flags_owed(struct box *b, uint32_t item, const struct tmsg *t, unsigned *flags_out,
        uint32_t *words_out);
/* Flags of paired messages: what to add, and what was taken away at the source since. */
int box_flags(struct box *b, struct err *err) MUST_CHECK;

/* fallbacks.c: other forms of what the target refuses. */
/* What a refusal of an APPEND is about. */
enum about {
	ABOUT_MESSAGE, /* every form is tried */
	/*
	 * of keywords perhaps (RFC 5530 3, LIMIT): as it is, without keywords and flags
	 */
	ABOUT_LIMIT,
	ABOUT_MAILBOX, /* no form of the message would change it */
};
enum about ladder_about(const char *code, const char *text);
/**
 * ladder_next(b, item, code, text): choose the next form of a message that was refused
 * with this, the least change first; form_ready makes it ready to be sent. False: none is
 * left, or none is wanted.
 */
bool ladder_next(struct box *b, uint32_t item, const char *code, const char *text);
/*
 * The same after the connection broke while it was sent alone: few are worth another
 * connection.
 */
bool ladder_next_break(struct box *b, uint32_t item, const char *text);
/* A reason that the next form could mend. */
bool ladder_knows(const struct box *b, uint32_t item, const char *text);
/* ERR_LIMIT: this form is too large for the target. */
int form_ready(struct box *b, uint32_t item, struct err *err) MUST_CHECK;
int form_give(
        struct box *b, uint32_t item, tree_write_fn write, void *wctx, struct err *err) MUST_CHECK;
/* What was sent, or is, of an item. */
uint64_t sent_size(const struct box *b, uint32_t item);
const uint8_t *sent_sha256(const struct box *b, uint32_t item);
/* Count and name an item that is there in another form; said once. */
void form_count(struct box *b, uint32_t item, const char *how);
/* In one number, for the journal; 0: as it is. */
unsigned form_code(const struct box *b, uint32_t item);
void form_set(struct box *b, uint32_t item, unsigned code);
/* The names of its steps, "line-ends, nul"; nothing: it is as it is. */
void form_say(const struct box *b, uint32_t item, struct buf *out);
void form_free(struct form *f);
/*
 * Is one of these messages the item in another form? The index in ${seen}, or SIZE_MAX;
 * the form is noted.
 */
size_t form_find(struct box *b, uint32_t item, const struct seen *seen, size_t n,
        bool (*fits)(const struct box *b, uint32_t item, const struct seen *s), struct err *err);

/* late.c: what stands there although no answer said so. */
/* Before a batch is sent; the journal remembers it. */
int late_going_out(struct box *b, struct err *err) MUST_CHECK;
void late_settled(struct box *b); /* what became of all that was sent is known */
/*
 * Look for items of unknown outcome, with growing pauses as long as it makes sense; they
 * get their UID. The mailbox is selected.
 */
int late_find(struct box *b, const uint32_t *items, size_t n, struct err *err) MUST_CHECK;
/*
 * Messages are lacking that an interrupted run may have sent a moment ago: wait for them.
 * *waited_out: what was listed is old.
 */
int late_of_earlier(struct box *b, bool *waited_out, struct err *err) MUST_CHECK;
/*
 * The first batches of a connection are small: if another restore began at the same
 * moment, their UIDs show it before more is doubled.
 */
size_t late_batch_max(const struct box *b);
/*
 * ${n} messages of a batch were taken, ${n_known} with a UID, the first one expected to
 * get the UID ${expected}.
 */
void late_batch_done(struct box *b, uint32_t expected, size_t n, size_t n_known);
/* Now and then before a batch: what others stored meanwhile is not sent. */
int late_meanwhile(struct box *b, struct err *err) MUST_CHECK;

/* pair/count.c: what is there more often than in the archive. */
/* Is any message listed, from UID ${from} on, worth a look? */
bool count_any(struct box *b, uint32_t from);
/*
 * ${found} gets those messages listed (the index), from UID ${from} on, that are copies of
 * what is there already: of an item whose UID is known. ${known}: those that have an owner
 * besides, or NULL.
 */
typedef void copy_fn(struct box *b, uint32_t item, uint32_t copy);
int box_copies(struct box *b, uint32_t from, const uint8_t *known, copy_fn *found,
        struct err *err) MUST_CHECK;
/* They are named and counted. */
int box_count(struct box *b, uint32_t from, const uint8_t *known, struct err *err) MUST_CHECK;

/* pair/learn.c: which message of the target is which. */
/*
 * List what is there from UID ${first} on, and learn the UID of each item that was added:
 * one that APPENDUID said is put right where it is another item's, or nobody's. What
 * cannot be told, though it may be there, is in b->taken.
 */
int learn_uids(struct box *b, uint32_t first, struct err *err) MUST_CHECK;
bool learn_any(const struct box *b); /* an item was added whose UID is not known */
/* Is there something to be put right in the UIDs of what is listed? */
bool learn_doubts(struct box *b);
/* What of these items has arrived although no answer came: they get their UID. */
int box_find_arrived(struct box *b, const uint32_t *items, size_t n, struct err *err) MUST_CHECK;
/* The same among the messages listed that are ${wanted}. */
int box_find_among(struct box *b, const uint32_t *items, size_t n, const uint8_t *wanted,
        struct err *err) MUST_CHECK;

/* item.c */
/* Named and counted; SAY_LISTED: one of many, of which a line tells how many they are. */
void item_failed(struct box *b, uint32_t item, enum say_level level, const char *why);
/* The same of what the archive does not give. */
void item_unreadable(struct box *b, uint32_t item, const char *why);
/* NUL and 8-bit header fields: the size stays, the octets do not. ${head} NULL: is read. */
bool item_is_fragile(struct box *b, uint32_t item, const struct buf *head);
void item_added(struct box *b, uint32_t item, uint32_t uid, uint32_t validity);
/**
 * is_sampled(n): is the ${n}-th message (from 0) that a run stores read back? The first
 * hundred are, then one of 31: not one of ten or of a hundred, so that a server that
 * alters every tenth is met.
 */
bool is_sampled(uint64_t n);
/* Make known to the journal those of the items whose UID, or taken, is known. */
int box_remember(struct box *b, const uint32_t *items, size_t n, struct err *err) MUST_CHECK;
/* Write down what has been learnt of messages since their records were written. */
int box_remember_odd(struct box *b, struct err *err) MUST_CHECK;

/* append.c, verify.c */
/* Larger than the target takes: it is named, and counted as failed. */
bool item_is_too_large(struct box *b, uint32_t item);
int box_append(struct box *b, struct err *err) MUST_CHECK;
/*
 * Read what was there before, ${all} of it, or what would be read of it had it just been
 * sent, and name what is not as an earlier restore sent it.
 */
int box_read_there(struct box *b, bool all, struct err *err) MUST_CHECK;
/* Look at what was appended from UID ${first} on; the mailbox is selected. */
int box_verify(struct box *b, uint32_t first, struct err *err) MUST_CHECK;
/*
 * The same for a mailbox that was listed a moment ago; false: there is something to be
 * put right.
 */
bool box_looks_right(struct box *b);

/* box.c */
struct box *box_new(struct worker *w, size_t entry);
void box_free(struct box *b);
/* The collection of the archive, and what is kept for each of its items. */
int box_load(struct box *b, struct err *err) MUST_CHECK;
int box_restore(struct worker *w, size_t entry, struct err *err) MUST_CHECK;
/* Look at the mailboxes that wait for it, and be done with them. */
int box_finish_later(struct worker *w, struct err *err) MUST_CHECK;
/*
 * EXAMINE and list the mailboxes that wait, with all commands in flight; right[i]: what
 * ${is_right} says of it, false where it was not listed. Only a stop is an error.
 */
typedef bool listed_fn(struct box *b, const struct imap_selected *sel);
int box_list_later(struct worker *w, listed_fn *is_right, bool *right, struct err *err) MUST_CHECK;
/* Does an earlier restore know the mailbox? */
bool box_is_known(const struct run *r, const struct map_entry *e);
/* What came of it goes into the result of the run. */
void box_counted(struct box *b);

#endif
