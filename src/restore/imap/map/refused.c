/*
 * Names that the target does not take as they were planned: substitutes, one less like
 * the original than the other.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "map.h"
#include "name.h"

enum { NAME_BITS = 255, BELOW_INBOX = 256, NUMBERED = 512 };

static const unsigned levels[MAP_LEVELS + 1] = {
        [0] = 0,
        [1] = BELOW_INBOX,
        [2] = NAME_PLAIN,
        [3] = NAME_PLAIN | NAME_SHORT,
        [4] = NAME_ASCII | NAME_SHORT,
        [MAP_NUMBERED] = NUMBERED,
        [6] = NAME_FLAT,
        [7] = NAME_FLAT | NAME_ASCII | NAME_SHORT,
        [8] = BELOW_INBOX | NAME_ASCII | NAME_SHORT,
};

/* The name that an entry gets on this level, without prefix and number. */
static char *name_at(const struct map_entry *e, const struct map_target *t, unsigned how)
{
	const char *base = map_base(e);
	bool below = (how & BELOW_INBOX) && strncmp(base, "INBOX/", 6) != 0;
	char *want = xasprintf("%s%s", below ? "INBOX/" : "", base);
	const char *why = NULL;
	char *name = name_on_target(want, t->delimiter, how & NAME_BITS, &why);

	free(want);
	return name;
}

/*
 * Which one it is of the mailboxes of the archive that a target may take for the same
 * under such names, from 1 on. It depends on the archive alone: whoever is refused first,
 * and whenever, each gets the same number.
 */
static unsigned rank_of(
        const struct map_entry *map, size_t i, const struct map_target *t, unsigned how)
{
	char *name = name_at(&map[i], t, how), *mine = name_key(name);
	unsigned n = 1;

	free(name);
	for (size_t k = 0; k < i; k++) {
		char *other = map[k].implied ? NULL : name_at(&map[k], t, how);
		char *key = other ? name_key(other) : NULL;

		n += key && strcmp(key, mine) == 0;
		free(other);
		free(key);
	}
	free(mine);
	return n;
}

bool map_soften(
        struct map_entry *map, size_t n, size_t i, const struct map_target *t, unsigned level)
{
	struct map_entry *e = &map[i];
	unsigned how = levels[level], k = level ? rank_of(map, i, t, how) : 1;
	char *base, *before;
	bool changed;

	if ((how & BELOW_INBOX) && (t->prefix || !t->delimiter))
		return false;
	if ((how & NAME_FLAT) && !strchr(map_base(e), '/'))
		return false;
	if (how & NUMBERED)
		k++;
	base = name_at(e, t, how);
	before = xstrdup(e->shown);
	do {
		map_name(e, t, k > 1 ? xasprintf("%s_%u", base, k) : xstrdup(base));
		k++;
	} while (map_is_shared(map, n, i));
	changed = strcmp(before, e->shown) != 0;
	if (changed)
		e->why = "the target refuses its name";
	free(base);
	free(before);
	return changed;
}

bool map_has_twin(const struct map_entry *map, size_t n, size_t i)
{
	char *mine = name_key(map[i].content);
	bool found = false;

	for (size_t k = 0; k < n && !found; k++) {
		char *key = k == i || map[k].implied ? NULL : name_key(map[k].content);

		found = key && strcmp(key, mine) == 0;
		free(key);
	}
	free(mine);
	return found;
}

static bool is_claimed(const struct map_entry *map, size_t n, const struct imap_mailbox *b)
{
	for (size_t k = 0; k < n; k++)
		if (!map[k].implied && map[k].raw_len == b->name_len &&
		        memcmp(map[k].raw, b->name, b->name_len) == 0)
			return true;
	return false;
}

bool map_adopt(struct map_entry *map, size_t n, size_t i, const struct imap_mailbox *list,
        size_t n_list, const struct map_target *t)
{
	struct map_entry *e = &map[i];
	char *mine = name_key(e->content);
	bool found = false;

	for (size_t k = 0; k < n_list && !found; k++) {
		char *shown = name_shown(list[k].name, list[k].name_len);
		char *name = name_content(shown, list[k].delimiter, t->prefix);
		char *content = name_place(shown, name), *key = name_key(content);

		found = !list[k].noselect && strcmp(key, mine) == 0 &&
		        !is_claimed(map, n, &list[k]);
		if (found) {
			free(e->raw);
			free(e->shown);
			free(e->content);
			e->raw = xmemdup(list[k].name, list[k].name_len);
			e->raw_len = list[k].name_len;
			e->shown = shown;
			e->content = content;
			e->why = "the target calls it so";
		} else {
			free(shown);
			free(content);
		}
		free(name);
		free(key);
	}
	free(mine);
	return found;
}
