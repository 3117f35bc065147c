/* Events and cards of a file: where they are, which belong together, one after the other. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "import/pim/objects.h"
#include "valise/base/escape.h"
#include "valise/base/hash.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

void pimfile_init(struct pim *p, struct import_file *f, struct import_box *b)
{
	memset(p, 0, sizeof *p);
	p->f = f;
	p->box = b;
	p->object_depth = -1;
	spool_init(&p->spool);
}

void pimfile_clear(struct pim *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->objects[i].uid);
	free(p->objects);
	free(p->object.uid);
	while (p->depth)
		free(p->open[--p->depth]);
	spool_clear(&p->spool);
}

enum { PIECE = 65536 };

/* ---- lines ---- */

char *pim_line_text(const struct pim_line *l)
{
	struct buf plain = buf_of(SIZE_MAX), out = buf_of(SIZE_MAX);
	const char *s = l->c->value;
	size_t n = l->c->value_len;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\\' && i + 1 < n)
			buf_putc(&plain, s[++i] == 'n' || s[i] == 'N' ? ' ' : s[i]);
		else
			buf_putc(&plain, s[i]);
	}
	text_one_line(buf_str(&plain), plain.len, LINE_HEAD, &out);
	buf_clear(&plain);
	return buf_take(&out);
}

/* A date-time as a number that grows with it: 20240131T235959Z; other forms, too. */
static int64_t stamp_of(const char *s, size_t n)
{
	int64_t value = 0;
	int digits = 0;

	for (size_t i = 0; i < n && digits < 14; i++)
		if (isdigit((unsigned char)s[i])) {
			value = value * 10 + (s[i] - '0');
			digits++;
		}
	for (; digits && digits < 14; digits++)
		value *= 10;
	return value;
}

static void key_of(const char *s, size_t n, uint8_t out[PIM_KEY])
{
	uint8_t sum[SHA256_LEN];

	sha256_of(s, n, sum);
	memcpy(out, sum, PIM_KEY);
}

/* ---- an object ---- */

void object_begin(struct pim *p, const struct pim_line *l)
{
	free(p->object.uid);
	p->object = (struct pim_object){.from = l->from, .head_to = l->to};
	p->object_depth = p->depth;
}

/* Takes ${uid}. */
static void take_uid(struct pim_object *o, char *uid)
{
	size_t n = strlen(uid);

	o->has_uid = true;
	key_of(uid, n, o->key);
	free(o->uid);
	o->uid = n <= PIM_UID_MAX ? uid : NULL;
	if (!o->uid)
		free(uid);
}

static void note_uid(struct pim_object *o, const struct pim_line *l)
{
	char *uid = o->has_uid || l->cut ? NULL : content_uid(l->c);

	if (uid) {
		take_uid(o, uid);
	} else if (l->cut && !o->has_uid && !o->uid_to) {
		o->uid_from = l->from;
		o->uid_to = l->to;
	}
}

static int on_long_uid(void *ctx, const struct content_line *l, struct err *err)
{
	char *uid = content_uid(l);

	(void)err;
	if (uid)
		take_uid(ctx, uid);
	return 0;
}

int object_long_uid(struct pim *p, struct pim_object *o, struct err *err)
{
	uint64_t n = o->uid_to - o->uid_from;
	char *line;
	int rc;

	if (!n || n > 4 * CONTENT_UID_MAX)
		return 0;
	line = xmalloc(n);
	rc = spool_read(&p->spool, o->uid_from, line, n, err);
	if (rc == 0)
		rc = content_read(line, n, on_long_uid, o, NULL, err);
	free(line);
	return rc;
}

void object_property(struct pim *p, const struct pim_line *l)
{
	struct pim_object *o = &p->object;
	uint8_t key[PIM_KEY];

	if (!l->c || p->depth != p->object_depth + 1)
		return;
	if (line_is(l, "UID")) {
		note_uid(o, l);
	} else if (line_is(l, "RECURRENCE-ID")) {
		key_of(l->c->value, l->c->value_len, key);
		memcpy(&o->instance, key, sizeof o->instance);
		o->instance |= 1;
	} else if (line_is(l, "SEQUENCE")) {
		o->sequence = (uint32_t)strtoul(l->c->value, NULL, 10);
	} else if (line_is(l, "LAST-MODIFIED") || line_is(l, "REV")) {
		o->changed = stamp_of(l->c->value, l->c->value_len);
	}
}

void object_end(struct pim *p, const struct pim_line *l)
{
	p->object.tail_from = l->from;
	p->object.to = l->to;
	*ARR_PUSH(p->objects, p->n, p->cap) = p->object;
	p->object.uid = NULL;
	p->object_depth = -1;
}

/* ---- the file ---- */

struct feeding {
	struct pim *p;
	const struct pim_ops *ops;
};

