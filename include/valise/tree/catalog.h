#ifndef VALISE_TREE_CATALOG_H
#define VALISE_TREE_CATALOG_H

#include "valise/tree/abouts.h"

/*
 * A catalog: one collection as JSON Lines (docs/FORMAT.md, "Catalog"). Canonical JSON, LF
 * line ends.
 *   line 1   {"catalog":1,"kind":"mail","name":...,...}
 *   items    sorted by UID (href for DAV): {"date":"17-Jul-1996 02:44:25
 *            -0700","flags":["\\Seen"],"keywords":[..],"path":..,"sha256":..,
 *            "size":..,"uid":..,"what":{"from":..,"subject":..},
 *            "where":{"member":..,"offset":..,"part":"000001/part-000001.tar.gz"}}
 *            ("what" and "where" are last in the canonical order; "where" is left out in a
 *            directory tree; absent members are empty, 0 or false)
 *   gone     items that are not on the server any more, sorted likewise, each with the
 *            member "gone"
 *   errors   {"error":reason,"uid":..,...}
 *   last     {"bytes":..,"content":root,"end":items,"errors":..,"gone":..,"state":root}
 */

typedef int (*tree_write_fn)(void *ctx, const void *p, size_t n, struct err *err);
/* Reads up to n bytes; *got_out 0 is the end. */
typedef int (*tree_read_fn)(void *ctx, void *p, size_t n, size_t *got_out, struct err *err);

#define CATALOG_LINE_MAX (4u << 20)

/* What the last line says. bytes: sum of the items' sizes. */
struct tree_roots {
	uint64_t items, errors, bytes; /* of what the server shows */
	uint64_t gone; /* items that it does not show any more */
	uint8_t content[SHA256_LEN]; /* equal for equal collections on any server */
	uint8_t state[SHA256_LEN]; /* everything but "what" and "where" */
};

/**
 * catalog_roots(c, out): both roots of a sorted, numbered collection.
 * content: SHA-256 over "<kind> <content name>\n" and then, for each item in byte order
 * of these lines, "<INTERNALDATE as seconds UTC> <sha256 hex> <flags> <keywords>\n"
 * (flags without backslash, lower case, sorted, joined by ',' or "-" for none; keywords
 * lower-cased, sorted, joined by ',' or "-"); for DAV "<sha256 hex>\n" alone.
 * What is gone plays no part in content.
 * state: SHA-256 over all lines before the last one, each without "what" and "where".
 */
void catalog_roots(const struct tree_coll *c, struct tree_roots *out);

/* How many lines the catalog has. */
uint64_t catalog_lines(const struct tree_roots *r);

/*
 * Write all lines. ${places}: with "where"; ${names}: where "what" is known from, or NULL.
 * The collection is sorted, numbered and has its path.
 */
int catalog_write(const struct tree_coll *c, bool places, struct abouts *names, tree_write_fn write,
        void *ctx, struct tree_roots *roots_out, struct err *err) MUST_CHECK;

/**
 * catalog_read(read, ctx, names, out, roots_out, err): read all lines, check the order, the
 * counts and both roots. What names the items goes into ${names}, if that is not NULL.
 * ERR_DAMAGED naming the line, ERR_UNSUPPORTED for a newer catalog, ERR_LIMIT.
 */
int catalog_read(tree_read_fn read, void *ctx, struct abouts *names, struct tree_coll **out,
        struct tree_roots *roots_out, struct err *err) MUST_CHECK;

/* Line 1 alone: the collection without its items, and without any check of these. */
int catalog_read_head(
        tree_read_fn read, void *ctx, struct tree_coll **out, struct err *err) MUST_CHECK;

/**
 * catalog_find_uid(piece, ctx, n, uid, out, err): of a mail catalog in ${n} pieces, each of
 * whole lines, the collection with the one item of this UID, or with none; of the pieces
 * only as many are read as it takes to find it. Neither order nor roots are checked of what
 * is not read, and items that are gone are not looked at. ERR_DAMAGED: a line or border is
 * not as it must be; whoever wants to know more reads all of it.
 */
typedef int (*catalog_piece_fn)(
        void *ctx, size_t i, const char **p_out, size_t *n_out, struct err *err);
int catalog_find_uid(catalog_piece_fn piece, void *ctx, size_t n, uint32_t uid,
        struct tree_coll **out, struct err *err) MUST_CHECK;

#endif
