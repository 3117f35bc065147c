/* UTF-8 (RFC 3629), text for terminals, and names from outside as path components. */
#include "valise/base/escape.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define COMPONENT_MAX 200
#define CUT_SUFFIX_LEN 9 /* "~" and eight hexadecimal digits */

/*
 * Length of the sequence that ${lead} opens and the bounds of its second byte; 0: not a
 * lead byte.
 */
static size_t sequence_len(unsigned char lead, unsigned char *low, unsigned char *high)
{
	*low = 0x80;
	*high = 0xbf;
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	if (lead < 0xe0)
		return 2;
	/* overlong below */
	if (lead == 0xe0)
		*low = 0xa0;
	/* surrogates above */
	else if (lead == 0xed)
		*high = 0x9f;
	else if (lead == 0xf0)
		*low = 0x90;
	/* beyond U+10FFFF */
	else if (lead == 0xf4)
		*high = 0x8f;
	return lead < 0xf0 ? 3 : 4;
}

size_t utf8_next(const char *s, size_t n, uint32_t *point_out)
{
	static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	const unsigned char *p = (const unsigned char *)s;
	unsigned char low, high;
	uint32_t point;
	size_t len;

	if (n == 0)
		return 0;
	len = sequence_len(p[0], &low, &high);
	if (len == 0 || len > n)
		return 0;
	point = p[0] & lead_bits[len];
	for (size_t i = 1; i < len; i++) {
		if (p[i] < low || p[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
		point = point << 6 | (p[i] & 0x3f);
	}
	if (point_out)
		*point_out = point;
	return len;
}

size_t utf8_put(uint32_t point, char out[4])
{
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (char)(0xc0 | point >> 6);
		out[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (char)(0xe0 | point >> 12);
		out[1] = (char)(0x80 | (point >> 6 & 0x3f));
		out[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | (point >> 18 & 7));
	out[1] = (char)(0x80 | (point >> 12 & 0x3f));
	out[2] = (char)(0x80 | (point >> 6 & 0x3f));
	out[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

bool utf8_valid(const char *s, size_t n)
{
	while (n > 0) {
		size_t len = (unsigned char)*s < 0x80 ? 1 : utf8_next(s, n, NULL);

		if (len == 0)
			return false;
		s += len;
		n -= len;
	}
	return true;
}

static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0);
}

/*
 * Line and paragraph separators, bidirectional embeddings, overrides and isolates (UAX #9):
 * what they stand in is shown in another order than it has, "gpj.exe" as "exe.jpg".
 */
static bool is_reordering(uint32_t point)
{
	return (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

/* Characters that reorder or break the line they stand in; the marks do so a little. */
static bool is_layout(uint32_t point)
{
	return point == 0x061c || point == 0x200e || point == 0x200f || is_reordering(point);
}

bool char_is_hidden(uint32_t point)
{
	return is_control(point) || is_layout(point);
}

bool text_is_one_line(const char *s, size_t n, size_t cap)
{
	if (n == 0 || n > cap || s[0] == ' ' || s[n - 1] == ' ')
		return false;
	for (size_t i = 0, k; i < n; i += k) {
		uint32_t point;

		k = 1;
		if (s[i] >= 0x20 && s[i] < 0x7f)
			continue;
		k = utf8_next(s + i, n - i, &point);
		if (k == 0 || char_is_hidden(point))
			return false;
	}
	return true;
}

/* False: it has no room. ${one_blank}: of blanks in a row one is put. */
static bool put_one_line(const char *s, size_t n, size_t cap, bool one_blank, struct buf *out)
{
	size_t from = out->len;

	while (n > 0) {
		uint32_t point = 0xfffd;
		size_t used = utf8_next(s, n, &point), len;
		char piece[4];

		if (point < 0x20 || (point >= 0x7f && point < 0xa0))
			point = ' ';
		s += used ? used : 1;
		n -= used ? used : 1;
		if (is_layout(point) || (point == ' ' && out->len == from))
			continue;
		if (point == ' ' && one_blank && out->data[out->len - 1] == ' ')
			continue;
		len = utf8_put(point, piece);
		if (out->len - from + len > cap)
			return false;
		buf_put(out, piece, len);
	}
	return true;
}

void text_one_line(const char *s, size_t n, size_t cap, struct buf *out)
{
	size_t from = out->len;

	if (text_is_one_line(s, n, cap)) {
		buf_put(out, s, n);
		return;
	}
	/* So that what is cut has its length, but for a character and a blank. */
	if (!put_one_line(s, n, cap, false, out)) {
		if (out->len > from)
			out->data[out->len = from] = '\0';
		(void)put_one_line(s, n, cap, true, out);
	}
	while (out->len > from && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
}

/*
 * The visible form of the next character; *used_out is what it takes of ${s}. Returns its
 * length, at most 6.
 */
static size_t make_visible(const char *s, size_t n, char out[8], size_t *used_out)
{
	uint32_t point = 0;
	size_t len = utf8_next(s, n, &point);

	*used_out = len ? len : 1;
	if (len == 0 || point < 0x20 || point == 0x7f)
		return (size_t)snprintf(out, 8, "\\x%02x", (unsigned char)*s);
	if (char_is_hidden(point))
		return (size_t)snprintf(out, 8, "\\u%04x", (unsigned)(point & 0xffff));
	memcpy(out, s, len);
	return len;
}

char *term_escape(const char *s, size_t n, char *out, size_t size)
{
	size_t at = 0, mark = 0; /* mark: the last border that leaves room for "..." */
	char piece[8];

	if (size == 0)
		return out;
	while (n > 0) {
		size_t used, len = make_visible(s, n, piece, &used);

		if (len > size - 1 - at) {
			size_t dots = size - 1 - mark;

			at = mark;
			memcpy(out + at, "...", MIN(dots, 3));
			at += MIN(dots, 3);
			break;
		}
		memcpy(out + at, piece, len);
		at += len;
		if (at + 3 <= size - 1)
			mark = at;
		s += used;
		n -= used;
	}
	out[at] = '\0';
	return out;
}

char *term_escape_dup(const char *s)
{
	size_t n = strlen(s);
	/* the widest: one byte as \xNN; \uNNNN stands for two or more */
	size_t size = n * 4 + 1;
	char *out = xmalloc(size);

	return term_escape(s, n, out, size);
}

/* The whole names that Maildir gives a meaning. */
static bool is_maildir_name(const char *name, size_t n)
{
	return n == 3 && (strncasecmp(name, "cur", 3) == 0 || strncasecmp(name, "new", 3) == 0 ||
	                         strncasecmp(name, "tmp", 3) == 0);
}

/*
 * Names of devices on Windows, whatever extension follows: the bytes up to the first dot,
 * blanks before it left out.
 */
static bool is_device(const char *name, size_t n)
{
	static const char *const plain[] = {"con", "prn", "aux", "nul", "conin$", "conout$"};
	static const char *const digits[] = {"\xc2\xb9", "\xc2\xb2", "\xc2\xb3"};
	const char *dot = memchr(name, '.', n);

	n = dot ? (size_t)(dot - name) : n;
	while (n > 0 && name[n - 1] == ' ')
		n--;
	for (size_t i = 0; i < COUNT(plain); i++)
		if (strlen(plain[i]) == n && strncasecmp(name, plain[i], n) == 0)
			return true;
	if (n < 4 || (strncasecmp(name, "com", 3) != 0 && strncasecmp(name, "lpt", 3) != 0))
		return false;
	for (size_t i = 0; n == 5 && i < 3; i++)
		if (memcmp(name + 3, digits[i], 2) == 0)
			return true;
	return n == 4 && name[3] >= '0' && name[3] <= '9';
}

/*
 * What some file system refuses, or means something else by: exFAT, NTFS, SMB; U+F000 to
 * U+F07F stand for such on SMB. And what makes a listing lie; the marks U+061C, U+200E and
 * U+200F stay, as names in Arabic and Hebrew have them.
 */
static bool is_refused(const char *s, size_t len, uint32_t point)
{
	if (len == 0 || is_control(point) || is_reordering(point))
		return true;
	if (len == 1)
		return strchr("/\\:\"*?<>|", *s) != NULL;
	return (point >= 0xf000 && point <= 0xf07f) || (point >= 0xfdd0 && point <= 0xfdef) ||
	       (point & 0xfffe) == 0xfffe;
}

/* Must the character (one byte or a sequence of ${len}) at ${i} be written as =XX? */
static bool is_unsafe(const char *name, size_t n, size_t i, size_t len, uint32_t point)
{
	char c = name[i];

	if (c == '=' || is_refused(name + i, len, point))
		return true;
	if (i == 0 && (c == '.' || c == '-' || is_maildir_name(name, n) || is_device(name, n)))
		return true;
	return i + 1 == n && (c == '.' || c == ' ');
}

bool path_travels(const char *name, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint32_t point = 0;
		size_t len = utf8_next(name + i, n - i, &point);

		if (is_refused(name + i, len, point))
			return false;
		i += len;
	}
	return n > 0 && name[n - 1] != '.' && name[n - 1] != ' ' && !is_device(name, n);
}

static int add_cut_suffix(const char *name, size_t n, struct buf *out)
{
	char hex[SHA256_HEX_SIZE];
	uint8_t sum[SHA256_LEN];

	sha256_of(name, n, sum);
	hex_format(sum, sizeof sum, hex);
	return buf_addf(out, "~%.8s", hex);
}

int path_escape(const char *name, size_t n, struct buf *out)
{
	char text[COMPONENT_MAX];
	/* mark: the last border that leaves room for the suffix */
	size_t at = 0, mark = 0;
	int rc;

	if (n == 0)
		return buf_addc(out, '=');
	for (size_t i = 0; i < n;) {
		char piece[16];
		uint32_t point = 0;
		size_t len = utf8_next(name + i, n - i, &point), width = 0;
		size_t step = len ? len : 1;

		if (is_unsafe(name, n, i, len, point))
			for (size_t k = 0; k < step; k++, width += 3)
				snprintf(piece + width, 4, "=%02X", (unsigned char)name[i + k]);
		else
			memcpy(piece, name + i, width = len);
		if (width > sizeof text - at) {
			rc = buf_add(out, text, mark);
			return rc ? rc : add_cut_suffix(name, n, out);
		}
		memcpy(text + at, piece, width);
		at += width;
		if (at + CUT_SUFFIX_LEN <= sizeof text)
			mark = at;
		i += step;
	}
	return buf_add(out, text, at);
}

bool path_is_safe(const char *path)
{
	size_t n = strlen(path), start = 0;

	for (size_t i = 0; i <= n; i++) {
		uint32_t point = 0;

		if (i == n || path[i] == '/') {
			size_t len = i - start;

			if (len == 0 || (len <= 2 && strspn(path + start, ".") >= len))
				return false;
			start = i + 1;
			continue;
		}
		if (path[i] == '\\')
			return false;
		if (utf8_next(path + i, n - i, &point) > 0 && is_control(point))
			return false;
	}
	return true;
}
