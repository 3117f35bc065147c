#ifndef VALISE_FORMAT_CONTENT_CANON_H
#define VALISE_FORMAT_CONTENT_CANON_H

#include "valise/base/hash.h"
#include "internal.h"

#define CANON_LABEL_SIZE 48 /* "X-CALENDARSERVER-ATTENDEE-COMMENT" is meant to fit */

/*
 * A property list entry: one per value of a list property. Only digests are kept: values
 * may be large.
 */
struct canon_entry {
	/*
	 * the property's name, or the component's if the entry is a whole one; safe for a
	 * terminal
	 */
	char label[CANON_LABEL_SIZE];
	uint8_t digest[SHA256_LEN];
	/* where its line begins in the text, and which octets of the value it stands for */
	uint32_t line, at, len;
};
typedef void (*canon_fn)(void *ctx, const struct canon_entry *e);

/*
 * The entries of one line, of a ${card} or a calendar object, at most one more than it
 * has commas; none if it says nothing (${volatile_too} false leaves out what changes by
 * itself).
 */
void canon_line(const struct content_line *l, bool card, bool volatile_too, canon_fn fn, void *ctx);
void canon_label(struct canon_entry *e, const char *name);

/* The value of one line alone, canonical: what identifies a component. */
void canon_value(const struct content_line *l, uint8_t digest[SHA256_LEN]);

#endif
