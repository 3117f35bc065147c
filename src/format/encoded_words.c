/* Encoded words of header fields, RFC 2047, for display only. */
#include "valise/format/header.h"
#include "valise/base/escape.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CHARSET_SIZE 32
#define TEXT_MAX 65536

/* An encoded word: "=?" charset ["*" language] "?" encoding "?" text "?=" */
struct word {
	char charset[CHARSET_SIZE];
	char encoding; /* 'B' or 'Q' */
	const char *text;
	size_t text_len;
	size_t len; /* of the whole */
};

/* What is between "?"s at *p: no blanks, no "?"; moves *p behind the "?". */
static bool take_part(const char **p, const char *end, const char **part_out, size_t *len_out)
{
	const char *q = *p;

	while (q < end && *q != '?' && *q != ' ' && *q != '\t')
		q++;
	if (q == end || *q != '?')
		return false;
	*part_out = *p;
	*len_out = (size_t)(q - *p);
	*p = q + 1;
	return true;
}

/* An encoded word at the beginning of ${s}; false: there is none. */
static bool word_parse(const char *s, size_t n, struct word *w)
{
	const char *p = s + 2, *end = s + n, *part, *star;
	size_t len;

	if (n < 8 || s[0] != '=' || s[1] != '?' || !take_part(&p, end, &part, &len))
		return false;
	star = memchr(part, '*', len); /* RFC 2231 5: a language */
	if (star)
		len = (size_t)(star - part);
	if (len == 0 || len >= CHARSET_SIZE)
		return false;
	memcpy(w->charset, part, len);
	w->charset[len] = '\0';
	if (!take_part(&p, end, &part, &len) || len != 1)
		return false;
	w->encoding = (char)(*part & ~0x20);
	if ((w->encoding != 'B' && w->encoding != 'Q') ||
	        !take_part(&p, end, &w->text, &w->text_len) || p == end || *p != '=')
		return false;
	w->len = (size_t)(p + 1 - s);
	return true;
}

/* Base64 as met in mail: padding may lack, other characters are passed over. */
static void add_base64(struct buf *out, const char *s, size_t n)
{
	uint32_t bits = 0;
	unsigned count = 0;

	for (size_t i = 0; i < n && s[i] != '='; i++) {
		int value = base64_digit(s[i]);

		if (value < 0)
			continue;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			buf_putc(out, (char)(bits >> count & 0xff));
		}
	}
}

static void add_quoted(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int c = s[i] == '=' && i + 2 < n ? hex_octet(s + i + 1) : -1;

		if (c >= 0) {
			buf_putc(out, (char)c);
			i += 2;
		} else {
			buf_putc(out, s[i] == '_' ? ' ' : s[i]);
		}
	}
}

/*
 * By the start of their names: those of real mail. Others stay as they are, since the
 * converters of rare ones have had faults.
 */
const char *charset_known(const char *name)
{
	static const char *const prefixes[] = {"iso-8859-", "windows-125", "cp125", "koi8-",
	        "gb2312", "gbk", "gb18030", "big5", "euc-jp", "euc-kr", "shift_jis", "windows-874",
	        "tis-620", "macintosh", "utf-16", "utf-32", "utf-7"};

	if (strcasecmp(name, "ks_c_5601-1987") == 0)
		return "cp949";
	if (strcasecmp(name, "iso-2022-jp") == 0)
		return name;
	if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") !=
	        strlen(name))
		return NULL;
	for (size_t i = 0; i < COUNT(prefixes); i++)
		if (strncasecmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return name;
	return NULL;
}

/* Convert all of ${raw}; a byte that is no text of the charset becomes U+FFFD. */
static void convert_charset(iconv_t conv, struct buf *raw, struct buf *out)
{
	char *from = (char *)raw->data, *to, chunk[256];
	size_t left = raw->len, room;

	while (left > 0) {
		size_t before = left;

		to = chunk;
		room = sizeof chunk;
		iconv(conv, &from, &left, &to, &room);
		buf_put(out, chunk, sizeof chunk - room);
		if (left > 0 && room >= 16 && left == before) {
			buf_puts(out, "\xef\xbf\xbd");
			from++;
			left--;
		}
	}
	/* Some charsets hold a letter back, for a mark that could follow. */
	to = chunk;
	room = sizeof chunk;
	iconv(conv, NULL, NULL, &to, &room);
	buf_put(out, chunk, sizeof chunk - room);
}

/*
 * The words of one charset that stand in a row, put together: many senders cut inside a
 * character.
 */
struct row {
	char charset[CHARSET_SIZE];
	struct buf raw;
};

