#ifndef VALISE_PACK_SINK_SINK_H
#define VALISE_PACK_SINK_SINK_H

#include <pthread.h>
#include "valise/base/lock.h"
#include "valise/base/textindex.h"
#include "valise/pack/archive.h"
#include "valise/tree/abouts.h"
#include "valise/tree/journal.h"
#include "pack/part/objects.h"
#include "pack/part/part.h"
#include "pack/seal.h"

/*
 * The archive as a tree_sink, inside. sink.c is the table and prev; open.c takes the lock
 * and takes up an interrupted run; body.c, coll.c take what a source gives; keep.c makes
 * it durable batch by batch and reads it back; past.c looks at what it goes on from,
 * heal.c at its octets, and mend.c makes up for what of it is lost; commit.c, names.c and
 * write.c make the snapshot. state.c is below all of them. forget/ makes snapshots of another
 * archive again, just as they were.
 *
 * Threads: ${lock} guards objects, slots, pending lists, counters and ${failed}. It is
 * never held over input or output but in the loading of catalogs.
 */

#define BODY_MEMORY (1u << 20) /* a larger body goes to a spool file */
#define BODIES_MEMORY (8u << 20) /* of all bodies together */
#define BODY_POOL 8
#define BATCH_BYTES (64u << 20)
#define BATCH_SECONDS 10
/* an object counts as so many bytes more, for what it costs in memory and journal */
#define OBJECT_WEIGHT 4096
#define PART_SIZE (UINT64_C(1) << 30)

/* One collection of the run: of the last snapshot, of this one, or of both. */
struct slot {
	enum coll_kind kind;
	char *name;
	const struct tree_head *prev; /* of the newest state that can be read, or NULL */
	size_t seal; /* prev's, an index */
	bool broken; /* files or bytes of prev are not there: it is written again */
	bool lost; /* there was a state, and none of it can be read: why says */
	bool went_back; /* its newest state cannot be read, and prev is older or NULL: why says */
	bool fetched; /* at commit: the source gave it */
	char *why;
	enum { SLOT_OPEN, SLOT_GIVEN, SLOT_SAME, SLOT_KEPT, SLOT_GONE } state;
	bool loaded; /* the objects of prev's catalog are in the map */
	/*
	 * A source asked for prev: what names its items is in abouts, if its catalog says it,
	 * and it is kept until the source has given what it is now, if it is not large.
	 */
	bool asked;
	struct tree_coll *before;
	/*
	 * SLOT_GIVEN, it differs from prev: freed once its files are written; NULL while
	 * it is in spill
	 */
	struct tree_coll *coll;
	char *spill; /* a file in .work, or NULL */
	struct tree_head head; /* of coll; its files are named once they are written */
	enum coll_status status; /* SLOT_SAME, SLOT_KEPT */
	char *reason;
	/* SLOT_GIVEN: items of prev that are not here under their UID or href */
	uint64_t missing;
	bool marked; /* it came with marks of its own for what is gone: they are right */
	/* SLOT_GIVEN, once written: */
	struct slot_file {
		uint8_t sum[SHA256_LEN];
		uint64_t size;
	} catalog_file, links_file;
	struct part_id *parts;
	size_t n_parts;
};

/*
 * An object that waits for its member to be durable, and an item that waits for its
 * object.
 */
struct pending_object {
	struct object *object;
	struct part_place place;
};
struct pending_item {
	const struct object *object;
	uint32_t run; /* index into runs */
	uint32_t uid;
	int64_t date_utc;
	int16_t zone_min;
	uint16_t warn, flags;
	char *href, *etag, *id; /* DAV, POP3, MAPI */
	char *keywords; /* of flagged mail, as flags are: "work $Forwarded"; or NULL */
};

/* Items of an interrupted run, and of this one as far as the journal has them. */
struct run_coll {
	/* name, kind, uidvalidity; items only of the interrupted run */
	struct tree_coll *coll;
	bool journaled;
};
#define RUN_CACHE 64

struct body_pool {
	struct tree_body *free[BODY_POOL];
	unsigned n;
	uint64_t memory; /* of all bodies that are open */
	unsigned spools; /* names given */
};

/* What a snapshot is made again from: nothing is decided, all is as it was. */
struct sink_like {
	const struct seal *seal; /* number, account, time and tool; catalogs as they are given */
	const struct seal *tags; /* names the tag files, which are there */
	uint8_t origin[SHA256_LEN];
};

