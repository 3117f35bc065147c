#ifndef RESTORE_MAPI_RUN_H
#define RESTORE_MAPI_RUN_H

#include "journal.h"
#include "pair.h"
#include "restore/mapi/map/map.h"
#include "valise/outlook/make.h"
#include "valise/restore/restore.h"

/*
 * The MAPI target. One session, one message a context of FastTransfer:
 *   plan.c     which collection goes to which folder (map/), folders made
 *   item.c     an item of the archive as a bag: the one that was kept beside it, else made of its
 *              octets; what it is known by
 *   box.c      one collection in one folder: listed, paired (pair.c), stored, listed again
 *   put.c      one item: sent; where it is not known whether it is stored, looked for
 *   verify.c   what was stored read back, and compared property by property
 *   look.c     a look alone, for the audit
 *   report.c   what people are told
 *   journal.c  what the next run wants to know
 * Nothing is sent to anybody, replaced or taken away: the guard has no ROP for it.
 */

/* An item of the archive. */
enum mitem_state { MITEM_NEW, MITEM_THERE, MITEM_ADDED, MITEM_FAILED };
struct mitem {
	uint32_t index; /* in its collection */
	uint32_t raw; /* in the collection beside it, the bag that was kept; PAIR_NONE: none */
	uint8_t state; /* enum mitem_state */
	bool sampled; /* is read back */
	bool seen; /* was */
	bool noted; /* the journal knows its message */
	bool reformed; /* refused as it was kept, and made of its octets */
	size_t node; /* the folder that it goes to */
	mapi_id id; /* of its message; 0: not known */
	char *differs; /* what the journal says of it; or NULL */
	char *lost; /* what of its octets has no place in a MAPI item, as it is stored; or NULL */
};

/* A collection of the archive. */
struct acoll {
	const struct tree_head *head;
	struct tree_reader *reader; /* of its items */
	struct tree_coll *coll, *raw; /* raw: what stands beside it; or NULL */
	struct map_coll *to;
	char *key; /* "mail: INBOX", for the journal */
	struct mitem *items;
	size_t n_items;
	struct target_result sum;
};

/* One collection in one folder. */
struct box {
	struct mrun *r;
	struct acoll *a;
	size_t node;
	struct mitem **items; /* those that go to the folder */
	struct pair_item *pairs; /* the same, for pairing */
	size_t n;
	struct pair_row *rows; /* messages of the folder, by id */
	size_t n_rows, rows_cap;
	bool keyed; /* keys of all items are known */
	struct err why; /* of the last item that was refused as it was kept */
	unsigned refusals; /* in a row */
	unsigned refusals_true; /* that were looked for, and not found */
};

/* What is the same of many items. */
struct counts {
	struct count {
		char *name;
		uint64_t items;
	} * list;
	size_t n, cap;
};

struct mrun {
	const struct service *service;
	enum coll_kind kind;
	struct tree_reader *archive;
	struct tree_reader *view; /* mail, as its labels want it (restore/labels); or NULL */
	const struct target_opts *opts;
	struct progress *progress;
	struct mapi_store *store; /* NULL: the session was lost */
	enum guard_role role;
	struct mapi_folders folders;
	struct map map;
	struct map_coll *colls;
	size_t n_colls, colls_cap;
	struct mapi_journal *journal;
	struct target_result sum;
	uint64_t n_added, n_there; /* for the sample */
	uint64_t to_add; /* octets that a dry run would add */
	bool alters; /* something was not as it was sent: all is read back from now on */
	unsigned lost; /* sessions in a row that were lost without gain */
	struct counts adds; /* properties that the server added of its own */
	struct counts losses; /* what has no place in an item of MAPI */
};

/* ---- plan.c ---- */

int mapi_plan(struct mrun *r, struct err *err) MUST_CHECK;
/* Its folder and those above it; nothing but what fails the run is an error. */
int mapi_make_node(struct mrun *r, size_t node, struct err *err) MUST_CHECK;
/* What the journal calls the place of a collection; to be freed. */
char *mapi_place_key(const struct mrun *r, const struct map_coll *c);
/* Is it of this run's kind, and chosen? */
bool mapi_is_chosen(const struct mrun *r, const struct map_coll *c);

/* ---- item.c ---- */

