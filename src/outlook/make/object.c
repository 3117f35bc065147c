/* Calendar objects and cards taken apart: RFC 5545, RFC 2426. */
#include "outlook/make/object.h"
#include <stdlib.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/amend.h"

enum { DEPTH_MAX = 16 /* as content_read has it */ };

struct reading {
	struct object *o;
	struct part *open[DEPTH_MAX + 1];
	int depth;
	size_t lines;
};

static struct part *part_new(const char *name, size_t at)
{
	struct part *p = xcalloc(1, sizeof *p);

	p->name = xstrdup(name);
	p->at = at;
	return p;
}

static void part_free(struct part *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_lines; i++) {
		free(p->lines[i].head);
		free(p->lines[i].params);
		free(p->lines[i].value);
	}
	for (size_t i = 0; i < p->n_parts; i++)
		part_free(p->parts[i]);
	free(p->lines);
	free(p->parts);
	free(p->name);
	free(p);
}

void object_clear(struct object *o)
{
	part_free(o->root);
	o->root = NULL;
	buf_clear(&o->text);
}

/* A text goes behind those that are there. */
static size_t keep(struct buf *head, const char *s)
{
	size_t at = head->len;

	buf_put(head, s, strlen(s) + 1);
	return at;
}

static void add_line(struct part *p, const struct content_line *l)
{
	struct line *out = ARR_PUSH(p->lines, p->n_lines, p->lines_cap);
	struct buf head = buf_of(SIZE_MAX); /* not longer than the line */
	size_t *at = xcalloc(2 * l->n_params + 1, sizeof *at), group, name;

	group = l->group ? keep(&head, l->group) : 0;
	name = keep(&head, l->name);
	for (size_t i = 0; i < l->n_params; i++) {
		at[2 * i] = keep(&head, l->params[i].name);
		at[2 * i + 1] = keep(&head, l->params[i].value);
	}
	out->head = buf_take(&head);
	out->group = l->group ? out->head + group : NULL;
	out->name = out->head + name;
	out->n_params = l->n_params;
	out->params = xcalloc(l->n_params + 1, sizeof *out->params);
	for (size_t i = 0; i < l->n_params; i++)
		out->params[i] =
		        (struct content_param){out->head + at[2 * i], out->head + at[2 * i + 1]};
	out->value = xstrndup(l->value, l->value_len);
	/* a NUL ends it, as it ends what MAPI holds */
	out->value_len = strlen(out->value);
	out->at = l->offset;
	free(at);
	buf_clear(&head);
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct reading *r = ctx;
	struct part *p;

	if (++r->lines > OBJECT_LINES_MAX)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "more than %d lines", OBJECT_LINES_MAX);
	/* those that nobody closed end here, too */
	while (r->depth > l->depth)
		r->open[r->depth--]->end = l->offset;
	p = r->open[r->depth];
	if (strcmp(l->name, "BEGIN") == 0) {
		char *name = content_component(l);
		struct part *child = part_new(name, l->offset);

		free(name);
		*ARR_PUSH(p->parts, p->n_parts, p->parts_cap) = child;
		r->open[++r->depth] = child;
	} else if (strcmp(l->name, "END") != 0) {
		add_line(p, l);
	}
	return 0;
}

