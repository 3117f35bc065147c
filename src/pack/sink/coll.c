/* Items and collections of the new state. */
#include "sink.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"

/*
 * An item whose bytes this run brought goes to the journal, so that an interrupted run
 * need not fetch it again.
 */
static void queue_item(struct archive_sink *s, const struct tree_coll *c,
        const struct tree_item *it, const struct object *o)
{
	const struct tree_ext *e = tree_item_ext(c, it);
	struct pending_item *p =
	        ARR_PUSH(s->items_waiting, s->n_items_waiting, s->items_waiting_cap);

	p->object = o;
	p->run = sink_run_coll(s, c);
	p->uid = it->uid;
	p->date_utc = it->date_utc;
	p->zone_min = it->zone_min;
	p->warn = it->warn;
	if (c->kind == COLL_MAIL && c->href) { /* nobody lists these again, as IMAP does */
		p->flags = it->flags;
		p->keywords =
		        it->keywords ? xstrdup(tree_coll_keyword_text(c, it->keywords)) : NULL;
	}
	if (e) {
		p->href = xstrdup(e->href);
		p->etag = xstrdup(e->etag);
		p->id = xstrdup(e->uid);
	}
}

int sink_item(struct tree_sink *t, struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	struct archive_sink *s = (struct archive_sink *)t;
	struct tree_item copy = *it;
	struct object *o;
	int rc = sink_failed(s, err);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&s->lock);
	o = object_map_find(&s->objects, c->kind, it->sha256);
	if (!o) {
		rc = sink_load_all(s, err);
		o = object_map_find(&s->objects, c->kind, it->sha256);
	}
	if (rc == 0 && (!o || o->size != it->size))
		rc = err_set(err, ERR_USAGE, ERR_ITEM, "an item whose bytes were never given");
	if (rc == 0) {
		o->flags |= OBJECT_CURRENT;
		if ((o->flags & OBJECT_NEW) && !(o->flags & OBJECT_RESUMED))
			queue_item(s, c, it, o);
	}
	pthread_mutex_unlock(&s->lock);
	if (rc < 0)
		return rc;
	copy.gone = 0;
	memset(&copy.where, 0, sizeof copy.where); /* known for sure at commit */
	tree_coll_add(c, &copy);
	return 0;
}

/*
 * Of the items of ${prev}, how many are not in ${c} under the same UID or href with the
 * same bytes? Both are sorted.
 */
static uint64_t count_missing(const struct tree_coll *c, const struct tree_coll *prev)
{
	uint64_t missing = 0;

	for (size_t i = 0; i < prev->n_items; i++) {
		const struct tree_item *was = &prev->items[i], *it;
		const struct tree_ext *e = tree_item_ext(prev, was);

		it = was->uid       ? tree_coll_find(c, was->uid)
		     : e && e->href ? tree_coll_find_href(c, e->href)
		                    : NULL;
		missing += !it || memcmp(it->sha256, was->sha256, SHA256_LEN) != 0;
	}
	return missing;
}

/* What the collection is compared with its last state. */
struct settled {
	bool same, marked;
	uint64_t missing;
	struct tree_roots roots;
};

/*
 * Some servers count their HIGHESTMODSEQ up while nothing changes. That makes no new
 * state: the older one stands, and the next run asks for the changes since then.
 */
static bool is_same(struct tree_coll *c, const struct tree_coll *before,
        const struct tree_roots *was, struct tree_roots *roots)
{
	uint64_t modseq = c->highestmodseq;
	struct tree_roots as_before;

	if (memcmp(roots->state, was->state, SHA256_LEN) == 0)
		return true;
	if (modseq <= before->highestmodseq || !before->highestmodseq ||
	        c->n_items != before->n_items)
		return false;
	c->highestmodseq = before->highestmodseq;
	catalog_roots(c, &as_before);
	if (memcmp(as_before.state, was->state, SHA256_LEN) != 0) {
		c->highestmodseq = modseq;
		return false;
	}
	*roots = as_before;
	return true;
}

