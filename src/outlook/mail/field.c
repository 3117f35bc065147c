/* Header fields: RFC 5322 2.2.3, 3.6; encoded words (RFC 2047); parameters (RFC 2231). */
#include "outlook/mail/field.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/date.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum {
	COLUMNS = 76, /* of a line of ours */
	URL_MAX = 900, /* of what cannot be encoded: with its name it is a line */
	TOKEN_MAX = 500, /* a longer word of ASCII is encoded: no line may have over 998 octets */
	WORD_OCTETS = 45, /* in one encoded word */
	PARAM_OCTETS = 60, /* of a parameter in quotes */
	SECTION_OCTETS = 45, /* the same, as "%XX" */
};

/* One line: controls as blanks, none at its ends. */
static char *one_line(const char *text)
{
	char *line = xstrdup(text), *from = line;
	size_t n;

	for (char *c = line; *c; c++)
		if ((uint8_t)*c < ' ' || *c == 127)
			*c = ' ';
	while (*from == ' ')
		from++;
	n = strlen(from);
	while (n && from[n - 1] == ' ')
		n--;
	memmove(line, from, n);
	line[n] = '\0';
	return line;
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((uint8_t)*s >= 127 || (uint8_t)*s < ' ')
			return false;
	return true;
}

/* Has it a word of over ${most} octets, in which no line can be broken? */
static bool has_long_word(const char *line, size_t most)
{
	for (size_t n; *line; line += n) {
		n = strspn(line, " ");
		n += strcspn(line + n, " ");
		if (n > most)
			return true;
	}
	return false;
}

/* Has it to be encoded, to be read as it is? */
static bool needs_words(const char *line)
{
	return !is_ascii(line) || strstr(line, "=?") || has_long_word(line, TOKEN_MAX);
}

/* Octets since the last line end of ${h}. */
static size_t column_of(const struct buf *h)
{
	size_t n = h->len;

	while (n && h->data[n - 1] != '\n')
		n--;
	return h->len - n;
}

/* ---- encoded words ---- */

static bool is_word_octet(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!*+-/", c));
}

