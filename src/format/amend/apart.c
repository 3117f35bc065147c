/*
 * Several objects of one resource apart: RFC 4791 4.1 has one UID in a calendar object
 * resource, RFC 6352 5.1 one card.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "internal.h"

#define PARTS_MAX 200

struct piece {
	size_t from; /* of a line */
	size_t object; /* what it belongs to; NONE: to all */
};
#define NONE SIZE_MAX

struct object {
	char *uid; /* NULL: none */
	size_t part; /* those of one UID are one part */
};

struct apart {
	struct piece *lines;
	size_t n_lines, cap_lines;
	struct object *objects;
	size_t n_objects, cap_objects;
	size_t open; /* the object that the line is in, or NONE */
	/* of BEGIN of an object: 0 where there are several calendars or cards, else 1 */
	int level;
	unsigned roots;
	bool calendar;
};

/* First reading: how many whole objects there are, and whether of a calendar. */
static int on_root(void *ctx, const struct content_line *l, struct err *err)
{
	struct apart *a = ctx;

	(void)err;
	if (l->depth != 0 || strcmp(l->name, "BEGIN") != 0)
		return 0;
	a->calendar = content_component_is(l, "VCALENDAR");
	a->roots++;
	return 0;
}

/* Does an object begin here? Time zones are for all. */
static bool begins_object(const struct apart *a, const struct content_line *l)
{
	return strcmp(l->name, "BEGIN") == 0 && l->depth == a->level &&
	       !content_component_is(l, "VTIMEZONE");
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct apart *a = ctx;

	if (begins_object(a, l)) {
		if (a->n_objects == PARTS_MAX)
			return err_set(err, ERR_LIMIT, ERR_ITEM,
			        "there are more than %d objects in it", PARTS_MAX);
		a->open = a->n_objects;
		*ARR_PUSH(a->objects, a->n_objects, a->cap_objects) = (struct object){.part = NONE};
	}
	*ARR_PUSH(a->lines, a->n_lines, a->cap_lines) = (struct piece){l->offset, a->open};
	if (a->open != NONE && !a->objects[a->open].uid && strcmp(l->name, "UID") == 0 &&
	        l->depth == (a->calendar ? 2 : 1))
		a->objects[a->open].uid = xstrndup(l->value, l->value_len);
	if (strcmp(l->name, "END") == 0 && l->depth <= a->level)
		a->open = NONE;
	return 0;
}

/* A part for each UID; how many. */
static size_t number_parts(struct apart *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_objects; i++) {
		struct object *o = &a->objects[i];

		for (size_t k = 0; k < i && o->uid && o->part == NONE; k++)
			if (a->objects[k].uid && strcmp(a->objects[k].uid, o->uid) == 0)
				o->part = a->objects[k].part;
		if (o->part == NONE)
			o->part = n++;
	}
	return n;
}

/* The lines of one part and those that belong to all. */
static void put_part(const struct apart *a, const char *p, size_t n, size_t part, struct buf *out)
{
	for (size_t i = 0; i < a->n_lines; i++) {
		size_t object = a->lines[i].object;
		size_t to = i + 1 < a->n_lines ? a->lines[i + 1].from : n;

		if (object != NONE && a->objects[object].part != part)
			continue;
		buf_put(out, p + a->lines[i].from, to - a->lines[i].from);
		if (to == n && n && p[n - 1] != '\n')
			buf_puts(out, "\r\n");
	}
}

static const char *uid_of(const struct apart *a, size_t part)
{
	for (size_t i = 0; i < a->n_objects; i++)
		if (a->objects[i].part == part)
			return a->objects[i].uid;
	return NULL;
}

int content_apart(const void *p, size_t n,
        int (*fn)(void *ctx, const char *uid, const struct buf *text, struct err *err), void *ctx,
        struct err *err)
{
	struct apart a = {.open = NONE};
	size_t parts = 0;
	int rc = content_read(p, n, on_root, &a, NULL, err);

	a.level = a.calendar && a.roots == 1 ? 1 : 0;
	if (rc == 0)
		rc = content_read(p, n, on_line, &a, NULL, err);
	if (rc == 0)
		parts = number_parts(&a);
	for (size_t i = 0; i < parts && parts > 1 && rc == 0; i++) {
		struct buf text = buf_of(SIZE_MAX);

		put_part(&a, p, n, i, &text);
		rc = fn(ctx, uid_of(&a, i), &text, err);
		buf_clear(&text);
	}
	for (size_t i = 0; i < a.n_objects; i++)
		free(a.objects[i].uid);
	free(a.objects);
	free(a.lines);
	return rc < 0 ? rc : parts > 1;
}
