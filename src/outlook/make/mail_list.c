/* The addresses of a field: RFC 5322 3.4 with its obsolete forms, and what else is met. */
#include <stdlib.h>
#include <string.h>
#include "outlook/make/mail.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/format/header.h"

/* A mailbox that is being read. */
struct mailbox {
	struct buf plain; /* as it stands there, without comments */
	struct buf phrase; /* the same without quotes */
	struct buf comment; /* the last one */
	struct buf angle; /* between < and > */
	bool in_angle, has_angle;
	bool has_at; /* ${plain} has an "@" */
};

static void box_reset(struct mailbox *b)
{
	buf_reset(&b->plain);
	buf_reset(&b->phrase);
	buf_reset(&b->comment);
	buf_reset(&b->angle);
	b->in_angle = b->has_angle = b->has_at = false;
}

/* Octets up to the ${close} that ends what begins at ${s}; all of them, where none does. */
static size_t enclosed(const char *s, size_t n, char open, char close)
{
	unsigned depth = 1;
	size_t i;

	for (i = 1; i < n && depth; i++) {
		if (s[i] == '\\' && i + 1 < n)
			i++;
		else if (s[i] == close)
			depth--;
		else if (s[i] == open)
			depth++;
	}
	return i;
}

/* What is enclosed, its backslashes undone. */
static void put_inner(struct buf *out, const char *s, size_t n, char close)
{
	size_t end = n > 1 && s[n - 1] == close ? n - 1 : n;

	for (size_t i = 1; i < end; i++) {
		i += s[i] == '\\' && i + 1 < end;
		buf_putc(out, s[i]);
	}
}

/* "@a,@b:c@d" is c@d: RFC 5322 4.4. No comments, no blanks but those in quotes. */
static void put_spec(struct buf *out, const char *s, size_t n)
{
	const char *colon = n && *s == '@' ? memchr(s, ':', n) : NULL;
	bool quoted = false;

	if (colon) {
		n -= (size_t)(colon + 1 - s);
		s = colon + 1;
	}
	for (size_t i = 0; i < n; i++) {
		quoted ^= s[i] == '"' && (i == 0 || s[i - 1] != '\\');
		if (!quoted && s[i] == '(') {
			i += enclosed(s + i, n - i, '(', ')') - 1;
			continue;
		}
		if (quoted || (s[i] != ' ' && s[i] != '\t' && s[i] != '\r' && s[i] != '\n'))
			buf_putc(out, s[i]);
	}
}

/* One word without "@" is somebody of the same machine; several are none. */
static bool is_address(const struct mailbox *b)
{
	const char *s = buf_str(&b->plain);

	return b->has_at || (b->plain.len && !strpbrk(s, " \t\"=?;"));
}

static void trim(struct buf *b)
{
	size_t blanks = strspn(buf_str(b), " \t\r\n");

	buf_drop(b, MIN(blanks, b->len));
	while (b->len && strchr(" \t\r\n", b->data[b->len - 1]))
		b->data[--b->len] = '\0';
}

static int give_box(struct mailbox *b, in_person_fn give, void *ctx, struct err *err)
{
	struct buf spec = buf_of(SIZE_MAX), address = buf_of(SIZE_MAX), name = buf_of(SIZE_MAX);
	struct buf *said = b->has_angle && b->phrase.len ? &b->phrase : &b->comment;
	int rc = 0;

	trim(&b->plain);
	trim(&b->phrase);
	if (b->has_angle)
		put_spec(&spec, buf_str(&b->angle), b->angle.len);
	else if (is_address(b))
		put_spec(&spec, buf_str(&b->plain), b->plain.len);
	text_one_line(buf_str(&spec), spec.len, IN_TEXT_MAX, &address);
	if (said->len)
		header_whole_text(buf_str(said), said->len, IN_TEXT_MAX, &name);
	if (address.len) {
		struct in_person p = {name.len ? name.data ? (char *)name.data : NULL : NULL,
		        (char *)address.data};

		rc = give(ctx, &p, err);
	}
	buf_clear(&spec);
	buf_clear(&address);
	buf_clear(&name);
	box_reset(b);
	return rc;
}

/* Takes what begins at ${s}; returns its octets. */
static size_t take(struct mailbox *b, const char *s, size_t n)
{
	size_t k = 1;

	if (*s == '(' && !b->in_angle) {
		k = enclosed(s, n, '(', ')');
		buf_reset(&b->comment);
		put_inner(&b->comment, s, k, ')');
		return k;
	}
	if (*s == '"') {
		k = enclosed(s, n, '\0', '"');
		if (!b->in_angle)
			put_inner(&b->phrase, s, k, '"');
	} else if (*s == '[') {
		k = enclosed(s, n, '[', ']');
	} else if (*s == '<') {
		b->in_angle = b->has_angle = true;
		buf_reset(&b->angle);
		return 1;
	} else if (*s == '>') {
		b->in_angle = false;
		return 1;
	} else if (!b->in_angle && !b->has_angle) {
		buf_putc(&b->phrase, *s);
	}
	b->has_at |= !b->in_angle && memchr(s, '@', k);
	buf_put(b->in_angle ? &b->angle : &b->plain, s, k);
	return k;
}

int in_addresses(const char *s, size_t n, in_person_fn give, void *ctx, struct err *err)
{
	struct mailbox b = {.plain = buf_of(SIZE_MAX),
	        .phrase = buf_of(SIZE_MAX),
	        .comment = buf_of(SIZE_MAX),
	        .angle = buf_of(SIZE_MAX)};
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0;) {
		bool inside = b.in_angle;

		if ((s[i] == ',' || s[i] == ';') && !inside) {
			rc = give_box(&b, give, ctx, err);
			i++;
		} else if (s[i] == ':' && !inside && !b.has_at) {
			box_reset(&b); /* the name of a group */
			i++;
		} else {
			i += take(&b, s + i, n - i);
		}
	}
	if (rc == 0)
		rc = give_box(&b, give, ctx, err);
	buf_clear(&b.plain);
	buf_clear(&b.phrase);
	buf_clear(&b.comment);
	buf_clear(&b.angle);
	return rc;
}
