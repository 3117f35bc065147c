/* Messages of a mailbox by their octets: which are there, and how often. */
#include "import/run.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"

/* In filled.next of the first of several: the number of its list of twins. */
#define LIST 0x80000000u
/* How many of the same are looked through for one that arrived at the same time. */
enum { TWINS_SEEN = 1000 };

/* The slot of these octets, or the free one where they belong. */
static uint32_t *slot_of(const struct filled *f, const uint8_t sha[SHA256_LEN])
{
	size_t i;

	memcpy(&i, sha, sizeof i);
	i %= f->n_slots;
	while (f->slots[i] && memcmp(f->coll->items[f->slots[i] - 1].sha256, sha, SHA256_LEN) != 0)
		i = (i + 1) % f->n_slots;
	return &f->slots[i];
}

static void more_slots(struct filled *f)
{
	uint32_t *old = f->slots;
	size_t n = f->n_slots;

	f->n_slots = n ? n * 2 : 64;
	f->slots = xcalloc(f->n_slots, sizeof *f->slots);
	for (size_t i = 0; i < n; i++)
		if (old[i])
			*slot_of(f, f->coll->items[old[i] - 1].sha256) = old[i];
	free(old);
}

static struct twins *twins_of(const struct filled *f, uint32_t first)
{
	uint32_t next = f->next[first - 1];

	return next & LIST ? &f->twins[next & ~LIST] : NULL;
}

void known_add(struct filled *f)
{
	size_t n = f->coll->n_items;
	uint32_t *slot;
	struct twins *t;

	f->claimed = arr_grow(f->claimed, &f->claimed_cap, n, sizeof *f->claimed);
	f->next = arr_grow(f->next, &f->next_cap, n, sizeof *f->next);
	f->claimed[n - 1] = f->next[n - 1] = 0;
	if (f->n_contents * 3 >= f->n_slots * 2)
		more_slots(f);
	slot = slot_of(f, f->coll->items[n - 1].sha256);
	if (!*slot) {
		*slot = (uint32_t)n;
		f->n_contents++;
		return;
	}
	t = twins_of(f, *slot);
	if (t) {
		f->next[t->last - 1] = (uint32_t)n;
	} else {
		f->next[*slot - 1] = LIST | (uint32_t)f->n_twins;
		t = ARR_PUSH(f->twins, f->n_twins, f->twins_cap);
		*t = (struct twins){.second = (uint32_t)n};
	}
	t->last = (uint32_t)n;
}

bool known_has(const struct filled *f, const uint8_t sha[SHA256_LEN])
{
	return f->n_slots && *slot_of(f, sha);
}

/* The first one that this PATH may claim, place + 1; 0: there is none. */
static uint32_t first_free(
        const struct filled *f, uint32_t first, struct twins *t, uint32_t path, bool named)
{
	uint32_t at = first;

	if (named)
		return first;
	if (t && t->path == path)
		at = t->from;
	while (at && f->claimed[at - 1] == path)
		at = !t ? 0 : at == first ? t->second : f->next[at - 1];
	if (t) {
		t->path = path;
		t->from = at;
	}
	return at;
}

struct tree_item *known_claim(
        struct filled *f, const struct tree_item *it, uint32_t path, bool named)
{
	uint32_t first = f->n_slots ? *slot_of(f, it->sha256) : 0, at, found;
	struct twins *t = first ? twins_of(f, first) : NULL;

	if (!first)
		return NULL;
	at = found = first_free(f, first, t, path, named);
	if (!found)
		return NULL;
	for (int seen = 0; at && seen < TWINS_SEEN; seen++) {
		if ((named || f->claimed[at - 1] != path) &&
		        f->coll->items[at - 1].date_utc == it->date_utc) {
			found = at;
			break;
		}
		at = !t ? 0 : at == first ? t->second : f->next[at - 1];
	}
	f->claimed[found - 1] = path;
	return &f->coll->items[found - 1];
}

void known_clear(struct filled *f)
{
	free(f->slots);
	free(f->next);
	free(f->twins);
	free(f->claimed);
}
