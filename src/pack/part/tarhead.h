#ifndef VALISE_PACK_PART_TARHEAD_H
#define VALISE_PACK_PART_TARHEAD_H

#include "valise/tree/model.h"

/*
 * The tar header of an object (POSIX.1-1988 ustar): name objects/ab/<sha256>.<ext>, mode
 * 0600, everything else fixed, so that an object has exactly one valid header and a
 * reader compares bytes. From 8 GiB on the size has the base-256 form.
 */
#define TAR_BLOCK 512
#define TAR_END 1024 /* zero bytes after the last entry */

void tarhead_make(enum coll_kind kind, const uint8_t sha256[SHA256_LEN], uint64_t size,
        uint8_t out[TAR_BLOCK]);
/* False unless the block is byte for byte what tarhead_make gives. */
bool tarhead_parse(const uint8_t block[TAR_BLOCK], enum coll_kind *kind_out,
        uint8_t sha256_out[SHA256_LEN], uint64_t *size_out);

/* Bytes of zeros after ${size} bytes of data. */
static inline uint64_t tar_padding(uint64_t size)
{
	return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}
/* Header, data, padding. */
static inline uint64_t tar_entry_size(uint64_t size)
{
	return TAR_BLOCK + size + tar_padding(size);
}
/* larger sizes are refused: sums of them cannot overflow */
#define TAR_SIZE_MAX ((uint64_t)1 << 56)

/*
 * Mode, owner and times (all 0), size, type and magic of a header: what is before, ${block}
 * has, and zeros else.
 */
void tar_put_fixed(uint8_t block[TAR_BLOCK], unsigned mode, uint64_t size, char type);
/* Last of all. */
void tar_put_checksum(uint8_t block[TAR_BLOCK]);
bool tar_is_zero(const uint8_t *p, size_t n);

#endif
