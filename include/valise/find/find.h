#ifndef VALISE_FIND_FIND_H
#define VALISE_FIND_FIND_H

#include "valise/base/progress.h"
#include "valise/tree/sink.h"

/*
 * Words in the items of an archive: an index in the user's cache (SQLite FTS5), by content:
 * an item's text is read once, whatever snapshots and folders it is in. It holds nothing that
 * the archive has not got: it may be deleted at any time and is made again.
 */
struct find_index;

/**
 * find_open(cache_dir, archive_id, out, err): the index of the archive with this identity;
 * one that cannot be used is made again. ${cache_dir} NULL: $XDG_CACHE_HOME/valise. ERR_IO.
 */
int find_open(const char *cache_dir, const char *archive_id, struct find_index **out,
        struct err *err) MUST_CHECK;
void find_free(struct find_index *f);
/* Take in the items of ${r} that it lacks. Stopped or killed it goes on from there. */
int find_update(struct find_index *f, struct tree_reader *r, struct progress *progress,
        struct err *err) MUST_CHECK;
/**
 * find_words(f, words, hit, ctx, err): each content that holds all of the words of a person:
 * words in any case and order, a word*, "a phrase", -without. An error of ${hit} ends it.
 */
int find_words(struct find_index *f, const char *words,
        int (*hit)(
                void *ctx, enum coll_kind kind, const uint8_t sha256[SHA256_LEN], struct err *err),
        void *ctx, struct err *err) MUST_CHECK;

#endif
