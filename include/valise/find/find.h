#ifndef VALISE_FIND_FIND_H
#define VALISE_FIND_FIND_H

#include "valise/base/progress.h"
#include "valise/tree/sink.h"

/*
 * Words in the items of an archive: an index in the user's cache (SQLite FTS5), by content:
 * an item's text is read once, whatever snapshots and folders it is in. It holds nothing that
 * the archive has not got: it may be deleted at any time and is made again.
 *
 * What a person looks for: an item has to hold all words, in any case and order. A word that
 * ends with '*' may go on, one that begins with it may have more before; "a phrase" is words
 * one after the other; -word, -"a phrase": the item must not hold it. What is neither letter
 * nor digit parts words. Letters without their marks are equal to those with them, and so are
 * the forms that case folding makes equal (ss and U+00DF). Of scripts that write no blanks
 * between words (Chinese, Japanese, Thai ...) and of Korean each character is a word, those
 * of one word of the person a phrase.
 */

/* Of the text of one item so much is looked at, in bytes; of a word so much counts. */
#define FIND_TEXT_MAX (4u << 20)
enum { FIND_WORD_MAX = 64 };

struct find_options {
	/*
	 * The directory of the indexes, mode 0700, made where it is missing; NULL: none is
	 * kept, all items are read for this search alone. So they are where none can be kept:
	 * no room, no right to write; that is said to ${progress}.
	 */
	const char *dir;
	const char *archive; /* identity of the archive, in hexadecimal digits */
	/*
	 * Counts the items that are read, is told which of them could not be, and why there is
	 * no index.
	 */
	struct progress *progress;
};

/* Contents that hold the words. Once made nobody changes it: for any thread. */
struct find_hits;

/**
 * find_contents(o, r, words, out, err): the contents of the items of ${r}, a snapshot as it
 * is (what is gone from the server with it), and of other snapshots as far as they were
 * searched before, that hold all of the ${words} (NULL-ended; each text may have several).
 * Files behind links (COLL_LINKED) are not read. An index that lacks items takes them in
 * first; stopped or killed it goes on from there. A damaged item is told to the progress and
 * counted (find_unread); a collection that cannot be read is left to who lists it.
 * ERR_USAGE (no word in ${words}), ERR_STOPPED, ERR_IO, ERR_SPACE.
 */
int find_contents(const struct find_options *o, struct tree_reader *r, const char *const *words,
        struct find_hits **out, struct err *err) MUST_CHECK;
/*
 * Away with the index of ${archive} (as in struct find_options) in ${dir}, where the archive
 * has not got any more what it had; none is fine.
 */
int find_drop(const char *dir, const char *archive, struct err *err) MUST_CHECK;
/* ERR_USAGE as find_contents would say it, before anything is opened. */
int find_check(const char *const *words, struct err *err) MUST_CHECK;
bool find_has(const struct find_hits *h, enum coll_kind kind, const uint8_t sha256[SHA256_LEN]);
/* Items, each counted once, that could not be read. */
uint64_t find_unread(const struct find_hits *h);
void find_hits_free(struct find_hits *h);

#endif
