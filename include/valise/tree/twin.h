#ifndef VALISE_TREE_TWIN_H
#define VALISE_TREE_TWIN_H

#include <stdint.h>
#include "valise/tree/about.h"

/*
 * What proves that two services of one account show the same item, though they give other
 * octets of it (docs/MAPI.md, "Beside IMAP and DAV"):
 *
 *   mail        Message-ID and the second of the Date field; without a Message-ID the Date
 *               field, the sender's address and the subject, and nothing if one of them lacks.
 *               The size tells nothing: none of MAPI's is that of the message's octets
 *   calendars   the UID
 *   contacts    the UID; or the name with all mail addresses and telephone numbers, where
 *               there is a name and one of these, as servers make UIDs of their own
 *
 * An item has as many twins as it has: a message that is there twice counts twice.
 */
enum { TWIN_KEY = 16, TWIN_KEYS = 2 };
struct item_twin {
	uint8_t keys[TWIN_KEYS][TWIN_KEY]; /* of one kind of item; any that is equal proves it */
	unsigned n; /* 0: nothing proves anything */
};

/**
 * item_twin_of(kind, uid, about, out): ${uid}: of a calendar object or card, as in its octets;
 * NULL: none. ${about}: what names it, by about_of_octets or a catalog; may be NULL.
 */
void item_twin_of(enum coll_kind kind, const char *uid, const struct item_about *about,
        struct item_twin *out);

#endif