void charset_to_utf8(const char *name, struct buf *raw, struct buf *out)
{
	const char *charset = charset_known(name);
	iconv_t conv = (iconv_t)-1;

	if (raw->len > 0 && charset)
		conv = iconv_open("UTF-8", charset);
	if (conv != (iconv_t)-1) {
		convert_charset(conv, raw, out);
		iconv_close(conv);
	} else {
		buf_put(out, raw->data, raw->len);
	}
}

/* Append the row as UTF-8 and start afresh. */
static void row_end(struct row *r, struct buf *out)
{
	charset_to_utf8(r->charset, &r->raw, out);
	buf_reset(&r->raw);
	r->charset[0] = '\0';
}

/* The octets of one more word; another charset ends the row. */
static void row_add(struct row *r, const struct word *w, struct buf *out)
{
	if (strcasecmp(r->charset, w->charset) != 0)
		row_end(r, out);
	memcpy(r->charset, w->charset, sizeof r->charset);
	if (w->encoding == 'B')
		add_base64(&r->raw, w->text, w->text_len);
	else
		add_quoted(&r->raw, w->text, w->text_len);
}

static bool is_decodable(const struct word *w)
{
	return strcasecmp(w->charset, "utf-8") == 0 || strcasecmp(w->charset, "us-ascii") == 0 ||
	       strcasecmp(w->charset, "utf8") == 0 || charset_known(w->charset);
}

/* Text with its encoded words in UTF-8; the rest as it is. */
static void decode_words(const char *s, size_t n, struct row *row, struct buf *out)
{
	size_t plain = 0; /* start of the plain text not written yet */
	size_t i = 0;

	while (i < n) {
		struct word w;

		if (s[i] != '=' || !word_parse(s + i, n - i, &w) || !is_decodable(&w)) {
			i++;
			continue;
		}
		/* Blanks between two encoded words are not part of the text. */
		if (row->charset[0] == '\0' || strspn(s + plain, " \t") < i - plain) {
			row_end(row, out);
			buf_put(out, s + plain, i - plain);
		}
		row_add(row, &w, out);
		i += w.len;
		plain = i;
	}
	row_end(row, out);
	buf_put(out, s + plain, n - plain);
}

/* Is it UTF-8 but for a character that ${n} cuts at the end? */
static bool utf8_cut(const char *s, size_t n)
{
	size_t k = 1;

	while (k < 4 && k < n && ((unsigned char)s[n - k] & 0xc0) == 0x80)
		k++;
	return n >= k && (unsigned char)s[n - k] >= 0xc0 && utf8_valid(s, n - k);
}

/* The text of ${s} decoded; folding tabs would be shown as escapes. */
static void decode_field(const char *s, size_t n, struct buf *out)
{
	char *plain = xmalloc(n + 1);
	struct row row = {.raw = buf_of(n + 1)};

	for (size_t i = 0; i < n; i++)
		plain[i] = s[i] == '\t' ? ' ' : s[i];
	plain[n] = '\0';
	decode_words(plain, n, &row, out);
	buf_clear(&row.raw);
	free(plain);
}

void header_text(const char *s, size_t n, size_t cap, struct buf *out)
{
	header_whole_text(s, MIN(n, HEADER_TEXT_MAX), cap, out);
}

void header_whole_text(const char *s, size_t n, size_t cap, struct buf *out)
{
	struct buf utf8 = buf_of(SIZE_MAX), text = buf_of(SIZE_MAX);

	if (!utf8_valid(s, n)) {
		struct buf raw = buf_of(SIZE_MAX);

		buf_put(&raw, s, n);
		/* cut inside a character only, or text of another charset? */
		charset_to_utf8(utf8_cut(s, n) ? "utf-8" : "windows-1252", &raw, &utf8);
		buf_clear(&raw);
		s = buf_str(&utf8);
		n = utf8.len;
	}
	if (memmem(s, n, "=?", 2)) {
		decode_field(s, n, &text);
		s = buf_str(&text);
		n = text.len;
	}
	text_one_line(s, n, cap, out);
	buf_clear(&utf8);
	buf_clear(&text);
}

void header_decode_text(const char *s, size_t n, struct buf *out)
{
	size_t room = out->cap - out->len, size;
	struct buf text;
	char *shown;

	if (n > TEXT_MAX)
		n = TEXT_MAX;
	/* No charset takes more than 4 bytes of UTF-8 for a byte. */
	buf_init(&text, n * 4 + 16);
	decode_field(s, n, &text);
	size = text.len * 4 + 1;
	if (room < SIZE_MAX && size > room + 1)
		size = room + 1;
	shown = xmalloc(size);
	term_escape(buf_str(&text), text.len, shown, size);
	buf_puts(out, shown);
	free(shown);
	buf_clear(&text);
}
