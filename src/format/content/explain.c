/*
 * What two forms of an object differ in, with the values of both: the lines that
 * compare.c found are read again where they stand.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "compare.h"

enum {
	TOLD = 5, /* differences */
	SHOWN = 80, /* octets of a value */
	SAME_MAX = 40, /* of those the first ones that may be the same on both sides */
	TEXT_MAX = 1 << 16, /* of a value that are looked at */
};

/* One line of a text, or with all lines in it the component that begins there. */
struct rereading {
	const struct canon_entry *e;
	bool whole; /* the line, with its name and parameters */
	bool any;
	struct buf *out;
};

/* Text on one line, of what is there as much as fits. */
static void put_flat(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n && out->len < TEXT_MAX - 1; i++)
		buf_putc(out, s[i] == '\r' || s[i] == '\n' || s[i] == '\0' ? ' ' : s[i]);
}

static void put_text(struct buf *out, const char *s)
{
	put_flat(out, s, strlen(s));
}

/* Name and parameters as they are in a line. */
static void put_head(struct buf *out, const struct content_line *l)
{
	put_text(out, out->len ? " " : "");
	put_text(out, l->name);
	for (size_t i = 0; i < l->n_params; i++) {
		put_text(out, ";");
		put_text(out, l->params[i].name);
		put_text(out, "=");
		put_text(out, l->params[i].value);
	}
	put_text(out, ":");
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct rereading *r = ctx;
	bool end = strcmp(l->name, "END") == 0, begin = strcmp(l->name, "BEGIN") == 0;
	struct buf plain = buf_of(SIZE_MAX);
	bool alone = !r->any && !begin;

	r->any = true;
	if (!begin && !end) {
		if (!alone || r->whole)
			put_head(r->out, l);
		content_plain(l, TEXT_MAX, &plain);
		if (alone && r->e->at <= plain.len)
			put_flat(r->out, buf_str(&plain) + r->e->at,
			        MIN(r->e->len, plain.len - r->e->at));
		else
			put_flat(r->out, buf_str(&plain), plain.len);
	}
	buf_clear(&plain);
	return alone || (end && l->depth == 0) ? err_set(err, ERR_LIMIT, ERR_ITEM, "enough") : 0;
}

/* The value that the entry stands for. */
static char *value_of(const char *p, size_t n, const struct canon_entry *e, bool whole)
{
	struct buf out = buf_of(TEXT_MAX);
	struct rereading r = {.e = e, .whole = whole, .out = &out};

	if (e->line < n)
		(void)!content_scan(p + e->line, n - e->line, on_line, true, &r, NULL, NULL);
	return buf_take(&out);
}

/* At a place where a character begins, at most ${at}. */
static size_t whole_characters(const char *s, size_t at)
{
	while (at && ((unsigned char)s[at] & 0xc0) == 0x80)
		at--;
	return at;
}

/* What is said of a value, from ${from} on. */
static void put_shown(struct buf *out, const char *s, size_t from)
{
	size_t n = strlen(s), end;

	from = whole_characters(s, MIN(from, n));
	end = n - from <= SHOWN ? n : whole_characters(s, from + SHOWN);
	buf_putf(out, "\"%s", from ? "..." : "");
	buf_put(out, s + from, end - from);
	buf_putf(out, "%s\"", end < n ? "..." : "");
}

/* Where two long values begin to be shown, so that one sees the difference. */
static size_t first_shown(const char *a, const char *b)
{
	size_t same = 0;

	while (a[same] && a[same] == b[same])
		same++;
	if (strlen(a) <= SHOWN && strlen(b) <= SHOWN)
		return 0;
	return same > SAME_MAX ? same - SAME_MAX / 2 : 0;
}

struct values {
	char *text[COMPARE_KEPT];
	size_t n, all;
};

struct explaining {
	const char *a, *b;
	size_t a_len, b_len;
	size_t n;
	struct buf text;
};

static void read_values(struct values *v, const char *p, size_t n, const struct canon_entry *list,
        size_t all, bool whole)
{
	v->all = all;
	for (v->n = 0; v->n < MIN(all, COMPARE_KEPT); v->n++)
		v->text[v->n] = value_of(p, n, &list[v->n], whole);
}

static void values_clear(struct values *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->text[i]);
	v->n = 0;
}

/* The values of one side, held against those of the other. */
static void put_values(struct buf *out, const struct values *v, const struct values *other)
{
	if (!v->all)
		buf_puts(out, "none");
	for (size_t i = 0; i < v->n; i++) {
		buf_puts(out, i ? ", " : "");
		put_shown(out, v->text[i],
		        i < other->n ? first_shown(v->text[i], other->text[i]) : 0);
	}
	if (v->all > v->n)
		buf_putf(out, " and %zu more", v->all - v->n);
}

/* Would both sides look the same? */
static bool looks_same(const struct values *x, const struct values *y)
{
	bool same = x->all == y->all;

	for (size_t i = 0; i < x->n && same; i++)
		same = strcmp(x->text[i], y->text[i]) == 0;
	return same;
}

static void put_where(struct explaining *t, const struct compare_found *f)
{
	struct canon_entry date = {.line = f->instance - 1, .len = UINT32_MAX};
	char *of;

	content_put_name(f->label, strlen(f->label), &t->text);
	if (*f->component)
		buf_putf(&t->text, " of %s", f->component);
	if (!f->instance)
		return;
	of = value_of(t->a, t->a_len, &date, false);
	buf_putf(&t->text, " %.40s", of);
	free(of);
}

static void explain_one(void *ctx, const struct compare_found *f)
{
	struct explaining *t = ctx;
	struct values before = {0}, after = {0};

	if (++t->n > TOLD)
		return;
	buf_puts(&t->text, t->n > 1 ? "; " : "");
	put_where(t, f);
	buf_puts(&t->text, ": ");
	for (int whole = 0; whole < 2; whole++) {
		values_clear(&before);
		values_clear(&after);
		read_values(&before, t->a, t->a_len, f->lost, f->n_lost, whole != 0);
		read_values(&after, t->b, t->b_len, f->added, f->n_added, whole != 0);
		/* it is the parameters that differ */
		if (!looks_same(&before, &after))
			break;
	}
	if (!before.all && !after.all)
		buf_puts(&t->text, f->sign == '-' ? "missing" : "added");
	else {
		put_values(&t->text, &before, &after);
		buf_puts(&t->text, " -> ");
		put_values(&t->text, &after, &before);
	}
	values_clear(&before);
	values_clear(&after);
}

int content_explain(const void *a, size_t a_len, const void *b, size_t b_len, struct buf *out,
        size_t *n_out, struct err *err)
{
	struct explaining t = {.a = a, .b = b, .a_len = a_len, .b_len = b_len};
	int rc;

	buf_init(&t.text, SIZE_MAX);
	rc = compare_texts(a, a_len, b, b_len, false, explain_one, &t, err);
	if (t.n > TOLD)
		buf_putf(&t.text, "; and %zu more", t.n - TOLD);
	*n_out = t.n;
	if (rc == 0)
		(void)!buf_add(out, t.text.data, t.text.len);
	buf_clear(&t.text);
	return rc;
}
