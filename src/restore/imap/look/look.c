/* Mailboxes of the target that are only looked at. */
#include <stdlib.h>
#include "look.h"

/* Is there a message that the target does not give, and that may be it? */
static bool may_be_unread(const struct box *b, uint32_t item)
{
	const struct tree_item *it = &b->coll->items[item];

	for (size_t i = 0; i < b->n_there && b->unread; i++)
		if (b->unread[i] && !b->claimed[i] &&
		        (b->there[i].size == it->size || there_date(&b->there[i]) == it->date_utc))
			return true;
	return false;
}

/*
 * Tells what is decided; true: all is. ${why_not}: what is not found yet cannot be, as the
 * mailbox was not looked at to its end; or NULL.
 */
static bool tell_box(struct box *b, const char *why_not)
{
	char taken[TAKEN_SIZE], why[2 * TAKEN_SIZE + 64];
	bool all = true;

	for (uint32_t i = 0; i < b->coll->n_items; i++) {
		struct restored *x = &b->items[i];

		if (b->on_target && b->on_target[i]) {
			imap_look_tell_found(
			        b, i, &b->there[b->on_target[i] - 1], b->e->shown, false);
		} else if (why_not) {
			imap_look_tell(b, i, LOOK_UNSEEN, b->e->shown, why_not);
		} else if (x->broken) {
			imap_look_tell(b, i, LOOK_UNREADABLE, NULL, "the archive does not give it");
		} else if (x->taken.to) {
			snprintf(why, sizeof why,
			        "a restore stored it, but it cannot be told which message it is "
			        "(%s)",
			        taken_text(&x->taken, taken));
			imap_look_tell(b, i, LOOK_UNSEEN, b->e->shown, why);
		} else if (may_be_unread(b, i)) {
			imap_look_tell(b, i, LOOK_UNSEEN, b->e->shown,
			        "the target does not give a message that may be it");
		} else {
			all = false;
		}
	}
	return all;
}

static bool has_strangers(const struct box *b)
{
	for (size_t i = 0; i < b->n_there; i++)
		if (!b->claimed[i])
			return true;
	return false;
}

/* The target has each item as the archive has it, and nothing else. */
static bool is_all_equal(const struct box *b, bool all, const char *why)
{
	return all && !why && b->e->exists && !has_strangers(b) &&
	       b->sum.already == b->coll->n_items && !b->sum.altered && !b->sum.doubled;
}

/* The mailbox was looked at; ${why}: not to its end, or not at all. */
static void box_looked(struct box *b, const char *why)
{
	struct run *r = b->w->run;
	bool all = tell_box(b, why);

	pthread_mutex_lock(&r->workers.lock);
	r->looking.done[b->entry] = true;
	if (is_all_equal(b, all, why))
		imap_look_see(r, b->entry);
	if (!why && (!all || has_strangers(b))) {
		*ARR_PUSH(r->looking.kept, r->looking.n_kept, r->looking.kept_cap) = b;
		b = NULL;
	}
	pthread_mutex_unlock(&r->workers.lock);
	if (!b)
		return;
	box_counted(b);
	box_free(b);
}

/* Items that are there have their UID. */
static void settle_items(struct box *b)
{
	for (size_t i = 0; i < b->coll->n_items; i++) {
		b->items[i].copy = 0;
		b->items[i].state = b->on_target[i] ? ITEM_THERE : ITEM_TODO;
		b->items[i].got = b->on_target[i] ? b->there[b->on_target[i] - 1].uid : 0;
	}
}

static void note_copy(struct box *b, uint32_t item, uint32_t copy)
{
	b->items[item].copy = b->there[copy].uid;
	b->claimed[copy] = 1;
}

/* Nothing is known of what is there until it is listed. */
static int list_box(struct box *b, struct err *err)
{
	int rc;

	free(b->on_target);
	free(b->unread);
	b->on_target = NULL;
	b->unread = NULL;
	b->n_there = 0;
	rc = b->sel.exists ? there_from(b, 1, err) : 0;
	if (rc < 0)
		b->n_there = 0;
	return rc;
}

/* By itself; ${listed}: it was a moment ago. */
static int look_alone(struct box *b, bool listed, struct err *err)
{
	struct attempts a = {.limit = ATTEMPTS};
	int rc;

	do {
		uint32_t validity = b->sel.uidvalidity;

		rc = box_select(b, err);
		if (rc == 0 && !(listed && b->sel.uidvalidity == validity)) {
			rc = list_box(b, err);
			listed = rc == 0;
		}
		if (rc == 0)
			rc = box_pair(b, err);
		if (rc == 0) {
			settle_items(b);
			rc = box_copies(b, 1, b->claimed, note_copy, err);
		}
	} while (box_again(b, &a, &rc, err));
	return rc;
}

/* What came of it; an error goes on to who has a connection. */
static int end_box(struct box *b, int rc, struct err *err)
{
	struct imap_conn *c = &b->w->conn;

	if (rc < 0 && imap_conn_is_over(c, err))
		return rc;
	/* no answers of this mailbox may reach the next one */
	if (rc < 0 && imap_conn_alive(c) && imap_in_flight(c->m))
		imap_conn_close(c);
	box_looked(b, rc < 0 ? err->text : NULL);
	return 0;
}

