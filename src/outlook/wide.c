/* Texts in UTF-16LE, as MAPI has them. */
#include "outlook/wide.h"
#include "valise/base/escape.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"

void wide_put(struct buf *out, const char *text)
{
	for (size_t i = 0, n = strlen(text); i < n;) {
		uint32_t point;
		uint8_t two[4];
		size_t one = utf8_next(text + i, n - i, &point);

		if (!one)
			point = 0xfffd;
		le_put(two, point < 0x10000 ? point : 0xd800 + ((point - 0x10000) >> 10), 2);
		le_put(two + 2, 0xdc00 + (point & 0x3ff), 2);
		buf_put(out, two, point < 0x10000 ? 2 : 4);
		i += one ? one : 1;
	}
}
