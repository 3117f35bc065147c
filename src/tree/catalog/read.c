/* A catalog read: its lines parsed, their order and roots checked. */
#include "internal.h"
#include "valise/tree/words.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

#define CHUNK (128u << 10)

/* Lines of a stream: each is lent until the next. */
struct lines {
	tree_read_fn read;
	void *ctx;
	struct buf data;
	size_t at; /* bytes of data that were given out */
	bool end;
	uint64_t count; /* lines given out */
};

/* Read on, until a piece is there or the end. */
static int fill_lines(struct lines *l, struct err *err)
{
	uint8_t chunk[8192];
	size_t got, sum = 0;
	int rc = 0;

	buf_drop(&l->data, l->at);
	l->at = 0;
	while (rc == 0 && !l->end && sum < CHUNK) {
		rc = l->read(l->ctx, chunk, sizeof chunk, &got, err);
		if (rc != 0 || got == 0) {
			l->end = true;
			break;
		}
		sum += got;
		if (buf_add(&l->data, chunk, got) != 0)
			rc = err_set(err, ERR_LIMIT, ERR_COLLECTION,
			        "catalog line %llu is longer than the %u bytes allowed",
			        (unsigned long long)l->count + 1, CATALOG_LINE_MAX);
	}
	return rc;
}

/* The next line without its LF; *line_out NULL at the end. */
static int next_line(struct lines *l, const char **line_out, size_t *n_out, struct err *err)
{
	size_t seen = 0;

	*line_out = NULL;
	for (;;) {
		const char *from = buf_str(&l->data) + l->at;
		size_t have = l->data.len - l->at;
		const char *lf = have > seen ? memchr(from + seen, '\n', have - seen) : NULL;

		if (lf) {
			*line_out = from;
			*n_out = (size_t)(lf - from);
			l->at += *n_out + 1;
			l->count++;
			return 0;
		}
		if (l->end && have > 0)
			return err_set(err, ERR_DAMAGED, ERR_COLLECTION,
			        "catalog line %llu is cut short", (unsigned long long)l->count + 1);
		if (l->end)
			return 0;
		seen = have;
		int rc = fill_lines(l, err);
		if (rc != 0)
			return rc;
	}
}

static int fail_line(const struct lines *l, const char *what, struct err *err)
{
	return err_set(err, ERR_DAMAGED, ERR_COLLECTION, "catalog line %llu %s",
	        (unsigned long long)l->count, what);
}

static bool last_in_order(const struct tree_coll *c, const struct tree_item *items, size_t n)
{
	return n < 2 || item_full_order(c, &items[n - 2], &items[n - 1]) <= 0;
}

struct count {
	size_t items, gone;
};

/* What an item or error line must be in its place. */
static int check_order(const struct lines *l, const struct tree_coll *c, const struct count *before,
        struct err *err)
{
	bool good;

	if (c->n_items > before->items || c->n_gone > before->gone) {
		if (c->n_errors > 0)
			return fail_line(l, "is an item after errors", err);
		if (c->n_items > before->items && c->n_gone > 0)
			return fail_line(l, "is an item after those that are gone", err);
		good = c->n_gone > 0 ? last_in_order(c, c->gone, c->n_gone)
		                     : last_in_order(c, c->items, c->n_items);
	} else {
		good = c->n_errors < 2 ||
		       error_order(&c->errors[c->n_errors - 2], &c->errors[c->n_errors - 1]) <= 0;
	}
	return good ? 0 : fail_line(l, "is out of order", err);
}

/* A number that two items of one path have in common. */
static uint64_t place_hash(const struct tree_coll *c, const struct tree_item *it)
{
	const struct tree_ext *e = c->kind == COLL_MAIL ? NULL : tree_item_ext(c, it);
	uint64_t h = it->dup;

	if (c->kind == COLL_MAIL)
		memcpy(&h, it->sha256, sizeof h);
	for (const char *p = e && e->path ? e->path : ""; *p; p++)
		h = h * 31 + (unsigned char)*p;
	return (h + it->dup) * UINT64_C(0x9e3779b97f4a7c15) >> 16;
}

/* No two items may have one path: by hand, and in a tree, one of them would be lost. */
static bool paths_differ(const struct tree_coll *c)
{
	size_t n = c->n_items + c->n_gone, size = 2 * n + 1;
	uint32_t *slots = xcalloc(size, sizeof *slots);
	bool differ = true;

	for (size_t i = 0; i < n && differ; i++) {
		const struct tree_item *it = tree_coll_any(c, i);
		size_t at = place_hash(c, it) % size;

		for (; differ && slots[at]; at = (at + 1) % size)
			differ = item_place_order(c, tree_coll_any(c, slots[at] - 1), c, it);
		slots[at] = (uint32_t)i + 1;
	}
	free(slots);
	return differ;
}

