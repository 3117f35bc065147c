#ifndef VALISE_OUTLOOK_KEPT_H
#define VALISE_OUTLOOK_KEPT_H

#include "valise/outlook/bag.h"

/*
 * PidNameContentLines: the lines of a calendar object or card that an item was made of (make.h)
 * for which MAPI has no property. Anybody may have written it: lines that are none, have
 * controls or are of no UTF-8 are passed over, and all of it where BEGIN and END do not match.
 */
typedef void (*kept_fn)(void *ctx, const char *line, size_t n);
enum kept_what {
	KEPT_LINES, /* lines alone, no components */
	KEPT_WITHIN, /* lines, and components but for those two */
	KEPT_EVENTS, /* VEVENTs */
	KEPT_ZONES, /* VTIMEZONEs of what else is kept */
};
/* Each line of it, in order, but those whose name is in ${never} ("UID|DTSTAMP"). */
void kept_lines(struct bag *b, enum kept_what what, const char *never, kept_fn fn, void *ctx);
/* The first line of that name that is in no component, malloc'ed; NULL: none. */
char *kept_line(struct bag *b, const char *name);

/*
 * PidNameContentForms: lines as converters write them, each with the line behind it that stood for
 * it in the object or card that the item was made of; an empty one: there was none. What an item
 * says otherwise by now is written as it is now, as no such line is among them.
 */
struct forms;
enum {
	FORM_MAX = 16384, /* octets of a line with its form */
	FORMS_MAX = 4096,
};
struct forms *forms_read(struct bag *b); /* NULL: there are none */
void forms_free(struct forms *f);
/*
 * What is to be written for a line of ${n} octets, "": nothing; NULL: itself. Each is given once.
 */
const char *forms_take(struct forms *f, const char *line, size_t n);
/* A pair of them, appended as the property has it; false: too long, or lines that are none. */
bool forms_put(struct buf *out, const char *line, const char *form);

#endif
