#ifndef VALISE_TREE_DIFF_MATCH_H
#define VALISE_TREE_DIFF_MATCH_H

#include "valise/tree/model.h"

#define MATCH_NONE UINT32_MAX

/* Which item of one state of a collection is which of another. */
struct match {
	uint32_t *to; /* of each item before: its place after, or MATCH_NONE */
	uint32_t *from; /* the other way round */
};
/* Either may be NULL: an empty one. Both are sorted. */
void match_items(const struct tree_coll *before, const struct tree_coll *after, struct match *out);
void match_clear(struct match *m);

/* What differs between two states of an item, or of a collection: DIFF_x. */
unsigned match_item_changes(const struct tree_coll *before, const struct tree_item *was,
        const struct tree_coll *after, const struct tree_item *is);
unsigned match_coll_changes(const struct tree_coll *before, const struct tree_coll *after);

#endif
