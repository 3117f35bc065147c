#ifndef VALISE_PACK_PART_TARWALK_H
#define VALISE_PACK_PART_TARWALK_H

#include "part.h"
#include "tarhead.h"

/*
 * Walks the plain tar bytes of a part, member by member: every entry must be an object
 * with exactly our header, its bytes must have the hash that is its name, padding and the
 * tar end must be zeros, and nothing may follow.
 */
struct tar_walk {
	const char *name; /* of the file, lent */
	part_object_fn fn;
	void *ctx;
	enum { WALK_HEAD, WALK_DATA, WALK_PADDING, WALK_ENDED } state;
	uint64_t left; /* of data or padding */
	struct sha256 hash;
	uint64_t entries;
	/* the entry at hand */
	enum coll_kind kind;
	uint8_t sha256[SHA256_LEN];
	uint64_t size, member, offset;
};

/* The plain bytes of the member at ${member}. ERR_DAMAGED, or what fn says. */
int tar_walk_add(struct tar_walk *w, uint64_t member, const uint8_t *p, size_t n,
        struct err *err) MUST_CHECK;

#endif