struct archive_sink {
	struct tree_sink base;
	struct archive_opts opts;
	const struct sink_like *like; /* NULL: a run */
	struct progress *progress;
	char *path;
	bool made_root; /* this run made the directory */
	bool committed;

	int rootfd, workfd, snapfd; /* snapfd: .work/NNNNNN */
	struct lock work_lock;
	bool no_chmod; /* the file system refuses it: said once */
	struct seal *seals; /* of all snapshots */
	size_t n_seals;
	const struct seal *prev; /* the newest that can be read, or NULL */
	unsigned gaps; /* snapshots whose seal cannot be read */
	bool must_seal; /* the newest one is such */
	char **bad; /* files of seals that are missing or cut, sorted */
	size_t n_bad, bad_cap;
	bool bad_parts; /* one of them is a part */
	unsigned n_found; /* of them, what the last state builds on: told */
	unsigned n_given_up; /* what may be lost for good, with --heal or without it: told */
	char **rotten; /* parts with another sum, left as they are without --heal; sorted */
	size_t n_rotten, rotten_cap;
	unsigned snapshot; /* the new one's number */
	struct tree_account account;
	struct tree_names *names;

	pthread_mutex_t lock;
	pthread_cond_t wake; /* of the keeper */
	struct err failed; /* the first error: all calls give it from then on */
	struct object_map objects;
	bool last_loaded, all_loaded; /* objects holds those of the last, of every snapshot */
	uint64_t
	        older_bytes; /* of catalogs that only older snapshots have, and 1; 0: not counted */
	struct slot *slots;
	size_t n_slots, slots_cap;
	struct text_index by_name; /* the slots */
	struct body_pool pool;

	struct part_writer *writer; /* opened with the first new object */
	struct part_mark mark; /* durable and in the journal */
	struct journal *journal;
	struct run_coll *runs;
	size_t n_runs, runs_cap;
	/* by the address of the source's collection; always checked */
	uint32_t run_cache[RUN_CACHE];
	struct pending_object *objects_waiting;
	size_t n_objects_waiting, objects_waiting_cap;
	struct pending_item *items_waiting;
	size_t n_items_waiting, items_waiting_cap;
	struct abouts *abouts; /* what names items, as far as this run knows it */
	bool abouts_loaded; /* all catalogs of the last state gave theirs */
	uint64_t held, held_before; /* items of collections in memory; of slots' before */
	unsigned spills; /* names given */
	uint64_t batch; /* what was added since the last barrier */
	uint64_t objects_new, bytes_new;

	pthread_mutex_t naming; /* one thread looks for names at a time; taken before lock */
	pthread_mutex_t barrier; /* one barrier at a time; taken before lock */
	pthread_t keeper;
	bool keeper_runs, keeper_stop;
	struct part_checker *checker; /* of the part being checked */
	uint32_t checking; /* its number */
	struct slot_file *part_sums; /* of parts checked to the end, [0] is part 1 */
	size_t n_part_sums, part_sums_cap;
};

struct tree_body {
	struct archive_sink *sink;
	enum coll_kind kind;
	struct sha256 hash;
	struct buf mem;
	int fd; /* the spool, or -1 */
	uint64_t size, charged;
	bool has_nul;
	struct about_scan *scan; /* of the kind scan_kind */
	enum coll_kind scan_kind;
};

/* sink.c */
/* With the defaults of options that are 0; nothing is opened. */
struct archive_sink *sink_new(
        const char *path, const struct archive_opts *opts, struct progress *progress);
/* Frees all, whatever of it was opened; writes nothing. */
void sink_destroy(struct archive_sink *s);
/* A sink at ${path} for the next snapshot that is as ${like}, which is lent. */
int sink_open_like(const char *path, const struct sink_like *like, struct progress *progress,
        struct archive_sink **out, struct err *err) MUST_CHECK;

/* open.c */
/* The root, made if nothing is there, and the lock; what swap.h left is mended. */
int sink_dirs_open(struct archive_sink *s, struct err *err) MUST_CHECK;
int sink_resume(struct archive_sink *s, struct err *err) MUST_CHECK;
/*
 * .work and all in it, the lock last; with nothing sealed and a root that this run made,
 * that too.
 */
int sink_work_remove(struct archive_sink *s, struct err *err) MUST_CHECK;

/* load.c: objects of older snapshots. With s->lock held. */
/* What a source may believe of the last state; *out NULL if nothing of it can be read. */
int sink_load_head(struct archive_sink *s, const struct tree_head *h, struct tree_coll **out,
        struct err *err) MUST_CHECK;
