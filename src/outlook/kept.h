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
	KEPT_WITHIN, /* lines, and components but for VEVENT */
	KEPT_EVENTS, /* VEVENTs */
};
/* Each line of it, in order, but those whose name is in ${never} ("UID|DTSTAMP"). */
void kept_lines(struct bag *b, enum kept_what what, const char *never, kept_fn fn, void *ctx);
/* The first line of that name that is in no component, malloc'ed; NULL: none. */
char *kept_line(struct bag *b, const char *name);

#endif
