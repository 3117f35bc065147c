/*
 * The other form of a message is clean, depends on its octets alone, and a cover message
 * holds it whole.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/buf.h"
#include "valise/format/mend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int into_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	return buf_add(ctx, p, n);
}

static void form(unsigned what, const uint8_t *p, size_t n, size_t piece, struct buf *out,
        unsigned *flaws_out)
{
	static const uint8_t sha[SHA256_LEN];
	struct mend *m = mend_new(what, sha);

	for (size_t i = 0; i < n; i += piece)
		mend_look(m, p + i, n - i < piece ? n - i : piece);
	*flaws_out = mend_flaws(m);
	mend_start(m, into_buf, out);
	for (size_t i = 0; i < n; i += piece)
		if (mend_add(m, p + i, n - i < piece ? n - i : piece, NULL) < 0)
			abort();
	if (mend_end(m, NULL) < 0)
		abort();
	mend_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned what = size ? data[0] & 127u : 0, flaws, again;
	struct buf a, b;

	buf_init(&a, 64u << 20);
	buf_init(&b, 64u << 20);
	form(what, data, size, size ? size : 1, &a, &flaws);
	form(what, data, size, 3, &b, &again);
	if (flaws != again || a.len != b.len || memcmp(a.data, b.data, a.len) != 0)
		abort();
	/* nothing to mend: nothing changes */
	if (!(what & flaws) && !(what & MEND_WRAP) &&
	        (a.len != size || memcmp(a.data, data, size) != 0))
		abort();
	buf_reset(&a);
	buf_reset(&b);
	form(MEND_ALL, data, size, 1000, &a, &flaws);
	form(MEND_ALL, a.data, a.len, 1000, &b, &again);
	if (again & (MEND_END | MEND_LINES | MEND_NUL | MEND_FIELDS | MEND_8BIT))
		abort();
	buf_clear(&a);
	buf_clear(&b);
	return 0;
}
