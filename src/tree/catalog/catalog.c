/* A catalog written: its lines in order, and the roots over them. */
#include "valise/tree/catalog.h"
#include "internal.h"
#include <string.h>

#define CHUNK (64u << 10) /* lines are handed on in pieces of about this size */

struct emit {
	struct buf lines;
	struct sha256 state;
	tree_write_fn write; /* NULL: only the roots are wanted */
	void *ctx;
	struct abouts *names; /* may be NULL */
	struct buf what; /* of one item */
};

/* Hand on what was gathered, once it is ${at_least} octets. */
static int flush_lines(struct emit *e, size_t at_least, struct err *err)
{
	int rc = 0;

	if (e->lines.len < at_least)
		return 0;
	if (e->write && e->lines.len > 0)
		rc = e->write(e->ctx, e->lines.data, e->lines.len, err);
	buf_reset(&e->lines);
	return rc;
}

/* A line from ${from} on is whole: it is handed on with its piece. */
static int end_line(struct emit *e, size_t from, const struct tree_coll *c, struct err *err)
{
	if (e->write && e->lines.len - from > CATALOG_LINE_MAX)
		return err_set(err, ERR_LIMIT, ERR_COLLECTION,
		        "%s: a catalog line of %zu bytes is longer than the %u allowed", c->name,
		        e->lines.len - from, CATALOG_LINE_MAX);
	return flush_lines(e, CHUNK, err);
}

/* Lines of items, and what the state root is made of: all but their names and places. */
static int emit_items(struct emit *e, const struct tree_coll *c, const struct tree_item *items,
        size_t n, bool places, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		size_t from = e->lines.len, plain;

		buf_reset(&e->what);
		if (e->names)
			rc = abouts_get(e->names, c->kind, items[i].sha256, &e->what, err);
		if (rc < 0)
			return rc;
		catalog_put_item(&e->lines, c, &items[i], &e->what, places, &plain);
		sha256_add(&e->state, e->lines.data + from, plain);
		sha256_add(&e->state, "}\n", 2);
		rc = end_line(e, from, c, err);
	}
	return rc;
}

/* Lines of errors, counted in ${roots}. */
static int emit_errors(
        struct emit *e, const struct tree_coll *c, struct tree_roots *roots, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->n_errors; i++) {
		size_t from = e->lines.len;

		catalog_put_error(&e->lines, &c->errors[i]);
		sha256_add(&e->state, e->lines.data + from, e->lines.len - from);
		rc = end_line(e, from, c, err);
	}
	roots->errors = c->n_errors;
	return rc;
}

/* All lines from head to end, and the roots over them. */
static int emit_catalog(struct emit *e, const struct tree_coll *c, bool places,
        struct tree_roots *roots, struct err *err)
{
	int rc;

	memset(roots, 0, sizeof *roots);
	roots->items = c->n_items;
	roots->gone = c->n_gone;
	for (size_t i = 0; i < c->n_items; i++)
		roots->bytes += c->items[i].size;
	buf_init(&e->lines, SIZE_MAX);
	buf_init(&e->what, SIZE_MAX);
	sha256_start(&e->state);
	catalog_put_head(&e->lines, c);
	sha256_add(&e->state, e->lines.data, e->lines.len);
	rc = end_line(e, 0, c, err);
	if (rc == 0)
		rc = emit_items(e, c, c->items, c->n_items, places, err);
	if (rc == 0)
		rc = emit_items(e, c, c->gone, c->n_gone, places, err);
	if (rc == 0)
		rc = emit_errors(e, c, roots, err);
	if (rc == 0) {
		sha256_end(&e->state, roots->state);
		catalog_content_root(c, roots->content);
		catalog_put_end(&e->lines, roots);
		rc = flush_lines(e, 0, err);
	}
	buf_clear(&e->lines);
	buf_clear(&e->what);
	return rc;
}

void catalog_roots(const struct tree_coll *c, struct tree_roots *out)
{
	struct emit e = {.write = NULL};

	(void)!emit_catalog(&e, c, false, out, NULL);
}

uint64_t catalog_lines(const struct tree_roots *r)
{
	return r->items + r->gone + r->errors + 2;
}

int catalog_write(const struct tree_coll *c, bool places, struct abouts *names, tree_write_fn write,
        void *ctx, struct tree_roots *roots_out, struct err *err)
{
	struct emit e = {.write = write, .ctx = ctx, .names = names};

	return emit_catalog(&e, c, places, roots_out, err);
}
