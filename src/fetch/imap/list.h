#ifndef VALISE_FETCH_IMAP_LIST_H
#define VALISE_FETCH_IMAP_LIST_H

#include "run.h"

/* One mailbox being listed: list.c step by step, batch.c several together. */

enum { LIST_SLACK = 100000 };

struct listing {
	struct worker *w;
	struct mbox *mb;
	struct tree_coll *coll;
	/* as the last snapshot has it, once it was looked at; or NULL */
	struct tree_coll *prev;
	struct rec *recs;
	size_t n, cap, max;
	/*
	 * about messages that the last snapshot cannot have, before answers for one UID
	 * are merged
	 */
	size_t new_answers;
	struct uid_range *gone; /* VANISHED */
	size_t n_gone, gone_cap;
	bool refused;
	struct err why;
};

/* Each answer becomes a record; ctx is the listing. */
extern const struct imap_fetch_ops list_ops;
int list_message(void *listing, const struct imap_msg *msg, struct err *err);
void list_head(struct listing *l, const struct imap_selected *sel);
/*
 * Have UIDs of ${had} (may be NULL) been given again? One of them means another message
 * now, or UIDNEXT went back: then none of them says anything.
 */
bool list_renumbered(const struct listing *l, const struct tree_coll *had);
/*
 * The mailbox is listed: what the sink has is handed over at once, the rest of the
 * records goes to the mailbox.
 */
int list_keep(struct listing *l, struct err *err) MUST_CHECK;
void list_clear(struct listing *l);
/* One mailbox, step by step. */
int list_alone(struct worker *w, struct mbox *mb, struct err *err) MUST_CHECK;

#endif
