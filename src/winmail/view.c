/* A reader over a reader: its mail with each winmail.dat opened. */
#include <stdlib.h>
#include "valise/base/mem.h"
#include "valise/tree/view.h"
#include "winmail/internal.h"

struct view {
	struct tree_reader reader;
	struct tree_reader *from;
	winmail_item_fn tell;
	void *ctx;
	/* the item that is read, and the one that was told of last */
	const struct tree_coll *c, *told_c;
	const struct tree_item *it, *told_it;
};

static struct view *view_of(struct tree_reader *r)
{
	return (struct view *)r;
}

static const struct tree_manifest *view_manifest(struct tree_reader *r)
{
	return view_of(r)->from->ops->manifest(view_of(r)->from);
}

static int view_coll(
        struct tree_reader *r, const struct tree_head *h, struct tree_coll **out, struct err *err)
{
	view_of(r)->told_it = NULL;
	return view_of(r)->from->ops->coll(view_of(r)->from, h, out, err);
}

static int view_names(
        struct tree_reader *r, const struct tree_coll *c, struct abouts *into, struct err *err)
{
	struct tree_reader *from = view_of(r)->from;

	return from->ops->names ? from->ops->names(from, c, into, err) : 0;
}

struct passing {
	struct view *v;
	tree_write_fn write;
	void *ctx;
};

static int pass(void *ctx, const void *p, size_t n, struct err *err)
{
	struct passing *g = ctx;

	return g->write(g->ctx, p, n, err);
}

static void on_tell(void *ctx, bool lost, const char *what)
{
	struct view *v = ((struct passing *)ctx)->v;

	if (v->told_c != v->c || v->told_it != v->it)
		v->tell(v->ctx, v->c, v->it, lost, what);
}

static int view_body(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        tree_write_fn write, void *ctx, struct err *err)
{
	struct view *v = view_of(r);
	struct passing g = {v, write, ctx};
	struct winmail_to to = {.write = pass, .ctx = &g, .tell = on_tell};
	struct mime_spool *spool;
	struct mime_message *m = NULL;
	unsigned opened = 0;
	int rc;

	if (c->kind != COLL_MAIL)
		return v->from->ops->body(v->from, c, it, write, ctx, err);
	v->c = c;
	v->it = it;
	spool = mime_spool_new();
	rc = v->from->ops->body(v->from, c, it, mime_spool_write, spool, err);
	if (rc == 0)
		rc = mime_spool_open(spool, &m, err);
	if (rc == 0 && winmail_in(m))
		rc = winmail_open(m, &to, &opened, err);
	else if (rc == 0)
		rc = mime_octets(m, 0, UINT64_MAX, write, ctx, err);
	if (rc == 0 && opened)
		on_tell(&g, false, NULL);
	v->told_c = c;
	v->told_it = it;
	mime_free(m);
	mime_spool_free(spool);
	return rc;
}

static void view_free(struct tree_reader *r)
{
	if (!r)
		return;
	tree_reader_free(view_of(r)->from);
	free(r);
}

static const struct tree_reader_ops ops = {
        .manifest = view_manifest,
        .coll = view_coll,
        .body = view_body,
        .free = view_free,
        .names = view_names,
};

struct tree_reader *winmail_view(struct tree_reader *from, winmail_item_fn tell, void *ctx)
{
	struct view *v = xcalloc(1, sizeof *v);

	v->reader.ops = &ops;
	v->from = from;
	v->tell = tell;
	v->ctx = ctx;
	return &v->reader;
}
