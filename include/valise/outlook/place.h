#ifndef VALISE_OUTLOOK_PLACE_H
#define VALISE_OUTLOOK_PLACE_H

#include "valise/outlook/convert.h"
#include "valise/outlook/read.h"

/*
 * Where folders and items of Outlook go, and what they are called there: the same for files
 * and for servers. Pure.
 */
struct outlook_place {
	char *name; /* of its mailbox, calendar, address book */
	char *special_use; /* of the mailbox; or NULL */
	bool empty; /* it is there although nothing is in it, */
	enum outlook_form form; /* as one of these; never OUTLOOK_UNKNOWN */
};
/*
 * ${inbox}: the path of the inbox, as far as it is known, or NULL: it is called INBOX, in any
 * language. ${alone}: the name for items that are in no folder. ${into}: the mailbox that all
 * others are below; or NULL.
 */
void outlook_place(const struct outlook_folder *f, const char *inbox, const char *alone,
        const char *into, struct outlook_place *out);
void outlook_place_clear(struct outlook_place *p);

/*
 * What the resource of an event or card is called, without its extension, appended: its UID
 * where any server takes that as the last segment of a URL; else a name made of it.
 */
void outlook_path(const char *uid, struct buf *out);
/*
 * ', "Lunch?"' of an item that is called so, appended, on one line; no property is marked as
 * used by that.
 */
void outlook_put_subject(struct bag *item, struct buf *out);
/* PidTagMessageClass, likewise; "?" where it has none. Lent. */
const char *outlook_class(struct bag *item);

#endif
