#ifndef VALISE_OUTLOOK_PROPS_MAIL_H
#define VALISE_OUTLOOK_PROPS_MAIL_H

/* Properties of messages alone (MS-OXCMSG, MS-OXOMSG). */

/* X(name, id): properties with an id. */
#define PROPS_MAIL_TAGS(X) X(PidTagTransportMessageHeaders, 0x007d)
/* X(name, set, number): named properties with a number. */
#define PROPS_MAIL_LIDS(X)
/* X(name, set, text): named properties with a text. */
#define PROPS_MAIL_TEXTS(X)

#endif
