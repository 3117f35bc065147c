/* No byte that a terminal would obey comes out, whatever the size of the output. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *s)
{
	size_t n = strlen(s);

	while (n > 0) {
		uint32_t point;
		size_t len = utf8_next(s, n, &point);

		if (len == 0 || point < 0x20 || (point >= 0x7f && point < 0xa0))
			abort();
		if ((point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
		        point == 0x200e || point == 0x200f || point == 0x061c)
			abort();
		s += len;
		n -= len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room = size > 0 ? data[0] : 0;
	char *text = xstrndup((const char *)data, size), *out = xmalloc(room + 1), *dup;

	term_escape((const char *)data, size, out, room + 1);
	if (strlen(out) > room)
		abort();
	check(out);
	dup = term_escape_dup(text);
	check(dup);
	if (utf8_valid(text, strlen(text)) && strlen(dup) < strlen(text))
		abort();
	free(dup);
	free(out);
	free(text);
	return 0;
}
