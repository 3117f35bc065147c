#ifndef VALISE_TREE_SINK_H
#define VALISE_TREE_SINK_H

#include "valise/tree/abouts.h"
#include "valise/tree/manifest.h"

/*
 * The writing side of the waist: a source hands an account to a sink, which is a
 * directory or an archive and does not know from which protocol it comes. Calls may come
 * from several threads, but for one body and for one collection from one thread at a
 * time.
 */

struct tree_sink;
struct tree_reader;
struct tree_body;

struct tree_object {
	uint8_t sha256[SHA256_LEN];
	uint64_t size;
	bool has_nul;
};

enum tree_prev {
	PREV_SNAPSHOT, /* the collection as the last committed snapshot has it */
	/*
	 * items whose bytes an interrupted run has already made durable; only uid, date,
	 * sha256, size, warn and where are to be trusted, and flags and keywords of mail in a
	 * collection with an href (MAPI), of which nobody lists them again
	 */
	PREV_RUN,
};

struct tree_commit {
	/* false: nothing differs from the last snapshot, none was written */
	bool changed;
	unsigned snapshot; /* the newest one now; 0 in a directory tree */
	struct tree_totals totals;
	char seal[SHA256_HEX_SIZE]; /* SHA-256 of seal.sha256; "" in a directory tree */
	uint64_t objects_new, bytes_new; /* stored by this run, before compression */
	uint64_t disk_new; /* size of the new snapshot's files; 0 in a directory tree */
	/* collections of which something is gone since this run (tree/shrink.h) */
	unsigned shrunk;
	/* files and seals of older snapshots that were found missing, cut or damaged */
	unsigned damaged;
	/*
	 * of them what the last snapshot builds on, and was not known (with archive_opts.heal
	 * only what it could not heal), and what was given up with them; of these what is left
	 * so: archive_opts.heal heals it
	 */
	unsigned found, unhealed;
};

struct tree_sink_ops {
	/**
	 * prev(s, which, kind, name, out, err): the collection of the last snapshot or of
	 * the interrupted run; *out NULL if there is none. The caller frees it. Sorted.
	 * One that lacks items of its catalog (a client removed files of a directory
	 * tree) has no uidnext, highestmodseq and sync_token, so that it is not taken for
	 * unchanged; nor has one of which something is gone, which is among the items: it
	 * may come back. PREV_RUN has uidvalidity and of each item, beyond what enum
	 * tree_prev says, href, etag and ext->uid.
	 */
	int (*prev)(struct tree_sink *s, enum tree_prev which, enum coll_kind kind,
	        const char *name, struct tree_coll **out, struct err *err);
	/**
	 * head(s, kind, name, out, items_out, err): the collection of the last snapshot
	 * without its items, and how many it has: in little time however many these are.
	 * *out NULL unless it is complete, without errors and without anything that is gone;
	 * then, and on errors, prev tells more. The caller frees it. May be NULL.
	 */
	int (*head)(struct tree_sink *s, enum coll_kind kind, const char *name,
	        struct tree_coll **out, size_t *items_out, struct err *err);
	/*
	 * A reader of the last committed snapshot; *out NULL if there is none. The caller
	 * frees it. May be NULL.
	 */
	int (*last)(struct tree_sink *s, struct tree_reader **out, struct err *err);
	/*
	 * The bytes of one item. close consumes the body in any case; abort discards it.
	 */
	int (*body_open)(
	        struct tree_sink *s, enum coll_kind kind, struct tree_body **out, struct err *err);
	int (*body_write)(struct tree_body *b, const void *p, size_t n, struct err *err);
	int (*body_close)(struct tree_body *b, struct tree_object *out, struct err *err);
	void (*body_abort)(struct tree_body *b);
	/**
	 * item(s, c, it, err): append ${it} to ${c}. Its object was closed in this run or
	 * belongs to prev; sha256 and size are set, where is filled in by the sink.
	 * Keyword and ext indexes are of ${c}.
	 */
	int (*item)(struct tree_sink *s, struct tree_coll *c, const struct tree_item *it,
	        struct err *err);
	/*
	 * ${c} has all its items and errors; the sink owns it from now on (also on
	 * error). Status COMPLETE or PARTIAL (tree_copy hands on any).
	 */
	int (*coll)(struct tree_sink *s, struct tree_coll *c, struct err *err);
	/**
	 * keep(s, kind, name, status, reason, err): the last catalog of the collection
	 * stands: COLL_COMPLETE (known to be unchanged: its last status stays),
	 * COLL_STALE (with the reason) or COLL_SKIPPED (with the reason where it is no option but
	 * that it is somebody else's). ${name} NULL: every collection of
	 * the kind that was neither given nor kept. Without a last catalog: STALE makes
	 * an empty collection with that status and reason, the others do nothing.
	 */
	int (*keep)(struct tree_sink *s, enum coll_kind kind, const char *name,
	        enum coll_status status, const char *reason, struct err *err);
	/**
	 * names(s, c, out, err): *out, lent until the commit, has what names the items of ${c},
	 * which is about to be given or came from prev, as far as anybody can know. May be NULL.
	 */
	int (*names)(struct tree_sink *s, const struct tree_coll *c, struct abouts **out,
	        struct err *err);
	/**
	 * sync(s, err): everything given so far is durable, and an interrupted run has it
	 * in PREV_RUN: for a source whose server may lose what was read.
	 */
	int (*sync)(struct tree_sink *s, struct err *err);
	/*
	 * Make it durable and final. Collections of the last snapshot that were neither
	 * given nor kept are gone.
	 */
	int (*commit)(struct tree_sink *s, struct tree_commit *out, struct err *err);
	/* Ends a run that was not committed: what is durable stays for the next run. */
	void (*free)(struct tree_sink *s);
};

