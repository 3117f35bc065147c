/*
 * A message on its way into an mbox or MH file: the same however it is cut, no line of it begins
 * another message, and what is not named as altered can be had back octet for octet.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "../../src/export/lines.h"
#include "valise/base/buf.h"
#include "valise/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int into_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	return buf_add(ctx, p, n);
}

static unsigned convert(bool mbox, const uint8_t *p, size_t n, size_t piece, struct buf *out)
{
	struct lines l = {.write = into_buf, .ctx = out, .mbox = mbox};

	for (size_t i = 0; i < n; i += piece)
		if (export_lines_add(&l, p + i, n - i < piece ? n - i : piece, NULL) < 0)
			abort();
	if (export_lines_end(&l, NULL) < 0)
		abort();
	return l.seen;
}

/* What was put before the line. */
static size_t added(const char *p, size_t n, bool in_body)
{
	size_t k = strlen(MBOX_ORIGINAL), name = 0;

	if (mbox_is_quoted(p, n))
		return 1;
	if (in_body || n <= k || !text_is(p, k, MBOX_ORIGINAL))
		return 0;
	while (k + name < n && p[k + name] > ' ' && p[k + name] != ':' && p[k + name] != 127)
		name++;
	return name <= MBOX_FIELD_MAX && mbox_is_field(p + k, name) ? k : 0;
}

static void back(bool mbox, const struct buf *b, struct buf *out)
{
	bool in_body = false;

	for (size_t i = 0; i < b->len;) {
		const char *p = (const char *)b->data + i, *lf = memchr(p, '\n', b->len - i);
		size_t n = lf ? (size_t)(lf - p) : b->len - i;
		size_t more = mbox ? added(p, n, in_body) : 0;

		if (mbox && n >= 5 && memcmp(p, "From ", 5) == 0)
			abort();
		in_body |= n == 0;
		buf_put(out, p + more, n - more);
		buf_puts(out, lf ? "\r\n" : "");
		i += n + (lf != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf a, b, again;

	buf_init(&a, 64u << 20);
	buf_init(&b, 64u << 20);
	buf_init(&again, 64u << 20);
	for (unsigned mbox = 0; mbox < 2; mbox++) {
		unsigned seen = convert(mbox, data, size, size ? size : 1, &a);

		if (convert(mbox, data, size, 1, &b) != seen || a.len != b.len ||
		        memcmp(a.data, b.data, a.len) != 0)
			abort();
		if (mbox) /* the empty line after it */
			a.len--;
		back(mbox, &a, &again);
		if (!(seen & LINES_NOT_CRLF) && !(mbox && seen & LINES_NO_END) &&
		        (again.len != size || memcmp(again.data, data, size) != 0))
			abort();
		buf_reset(&a);
		buf_reset(&b);
		buf_reset(&again);
	}
	buf_clear(&a);
	buf_clear(&b);
	buf_clear(&again);
	return 0;
}