/* The text with its line ends and octets as they should be; a card as one of 3.0. */
static int amend(struct buf *text, bool card, struct err *err)
{
	static const enum amend steps[] = {AMEND_TEXT, AMEND_UTF8, AMEND_CARD3};

	for (size_t i = 0; i < COUNT(steps) - !card; i++) {
		struct buf out = buf_of(2 * OBJECT_MAX);
		int rc = content_amend(text->data, text->len, steps[i], &out, err);

		if (rc > 0)
			buf_swap(text, &out);
		buf_clear(&out);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_text(struct spool *octets, struct buf *out, struct err *err)
{
	uint8_t *all;
	int rc;

	if (octets->len > OBJECT_MAX)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "larger than %d MiB", OBJECT_MAX >> 20);
	all = xmalloc((size_t)octets->len + 1);
	rc = spool_read(octets, 0, all, (size_t)octets->len, err);
	if (rc == 0)
		buf_put(out, all, (size_t)octets->len);
	free(all);
	return rc;
}

/* Takes ${out}->text apart. */
static int parse(const char *kind, struct object *out, struct err *err)
{
	struct reading r = {.o = out};
	int rc;

	out->root = part_new("", 0);
	r.open[0] = out->root;
	rc = content_read(out->text.data, out->text.len, on_line, &r, NULL, err);
	while (r.depth >= 0)
		r.open[r.depth--]->end = out->text.len;
	if (rc == 0 && !part_child(out->root, kind))
		return err_set(err, ERR_PROTO, ERR_ITEM, "it is no %s", kind);
	return rc;
}

int object_read(struct spool *octets, const char *kind, struct object *out, struct err *err)
{
	int rc;

	*out = (struct object){.text = buf_of(2 * OBJECT_MAX)};
	rc = read_text(octets, &out->text, err);
	if (rc == 0)
		rc = amend(&out->text, strcmp(kind, "VCARD") == 0, err);
	return rc < 0 ? rc : parse(kind, out, err);
}

int object_parse(struct buf *text, const char *kind, struct object *out, struct err *err)
{
	*out = (struct object){.text = buf_of(0)};
	buf_swap(text, &out->text);
	return parse(kind, out, err);
}

/* ---- asking ---- */

struct part *part_child(const struct part *p, const char *name)
{
	for (size_t i = 0; i < p->n_parts; i++)
		if (strcmp(p->parts[i]->name, name) == 0)
			return p->parts[i];
	return NULL;
}

struct line *part_peek(const struct part *p, const char *name)
{
	for (size_t i = 0; i < p->n_lines; i++)
		if (!p->lines[i].used && strcmp(p->lines[i].name, name) == 0)
			return &p->lines[i];
	return NULL;
}

struct line *part_take(struct part *p, const char *name)
{
	struct line *l = part_peek(p, name);

	if (l)
		l->used = true;
	return l;
}

struct line *part_each(struct part *p, const char *name, size_t *i)
{
	while (*i < p->n_lines) {
		struct line *l = &p->lines[(*i)++];

		if (!l->used && strcmp(l->name, name) == 0) {
			l->used = true;
			return l;
		}
	}
	return NULL;
}

char *part_text(struct part *p, const char *name)
{
	struct line *l = part_take(p, name);
	char *text = l ? line_text(l) : NULL;

	if (text && !*text) {
		free(text);
		return NULL;
	}
	return text;
}

const char *line_param(const struct line *l, const char *name)
{
	for (size_t i = 0; i < l->n_params; i++)
		if (strcmp(l->params[i].name, name) == 0)
			return l->params[i].value;
	return NULL;
}

bool line_has(const struct line *l, const char *name, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i < l->n_params; i++) {
		const char *s = l->params[i].value;

		if (strcmp(l->params[i].name, name) != 0)
			continue;
		while (*s) {
			size_t len = strcspn(s, ",");

			if (len == n && strncasecmp(s, word, n) == 0)
				return true;
			s += len + (s[len] != '\0');
		}
	}
	return false;
}

/* Escapes decoded: RFC 5545 3.3.11, RFC 2426 4; other backslashes stay. */
static void unescape(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		char next = i + 1 < n ? s[i + 1] : '\0';

		if (s[i] != '\\' || !next || !strchr("nN,;:\\", next)) {
			buf_putc(out, s[i]);
			continue;
		}
		buf_putc(out, (char)(next == 'n' || next == 'N' ? '\n' : next));
		i++;
	}
}

/* Octets before the first ${c} that no backslash precedes. */
static size_t span(const char *s, size_t n, char c)
{
	size_t i = 0;

	while (i < n && s[i] != c)
		i += s[i] == '\\' && i + 1 < n ? 2 : 1;
	return MIN(i, n);
}

char *line_text(const struct line *l)
{
	struct buf out = buf_of(SIZE_MAX); /* not longer than the value */

	unescape(l->value, l->value_len, &out);
	return buf_take(&out);
}

char *line_piece(const struct line *l, char sep, size_t *at)
{
	struct buf out = buf_of(SIZE_MAX);
	size_t n;

	if (*at > l->value_len)
		return NULL;
	n = span(l->value + *at, l->value_len - *at, sep);
	unescape(l->value + *at, n, &out);
	*at += n + 1;
	return buf_take(&out);
}

/* ---- as it was ---- */

/* Where the line at ${at} ends, before its end; the text may hold NUL. */
static size_t line_end(const struct object *o, size_t at)
{
	while (at < o->text.len && o->text.data[at] != '\r' && o->text.data[at] != '\n')
		at++;
	return at;
}

/* The next line, behind the end of this one at ${at}; *folded: it goes on there. */
static size_t line_next(const struct object *o, size_t at, bool *folded)
{
	const char *s = buf_str(&o->text);

	at += s[at] == '\r';
	at += s[at] == '\n';
	*folded = s[at] == ' ' || s[at] == '\t';
	return at;
}

/* The octets from ${at} up to ${end}: whole lines. NUL goes: nothing that is kept has one. */
static void put_raw(const struct object *o, size_t at, size_t end, struct buf *out)
{
	bool folded;

	while (at < end) {
		size_t stop = MIN(line_end(o, at), end);

		for (; at < stop; at++)
			if (o->text.data[at])
				buf_putc(out, (char)o->text.data[at]);
		at = line_next(o, at, &folded);
		if (folded && at < end)
			at++;
		else
			buf_puts(out, "\r\n");
	}
}

void object_raw_part(const struct object *o, const struct part *p, struct buf *out)
{
	put_raw(o, p->at, p->end, out);
	buf_putf(out, "END:%s\r\n", p->name);
}

void object_raw_line(const struct object *o, const struct line *l, struct buf *out)
{
	size_t end = l->at;
	bool folded = true;

	while (folded && end < o->text.len)
		end = line_next(o, line_end(o, end), &folded);
	put_raw(o, l->at, end, out);
}

char *object_line(const struct object *o, const struct line *l)
{
	struct buf out = buf_of(SIZE_MAX);

	object_raw_line(o, l, &out);
	if (out.len >= 2)
		out.data[out.len - 2] = '\0';
	return buf_take(&out);
}
