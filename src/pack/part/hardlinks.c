/*
 * Tar of hard links: POSIX.1-1988 ustar, with a pax header (POSIX.1-2001) where a path
 * does not fit. Written by hand, for libarchive's writer translates names by the locale,
 * and the same collection must give the same bytes everywhere.
 */
#include "hardlinks.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "tarhead.h"

#define NAME_LEN 100
#define PREFIX_LEN 155

static int put_dir(const char *path, links_fn fn, void *ctx, struct err *err)
{
	struct links_entry e = {.type = LINKS_DIR, .path = path};

	return fn(ctx, &e, err);
}

/*
 * mail/, mail/INBOX/, mail/INBOX/Work/: every parent, for the tars are unpacked in any
 * order.
 */
static int walk_dirs(const struct tree_coll *c, links_fn fn, void *ctx, struct err *err)
{
	static const char *const boxes[] = {"cur", "new", "tmp"};
	bool has_boxes = c->kind == COLL_MAIL && (!(c->attrs & ATTR_NOSELECT) || c->n_items > 0);
	char *path = xstrdup(c->path);
	int rc = 0;

	for (char *p = strchr(path, '/'); p && rc == 0; p = strchr(p + 1, '/')) {
		*p = '\0';
		rc = put_dir(path, fn, ctx, err);
		*p = '/';
	}
	if (rc == 0)
		rc = put_dir(path, fn, ctx, err);
	for (unsigned i = 0; i < 3 && rc == 0 && has_boxes; i++) {
		char *box = xasprintf("%s/%s", path, boxes[i]);

		rc = put_dir(box, fn, ctx, err);
		free(box);
	}
	free(path);
	return rc;
}

/* A small file, unless it is empty or too large. */
static int put_file(const struct tree_coll *c, const char *name, const char *data, links_fn fn,
        void *ctx, struct err *err)
{
	struct links_entry e = {.type = LINKS_FILE, .data = data};
	char *path;
	int rc;

	if (!data || !*data || strlen(data) > LINKS_FILE_MAX)
		return 0;
	path = xasprintf("%s/%s", c->path, name);
	e.path = path;
	rc = fn(ctx, &e, err);
	free(path);
	return rc;
}

/* What a vdir says of itself. */
static int walk_files(const struct tree_coll *c, links_fn fn, void *ctx, struct err *err)
{
	char *name, *color;
	int rc;

	if (c->kind == COLL_MAIL)
		return 0;
	tree_coll_vdir(c, &name, &color);
	rc = put_file(c, "displayname", name, fn, ctx, err);
	if (rc == 0)
		rc = put_file(c, "color", color, fn, ctx, err);
	free(name);
	free(color);
	return rc;
}

int links_walk(const struct tree_coll *c, links_fn fn, void *ctx, struct err *err)
{
	struct buf path;
	int rc;

	if (c->attrs & ATTR_GONE) /* it is in no tree */
		return 0;
	rc = walk_dirs(c, fn, ctx, err);

	if (rc == 0)
		rc = walk_files(c, fn, ctx, err);
	buf_init(&path, SIZE_MAX);
	for (size_t i = 0; i < c->n_items && rc == 0; i++) {
		char target[OBJECT_NAME_SIZE];
		struct links_entry e = {.type = LINKS_LINK, .target = target};

		tree_object_name(c->kind, c->items[i].sha256, target);
		buf_reset(&path);
		tree_item_path(c, &c->items[i], &path);
		e.path = buf_str(&path);
		rc = fn(ctx, &e, err);
	}
	buf_clear(&path);
	return rc;
}

/* The path as name, or as prefix and name split at a slash. */
static bool put_path(char block[TAR_BLOCK], const char *path)
{
	size_t n = strlen(path);

	if (n <= NAME_LEN) {
		memcpy(block, path, n);
		return true;
	}
	for (size_t i = n - NAME_LEN - 1; i < n && i <= PREFIX_LEN; i++) {
		if (path[i] != '/' || i == 0 || i + 1 == n)
			continue;
		memcpy(block + 345, path, i);
		memcpy(block, path + i + 1, n - i - 1);
		return true;
	}
	return false;
}

/* Beside what every header has, the device of a link or directory is written out as 0. */
static void put_header(struct buf *out, const char *path, char type, unsigned mode, size_t size,
        const char *target)
{
	uint8_t block[TAR_BLOCK] = {0};

	/* the pax header before it says it whole */
	if (!put_path((char *)block, path))
		memcpy(block, path, NAME_LEN);
	tar_put_fixed(block, mode, size, type);
	if (target)
		memcpy(block + 157, target, strlen(target));
	memset(block + 329, '0', 7);
	memset(block + 337, '0', 7);
	tar_put_checksum(block);
	buf_put(out, block, TAR_BLOCK);
}

/* Padded to a block. */
static void put_data(struct buf *out, const char *data, size_t n)
{
	static const char zeros[TAR_BLOCK];

	buf_put(out, data, n);
	buf_put(out, zeros, (size_t)tar_padding(n));
}

/* "LEN path=VALUE\n", where LEN counts itself. */
static void put_pax(struct buf *out, const char *path)
{
	size_t body = strlen(" path=\n") + strlen(path), n = body + 1;
	char *record;

	while (n < body + (size_t)snprintf(NULL, 0, "%zu", n))
		n++;
	record = xasprintf("%zu path=%s\n", n, path);
	put_header(out, "pax_header", 'x', 0600, n, NULL);
	put_data(out, record, n);
	free(record);
}

/* An entry, after a pax header where its path does not fit. */
static void put_entry(struct buf *out, const struct links_entry *e)
{
	char *path = e->type == LINKS_DIR ? xasprintf("%s/", e->path) : xstrdup(e->path);
	size_t n = e->type == LINKS_FILE ? strlen(e->data) : 0;
	char test[TAR_BLOCK];

	if (!put_path(test, path))
		put_pax(out, path);
	if (e->type == LINKS_DIR)
		put_header(out, path, '5', 0700, 0, NULL);
	else if (e->type == LINKS_LINK)
		put_header(out, path, '1', 0600, 0, e->target);
	else
		put_header(out, path, '0', 0600, n, NULL);
	if (n)
		put_data(out, e->data, n);
	free(path);
}

struct writer {
	tree_write_fn write;
	void *ctx;
	struct buf buf;
	uint64_t entries;
};

/* The links_fn of links_write. */
static int write_entry(void *ctx, const struct links_entry *e, struct err *err)
{
	struct writer *w = ctx;

	buf_reset(&w->buf);
	put_entry(&w->buf, e);
	w->entries++;
	return w->write(w->ctx, w->buf.data, w->buf.len, err);
}

int links_write(const struct tree_coll *c, tree_write_fn write, void *ctx, uint64_t *entries_out,
        struct err *err)
{
	static const char end[TAR_END];
	struct writer w = {.write = write, .ctx = ctx};
	int rc;

	buf_init(&w.buf, SIZE_MAX);
	rc = links_walk(c, write_entry, &w, err);
	if (rc == 0)
		rc = write(ctx, end, sizeof end, err);
	buf_clear(&w.buf);
	*entries_out = w.entries;
	return rc;
}
