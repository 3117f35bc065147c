/*
 * POP3's machine of dots: however the octets are cut, the same comes out, and it equals a
 * reader that sees all at once.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/buf.h"
#include "proto/pop3/internal.h"

static int take(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(ctx, p, n);
	return 0;
}

/*
 * The plain way: up to CRLF "." CRLF, then one dot less at each start of a line. Returns
 * whether the end was there.
 */
static int plain(const uint8_t *p, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		int start = i == 0 || (i >= 2 && p[i - 2] == '\r' && p[i - 1] == '\n');

		if (start && n - i >= 3 && memcmp(p + i, ".\r\n", 3) == 0)
			return 1;
		if (!start || p[i] != '.')
			buf_put(out, p + i, 1);
	}
	return 0;
}

static int pieces(const uint8_t *p, size_t n, size_t step, struct buf *out)
{
	struct dot d = {.state = DOT_LINE_START};

	for (size_t i = 0; i < n && d.state != DOT_END; i += step)
		if (dot_feed(&d, p + i, n - i < step ? n - i : step, take, out, NULL) < 0)
			abort();
	if (d.octets != out->len)
		abort();
	return d.state == DOT_END;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const size_t steps[] = {1, 2, 3, 7, 4096};
	struct buf want, have;
	int ended;

	buf_init(&want, SIZE_MAX);
	buf_init(&have, SIZE_MAX);
	ended = plain(data, n, &want);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		buf_reset(&have);
		if (pieces(data, n, steps[i], &have) != ended)
			abort();
		/* Without an end, what may be part of it is held back. */
		if (ended ? have.len != want.len : have.len > want.len)
			abort();
		if (have.len && memcmp(have.data, want.data, have.len) != 0)
			abort();
	}
	buf_clear(&want);
	buf_clear(&have);
	return 0;
}
