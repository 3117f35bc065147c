/* The last state as a tree_reader. */
#include "sink.h"
#include <stdlib.h>
#include "valise/base/mem.h"

/* A reader of the last state that shows only what has bytes. */
struct past_reader {
	struct tree_reader base;
	struct archive_sink *s;
	struct tree_reader *inner;
};

static const struct tree_manifest *past_manifest(struct tree_reader *r)
{
	struct tree_reader *inner = ((struct past_reader *)r)->inner;

	return inner->ops->manifest(inner);
}

/* As a source may believe it; empty if none of it can be read. */
static int past_coll(
        struct tree_reader *r, const struct tree_head *h, struct tree_coll **out, struct err *err)
{
	struct past_reader *p = (struct past_reader *)r;
	int rc;

	pthread_mutex_lock(&p->s->lock);
	rc = sink_load_head(p->s, h, out, err);
	pthread_mutex_unlock(&p->s->lock);
	if (rc == 0 && !*out)
		*out = tree_coll_new(h->kind, h->name);
	return rc;
}

static int past_body(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        tree_write_fn write, void *ctx, struct err *err)
{
	struct tree_reader *inner = ((struct past_reader *)r)->inner;

	return inner->ops->body(inner, c, it, write, ctx, err);
}

static int past_names(
        struct tree_reader *r, const struct tree_coll *c, struct abouts *into, struct err *err)
{
	struct tree_reader *inner = ((struct past_reader *)r)->inner;

	return inner->ops->names(inner, c, into, err);
}

static void past_free(struct tree_reader *r)
{
	struct past_reader *p = (struct past_reader *)r;

	tree_reader_free(p->inner);
	free(p);
}

int sink_last(struct tree_sink *t, struct tree_reader **out, struct err *err)
{
	static const struct tree_reader_ops ops = {.manifest = past_manifest,
	        .coll = past_coll,
	        .body = past_body,
	        .free = past_free,
	        .names = past_names};
	struct archive_sink *s = (struct archive_sink *)t;
	struct past_reader *p;
	int rc;

	*out = NULL;
	if (!s->prev)
		return 0;
	p = xcalloc(1, sizeof *p);
	p->base.ops = &ops;
	p->s = s;
	rc = archive_reader(s->path, s->prev->snapshot, &p->inner, err);
	if (rc < 0)
		free(p);
	else
		*out = &p->base;
	return rc;
}
