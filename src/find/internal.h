#ifndef VALISE_FIND_INTERNAL_H
#define VALISE_FIND_INTERNAL_H

#include <sqlite3.h>
#include "valise/find/find.h"

/* What the files of this room share. */

/* fold.c */

/*
 * Append text in the form in which it is indexed and looked for: without marks and case
 * (path_fold), the wide forms of ASCII as ASCII, what hyphenates and joins left out, a blank
 * on both sides of a character that is a word. What is not UTF-8 becomes a blank.
 */
void find_fold(const char *s, size_t n, struct buf *out);

/* words.c */

/* A word of a person, or words in quotes. */
struct find_word {
	char *text;
	bool more_before, more_after; /* '*' at its beginning, at its end */
	bool without;
};
struct find_words {
	struct find_word *v;
	size_t n, cap;
};
void find_words_add(struct find_words *w, const char *text);
void find_words_clear(struct find_words *w);

/* tokens.c */

/* What becomes of text when it is cut into words. One for each connection to SQLite. */
struct find_tokens;
/* The tokenizer "valise" of the connection, lent: it ends with it. ERR_UNSUPPORTED: no FTS5. */
int find_tokens_new(sqlite3 *db, struct find_tokens **out, struct err *err) MUST_CHECK;
/* The words of a text, each ended by NUL, appended; returns how many. */
size_t find_tokens_of(struct find_tokens *t, const char *text, struct buf *out);
/*
 * The words of the texts that were indexed since the last call, each ended by NUL, those left
 * out that were there not long ago. Lent.
 */
struct buf *find_tokens_met(struct find_tokens *t);
void find_tokens_forget(struct find_tokens *t); /* none were there */

/* index.c: the tables, in a file or in memory */

struct find_index {
	sqlite3 *db;
	struct find_tokens *tokens;
	sqlite3_stmt *add_item, *add_text, *add_word, *has_item, *has_done, *add_done;
	bool kept; /* in a file */
	char *name; /* of the file, for messages */
	uint64_t unsaved; /* bytes of text since the transaction began */
	bool writing; /* in a transaction */
	bool failed; /* SQLite did; nothing else is wrong */
};

/* In memory, empty. */
int find_index_new(struct find_index *x, struct err *err) MUST_CHECK;
/*
 * That of a file, which is there; an empty one gets its tables. ERR_DAMAGED: it is none of
 * this version.
 */
int find_index_open(struct find_index *x, const char *path, bool make, struct err *err) MUST_CHECK;
void find_index_close(struct find_index *x);
/* What SQLite says, as an error: ERR_SPACE, ERR_DAMAGED (of the index), ERR_LOCKED, ERR_IO. */
int find_index_fail(struct find_index *x, struct err *err);

#define FIND_KEY_LEN (1 + SHA256_LEN) /* kind and content */
void find_key(enum coll_kind kind, const uint8_t sha256[SHA256_LEN], uint8_t out[FIND_KEY_LEN]);
/* 1: its text is in, 0: it is not. */
int find_index_has(struct find_index *x, const uint8_t key[FIND_KEY_LEN], struct err *err);
/* Take in an item; one that is there already stays. A transaction begins where none is. */
int find_index_add(struct find_index *x, const uint8_t key[FIND_KEY_LEN], const struct buf *text,
        struct err *err) MUST_CHECK;
int find_index_save(struct find_index *x, struct err *err) MUST_CHECK; /* ends it */
int find_index_empty(struct find_index *x, struct err *err) MUST_CHECK; /* nothing is in it */
/* Are all items of the catalog with this state root in? */
int find_index_done(struct find_index *x, const uint8_t state[SHA256_LEN], struct err *err);
int find_index_set_done(
        struct find_index *x, const uint8_t state[SHA256_LEN], struct err *err) MUST_CHECK;

/* search.c */

/* The words of a person as the index has them. ERR_USAGE: there is none. */
struct find_query;
int find_query_new(
        const char *const *words, struct find_tokens *t, struct find_query **out, struct err *err);
void find_query_free(struct find_query *q);
/* The keys of all items of the index that hold the words, to ${h}. */
int find_search(struct find_index *x, const struct find_query *q, struct find_hits *h,
        struct err *err) MUST_CHECK;

/* hits.c */

struct find_hits {
	uint8_t (*keys)[FIND_KEY_LEN];
	size_t n, cap;
	uint64_t unread;
	uint64_t cut; /* items that may hold the words behind FIND_TEXT_MAX */
};
void find_hits_add(struct find_hits *h, const uint8_t key[FIND_KEY_LEN]);
void find_hits_sort(struct find_hits *h);

/* text.c */

/* One item as text; one for each thread. */
struct find_reader;
struct find_reader *find_reader_new(void);
void find_reader_free(struct find_reader *t);
/*
 * A word that nobody writes (of private use), the last one of a text that goes on behind
 * FIND_TEXT_MAX: so the index knows of which items it has not all.
 */
#define FIND_CUT "\xef\x83\xb1\xef\x83\xb2\xef\x83\xb3"
enum { FIND_CUT_MAX = 16 };
/*
 * *text_out: the words that people may look for, FIND_TEXT_MAX bytes at most and FIND_CUT; lent
 * until the next call. An error of the item, or ERR_WHOLE.
 */
int find_text(struct find_reader *t, struct tree_reader *r, const struct tree_coll *c,
        const struct tree_item *it, const struct buf **text_out, struct err *err) MUST_CHECK;

/* take.c */

/* What is done with the texts of the items of a snapshot, in the order of their storage. */
struct find_take {
	struct tree_reader *from;
	struct progress *progress;
	struct find_index *index;
	const struct find_query *query; /* of an index that is not kept: asked, and emptied */
	struct find_hits *hits;
	uint64_t unread; /* items that could not be read */
};
/* Is there anything in the collection that is searched? */
bool find_is_searched(const struct tree_head *h);
/* Whatever of the items the index lacks. */
int find_take(struct find_take *t, struct err *err) MUST_CHECK;

#endif
