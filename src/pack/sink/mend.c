/*
 * What a run goes on from and is lost: given again, or named in the catalog that lacks it.
 */
#include "sink.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"

/* Does an error line name the item, by UID or href? */
static bool has_error(const struct tree_coll *c, const struct tree_item *it, const char *href)
{
	for (size_t i = 0; i < c->n_errors; i++)
		if ((it->uid && c->errors[i].uid == it->uid) ||
		        (href && c->errors[i].href && strcmp(c->errors[i].href, href) == 0))
			return true;
	return false;
}

/*
 * Does the new state say anything of the item already: that it is there, changed, or
 * could not be fetched?
 */
static bool is_spoken_of(const struct tree_coll *c, const struct tree_coll *was,
        const struct tree_item *it, const char *href)
{
	if (href && tree_coll_find_href(c, href))
		return true;
	if (c->uidvalidity == was->uidvalidity && it->uid && tree_coll_find(c, it->uid))
		return true;
	return c->uidvalidity == was->uidvalidity && has_error(c, it, href);
}

/*
 * Items of the last state whose bytes are nowhere become error lines of ${c}; returns how
 * many.
 */
static size_t name_lost(
        const struct archive_sink *s, const struct tree_coll *was, struct tree_coll *c)
{
	size_t n = 0;

	for (size_t i = 0; i < was->n_items; i++) {
		const struct tree_item *it = &was->items[i];
		const struct tree_ext *e = tree_item_ext(was, it);
		const char *href = e ? e->href : NULL;
		char date[DATE_TEXT_SIZE], part[LAYOUT_PATH], *why;

		if (!sink_past_lost(s, was->kind, it) || is_spoken_of(c, was, it, href))
			continue;
		date_format_imap(&(struct date){it->date_utc, it->zone_min, true}, date);
		part_path_format((struct part_id){it->where.snapshot, it->where.part}, part);
		why = xasprintf(
		        "lost: %s is missing or cut, and the source did not give it again", part);
		tree_coll_error(c, c->uidvalidity == was->uidvalidity ? it->uid : 0, href,
		        was->kind == COLL_MAIL ? date : NULL, NULL, why);
		free(why);
		n++;
	}
	if (n)
		tree_coll_sort(c);
	return n;
}

/* The collection was given: only what it lacks is to be said. */
static int mend_given(
        struct archive_sink *s, struct slot *slot, const struct tree_coll *was, struct err *err)
{
	struct tree_coll *c;
	int rc = sink_unspill(s, slot, err);

	if (rc < 0)
		return rc;
	c = slot->coll;
	if (!name_lost(s, was, c))
		return 0;
	slot->coll = NULL;
	return sink_replace(s, c, err);
}

/*
 * It was kept, or it is gone from the server: its catalog is written again, without what
 * is lost. Takes ${c}.
 */
static int mend_kept(struct archive_sink *s, struct slot *slot, struct tree_coll *was,
        struct tree_coll *c, struct err *err)
{
	bool gone = slot->state == SLOT_GONE;
	size_t lost;

	lost = name_lost(s, was, c);
	if (gone && !lost) {
		tree_coll_free(c);
		return 0;
	}
	if (gone || slot->status != COLL_COMPLETE)
		c->status = gone ? COLL_STALE : slot->status;
	free(c->reason);
	c->reason = gone ? xasprintf("is not on the server any more, and %zu of its items are lost "
	                             "with a file of the archive",
	                           lost)
	                 : xstrdup(slot->reason);
	slot->marked = true; /* nobody looked at the server */
	return sink_replace(s, c, err);
}

/* Nobody gave it, and what it was cannot be read any more. */
static int name_collection(struct archive_sink *s, size_t i, struct err *err)
{
	struct slot *slot = &s->slots[i];
	struct tree_coll *c = tree_coll_new(slot->kind, slot->name);

	c->status = COLL_STALE;
	c->reason = xasprintf("%s, and the source was not asked or does not have it any more",
	        slot->why ? slot->why : "its catalog is lost");
	slot->state = SLOT_OPEN;
	return sink_coll(&s->base, c, err);
}

/* One collection: given, kept or lost. */
static int mend_slot(struct archive_sink *s, size_t i, struct err *err)
{
	struct slot *slot = &s->slots[i];
	struct tree_coll *was = NULL, *c = NULL;
	int rc = 0;

	if (slot->state == SLOT_KEPT || slot->state == SLOT_GONE)
		sink_past_unread(s, slot);
	if (slot->lost && slot->state != SLOT_GIVEN)
		return name_collection(s, i, err);
	if (!slot->broken || !slot->prev)
		return 0;
	rc = sink_past_catalog(s, slot, &was, err);
	if (rc == 0 && !was)
		return slot->state == SLOT_GIVEN ? 0 : name_collection(s, i, err);
	if (rc == 0 && slot->state == SLOT_GIVEN)
		rc = mend_given(s, slot, was, err);
	else if (rc == 0 && slot->state != SLOT_SAME)
		rc = sink_load_head(s, slot->prev, &c, err);
	if (rc == 0 && c)
		rc = mend_kept(s, &s->slots[i], was, c, err);
	tree_coll_free(was);
	return rc;
}

int sink_mend(struct archive_sink *s, struct err *err)
{
	int rc = 0;

	for (size_t i = 0, n = s->n_slots; i < n && rc == 0; i++)
		rc = mend_slot(s, i, err);
	return rc;
}
