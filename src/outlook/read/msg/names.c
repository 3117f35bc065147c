/* Names of the named properties of a .msg file: MS-OXMSG 2.2.3. */
#include <stdlib.h>
#include <string.h>
#include "outlook/read/msg/msg.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/le.h"

enum { NAMES_MAX = 0x7fff, ENTRY = 8, TEXTS_MAX = 16 << 20, SETS_MAX = 1 << 20 };

static const uint8_t known[][16] = {
        [1] = {0x28, 0x03, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46}, /* PS_MAPI */
        [2] = {0x29, 0x03, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46},
};

/* UTF-16LE of ${n} octets as UTF-8, malloc'ed. */
static char *text_of(const uint8_t *p, size_t n)
{
	char *out = xmalloc(n / 2 * 3 + 1);
	size_t len = 0;

	for (size_t i = 0; i + 1 < n; i += 2) {
		uint32_t c = (uint32_t)le_get(p + i, 2);
		uint32_t low = i + 3 < n ? (uint32_t)le_get(p + i + 2, 2) : 0;

		if (c == 0)
			break;
		if (c >= 0xd800 && c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		} else if (c >= 0xd800 && c < 0xe000) {
			c = 0xfffd;
		}
		len += utf8_put(c, out + len);
	}
	out[len] = '\0';
	return out;
}

struct octets {
	uint8_t *p;
	size_t n;
};

static void take_one(struct bag_name *to, const uint8_t *e, const struct octets *sets,
        const struct octets *texts)
{
	uint32_t number = (uint32_t)le_get(e, 4);
	size_t set = (size_t)le_get(e + 4, 2) >> 1, len;

	if (set == 1 || set == 2)
		memcpy(to->set, known[set], sizeof to->set);
	else if (set > 2 && set - 3 < sets->n / 16)
		memcpy(to->set, sets->p + (set - 3) * 16, sizeof to->set);
	if (!(e[4] & 1)) {
		to->lid = number;
		return;
	}
	if (number > texts->n || texts->n - number < 4)
		return;
	len = (size_t)le_get(texts->p + number, 4);
	if (len <= texts->n - number - 4 && len <= BAG_NAME_MAX)
		to->text = text_of(texts->p + number + 4, len);
}

void msg_names(libolecf_item_t *root, struct msg_names *out)
{
	struct octets sets = {.n = 0}, entries = {.n = 0}, texts = {.n = 0};
	struct ole_list top, l = {.n = 0};
	struct ole_item *map;

	memset(out, 0, sizeof *out);
	(void)ole_list(root, &top);
	map = ole_find(&top, "__nameid_version1.0");
	if (map && map->storage) {
		(void)ole_list(map->item, &l);
		sets.p = ole_whole(ole_find(&l, "__substg1.0_00020102"), SETS_MAX, &sets.n);
		entries.p = ole_whole(
		        ole_find(&l, "__substg1.0_00030102"), NAMES_MAX * ENTRY, &entries.n);
		texts.p = ole_whole(ole_find(&l, "__substg1.0_00040102"), TEXTS_MAX, &texts.n);
	}
	sets.n = sets.p ? sets.n : 0;
	texts.n = texts.p ? texts.n : 0;
	out->name = xcalloc(NAMES_MAX + 1, sizeof *out->name);
	out->n = NAMES_MAX + 1;
	/* What the map does not have keeps its number, in a set of zeros. */
	for (size_t i = 0; i < out->n; i++)
		out->name[i].lid = (uint32_t)(0x8000 + i);
	for (size_t i = 0; entries.p && i < entries.n / ENTRY; i++) {
		const uint8_t *e = entries.p + i * ENTRY;
		size_t place = (size_t)le_get(e + 6, 2);

		if (place < out->n && !out->name[place].text)
			take_one(&out->name[place], e, &sets, &texts);
	}
	free(sets.p);
	free(entries.p);
	free(texts.p);
	ole_list_free(&l);
	ole_list_free(&top);
}

void msg_names_free(struct msg_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i].text);
	free(names->name);
	memset(names, 0, sizeof *names);
}
