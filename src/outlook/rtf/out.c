/* What comes of RTF: octets of the code page in force and code points, as UTF-8 with CRLF. */
#include "outlook/rtf/internal.h"
#include <errno.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/outlook/bag.h"

#define REPLACEMENT "\xef\xbf\xbd"

void out_init(struct rtf_out *o, struct buf *to)
{
	memset(o, 0, sizeof *o);
	o->to = o->main = to;
	o->start = to->len;
	o->room = RTF_MAX;
}

void out_clear(struct rtf_out *o)
{
	for (size_t i = 0; i < o->n_pages; i++)
		if (o->pages[i].conv != (iconv_t)-1)
			iconv_close(o->pages[i].conv);
	o->n_pages = 0;
}

static void put(struct rtf_out *o, const char *s, size_t n)
{
	if (o->to != o->main) { /* an instruction: what is too long for one is no target */
		buf_fill(o->to, s, n);
		return;
	}
	if (o->full || n > o->room || buf_add(o->to, s, n) < 0) {
		o->full = true;
		return;
	}
	o->room -= n;
}

/* Any line end becomes CRLF, a NUL nothing. */
static void put_lines(struct rtf_out *o, const char *s, size_t n)
{
	const char *end = s + n;

	while (s < end) {
		const char *p = s;

		while (p < end && *p != '\r' && *p != '\n' && *p != '\0')
			p++;
		if (p > s) {
			put(o, s, (size_t)(p - s));
			o->after_cr = false;
		}
		if (p == end)
			return;
		if (*p == '\r' || (*p == '\n' && !o->after_cr))
			put(o, "\r\n", 2);
		o->after_cr = *p == '\r';
		s = p + 1;
	}
}

static iconv_t conv_of(struct rtf_out *o, unsigned page)
{
	const char *charset;
	iconv_t conv;

	for (size_t i = 0; i < o->n_pages; i++)
		if (o->pages[i].page == page)
			return o->pages[i].conv;
	if (o->n_pages == RTF_PAGES_MAX)
		return o->pages[0].conv;
	charset = code_page_charset(page == RTF_SYMBOL_PAGE ? 1252 : page);
	conv = iconv_open("UTF-8", charset ? charset : "WINDOWS-1252");
	o->pages[o->n_pages].page = page;
	o->pages[o->n_pages++].conv = conv;
	return conv;
}

/* Without a converter: ASCII alone. */
static void put_ascii(struct rtf_out *o)
{
	for (size_t i = 0; i < o->n; i++) {
		if (o->run[i] < 0x80)
			put_lines(o, (const char *)&o->run[i], 1);
		else
			put_lines(o, REPLACEMENT, 3);
	}
	o->n = 0;
}

/* ${last}: no more octets of the character that the run ends with are to come. */
static void convert(struct rtf_out *o, bool last)
{
	iconv_t conv = conv_of(o, o->page);
	char *from = (char *)o->run;
	size_t left = o->n;

	if (conv == (iconv_t)-1) {
		put_ascii(o);
		return;
	}
	while (left > 0) {
		char text[4 * RTF_RUN_SIZE], *to = text;
		size_t room = sizeof text, rc = iconv(conv, &from, &left, &to, &room);
		int why = errno;

		put_lines(o, text, (size_t)(to - text));
		if (rc != (size_t)-1 || (why == E2BIG && to > text))
			continue;
		if (why == EINVAL && !last)
			break;
		put_lines(o, REPLACEMENT, 3);
		from++;
		left--;
	}
	memmove(o->run, from, left);
	o->n = left;
	if (last)
		(void)iconv(conv, NULL, NULL, NULL, NULL);
}

static void end_pair(struct rtf_out *o)
{
	if (o->high)
		put_lines(o, REPLACEMENT, 3);
	o->high = 0;
}

void out_flush(struct rtf_out *o)
{
	if (o->n > 0)
		convert(o, true);
	end_pair(o);
}

void out_octet(struct rtf_out *o, unsigned page, uint8_t octet)
{
	if (page != o->page) {
		if (o->n > 0)
			convert(o, true);
		o->page = page;
	}
	end_pair(o);
	o->run[o->n++] = octet;
	if (o->n == RTF_RUN_SIZE)
		convert(o, false);
}

void out_point(struct rtf_out *o, uint32_t point)
{
	char text[4];

	if (o->n > 0)
		convert(o, true);
	if (point >= 0xdc00 && point < 0xe000 && o->high) {
		point = 0x10000 + ((o->high - 0xd800) << 10) + (point - 0xdc00);
		o->high = 0;
	}
	end_pair(o);
	if (point >= 0xd800 && point < 0xdc00)
		o->high = point;
	else if (point > 0x10ffff || (point >= 0xdc00 && point < 0xe000))
		put_lines(o, REPLACEMENT, 3);
	else
		put_lines(o, text, utf8_put(point, text));
}

void out_text(struct rtf_out *o, const char *utf8, size_t n)
{
	out_flush(o);
	put_lines(o, utf8, n);
}

void out_turn(struct rtf_out *o, struct buf *to)
{
	out_flush(o);
	o->to = to;
	o->after_cr = false;
}
