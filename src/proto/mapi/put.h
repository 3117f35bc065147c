#ifndef VALISE_PROTO_MAPI_PUT_H
#define VALISE_PROTO_MAPI_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where a stream of FastTransfer may be cut (MS-OXCFXICS 2.2.4.1): between what is one, and
 * within values that have a length of their own.
 */
struct fx_cut {
	uint8_t state;
	uint8_t few[4];
	uint8_t n_few;
	bool may_cut; /* within the value */
	uint16_t type;
	uint32_t left; /* octets of the value */
	uint32_t values; /* with a length of their own, still to come */
};

/*
 * Go over ${n} octets more; how many of them stand before the last place where they may be
 * cut, the end of them included.
 */
size_t fx_cut(struct fx_cut *c, const uint8_t *p, size_t n);

#endif
