#ifndef VALISE_TREE_VIEW_H
#define VALISE_TREE_VIEW_H

#include "valise/tree/sink.h"

/*
 * A reader that shows another one otherwise: what those that select, or know what is gone, or
 * sort by labels, have in common. The first member of what each of them is.
 */
struct tree_view {
	struct tree_reader reader;
	struct tree_reader *from;
	struct tree_manifest manifest; /* as it is shown */
};

/* Of tree_reader_ops: the manifest of the view; bodies and names as ${from} has them. */
const struct tree_manifest *tree_view_manifest(struct tree_reader *r);
int tree_view_body(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        tree_write_fn write, void *ctx, struct err *err) MUST_CHECK;
int tree_view_names(struct tree_reader *r, const struct tree_coll *c, struct abouts *into,
        struct err *err) MUST_CHECK;

#endif
