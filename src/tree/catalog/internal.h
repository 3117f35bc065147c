#ifndef VALISE_TREE_CATALOG_INTERNAL_H
#define VALISE_TREE_CATALOG_INTERNAL_H

#include "valise/base/json.h"
#include "valise/tree/about.h"
#include "valise/tree/catalog.h"

/* Inside the catalog: lines written and read (docs/FORMAT.md, "Catalog"). */

#define CATALOG_VERSION 1

/* Line 1 with its LF. */
void catalog_put_head(struct buf *out, const struct tree_coll *c);
/*
 * An item's line with its LF. ${what}: the member "what", or "". *plain_len_out: bytes of it
 * that come before "what" and "where".
 */
void catalog_put_item(struct buf *out, const struct tree_coll *c, const struct tree_item *it,
        const struct buf *what, bool place, size_t *plain_len_out);
void catalog_put_error(struct buf *out, const struct tree_error *e);
void catalog_put_end(struct buf *out, const struct tree_roots *r);

/* Line 1, without its LF. ERR_DAMAGED, ERR_UNSUPPORTED. */
int catalog_parse_head(
        const char *line, size_t n, struct tree_coll **out, struct err *err) MUST_CHECK;

/*
 * A scanner over one canonical line. Members are asked for in the order in which they
 * must stand; whatever is not canonical sets bad, and everything after it fails.
 */
struct scan {
	const char *p, *end;
	bool bad, inside; /* inside: a member of this object was read */
	struct buf *text; /* room for a string */
};
bool scan_member(struct scan *s, const char *key);
bool scan_need(struct scan *s, const char *key); /* its absence is bad */
void scan_char(struct scan *s, char c);
uint64_t scan_u64(struct scan *s, uint64_t max);
/* A string, lent until the next one: *n_out bytes and a NUL; without NUL inside. */
const char *scan_string(struct scan *s, size_t *n_out);
char *scan_dup(struct scan *s);
void scan_sha256(struct scan *s, uint8_t out[SHA256_LEN]);
/* A list of strings in ascending order; ${each} may set bad. */
void scan_strings(struct scan *s,
        void (*each)(void *ctx, struct scan *s, const char *text, size_t n), void *ctx);
/*
 * What names an item; what was read of it is in *out even if it is bad. ${out} may be NULL:
 * only looked at.
 */
void catalog_scan_what(struct scan *s, struct item_about *out);
/* The object ends here, and with it the line. */
void scan_end(struct scan *s);

/* What a line is besides an item or error of the collection. */
struct line_parts {
	size_t plain_len; /* as above */
	const char *what; /* in the line */
	size_t what_len; /* 0: none */
};
/*
 * A line after the first: an item or an error is added to ${c}. False if it is not
 * canonical.
 */
bool catalog_scan_line(const char *line, size_t n, struct tree_coll *c, struct buf *text,
        struct line_parts *parts_out);
/* The last line; false if it is none. */
bool catalog_scan_end(const char *line, size_t n, struct tree_roots *out, struct buf *text);

/* The content root of a sorted collection. */
void catalog_content_root(const struct tree_coll *c, uint8_t out[SHA256_LEN]);

/*
 * catalog_read; ${check} false leaves the roots unchecked (fuzzing: no input would get
 * past them).
 */
int catalog_read_as(tree_read_fn read, void *ctx, bool check, struct abouts *names,
        struct tree_coll **out, struct tree_roots *roots_out, struct err *err) MUST_CHECK;

#endif
