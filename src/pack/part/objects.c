/* The objects of an archive by SHA-256, in blocks that never move. */
#include "objects.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "pack/layout.h"

#define BLOCK 4096
#define FIRST_SLOTS 1024

_Static_assert(sizeof(struct object) == 56, "an object takes 56 bytes");

void object_map_init(struct object_map *t)
{
	memset(t, 0, sizeof *t);
}

void object_map_clear(struct object_map *t)
{
	for (size_t i = 0; i < t->n_blocks; i++)
		free(t->blocks[i]);
	free(t->blocks);
	free(t->slots);
	memset(t, 0, sizeof *t);
}

struct object *object_map_at(const struct object_map *t, size_t i)
{
	return &t->blocks[i / BLOCK][i % BLOCK];
}

/*
 * A SHA-256 is as good a hash as any; whoever makes collisions on purpose only slows down
 * his own archive.
 */
static size_t slot_of(const struct object_map *t, const uint8_t sha256[SHA256_LEN])
{
	uint64_t h;

	memcpy(&h, sha256 + 8, sizeof h);
	return (size_t)(h & (t->n_slots - 1));
}

static size_t find_slot(
        const struct object_map *t, enum coll_kind kind, const uint8_t sha256[SHA256_LEN])
{
	size_t i = slot_of(t, sha256);

	for (; t->slots[i]; i = (i + 1) & (t->n_slots - 1)) {
		const struct object *o = object_map_at(t, t->slots[i] - 1);

		if (o->kind == kind && memcmp(o->sha256, sha256, SHA256_LEN) == 0)
			break;
	}
	return i;
}

static void grow_slots(struct object_map *t)
{
	free(t->slots);
	t->n_slots = t->n_slots ? 2 * t->n_slots : FIRST_SLOTS;
	t->slots = xcalloc(t->n_slots, sizeof *t->slots);
	for (size_t i = 0; i < t->n; i++) {
		const struct object *o = object_map_at(t, i);

		t->slots[find_slot(t, o->kind, o->sha256)] = (uint32_t)i + 1;
	}
}

struct object *object_map_find(
        const struct object_map *t, enum coll_kind kind, const uint8_t sha256[SHA256_LEN])
{
	uint32_t at = t->n_slots ? t->slots[find_slot(t, kind, sha256)] : 0;

	return at ? object_map_at(t, at - 1) : NULL;
}

struct object *object_map_add(struct object_map *t, enum coll_kind kind,
        const uint8_t sha256[SHA256_LEN], uint64_t size, bool *new_out)
{
	struct object *o = object_map_find(t, kind, sha256);

	if (new_out)
		*new_out = !o;
	if (o)
		return o;
	if (4 * (t->n + 1) > 3 * t->n_slots)
		grow_slots(t);
	if (t->n == t->n_blocks * BLOCK)
		*ARR_PUSH(t->blocks, t->n_blocks, t->blocks_cap) =
		        xmalloc(BLOCK * sizeof(struct object));
	o = object_map_at(t, t->n);
	memset(o, 0, sizeof *o);
	memcpy(o->sha256, sha256, SHA256_LEN);
	o->kind = kind & 15u;
	o->size = size & (OBJECT_SIZE_LIMIT - 1);
	t->slots[find_slot(t, kind, sha256)] = (uint32_t)++t->n;
	return o;
}

bool object_set_place(struct object *o, const struct object_place *w)
{
	if (w->snapshot > SNAPSHOT_MAX || w->part > PART_MAX || w->member >= OBJECT_MEMBER_LIMIT ||
	        w->offset > UINT32_MAX)
		return false;
	o->snapshot = w->snapshot & 0xfffffu;
	o->part = w->part;
	o->member = w->member & (OBJECT_MEMBER_LIMIT - 1);
	o->offset = (uint32_t)w->offset;
	return true;
}

void object_get_place(const struct object *o, struct object_place *w)
{
	w->snapshot = o->snapshot;
	w->part = o->part;
	w->member = o->member;
	w->offset = o->offset;
}
