/* Properties of an item that is being made. */
#include "outlook/make/into.h"
#include <stdio.h>
#include <stdlib.h>
#include "outlook/wide.h"
#include "valise/base/hash.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"

enum { TOLD_MAX = 64 }; /* names of lines that are told one by one */
#define TO_1601 INT64_C(11644473600)

static void tell_to(const struct making *k, outlook_loss_fn fn, const char *fmt, va_list args)
{
	char text[512];

	if (!fn)
		return;
	vsnprintf(text, sizeof text, fmt, args);
	fn(k->m->ctx, text);
}

void into_lost(struct making *k, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tell_to(k, k->m->lost, fmt, args);
	va_end(args);
}

void into_kept(struct making *k, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tell_to(k, k->m->kept, fmt, args);
	va_end(args);
}

static void set(
        struct making *k, struct bag *b, bag_key key, uint16_t type, const void *p, size_t n)
{
	if (k->rc == 0)
		k->rc = bag_set(b, key, type, p, n, k->err);
}

void into_text(struct making *k, struct bag *b, bag_key key, const char *text)
{
	struct buf wide;

	if (!text || !*text)
		return;
	wide = buf_of(SIZE_MAX); /* four times the text */
	wide_put(&wide, text);
	set(k, b, key, BAG_UNICODE, wide.data, wide.len);
	buf_clear(&wide);
}

void into_own(struct making *k, struct bag *b, bag_key key, char *text)
{
	into_text(k, b, key, text);
	free(text);
}

void into_lines(struct making *k, struct bag *b, bag_key key, char *text)
{
	struct buf out = buf_of(SIZE_MAX);

	for (const char *s = text; s && *s; s++)
		if (*s == '\n' && (s == text || s[-1] != '\r'))
			buf_puts(&out, "\r\n");
		else
			buf_putc(&out, *s);
	into_text(k, b, key, buf_str(&out));
	buf_clear(&out);
	free(text);
}

static void set_int(struct making *k, struct bag *b, bag_key key, uint16_t type, int64_t value)
{
	if (k->rc == 0)
		k->rc = bag_set_int(b, key, type, value, k->err);
}

void into_int(struct making *k, struct bag *b, bag_key key, int64_t value)
{
	set_int(k, b, key, BAG_INT32, value);
}

void into_bool(struct making *k, struct bag *b, bag_key key, bool value)
{
	set_int(k, b, key, BAG_BOOLEAN, value);
}

void into_time(struct making *k, struct bag *b, bag_key key, int64_t utc)
{
	/* a FILETIME begins with 1601; 0 would say that there is none */
	if (utc > -TO_1601)
		set_int(k, b, key, BAG_TIME, (utc + TO_1601) * 10000000);
}

void into_double(struct making *k, struct bag *b, bag_key key, double value)
{
	union {
		double real;
		uint64_t whole;
	} eight = {value};
	uint8_t octets[8];

	le_put(octets, eight.whole, sizeof octets);
	set(k, b, key, BAG_DOUBLE, octets, sizeof octets);
}

void into_octets(struct making *k, struct bag *b, bag_key key, const void *p, size_t n)
{
	set(k, b, key, BAG_BINARY, p, n);
}

void into_buf(struct making *k, struct bag *b, bag_key key, struct buf *octets)
{
	into_octets(k, b, key, octets->data, octets->len);
	buf_clear(octets);
}

/* ---- several values ---- */

static void put_number(struct buf *out, uint64_t v)
{
	uint8_t four[4];

	le_put(four, v, sizeof four);
	buf_put(out, four, sizeof four);
}

void several_init(struct several *s)
{
	*s = (struct several){.octets = buf_of(SIZE_MAX)};
	put_number(&s->octets, 0);
}

void several_add(struct several *s, const void *p, size_t n)
{
	put_number(&s->octets, n);
	buf_put(&s->octets, p, n);
	le_put(s->octets.data, ++s->n, 4);
}

