#ifndef CLI_LIST_H
#define CLI_LIST_H

#include "valise/tree/about.h"
#include "valise/tree/sink.h"
#include "cli/cli.h"

/* Items of a collection as a table that people read (valise list). */

enum list_sort { SORT_NONE, SORT_DATE, SORT_FROM, SORT_SUBJECT, SORT_SIZE };
#define LIST_SORT_WORDS "date|from|subject|size"

/* What a line is made of. */
struct list_row {
	enum coll_kind kind;
	uint32_t uid; /* mail */
	const char *key; /* else what "valise show" takes behind the collection; lent */
	struct date date; /* mail: INTERNALDATE */
	uint64_t size;
	unsigned flags;
	unsigned warn; /* WARN_*: in brackets */
	bool gone;
	bool placed; /* UID and key are told beside the line */
	bool sent; /* of a mailbox for what was sent: people look for whom it went to */
	const struct item_about *about; /* lent */
};

/* items.c: that of an item; ${about} is lent, the key is of ${c}. */
struct list_row list_row_of(
        const struct tree_coll *c, const struct tree_item *it, const struct item_about *about);

/*
 * row.c: the line without its end, appended; safe for terminals. ${columns}: of the terminal,
 * which is never exceeded but by keys; 0: it is none, nothing is cut, and each field ends with
 * two blanks at least.
 */
void list_line(const struct list_row *row, size_t columns, struct buf *out);
/* What the columns of such lines are; nothing where there is no terminal. */
void list_heading(enum coll_kind kind, size_t columns, struct buf *out);
/* "NF": not seen, flagged, answered (R), draft, deleted (T). */
#define LIST_FLAGS_SIZE 8
char *list_flags(unsigned flags, char out[LIST_FLAGS_SIZE]);

/*
 * sort.c: the order of the items of ${c}, of which *n_out are listed, gone ones (at the end, as
 * tree_coll_any counts) if ${with_gone}; malloc'ed. In memory are keys alone.
 */
uint32_t *list_order(struct tree_reader *r, const struct tree_coll *c, enum list_sort sort,
        bool reverse, bool with_gone, size_t *n_out);
/* A subject without what says that it is an answer, at its begin: "Re:", "Fwd:", "AW:". */
const char *list_base_subject(const char *subject);

/* items.c: all lines of a collection: its items, then what is missing. */
struct list_opts {
	bool json, full; /* full: with hash and keywords (--long) */
	bool with_gone, reverse;
	enum list_sort sort;
	size_t columns; /* 0: standard output is no terminal */
};
void list_collection(struct tree_reader *r, const struct tree_head *h, const struct tree_coll *c,
        const struct list_opts *o);

#endif
