#ifndef OUTLOOK_BAG_INTERNAL_H
#define OUTLOOK_BAG_INTERNAL_H

#include "valise/base/le.h"
#include "valise/base/spool.h"
#include "valise/outlook/bag.h"

/* What the files of this folder share. */

/* Of one item with all that is within it. */
struct bag_store {
	struct spool spool; /* values that are large, one behind the other */
	size_t cost; /* octets of memory that properties, names and children take */
	struct buf value; /* of the property that is being filled */
	uint64_t len; /* of its octets; those beyond BAG_MEMORY are in the spool, from ${at} */
	uint64_t at;
	struct bag *filled; /* the bag that it belongs to; NULL: none */
	bool spilled;
	size_t lent; /* octets of texts and large values that are in memory for who asked */
	/* where value ${i} of several begins: they are asked for one behind the other */
	const struct bag_prop *several;
	size_t i;
	uint64_t i_at;
};
enum {
	VALUES_MAX = 1 << 20, /* of one property, each with its length, or to be asked for */
	LENT_MAX = 64 << 20, /* of an item; beyond it texts are cut at LENT_SHORT */
	LENT_SHORT = 256,
	LENT_OCTETS = 256 << 20, /* with large values */
};

/* What a property is called, for comparing. */
struct bag_ident {
	const uint8_t *set; /* NULL: it has an id */
	const char *text; /* NULL: it has a number */
	uint32_t number; /* or id */
};
struct bag_ident ident_of(const struct bag_prop *p);
struct bag_ident ident_of_key(bag_key key);
int ident_order(const struct bag_ident *a, const struct bag_ident *b);

bool type_is_text(unsigned type);
/* Of the octets of a value, ${n} at ${off}, which are there. */
int prop_read(const struct bag *b, const struct bag_prop *p, uint64_t off, void *to, size_t n,
        struct err *err) MUST_CHECK;
/*
 * The text of ${len} octets at ${off} of a value as UTF-8, as bag_text has it, cut at ${cap},
 * malloc'ed. NULL: it is empty, or the disk does not give it.
 */
char *prop_text(
        const struct bag *b, const struct bag_prop *p, uint64_t off, uint64_t len, size_t cap);
/* The code page of a text: its own, that of its bag or of those around it; 0: nobody says. */
unsigned prop_code_page(const struct bag *b, const struct bag_prop *p);

#endif
