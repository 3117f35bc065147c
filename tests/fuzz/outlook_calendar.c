/*
 * Whatever a bag has, it becomes one calendar object of well-formed lines, twice the same: folded,
 * in UTF-8 without controls; so does an invitation.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/format/content.h"
#include "valise/outlook/convert.h"
#include "valise/outlook/fx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int put(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(ctx, p, n);
	return 0;
}

static void lost(void *ctx, const char *what)
{
	(void)ctx;
	if (!*what)
		abort();
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	(void)err;
	if (l->depth > 3 || (strcmp(l->value, "VCALENDAR") == 0 && ++*(unsigned *)ctx > 2))
		abort();
	return 0;
}

static void check_octets(const struct buf *object)
{
	size_t column = 0;
	unsigned wrong, ends = 0;
	struct err err;

	if (!utf8_valid(buf_str(object), object->len))
		abort();
	for (size_t i = 0; i < object->len; i++) {
		uint8_t c = object->data[i];

		if (c == '\r') {
			if (column > 75 || object->data[++i] != '\n')
				abort();
			column = 0;
		} else if ((c < 0x20 && c != '\t') || c == 0x7f) {
			abort();
		} else {
			column++;
		}
	}
	if (content_read(object->data, object->len, on_line, &ends, &wrong, &err) == 0 &&
	        (wrong || ends != 2))
		abort();
}

static void convert(struct bag *b, struct buf *out)
{
	struct outlook_to to = {put, lost, out};
	struct outlook_made made = {0};
	struct err err;
	const char *method = NULL;
	bool is;

	if (outlook_calendar(b, &to, &made, &err) == 0 && !made.uid)
		abort();
	outlook_made_clear(&made);
	check_octets(out);
	buf_reset(out);
	if (outlook_invitation(b, &to, &method, &is, &err) == 0 && is) {
		if (!method)
			abort();
		check_octets(out);
	}
	buf_reset(out);
	if (outlook_calendar(b, &to, &made, &err) < 0)
		abort();
	outlook_made_clear(&made);
}

static int on_message(void *ctx, struct bag *b, struct err *err)
{
	struct buf first = buf_of(256 << 20), second = buf_of(256 << 20);

	(void)ctx;
	(void)err;
	convert(b, &first);
	convert(b, &second);
	if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
	buf_clear(&first);
	buf_clear(&second);
	bag_free(b);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fx_reader *r;
	struct err err;

	if (size > 1 << 20)
		return 0;
	r = fx_reader_new(on_message, NULL);
	if (fx_read(r, data, size, &err) == 0 && fx_read_end(r, &err) < 0)
		err.text[0] = '\0';
	fx_reader_free(r);
	return 0;
}
