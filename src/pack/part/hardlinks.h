#ifndef VALISE_PACK_PART_HARDLINKS_H
#define VALISE_PACK_PART_HARDLINKS_H

#include "valise/tree/catalog.h"

/*
 * The tar of hard links of one collection: its directories, its items as links to
 * objects/, and for calendars and address books the small files displayname and color.
 * Everything in it follows from the catalog.
 */

#define LINKS_FILE_MAX 4096 /* bytes of a small file; a larger one is left out */

struct links_entry {
	enum { LINKS_DIR, LINKS_LINK, LINKS_FILE } type;
	const char *path; /* of a directory without a final '/' */
	const char *target; /* of a link: "objects/ab/<hex>.eml" */
	const char *data; /* of a file */
};
typedef int (*links_fn)(void *ctx, const struct links_entry *e, struct err *err);

/*
 * Every entry that the tar of ${c} has, in its order. ${c} is sorted and numbered and has
 * its path.
 */
int links_walk(const struct tree_coll *c, links_fn fn, void *ctx, struct err *err) MUST_CHECK;

/*
 * The tar itself, each entry with one call of ${write}; *entries_out: how many. Ends with
 * two zero blocks.
 */
int links_write(const struct tree_coll *c, tree_write_fn write, void *ctx, uint64_t *entries_out,
        struct err *err) MUST_CHECK;

/**
 * links_check(c, read, ctx, entries_out, err): read a tar of plain bytes through
 * libarchive and hold it against what ${c} demands, entry by entry. ERR_DAMAGED.
 */
int links_check(const struct tree_coll *c, tree_read_fn read, void *ctx, uint64_t *entries_out,
        struct err *err) MUST_CHECK;

#endif
