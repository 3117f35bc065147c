/*
 * The workers' connections; how they are opened again and what is waited for:
 * valise/proto/imap/links.h.
 */
#include <string.h>
#include "run.h"

int link_pause(struct worker *w, unsigned nth, const char *next, struct err *err)
{
	return imap_link_pause(&w->run->links, nth, next, err);
}

void link_drop(struct worker *w)
{
	fetch_drop(w);
	imap_link_close(&w->run->links, &w->m);
	w->at = NULL;
	w->qresync = w->qresync_tried = false;
}

static void say_one_by_one(struct run *r)
{
	if (atomic_load(&r->one_by_one) && !atomic_exchange(&r->said_one_by_one, true))
		progress_say(r->progress, SAY_NOTE,
		        "the server does not answer commands that are sent together; going on "
		        "with one at a time");
}

int link_open(struct worker *w, struct err *err)
{
	enum link_need need = LINK_AGAIN;
	int rc;

	if (!w->was_open)
		need = w->run->worker ? LINK_FURTHER : LINK_FIRST;
	link_drop(w);
	rc = imap_link_open(&w->run->links, need, &w->m, err);
	w->was_open |= rc == 0;
	w->lost = rc < 0;
	say_one_by_one(w->run);
	return rc;
}

int link_select(struct worker *w, struct mbox *mb, struct imap_selected *sel, struct err *err)
{
	struct attempts a = {.limit = ATTEMPTS};
	int rc;

	memset(sel, 0, sizeof *sel);
	do {
		rc = imap_link_hold(&w->run->links, err);
		if (rc == 0 && (!w->m || !imap_alive(w->m)))
			rc = link_open(w, err);
		if (rc < 0)
			return rc;
		imap_selected_clear(sel);
		w->at = NULL;
		rc = imap_select(w->m, mb->box->name, mb->box->name_len, false, sel, err);
		if (rc < 0 && imap_waited_out(w->m)) /* for minutes: once more is enough */
			a.failures++;
	} while (attempt_again(&w->run->links, &a, &rc, !imap_alive(w->m), mb->name, err));
	if (rc == 0) {
		w->at = mb;
		w->at_validity = sel->uidvalidity;
	}
	return rc;
}