void several_text(struct several *s, const char *text)
{
	struct buf wide = buf_of(SIZE_MAX);

	wide_put(&wide, text);
	several_add(s, wide.data, wide.len);
	buf_clear(&wide);
}

void into_several(struct making *k, struct bag *b, bag_key key, uint16_t type, struct several *s)
{
	if (s->n)
		set(k, b, key, type | BAG_MULTIPLE, s->octets.data, s->octets.len);
	buf_clear(&s->octets);
}

/* ---- children ---- */

struct bag *into_recipient(struct making *k, struct bag *b)
{
	struct bag *r = k->rc == 0 ? bag_add_recipient(b, k->err) : NULL;

	if (!r && k->rc == 0)
		k->rc = k->err->code;
	return r;
}

struct bag *into_attachment(struct making *k, struct bag *b)
{
	struct bag *a = k->rc == 0 ? bag_add_attachment(b, k->err) : NULL;

	if (!a && k->rc == 0)
		k->rc = k->err->code;
	return a;
}

bool base64_read(const char *s, size_t n, struct buf *out)
{
	uint32_t group = 0;
	unsigned have = 0;
	size_t i = 0;

	for (; i < n && s[i] != '='; i++) {
		int digit = base64_digit(s[i]);

		if (digit < 0 && (s[i] == ' ' || s[i] == '\t'))
			continue;
		if (digit < 0)
			return false;
		group = group << 6 | (uint32_t)digit;
		if (++have < 4)
			continue;
		buf_put(out,
		        (const uint8_t[]){
		                (uint8_t)(group >> 16), (uint8_t)(group >> 8), (uint8_t)group},
		        3);
		have = 0;
	}
	if (have == 1 || strspn(s + i, "= \t") < n - i)
		return false;
	group <<= 6 * (4 - have);
	if (have)
		buf_put(out, (const uint8_t[]){(uint8_t)(group >> 16), (uint8_t)(group >> 8)},
		        have - 1);
	return true;
}

/* ---- the rest ---- */

struct names {
	const char *list[TOLD_MAX];
	size_t n;
};

static void tell(struct making *k, struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->list[i], name) == 0)
			return;
	if (names->n == TOLD_MAX)
		return;
	names->list[names->n++] = name;
	into_kept(k, "%.100s: no property of MAPI says it; it is kept as it was written", name);
	if (names->n == TOLD_MAX)
		into_kept(k, "and others of further names");
}

/* What does not fit is told: whoever reads the text back reads no more of it. */
static void keep(struct making *k, struct buf *kept, struct buf *lines, const char *name)
{
	if (kept->len + lines->len < BAG_TEXT_MAX - 4)
		buf_put(kept, lines->data, lines->len);
	else
		into_lost(k, "%.100s: too long to be kept", name);
	buf_reset(lines);
}

void into_rest(struct making *k, struct bag *b, const struct object *o, struct part *p,
        const struct buf *first)
{
	struct names names = {.n = 0};
	struct buf kept = buf_of(BAG_TEXT_MAX), lines = buf_of(3 * OBJECT_MAX);

	if (first)
		buf_fill(&kept, first->data, first->len);
	for (size_t i = 0; i < p->n_lines; i++)
		if (!p->lines[i].used) {
			tell(k, &names, p->lines[i].name);
			object_raw_line(o, &p->lines[i], &lines);
			keep(k, &kept, &lines, p->lines[i].name);
		}
	for (size_t i = 0; i < p->n_parts; i++)
		if (!p->parts[i]->used) {
			tell(k, &names, p->parts[i]->name);
			object_raw_part(o, p->parts[i], &lines);
			keep(k, &kept, &lines, p->parts[i]->name);
		}
	if (kept.len)
		into_text(k, b, PidNameContentLines, buf_str(&kept));
	buf_clear(&kept);
	buf_clear(&lines);
}