/* 1: it is read; 0: it cannot be, which is said and counted. */
int mapi_coll_load(
        struct mrun *r, struct map_coll *c, struct acoll *out, struct err *err) MUST_CHECK;
void mapi_coll_clear(struct acoll *a);
const struct tree_item *mapi_item_of(const struct acoll *a, const struct mitem *it);
/*
 * The bag as it is to be sent; what has no place in it is appended to ${lost} (NULL: it is not
 * told), a line each.
 */
int mapi_item_load(const struct acoll *a, const struct mitem *it, struct bag **out,
        struct buf *lost, struct err *err) MUST_CHECK;
void mapi_item_key_of_bag(struct bag *b, struct pair_key *out);
/* What it is known by; of a kept bag it is read for that. */
int mapi_item_key(const struct acoll *a, const struct mitem *it, struct pair_key *out,
        struct err *err) MUST_CHECK;
/* Where Outlook would keep it. */
int mapi_item_class(const struct acoll *a, const struct mitem *it, enum folder_class *out,
        struct err *err) MUST_CHECK;

/* ---- box.c ---- */

int mapi_box_open(
        struct mrun *r, struct acoll *a, size_t node, struct box *out, struct err *err) MUST_CHECK;
void mapi_box_close(struct box *b);
int mapi_box_list(struct box *b, struct err *err) MUST_CHECK;
int mapi_box_restore(struct box *b, struct err *err) MUST_CHECK;
/* What earlier runs noted of its items, as far as that is in the folder. */
void mapi_box_noted(struct box *b);
/* Keys of all items, so that the folder's messages can be paired with them. */
int mapi_box_keys(struct box *b, struct err *err) MUST_CHECK;
/*
 * After an error: true if the session was lost and there is another one now, so that the
 * request may be made again; else *rc and ${err} are what ends the run.
 */
bool mapi_again(struct mrun *r, int *rc, struct err *err);

/* ---- put.c ---- */

/* The ${n}-th that was stored, or that was there and no journal knows: is it read back? */
bool mapi_is_sampled(const struct mrun *r, uint64_t n);
int mapi_box_put(struct box *b, size_t i, struct err *err) MUST_CHECK;
/* What would have no place in the item, is counted. */
int mapi_box_foresee(struct box *b, size_t i, struct err *err) MUST_CHECK;
void mapi_item_failed(struct box *b, size_t i, const char *why);
void mapi_item_unreadable(struct box *b, size_t i, const char *why);
void mapi_item_done(struct box *b, size_t i);

/* ---- verify.c ---- */

int mapi_box_verify(struct box *b, struct err *err) MUST_CHECK;
/*
 * The items ${which} of the box, which have ids, as bags of the target: ${got} for each, lent;
 * NULL: the server does not give it.
 */
typedef int (*box_got_fn)(struct box *b, size_t i, struct bag *theirs, void *ctx, struct err *err);
int mapi_box_fetch(struct box *b, const size_t *which, size_t n, box_got_fn got, void *ctx,
        struct err *err) MUST_CHECK;
/* In words, "PidTagImportance: 2, was 1; ...", to be freed; NULL: it is the same. */
char *mapi_bag_differs(struct mrun *r, const struct bag *was, const struct bag *is);

/* ---- run.c ---- */

/* Each chosen collection, in each folder that its items go to; then what came of it is counted. */
typedef int (*box_fn)(struct mrun *r, struct acoll *a, size_t node, struct err *err);
int mapi_each_coll(struct mrun *r, box_fn fn, struct err *err) MUST_CHECK;

/* ---- look.c ---- */

int mapi_look(struct mrun *r, struct err *err) MUST_CHECK;

/* ---- report.c ---- */

void mapi_say_coll(struct mrun *r, enum say_level level, const char *coll, const char *fmt, ...)
        PRINTF_LIKE(4, 5);
void mapi_say_item(const struct box *b, enum say_level level, size_t i, const char *fmt, ...)
        PRINTF_LIKE(4, 5);
/* Where the collection goes, if that is not simply called as before. */
void mapi_say_place(struct mrun *r, const struct map_coll *c, uint64_t items);
/* One more item has it; of more than a thousand names the first are counted. */
void mapi_count(struct counts *c, const char *name, size_t len);
void mapi_counts_clear(struct counts *c);
/* What was counted. */
void mapi_say_counts(struct mrun *r);

#endif
