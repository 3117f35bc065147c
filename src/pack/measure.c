/* What content takes in an archive, without one. */
#include <stdlib.h>
#include "valise/base/mem.h"
#include "valise/pack/archive.h"
#include "pack/part/deflate.h"

uint64_t archive_packed_size(const void *p, size_t n)
{
	struct deflater *d;
	uint8_t *out;
	size_t size;

	if (n == 0)
		return 0;
	d = deflater_new();
	out = xmalloc(DEFLATE_BOUND(n));
	size = deflater_run(d, p, n, out);
	free(out);
	deflater_free(d);
	return size;
}
