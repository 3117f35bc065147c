#ifndef VALISE_OUTLOOK_CONTACT_INTERNAL_H
#define VALISE_OUTLOOK_CONTACT_INTERNAL_H

#include "outlook/contact/card.h"
#include "valise/base/date.h"

/* What the files of this folder share. */

/**
 * contact_day(utc, is_local): the day that somebody meant by a time of day 0 in a zone that
 * nobody knows (MS-OXOCNTC 2.2.1.5.1), or, ${is_local}, by midnight UTC of that day itself.
 */
struct day contact_day(int64_t utc, bool is_local);

/* A text of the item; what of it is cut off is told. NULL: it is not there. */
const char *contact_text(struct card *c, struct bag *b, bag_key key);

/* UID that the same item has in whatever file it is: RFC 9562 8, of what identifies it. */
char *contact_uid(struct bag *b);

/* One of several octet strings of a value: ${at} goes behind it; false: no more, or damaged. */
struct binaries {
	const uint8_t *at, *end;
	uint32_t left;
	bool is_multiple;
};
struct binaries binaries_of(struct bag *b, bag_key key);
bool binaries_next(struct binaries *list, const uint8_t **p_out, size_t *n_out);

/* Properties of one kind, each with the line that it becomes. */
/* The card of a list has what it is called as its family name, as Apple writes groups. */
void contact_names(struct card *c, struct bag *b, const char *called, bool list);
void contact_texts(struct card *c, struct bag *b); /* a text is a line */
void contact_addresses(struct card *c, struct bag *b);
void contact_mails(struct card *c, struct bag *b, const char *called);
void contact_days(struct card *c, struct bag *b);
void contact_marks(struct card *c, struct bag *b); /* private, flags, reminders, dates */
void contact_files(struct card *c, struct bag *b); /* photo and certificates */
void contact_notes(struct card *c, struct bag *b);
void contact_members(struct card *c, struct bag *b); /* of a distribution list */

/* What Outlook keeps in every contact for itself, and what says once more what is said. */
void contact_use_rest(struct bag *b, const char *called);

#endif
