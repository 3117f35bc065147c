/*
 * Header fields in a form that strict servers take: 8-bit octets as encoded words (RFC
 * 2047), long lines folded.
 */
#include <string.h>
#include <strings.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "internal.h"

enum { WORD_MAX = 75 };

bool octets_8bit(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] & 0x80)
			return true;
	return false;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* field-name ":" (RFC 5322 3.6.8), nothing between them. */
static size_t name_length(const uint8_t *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] > ' ' && p[i] < 127 && p[i] != ':')
		i++;
	return i < n && p[i] == ':' ? i : 0;
}

bool field_is_bad(const uint8_t *p, size_t n)
{
	return name_length(p, n) == 0;
}

bool field_named(const uint8_t *p, size_t n, const char *name)
{
	size_t len = strlen(name);

	return n > len && strncasecmp((const char *)p, name, len) == 0 &&
	       (p[len] == ':' || is_blank(p[len]));
}

/* ---- folding ---- */

/*
 * Where the line at ${p} may be broken so that its first part has at most MEND_LINE_MAX
 * octets; 0: it need not or cannot.
 */
static size_t break_at(const uint8_t *p, size_t n)
{
	size_t len = n, first = 1;

	while (len && (p[len - 1] == '\n' || p[len - 1] == '\r'))
		len--;
	if (len <= MEND_LINE_MAX)
		return 0;
	while (first < len && is_blank(p[first - 1]))
		first++;
	for (size_t i = MEND_LINE_MAX; i > first; i--)
		if (is_blank(p[i]) && !is_blank(p[i - 1]))
			return i;
	return 0;
}

/* Octets of the line at ${p}, with its LF. */
static size_t line_size(const uint8_t *p, size_t n)
{
	const uint8_t *lf = memchr(p, '\n', n);

	return lf ? (size_t)(lf - p) + 1 : n;
}

bool field_foldable(const uint8_t *p, size_t n)
{
	while (n) {
		size_t line = line_size(p, n);

		if (break_at(p, line))
			return true;
		p += line;
		n -= line;
	}
	return false;
}

void field_fold(const uint8_t *p, size_t n, struct buf *out)
{
	while (n) {
		size_t line = line_size(p, n), at = break_at(p, line);

		buf_put(out, p, at ? at : line);
		if (at)
			buf_puts(out, "\r\n");
		p += at ? at : line;
		n -= at ? at : line;
	}
}

/* ---- encoded words ---- */

/* What separates words: blanks, and the specials of addresses or parameters. */
enum kind { TEXT, ADDRESS, PARAMETERS };

/* Which specials the field has: those of addresses, of parameters, or none. */
static enum kind kind_of(const uint8_t *p, size_t n)
{
	static const char *const names[] = {"From", "To", "Cc", "Bcc", "Reply-To", "Sender",
	        "Resent-From", "Resent-To", "Resent-Cc", "Return-Path", "Message-ID", "References",
	        "In-Reply-To"};

	if (n > 8 && strncasecmp((const char *)p, "Content-", 8) == 0)
		return PARAMETERS;
	for (size_t i = 0; i < COUNT(names); i++)
		if (field_named(p, n, names[i]))
			return ADDRESS;
	return TEXT;
}

static bool is_special(enum kind kind, uint8_t c)
{
	return c && strchr(kind == ADDRESS       ? "()<>[]:;@,\"\\"
	                    : kind == PARAMETERS ? ";=\""
	                                         : "",
	                    c);
}

/* Octets up to a blank or special. */
static size_t word_length(const uint8_t *p, size_t n, enum kind kind)
{
	size_t i = 0;

	while (i < n && !is_blank(p[i]) && !is_special(kind, p[i]))
		i++;
	return i;
}