static void broken(struct pim *p)
{
	struct buf text = buf_of(SIZE_MAX);

	buf_puts(&text, "it ends before its END");
	if (p->object.uid)
		buf_putf(&text, " (UID %s)", p->object.uid);
	box_error(p->box, NULL, buf_str(&text));
	buf_clear(&text);
	p->object_depth = -1;
	p->broken = true;
}

/* Takes ${name}. */
static void on_begin(struct feeding *g, const struct pim_line *l, char *name)
{
	struct pim *p = g->p;

	if (p->depth == PIM_DEPTH) {
		p->stray++;
		free(name);
		return;
	}
	g->ops->begin(p, l, name);
	p->open[p->depth++] = name;
}

static void on_end(struct feeding *g, const struct pim_line *l, const char *name)
{
	struct pim *p = g->p;
	int at = p->depth - 1;

	while (at >= 0 && strcmp(p->open[at], name) != 0)
		at--;
	if (at < 0) {
		p->stray++;
		return;
	}
	if (p->object_depth > at)
		broken(p);
	while (p->depth > at)
		free(p->open[--p->depth]);
	g->ops->end(p, l, name);
}

static int on_line(void *ctx, const struct pim_line *l, struct err *err)
{
	struct feeding *g = ctx;
	char *name;

	(void)err;
	if (line_is(l, "BEGIN")) {
		on_begin(g, l, content_component(l->c));
	} else if (line_is(l, "END")) {
		name = content_component(l->c);
		on_end(g, l, name);
		free(name);
	} else if (!g->p->depth) {
		g->p->stray++;
	} else {
		g->ops->property(g->p, l);
	}
	return 0;
}

/* UTF-16 (Apple's old address book): *odd holds what is left of a piece. */
struct wide {
	bool is, big;
	uint8_t left;
	bool has_left;
	uint32_t high; /* the first half of a pair, 0: none */
};

static void put_unit(struct wide *w, uint32_t unit, struct buf *out)
{
	char utf8[4];

	if (unit >= 0xd800 && unit < 0xdc00) {
		w->high = unit;
		return;
	}
	if (unit >= 0xdc00 && unit < 0xe000)
		unit = w->high ? 0x10000 + ((w->high - 0xd800) << 10) + (unit - 0xdc00) : 0xfffd;
	w->high = 0;
	if (unit != 0xfeff)
		buf_put(out, utf8, utf8_put(unit, utf8));
}

static void narrow(struct wide *w, const uint8_t *p, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (!w->has_left) {
			w->left = p[i];
			w->has_left = true;
			continue;
		}
		put_unit(w, w->big ? (uint32_t)w->left << 8 | p[i] : (uint32_t)p[i] << 8 | w->left,
		        out);
		w->has_left = false;
	}
}

static int feed(struct pim *p, struct wide *w, const uint8_t *s, size_t n, struct err *err)
{
	struct buf text = buf_of(SIZE_MAX);
	int rc;

	if (!p->spool.len && n >= 2 && (!memcmp(s, "\xfe\xff", 2) || !memcmp(s, "\xff\xfe", 2))) {
		w->is = true;
		w->big = s[0] == 0xfe;
		box_note(p->box, "it is UTF-16, and kept as UTF-8");
	}
	if (w->is) {
		narrow(w, s, n, &text);
		s = text.data;
		n = text.len;
	}
	rc = spool_add(&p->spool, s, n, err);
	if (rc == 0 && !p->lines.pos) {
		size_t bom = text_bom((const char *)s, n);

		p->lines.pos = p->lines.from = bom;
		s += bom;
		n -= bom;
	}
	if (rc == 0)
		rc = pimlines_add(&p->lines, s, n, err);
	buf_clear(&text);
	return rc;
}

int pimfile_read(struct pim *p, const struct pim_ops *ops, struct err *err)
{
	struct feeding g = {p, ops};
	struct wide w = {0};
	struct err own = {0};
	uint8_t *piece = xmalloc(PIECE);
	size_t got = 1;
	int rc = 0;

	pimlines_init(&p->lines, on_line, &g);
	while (rc == 0 && got) {
		size_t n = 0;

		/* The first one has a byte order mark as a whole. */
		for (rc = 0; rc == 0 && got && n < 4; n += got)
			rc = p->f->read(p->f, piece + n, PIECE - n, &got, &own);
		if (rc < 0) {
			rc = err_ends(&own) ? err_copy(err, &own) : 0;
			if (rc == 0)
				box_error(p->box, NULL, own.text);
			p->broken = true;
			break;
		}
		rc = feed(p, &w, piece, n, err);
	}
	if (rc == 0)
		rc = pimlines_end(&p->lines, err);
	if (rc == 0 && p->object_depth >= 0)
		broken(p);
	pimlines_clear(&p->lines);
	free(piece);
	return rc;
}
