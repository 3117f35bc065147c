#ifndef VALISE_TREE_DIFF_H
#define VALISE_TREE_DIFF_H

#include "valise/tree/sink.h"

/*
 * What came, went, moved and changed between two states of an account. Collections are the
 * same by kind and name, else where a collection is not there any more and most of its items
 * (for DAV also its href) are in a new one: then it was renamed. Items of a collection are the
 * same by UIDVALIDITY and UID, by href, by UIDL or the UID of an event or card, else by
 * content; an item that is not there any more, and whose content is new elsewhere, was moved.
 */
enum diff_what {
	DIFF_COLL_NEW,
	DIFF_COLL_LOST, /* it is not there any more; its items are told, too */
	DIFF_COLL_RENAMED,
	DIFF_COLL_CHANGED,
	DIFF_NEW,
	DIFF_LOST,
	DIFF_MOVED,
	DIFF_CHANGED,
	DIFF_KINDS
};
const char *diff_word(enum diff_what what); /* "folder-new", "new", "moved" ... */

enum diff_change {
	DIFF_OCTETS = 1, /* of an event or card: what changed is in its octets */
	DIFF_FLAGS = 2,
	DIFF_KEYWORDS = 4,
	DIFF_DATE = 8, /* INTERNALDATE */
	DIFF_LABELS = 16,
	/* of a collection */
	DIFF_SUBSCRIBED = 32,
	DIFF_ATTRS = 64, /* others */
	DIFF_USE = 128, /* what it is for, RFC 6154 */
	DIFF_PROPS = 256,
	DIFF_UIDVALIDITY = 512,
	DIFF_STATUS = 1024, /* it could not be read whole, or can be again */
};
#define DIFF_CHANGES 11
const char *diff_change_word(unsigned bit); /* "flags" of DIFF_FLAGS */

struct diff_one {
	enum diff_what what;
	unsigned changes; /* DIFF_OCTETS ... */
	bool gone; /* DIFF_LOST: it stays beside what is there, marked (tree/shrink.h) */
	/*
	 * The collection before and after; of what is new in it, and of it, no before; of what
	 * is lost, no after. Of DIFF_MOVED the one that it was in, and ${before} is NULL.
	 */
	const struct tree_head *head_before, *head_after;
	const struct tree_coll *before, *after;
	/* Of items. ${was} of DIFF_MOVED has flags and date alone. */
	const struct tree_item *was, *is;
};
typedef int diff_fn(void *ctx, const struct diff_one *one, struct err *err);

/**
 * tree_diff(before, after, fn, ctx, err): ${fn} for each difference, folder by folder: what
 * happened to it, then to its items, in the order of ${after}, then what of them is lost. Two
 * collections are in memory at a time, and 40 bytes for each item that is new or lost.
 * What has the same state in both is not read. An error of ${fn} or of a reader ends it.
 */
int tree_diff(struct tree_reader *before, struct tree_reader *after, diff_fn *fn, void *ctx,
        struct err *err) MUST_CHECK;

#endif
