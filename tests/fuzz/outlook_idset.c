/* Sets of ids in both forms: what is read is written, and read back as the same. */
#include <stdlib.h>
#include <string.h>
#include "valise/outlook/idset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct idset first = {0}, again = {0};
	struct buf out = buf_of(64 << 20);
	struct err err;

	if (size > 1 << 16)
		return 0;
	if (size && idset_read(&first, data[0] & 1 ? IDSET_REPLGUID : IDSET_REPLID, data + 1,
	                    size - 1, &err) == 0) {
		if (idset_write(&first, &out, &err) < 0 ||
		        idset_read(&again, IDSET_REPLGUID, out.data, out.len, &err) < 0)
			abort();
		if (first.n != again.n ||
		        (first.n && memcmp(first.list, again.list, first.n * sizeof *first.list)))
			abort();
		for (size_t i = 0; i < first.n; i++)
			if (!idset_has(&again, first.list[i].replica, first.list[i].high))
				abort();
	}
	idset_clear(&first);
	idset_clear(&again);
	buf_clear(&out);
	return 0;
}
