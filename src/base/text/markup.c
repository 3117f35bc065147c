/* Text from outside in HTML. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/markup.h"
#include "valise/base/mem.h"

#define ESCAPED_MAX 10 /* octets that term_escape makes of one, and more */

static void put_char(struct buf *b, char c)
{
	switch (c) {
	case '<':
		buf_puts(b, "&lt;");
		break;
	case '>':
		buf_puts(b, "&gt;");
		break;
	case '&':
		buf_puts(b, "&amp;");
		break;
	case '"':
		buf_puts(b, "&quot;");
		break;
	case '\'':
		buf_puts(b, "&#39;");
		break;
	default:
		buf_putc(b, c);
	}
}

void markup_octets(struct buf *b, const char *s, size_t n)
{
	size_t room = n * ESCAPED_MAX + 1;
	char *safe = xmalloc(room);

	term_escape(s, n, safe, room);
	for (const char *p = safe; *p; p++)
		put_char(b, *p);
	free(safe);
}

void markup_text(struct buf *b, const char *s)
{
	if (s)
		markup_octets(b, s, strlen(s));
}

void markup_element(struct buf *b, const char *tag, const char *text)
{
	buf_putf(b, "<%s>", tag);
	markup_text(b, text);
	buf_putf(b, "</%.*s>", (int)strcspn(tag, " "), tag);
}

/* A character that is no ASCII, or a control; how many octets it has. */
static size_t put_other(struct buf *b, const char *s, size_t n)
{
	uint32_t point;
	size_t k = utf8_next(s, n, &point);

	if (!k)
		buf_puts(b, "\xef\xbf\xbd");
	else if (!char_is_hidden(point))
		buf_put(b, s, k);
	else if (point < 0xa0)
		buf_putf(b, "\\x%02x", point);
	return k ? k : 1;
}

void markup_lines(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		if (s[i] == '\r') {
			if (i + 1 == n || s[i + 1] != '\n')
				buf_putc(b, '\n');
			i++;
		} else if (s[i] == '\n' || s[i] == '\t' || (s[i] >= 0x20 && s[i] < 0x7f)) {
			put_char(b, s[i++]);
		} else {
			i += put_other(b, s + i, n - i);
		}
	}
}
