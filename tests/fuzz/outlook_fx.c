/*
 * FastTransfer in pieces of any size: each message that comes of it has one form, which reads
 * as itself.
 */
#include "../unit/outlook/make.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int keep_octets(void *ctx, struct bag *b, struct err *err)
{
	int rc = fx_write(b, make_put, ctx, err);

	bag_text(b, PidTagSubject);
	bag_text_at(b, PidNameKeywords, 1);
	free(make_shown(b));
	bag_free(b);
	return rc;
}

static void read_once(const uint8_t *p, size_t n, size_t piece, struct buf *out)
{
	struct fx_reader *r = fx_reader_new(keep_octets, out);
	struct err err;
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < n; at += piece)
		rc = fx_read(r, p + at, MIN(piece, n - at), &err);
	fx_reader_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = buf_of(16 << 20), second = buf_of(16 << 20), third = buf_of(16 << 20);

	if (size > 1 << 20)
		return 0;
	read_once(data, size, size ? 1 + data[0] % 90u : 1, &first);
	read_once(data, size, 65536, &second);
	if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
	read_once(first.data, first.len, 13, &third);
	if (first.len != third.len || memcmp(first.data, third.data, first.len) != 0)
		abort();
	buf_clear(&first);
	buf_clear(&second);
	buf_clear(&third);
	return 0;
}
