#ifndef VALISE_PACK_PART_OBJECTS_H
#define VALISE_PACK_PART_OBJECTS_H

#include "valise/tree/model.h"

/*
 * The objects of an archive: kind and SHA-256 -> size, place, flags. 56 bytes an object,
 * in blocks that never move, plus a hash table of indexes. Not thread-safe.
 */

enum object_flags {
	OBJECT_NEW = 1, /* first met in this run (not in an older snapshot) */
	/* the place is final; else member is the member's sequence number */
	OBJECT_PLACED = 2,
	OBJECT_VERIFIED = 4, /* read back from the part, its hash right */
	OBJECT_RESUMED = 8, /* made durable by an interrupted run */
	OBJECT_CURRENT = 16, /* named by an item of the new state */
	OBJECT_LOST = 32, /* verify: reported as missing */
};

struct object {
	uint8_t sha256[SHA256_LEN];
	uint64_t size : 48, flags : 12, kind : 4;
	uint64_t member : 44, snapshot : 20;
	uint32_t offset, part;
};

#define OBJECT_SIZE_LIMIT (UINT64_C(1) << 48)
#define OBJECT_MEMBER_LIMIT (UINT64_C(1) << 44)

struct object_map {
	struct object **blocks;
	size_t n, n_blocks, blocks_cap;
	uint32_t *slots; /* index + 1; 0: free */
	size_t n_slots;
};

void object_map_init(struct object_map *t);
void object_map_clear(struct object_map *t);

/* NULL if it is not there. The address stays valid until object_map_clear. */
struct object *object_map_find(
        const struct object_map *t, enum coll_kind kind, const uint8_t sha256[SHA256_LEN]);
/*
 * The object, made if it is new (all zero but kind, hash and size); *new_out may be NULL.
 */
struct object *object_map_add(struct object_map *t, enum coll_kind kind,
        const uint8_t sha256[SHA256_LEN], uint64_t size, bool *new_out);
/* in order of adding */
struct object *object_map_at(const struct object_map *t, size_t i);

/* ${w}'s place as the object's; false if a number is out of bounds. And back. */
bool object_set_place(struct object *o, const struct object_place *w);
void object_get_place(const struct object *o, struct object_place *w);

#endif
