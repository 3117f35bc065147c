#ifndef VALISE_OUTLOOK_PROPS_CONTACT_H
#define VALISE_OUTLOOK_PROPS_CONTACT_H

/* Properties of contacts and distribution lists (MS-OXOCNTC). */

/* X(name, id): properties with an id. */
#define PROPS_CONTACT_TAGS(X) X(PidTagGivenName, 0x3a06)
/* X(name, set, number): named properties with a number. */
#define PROPS_CONTACT_LIDS(X)
/* X(name, set, text): named properties with a text. */
#define PROPS_CONTACT_TEXTS(X)

#endif
