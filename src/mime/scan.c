/*
 * The parts of a message (RFC 2046 5.1), found in one pass: where each begins and ends. What
 * is held is a line, a field and MIME_PARTS_MAX parts, whatever the message is.
 */
#include "mime/internal.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CHUNK = 64 << 10, NAME_SIZE = 40 };
#define NONE SIZE_MAX

/* A multipart or message that has not ended. */
struct container {
	size_t entry;
	char *delimiter; /* "--" and the boundary; of a message NULL */
};

struct scan {
	struct mime_message *m;
	struct container open[MIME_DEPTH_MAX];
	size_t n_open;
	size_t at; /* the entry that is being read; NONE: what is between parts */
	bool in_header, any_field, done;
	bool first_line; /* of the header */
	struct buf field; /* the value of the field that is being read */
	char name[NAME_SIZE]; /* its name; "": it is one that nobody wants */
	unsigned seen; /* bits of wanted fields */
	unsigned line_end; /* octets that ended the line before */
};

static const char *const wanted[] = {
        "content-type", "content-transfer-encoding", "content-disposition", "content-id"};

static void say_cut(struct mime_message *m, const char *fmt, unsigned max)
{
	if (!m->cut)
		m->cut = xasprintf(fmt, max);
}

static struct mime_entry *entry_of(const struct scan *s, size_t i)
{
	return &s->m->entries[i];
}

static bool is_multipart(const struct scan *s, size_t i)
{
	return entry_of(s, i)->part.multipart;
}

static void begin_part(struct scan *s, size_t parent, uint64_t head)
{
	struct mime_message *m = s->m;
	struct mime_entry *e;

	s->at = NONE;
	s->in_header = false;
	if (m->n == MIME_PARTS_MAX) {
		say_cut(m, "it has more than %u parts: the others are left out", MIME_PARTS_MAX);
		s->done = true;
		return;
	}
	e = ARR_PUSH(m->entries, m->n, m->cap);
	s->at = m->n - 1;
	e->parent = s->at == 0 ? 0 : parent;
	e->part.depth = (unsigned)s->n_open;
	e->head = e->body = e->end = head;
	s->in_header = s->first_line = true;
	s->any_field = false;
	s->seen = 0;
	s->name[0] = '\0';
}

static void end_field(struct scan *s)
{
	const char *v = buf_str(&s->field);
	size_t n = s->field.len;

	if (s->name[0]) {
		text_trim(&v, &n);
		mime_entry_field(entry_of(s, s->at), s->name, v, n);
	}
	s->name[0] = '\0';
	buf_reset(&s->field);
}

/* The container is one more level; false: that is too deep. */
static bool push(struct scan *s, const struct mime_entry *e)
{
	if (s->n_open == MIME_DEPTH_MAX) {
		say_cut(s->m, "parts that are deeper than %u levels are left as they are",
		        MIME_DEPTH_MAX);
		return false;
	}
	s->open[s->n_open++] =
	        (struct container){s->at, e->part.message ? NULL : xasprintf("--%s", e->boundary)};
	return true;
}

/* What the entry ${at} holds begins at ${body}. */
static void end_header(struct scan *s, uint64_t body)
{
	struct mime_entry *e = entry_of(s, s->at), *up = entry_of(s, e->parent);

	end_field(s);
	e->body = e->end = body;
	mime_entry_settle(e,
	        s->at > 0 && up->part.multipart && strcmp(up->part.type, "multipart/digest") == 0);
	s->in_header = false;
	if ((e->part.multipart || e->part.message) && !push(s, e))
		e->part.multipart = e->part.message = false;
	if (e->part.message)
		begin_part(s, s->at, body);
	else if (e->part.multipart)
		s->at = NONE;
}

/* ${end}: of all that is deeper than container ${i}. */
static void close_above(struct scan *s, size_t i, uint64_t end)
{
	if (s->at != NONE)
		entry_of(s, s->at)->end = MAX(end, entry_of(s, s->at)->body);
	s->at = NONE;
	while (s->n_open > i) {
		struct container *c = &s->open[--s->n_open];

		entry_of(s, c->entry)->end = MAX(end, entry_of(s, c->entry)->body);
		free(c->delimiter);
	}
}

/* Is the line this delimiter, *last_out: the last one? Blanks may follow. */
static bool is_delimiter(const char *p, size_t n, const char *delimiter, bool *last_out)
{
	size_t len = strlen(delimiter);

	if (n < len || memcmp(p, delimiter, len) != 0)
		return false;
	*last_out = n >= len + 2 && p[len] == '-' && p[len + 1] == '-';
	len += *last_out ? 2 : 0;
	while (len < n && (p[len] == ' ' || p[len] == '\t'))
		len++;
	return len == n;
}