/* The archive does not say what is in it. */
static void say_unreadable(struct box *b, const char *why)
{
	const struct run *r = b->w->run;

	target_say(r->asked, SAY_WARNING, b->e->head->name, NULL,
	        "the archive does not say what is in it, so that nobody can tell what the target "
	        "has of it: %s",
	        why);
	b->sum.items = b->sum.failed = b->sum.unreadable = b->e->head->roots.items;
	r->looking.done[b->entry] = true;
	box_counted(b);
	box_free(b);
}

/* As the last look found it. */
static void tell_seen(struct box *b)
{
	for (uint32_t i = 0; i < b->coll->n_items; i++)
		imap_look_tell(b, i, LOOK_SAME, b->e->shown, NULL);
	pthread_mutex_lock(&b->w->run->workers.lock);
	b->w->run->looking.done[b->entry] = true;
	pthread_mutex_unlock(&b->w->run->workers.lock);
	box_counted(b);
	box_free(b);
}

int imap_look_box(struct worker *w, size_t entry, struct err *err)
{
	struct run *r = w->run;
	struct box *b = box_new(w, entry);
	int rc;

	progress_what(r->progress, b->e->head->name);
	rc = box_load(b, err);
	if (rc == ERR_STOPPED) {
		box_free(b);
		return rc;
	}
	if (rc < 0) {
		say_unreadable(b, err->text);
		return 0;
	}
	if (!b->e->exists) {
		box_looked(b, NULL);
		return 0;
	}
	if (imap_look_is_seen(r, entry)) {
		tell_seen(b);
		return 0;
	}
	if (b->coll->n_items == 0 || (box_is_known(r, b->e) && !r->opts->read_all)) {
		w->later[w->n_later++] = b;
		w->later_items += b->coll->n_items;
		return 0;
	}
	rc = end_box(b, look_alone(b, false, err), err);
	if (rc < 0)
		box_free(b);
	return rc;
}

/* The listing is all that has to be known. */
static bool is_equal(struct box *b, const struct imap_selected *sel)
{
	b->sel.uidvalidity = sel->uidvalidity;
	if (!box_pair_listed(b))
		return false;
	settle_items(b);
	return !count_any(b, 1);
}

int imap_look_boxes(struct worker *w, struct err *err)
{
	bool right[LATER_BOXES] = {false};
	int rc = box_list_later(w, is_equal, right, err);

	for (size_t i = 0; i < w->n_later; i++) {
		struct box *b = w->later[i];

		if (rc == 0)
			rc = end_box(b, right[i] ? 0 : look_alone(b, b->on_target, err), err);
		if (rc == 0)
			continue;
		queue_give_back(w->run, b->entry);
		box_free(b);
	}
	w->n_later = w->later_items = 0;
	return rc;
}

/* ---- when all mailboxes are listed ---- */

static bool is_anything_open(const struct looking *l)
{
	for (size_t k = 0; k < l->n_kept; k++)
		for (size_t i = 0; i < l->kept[k]->coll->n_items; i++)
			if (!l->kept[k]->items[i].told)
				return true;
	return false;
}

/* What was found nowhere. */
static void tell_missing(struct box *b, const char *why)
{
	char *text =
	        b->e->exists ? NULL : xasprintf("the target has no mailbox \"%s\"", b->e->shown);

	for (uint32_t i = 0; i < b->coll->n_items; i++) {
		if (b->items[i].told)
			continue;
		if (b->items[i].broken)
			imap_look_tell(b, i, LOOK_UNREADABLE, NULL, "the archive does not give it");
		else
			imap_look_tell(b, i, LOOK_MISSING, NULL, why ? why : text);
	}
	free(text);
}

/* Mailboxes that nobody could look at. */
static void tell_unseen(struct run *r, struct worker *w, const char *why)
{
	struct err err;

	for (size_t i = 0; i < r->plan.n_map; i++) {
		struct box *b;

		if (!r->plan.selected[i] || r->looking.done[i])
			continue;
		b = box_new(w, i);
		if (box_load(b, &err) < 0)
			say_unreadable(b, err.text);
		else
			box_looked(b, why);
	}
}

void imap_look_rest(struct run *r, struct worker *w, int rc, const struct err *err)
{
	struct looking *l = &r->looking;
	struct err why = {0};
	char *unsearched = NULL;
	int searched = 0;

	for (size_t k = 0; k < l->n_kept; k++)
		l->kept[k]->w = w;
	if (rc == 0 && is_anything_open(l))
		searched = imap_look_elsewhere(r, w, &why);
	if (searched < 0)
		unsearched = xasprintf(
		        "not in its mailbox; others could not be looked through: %s", why.text);
	for (size_t k = 0; k < l->n_kept; k++) {
		struct box *b = l->kept[k];

		if (rc != ERR_STOPPED && searched != ERR_STOPPED)
			tell_missing(b, unsearched);
		/* Gmail shows a message in the mailbox of each label, whose item it is or not */
		for (size_t i = 0; i < b->n_there && !r->plan.gmail; i++)
			b->sum.extra += !b->claimed[i];
		box_counted(b);
		box_free(b);
	}
	if (rc < 0 && rc != ERR_STOPPED)
		tell_unseen(r, w, err->text);
	if (r->view && rc != ERR_STOPPED && searched != ERR_STOPPED)
		imap_look_hidden(r);
	for (size_t i = 0; i < l->n_told; i++) {
		free(l->told[i].place);
		free(l->told[i].differs);
	}
	imap_look_remember(r);
	free(unsearched);
	free(l->told);
	free(l->kept);
	free(l->done);
}
