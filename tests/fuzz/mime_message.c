/*
 * Whatever a message is: its parts lie within it, its texts are UTF-8 without NUL, and what
 * a cap cuts is the beginning of the whole.
 */
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/mime/mime.h"
#include <stdlib.h>
#include <string.h>

enum { SOME = 100 };

static int to_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(ctx, p, n);
	return 0;
}

static void check_part(struct mime_message *m, size_t i)
{
	struct buf text = buf_of(SIZE_MAX), some = buf_of(SIZE_MAX), octets = buf_of(SIZE_MAX);

	if (mime_part_text(m, i, UINT64_MAX, to_buf, &text, NULL) < 0 ||
	        mime_part_text(m, i, SOME, to_buf, &some, NULL) < 0 ||
	        mime_part_octets(m, i, to_buf, &octets, NULL) < 0)
		abort();
	if (!utf8_valid(buf_str(&text), text.len) || memchr(text.data, '\0', text.len))
		abort();
	if (some.len > SOME || some.len > text.len || memcmp(some.data, text.data, some.len) != 0)
		abort();
	buf_clear(&text);
	buf_clear(&some);
	buf_clear(&octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mime_message *m;
	const struct mime_part *parts;
	struct buf b = buf_of(SIZE_MAX);
	size_t body[MIME_PARTS_MAX], n;

	if (mime_open_octets(data, size, &m, NULL) < 0)
		abort();
	n = mime_parts(m, &parts);
	if (n == 0 || n > MIME_PARTS_MAX || mime_body_parts(m, body, COUNT(body)) > n)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (parts[i].encoded > size || !parts[i].type || !parts[i].number)
			abort();
		check_part(m, i);
	}
	mime_field(m, "Subject", &b);
	if (mime_search_text(m, UINT64_MAX, to_buf, &b, NULL) < 0)
		abort();
	buf_clear(&b);
	mime_free(m);
	return 0;
}
