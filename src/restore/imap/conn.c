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

bool tlink_again(struct box *b, struct attempts *a, int *rc, struct err *err)
{
	struct worker *w = b->w;
	bool lost = tlink_dead(w, *rc);

	/* What is refused for now was sent again by who sent it. */
	if (tlink_over(w) || (*rc == ERR_BUSY && !lost))
		return false;
	/* answers to what will be asked for once more */
	if (*rc == ERR_THROTTLED && w->m && imap_in_flight(w->m))
		tlink_drop(w);
	return attempt_again(&w->run->links, a, rc, lost, b->e->shown, err);
}

bool tlink_again_in(struct box *b, struct attempts *a, int *rc, struct err *err)
{
	if (!tlink_again(b, a, rc, err))
		return false;
	*rc = tlink_reselect(b, err);
	return *rc == 0;
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
	struct attempts a = {.limit = ATTEMPTS};
	struct worker *w = b->w;
	int rc;

	do {
		rc = imap_link_hold(&w->run->links, err);
		if (rc == 0 && (!w->m || !imap_alive(w->m)))
			rc = tlink_open(w, err);
		if (rc < 0)
			return rc;
		imap_selected_clear(&b->sel);
		rc = imap_select(
		        w->m, b->e->raw, b->e->raw_len, !w->run->opts->dry_run, &b->sel, err);
		if (rc < 0)
			err_widen(err, err->code == ERR_STOPPED ? ERR_WHOLE : ERR_COLLECTION);
	} while (attempt_again(&w->run->links, &a, &rc, !imap_alive(w->m), b->e->shown, err));
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