/* Words with 8-bit octets and the blanks between them, from ${p} on. */
static size_t run_length(const uint8_t *p, size_t n, enum kind kind)
{
	size_t len = word_length(p, n, kind), next = len;

	while (next < n) {
		size_t word;

		while (next < n && is_blank(p[next]))
			next++;
		word = word_length(p + next, n - next, kind);
		if (next == len || !octets_8bit(p + next, word))
			break;
		len = next += word;
	}
	return len;
}

static void put_word_octet(struct buf *out, uint8_t c)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	        (c && strchr("!*+-/", c)))
		buf_putc(out, (char)c);
	else if (c == ' ')
		buf_putc(out, '_');
	else
		buf_putf(out, "=%02X", c);
}

/* A fold is one blank in what it stands for. */
static void put_words(struct buf *out, const uint8_t *p, size_t n)
{
	const char *charset = utf8_valid((const char *)p, n) ? "utf-8" : "unknown-8bit";
	size_t start = out->len;

	buf_putf(out, "=?%s?Q?", charset);
	for (size_t i = 0; i < n; i++) {
		size_t len = 1;

		while (*charset == 'u' && charset[1] == 't' && i + len < n &&
		        (p[i + len] & 0xc0) == 0x80)
			len++;
		if (out->len - start + 3 * len + 2 > WORD_MAX) {
			buf_putf(out, "?=\r\n =?%s?Q?", charset);
			start = out->len - strlen(charset) - 5;
		}
		for (size_t k = 0; k < len; k++)
			if (p[i + k] != '\r' && p[i + k] != '\n' && p[i + k])
				put_word_octet(out, p[i + k] == '\t' ? ' ' : p[i + k]);
		i += len - 1;
	}
	buf_puts(out, "?=");
}

/* The length of a quoted string with its quotes; 0: it has no end. */
static size_t quoted_length(const uint8_t *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (p[i] == '\\')
			i++;
		else if (p[i] == '"')
			return i + 1;
	}
	return 0;
}

/* In addresses an encoded word takes the place of a quoted string, quotes and all. */
static void put_quoted(struct buf *out, const uint8_t *p, size_t n)
{
	struct buf plain = buf_of(n);

	for (size_t i = 1; i + 1 < n; i++) {
		if (p[i] == '\\' && i + 2 < n)
			i++;
		buf_put(&plain, &p[i], 1);
	}
	put_words(out, plain.data, plain.len);
	buf_clear(&plain);
}

/* An encoded word stands apart from what is no blank and no parenthesis. */
static void keep_apart(struct buf *out, enum kind kind, uint8_t c)
{
	if (kind == ADDRESS && !is_blank(c) && !(c && strchr("(),;", c)))
		buf_putc(out, ' ');
}

/*
 * One word, quoted string or special at ${p}; returns how many octets of it were
 * taken.
 */
static size_t put_token(struct buf *out, const uint8_t *p, size_t n, enum kind kind)
{
	size_t len = kind == ADDRESS && *p == '"' ? quoted_length(p, n) : 0;
	bool quoted = len > 0;

	if (!quoted)
		len = word_length(p, n, kind);
	if (len == 0) {
		buf_put(out, p, 1);
		return 1;
	}
	if (!octets_8bit(p, len)) {
		buf_put(out, p, len);
		return len;
	}
	keep_apart(out, kind, out->len ? out->data[out->len - 1] : ' ');
	if (quoted) {
		put_quoted(out, p, len);
	} else {
		len = run_length(p, n, kind);
		put_words(out, p, len);
	}
	if (len < n)
		keep_apart(out, kind, p[len]);
	return len;
}

void field_encode(const uint8_t *p, size_t n, struct buf *out)
{
	enum kind kind = kind_of(p, n);
	const uint8_t *colon = memchr(p, ':', n);
	size_t at = colon ? (size_t)(colon - p) + 1 : 0;

	for (size_t i = 0; i < at; i++)
		buf_putc(out, p[i] & 0x80 ? '?' : (char)p[i]);
	while (at < n)
		at += put_token(out, p + at, n - at, kind);
}
