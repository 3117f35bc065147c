/*
 * Whatever a bag has, it becomes one card of well-formed lines, twice the same: folded, in UTF-8
 * without controls, and nothing in it ends it early.
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
	if (l->depth > 1 || (strcmp(l->name, "BEGIN") == 0 && ++*(unsigned *)ctx > 1))
		abort();
	return 0;
}

static void check_octets(const struct buf *card)
{
	size_t column = 0;

	if (!utf8_valid(buf_str(card), card->len))
		abort();
	for (size_t i = 0; i < card->len; i++) {
		uint8_t c = card->data[i];

		if ((c < 0x20 && c != '\r' && c != '\n' && c != '\t') || c == 0x7f)
			abort();
		column = c == '\n' ? 0 : column + 1;
		if (column > 76)
			abort();
	}
}

static int on_item(void *ctx, struct bag *b, struct err *err)
{
	struct buf card = buf_of(SIZE_MAX), again = buf_of(SIZE_MAX);
	struct outlook_to to = {put, lost, &card};
	struct outlook_made made;
	unsigned begun = 0, wrong;

	(void)ctx;
	if (outlook_contact(b, &to, &made, err) < 0 || !made.uid)
		abort();
	outlook_made_clear(&made);
	to.ctx = &again;
	if (outlook_contact(b, &to, &made, err) < 0)
		abort();
	outlook_made_clear(&made);
	if (card.len != again.len || memcmp(card.data, again.data, card.len) != 0)
		abort();
	check_octets(&card);
	if (content_read(card.data, card.len, on_line, &begun, &wrong, err) < 0 || wrong || !begun)
		abort();
	outlook_homeless(b, lost, NULL);
	buf_clear(&card);
	buf_clear(&again);
	bag_free(b);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fx_reader *r = fx_reader_new(on_item, NULL);
	struct err err = {0};

	if (fx_read(r, data, size, &err) == 0 && fx_read_end(r, &err) < 0 && !err.text[0])
		abort();
	fx_reader_free(r);
	return 0;
}
