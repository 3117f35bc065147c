/*
 * The lines of a catalog, read. Canonical JSON leaves no choice, so a scanner that
 * expects each member in its place reads a line several times as fast as a parser and
 * refuses everything that is not canonical.
 */
#include "internal.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include <string.h>

bool scan_member(struct scan *s, const char *key)
{
	size_t n = strlen(key);
	const char *p = s->p;

	if (s->bad || (size_t)(s->end - p) < n + 4)
		return false;
	if (p[0] != (s->inside ? ',' : '{') || p[1] != '"' || memcmp(p + 2, key, n) != 0 ||
	        p[n + 2] != '"' || p[n + 3] != ':')
		return false;
	s->p = p + n + 4;
	s->inside = true;
	return true;
}

bool scan_need(struct scan *s, const char *key)
{
	if (!scan_member(s, key))
		s->bad = true;
	return !s->bad;
}

void scan_char(struct scan *s, char c)
{
	if (s->bad || s->p == s->end || *s->p != c)
		s->bad = true;
	else
		s->p++;
}

uint64_t scan_u64(struct scan *s, uint64_t max)
{
	const char *from = s->p;
	uint64_t v = 0;

	for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++) {
		unsigned digit = (unsigned)(*s->p - '0');

		if (v > (UINT64_MAX - digit) / 10)
			s->bad = true;
		v = v * 10 + digit;
	}
	if (s->p == from || (*from == '0' && s->p > from + 1) || v > max)
		s->bad = true;
	return s->bad ? 0 : v;
}

/*
 * After a backslash: the short escapes, or \u00xx of the other control characters but
 * NUL.
 */
static void scan_escape(struct scan *s)
{
	static const char from[] = "\"\\bfnrt", to[] = "\"\\\b\f\n\r\t";
	const char *at = s->p < s->end && *s->p ? strchr(from, *s->p) : NULL;
	uint8_t c;
	char hex[3];

	if (at) {
		buf_putc(s->text, to[at - from]);
		s->p++;
		return;
	}
	if (s->end - s->p < 5 || memcmp(s->p, "u00", 3) != 0) {
		s->bad = true;
		return;
	}
	hex[0] = s->p[3];
	hex[1] = s->p[4];
	hex[2] = '\0';
	if (!hex_parse(hex, &c, 1) || c == 0 || c >= 0x20 || (c >= 8 && c <= 13 && c != 11))
		s->bad = true;
	else
		buf_putc(s->text, (char)c);
	s->p += 5;
}

const char *scan_string(struct scan *s, size_t *n_out)
{
	buf_reset(s->text);
	scan_char(s, '"');
	while (!s->bad) {
		const char *from = s->p;

		while (s->p < s->end && (unsigned char)*s->p >= 0x20 && *s->p != '"' &&
		        *s->p != '\\')
			s->p++;
		buf_put(s->text, from, (size_t)(s->p - from));
		if (s->p == s->end || (unsigned char)*s->p < 0x20)
			s->bad = true;
		else if (*s->p++ == '"')
			break;
		else
			scan_escape(s);
	}
	if (!s->bad && !utf8_valid(buf_str(s->text), s->text->len))
		s->bad = true;
	*n_out = s->bad ? 0 : s->text->len;
	return s->bad ? "" : buf_str(s->text);
}

char *scan_dup(struct scan *s)
{
	size_t n;
	const char *text = scan_string(s, &n);

	return xstrndup(text, n);
}

void scan_sha256(struct scan *s, uint8_t out[SHA256_LEN])
{
	char hex[SHA256_HEX_SIZE];

	memset(out, 0, SHA256_LEN);
	scan_char(s, '"');
	if (s->bad || s->end - s->p < SHA256_HEX_SIZE) {
		s->bad = true;
		return;
	}
	memcpy(hex, s->p, SHA256_HEX_SIZE - 1);
	hex[SHA256_HEX_SIZE - 1] = '\0';
	if (!hex_parse(hex, out, SHA256_LEN))
		s->bad = true;
	s->p += SHA256_HEX_SIZE - 1;
	scan_char(s, '"');
}

void scan_strings(struct scan *s,
        void (*each)(void *ctx, struct scan *s, const char *text, size_t n), void *ctx)
{
	scan_char(s, '[');
	while (!s->bad) {
		size_t n;
		const char *text = scan_string(s, &n);

		if (!s->bad)
			each(ctx, s, text, n);
		if (s->bad || s->p == s->end || *s->p != ',')
			break;
		s->p++;
	}
	scan_char(s, ']');
}

void scan_end(struct scan *s)
{
	scan_char(s, '}');
	if (s->p != s->end)
		s->bad = true;
}