int sink_load_all(struct archive_sink *s, struct err *err) MUST_CHECK;
/*
 * The objects among which one of ${size} bytes is looked for before it is stored: those of the
 * last snapshot; those of older ones, too, once as much was stored as their catalogs take. For
 * a few messages nobody reads the catalogs of a hundred snapshots, and what comes back is
 * stored again only as far as reading these would have cost.
 */
int sink_load_known(struct archive_sink *s, uint64_t size, struct err *err) MUST_CHECK;

/* past.c: what the run builds on is looked at first */
int sink_past_seals(struct archive_sink *s, struct err *err) MUST_CHECK;
/* Every file of every seal, by its size; slots whose state is not all there. */
int sink_past_look(struct archive_sink *s, struct err *err) MUST_CHECK;
/*
 * Does an error of reading say that the file is not what was sealed? What only could not
 * be read, this once or for want of rights, says nothing of it: sink_past_unsure.
 */
bool sink_past_is_damage(int rc);
/* The error ends the run, and nothing is sealed; returns its code. */
int sink_past_unsure(const struct archive_sink *s, struct err *err) MUST_CHECK;
/* Is it the turn of this seal to look at the file, so that each is looked at once? */
bool sink_past_is_turn(const struct archive_sink *s, size_t seal, const struct seal_file *f);
/* The file counts as not there; told with ${why} if the last state needs it. Sort after it. */
void sink_past_bad(struct archive_sink *s, const char *path, const char *why);
/*
 * A tag file of another version of valise that is damaged: this version's is named from
 * now on.
 */
void sink_past_tag(struct archive_sink *s, const char *path);
bool sink_past_is_bad(const struct archive_sink *s, const char *path);
/* What is kept of the slot's last state is needed no more. */
void sink_past_forget(struct archive_sink *s, struct slot *slot);
/* Is the place in a part that is missing or cut? */
bool sink_past_lacks(const struct archive_sink *s, const struct object_place *w);
/*
 * The catalog of the slot's last state as it is, or of the newest one that can be read;
 * *out NULL if there is none. With s->lock held.
 */
int sink_past_catalog(struct archive_sink *s, struct slot *slot, struct tree_coll **out,
        struct err *err) MUST_CHECK;
/*
 * ${c}, read from a catalog, as a source may believe it: without items whose bytes are
 * nowhere. With s->lock held.
 */
void sink_past_offer(const struct archive_sink *s, struct tree_coll *c);
/*
 * Has a catalog that nobody has read in this run the sum that its seal names? Else the
 * slot goes back to an older one.
 */
int sink_past_unread(struct archive_sink *s, struct slot *slot, struct err *err) MUST_CHECK;
/* Are its bytes nowhere? With the lock held and all catalogs loaded. */
bool sink_past_lost(const struct archive_sink *s, enum coll_kind kind, const struct tree_item *it);
/*
 * The same look once more, before anything is sealed: somebody else may have been at the
 * archive since.
 */
int sink_past_again(const struct archive_sink *s, struct err *err) MUST_CHECK;

/* heal.c: octets */
/* Sums of files: of some that the last state needs; with --heal of all. */
int sink_heal_look(struct archive_sink *s, struct err *err) MUST_CHECK;
/* Is the place in a part that is not what was sealed, and is left so without --heal? */
bool sink_heal_is_rotten(const struct archive_sink *s, const struct object_place *w);
/*
 * What is whole in parts that count as not there goes into this run's; tells which items
 * are not whole. With all catalogs loaded.
 */
int sink_heal(struct archive_sink *s, struct err *err) MUST_CHECK;

/* last.c: a reader of the last state that shows only what has bytes */
int sink_last(struct tree_sink *t, struct tree_reader **out, struct err *err);

/*
 * mend.c, at commit: what is not there any more is written again, and what nobody gave
 * again is named.
 */
int sink_mend(struct archive_sink *s, struct err *err) MUST_CHECK;
/* Names and counts the collections whose last state could not be read. */
void sink_mend_say(struct archive_sink *s);

/* body.c */
int sink_body_open(
        struct tree_sink *t, enum coll_kind kind, struct tree_body **out, struct err *err);
int sink_body_write(struct tree_body *b, const void *p, size_t n, struct err *err);
int sink_body_close(struct tree_body *b, struct tree_object *out, struct err *err);
void sink_body_abort(struct tree_body *b);
void body_pool_clear(struct body_pool *p);

