/* What is accepted as a catalog is canonical: written again, it is the same bytes. */
#include "tree/catalog/internal.h"
#include <stdlib.h>
#include <string.h>

struct input {
	const uint8_t *p;
	size_t left;
};

static int take(void *ctx, void *p, size_t n, size_t *got_out, struct err *err)
{
	struct input *in = ctx;

	(void)err;
	if (n > in->left)
		n = in->left;
	memcpy(p, in->p, n);
	in->p += n;
	in->left -= n;
	*got_out = n;
	return 0;
}

static int keep(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(ctx, p, n);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct tree_coll *c = NULL;
	struct tree_roots roots;
	struct buf again;
	struct err err;
	size_t body;

	/* No input made by chance has the right roots: leave them unchecked. */
	if (catalog_read_as(take, &in, false, &c, &roots, &err) != 0)
		return 0;
	buf_init(&again, SIZE_MAX);
	if (catalog_write(c, true, keep, &again, &roots, &err) != 0)
		abort();
	for (body = size - 1; body > 0 && data[body - 1] != '\n'; body--)
		;
	if (again.len < body || memcmp(again.data, data, body) != 0)
		abort();
	buf_clear(&again);
	tree_coll_free(c);
	return 0;
}