/* Counts and roots as the end line says, and no path twice. */
static int check_end(const struct lines *l, const struct tree_coll *c,
        const struct tree_roots *said, const uint8_t state[SHA256_LEN], struct err *err)
{
	uint8_t content[SHA256_LEN];
	uint64_t bytes = 0;

	for (size_t i = 0; i < c->n_items; i++)
		bytes += c->items[i].size;
	if (said->items != c->n_items || said->errors != c->n_errors || said->bytes != bytes ||
	        said->gone != c->n_gone)
		return fail_line(l, "has other counts than the lines before it", err);
	if (memcmp(said->state, state, SHA256_LEN) != 0)
		return fail_line(l, "has another state root than the lines before it", err);
	if (!paths_differ(c))
		return fail_line(l, "ends a catalog in which two items have one path", err);
	catalog_content_root(c, content);
	if (memcmp(said->content, content, SHA256_LEN) != 0)
		return fail_line(l, "has another content root than the lines before it", err);
	return 0;
}

/* What names the item that was read last, if its line says it. */
static int keep_name(struct abouts *names, const struct tree_coll *c,
        const struct line_parts *parts, struct err *err)
{
	const struct tree_item *it =
	        c->n_gone > 0 ? &c->gone[c->n_gone - 1] : &c->items[c->n_items - 1];

	return abouts_add(names, c->kind, it->sha256, parts->what, parts->what_len, err);
}

/* Everything after line 1. */
static int read_lines(struct lines *l, struct tree_coll *c, struct sha256 *state, bool check,
        struct abouts *names, struct tree_roots *roots, struct buf *text, struct err *err)
{
	uint8_t sum[SHA256_LEN];

	for (;;) {
		struct count before = {c->n_items, c->n_gone};
		struct line_parts parts;
		size_t n;
		const char *line;
		int rc = next_line(l, &line, &n, err);

		if (rc != 0)
			return rc;
		if (!line)
			return err_set(err, ERR_DAMAGED, ERR_COLLECTION,
			        "the catalog ends after line %llu, without its end line",
			        (unsigned long long)l->count);
		if (catalog_scan_end(line, n, roots, text))
			break;
		if (!catalog_scan_line(line, n, c, text, &parts))
			return fail_line(l, "is not a catalog line", err);
		rc = check_order(l, c, &before, err);
		if (rc == 0 && names && parts.what_len > 0)
			rc = keep_name(names, c, &parts, err);
		if (rc != 0)
			return rc;
		sha256_add(state, line, parts.plain_len);
		sha256_add(state, "}\n", 2);
	}
	sha256_end(state, sum);
	return check ? check_end(l, c, roots, sum, err) : 0;
}

int catalog_read_as(tree_read_fn read, void *ctx, bool check, struct abouts *names,
        struct tree_coll **out, struct tree_roots *roots_out, struct err *err)
{
	struct lines l = {.read = read, .ctx = ctx};
	struct tree_roots roots;
	struct tree_coll *c = NULL;
	struct sha256 state;
	struct buf text;
	const char *line;
	size_t n;
	int rc;

	*out = NULL;
	buf_init(&l.data, CATALOG_LINE_MAX + 2 * CHUNK);
	buf_init(&text, SIZE_MAX); /* no longer than the line */
	rc = next_line(&l, &line, &n, err);
	if (rc == 0 && !line)
		rc = err_set(err, ERR_DAMAGED, ERR_COLLECTION, "the catalog is empty");
	if (rc == 0)
		rc = catalog_parse_head(line, n, &c, err);
	if (rc != 0)
		goto out;
	sha256_start(&state);
	sha256_add(&state, line, n);
	sha256_add(&state, "\n", 1);
	rc = read_lines(&l, c, &state, check, names, &roots, &text, err);
	if (rc == 0)
		rc = next_line(&l, &line, &n, err);
	if (rc == 0 && line)
		rc = fail_line(&l, "stands after the end line", err);
	if (rc == 0) {
		if (roots_out)
			*roots_out = roots;
		*out = c;
		c = NULL;
	}
out:
	buf_clear(&text);
	buf_clear(&l.data);
	tree_coll_free(c);
	return rc;
}

int catalog_read_head(tree_read_fn read, void *ctx, struct tree_coll **out, struct err *err)
{
	struct lines l = {.read = read, .ctx = ctx};
	const char *line;
	size_t n;
	int rc;

	*out = NULL;
	buf_init(&l.data, CATALOG_LINE_MAX + 2 * CHUNK);
	rc = next_line(&l, &line, &n, err);
	if (rc == 0 && !line)
		rc = err_set(err, ERR_DAMAGED, ERR_COLLECTION, "the catalog is empty");
	if (rc == 0)
		rc = catalog_parse_head(line, n, out, err);
	buf_clear(&l.data);
	return rc;
}

int catalog_read(tree_read_fn read, void *ctx, struct abouts *names, struct tree_coll **out,
        struct tree_roots *roots_out, struct err *err)
{
	return catalog_read_as(read, ctx, true, names, out, roots_out, err);
}
