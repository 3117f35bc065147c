#ifndef IMPORT_OUTLOOK_H
#define IMPORT_OUTLOOK_H

#include "import/run.h"
#include "valise/outlook/convert.h"

/* Outlook's files: what becomes of their folders and items. */

/* Where the items of a folder go. Pure. */
struct folder_plan {
	char *name; /* of its mailbox, calendar, address book */
	char *special_use; /* of the mailbox; or NULL */
	bool empty; /* it is there although nothing is in it, */
	enum coll_kind kind; /* as one of these */
};
/*
 * ${inbox}: the path of the inbox, as far as it is known, or NULL: it is called INBOX, in any
 * language. ${alone}: the name for items that are in no folder. ${into}: as in import_opts.
 */
void plan_clear(struct folder_plan *p);
void folder_plan(const struct outlook_folder *f, const char *inbox, const char *alone,
        const char *into, struct folder_plan *out);

#endif
