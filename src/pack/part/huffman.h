#ifndef VALISE_PACK_PART_HUFFMAN_H
#define VALISE_PACK_PART_HUFFMAN_H

#include <endian.h>
#include <stdint.h>
#include <stddef.h>
#include <string.h>

/* Codes of a dynamic block, RFC 1951 3.2.2 and 3.2.7. */
#define LITLEN_SYMBOLS 286
#define DIST_SYMBOLS 30
#define END_OF_BLOCK 256
#define CODE_MAX 15 /* bits of a code */

/* Bits go out from the lowest one; out is written up to 8 bytes beyond what counts. */
struct bits {
	uint64_t hold;
	unsigned n;
	uint8_t *out;
};

static inline void bits_put(struct bits *b, uint64_t v, unsigned n)
{
	b->hold |= v << b->n;
	b->n += n;
}

/* At most 7 bits stay: 57 may be put before the next flush. */
static inline void bits_flush(struct bits *b)
{
	uint64_t little = htole64(b->hold);

	memcpy(b->out, &little, sizeof little);
	b->out += b->n >> 3;
	b->hold >>= b->n & ~7u;
	b->n &= 7;
}

struct huffman {
	uint32_t freq[LITLEN_SYMBOLS + 2];
	uint8_t len[LITLEN_SYMBOLS + 2];
	uint16_t code[LITLEN_SYMBOLS + 2]; /* first bit lowest */
};

/*
 * Code lengths of at most ${max} bits and codes for ${n} symbols by ${freq}; at least two
 * symbols get one.
 */
void huffman_build(struct huffman *h, size_t n, unsigned max);

/*
 * The head of a dynamic block for two codes, prepared: its size in bits is known before
 * it is written.
 */
struct block_head {
	struct huffman lengths; /* the code length code */
	uint8_t item[LITLEN_SYMBOLS + DIST_SYMBOLS], extra[LITLEN_SYMBOLS + DIST_SYMBOLS];
	size_t n_items, n_litlen, n_dist, n_lengths;
	size_t size; /* in bits, the 3 of BFINAL and BTYPE included */
};
void block_head_make(
        struct block_head *b, const struct huffman *litlen, const struct huffman *dist);
void block_head_put(const struct block_head *b, int final, struct bits *out);

#endif
