/*
 * Calendars as files (RFC 5545): each UID becomes an object of its own, its overrides with it,
 * with the time zones that it uses, wherever in the file these are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "import/pim/colors.h"
#include "import/pim/objects.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/base/lookup.h"
#include "valise/base/textindex.h"
#include "valise/tree/model.h"

enum {
	ZONES_MAX = 10000, /* names of time zones in a file */
	OBJECT_ZONES_MAX = 64, /* in an object */
	PROPERTIES_MAX = 1000, /* of a calendar */
	PROPERTIES_OCTETS = 65536
};
#define NONE UINT32_MAX

struct piece {
	uint64_t from, to;
};

struct calendar {
	struct piece begin, end; /* its BEGIN and END lines */
	struct piece *lines; /* its properties that every object keeps */
	size_t n, cap;
	uint64_t octets;
};

struct zone {
	uint32_t name; /* number in names */
	uint32_t calendar;
	struct piece at;
};

struct ics {
	struct pim pim; /* first */
	struct calendar *calendars;
	size_t n_calendars, calendars_cap;
	bool in_calendar;
	/* names of time zones, used or defined */
	char **names;
	size_t n_names, names_cap;
	struct text_index index;
	size_t *marks; /* per name: the object that was last found to need it */
	struct zone *zones;
	size_t n_zones, zones_cap;
	bool in_zone; /* the object that is open is a VTIMEZONE */
	uint32_t used[OBJECT_ZONES_MAX]; /* by the object that is open */
	size_t n_used;
	struct tree_coll *sets; /* numbers of names that objects use: keywords */
	char *name, *color, *about; /* of the calendar as a whole */
	bool name_is_apple; /* X-WR-CALNAME, which outranks NAME */
	char *method;
	bool dropped; /* lines of the calendar are not kept in its objects */
	uint64_t left_out; /* properties beyond the cap */
	struct buf missing; /* names of zones that are nowhere */
	uint64_t n_missing;
};

/* Takes ${name}; NULL: NONE. */
static uint32_t name_number(struct ics *c, char *name)
{
	size_t cursor = 0, at;

	if (!name)
		return NONE;
	while ((at = text_index_next(&c->index, name, &cursor)) != SIZE_MAX)
		if (strcmp(c->names[at], name) == 0)
			break;
	if (at == SIZE_MAX && c->n_names < ZONES_MAX) {
		at = c->n_names;
		text_index_add(&c->index, name, at);
		*ARR_PUSH(c->names, c->n_names, c->names_cap) = name;
		name = NULL;
	}
	free(name);
	return at == SIZE_MAX ? NONE : (uint32_t)at;
}

/* ---- lines of the calendar itself ---- */

static void take_name(struct ics *c, const struct pim_line *l, bool apple)
{
	if (c->name && (c->name_is_apple || !apple))
		return;
	free(c->name);
	c->name = pim_line_text(l);
	c->name_is_apple = apple;
}

/* True: it is the calendar's, and not every object's. */
static bool take_property(struct ics *c, const struct pim_line *l)
{
	if (line_is(l, "X-WR-CALNAME") || line_is(l, "NAME")) {
		take_name(c, l, line_is(l, "X-WR-CALNAME"));
		return true;
	}
	if (line_is(l, "X-WR-CALDESC") || line_is(l, "DESCRIPTION")) {
		if (l->cut) /* longer than a line is looked at */
			return false;
		free(c->about);
		c->about = pim_line_text(l);
		return true;
	}
	if (line_is(l, "METHOD")) {
		free(c->method);
		c->method = pim_line_text(l);
		return true;
	}
	if (line_is(l, "X-APPLE-CALENDAR-COLOR") || line_is(l, "COLOR")) {
		char *text = pim_line_text(l), *color = color_hex(text);

		free(text);
		if (color && !c->color)
			c->color = color;
		else
			free(color);
		return color != NULL;
	}
	return false;
}

static void calendar_property(struct ics *c, const struct pim_line *l)
{
	struct calendar *cal = &c->calendars[c->n_calendars - 1];

	/* What begins with a blank would become the end of another line. */
	if (!l->c && (l->first == ' ' || l->first == '\t')) {
		c->pim.stray++;
	} else if (l->c && take_property(c, l)) {
		c->dropped = true;
	} else if (cal->n == PROPERTIES_MAX ||
	           cal->octets + (l->to - l->from) > PROPERTIES_OCTETS) {
		c->left_out++;
		c->dropped = true;
	} else {
		cal->octets += l->to - l->from;
		*ARR_PUSH(cal->lines, cal->n, cal->cap) = (struct piece){l->from, l->to};
	}
}

/* ---- lines of objects and time zones ---- */

static void note_zone(struct ics *c, const struct pim_line *l)
{
	uint32_t number = l->c ? name_number(c, content_zone_used(l->c)) : NONE;

	for (size_t i = 0; i < c->n_used; i++)
		if (c->used[i] == number)
			return;
	if (number != NONE && c->n_used < OBJECT_ZONES_MAX)
		c->used[c->n_used++] = number;
}

