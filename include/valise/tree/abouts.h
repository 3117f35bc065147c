#ifndef VALISE_TREE_ABOUTS_H
#define VALISE_TREE_ABOUTS_H

#include "valise/tree/about.h"

/*
 * What names many items, by their octets: kind and SHA-256 -> the JSON of about.h, which may
 * be empty. In memory it takes 16 bytes an item or so; the texts go to a file, if there is
 * one to take them. Thread-safe.
 */
struct abouts;

/*
 * ${dirfd}, ${name}: the file that is made once the texts are more than a few; the caller
 * removes it. -1, NULL: all of it stays in memory.
 */
struct abouts *abouts_new(int dirfd, const char *name);
/*
 * Texts of more than a few megabytes in a file without a name (file_temporary), which is gone
 * with ${a}; they stay in memory where none can be made, or there is no room in it.
 */
struct abouts *abouts_new_temporary(void);
void abouts_free(struct abouts *a);

/* What is there already stays. */
int abouts_add(struct abouts *a, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        const char *json, size_t n, struct err *err) MUST_CHECK;
/* 1: it is there, and its text is appended to ${out} (may be NULL); 0: it is not. */
int abouts_get(struct abouts *a, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        struct buf *out, struct err *err) MUST_CHECK;

/* The same as fields, to be cleared: empty ones where nobody knows. ${a} may be NULL. */
void abouts_find(struct abouts *a, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        struct item_about *out);

/* The name of an item as it is scanned, see about_scan_end; the scan may begin the next. */
int abouts_take(struct abouts *a, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        struct about_scan *scan, struct err *err) MUST_CHECK;

#endif
