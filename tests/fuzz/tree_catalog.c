/*
 * What is accepted as a catalog is canonical: written again, it is the same bytes. (Where it
 * names items, only from the second time on: twins share a name.)
 */
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

/* Read, and written to ${out}; false: it is no catalog. */
static bool write_again(const uint8_t *data, size_t size, struct buf *out)
{
	struct input in = {data, size};
	struct abouts *names = abouts_new(-1, NULL);
	struct tree_coll *c = NULL;
	struct tree_roots roots;
	struct err err;
	/* No input made by chance has the right roots: leave them unchecked. */
	bool good = catalog_read_as(take, &in, false, names, &c, &roots, &err) == 0;

	buf_init(out, SIZE_MAX);
	if (good && catalog_write(c, true, names, keep, out, &roots, &err) != 0)
		abort();
	abouts_free(names);
	tree_coll_free(c);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf again, twice;
	size_t body;

	if (!write_again(data, size, &again))
		return 0;
	for (body = size - 1; body > 0 && data[body - 1] != '\n'; body--)
		;
	if (!memmem(data, size, "\"what\":", 7) &&
	        (again.len < body || memcmp(again.data, data, body) != 0))
		abort();
	if (!write_again(again.data, again.len, &twice) || twice.len != again.len ||
	        memcmp(twice.data, again.data, twice.len) != 0)
		abort();
	buf_clear(&again);
	buf_clear(&twice);
	return 0;
}
