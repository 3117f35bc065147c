/* What decodes, encodes back to itself; what encodes, decodes back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/format/mutf7.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;
	struct buf a, b;

	buf_init(&a, 4 * size + 16);
	buf_init(&b, 4 * size + 16);
	if (mutf7_decode(s, size, &a)) {
		if (!utf8_valid(buf_str(&a), a.len) || memchr(a.data, '\0', a.len))
			abort();
		if (!mutf7_encode(buf_str(&a), a.len, &b) || b.len != size ||
		        memcmp(b.data, s, size) != 0)
			abort();
	} else if (a.len != 0) {
		abort();
	}
	buf_reset(&a);
	buf_reset(&b);
	if (mutf7_encode(s, size, &a)) {
		if (!mutf7_decode(buf_str(&a), a.len, &b) || b.len != size ||
		        memcmp(b.data, s, size) != 0)
			abort();
	} else if (a.len != 0 || (utf8_valid(s, size) && !memchr(s, '\0', size))) {
		abort();
	}
	buf_clear(&a);
	buf_clear(&b);
	return 0;
}
