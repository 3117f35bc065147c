/*
 * Other forms of calendar objects and cards: any octets, each step, all upon each other,
 * and apart; a step that is done has nothing more to do.
 */
#include <stdint.h>
#include <stdlib.h>
#include "valise/format/amend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int add(void *ctx, const char *uid, const struct buf *text, struct err *err)
{
	size_t *total = ctx;

	(void)err;
	/* a part has something in it */
	if (!text->len)
		abort();
	*total += text->len + (uid != NULL);
	return 0;
}

static void step(const uint8_t *p, size_t n, enum amend which)
{
	struct buf out, again;

	buf_init(&out, 64u << 20);
	buf_init(&again, 64u << 20);
	if (content_amend(p, n, which, &out, NULL) == 0) {
		if (out.len)
			abort();
	} else if (which == AMEND_MANAGED || which == AMEND_SCALE) {
		if (content_amend(out.data, out.len, which, &again, NULL) > 0)
			abort();
	}
	buf_clear(&out);
	buf_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t total = 0;
	struct buf a;

	buf_init(&a, 64u << 20);
	buf_put(&a, data, size);
	for (unsigned i = 0; i < AMENDS; i++) {
		struct buf next;

		step(data, size, (enum amend)i);
		buf_init(&next, 64u << 20);
		if (content_amend(a.data, a.len, (enum amend)i, &next, NULL) == 1) {
			buf_clear(&a);
			a = next;
		} else {
			buf_clear(&next);
		}
	}
	if (content_apart(data, size, add, &total, NULL) == 0 && total)
		abort();
	buf_clear(&a);
	return 0;
}
