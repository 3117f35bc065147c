#ifndef VALISE_OUTLOOK_PROPS_CALENDAR_H
#define VALISE_OUTLOOK_PROPS_CALENDAR_H

/* Properties of appointments, tasks, journal entries and notes (MS-OXOCAL, MS-OXOTASK). */

/* X(name, id): properties with an id. */
#define PROPS_CALENDAR_TAGS(X)
/* X(name, set, number): named properties with a number. */
#define PROPS_CALENDAR_LIDS(X) X(PidLidBusyStatus, PSETID_APPOINTMENT, 0x8205)
/* X(name, set, text): named properties with a text. */
#define PROPS_CALENDAR_TEXTS(X)

#endif
