#ifndef VALISE_TREE_WORDS_H
#define VALISE_TREE_WORDS_H

#include "valise/base/json.h"
#include "valise/tree/model.h"

/* The words that stand for bits and numbers in catalogs and manifests. */

struct word {
	const char *text;
	unsigned bit;
};

/* Sorted by text, closed by a NULL. */
extern const struct word flag_words[];
extern const struct word warn_words[];
extern const struct word attr_words[];

/* A tree_word_fn: may a message have it as a keyword? RFC 3501 9, flag-keyword: an atom. */
bool word_is_keyword(void *ctx, const char *word);

/* Append a JSON list of the words of ${bits}. */
void words_put(struct buf *out, const struct word *table, unsigned bits);
json_t *words_to_json(const struct word *table, unsigned bits);
/* False if it is no list of known words in ascending order. NULL is the empty list. */
bool words_from_json(const json_t *list, const struct word *table, unsigned *bits_out);

const char *status_word(enum coll_status s);
bool coll_status_parse(const char *text, enum coll_status *out);
bool kind_parse(const char *text, enum coll_kind *out);

/* "000001/part-000001.tar.gz", by hand: a million items have one. */
#define PART_NAME_SIZE 40
char *place_part_name(const struct object_place *w, char out[PART_NAME_SIZE]);

/* The decimal text of a number, appended. */
void put_u64(struct buf *out, uint64_t v);

/**
 * coll_path_ok(kind, path): may a collection of the kind have this path? Beneath the
 * kind's directory, safe (path_is_safe), no hidden component, none that a Maildir or a
 * catalog file could be taken for, at most COLL_PATH_MAX bytes.
 */
#define COLL_PATH_MAX 1024
bool coll_path_ok(enum coll_kind kind, const char *path);
/* The same for the file name of a resource, without extension. */
bool resource_name_ok(const char *name);

/* The order of items in a catalog: UID, href, id. Items may be of two collections. */
int item_order(const struct tree_coll *ca, const struct tree_item *a, const struct tree_coll *cb,
        const struct tree_item *b);
/* Total orders: of items, also of equal UID; of errors. */
int item_full_order(
        const struct tree_coll *c, const struct tree_item *a, const struct tree_item *b);
int error_order(const struct tree_error *a, const struct tree_error *b);
/*
 * The order by place in the folder: seconds, hash, dup; DAV by file name. Equal means the
 * same file.
 */
int item_place_order(const struct tree_coll *ca, const struct tree_item *a,
        const struct tree_coll *cb, const struct tree_item *b);
/*
 * What stays when flags change: mail "<seconds>.V<hex>[_<dup>].valise", DAV the whole
 * file name.
 */
void item_unique_name(const struct tree_coll *c, const struct tree_item *it, struct buf *out);
/* The path beneath the collection's: "cur/<unique>:2,<flags>", or the file name. */
void item_local_path(const struct tree_coll *c, const struct tree_item *it, struct buf *out);

/* "UID 17" or the href, for a person; ${out} is for 160 bytes. */
#define ITEM_LABEL_SIZE 160
const char *item_label(
        const struct tree_coll *c, const struct tree_item *it, char out[ITEM_LABEL_SIZE]);

#endif
