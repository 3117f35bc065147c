/* POP3 source: the collection as a whole, into the sink. */
#include <stdlib.h>
#include <string.h>
#include "run.h"

/**
 * What CAPA said is kept with the mail, as it was when the mail last changed: a server
 * that only presents itself in another way makes no new snapshot.
 */
static void keep_capa(struct pop3_run *r)
{
	const struct tree_coll *old = known_coll(r->past.prev);
	bool same = old && !strcmp(old->name, r->name) && !r->changed &&
	            old->n_items == r->coll->n_items;

	r->coll->props = xstrdup(same ? old->props : r->capa);
}

/* Which options left how many of the listed messages out. */
static void note_left_out(struct pop3_run *r)
{
	struct buf words = buf_of(SIZE_MAX);
	char n[COUNTED_SIZE];

	for (size_t i = 0; i < r->maildrop.n_messages; i++)
		r->coll->left_out +=
		        r->maildrop.messages[i].left_out && r->maildrop.messages[i].number;
	if (!r->coll->left_out)
		return;
	selection_words(r->base.opts->selection, &words);
	r->coll->selection = buf_take(&words);
	progress_say(r->base.progress, SAY_INFO, "%s: %s left out (%s)", r->name,
	        counted(r->coll->left_out, "message is", "messages are", n), r->coll->selection);
}

int pop3_give_coll(struct pop3_run *r, struct err *err)
{
	const struct tree_coll *c = r->coll;

	if (r->past.skipped)
		progress_say(r->base.progress, SAY_INFO, "%s there over IMAP, too",
		        counted(r->past.skipped, "message is", "messages are",
		                (char[COUNTED_SIZE]){0}));
	if (seen_file_write(r->past.elsewhere, err) < 0) {
		progress_say(r->base.progress, SAY_NOTE, "%s", err->text);
		err_clear(err);
	}
	note_left_out(r);
	if (r->base.opts->seen && c->n_items == 0 && c->n_errors == 0)
		return 0;
	keep_capa(r);
	return run_coll(&r->base, &r->coll, err);
}
