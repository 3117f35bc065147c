/*
 * A multistatus of a hostile server: whatever comes of it is UTF-8, stands alone, and is
 * the same however the network cuts it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/dav/internal.h"
#include "valise/base/escape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BASE "https://dav.example/a/"

static void note(struct buf *out, const char *s)
{
	if (!s)
		return;
	if (!utf8_valid(s, strlen(s)))
		abort();
	buf_put(out, s, strlen(s) + 1);
}

static int take(void *ctx, struct dav_response *r, struct err *err)
{
	char **list;
	size_t n;

	(void)err;
	note(ctx, r->href);
	note(ctx, r->url);
	note(ctx, r->error);
	for (size_t i = 0; i < r->n_props; i++) {
		const struct dav_prop *p = &r->props[i];

		note(ctx, p->name);
		note(ctx, p->xml);
		note(ctx, p->text);
		if (!dav_scan(p->xml, NULL, NULL))
			abort();
		n = dav_prop_hrefs(r, p->name, BASE, &list);
		while (n)
			free(list[--n]);
		free(list);
	}
	if (r->data)
		buf_put(ctx, r->data, r->data_len);
	return 0;
}

static int run(const uint8_t *data, size_t size, size_t step, bool repair, struct buf *out)
{
	struct dav_parser *p = dav_parser_new(BASE, take, out, repair ? DAV_MENDS : 0);
	struct dav_answer a = {0};
	int rc = 0;

	for (size_t off = 0; rc == 0 && off < size; off += step)
		rc = dav_parser_feed(p, data + off, step < size - off ? step : size - off, NULL);
	if (rc == 0)
		rc = dav_parser_end(p, NULL);
	dav_parser_take(p, &a);
	note(out, a.error);
	note(out, a.error_text);
	note(out, a.sync_token);
	dav_answer_clear(&a);
	dav_parser_free(p);
	return rc;
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, cut, strict;
	int rc = 0, first;

	buf_init(&whole, 100 * size + 100000);
	buf_init(&cut, 100 * size + 100000);
	buf_init(&strict, 100 * size + 100000);
	for (int repair = 0; repair < 2; repair++) {
		buf_reset(&whole);
		buf_reset(&cut);
		first = run(data, size, size ? size : 1, repair, &whole);
		if (first != run(data, size, 13, repair, &cut) ||
		        (first == 0 && !same(&whole, &cut)))
			abort();
		/* What is well-formed is not touched. */
		if (repair && rc == 0 && (first != 0 || !same(&whole, &strict)))
			abort();
		rc = first;
		if (!repair)
			buf_put(&strict, whole.data, whole.len);
	}
	buf_clear(&whole);
	buf_clear(&cut);
	buf_clear(&strict);
	return 0;
}
