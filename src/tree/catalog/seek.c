/* One item of a mail catalog, without the rest of it. */
#include <stdlib.h>
#include <string.h>
#include "internal.h"
#include "valise/base/mem.h"

/* What is looked for, and what is known of the catalog so far. */
struct seek {
	catalog_piece_fn piece;
	void *ctx;
	uint32_t uid;
	struct tree_coll *coll; /* line 1 */
	size_t head_len; /* of it with its LF: what the first piece begins with */
	struct buf text;
};

static int fail_seek(const char *what, struct err *err)
{
	return err_set(err, ERR_DAMAGED, ERR_COLLECTION, "catalog: %s", what);
}

/* The lines of piece ${i} but line 1. */
static int get_lines(struct seek *k, size_t i, const char **p_out, size_t *n_out, struct err *err)
{
	size_t skip = i == 0 ? k->head_len : 0;
	int rc = k->piece(k->ctx, i, p_out, n_out, err);

	if (rc < 0)
		return rc;
	if (*n_out < skip || (*n_out && (*p_out)[*n_out - 1] != '\n'))
		return fail_seek("a member does not end with a line", err);
	*p_out += skip;
	*n_out -= skip;
	return 0;
}

static int read_head(struct seek *k, struct err *err)
{
	const char *p, *lf;
	size_t n;
	int rc = k->piece(k->ctx, 0, &p, &n, err);

	if (rc < 0)
		return rc;
	lf = memchr(p, '\n', n);
	if (!lf)
		return fail_seek("it has no line", err);
	k->head_len = (size_t)(lf - p) + 1;
	return catalog_parse_head(p, k->head_len - 1, &k->coll, err);
}

/*
 * The next line at *p_out, which goes on behind it, as the last item of ${into}; *item_out:
 * it is an item that the server shows.
 */
static int take_line(struct seek *k, struct tree_coll *into, const char **p_out, const char *end,
        bool *item_out, struct err *err)
{
	const char *p = *p_out, *lf = memchr(p, '\n', (size_t)(end - p));
	struct line_parts parts;
	struct tree_roots roots;
	size_t before = into->n_items;

	*p_out = lf + 1; /* there is one: the piece ends with it */
	if (!catalog_scan_line(p, (size_t)(lf - p), into, &k->text, &parts) &&
	        !catalog_scan_end(p, (size_t)(lf - p), &roots, &k->text))
		return fail_seek("a line is not as it must be", err);
	*item_out = into->n_items > before;
	return 0;
}

/* Does the piece begin with an item whose UID is not above the one that is looked for? */
static int begins_before(struct seek *k, size_t i, bool *out, struct err *err)
{
	struct tree_coll *c = tree_coll_like(k->coll);
	const char *p;
	size_t n;
	int rc = get_lines(k, i, &p, &n, err);

	*out = false;
	if (rc == 0 && n)
		rc = take_line(k, c, &p, p + n, out, err);
	if (rc == 0 && *out)
		*out = c->items[0].uid <= k->uid;
	tree_coll_free(c);
	return rc;
}

/* The item among the lines of piece ${i}, if it is there, into ${k}->coll. */
static int look_in(struct seek *k, size_t i, struct err *err)
{
	struct tree_coll *c = tree_coll_like(k->coll);
	bool item = true;
	const char *p, *end;
	size_t n;
	int rc = get_lines(k, i, &p, &n, err);

	end = rc == 0 ? p + n : NULL;
	while (rc == 0 && item && p < end) {
		rc = take_line(k, c, &p, end, &item, err);
		if (rc == 0 && item && c->items[c->n_items - 1].uid >= k->uid)
			break;
	}
	if (rc == 0 && c->n_items && c->items[c->n_items - 1].uid == k->uid) {
		struct tree_item it;

		tree_item_copy(k->coll, c, &c->items[c->n_items - 1], &it);
		tree_coll_add(k->coll, &it);
	}
	tree_coll_free(c);
	return rc;
}

int catalog_find_uid(catalog_piece_fn piece, void *ctx, size_t n, uint32_t uid,
        struct tree_coll **out, struct err *err)
{
	struct seek k = {.piece = piece, .ctx = ctx, .uid = uid, .text = buf_of(CATALOG_LINE_MAX)};
	size_t low = 0, high = n; /* it is in none from high on, and in none before low */
	int rc = n ? read_head(&k, err) : fail_seek("it is empty", err);

	*out = NULL;
	while (rc == 0 && high - low > 1) {
		size_t middle = low + (high - low) / 2;
		bool before;

		rc = begins_before(&k, middle, &before, err);
		if (rc == 0 && before)
			low = middle;
		else
			high = middle;
	}
	if (rc == 0)
		rc = look_in(&k, low, err);
	buf_clear(&k.text);
	if (rc == 0)
		*out = k.coll;
	else
		tree_coll_free(k.coll);
	return rc;
}
