#ifndef VALISE_TREE_DIFF_MOVED_H
#define VALISE_TREE_DIFF_MOVED_H

#include "valise/tree/model.h"

/*
 * Items that are in no collection where they were, or are new where they are: which of them
 * are the same, by kind and content.
 */
struct stray {
	uint8_t sum[16]; /* of its SHA-256 */
	int64_t date;
	uint32_t coll, item; /* numbers of the caller */
	uint32_t other; /* place in the other list, or STRAY_ALONE */
	uint16_t flags;
	uint16_t kind;
};
#define STRAY_ALONE UINT32_MAX
struct strays {
	struct stray *v;
	size_t n, cap;
};

void stray_add(struct strays *s, const struct tree_coll *c, uint32_t coll, uint32_t item);
/* Sort both, and pair what is the same. */
void strays_pair(struct strays *lost, struct strays *come);
/* The one that was added so; NULL: it was not. After strays_pair. */
const struct stray *stray_find(
        const struct strays *s, const struct tree_coll *c, uint32_t coll, uint32_t item);

#endif
