/* The canonical form of what is read is read again, and is its own canonical form. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once, twice;
	struct err err;
	json_t *v, *again;

	if (json_read((const char *)data, size, 1 << 20, &v, &err) != 0)
		return 0;
	buf_init(&once, 8 * size + 16);
	buf_init(&twice, 8 * size + 16);
	json_put(&once, v);
	if (json_read(buf_str(&once), once.len, once.len, &again, &err) != 0)
		abort();
	json_put(&twice, again);
	if (!json_equal(v, again) || once.len != twice.len ||
	        memcmp(once.data, twice.data, once.len) != 0)
		abort();
	json_decref(v);
	json_decref(again);
	buf_clear(&once);
	buf_clear(&twice);
	return 0;
}
