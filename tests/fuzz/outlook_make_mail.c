/*
 * Whatever the octets of a message are: they become an item, the same one each time, which has
 * one form as FastTransfer, and of which a message can be made again.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/format/mend.h"
#include "valise/outlook/fx.h"
#include "valise/outlook/make.h"

static int put(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(ctx, p, n);
	return 0;
}

static void lost(void *ctx, const char *what)
{
	(void)ctx;
	if (*what == '\0')
		abort();
}

static void make(struct spool *octets, struct buf *fx)
{
	struct outlook_make m = {.form = OUTLOOK_MAIL,
	        .octets = octets,
	        .flags = 5,
	        .keywords = "a $Forwarded &AOk-",
	        .date_utc = 1000000000,
	        .lost = lost};
	struct err err = {0};
	struct bag *b;

	if (outlook_make(&m, &b, &err) < 0 || fx_write(b, put, fx, &err) < 0)
		abort();
	bag_free(b);
}

static bool is_signed(struct bag *b)
{
	const char *class = bag_text(b, PidTagMessageClass);

	return class && strncmp(class, "IPM.Note.SMIME", 14) == 0;
}

/* A server finds nothing to mend. */
static void check(const struct buf *message)
{
	static const uint8_t no_cover[SHA256_LEN];
	struct mend *look = mend_new(MEND_ALL, no_cover);

	mend_look(look, message->data, message->len);
	if (mend_flaws(look))
		abort();
	mend_free(look);
}

/* ${ctx}: the octets that it was made of. */
static int take(void *ctx, struct bag *b, struct err *err)
{
	struct buf again = buf_of(SIZE_MAX), message = buf_of(SIZE_MAX);
	struct outlook_to to = {put, NULL, &message};
	struct outlook_made made;
	struct buf *fx = ctx;

	if (fx_write(b, put, &again, err) < 0 || again.len != fx->len ||
	        memcmp(again.data, fx->data, fx->len) != 0)
		abort();
	if (outlook_convert(b, &to, &made, err) < 0 || made.form != OUTLOOK_MAIL || made.flags != 5)
		abort();
	if (!is_signed(b))
		check(&message);
	outlook_made_clear(&made);
	buf_clear(&again);
	buf_clear(&message);
	bag_free(b);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = buf_of(SIZE_MAX), second = buf_of(SIZE_MAX);
	struct fx_reader *r = fx_reader_new(take, &first);
	struct spool octets;
	struct err err = {0};

	if (size > 1 << 20) {
		fx_reader_free(r);
		return 0;
	}
	spool_init(&octets);
	if (spool_add(&octets, data, size, &err) < 0)
		abort();
	make(&octets, &first);
	make(&octets, &second);
	if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
	if (fx_read(r, first.data, first.len, &err) < 0 || fx_read_end(r, &err) < 0)
		abort();
	fx_reader_free(r);
	spool_clear(&octets);
	buf_clear(&first);
	buf_clear(&second);
	return 0;
}
