/* Property sets and the names of properties (MS-OXPROPS). */
#include "valise/outlook/props.h"
#include <string.h>
#include "valise/base/mem.h"

/* All but four are {xxxxxxxx-0000-0000-C000-000000000046}, or nearly. */
static const uint8_t guids[BAG_SETS][16] = {
        [PS_MAPI] = {0x28, 0x03, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46},
        [PS_PUBLIC_STRINGS] = {0x29, 0x03, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46},
        [PS_INTERNET_HEADERS] = {0x86, 0x03, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46},
        [PSETID_COMMON] = {0x08, 0x20, 0x06, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46},
        [PSETID_ADDRESS] = {0x04, 0x20, 0x06, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46},
        [PSETID_APPOINTMENT] = {0x02, 0x20, 0x06, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46},
        [PSETID_MEETING] = {0x90, 0xda, 0xd8, 0x6e, 0x0b, 0x45, 0x1b, 0x10, 0x98, 0xda, 0, 0xaa, 0,
                0x3f, 0x13, 0x05},
        [PSETID_LOG] = {0x0a, 0x20, 0x06, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46},
        [PSETID_NOTE] = {0x0e, 0x20, 0x06, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46},
        [PSETID_TASK] = {0x03, 0x20, 0x06, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46},
        [PSETID_SHARING] = {0x40, 0x20, 0x06, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46},
        [PSETID_POSTRSS] = {0x41, 0x20, 0x06, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46},
        [PSETID_UNIFIED_MESSAGING] = {0x88, 0x9f, 0x42, 0x44, 0x83, 0xef, 0x8d, 0x4e, 0xb9, 0x5c,
                0xb1, 0xc4, 0x0b, 0xd4, 0xd6, 0xeb},
        [PSETID_CALENDAR_ASSISTANT] = {0xa5, 0xa6, 0x00, 0x11, 0x30, 0xcf, 0x10, 0x48, 0xa6, 0x63,
                0xb6, 0x0e, 0xb7, 0x19, 0xe6, 0x0a},
        [PSETID_ATTACHMENT] = {0x7f, 0x7f, 0x35, 0x96, 0xe1, 0x59, 0xd0, 0x47, 0x99, 0xa7, 0x46,
                0x51, 0x5c, 0x18, 0x3b, 0x54},
        [PSETID_GROMOX] = {0xe2, 0x37, 0xe9, 0x1d, 0xc6, 0x85, 0xa1, 0x40, 0xbd, 0x9d, 0xa6, 0xe2,
                0xb7, 0xb7, 0x87, 0xb1},
};

const uint8_t *bag_set_guid(enum bag_set set)
{
	return guids[set];
}

enum bag_set bag_set_of(const uint8_t guid[16])
{
	for (int s = 1; s < BAG_SETS; s++)
		if (memcmp(guids[s], guid, sizeof guids[s]) == 0)
			return (enum bag_set)s;
	return (enum bag_set)0;
}

static const struct {
	const char *name, *text;
	enum bag_set set;
} texts[] = {
#define X(name, set, text) {#name, text, set},
        BAG_TEXTS(X)
#undef X
};

const char *bag_key_text(bag_key key, enum bag_set *set_out)
{
	*set_out = texts[key & 0x7fffffff].set;
	return texts[key & 0x7fffffff].text;
}

const char *bag_text_name(enum bag_set set, const char *text)
{
	for (size_t i = 0; i < COUNT(texts); i++)
		if (texts[i].set == set && strcmp(texts[i].text, text) == 0)
			return texts[i].name;
	return NULL;
}

static const struct {
	bag_key key;
	const char *name;
} names[] = {
#define X(name, id) {name, #name},
        BAG_TAGS(X)
#undef X
#define X(name, set, lid) {(bag_key)name, #name},
                BAG_LIDS(X)
#undef X
};

const char *bag_key_name(bag_key key)
{
	if (key & 0x80000000u)
		return texts[key & 0x7fffffff].name;
	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i].key == key)
			return names[i].name;
	return NULL;
}
