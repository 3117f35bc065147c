/* RTF of any kind becomes UTF-8 without NUL, whose lines end with CRLF. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/outlook/rtf.h"

static void check(const struct buf *b)
{
	const char *text = buf_str(b);

	if (!utf8_valid(text, b->len) || memchr(text, '\0', b->len))
		abort();
	for (size_t i = 0; i < b->len; i++)
		if ((text[i] == '\r') != (text[i + 1] == '\n' && text[i] != '\n'))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const heads[] = {
	        "", "{\\rtf1\\fromhtml1", "{\\rtf1\\fromtext", "{\\rtf1"};

	for (size_t i = 0; i < COUNT(heads); i++) {
		struct buf rtf = buf_of(SIZE_MAX), out = buf_of(SIZE_MAX);

		buf_puts(&rtf, heads[i]);
		buf_put(&rtf, data, size);
		if (rtf_extract(rtf.data, rtf.len, &out, NULL) < 0 || out.len > 8 * rtf.len + 64)
			abort();
		check(&out);
		buf_clear(&rtf);
		buf_clear(&out);
	}
	return 0;
}
