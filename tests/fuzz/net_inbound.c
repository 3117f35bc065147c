/*
 * The limits and the trace over what a server sends: cut into pieces of any size it must
 * come to the same end as in one, and the trace must be fit for a terminal.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/transport_internal.h"

/* Also where NDEBUG silences assert. */
#define CHECK(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run(const char *p, size_t n, size_t step, struct inbound *in)
{
	int rc = 0;

	memset(in, 0, sizeof *in);
	for (size_t i = 0; i < n && rc == 0; i += step)
		rc = inbound_take(in, p + i, n - i < step ? n - i : step, NULL);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct inbound whole, pieces;
	struct trace t = {0};
	char *text = NULL;
	size_t len = 0, step;
	const char *p;
	FILE *f;

	if (size < 2)
		return 0;
	p = (const char *)data + 2;
	size -= 2;
	step = data[0] + 1U;
	CHECK(run(p, size, size + 1, &whole) == run(p, size, step, &pieces));
	CHECK(whole.literal == pieces.literal && whole.plain == pieces.plain);
	f = open_memstream(&text, &len);
	CHECK(f);
	trace_start(&t, f, 3, data[1] & 1);
	for (size_t i = 0; i < size; i += step) {
		trace_received(&t, p + i, size - i < step ? size - i : step, data[1] & 2);
		trace_sent(&t, p + i, size - i < step ? size - i : step, data[1] & 4);
	}
	fclose(f);
	for (size_t i = 0; i < len; i++)
		CHECK((text[i] & 0x80) || text[i] == '\n' || (text[i] >= ' ' && text[i] != 127));
	free(text);
	return 0;
}