static size_t char_len(const char *s)
{
	size_t n = 1;

	while (((uint8_t)s[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* Octets that ${n} octets take in the Q encoding. */
static size_t quoted_size(const char *s, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += is_word_octet((uint8_t)s[i]) || s[i] == ' ' ? 1 : 3;
	return size;
}

static void put_word(struct buf *h, const char *s, size_t n, bool quoted)
{
	char *b64;

	if (!quoted) {
		b64 = base64_encode(s, n);
		buf_putf(h, "=?utf-8?B?%s?=", b64);
		free(b64);
		return;
	}
	buf_puts(h, "=?utf-8?Q?");
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)s[i];

		if (is_word_octet(c))
			buf_putc(h, (char)c);
		else if (c == ' ')
			buf_putc(h, '_');
		else
			buf_putf(h, "=%02X", c);
	}
	buf_puts(h, "?=");
}

/* The whole of ${s} as encoded words, each on a line of its own from the second on. */
static void put_words(struct buf *h, const char *s)
{
	size_t n = strlen(s), max = WORD_OCTETS, column = column_of(h);
	bool quoted = quoted_size(s, n) <= 2 * n;

	/* the first one stands behind the name of the field */
	max -= column > 1 ? MIN(max - 8, column * 3 / 4) : 0;

	while (n) {
		size_t k = 0;

		while (k < n) {
			size_t c = char_len(s + k);

			if (k && (quoted ? quoted_size(s, k + c) > max / 3 * 4 : k + c > max))
				break;
			k += c;
		}
		put_word(h, s, k, quoted);
		s += k;
		n -= k;
		max = WORD_OCTETS;
		if (n)
			buf_puts(h, "\r\n ");
	}
}

/* ---- folding ---- */

/* Words of ASCII with their blanks, broken before a blank. */
static void put_folded(struct buf *h, const char *s)
{
	size_t column = column_of(h);

	while (*s) {
		size_t blanks = strspn(s, " "), n = blanks + strcspn(s + blanks, " ");

		if (blanks && column + n > COLUMNS && column > 1) {
			buf_puts(h, "\r\n");
			column = 0;
		}
		buf_put(h, s, n);
		column += n;
		s += n;
	}
}

void field_text(struct buf *h, const char *name, const char *text)
{
	char *line = one_line(text);

	if (*line) {
		buf_putf(h, "%s: ", name);
		if (needs_words(line))
			put_words(h, line);
		else
			put_folded(h, line);
		buf_puts(h, "\r\n");
	}
	free(line);
}

void field_tokens(struct buf *h, const char *name, const char *text)
{
	char *line = one_line(text);

	if (*line && is_ascii(line) && !has_long_word(line, URL_MAX)) {
		buf_putf(h, "%s: ", name);
		put_folded(h, line);
		buf_puts(h, "\r\n");
	}
	free(line);
}

char *field_date_text(int64_t utc, char out[FIELD_DATE_SIZE])
{
	static const char days[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct day d = day_of(utc);
	int64_t number = utc / 86400 - (utc % 86400 < 0), second = utc - number * 86400;
	int week = (int)((number % 7 + 7) % 7);

	snprintf(out, FIELD_DATE_SIZE, "%.3s, %02d %.3s %04d %02d:%02d:%02d +0000", days + 3 * week,
	        d.day % 100, months + 3 * ((d.month - 1) % 12), d.year % 10000,
	        (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
	return out;
}

void field_date(struct buf *h, const char *name, int64_t utc)
{
	char text[FIELD_DATE_SIZE];

	buf_putf(h, "%s: %s\r\n", name, field_date_text(utc, text));
}

/* ---- addresses ---- */

static bool is_atext(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Atoms between dots; returns their octets, 0: there are none. */
static size_t dot_atom(const char *s)
{
	size_t n = 0;

	do {
		size_t from = n;

		while (is_atext(s[n]))
			n++;
		if (n == from)
			return 0;
	} while (s[n] == '.' && ++n);
	return n;
}

/* Printable ASCII between ${open} and ${close}; its octets with both, 0: there is none. */
static size_t enclosed(const char *s, char open, char close)
{
	size_t n = 1;

	if (*s != open)
		return 0;
	while (s[n] >= ' ' && s[n] < 127 && s[n] != open && s[n] != close)
		n += s[n] == '\\' && s[n + 1] >= ' ' && s[n + 1] < 127 ? 2 : 1;
	return s[n] == close ? n + 1 : 0;
}

bool field_is_spec(const char *s)
{
	size_t local = *s == '"' ? enclosed(s, '"', '"') : dot_atom(s), domain;

	if (local == 0 || s[local] != '@' || strlen(s) > TOKEN_MAX)
		return false;
	domain = s[local + 1] == '[' ? enclosed(s + local + 1, '[', ']') : dot_atom(s + local + 1);
	return domain && s[local + 1 + domain] == '\0';
}

static bool is_atoms(const char *s)
{
	for (; *s; s++)
		if (!is_atext(*s) && *s != ' ')
			return false;
	return true;
}

/* A phrase: as it is, in quotes, or as encoded words. */
static void put_phrase(struct buf *h, const char *line)
{
	struct buf text = buf_of(SIZE_MAX);

	if (needs_words(line)) {
		put_words(h, line);
	} else if (is_atoms(line)) {
		put_folded(h, line);
	} else {
		buf_putc(&text, '"');
		for (const char *c = line; *c; c++) {
			if (*c == '"' || *c == '\\')
				buf_putc(&text, '\\');
			buf_putc(&text, *c);
		}
		buf_putc(&text, '"');
		put_folded(h, buf_str(&text));
	}
	buf_clear(&text);
}

/* About the octets of a phrase in one line. */
static size_t phrase_size(const char *line)
{
	size_t n = strlen(line);

	return MIN(needs_words(line) ? 12 + quoted_size(line, n) : n + 2, COLUMNS);
}

/* Between two of a list: what follows takes about ${n} octets. */
static void put_comma(struct buf *h, bool first, size_t n)
{
	if (!first)
		buf_puts(h, column_of(h) + n + 2 > COLUMNS ? ",\r\n " : ", ");
}

void field_addresses(struct buf *h, const char *name, const struct field_address *list, size_t n)
{
	if (n == 0)
		return;
	buf_putf(h, "%s: ", name);
	for (size_t i = 0; i < n; i++) {
		char *line = list[i].name ? one_line(list[i].name) : xstrdup("");
		bool named = *line && strcmp(line, list[i].spec) != 0;
		size_t spec = strlen(list[i].spec);

		put_comma(h, i == 0, spec + (named ? phrase_size(line) + 3 : 0));
		if (named) {
			put_phrase(h, line);
			buf_puts(h, column_of(h) + spec + 3 > COLUMNS ? "\r\n <" : " <");
			buf_putf(h, "%s>", list[i].spec);
		} else {
			buf_puts(h, list[i].spec);
		}
		free(line);
	}
	buf_puts(h, "\r\n");
}

void field_phrases(struct buf *h, const char *name, char *const *list, size_t n)
{
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		char *line = one_line(list[i]);

		if (*line) {
			if (done == 0)
				buf_putf(h, "%s: ", name);
			put_comma(h, done++ == 0, phrase_size(line));
			put_phrase(h, line);
		}
		free(line);
	}
	if (done)
		buf_puts(h, "\r\n");
}

/* ---- parameters ---- */

bool field_is_token(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] >= 127 || strchr("()<>@,;:\\\"/[]?=", s[i]))
			return false;
	return n > 0;
}

bool field_is_type(const char *s)
{
	size_t n = strcspn(s, "/");

	return s[n] && n < 64 && strlen(s + n) < 128 && field_is_token(s, n) &&
	       field_is_token(s + n + 1, strlen(s + n + 1));
}

static void put_quoted(struct buf *h, const char *name, const char *line)
{
	buf_putf(h, ";\r\n %s=\"", name);
	for (const char *c = line; *c; c++) {
		if (*c == '"' || *c == '\\')
			buf_putc(h, '\\');
		buf_putc(h, *c);
	}
	buf_putc(h, '"');
}

static void put_percent(struct buf *h, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)s[i];

		if (is_word_octet(c) ? c != '*' : c && strchr("._", c))
			buf_putc(h, (char)c);
		else
			buf_putf(h, "%%%02X", c);
	}
}

void field_param(struct buf *h, const char *name, const char *value)
{
	char *line = one_line(value);
	size_t n = strlen(line), at = 0;
	unsigned section = 0;

	if (is_ascii(line) && n <= PARAM_OCTETS) {
		put_quoted(h, name, line);
	} else {
		while (at < n) {
			size_t k = 0;

			do
				k += char_len(line + at + k);
			while (at + k < n && 3 * k < SECTION_OCTETS);
			if (at == 0 && k == n)
				buf_putf(h, ";\r\n %s*=utf-8''", name);
			else
				buf_putf(h, ";\r\n %s*%u*=%s", name, section,
				        section ? "" : "utf-8''");
			put_percent(h, line + at, k);
			section++;
			at += k;
		}
	}
	free(line);
}

void field_plain_param(struct buf *h, const char *name, const char *value)
{
	char *line = one_line(value);

	if (*line && is_ascii(line) && strlen(line) <= PARAM_OCTETS)
		put_quoted(h, name, line);
	free(line);
}
