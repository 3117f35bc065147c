/*
 * Parameters of header fields as text (RFC 2231): charsets, continuations, and what is met
 * in their place.
 */
#include "valise/format/header.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <stdio.h>
#include <string.h>

enum { SECTIONS_MAX = 64, NAME_MAX_LEN = 32, CHARSET_MAX = 40 };

static void percent_decode(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		int c = s[i] == '%' && i + 2 < n ? hex_octet(s + i + 1) : -1;

		buf_putc(out, c >= 0 ? (char)c : s[i]);
		i += c >= 0 ? 2 : 0;
	}
}

/* "charset'language'text": the charset; returns where the text begins. */
static const char *take_charset(const char *s, char charset[CHARSET_MAX])
{
	const char *first = strchr(s, '\''), *second = first ? strchr(first + 1, '\'') : NULL;

	if (!second || first - s >= CHARSET_MAX)
		return s;
	memcpy(charset, s, (size_t)(first - s));
	charset[first - s] = '\0';
	return second + 1;
}

/*
 * "name*", or the section "name*N*" or "name*N", appended to ${raw}; false: it is not there.
 * The first one that is encoded may say the charset.
 */
static bool take_section(const char *value, size_t n, const char *name, int section,
        char charset[CHARSET_MAX], struct buf *raw)
{
	struct buf text = buf_of(SIZE_MAX);
	char full[NAME_MAX_LEN + 16];
	bool encoded, there;

	if (section < 0)
		snprintf(full, sizeof full, "%s*", name);
	else
		snprintf(full, sizeof full, "%s*%d*", name, section);
	encoded = there = header_param(value, n, full, &text) == 1;
	if (!there && section >= 0) {
		full[strlen(full) - 1] = '\0';
		there = header_param(value, n, full, &text) == 1;
	}
	if (encoded) {
		const char *from =
		        section <= 0 ? take_charset(buf_str(&text), charset) : buf_str(&text);

		percent_decode(from, strlen(from), raw);
	} else {
		buf_put(raw, text.data, text.len);
	}
	buf_clear(&text);
	return there;
}

int header_param_text(const char *value, size_t n, const char *name, size_t cap, struct buf *out)
{
	struct buf raw = buf_of(SIZE_MAX), text = buf_of(SIZE_MAX);
	char charset[CHARSET_MAX] = "";
	size_t from = out->len;
	bool starred, whole, there;

	n = MIN(n, HEADER_TEXT_MAX);
	starred = memchr(value, '*', n) != NULL;
	whole = starred && take_section(value, n, name, -1, charset, &raw);
	there = whole;
	for (int i = 0; starred && !whole && i < SECTIONS_MAX; i++) {
		if (!take_section(value, n, name, i, charset, &raw))
			break;
		there = true;
	}
	if (!there)
		there = header_param(value, n, name, &raw) == 1;
	if (charset[0])
		charset_to_utf8(charset, &raw, &text);
	else
		buf_put(&text, raw.data, raw.len);
	if (there)
		header_text(buf_str(&text), text.len, cap, out);
	buf_clear(&raw);
	buf_clear(&text);
	return out->len > from;
}