/* state.c */
/* the sticky error or 0; takes the lock */
int sink_failed(struct archive_sink *s, struct err *err);
/* makes it sticky, returns its code */
int sink_fail(struct archive_sink *s, const struct err *err);
/* With s->lock held; NULL if there is none and ${make} is false. */
struct slot *sink_slot(struct archive_sink *s, enum coll_kind kind, const char *name, bool make);

/* coll.c */
int sink_item(
        struct tree_sink *t, struct tree_coll *c, const struct tree_item *it, struct err *err);
int sink_coll(struct tree_sink *t, struct tree_coll *c, struct err *err);
int sink_keep(struct tree_sink *t, enum coll_kind kind, const char *name, enum coll_status status,
        const char *reason, struct err *err);
/*
 * Until the commit, in place of what the slot has: takes ${c}, which differs from the
 * last state.
 */
int sink_replace(struct archive_sink *s, struct tree_coll *c, struct err *err) MUST_CHECK;

/* names.c: tree_sink_ops.names */
int sink_names(struct tree_sink *t, const struct tree_coll *c, struct abouts **out,
        struct err *err) MUST_CHECK;
/* What names the items of a collection that is written, into s->abouts */
/* The slot's collection is in memory and has its places. */
int sink_name_items(struct archive_sink *s, struct slot *slot, struct err *err) MUST_CHECK;
/* From the last catalog of the slot, where messages want them. */
int sink_name_slot(struct archive_sink *s, const struct slot *slot, struct err *err) MUST_CHECK;
/* Collections that stand as they are, but whose catalog lacks the names, are given again. */
int sink_name_past(struct archive_sink *s, struct err *err) MUST_CHECK;

/* spill.c: collections that would take too much memory until the commit wait in a file */
#define HELD_ITEMS 110000 /* in memory, of all collections together */
int sink_spill(struct archive_sink *s, const struct tree_coll *c, char **name_out,
        struct err *err) MUST_CHECK;
/* The collection of a given slot, in memory again. */
int sink_unspill(struct archive_sink *s, struct slot *slot, struct err *err) MUST_CHECK;

/* journal.c */
/*
 * Open .work/journal. A new one begins with a record of what it belongs to. One that is
 * there is read: *fits_out says whether it belongs to the snapshot that this run would
 * make; objects, runs and mark are what it holds.
 */
int sink_journal_open(struct archive_sink *s, bool *fits_out, struct err *err) MUST_CHECK;
void sink_journal_mark(struct archive_sink *s, const struct part_mark *m);
/* those that the journal does not have yet */
void sink_journal_runs(struct archive_sink *s);
void sink_journal_object(struct archive_sink *s, const struct object *o);
void sink_journal_item(struct archive_sink *s, const struct pending_item *p);
/* Forget what sink_journal_open read. */
void sink_journal_forget(struct archive_sink *s);
/* The run collection of this identity, made if it is new; with s->lock held. */
uint32_t sink_run_coll(struct archive_sink *s, const struct tree_coll *c);

/* keep.c */
/* writer, journal and keeper, if they do not run yet */
int sink_start(struct archive_sink *s, struct err *err) MUST_CHECK;
void sink_keeper_stop(struct archive_sink *s);
int sink_sync(struct tree_sink *t, struct err *err) MUST_CHECK;
int sink_barrier(struct archive_sink *s, struct err *err) MUST_CHECK;
int sink_check_parts(
        struct archive_sink *s, uint32_t part, uint64_t offset, struct err *err) MUST_CHECK;
/* Close the last part and check all to the end; part_sums has all. */
int sink_finish_parts(struct archive_sink *s, struct err *err) MUST_CHECK;

/* commit.c */
int sink_commit(struct tree_sink *t, struct tree_commit *out, struct err *err);
/*
 * shrink.c: what is lost in a suspicious way against ${after}, what the server shows,
 * stays; counts collections.
 */
int sink_shrink(struct archive_sink *s, const struct tree_manifest *after, unsigned *shrunk_out,
        struct err *err) MUST_CHECK;
/* write.c: catalogs and links of every collection that differs, into .work/NNNNNN */
int sink_write_files(struct archive_sink *s, struct err *err) MUST_CHECK;
/*
 * seal.c: name the files, seal, and move .work/NNNNNN into data/. ${seal} has its number,
 * parent and manifest.
 */
int sink_seal(struct archive_sink *s, struct seal *seal, struct err *err) MUST_CHECK;

#endif
