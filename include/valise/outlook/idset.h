#ifndef VALISE_OUTLOOK_IDSET_H
#define VALISE_OUTLOOK_IDSET_H

#include <stddef.h>
#include "valise/base/buf.h"

/*
 * Sets of ids and of change numbers (IDSET, CNSET: MS-OXCFXICS 2.2.2.4): for each replica
 * ranges of counters of 48 bits. Pure.
 */
enum idset_form {
	IDSET_REPLID, /* a replica is a number of two octets: what a server says of items */
	IDSET_REPLGUID, /* a GUID: in states */
};
enum { IDSET_RANGES_MAX = 1 << 20, IDSET_COUNTER = 6 /* octets of a counter */ };

struct idset_range {
	/* the GUID; of IDSET_REPLID the two octets, and zeros */
	uint8_t replica[16];
	uint64_t low, high; /* both are in it */
};
/* {0}: empty. Sorted by replica and counter, and no two ranges meet, behind each call. */
struct idset {
	struct idset_range *list;
	size_t n, cap;
};
void idset_clear(struct idset *s);

/* The counter of its six octets, of which the first counts most. */
uint64_t idset_counter(const uint8_t p[IDSET_COUNTER]);
/* The replica of an id as it is on the wire, its number in the low 16 bits; its counter. */
void idset_replid(uint64_t id, uint8_t replica[16]);
uint64_t idset_counter_of(uint64_t id);

/* ${s} gets all of it besides. ERR_PROTO: it is none; ERR_LIMIT: IDSET_RANGES_MAX. */
int idset_read(
        struct idset *s, enum idset_form form, const void *p, size_t n, struct err *err) MUST_CHECK;
/* Any number of counters, in any order: idset_settle behind the last of them. */
int idset_add(struct idset *s, const uint8_t replica[16], uint64_t low, uint64_t high,
        struct err *err) MUST_CHECK;
void idset_settle(struct idset *s);
bool idset_has(const struct idset *s, const uint8_t replica[16], uint64_t counter);
/* Of IDSET_REPLGUID, as the simplest commands have it, appended. ERR_LIMIT: the buffer's. */
int idset_write(const struct idset *s, struct buf *out, struct err *err) MUST_CHECK;

#endif
