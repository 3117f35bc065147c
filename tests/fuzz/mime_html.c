/* HTML, whatever it is, becomes UTF-8 without NUL. */
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/mime/mime.h"
#include <stdlib.h>
#include <string.h>

static int to_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(ctx, p, n);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const charsets[] = {NULL, "utf-8", "iso-2022-jp", "utf-16"};

	for (size_t i = 0; i < COUNT(charsets); i++) {
		struct buf b = buf_of(SIZE_MAX);

		if (html_text(data, size, charsets[i], UINT64_MAX, to_buf, &b, NULL) < 0 ||
		        !utf8_valid(buf_str(&b), b.len) || memchr(b.data, '\0', b.len))
			abort();
		buf_clear(&b);
	}
	return 0;
}
