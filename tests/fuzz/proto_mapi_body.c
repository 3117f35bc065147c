/*
 * Bodies of answers of MAPI over HTTP: the same in pieces of any size, within their caps;
 * and cookies, which never break the line that they go back in.
 */
#include <stdint.h>
#include <stdlib.h>
#include "proto/mapi/wire.h"
#include "valise/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int feed(struct mapi_body *b, const uint8_t *p, size_t n, size_t step)
{
	int rc = 0;

	mapi_body_init(b);
	for (size_t at = 0; rc == 0 && at < n; at += step) {
		size_t len = MIN(step, n - at);
		uint8_t *exact = xmemdup(p + at, len);

		rc = mapi_body_feed(b, exact, len, NULL);
		free(exact);
	}
	return rc < 0 ? rc : mapi_body_end(b, NULL);
}

static void try_cookie(const uint8_t *p, size_t n)
{
	struct mapi_cookies c = {0};
	struct buf line = buf_of(2 * MAPI_COOKIE_MAX);
	char *exact = n ? xmemdup(p, n) : xmalloc(1);

	if (mapi_cookies_take(&c, exact, n) && mapi_cookies_take(&c, exact, n)) {
		mapi_cookies_put(&c, &line);
		for (size_t i = 0; i < line.len; i++)
			if (line.data[i] < ' ' || line.data[i] == 0x7f)
				abort();
	}
	if (c.n > 1)
		abort();
	free(exact);
	buf_clear(&line);
	mapi_cookies_clear(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mapi_body whole, pieces;
	int a, b;

	if (!size)
		return 0;
	a = feed(&whole, data + 1, size - 1, size);
	b = feed(&pieces, data + 1, size - 1, (size_t)1 + data[0]);
	if (a != b || (a == 0 && (whole.response_code != pieces.response_code ||
	                                 whole.octets.len != pieces.octets.len)))
		abort();
	if (whole.octets.len > size)
		abort();
	mapi_body_clear(&whole);
	mapi_body_clear(&pieces);
	try_cookie(data, size);
	return 0;
}