/* A line that is whole, at ${start}; what follows it begins at ${next}. */
static bool take_delimiter(struct scan *s, const char *p, size_t n, uint64_t start, uint64_t next)
{
	for (size_t i = s->n_open; i-- > 0;) {
		bool last;

		if (!s->open[i].delimiter || !is_delimiter(p, n, s->open[i].delimiter, &last))
			continue;
		while (s->in_header)
			end_header(s, start);
		close_above(s, i + 1, start - MIN(start, s->line_end));
		if (last)
			close_above(s, i, next);
		else
			begin_part(s, s->open[i].entry, next);
		s->done = s->done || s->n_open == 0;
		return true;
	}
	return false;
}

/* Octets of the field's name at the beginning of the line, 0: it begins no field. */
static size_t name_length(const char *p, size_t n, size_t *value_out)
{
	size_t len = 0, at;

	while (len < n && p[len] > ' ' && p[len] < 0x7f && p[len] != ':')
		len++;
	for (at = len; at < n && (p[at] == ' ' || p[at] == '\t'); at++)
		;
	*value_out = at + 1;
	return at < n && p[at] == ':' ? len : 0;
}

static void begin_field(struct scan *s, const char *p, size_t name_len, size_t value, size_t n)
{
	end_field(s);
	s->any_field = true;
	for (size_t i = 0; i < COUNT(wanted); i++)
		if (text_is(p, name_len, wanted[i]) && !(s->seen & 1u << i)) {
			s->seen |= 1u << i;
			memcpy(s->name, wanted[i], strlen(wanted[i]) + 1);
			buf_fill(&s->field, p + value, n - value);
		}
}

static void take_header_line(struct scan *s, const char *p, size_t n, uint64_t start, uint64_t next)
{
	bool first = s->first_line,
	     in_parts = s->at > 0 && is_multipart(s, entry_of(s, s->at)->parent);
	size_t value, len;

	s->first_line = false;
	if (n == 0) {
		end_header(s, next);
		return;
	}
	if ((*p == ' ' || *p == '\t') && s->any_field) {
		if (s->name[0])
			buf_fill(&s->field, p, n);
		return;
	}
	len = name_length(p, n, &value);
	if (len > 0) {
		begin_field(s, p, len, value, n);
	} else if (first && (strncmp(p, "From ", 5) == 0 || strncmp(p, ">From ", 6) == 0)) {
		/* of an mbox file: no field, and no text */
	} else if (in_parts || !s->any_field) { /* the empty line is missing */
		end_header(s, start);
		if (s->in_header)
			take_header_line(s, p, n, start, next);
	} else {
		end_field(s); /* a broken line of a header that goes on */
	}
}

/* Without its end; ${whole}: it is all there, not its beginning alone. */
static void take_line(
        struct scan *s, const char *p, size_t n, bool whole, uint64_t start, uint64_t next)
{
	if (whole && n > 2 && p[0] == '-' && p[1] == '-' && take_delimiter(s, p, n, start, next))
		return;
	if (s->in_header)
		take_header_line(s, p, n, start, next);
}

/* A piece of a line that has begun before. */
static void take_more(struct scan *s, const char *p, size_t n)
{
	if (s->in_header && s->name[0])
		buf_fill(&s->field, p, n);
}

/* Octets that were read, and their offset in the message. */
struct window {
	char *p;
	size_t len;
	uint64_t at;
	bool midline; /* it begins within a line */
};

/* The lines of the window; returns what is left of it: a line that has not ended. */
static size_t take_window(struct scan *s, struct window *w, bool end)
{
	size_t used = 0;

	while (used < w->len && !s->done) {
		const char *p = w->p + used, *lf = memchr(p, '\n', w->len - used);
		size_t all = lf ? (size_t)(lf - p) + 1 : w->len - used, n = lf ? all - 1 : all;
		bool cr = n > 0 && p[n - 1] == '\r';

		if (!lf && !end && used > 0)
			break; /* the rest of it comes with the next octets */
		if (lf && cr)
			n--;
		if (w->midline)
			take_more(s, p, n);
		else
			take_line(s, p, n, lf || end, w->at + used, w->at + used + all);
		w->midline = !lf;
		s->line_end = lf ? 1 + cr : 0;
		used += all;
	}
	return w->len - used;
}

/* All that has not ended does so at the end of the message. */
static void end_scan(struct scan *s)
{
	while (s->in_header)
		end_header(s, s->m->octets.size);
	close_above(s, 0, s->m->octets.size);
}

int mime_scan(struct mime_message *m, struct err *err)
{
	struct scan s = {.m = m, .field = buf_of(HEADER_TEXT_MAX)};
	struct window w = {.p = xmalloc(CHUNK)};
	size_t left = 0, got;
	int rc = 0;

	begin_part(&s, 0, 0);
	do {
		rc = mime_read(&m->octets, w.at + left, w.p + left, CHUNK - left, &got, err);
		if (rc < 0)
			break;
		w.len = left + got;
		left = take_window(&s, &w, got == 0);
		w.at += w.len - left;
		memmove(w.p, w.p + w.len - left, left);
	} while (got > 0 && !s.done);
	end_scan(&s);
	buf_clear(&s.field);
	free(w.p);
	return rc;
}