/* What a slot says of the last state, for as long as the lock is not held. */
struct last_state {
	const struct tree_head *head;
	const struct seal *seal;
	bool broken;
	bool named; /* abouts has what names its items, if its catalog says it */
	struct tree_coll *coll; /* its own, or NULL: it is to be read */
};

/* With s->lock held. What the slot has kept of it leaves the slot. */
static struct last_state last_state(struct archive_sink *s, struct slot *slot)
{
	struct last_state last = {.head = slot->prev,
	        .seal = slot->prev ? &s->seals[slot->seal] : NULL,
	        .broken = slot->broken,
	        .named = slot->asked && slot->loaded,
	        .coll = slot->before};

	s->held_before -= slot->before ? slot->before->n_items : 0;
	slot->before = NULL;
	return last;
}

/*
 * The last state as its catalog has it. One that is damaged is passed over: ${last} says
 * which it is then.
 */
static int load_before(struct archive_sink *s, const struct tree_coll *c, struct last_state *last,
        struct tree_coll **out, struct err *err)
{
	struct slot *slot;
	int rc;

	*out = last->coll;
	last->coll = NULL;
	/* What names its items is wanted, too, if it is written again. */
	if (*out || !last->head ||
	        sealed_catalog(s->rootfd, last->seal, last->head, last->head->catalog,
	                last->head->what && !last->named ? s->abouts : NULL, out, NULL) == 0)
		return 0;
	pthread_mutex_lock(&s->lock);
	slot = sink_slot(s, c->kind, c->name, true);
	rc = sink_past_catalog(s, slot, out, err);
	*last = last_state(s, slot);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

/* Names and numbers for ${c}, and how it differs from the last state. */
static int settle_coll(struct archive_sink *s, struct tree_coll *c, struct last_state last,
        struct settled *out, struct err *err)
{
	struct tree_coll *before = NULL;
	struct tree_roots was = {0};
	char *path = tree_names_path(s->names, c);

	free(c->path);
	c->path = path;
	if (load_before(s, c, &last, &before, err) < 0)
		return err->code;
	tree_coll_number(c, before);
	catalog_roots(c, &out->roots);
	out->marked = c->n_gone > 0;
	if (before)
		was = last.head->roots;
	if (before && was.gone && !out->marked) {
		/* What is gone is looked at when all collections are there. */
		tree_coll_without_gone(before);
		catalog_roots(before, &was);
	}
	out->same = before && is_same(c, before, &was, &out->roots) && !last.broken;
	out->missing = before && !out->same ? count_missing(c, before) : 0;
	tree_coll_free(before);
	return 0;
}

/*
 * Until the commit: the fact that it is as it was, or the collection itself, in memory or
 * in a file. Takes ${c}.
 */
static int hold_coll(
        struct archive_sink *s, struct tree_coll *c, const struct settled *now, struct err *err)
{
	struct slot *slot;
	char *spill = NULL;
	size_t n = c->n_items + c->n_gone;
	bool in_memory;

