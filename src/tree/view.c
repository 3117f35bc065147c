/* What readers that show another one otherwise have in common. */
#include "valise/tree/view.h"

const struct tree_manifest *tree_view_manifest(struct tree_reader *r)
{
	return &((struct tree_view *)r)->manifest;
}

int tree_view_body(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        tree_write_fn write, void *ctx, struct err *err)
{
	struct tree_view *v = (struct tree_view *)r;

	return v->from->ops->body(v->from, c, it, write, ctx, err);
}

int tree_view_names(
        struct tree_reader *r, const struct tree_coll *c, struct abouts *into, struct err *err)
{
	struct tree_view *v = (struct tree_view *)r;

	return v->from->ops->names ? v->from->ops->names(v->from, c, into, err) : 0;
}
