/*
 * A content synchronization in pieces of any size: the same items, ids and state come of it,
 * and each item has one form.
 */
#include "../unit/outlook/make.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_total(void *ctx, uint64_t items, uint64_t octets, struct err *err)
{
	(void)err;
	buf_putf(ctx, "total %ju %ju\n", (uintmax_t)items, (uintmax_t)octets);
	return 0;
}

static int on_change(void *ctx, const struct fx_change *c, struct bag *b, struct err *err)
{
	int rc = 0;

	buf_putf(ctx, "%jx %ju %s\n", (uintmax_t)c->mid, (uintmax_t)c->size,
	        c->broken ? c->broken : "");
	buf_put(ctx, c->source_key, c->n_source_key);
	buf_put(ctx, c->change_key, c->n_change_key);
	if (!b != !!c->broken)
		abort();
	if (b) {
		fx_forget_place(b);
		rc = fx_write(b, make_put, ctx, err);
	}
	bag_free(b);
	return rc;
}

static int on_ids(void *ctx, enum fx_ids what, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_putf(ctx, "ids %d\n", (int)what);
	buf_put(ctx, p, n);
	return 0;
}

static int on_state(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_puts(ctx, "state\n");
	buf_put(ctx, p, n);
	return 0;
}

static void read_once(const uint8_t *p, size_t n, size_t piece, struct buf *out)
{
	const struct fx_visit visit = {out, on_total, on_change, on_ids, on_state};
	struct fx_sync *s = fx_sync_new(&visit);
	struct err err;
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < n; at += piece)
		rc = fx_sync_read(s, p + at, MIN(piece, n - at), &err);
	if (rc == 0)
		rc = fx_sync_end(s, &err);
	buf_putf(out, "%d", rc);
	fx_sync_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = buf_of(64 << 20), second = buf_of(64 << 20);

	if (size > 1 << 20)
		return 0;
	read_once(data, size, size ? 1 + data[0] % 90u : 1, &first);
	read_once(data, size, 65536, &second);
	if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
	buf_clear(&first);
	buf_clear(&second);
	return 0;
}
