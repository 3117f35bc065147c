/*
 * The text of a calendar object or card as RFC 5545 3.1 and RFC 2425 5.8 want it: no
 * octets that are no characters, lines folded between characters.
 */
#include <string.h>
#include "valise/base/escape.h"
#include "internal.h"

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && !strchr("\t\r\n", c)) || !c || c == 0x7f;
}

static int append_clean(void *ctx, const void *p, size_t n, struct err *err)
{
	struct buf *out = ctx;
	const char *s = p;

	(void)err;
	for (size_t i = 0; i < n; i++)
		if (!is_control(s[i]))
			buf_putc(out, s[i]);
	return 0;
}

int amend_plain(struct amending *a, struct buf *out, struct err *err)
{
	struct buf text = buf_of(SIZE_MAX);
	int rc;

	rc = content_crlf(a->out->data, a->out->len, append_clean, &text, err);
	if (rc == 0 && text.len && text.data[text.len - 1] != '\n')
		buf_puts(&text, "\r\n");
	a->changed = text.len != a->n || memcmp(text.data, a->p, a->n) != 0;
	if (rc == 0 && a->changed)
		buf_put(out, text.data, text.len);
	buf_clear(&text);
	return rc;
}

/* The line end at ${s}: its octets, 0: none is there. */
static size_t line_end(const char *s, size_t n)
{
	if (n && s[0] == '\r')
		return n > 1 && s[1] == '\n' ? 2 : 1;
	return n && s[0] == '\n';
}

/* An octet of Windows-1252; the five that are none there are ISO 8859-1. */
static uint32_t point_of(uint8_t c)
{
	static const uint16_t high[32] = {0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020,
	        0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F, 0x90, 0x2018,
	        0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
	        0x0153, 0x9D, 0x017E, 0x0178};

	return c >= 0x80 && c < 0xA0 ? high[c - 0x80] : c;
}

/* The line in UTF-8, octets that are none read as Windows-1252. */
static void put_characters(const struct buf *line, struct buf *out)
{
	for (size_t i = 0; i < line->len;) {
		size_t k = utf8_next((const char *)line->data + i, line->len - i, NULL);
		char other[4];

		if (k)
			buf_put(out, line->data + i, k);
		else
			buf_put(out, other, utf8_put(point_of(line->data[i]), other));
		i += k ? k : 1;
	}
}

void amend_utf8(struct amending *a, const char *s, size_t n)
{
	struct buf line = buf_of(SIZE_MAX), out = buf_of(SIZE_MAX);

	if (utf8_valid(s, n)) {
		buf_put(a->out, s, n);
		return;
	}
	for (size_t i = 0; i < n;) {
		size_t k = line_end(s + i, n - i);
		bool fold = k && i + k < n && (s[i + k] == ' ' || s[i + k] == '\t');

		if (!k)
			buf_putc(&line, s[i]);
		i += fold ? k + 1 : k ? k : 1;
	}
	put_characters(&line, &out);
	amend_emit(a, &out);
	buf_clear(&line);
	buf_clear(&out);
}
