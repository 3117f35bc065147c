#ifndef VALISE_RESTORE_LABELS_NAMES_H
#define VALISE_RESTORE_LABELS_NAMES_H

#include "pick.h"

/*
 * What an item is labelled with, by the mailboxes that it stands in and by its
 * X-GM-LABELS. Of view.c.
 */

struct label_list {
	char **text;
	size_t n, cap;
};
/* Append the texts of a JSON list; NULL is the empty one. */
void label_list_parse(const char *json, struct label_list *out);

struct label_names {
	const struct tree_head **heads; /* the mailboxes of the archive, n of them */
	struct pick_coll *colls;
	bool *wanted;
	size_t n;
	struct tree_coll *sets; /* sets of mailbox numbers */
	char **seen; /* labels for which there is no mailbox */
	size_t n_seen, seen_cap;
};

/* The last answer: most items of a mailbox are like the one before. */
struct label_memo {
	bool valid;
	uint32_t set, keywords;
	char *own; /* X-GM-LABELS or NULL */
	char *labels; /* the answer */
	uint32_t words;
	bool starred;
};
void label_memo_clear(struct label_memo *m);

/*
 * Make ext->labels of ${it}, an item of mailbox ${number} read into ${c}, what it is to
 * be labelled with beside being there. \Starred is the flag \Flagged.
 */
void label_item(const struct label_names *n, uint32_t number, struct tree_coll *c,
        struct tree_item *it, uint32_t set, struct label_memo *memo);
/* Add the labels to its keywords. */
void label_item_keywords(const struct label_names *n, uint32_t number, struct tree_coll *c,
        struct tree_item *it, uint32_t set, struct label_memo *memo);

/* Note labels (canonical JSON list), to name those whose keyword is spelled otherwise. */
void label_names_see(struct label_names *n, const char *json);
void label_names_say(const struct label_names *n, const struct target_opts *o);
void label_names_clear(struct label_names *n);

#endif
