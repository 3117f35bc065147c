/* TNEF of any kind, in pieces of any size: the same bag, which has one form as octets. */
#include "../unit/outlook/make.h"
#include "valise/outlook/tnef.h"

struct octets {
	const uint8_t *p;
	size_t n, piece;
};

static int give(void *ctx, void *p, size_t n, size_t *got, struct err *err)
{
	struct octets *o = ctx;

	(void)err;
	*got = MIN(MIN(n, o->piece), o->n);
	memcpy(p, o->p, *got);
	o->p += *got;
	o->n -= *got;
	return 0;
}

static int read_once(const uint8_t *p, size_t n, size_t piece, struct buf *out)
{
	struct octets o = {p, n, piece};
	struct err err = {0};
	struct bag *b;
	int rc = tnef_read(give, &o, &b, out, &err);

	if (rc < 0)
		return rc;
	make_fx(b, out);
	free(make_shown(b));
	bag_free(b);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = buf_of(16 << 20), second = buf_of(16 << 20);

	if (size > 1 << 20)
		return 0;
	if (read_once(data, size, size ? 1 + data[size - 1] % 90u : 1, &first) !=
	                read_once(data, size, SIZE_MAX, &second) ||
	        first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
	buf_clear(&first);
	buf_clear(&second);
	return 0;
}
