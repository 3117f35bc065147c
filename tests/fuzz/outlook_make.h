/*
 * Whatever the octets of a calendar object or card are: they become an item, the same one each
 * time, which has one form as FastTransfer, and of which well-formed lines are made again.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/format/content.h"
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

/* False: it is no such object. */
static bool make(enum outlook_form form, struct spool *octets, struct buf *fx)
{
	struct outlook_make m = {
	        .form = form, .octets = octets, .date_utc = INT64_MIN, .lost = lost};
	struct err err = {0};
	struct bag *b;
	int rc = outlook_make(&m, &b, &err);

	if (rc < 0 && rc != ERR_PROTO && rc != ERR_LIMIT)
		abort();
	if (rc == 0 && fx_write(b, put, fx, &err) < 0)
		abort();
	bag_free(b);
	return rc == 0;
}

static void problem(void *ctx, enum content_problem what, const char *text)
{
	(void)ctx;
	(void)text;
	if (what == CONTENT_UNREADABLE || what == CONTENT_EMPTY || what == CONTENT_MALFORMED ||
	        what == CONTENT_NO_UID)
		abort();
}

/* ${ctx}: the octets that it was made of. */
static int take(void *ctx, struct bag *b, struct err *err)
{
	struct buf again = buf_of(SIZE_MAX), text = buf_of(SIZE_MAX);
	struct outlook_to to = {put, NULL, &text};
	struct outlook_made made;
	struct buf *fx = ctx;

	if (fx_write(b, put, &again, err) < 0 || again.len != fx->len ||
	        memcmp(again.data, fx->data, fx->len) != 0)
		abort();
	if (outlook_convert(b, &to, &made, err) < 0)
		abort();
	content_check(text.data, text.len, problem, NULL);
	outlook_made_clear(&made);
	buf_clear(&again);
	buf_clear(&text);
	bag_free(b);
	return 0;
}

static void look(enum outlook_form form, const uint8_t *data, size_t size)
{
	struct buf first = buf_of(SIZE_MAX), second = buf_of(SIZE_MAX);
	struct fx_reader *r = fx_reader_new(take, &first);
	struct spool octets;
	struct err err = {0};

	spool_init(&octets);
	if (spool_add(&octets, data, size, &err) < 0)
		abort();
	if (make(form, &octets, &first) != make(form, &octets, &second) ||
	        first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
	if (first.len && (fx_read(r, first.data, first.len, &err) < 0 || fx_read_end(r, &err) < 0))
		abort();
	fx_reader_free(r);
	spool_clear(&octets);
	buf_clear(&first);
	buf_clear(&second);
}