static void zone_property(struct ics *c, const struct pim_line *l)
{
	if (c->pim.depth != c->pim.object_depth + 1 || !line_is(l, "TZID"))
		return;
	c->used[0] = name_number(c, content_zone_defined(l->c));
	c->n_used = 1;
}

static void on_property(struct pim *p, const struct pim_line *l)
{
	struct ics *c = (struct ics *)p;

	if (p->object_depth < 0) {
		if (c->in_calendar && p->depth == 1)
			calendar_property(c, l);
		else
			p->stray++;
	} else if (c->in_zone) {
		zone_property(c, l);
	} else {
		object_property(p, l);
		note_zone(c, l);
	}
}

static void on_begin(struct pim *p, const struct pim_line *l, const char *name)
{
	struct ics *c = (struct ics *)p;

	if (p->object_depth >= 0)
		return;
	if (p->depth == 0 && strcmp(name, "VCALENDAR") == 0) {
		struct calendar *cal = ARR_PUSH(c->calendars, c->n_calendars, c->calendars_cap);

		cal->begin = (struct piece){l->from, l->to};
		c->in_calendar = true;
	} else if (p->depth == (c->in_calendar ? 1 : 0)) {
		object_begin(p, l);
		c->in_zone = strcmp(name, "VTIMEZONE") == 0;
		c->n_used = 0;
	}
}

/* The set of what the object uses, in c->sets. */
static uint32_t used_set(struct ics *c)
{
	char text[OBJECT_ZONES_MAX][12];
	const char *words[OBJECT_ZONES_MAX];

	for (size_t i = 0; i < c->n_used; i++) {
		snprintf(text[i], sizeof text[i], "%u", c->used[i]);
		words[i] = text[i];
	}
	return tree_coll_keywords(c->sets, words, c->n_used);
}

static void on_end(struct pim *p, const struct pim_line *l, const char *name)
{
	struct ics *c = (struct ics *)p;
	uint32_t calendar = c->in_calendar ? (uint32_t)c->n_calendars - 1 : NONE;

	(void)name;
	if (p->object_depth == p->depth && c->in_zone) {
		if (c->n_used && c->used[0] != NONE)
			*ARR_PUSH(c->zones, c->n_zones, c->zones_cap) =
			        (struct zone){c->used[0], calendar, {p->object.from, l->to}};
		p->object_depth = -1;
	} else if (p->object_depth == p->depth) {
		p->object.calendar = calendar;
		p->object.zones = used_set(c);
		object_end(p, l);
	} else if (p->depth == 0 && c->in_calendar) {
		c->calendars[calendar].end = (struct piece){l->from, l->to};
		c->in_calendar = false;
	}
}

static const struct pim_ops ops = {on_begin, on_end, on_property};

/* ---- what is given ---- */

/* The definition of a name, that of the same calendar first; NULL: there is none. */
static const struct zone *zone_of(const struct ics *c, uint32_t name, uint32_t calendar)
{
	const struct zone *found = NULL;
	size_t i = 0;

	LOOKUP_FIRST(i, c->n_zones, c->zones[i].name < name);
	for (; i < c->n_zones && c->zones[i].name == name; i++)
		if (!found || (c->zones[i].calendar == calendar && found->calendar != calendar))
			found = &c->zones[i];
	return found;
}

static void note_missing(struct ics *c, uint32_t name)
{
	/* A name that begins so is one of a registry (RFC 5545 3.2.19). */
	if (c->names[name][0] == '/' || c->marks[name] == SIZE_MAX)
		return;
	c->marks[name] = SIZE_MAX;
	if (c->n_missing++ < 5)
		buf_putf(&c->missing, "%s%s", c->missing.len ? ", " : "", c->names[name]);
}

/* The time zones of one object; ${number} tells it from the others. */
static int put_zones(
        struct ics *c, const struct pim_object *o, size_t n, size_t number, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		const char *text = tree_coll_keyword_text(c->sets, o[i].zones);

		while (*text && rc == 0) {
			char *end;
			uint32_t name = (uint32_t)strtoul(text, &end, 10);
			const struct zone *z = zone_of(c, name, o[i].calendar);

			text = end + (*end == ' ');
			if (!z)
				note_missing(c, name);
			else if (c->marks[name] != number)
				rc = pimfile_copy(&c->pim, z->at.from, z->at.to, err);
			if (z)
				c->marks[name] = number;
		}
	}
	return rc;
}

