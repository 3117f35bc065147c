/* Octets of an object on their way into another: line ends, and names of time zones. */
#include <string.h>
#include <strings.h>
#include "internal.h"

enum { FOLD = 75 }; /* octets of a line, RFC 5545 3.1 */

void merge_put_lines(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0, from; i < n;) {
		for (from = i; i < n && s[i] != '\r' && s[i] != '\n'; i++)
			;
		if (i > from) {
			buf_put(out, s + from, i - from);
			buf_puts(out, "\r\n");
		}
		i += i + 1 < n && s[i] == '\r' && s[i + 1] == '\n';
		i++;
	}
}

/* A line without its folds and its end. */
static void unfold(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0, from; i < n;) {
		for (from = i; i < n && s[i] != '\r' && s[i] != '\n'; i++)
			;
		buf_put(out, s + from, i - from);
		while (i < n && (s[i] == '\r' || s[i] == '\n'))
			i++;
		i += i < n; /* the blank of the fold */
	}
}

/* Folded between characters. */
static void fold(const struct buf *line, struct buf *out)
{
	size_t from = 0, room = FOLD;

	while (line->len - from > room) {
		size_t k = room;

		while (k > 1 && (line->data[from + k] & 0xC0) == 0x80)
			k--;
		buf_put(out, line->data + from, k);
		buf_puts(out, "\r\n ");
		from += k;
		room = FOLD - 1;
	}
	buf_put(out, line->data + from, line->len - from);
	buf_puts(out, "\r\n");
}

/* Octets before the ';' or ':' that ends a parameter. A quote that nothing closes is text. */
static size_t param_span(const char *s, size_t n)
{
	size_t i = 0;

	for (; i < n && s[i] != ';' && s[i] != ':'; i++) {
		const char *quote = s[i] == '"' ? memchr(s + i + 1, '"', n - i - 1) : NULL;

		if (quote)
			i = (size_t)(quote - s);
	}
	return i;
}

/* Where the value of the TZID parameter ends, within its quotes; 0: there is none. */
static size_t find_tzid_end(const char *p, size_t len)
{
	for (size_t at = param_span(p, len); at < len && p[at] == ';';) {
		size_t k = param_span(p + at + 1, len - at - 1), end = at + 1 + k;

		if (k > 5 && strncasecmp(p + at + 1, "TZID=", 5) == 0)
			return end - (p[end - 1] == '"');
		at = end;
	}
	return 0;
}

void merge_rename_param(const char *s, size_t n, const char *suffix, struct buf *out)
{
	struct buf line = buf_of(SIZE_MAX), other = buf_of(SIZE_MAX);
	size_t end;

	unfold(s, n, &line);
	end = find_tzid_end(buf_str(&line), line.len);
	buf_put(&other, line.data, end);
	if (end)
		buf_puts(&other, suffix);
	buf_put(&other, line.data + end, line.len - end);
	fold(&other, out);
	buf_clear(&line);
	buf_clear(&other);
}

struct renaming {
	const struct buf *text;
	const char *suffix;
	struct buf *out;
	size_t from; /* of what is not written yet */
	bool held, done; /* held: what is not written yet is the line */
};

static void put_held(struct renaming *r, size_t to)
{
	const char *s = (const char *)r->text->data + r->from;
	struct buf line = buf_of(SIZE_MAX);

	if (r->held) {
		unfold(s, to - r->from, &line);
		buf_puts(&line, r->suffix);
		fold(&line, r->out);
	} else {
		buf_put(r->out, s, to - r->from);
	}
	buf_clear(&line);
	r->held = false;
	r->from = to;
}

static int on_zone_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct renaming *r = ctx;

	(void)err;
	put_held(r, l->offset);
	r->held = !r->done && l->depth == 1 && strcmp(l->name, "TZID") == 0;
	r->done |= r->held;
	return 0;
}

void merge_rename_zone(const struct buf *text, const char *suffix, struct buf *out)
{
	struct renaming r = {.text = text, .suffix = suffix, .out = out};

	/* It was read before, with the same limits. */
	(void)!content_scan(text->data, text->len, on_zone_line, true, &r, NULL, NULL);
	put_held(&r, text->len);
}
