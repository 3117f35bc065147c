#ifndef VALISE_RESTORE_IMAP_PAIR_H
#define VALISE_RESTORE_IMAP_PAIR_H

#include "restore/imap/run.h"

/* What the ways to pair share: keys of what is left, and what the journal knows. */

/* open.c */
/* Of a look (target_opts.looked). */
bool pair_is_look(const struct box *b);
struct match_key *pair_keys(size_t n);
/* Keys of what is not paired yet: sizes and dates, or (not ${by_size}) dates alone. */
size_t pair_open_items(const struct box *b, bool by_size, struct match_key *out);
size_t pair_open_there(const struct box *b, bool by_size, struct match_key *out);
size_t pair_count_open(const struct box *b);

/* records.c */
void pair_begin(struct box *b); /* nothing is paired */
/*
 * Records whose message is there, by their UID in the archive; the others, as a multiset,
 * by content.
 */
void pair_records(struct box *b);
/*
 * Items that an earlier restore stored without learning which message they became: as
 * long as one is there that may be it, it is not stored once more.
 */
void pair_take_taken(struct box *b);
/*
 * Servers change it without changing its size, or did, as a record says: only all of its
 * octets say what it is.
 */
bool pair_is_fragile(const struct box *b, size_t i);

/* heads.c */
/* By size and header, where sizes and dates (${rule}) are worth a look. */
int pair_heads(struct box *b, unsigned rule, struct err *err) MUST_CHECK;

#endif
