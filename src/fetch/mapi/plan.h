#ifndef VALISE_FETCH_MAPI_PLAN_H
#define VALISE_FETCH_MAPI_PLAN_H

#include "valise/outlook/place.h"
#include "valise/proto/mapi/store.h"
#include "valise/tree/model.h"

/* Where the items of folders go. Pure. */

/* The forms that have collections: OUTLOOK_MAIL, OUTLOOK_CALENDAR, OUTLOOK_CONTACT. */
enum { MAPI_FORMS = OUTLOOK_UNKNOWN };
enum coll_kind plan_kind(size_t form);

enum plan_why {
	PLAN_TAKEN,
	PLAN_SEARCH, /* its items lie elsewhere */
	PLAN_HIDDEN, /* programs keep their settings in it */
};
struct planned {
	struct outlook_place place; /* no two with one name */
	enum plan_why why;
};
/*
 * plan_folders(f, above, hidden, out): ${out} has room for each of ${f}. ${above}: the level
 * that all names begin with, or NULL. ${hidden}: hidden folders are taken, too.
 */
void plan_folders(
        const struct mapi_folders *f, const char *above, bool hidden, struct planned *out);

/*
 * What the collection of items of this form is called: as the folder, but that INBOX is a name
 * of mailboxes alone. The caller frees.
 */
char *plan_coll_name(const struct outlook_place *p, size_t form);
#endif
