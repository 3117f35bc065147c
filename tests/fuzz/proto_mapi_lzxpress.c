/*
 * Payloads of MAPI over HTTP: what is compressed gives just what it says, or nothing; a
 * chain of buffers and the ROP answers in it stay within their octets.
 */
#include <stdint.h>
#include <stdlib.h>
#include "proto/mapi/wire.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything that is lent can be read. */
static int touch(void *ctx, const struct mapi_answer *a, struct err *err)
{
	size_t *sum = ctx;

	(void)err;
	for (size_t i = 0; i < a->n_rops; i++)
		*sum += a->rops[i];
	for (size_t i = 0; i < a->n_handles; i++)
		*sum += a->handles[i];
	return 0;
}

static int each_payload(void *ctx, const uint8_t *p, size_t n, struct err *err)
{
	return mapi_rop_answer(p, n, touch, ctx, err) == ERR_LIMIT ? ERR_LIMIT : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact, *out;
	size_t out_n, sum = 0;
	int rc;

	if (size < 2)
		return 0;
	out_n = le16(data);
	exact = size > 2 ? xmemdup(data + 2, size - 2) : xmalloc(1);
	out = xmalloc(out_n ? out_n : 1);
	if (mapi_lzxpress(exact, size - 2, out, out_n))
		for (size_t i = 0; i < out_n; i++)
			sum += out[i];
	rc = mapi_payloads(exact, size - 2, each_payload, &sum, NULL);
	if (rc > 0)
		abort();
	free(exact);
	free(out);
	return 0;
}
