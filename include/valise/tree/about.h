#ifndef VALISE_TREE_ABOUT_H
#define VALISE_TREE_ABOUT_H

#include "valise/tree/model.h"

/*
 * What names an item for people: sender and subject of a message, title and time of an
 * event, who is on a card. It follows from the item's octets alone; a catalog keeps it as
 * the member "what" of the item's line (docs/FORMAT.md, "What names an item").
 */
enum about_field { /* in the order of their keys */
	ABOUT_ATTACHMENTS, /* list */
	ABOUT_CC,
	ABOUT_DATE, /* the text of the Date field */
	ABOUT_FROM,
	ABOUT_LOCATION,
	ABOUT_MAIL, /* list */
	ABOUT_MESSAGE_ID,
	ABOUT_NAME,
	ABOUT_ORGANIZER,
	ABOUT_PHONE, /* list */
	ABOUT_START,
	ABOUT_SUBJECT,
	ABOUT_SUMMARY,
	ABOUT_TO,
	ABOUT_FIELDS
};

/*
 * Caps, in bytes: of a value, of the values of one list together, and how many these are;
 * of the octets of a calendar object or card that are looked at (of a message: all).
 */
enum { ABOUT_VALUE_MAX = 512, ABOUT_LIST_MAX = 1024, ABOUT_LIST_VALUES = 16 };
#define ABOUT_OCTETS_MAX (1u << 20)
/* What follows from these for the JSON of one item: fields, quotes and keys. */
enum { ABOUT_JSON_MAX = 9216 };

/*
 * Each text is one line of UTF-8 without controls and what reorders (text_one_line), NULL
 * where there is none; of a list the values, each ended by LF but the last.
 */
struct item_about {
	char *text[ABOUT_FIELDS];
};
void about_clear(struct item_about *a);
/* Its subject, summary or name, lent; NULL: none. ${a} may be NULL. */
const char *about_title(const struct item_about *a);

/* From the octets of an item, all of them or what is there of them. */
void about_of_octets(enum coll_kind kind, const void *p, size_t n, struct item_about *out);

/*
 * The same while they pass, in any pieces. One scan serves any number of items of a kind,
 * one after the other; what it holds is bounded. about_scan_end gives what was found in
 * *out and begins the next one; with NULL it is dropped.
 */
struct about_scan;
struct about_scan *about_scan_new(enum coll_kind kind);
void about_scan_add(struct about_scan *s, const void *p, size_t n);
void about_scan_end(struct about_scan *s, struct item_about *out);
void about_scan_free(struct about_scan *s);

/* Append it as canonical JSON, as it stands in a catalog; nothing where there is nothing. */
void about_put(const struct item_about *a, struct buf *out);
/* The other way round; false: it is no such text. */
bool about_parse(const char *json, size_t n, struct item_about *out);

/**
 * about_line(folder, date, a, out): an item in one line for messages, escaped for
 * terminals: 'INBOX, 3 Nov 2024, Ann <ann@example.org>, "Lunch?"'; an event with its start
 * and organizer, a card with its first address. ${date}: INTERNALDATE, where the item itself
 * says none; NULL or not known: none. ${folder}, ${a} may be NULL. Parts that nobody knows are
 * left out.
 */
void about_line(
        const char *folder, const struct date *date, const struct item_about *a, struct buf *out);

/*
 * 'UID 17, 3 Nov 2024, Ann <ann@example.org>, "Lunch?"', appended, escaped; ${a} may be NULL.
 * Who has a reader asks tree_item_name (tree/sink.h).
 */
void item_name(const struct tree_coll *c, const struct tree_item *it, const struct item_about *a,
        struct buf *out);

#endif
