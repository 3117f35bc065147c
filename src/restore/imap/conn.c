/*
 * The workers' connections; how they are opened again and what is waited for:
 * valise/proto/imap/links.h.
 */
#include <string.h>
#include "run.h"

int tlink_pause(struct worker *w, unsigned nth, const char *next, struct err *err)
{
	return imap_link_pause(&w->run->links, nth, next, err);
}

void tlink_drop(struct worker *w)
{
	imap_link_close(&w->run->links, &w->m);
}

bool tlink_dead(const struct worker *w, int rc)
{
	return rc < 0 && (!w->m || !imap_alive(w->m));
}

bool tlink_again(struct box *b, int rc, unsigned *nth, struct err *err)
{
	struct worker *w = b->w;

	if (rc == 0 || err->code == ERR_STOPPED || tlink_over(w) ||
	        (rc != ERR_THROTTLED && !tlink_dead(w, rc)))
		return false;
	if (rc == ERR_THROTTLED) {
		--*nth;
		/* answers to what will be asked for once more */
		if (w->m && imap_in_flight(w->m))
			tlink_drop(w);
	}
	return *nth < TRIES && tlink_pause(w, *nth, b->e->shown, err) == 0;
}

bool tlink_over(const struct worker *w)
{
	return w->lost || imap_links_ended(&w->run->links, NULL) ||
	       workers_failed(&w->run->workers);
}

int tlink_open(struct worker *w, struct err *err)
{
	enum link_need need = LINK_AGAIN;
	int rc;

	if (!w->was_open)
		need = w->number ? LINK_FURTHER : LINK_FIRST;
	tlink_drop(w);
	rc = imap_link_open(&w->run->links, need, &w->m, err);
	w->was_open |= rc == 0;
	w->lost = rc < 0;
	return rc;
}

int tlink_select(struct box *b, struct err *err)
{
	struct worker *w = b->w;
	int rc = 0;

	for (unsigned i = 1; i <= TRIES; i++) {
		int paused;

		rc = imap_link_hold(&w->run->links, err);
		if (rc == 0 && (!w->m || !imap_alive(w->m)))
			rc = tlink_open(w, err);
		if (rc < 0)
			return rc;
		imap_selected_clear(&b->sel);
		memset(&b->sel, 0, sizeof b->sel);
		rc = imap_select(
		        w->m, b->e->raw, b->e->raw_len, !w->run->opts->dry_run, &b->sel, err);
		if (rc == 0)
			return 0;
		err_widen(err, err->code == ERR_STOPPED ? ERR_WHOLE : ERR_COLLECTION);
		i -= rc == ERR_THROTTLED; /* the server's wish is no failure */
		if (i == TRIES || err->code == ERR_STOPPED || err->code == ERR_GUARD ||
		        (imap_alive(w->m) && rc != ERR_BUSY && rc != ERR_THROTTLED))
			break;
		paused = tlink_pause(w, i, b->e->shown, err);
		if (paused < 0)
			return paused;
	}
	return rc;
}

int tlink_reselect(struct box *b, struct err *err)
{
	uint32_t validity = b->sel.uidvalidity;
	int rc = tlink_select(b, err);

	if (rc == 0 && validity && b->sel.uidvalidity != validity)
		rc = err_set(err, ERR_PROTO, ERR_COLLECTION,
		        "the target's UIDVALIDITY changed meanwhile");
	return rc;
}
