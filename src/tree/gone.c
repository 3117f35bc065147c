/*
 * An account without the marks for what is gone: with such items as if they were there,
 * or without them.
 */
#include "valise/tree/gone.h"
#include "valise/tree/view.h"
#include "valise/base/mem.h"
#include <stdlib.h>

/* What a collection that shows something again is no more. */
#define NOT_THERE (ATTR_GONE | ATTR_NOSELECT | ATTR_NONEXISTENT)

struct gone_view {
	struct tree_view view;
	bool with;
};

/* With what is gone among the items, or without it; no mark is left. */
static int view_coll(
        struct tree_reader *r, const struct tree_head *h, struct tree_coll **out, struct err *err)
{
	struct gone_view *v = (struct gone_view *)r;
	const struct tree_head *own =
	        tree_manifest_find(v->view.from->ops->manifest(v->view.from), h->kind, h->name);
	int rc = v->view.from->ops->coll(v->view.from, own ? own : h, out, err);

	if (rc < 0)
		return rc;
	if (v->with && (*out)->n_gone)
		(*out)->attrs &= ~(unsigned)NOT_THERE;
	if (v->with)
		tree_coll_with_gone(*out);
	else
		tree_coll_without_gone(*out);
	for (size_t i = 0; i < (*out)->n_items; i++)
		(*out)->items[i].gone = 0;
	return 0;
}

static void view_free(struct tree_reader *r)
{
	struct gone_view *v = (struct gone_view *)r;

	if (!v)
		return;
	tree_reader_free(v->view.from);
	tree_manifest_clear(&v->view.manifest);
	free(v);
}

static const struct tree_reader_ops ops = {
        .manifest = tree_view_manifest,
        .coll = view_coll,
        .body = tree_view_body,
        .free = view_free,
        .names = tree_view_names,
};

struct tree_reader *tree_gone_view(struct tree_reader *from, bool with)
{
	const struct tree_manifest *m = from->ops->manifest(from);
	struct gone_view *v = xcalloc(1, sizeof *v);

	v->view.reader.ops = &ops;
	v->view.from = from;
	v->with = with;
	tree_account_copy(&v->view.manifest.account, &m->account);
	v->view.manifest.created = m->created;
	v->view.manifest.tool = xstrdup(m->tool);
	for (size_t i = 0; i < m->n_heads; i++) {
		struct tree_head *h;

		if (!with && (m->heads[i].attrs & ATTR_GONE))
			continue;
		h = tree_manifest_add(&v->view.manifest, &m->heads[i]);
		if (with && h->roots.gone)
			h->attrs &= ~(unsigned)NOT_THERE;
		h->roots.items += with ? h->roots.gone : 0;
		h->roots.gone = 0;
	}
	return &v->view.reader;
}