	pthread_mutex_lock(&s->lock);
	in_memory = now->same || n == 0 || s->held + n <= HELD_ITEMS;
	s->held += in_memory && !now->same ? n : 0;
	pthread_mutex_unlock(&s->lock);
	if (!in_memory && sink_spill(s, c, &spill, err) < 0) {
		free(spill);
		tree_coll_free(c);
		return sink_fail(s, err);
	}
	pthread_mutex_lock(&s->lock);
	slot = sink_slot(s, c->kind, c->name, true);
	slot->state = now->same ? SLOT_SAME : SLOT_GIVEN;
	slot->status = c->status;
	free(slot->reason);
	slot->reason = xstrdup(c->reason);
	slot->missing = now->missing;
	slot->marked = now->marked;
	tree_coll_free(slot->coll);
	slot->coll = NULL;
	free(slot->spill);
	slot->spill = spill;
	tree_head_clear(&slot->head);
	if (!now->same)
		tree_head_of(&slot->head, c, &now->roots);
	if (in_memory && !now->same) {
		slot->coll = c;
		c = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	tree_coll_free(c);
	return 0;
}

int sink_replace(struct archive_sink *s, struct tree_coll *c, struct err *err)
{
	const struct slot *slot = sink_slot(s, c->kind, c->name, true);
	struct settled now = {.missing = slot->missing, .marked = slot->marked};

	catalog_roots(c, &now.roots);
	return hold_coll(s, c, &now, err);
}

int sink_coll(struct tree_sink *t, struct tree_coll *c, struct err *err)
{
	struct archive_sink *s = (struct archive_sink *)t;
	struct last_state last = {0};
	struct settled now = {0};
	struct slot *slot;
	int rc = sink_failed(s, err);

	pthread_mutex_lock(&s->lock);
	slot = sink_slot(s, c->kind, c->name, true);
	if (rc == 0 && slot->state != SLOT_OPEN)
		rc = err_set(err, ERR_EXISTS, ERR_COLLECTION, "%s: the collection was given twice",
		        c->name);
	if (rc == 0) {
		slot->state = SLOT_GIVEN;
		last = last_state(s, slot);
	}
	pthread_mutex_unlock(&s->lock);
	if (rc == 0 && settle_coll(s, c, last, &now, err) < 0)
		rc = sink_fail(s, err);
	if (rc == 0)
		rc = hold_coll(s, c, &now, err);
	else
		tree_coll_free(c);
	return rc;
}

/* The last state of a slot that was neither given nor kept stands. */
static void keep_slot(
        struct archive_sink *s, struct slot *slot, enum coll_status status, const char *reason)
{
	struct tree_head h;

	if (slot->state != SLOT_OPEN || !slot->prev)
		return;
	sink_past_forget(s, slot);
	tree_head_copy(&h, slot->prev);
	tree_head_keep(&h, status, reason);
	slot->state = SLOT_KEPT;
	slot->status = h.status;
	slot->reason = xstrdup(h.reason);
	tree_head_clear(&h);
}

/* Known to be unchanged: as if the source had given again what it gave last time. */
static int give_again(struct archive_sink *s, const struct tree_head *h, struct err *err)
{
	struct tree_coll *c = NULL;
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = sink_load_head(s, h, &c, err);
	if (rc == 0 && !c) /* it cannot be read any more: the commit names it */
		keep_slot(s, sink_slot(s, h->kind, h->name, true), COLL_COMPLETE, NULL);
	pthread_mutex_unlock(&s->lock);
	if (rc < 0 || !c)
		return rc;
	tree_coll_without_gone(c);
	c->status = c->n_errors ? COLL_PARTIAL : COLL_COMPLETE;
	free(c->reason);
	c->reason = NULL;
	return sink_coll(&s->base, c, err);
}

int sink_keep(struct tree_sink *t, enum coll_kind kind, const char *name, enum coll_status status,
        const char *reason, struct err *err)
{
	struct archive_sink *s = (struct archive_sink *)t;
	const struct tree_head *again = NULL;
	struct slot *slot;
	bool make = false;
	int rc = sink_failed(s, err);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n_slots && !name; i++)
		if (s->slots[i].kind == kind)
			keep_slot(s, &s->slots[i], status, reason);
	if (name) {
		slot = sink_slot(s, kind, name, false);
		if (slot && slot->state == SLOT_OPEN && slot->prev && slot->prev->roots.gone &&
		        status == COLL_COMPLETE)
			again = slot->prev;
		else if (slot)
			keep_slot(s, slot, status, reason);
		make = status == COLL_STALE && (!slot || (slot->state == SLOT_OPEN && !slot->prev));
	}
	pthread_mutex_unlock(&s->lock);
	if (again)
		return give_again(s, again, err);
	if (make) {
		struct tree_coll *c = tree_coll_new(kind, name);

		c->status = COLL_STALE;
		c->reason = xstrdup(reason);
		rc = sink_coll(t, c, err);
	}
	return rc;
}