struct tree_sink {
	const struct tree_sink_ops *ops;
};
void tree_sink_free(struct tree_sink *s); /* ops->free; NULL is fine */

/* The reading side: one snapshot of an archive, or a directory tree. */
struct tree_reader_ops {
	const struct tree_manifest *(*manifest)(struct tree_reader *r); /* lent */
	/* the caller frees */
	int (*coll)(struct tree_reader *r, const struct tree_head *h, struct tree_coll **out,
	        struct err *err);
	/**
	 * body(r, c, it, write, ctx, err): stream the bytes of ${it} into ${write}, after
	 * their SHA-256 was found right: not one byte of a damaged item is given out.
	 * Thread-safe. ERR_DAMAGED, ERR_NOTFOUND (item); an error of ${write} is passed
	 * on.
	 */
	int (*body)(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
	        tree_write_fn write, void *ctx, struct err *err);
	void (*free)(struct tree_reader *r);
	/* What names the items of ${c}, from its catalog, into ${into}. May be NULL. */
	int (*names)(struct tree_reader *r, const struct tree_coll *c, struct abouts *into,
	        struct err *err);
	/**
	 * one(r, h, uid, out, err): a mailbox with the item of this UID alone, or with none, in
	 * little time however many it has. The caller frees. May be NULL; any error: ask coll.
	 */
	int (*one)(struct tree_reader *r, const struct tree_head *h, uint32_t uid,
	        struct tree_coll **out, struct err *err);
};
struct reader_names;
struct tree_reader {
	const struct tree_reader_ops *ops;
	struct reader_names *_Atomic names; /* of the collection that was asked for last */
};
void tree_reader_free(struct tree_reader *r); /* ops->free; NULL is fine */
/**
 * tree_item_what(r, c, it, out): append the JSON that names the item (tree/about.h), if its
 * catalog has one. The names of the collection asked for last are kept in memory.
 * tree_item_line: the item in one line for messages, as by about_line; where nobody knows
 * more than the folder and the date, also its UID or href. tree_item_name: without the folder,
 * its UID or href first: 'UID 7, 3 Nov 2024, Ann <ann@example.org>, "Lunch?"'. They are
 * thread-safe and cannot fail: what cannot be read names nothing.
 */
void tree_item_what(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        struct buf *out);
void tree_item_line(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        struct buf *out);
void tree_item_name(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        struct buf *out);
/* The same as fields, to be cleared; empty ones where nobody knows. */
void tree_item_about(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        struct item_about *out);
/**
 * tree_reader_one(r, h, uid, out, err): a collection with all of its items, or, of mail and
 * if it is there, only with that of this UID; errors as of coll().
 */
int tree_reader_one(struct tree_reader *r, const struct tree_head *h, uint32_t uid,
        struct tree_coll **out, struct err *err) MUST_CHECK;
/* body() appended to ${out}; ERR_LIMIT where it has no room for it. */
int tree_reader_octets(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        struct buf *out, struct err *err) MUST_CHECK;

struct progress;

/**
 * tree_copy(from, to, only, progress, err): give everything that ${from} has to ${to}
 * (pack, unpack). ${only}: bits 1 << COLL_x, 0 for all. A damaged item becomes an error
 * line of its collection, a collection whose catalog is damaged is kept STALE.
 * Collections keep the status, names and item numbers that they have in ${from}. What
 * ${to} has already (prev) is not read again. Does not commit. What could not be copied
 * is said to ${progress}, which may be NULL.
 */
int tree_copy(struct tree_reader *from, struct tree_sink *to, unsigned only,
        struct progress *progress, struct err *err) MUST_CHECK;

/**
 * tree_copy_body(from, c, it, to, err): the octets of one item alone. A tree keeps a file
 * for its own collection, so an item of another collection of the last state is given so
 * before it is given to another. ERR_DAMAGED, ERR_NOTFOUND: ${from} has not got them.
 */
int tree_copy_body(struct tree_reader *from, const struct tree_coll *c, const struct tree_item *it,
        struct tree_sink *to, struct err *err) MUST_CHECK;

#endif
