/*
 * Linked files put into the resource that links to them. RFC 5545 3.8.1.1, RFC 2426
 * 3.1.4, RFC 6350 6.2.4.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "internal.h"

struct attaching {
	struct amending a;
	attach_fn fn;
	void *ctx;
	char version; /* of the card: '2', '3', '4' */
};

/* "JPEG": what the file shows by itself, or NULL. */
static const char *image_type(const struct buf *file)
{
	static const struct {
		const char *magic, *type;
	} known[] = {{"\xff\xd8\xff", "JPEG"}, {"\x89PNG\r\n", "PNG"}, {"GIF8", "GIF"}};

	for (size_t i = 0; i < COUNT(known); i++)
		if (file->len >= strlen(known[i].magic) &&
		        memcmp(file->data, known[i].magic, strlen(known[i].magic)) == 0)
			return known[i].type;
	return NULL;
}

/* What speaks of the link, not of the file. */
static bool is_of_link(const char *param)
{
	return text_in(param, "VALUE|ENCODING|MANAGED-ID");
}

/* ":data:TYPE;base64," (RFC 6350 has no ENCODING). */
static void put_data_url(const struct content_line *l, const char *image, struct buf *line)
{
	const char *type = content_param(l, "MEDIATYPE");

	buf_puts(line, ":data:");
	if (type)
		buf_puts(line, type);
	else if (image)
		buf_puts(line, "image/");
	else
		buf_puts(line, "application/octet-stream");
	for (; !type && image && *image; image++)
		buf_putc(line, (char)(*image | 0x20));
	buf_puts(line, ";base64,");
}

/* The line with the file as its value, in the form of its version. */
static void emit_file(struct attaching *t, const struct content_line *l, const struct buf *file)
{
	bool attach = strcmp(l->name, "ATTACH") == 0, v4 = !attach && t->version == '4';
	const char *image = image_type(file);
	char *base64 = base64_encode(file->data, file->len);
	struct buf line = buf_of(SIZE_MAX);

	amend_put_name(&line, l);
	for (size_t i = 0; i < l->n_params; i++)
		if (!is_of_link(l->params[i].name) &&
		        !(v4 && strcmp(l->params[i].name, "MEDIATYPE") == 0))
			amend_put_param(&line, l->params[i].name, l->params[i].value);
	if (v4) {
		put_data_url(l, image, &line);
	} else {
		if (!attach && image && !content_param(l, "TYPE"))
			amend_put_param(&line, "TYPE", image);
		buf_puts(&line, attach              ? ";ENCODING=BASE64;VALUE=BINARY:"
		                : t->version == '2' ? ";ENCODING=BASE64:"
		                                    : ";ENCODING=b:");
	}
	buf_puts(&line, base64);
	amend_emit(&t->a, &line);
	buf_clear(&line);
	free(base64);
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct attaching *t = ctx;
	struct buf url = buf_of(SIZE_MAX), file = buf_of(SIZE_MAX);
	int rc = 0;

	amend_copy_to(&t->a, l->offset);
	if (strcmp(l->name, "BEGIN") == 0)
		t->version = '3';
	else if (strcmp(l->name, "VERSION") == 0 && l->value_len)
		t->version = l->value[0];
	if (content_link(l, &url)) {
		struct attach_link link = {.url = buf_str(&url),
		        .name = content_param(l, "FILENAME"),
		        .type = content_param(l, "FMTTYPE"),
		        .main = l->depth == 2 && strcmp(l->name, "ATTACH") == 0};

		rc = t->fn(t->ctx, &link, &file, err);
	}
	if (rc == 1)
		emit_file(t, l, &file);
	t->a.drop = rc > 0;
	buf_clear(&url);
	buf_clear(&file);
	return rc > 0 ? 0 : rc;
}

/* Hand out what has changed: 1 it has, 0 not, or an error. */
static int end_attach(struct amending *a, int rc, struct buf *out)
{
	if (rc == 0 && a->changed)
		buf_put(out, a->out->data, a->out->len);
	buf_clear(a->out);
	return rc < 0 ? rc : a->changed;
}

int content_attach(
        const void *p, size_t n, attach_fn fn, void *ctx, struct buf *out, struct err *err)
{
	struct buf all = buf_of(SIZE_MAX);
	struct attaching t = {
	        .a = {.p = p ? p : "", .n = p ? n : 0, .out = &all}, .fn = fn, .ctx = ctx};

	return end_attach(&t.a, amend_scan(&t.a, on_line, &t, err), out);
}

struct managing {
	struct amending a;
	bool (*fn)(void *ctx, const char *filename, const char *size);
	void *ctx;
};

static int on_managed(void *ctx, const struct content_line *l, struct err *err)
{
	struct managing *m = ctx;

	(void)err;
	amend_copy_to(&m->a, l->offset);
	m->a.drop = l->depth == 2 && strcmp(l->name, "ATTACH") == 0 &&
	            content_param(l, "MANAGED-ID") &&
	            m->fn(m->ctx, content_param(l, "FILENAME"), content_param(l, "SIZE"));
	return 0;
}

int content_managed(const void *p, size_t n,
        bool (*fn)(void *ctx, const char *filename, const char *size), void *ctx, struct buf *out,
        struct err *err)
{
	struct buf all = buf_of(SIZE_MAX);
	struct managing m = {
	        .a = {.p = p ? p : "", .n = p ? n : 0, .out = &all}, .fn = fn, .ctx = ctx};

	return end_attach(&m.a, amend_scan(&m.a, on_managed, &m, err), out);
}
