/* A sink that keeps what is given in memory, and files that are texts: for tests of readers. */
#ifndef TEST_IMPORT_KEPT_H
#define TEST_IMPORT_KEPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "import/run.h"
#include "valise/base/mem.h"

struct tree_body {
	struct buf octets;
};
struct kept {
	struct tree_sink base;
	struct tree_body *list[64]; /* what was closed, in order */
	size_t n;
};

static int kept_prev(struct tree_sink *s, enum tree_prev which, enum coll_kind kind,
        const char *name, struct tree_coll **out, struct err *err)
{
	(void)s, (void)which, (void)kind, (void)name, (void)err;
	*out = NULL;
	return 0;
}

static int kept_open(
        struct tree_sink *s, enum coll_kind kind, struct tree_body **out, struct err *err)
{
	(void)s, (void)kind, (void)err;
	*out = xcalloc(1, sizeof **out);
	buf_init(&(*out)->octets, SIZE_MAX);
	return 0;
}

static int kept_write(struct tree_body *b, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(&b->octets, p, n);
	return 0;
}

static void kept_abort(struct tree_body *b)
{
	buf_clear(&b->octets);
	free(b);
}

/* The sink is not known here: the last one that a test made. */
static struct kept *kept_now;

static int kept_close(struct tree_body *b, struct tree_object *out, struct err *err)
{
	(void)err;
	sha256_of(b->octets.data, b->octets.len, out->sha256);
	out->size = b->octets.len;
	out->has_nul = false;
	assert_true(kept_now->n < COUNT(kept_now->list));
	kept_now->list[kept_now->n++] = b;
	return 0;
}

static int kept_item(
        struct tree_sink *s, struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	(void)s, (void)err;
	tree_coll_add(c, it);
	return 0;
}

/* A file that is a text, read a few octets at a time. */
struct text_file {
	struct import_file base;
	const char *text;
	size_t n, at, step;
	bool fails; /* at its end */
};

static int text_read(struct import_file *f, void *p, size_t n, size_t *got, struct err *err)
{
	struct text_file *t = (struct text_file *)f;

	*got = MIN(MIN(n, t->step), t->n - t->at);
	memcpy(p, t->text + t->at, *got);
	t->at += *got;
	return *got == 0 && t->fails ? err_set(err, ERR_IO, ERR_ITEM, "the disk is broken") : 0;
}

static int text_peek(
        struct import_file *f, void *p, size_t n, uint64_t off, size_t *got, struct err *err)
{
	struct text_file *t = (struct text_file *)f;

	(void)err;
	*got = off < t->n ? MIN(n, t->n - (size_t)off) : 0;
	memcpy(p, t->text + off, *got);
	return 0;
}

/* What a reader makes of a text: run.list has the collections, kept the octets. */
struct reading {
	struct kept kept;
	struct import_opts opts;
	struct progress progress;
	struct import_run run;
	struct import_box box;
	struct text_file file;
};

static inline void read_text(struct reading *r, const char *place, const char *text, size_t n,
        size_t step, int (*reader)(struct import_file *, struct import_box *, struct err *))
{
	static const struct tree_sink_ops ops = {.prev = kept_prev,
	        .body_open = kept_open,
	        .body_write = kept_write,
	        .body_close = kept_close,
	        .body_abort = kept_abort,
	        .item = kept_item};
	struct err err = {0};

	r->kept.base.ops = &ops;
	kept_now = &r->kept;
	progress_init(&r->progress);
	r->run = (struct import_run){
	        .opts = &r->opts, .sink = &r->kept.base, .progress = &r->progress, .path = 1};
	r->file.base = (struct import_file){.shown = place,
	        .place = place,
	        .size = n,
	        .mtime = INT64_MIN,
	        .read = text_read,
	        .peek = text_peek};
	r->file.text = text;
	r->file.n = n;
	r->file.at = 0;
	r->file.step = step;
	assert_int_equal(box_open(&r->box, &r->run, &r->file.base, COLL_MAIL, "Box", &err), 0);
	assert_int_equal(reader(&r->file.base, &r->box, &err), 0);
}

static inline void reading_clear(struct reading *r)
{
	box_close(&r->box);
	fill_clear(&r->run);
	for (size_t i = 0; i < r->kept.n; i++)
		kept_abort(r->kept.list[i]);
	memset(r, 0, sizeof *r);
}

#endif
