/* Which parts are the text of a message (RFC 2046 5.1). */
#include "mime/internal.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

static bool is_type(const struct mime_entry *e, const char *type)
{
	return strcmp(e->part.type, type) == 0;
}

static bool is_text(const struct mime_entry *e)
{
	return is_type(e, "text/plain") || is_type(e, "text/html");
}

/* A leaf that is shown where it stands, not kept beside as a file. */
static bool is_inline(const struct mime_entry *e)
{
	if (e->part.multipart || e->part.message || e->attached)
		return false;
	return is_type(e, "text/calendar") || (is_text(e) && (e->inlined || !e->part.name));
}

static int see_letter(void *seen, const void *octets, size_t n, struct err *err)
{
	const char *p = octets;

	(void)err;
	for (size_t i = 0; i < n && !*(bool *)seen; i++)
		*(bool *)seen = (unsigned char)p[i] > ' ';
	return *(bool *)seen;
}

/* Some write an empty text beside their HTML. What cannot be read is for its reader to say. */
static bool has_letters(const struct mime_message *m, const struct mime_entry *e)
{
	bool seen = false;

	return mime_decode(m, e, see_letter, &seen, NULL) < 0 || seen;
}

/* The next child of ${up} behind ${i}; m->n: there is none. */
static size_t next_child(const struct mime_message *m, size_t up, size_t i)
{
	for (i++; i < m->n; i++)
		if (m->entries[i].parent == up)
			break;
	return i;
}

/* Is there a text of the type in ${i}, or below it, with something in it? */
static bool holds(const struct mime_message *m, size_t i, const char *type)
{
	unsigned depth = m->entries[i].part.depth;

	do {
		if (is_inline(&m->entries[i]) && is_type(&m->entries[i], type) &&
		        has_letters(m, &m->entries[i]))
			return true;
	} while (++i < m->n && m->entries[i].part.depth > depth);
	return false;
}

/* Of alternatives: the last one with plain text, else with HTML, else the last one. */
static size_t best_of(const struct mime_message *m, size_t up)
{
	static const char *const types[] = {"text/plain", "text/html"};
	size_t best = m->n;

	for (size_t k = 0; k < COUNT(types) && best == m->n; k++)
		for (size_t i = next_child(m, up, up); i < m->n; i = next_child(m, up, i))
			if (holds(m, i, types[k]))
				best = i;
	for (size_t i = next_child(m, up, up); i < m->n && best == m->n; i = next_child(m, up, i))
		if (next_child(m, up, i) == m->n)
			best = i;
	return best;
}

/* The part of multipart/related that the others belong to (RFC 2387 3.2). */
static size_t root_of(const struct mime_message *m, size_t up)
{
	const char *start = m->entries[up].start;
	size_t n = start ? strlen(start) : 0;

	if (n > 2 && *start == '<' && start[n - 1] == '>') {
		start++;
		n -= 2;
	}
	for (size_t i = next_child(m, up, up); n > 0 && i < m->n; i = next_child(m, up, i)) {
		const char *id = m->entries[i].part.content_id;

		if (id && strlen(id) == n && memcmp(id, start, n) == 0)
			return i;
	}
	return next_child(m, up, up);
}

/*
 * Parts come behind those that they are in, so one pass is enough: a part is looked into if
 * what it is in is, and has chosen it.
 */
static bool is_chosen(const struct mime_message *m, size_t i, const bool *into, const size_t *best)
{
	const struct mime_entry *e = &m->entries[i], *up = &m->entries[e->parent];

	if (i == 0)
		return true;
	if (!into[e->parent])
		return false;
	if (is_type(up, "multipart/related"))
		return best[e->parent] == i;
	if (is_type(up, "multipart/alternative"))
		return best[e->parent] == i || is_type(e, "text/calendar");
	return true;
}

void mime_choose_body(struct mime_message *m)
{
	bool *into = xcalloc(m->n, sizeof *into);
	size_t *best = xcalloc(m->n, sizeof *best);

	for (size_t i = 0; i < m->n; i++) {
		struct mime_entry *e = &m->entries[i];

		into[i] = is_chosen(m, i, into, best);
		if (is_type(e, "multipart/alternative"))
			best[i] = best_of(m, i);
		else if (is_type(e, "multipart/related"))
			best[i] = root_of(m, i);
		e->shown = into[i] && (e->part.message || is_inline(e));
		/* A text that is shown nowhere is another form of one that is. */
		e->part.attachment = e->part.message || !(e->part.multipart || is_inline(e));
	}
	free(into);
	free(best);
}

size_t mime_body_parts(const struct mime_message *m, size_t *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n && n < max; i++)
		if (m->entries[i].shown)
			out[n++] = i;
	return n;
}