static int put_head(struct ics *c, const struct calendar *cal, struct err *err)
{
	int rc;

	if (!cal)
		return pimfile_text(
		        &c->pim, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//valise//EN\r\n", err);
	rc = pimfile_copy(&c->pim, cal->begin.from, cal->begin.to, err);
	for (size_t i = 0; i < cal->n && rc == 0; i++)
		rc = pimfile_copy(&c->pim, cal->lines[i].from, cal->lines[i].to, err);
	return rc;
}

static int put_object(struct ics *c, const struct pim_object *o, struct err *err)
{
	int rc;

	if (o->has_uid) {
		rc = pimfile_copy(&c->pim, o->from, o->to, err);
	} else {
		rc = pimfile_copy(&c->pim, o->from, o->head_to, err);
		if (rc == 0)
			rc = pimfile_uid_line(&c->pim, o, err);
		if (rc == 0)
			rc = pimfile_copy(&c->pim, o->head_to, o->to, err);
	}
	return rc == 0 ? pimfile_line_end(&c->pim, err) : rc;
}

/* ${n} objects of one UID as one resource; ${number} tells it from the others, and is not 0. */
static int give(struct ics *c, const struct pim_object *o, size_t n, size_t number, bool older,
        struct err *err)
{
	const struct calendar *cal = o->calendar == NONE ? NULL : &c->calendars[o->calendar];
	int rc;

	if (pimfile_whole(&c->pim) && c->n_calendars == 1 && cal && cal->end.to && !c->dropped) {
		rc = put_zones(c, o, 0, number, err);
		rc = rc == 0 ? pimfile_copy(&c->pim, 0, c->pim.spool.len, err) : rc;
		return rc == 0 ? pimfile_item(&c->pim, o, older, err) : rc;
	}
	rc = put_head(c, cal, err);
	if (rc == 0)
		rc = put_zones(c, o, n, number, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = put_object(c, &o[i], err);
	if (rc == 0 && cal && cal->end.to)
		rc = pimfile_copy(&c->pim, cal->end.from, cal->end.to, err);
	else if (rc == 0)
		rc = pimfile_text(&c->pim, "END:VCALENDAR\r\n", err);
	return rc == 0 ? pimfile_item(&c->pim, o, older, err) : rc;
}

static int by_name(const void *a, const void *b)
{
	const struct zone *x = a, *y = b;
	int c = ORDER_OF(x->name, y->name);

	return c ? c : ORDER_OF(x->at.from, y->at.from);
}

static int give_all(struct ics *c, struct err *err)
{
	struct pim *p = &c->pim;
	size_t number = 0;
	int rc = objects_sort(p, err);

	if (rc == 0 && p->n && p->objects[0].first == p->objects[p->n - 1].first && !c->name)
		box_single(p->box);
	SORT(c->zones, c->n_zones, by_name);
	c->marks = xcalloc(c->n_names + 1, sizeof *c->marks);
	for (size_t i = 0, end; i < p->n && rc == 0; i = end) {
		size_t newest, older;

		for (end = i + 1; end < p->n && p->objects[end].first == p->objects[i].first;)
			end++;
		rc = objects_pick(p, &p->objects[i], end - i, &newest, &older, err);
		if (rc == 0)
			rc = give(c, &p->objects[i], newest, ++number, false, err);
		for (size_t k = 0; k < older && rc == 0; k++)
			rc = give(c, &p->objects[i + newest + k], 1, ++number, true, err);
	}
	return rc;
}

static void tell(struct ics *c)
{
	struct buf text = buf_of(SIZE_MAX);

	if (c->method && c->method[0]) {
		buf_putf(&text, "METHOD:%s is left out: what is stored has none (RFC 4791 4.1)",
		        c->method);
		box_note(c->pim.box, buf_str(&text));
		buf_reset(&text);
	}
	if (c->n_missing) {
		buf_putf(&text, "it uses time zones that it does not define: %s%s",
		        buf_str(&c->missing), c->n_missing > 5 ? ", ..." : "");
		box_note(c->pim.box, buf_str(&text));
	}
	if (c->left_out)
		box_error(c->pim.box, NULL, "its calendar has too many lines of its own");
	buf_clear(&text);
	pimfile_tell(&c->pim, "event");
}

static void clear(struct ics *c)
{
	for (size_t i = 0; i < c->n_calendars; i++)
		free(c->calendars[i].lines);
	free(c->calendars);
	texts_free(c->names, c->n_names);
	text_index_clear(&c->index);
	free(c->marks);
	free(c->zones);
	tree_coll_free(c->sets);
	free(c->name);
	free(c->color);
	free(c->method);
	free(c->about);
	buf_clear(&c->missing);
	pimfile_clear(&c->pim);
}

int read_ics(struct import_file *f, struct import_box *b, struct err *err)
{
	struct ics *c = xcalloc(1, sizeof *c);
	int rc;

	pimfile_init(&c->pim, f, b);
	buf_init(&c->missing, SIZE_MAX);
	c->sets = tree_coll_new(COLL_CALENDAR, "");
	rc = pimfile_read(&c->pim, &ops, err);
	if (rc == 0 && (c->name || c->color || c->about))
		box_called(b, c->name && c->name[0] ? c->name : NULL, c->color, c->about);
	if (rc == 0)
		rc = give_all(c, err);
	if (rc == 0)
		tell(c);
	clear(c);
	free(c);
	return rc;
}
