#ifndef VALISE_PACK_PART_DEFLATE_H
#define VALISE_PACK_PART_DEFLATE_H

#include <stdint.h>
#include <stddef.h>

/*
 * A deflate encoder (RFC 1951) for what mail consists of. Runs of base64 lines whose
 * letters are evenly spread (compressed attachments: more than half of most mailboxes)
 * hold nothing to match, so they are coded as literals at several times the speed of a
 * search; everything else is searched greedily.
 */
struct deflater;
struct deflater *deflater_new(void);
void deflater_free(struct deflater *d);

/* Never larger than this; ${out} needs so much room. */
#define DEFLATE_BOUND(n) ((n) + (n) / 256 + 64)
/* A whole deflate stream of 1 <= ${n} <= 1 << 28 bytes; returns its size. */
size_t deflater_run(struct deflater *d, const uint8_t *in, size_t n, uint8_t *out);

#endif
