#ifndef VALISE_TREE_JOURNAL_H
#define VALISE_TREE_JOURNAL_H

#include <stdint.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"
#include "valise/base/json.h"

/*
 * An append-only file of records, each one line "<crc32 of the JSON text, 8 hex>
 * <canonical JSON>\n".
 * Records are written in batches; a batch counts only with its last line,
 * {"commit":<records>}. A torn tail (a record or batch that is not whole) is cut off at
 * the next open. CRC-32 as in gzip (RFC 1952 8).
 */
struct journal;

/**
 * journal_open(dirfd, path, replay, ctx, out, err): open or make it; ${replay} gets each
 * record of each whole batch in order.
 * An error of ${replay} is passed on. The torn tail is truncated and synced.
 */
int journal_open(int dirfd, const char *path,
        int (*replay)(void *ctx, const json_t *record, struct err *err), void *ctx,
        struct journal **out, struct err *err) MUST_CHECK;

/*
 * The same for who reads a record faster: ${replay} gets its JSON text, which is not looked
 * at but for its CRC.
 */
typedef int (*journal_text_fn)(void *ctx, const char *json, size_t n, struct err *err);
int journal_open_text(int dirfd, const char *path, journal_text_fn replay, void *ctx,
        struct journal **out, struct err *err) MUST_CHECK;
int journal_read_text(
        int dirfd, const char *path, journal_text_fn replay, void *ctx, struct err *err) MUST_CHECK;

/* Only replay; the file is not touched, and one that is not there is empty. */
int journal_read(int dirfd, const char *path,
        int (*replay)(void *ctx, const json_t *record, struct err *err), void *ctx,
        struct err *err) MUST_CHECK;

/* Collect a record of the batch (one canonical JSON text without LF). */
void journal_add(struct journal *j, const char *json_text);
/*
 * Write the batch with its commit line and fdatasync; an empty batch does nothing. After
 * an error the journal is unusable.
 */
int journal_commit(struct journal *j, struct err *err) MUST_CHECK;
/* The same without waiting for the disk: it outlives the process, not a power loss. */
int journal_write(struct journal *j, struct err *err) MUST_CHECK;
void journal_free(struct journal *j); /* the batch not committed is dropped */

#endif
