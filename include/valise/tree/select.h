#ifndef VALISE_TREE_SELECT_H
#define VALISE_TREE_SELECT_H

#include "valise/tree/pattern.h"
#include "valise/tree/sink.h"

/*
 * Which items are meant: the same words with the same meaning for every command that takes
 * a selection (docs/ARCHITECTURE.md). What is decided here is decided from the catalog
 * alone; --text is decided by whoever knows the items' texts (select_texts).
 */
struct selection {
	struct pattern_choice choice; /* --folder, --include, --exclude, --exclude-use */
	unsigned kinds; /* --only: 1 << COLL_x; 0: all */
	/* date_utc: since <= date < until; of an event its start. INT64_MIN, INT64_MAX: any */
	int64_t since, until;
	uint64_t larger, smaller; /* larger < size < smaller; 0, UINT64_MAX: any */
	bool flagged, unseen;
	/* each has to be part of the field, whatever the case (text_fold); NULL-ended or NULL */
	const char *const *from, *const *to, *const *subject;
	/* "FOLDER/UID", "FOLDER/HREF": these alone; NULL-ended or NULL */
	const char *const *items;
	/*
	 * --text: does the item with this content hold the words? NULL: all do. May be called
	 * by any thread.
	 */
	bool (*text)(void *ctx, enum coll_kind kind, const uint8_t sha256[SHA256_LEN]);
	void *text_ctx;
};
void selection_all(struct selection *s); /* everything */
/* Does anything but collections have to be decided? */
bool selection_by_item(const struct selection *s);
/* Of an item what dates, sizes and flags say: what a source knows before it fetches. */
bool selection_listed(const struct selection *s, enum coll_kind kind, const struct tree_item *it);

/**
 * selection_view(from, s): a reader of ${from} (which it owns from now on; ${s} is lent) that
 * shows the collections and items that are meant, and nothing else.
 */
struct tree_reader *selection_view(struct tree_reader *from, const struct selection *s);

#endif
