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
	struct imap_selected local = {0};
	struct imap_selected *got = sel ? sel : &local;
	int rc = 0;

	memset(got, 0, sizeof *got);
	for (unsigned i = 1; i <= TRIES; i++) {
		int paused;

		rc = imap_link_hold(&w->run->links, err);
		if (rc == 0 && (!w->m || !imap_alive(w->m)))
			rc = link_open(w, err);
		if (rc < 0)
			return rc;
		imap_selected_clear(got);
		memset(got, 0, sizeof *got);
		w->at = NULL;
		rc = imap_select(w->m, mb->box->name, mb->box->name_len, false, got, err);
		if (rc == 0) {
			w->at = mb;
			w->at_validity = got->uidvalidity;
			break;
		}
		i += w->m && imap_waited_out(w->m); /* for minutes: once more is enough */
		i -= rc == ERR_THROTTLED; /* the server's wish is no failure */
		if (i >= TRIES || err->code == ERR_STOPPED || err->code == ERR_GUARD ||
		        (imap_alive(w->m) && rc != ERR_BUSY && rc != ERR_THROTTLED))
			break;
		paused = link_pause(w, i, mb->name, err);
		if (paused < 0)
			return paused;
	}
	if (!sel)
		imap_selected_clear(&local);
	return rc;
}
