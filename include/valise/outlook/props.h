#ifndef VALISE_OUTLOOK_PROPS_H
#define VALISE_OUTLOOK_PROPS_H

#include <stdint.h>

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
	BAG_SETS
};
#define BAG_LID(set, lid) ((bag_key)(set) << 24 | (lid))
#define BAG_NAMED(place) (0x80000000u | (unsigned)(place))

/* X(name, id): properties with an id. */
#define BAG_TAGS(X)                                                                                \
	X(PidTagMessageClass, 0x001a)                                                              \
	X(PidTagSubject, 0x0037)                                                                   \
	X(PidTagTransportMessageHeaders, 0x007d)                                                   \
	X(PidTagBody, 0x1000)                                                                      \
	X(PidTagRtfCompressed, 0x1009)                                                             \
	X(PidTagHtml, 0x1013)                                                                      \
	X(PidTagDisplayName, 0x3001)                                                               \
	X(PidTagCreationTime, 0x3007)                                                              \
	X(PidTagLastModificationTime, 0x3008)                                                      \
	X(PidTagAttachDataBinary, 0x3701)                                                          \
	X(PidTagInternetCodepage, 0x3fde)                                                          \
	X(PidTagMessageCodepage, 0x3ffd)
/* X(name, set, number): named properties with a number. */
#define BAG_LIDS(X)                                                                                \
	X(PidLidReminderSet, PSETID_COMMON, 0x8503)                                                \
	X(PidLidSideEffects, PSETID_COMMON, 0x8510)
/* X(name, set, text): named properties with a text. */
#define BAG_TEXTS(X) X(PidNameKeywords, PS_PUBLIC_STRINGS, "Keywords")

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
/* "PidTagSubject"; NULL: it is in none of the lists. */
const char *bag_key_name(bag_key key);

#endif
