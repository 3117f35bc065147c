#ifndef VALISE_TREE_SHRINK_H
#define VALISE_TREE_SHRINK_H

#include "valise/base/progress.h"
#include "valise/tree/manifest.h"

/*
 * The shrink rule of both sinks: a collection that lost too much since the last snapshot is not believed without the
 * user's word, since a server that answers "empty" by mistake would otherwise have the backup follow it.
 */

struct tree_shrink {
	const struct tree_manifest *before; /* the last snapshot */
	/* Load the collection of a head, of the last snapshot (${after} false) or of the new one; the caller frees. */
	int (*load)(void *ctx, const struct tree_head *h, bool after, struct tree_coll **out,
	        struct err *err);
	void *ctx;
	struct progress *progress; /* told of each, may be NULL */
};

/**
 * tree_shrink_refuse(s, after, refused_out, err): for each collection of s->before that lost too much (tree_shrunk), put its old head into ${after} in place
 * of the new one, COLL_STALE with the reason "shrank from N to M items; not believed without --accept-shrink". *refused_out counts them.
 * An item is lost when its content is in no collection of ${after}; for DAV also neither its href nor its UID is there (an edited event is not a
 * lost one). Collections whose state root is unchanged are not loaded; the others only as far as needed. ${after} must be sorted and stays so.
 */
int tree_shrink_refuse(const struct tree_shrink *s, struct tree_manifest *after,
        unsigned *refused_out, struct err *err) MUST_CHECK;

#endif
