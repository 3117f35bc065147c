#ifndef VALISE_OUTLOOK_MAKE_OBJECT_H
#define VALISE_OUTLOOK_MAKE_OBJECT_H

#include "valise/base/spool.h"
#include "valise/format/content.h"

/* A calendar object or card taken apart: components, their lines, what of it was read. */
enum {
	OBJECT_MAX = 32 << 20, /* octets */
	OBJECT_LINES_MAX = 100000,
};

struct line {
	char *head; /* owned: what follows is within it */
	const char *group; /* or NULL */
	const char *name; /* upper case */
	struct content_param *params; /* owned, their texts are in ${head} */
	size_t n_params;
	char *value; /* owned, with its escapes */
	size_t value_len;
	size_t at; /* octets of the text before it */
	bool used; /* somebody found a home for it */
};
struct part {
	char *name; /* "VEVENT"; of the whole: "" */
	struct line *lines;
	size_t n_lines, lines_cap;
	struct part **parts;
	size_t n_parts, parts_cap;
	size_t at, end; /* octets of the text before its BEGIN, and before its END */
	bool used;
};
struct object {
	struct buf text;
	struct part *root;
};

/*
 * ERR_LIMIT (ERR_ITEM): a cap; ERR_PROTO (ERR_ITEM): no ${kind} ("VCALENDAR", "VCARD") in it;
 * the disk's. A card of whatever version is read as 3.0. To be cleared in any case.
 */
int object_read(
        struct spool *octets, const char *kind, struct object *out, struct err *err) MUST_CHECK;
/* The same of octets that are in memory, as they are: no version of a card is changed. */
int object_parse(
        struct buf *text, const char *kind, struct object *out, struct err *err) MUST_CHECK;
void object_clear(struct object *o);
/* A line as it was written, unfolded, without its end; malloc'ed. */
char *object_line(const struct object *o, const struct line *l);

/* The first component of that name below ${p}; NULL. */
struct part *part_child(const struct part *p, const char *name);
/* The first line of that name that nobody used; NULL. peek: it is not marked. */
struct line *part_peek(const struct part *p, const char *name);
struct line *part_take(struct part *p, const char *name);
/* All of them, one behind the other: *i is 0 at first. NULL: no more. */
struct line *part_each(struct part *p, const char *name, size_t *i);
/* Text of a line that is taken, malloc'ed; NULL: it is not there, or says nothing. */
char *part_text(struct part *p, const char *name);

const char *line_param(const struct line *l, const char *name); /* NULL: it is not there */
/* One of the words between commas of a parameter (of all of that name), whatever the case. */
bool line_has(const struct line *l, const char *name, const char *word);
/* The value, escapes decoded; malloc'ed. */
char *line_text(const struct line *l);
/*
 * The next piece of a value at *at, up to ${sep} without a backslash; escapes decoded, malloc'ed;
 * NULL: no more. *at is 0 at first.
 */
char *line_piece(const struct line *l, char sep, size_t *at);

/* A component as it was written, unfolded, CRLF behind each line, appended; and one line of it. */
void object_raw_part(const struct object *o, const struct part *p, struct buf *out);
void object_raw_line(const struct object *o, const struct line *l, struct buf *out);

#endif
