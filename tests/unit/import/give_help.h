#ifndef UNIT_IMPORT_GIVE_HELP_H
#define UNIT_IMPORT_GIVE_HELP_H

/*
 * A box that writes down what it gets, and a file in memory; included by tests of readers
 * instead of the engine's box.c.
 */
#include <stdlib.h>
#include <string.h>
#include "import/give.h"
#include "valise/base/mem.h"

struct import_box {
	struct buf item; /* its octets so far */
	struct {
		char *text, *path, *uid;
		size_t len;
	} items[2000];
	size_t n;
	struct buf said; /* "called NAME COLOR\n", "error TEXT\n", "note TEXT\n" */
	bool single;
	int fail_at; /* the item that the sink does not take, from 1; 0: it takes all */
};

int box_write(void *box, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(&((struct import_box *)box)->item, p, n);
	return 0;
}

int box_item(struct import_box *b, const struct import_item *it, struct err *err)
{
	if (b->fail_at && (size_t)b->fail_at == b->n + 1)
		return err_set(err, ERR_SPACE, ERR_WHOLE, "full");
	if (b->n < COUNT(b->items)) {
		b->items[b->n].len = b->item.len;
		b->items[b->n].text = buf_take(&b->item);
		b->items[b->n].path = xstrdup(it->path);
		b->items[b->n++].uid = xstrdup(it->uid);
	}
	buf_reset(&b->item);
	return 0;
}

void box_drop(struct import_box *b)
{
	buf_reset(&b->item);
}

void box_called(struct import_box *b, const char *name, const char *color, const char *about)
{
	buf_putf(&b->said, "called %s %s %s\n", name ? name : "-", color ? color : "-",
	        about ? about : "-");
}

void box_single(struct import_box *b)
{
	b->single = true;
}

void box_error(struct import_box *b, const char *shown, const char *reason)
{
	(void)shown;
	buf_putf(&b->said, "error %s\n", reason);
}

void box_note(struct import_box *b, const char *text)
{
	buf_putf(&b->said, "note %s\n", text);
}

static struct import_box *box_new(void)
{
	struct import_box *b = xcalloc(1, sizeof *b);

	buf_init(&b->item, SIZE_MAX);
	buf_init(&b->said, SIZE_MAX);
	return b;
}

static void box_free(struct import_box *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->items[i].text);
		free(b->items[i].path);
		free(b->items[i].uid);
	}
	buf_clear(&b->item);
	buf_clear(&b->said);
	free(b);
}

struct text_file {
	struct import_file file;
	const char *text;
	size_t len, pos, piece; /* piece: octets a read gives at most */
	bool damaged; /* its last read fails */
};

static int text_read(struct import_file *f, void *p, size_t n, size_t *got, struct err *err)
{
	struct text_file *t = f->ctx;

	*got = MIN(MIN(n, t->piece), t->len - t->pos);
	if (!*got && t->damaged)
		return err_set(err, ERR_DAMAGED, ERR_ITEM, "bad CRC");
	memcpy(p, t->text + t->pos, *got);
	t->pos += *got;
	return 0;
}

static void text_file(struct text_file *t, const char *text, size_t n, size_t piece)
{
	*t = (struct text_file){.file = {.shown = "f",
	                                .place = "f",
	                                .size = n,
	                                .mtime = INT64_MIN,
	                                .read = text_read,
	                                .ctx = t},
	        .text = text,
	        .len = n,
	        .piece = piece};
}

#endif
