#ifndef VALISE_RESTORE_IMAP_LOOK_H
#define VALISE_RESTORE_IMAP_LOOK_H

#include "restore/imap/run.h"

/*
 * The target is only looked at (target_opts.looked). As in a restore workers take a
 * mailbox each, but several that an earlier restore knows are listed together. What is
 * there is told at once; what is not waits until all mailboxes are listed, as it may stand
 * in another one.
 */

/* What is known of a message of the target that is taken for an item. */
struct tmsg_facts {
	uint64_t size, size_there;
	int64_t date_utc, date_there; /* there: INT64_MIN: it has none */
	unsigned unlike; /* enum unlike */
	const char *form; /* steps of the ladder (form_say), or "" */
	const char *lacks; /* flags, keywords and labels that it has not, or "" */
	uint32_t copy; /* UID of what stands there besides, or 0 */
	bool elsewhere; /* in another mailbox */
	bool doomed; /* \Deleted, which the item is not */
};
/* Its state, and what differs appended to ${differs}: nothing where it is the same. */
enum look_state imap_look_judge(const struct tmsg_facts *f, struct buf *differs);
/* The same as bits LOOK_BY_x; ${mended}: MEND_x of the form that it is in. */
unsigned imap_look_by(const struct tmsg_facts *f, unsigned mended);

/* look.c */
/* One mailbox, or it waits in w->later. An error: nothing of it was told. */
int imap_look_box(struct worker *w, size_t entry, struct err *err) MUST_CHECK;
/* Those that wait. An error: what was not told goes back to the others. */
int imap_look_boxes(struct worker *w, struct err *err) MUST_CHECK;
/*
 * All workers are done, with ${rc} and ${err}: what was not found is looked for in all of
 * the target, and what is left is told.
 */
void imap_look_rest(struct run *r, struct worker *w, int rc, const struct err *err);

/* tell.c */
/* The item is the message ${t}, in mailbox ${place}, which ${b} has not if ${elsewhere}. */
void imap_look_tell_found(
        struct box *b, uint32_t item, const struct tmsg *t, const char *place, bool elsewhere);
void imap_look_tell(struct box *b, uint32_t item, enum look_state state, const char *place,
        const char *differs);

/* hidden.c: of items that the view leaves out. */
void imap_look_note(struct run *r, const struct tree_item *it, const struct target_look *look);
/* What was found of their content is told of them. */
void imap_look_hidden(struct run *r);

/* elsewhere.c: items that are not where they should be; those that are found are told. */
int imap_look_elsewhere(struct run *r, struct worker *w, struct err *err) MUST_CHECK;

/* seen.c: mailboxes that did not change since a look found them equal. */
/*
 * Before a plan: are all mailboxes as a look found them? Then the plan of that look is this one's,
 * and there is no need of the journal.
 */
int imap_look_recall_all(struct run *r, struct imap *m, bool *all_out, struct err *err) MUST_CHECK;
/* Once the plan is made, before anything is listed: STATUS, and what is known of it. */
int imap_look_recall(struct run *r, struct imap *m, struct err *err) MUST_CHECK;
bool imap_look_is_seen(const struct run *r, size_t entry);
/* All its items are there, equal, and nothing besides; with the lock of the workers held. */
void imap_look_see(struct run *r, size_t entry);
void imap_look_remember(struct run *r); /* at the end; frees */

#endif
