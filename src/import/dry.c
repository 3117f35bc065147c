/* A sink that keeps nothing: what an import would bring. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/import/import.h"

struct dry {
	struct tree_sink base;
	struct tree_reader *last;
};
struct tree_body {
	struct sha256 hash;
	uint64_t size;
	bool has_nul;
};

static int dry_prev(struct tree_sink *s, enum tree_prev which, enum coll_kind kind,
        const char *name, struct tree_coll **out, struct err *err)
{
	struct tree_reader *last = ((struct dry *)s)->last;
	const struct tree_head *h = NULL;

	*out = NULL;
	if (last && which == PREV_SNAPSHOT)
		h = tree_manifest_find(last->ops->manifest(last), kind, name);
	return h ? last->ops->coll(last, h, out, err) : 0;
}

static int dry_open(
        struct tree_sink *s, enum coll_kind kind, struct tree_body **out, struct err *err)
{
	(void)s;
	(void)kind;
	(void)err;
	*out = xcalloc(1, sizeof **out);
	sha256_start(&(*out)->hash);
	return 0;
}

static int dry_write(struct tree_body *b, const void *p, size_t n, struct err *err)
{
	(void)err;
	sha256_add(&b->hash, p, n);
	b->size += n;
	b->has_nul = b->has_nul || memchr(p, 0, n);
	return 0;
}

static int dry_close(struct tree_body *b, struct tree_object *out, struct err *err)
{
	(void)err;
	sha256_end(&b->hash, out->sha256);
	out->size = b->size;
	out->has_nul = b->has_nul;
	free(b);
	return 0;
}

static void dry_abort(struct tree_body *b)
{
	free(b);
}

static int dry_item(
        struct tree_sink *s, struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	(void)s;
	(void)err;
	tree_coll_add(c, it);
	return 0;
}

static int dry_coll(struct tree_sink *s, struct tree_coll *c, struct err *err)
{
	(void)s;
	(void)err;
	tree_coll_free(c);
	return 0;
}

static int dry_keep(struct tree_sink *s, enum coll_kind kind, const char *name,
        enum coll_status status, const char *reason, struct err *err)
{
	(void)s;
	(void)kind;
	(void)name;
	(void)status;
	(void)reason;
	(void)err;
	return 0;
}

static void dry_free(struct tree_sink *s)
{
	free(s);
}

struct tree_sink *import_dry_sink(struct tree_reader *last)
{
	static const struct tree_sink_ops ops = {.prev = dry_prev,
	        .body_open = dry_open,
	        .body_write = dry_write,
	        .body_close = dry_close,
	        .body_abort = dry_abort,
	        .item = dry_item,
	        .coll = dry_coll,
	        .keep = dry_keep,
	        .free = dry_free};
	struct dry *d = xcalloc(1, sizeof *d);

	d->base.ops = &ops;
	d->last = last;
	return &d->base;
}
