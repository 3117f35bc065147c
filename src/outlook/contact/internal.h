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

/*
 * What is read in one direction by this folder, in the other by make/contact.
 *
 * A property whose text is a line. ${head} has the name and its types; with a label: what has no
 * type in RFC 2426, but is to be seen.
 */
struct contact_line {
	bag_key key;
	const char *head, *label;
	bool is_uri;
};
extern const struct contact_line contact_lines[]; /* in the order of the card */
extern const size_t n_contact_lines;

/* Post office box, street, city, state, postal code, country. */
enum { ADDRESS_PARTS = 6, ADDRESS_PLACES = 3 };
struct contact_place {
	const char *type, *label;
	bag_key parts[ADDRESS_PARTS];
	bag_key whole, country_code;
};
/* In the order of PidLidPostalAddressId, from 1. */
extern const struct contact_place contact_places[ADDRESS_PLACES];
extern const bag_key contact_mailing[ADDRESS_PARTS];

/* PidTagSensitivity; NULL of what is said by no line. */
extern const char *const contact_classes[4];
/* Times of a flag. */
struct contact_time {
	const char *name;
	bag_key key;
};
enum { FLAG_TIMES = 3 };
extern const struct contact_time contact_flag_times[FLAG_TIMES];

/* Numbers of the properties of one e-mail or fax address behind that of its first. */
enum contact_mail {
	MAIL_NAME = 0,
	MAIL_TYPE = 2,
	MAIL_ADDRESS = 3,
	MAIL_ORIGINAL_NAME = 4,
	MAIL_ORIGINAL_ENTRY = 5,
	MAIL_RICH = 6,
};
enum { CONTACT_MAILS = 3 };
#define MAIL_KEY(i, what) BAG_LID(PSETID_ADDRESS, 0x8080u + 0x10u * (i) + (unsigned)(what))
#define FAX_KEY(i, what) BAG_LID(PSETID_ADDRESS, 0x80b0u + 0x10u * (i) + (unsigned)(what))

/* The UID of a card that PidNameVcardUid may have as it is. */
bool contact_uid_is_plain(const char *uid);

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
