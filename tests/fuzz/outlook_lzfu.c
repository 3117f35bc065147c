/* Compressed RTF: what comes of it has an end, and no more octets than it may have. */
#include <stdlib.h>
#include "valise/outlook/rtf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out = buf_of(SIZE_MAX);

	if (lzfu_inflate(data, size, &out, NULL) != ERR_LIMIT && out.len > 16 * size)
		abort();
	buf_clear(&out);
	return 0;
}
