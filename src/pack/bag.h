#ifndef VALISE_PACK_BAG_H
#define VALISE_PACK_BAG_H

#include "valise/base/progress.h"
#include "seal.h"

/*
 * What makes an archive a BagIt 1.0 bag (RFC 8493). The tag files are written once and
 * named by every seal; bag-info.txt and manifest-sha256.txt are derived from the seals
 * alone, rewritten after a commit.
 */

/* The text that this program puts there. */
const uint8_t *bag_tag_text(unsigned tag, size_t *n_out);

/* Both texts from the seals of all snapshots, in order, at least one. */
void bag_info(const struct seal *seals, size_t n, struct buf *out);
void bag_manifest(const struct seal *seals, size_t n, struct buf *out);

/* Make both files fit; what fits already is not touched. *changed_out may be NULL. */
int bag_update(int rootfd, const struct seal *seals, size_t n, bool *changed_out,
        struct err *err) MUST_CHECK;

#endif
