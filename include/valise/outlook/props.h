#ifndef VALISE_OUTLOOK_PROPS_H
#define VALISE_OUTLOOK_PROPS_H

#include <stdint.h>
#include "valise/outlook/props/calendar.h"
#include "valise/outlook/props/common.h"
#include "valise/outlook/props/contact.h"
#include "valise/outlook/props/mail.h"

/*
 * Properties by the names of MS-OXPROPS. A bag_key is a property's id, or for a named one its
 * set and number or its place in the list of names.
 */
typedef uint32_t bag_key;

/* Property sets, MS-OXPROPS 1.3.2. */
enum bag_set {
	PS_MAPI = 1,
	PS_PUBLIC_STRINGS,
	PS_INTERNET_HEADERS,
	PSETID_COMMON,
	PSETID_ADDRESS,
	PSETID_APPOINTMENT,
	PSETID_MEETING,
	PSETID_LOG,
	PSETID_NOTE,
	PSETID_TASK,
	PSETID_SHARING,
	PSETID_POSTRSS,
	PSETID_UNIFIED_MESSAGING,
	PSETID_CALENDAR_ASSISTANT,
	PSETID_ATTACHMENT,
	PSETID_GROMOX, /* of that server alone: where it keeps what MAPI has no name for */
	BAG_SETS
};
#define BAG_LID(set, lid) ((bag_key)(set) << 24 | (lid))
#define BAG_NAMED(place) (0x80000000u | (unsigned)(place))

#define BAG_TAGS(X)                                                                                \
	PROPS_COMMON_TAGS(X) PROPS_MAIL_TAGS(X) PROPS_CALENDAR_TAGS(X) PROPS_CONTACT_TAGS(X)
#define BAG_LIDS(X)                                                                                \
	PROPS_COMMON_LIDS(X) PROPS_MAIL_LIDS(X) PROPS_CALENDAR_LIDS(X) PROPS_CONTACT_LIDS(X)
#define BAG_TEXTS(X)                                                                               \
	PROPS_COMMON_TEXTS(X) PROPS_MAIL_TEXTS(X) PROPS_CALENDAR_TEXTS(X) PROPS_CONTACT_TEXTS(X)

enum bag_tags {
#define X(name, id) name = (id),
	BAG_TAGS(X)
#undef X
};
enum bag_lids {
#define X(name, set, lid) name = (int)BAG_LID(set, lid),
	BAG_LIDS(X)
#undef X
};
enum bag_text_places {
#define X(name, set, text) BAG_PLACE_##name,
	BAG_TEXTS(X)
#undef X
};
#define X(name, set, text) static const bag_key name = BAG_NAMED(BAG_PLACE_##name);
BAG_TEXTS(X)
#undef X

/* The GUID of a set, 16 octets as on the wire; which set it is, 0: none of these. */
const uint8_t *bag_set_guid(enum bag_set set);
enum bag_set bag_set_of(const uint8_t guid[16]);
/* Text (set in *set_out) of a key made by BAG_NAMED. */
const char *bag_key_text(bag_key key, enum bag_set *set_out);
/* "PidNameKeywords" of a named property with a text; NULL: it is in none of the lists. */
const char *bag_text_name(enum bag_set set, const char *text);
/* "PidTagSubject"; NULL: it is in none of the lists. */
const char *bag_key_name(bag_key key);

#endif
