/*
 * What a run goes on from and is lost: given again, or named in the catalog that lacks it.
 */
#include "sink.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"

#define LOST_SAID 100 /* items of one collection, one by one; the rest as a number */

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

static void say_lost(const struct archive_sink *s, const struct tree_coll *was,
        const struct tree_item *it, const struct item_about *a, const char *why)
{
	struct buf name = buf_of(SIZE_MAX);

	item_name(was, it, a, &name);
	progress_say(s->progress, SAY_WARNING, "%s %s, %s: %s", coll_kind_dir(was->kind), was->name,
	        buf_str(&name), why);
	buf_clear(&name);
}

/* An error line of ${c}; said, too, if it is one of the first. */
static void name_item(const struct archive_sink *s, const struct tree_coll *was,
        const struct tree_item *it, struct tree_coll *c, bool said)
{
	const struct tree_ext *e = tree_item_ext(was, it);
	char date[DATE_TEXT_SIZE], part[LAYOUT_PATH], *why;
	struct item_about a;

	abouts_find(s->abouts, was->kind, it->sha256, &a);
	date_format_imap(&(struct date){it->date_utc, it->zone_min, true}, date);
	part_path_format((struct part_id){it->where.snapshot, it->where.part}, part);
	why = xasprintf(
	        "lost: %s is missing or damaged, and the source did not give it again", part);
	tree_coll_error(c, c->uidvalidity == was->uidvalidity ? it->uid : 0, e ? e->href : NULL,
	        was->kind == COLL_MAIL ? date : NULL, about_title(&a), why);
	tree_coll_error_from(c, a.text[ABOUT_FROM]);
	if (said)
		say_lost(s, was, it, &a, why);
	about_clear(&a);
	free(why);
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

		if (sink_past_lost(s, was->kind, it) &&
		        !is_spoken_of(c, was, it, e ? e->href : NULL))
			name_item(s, was, it, c, n++ < LOST_SAID);
	}
	if (n > LOST_SAID)
		progress_say(s->progress, SAY_WARNING, "%s %s: and %s like these",
		        coll_kind_dir(was->kind), was->name,
		        counted(n - LOST_SAID, "more item", "more items", (char[COUNTED_SIZE]){0}));
	if (n)
		tree_coll_sort(c);
	return n;
}

/* What was gone from the server and now is nowhere: no source gives it again. */
static void say_lost_gone(struct archive_sink *s, const struct tree_coll *was)
{
	size_t n = 0;

	for (size_t i = 0; i < was->n_gone; i++)
		n += sink_past_lost(s, was->kind, &was->gone[i]);
	if (n == 0)
		return;
	s->n_given_up += (unsigned)n;
	progress_say(s->progress, SAY_WARNING, "%s %s: %s lost with a file of the archive",
	        coll_kind_dir(was->kind), was->name,
	        counted(n, "item that is gone from the server is",
	                "items that are gone from the server are", (char[COUNTED_SIZE]){0}));
}

/*
 * An older state, or none, took the place of the last one: what only that named is lost,
 * and nobody can tell what it was.
 */
void sink_mend_say(struct archive_sink *s)
{
	for (size_t i = 0; i < s->n_slots; i++) {
		const struct slot *slot = &s->slots[i];

		if (!slot->went_back)
			continue;
		s->n_given_up++;
		progress_say(s->progress, SAY_WARNING,
		        "%s %s: its last state could not be read; what only that named is lost%s",
		        coll_kind_dir(slot->kind), slot->name,
		        slot->fetched ? "; the collection was read from the source again" : "");
	}
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
	if (gone && !lost && !slot->went_back) {
		tree_coll_free(c);
		return 0;
	}
	if (gone || slot->status != COLL_COMPLETE)
		c->status = gone ? COLL_STALE : slot->status;
	if (slot->went_back)
		c->status = COLL_STALE;
	free(c->reason);
	c->reason =
	        slot->went_back
	                ? xasprintf("an older state: the last one could not be read (%s), and "
	                            "what only that named is lost",
	                          slot->why)
	        : gone ? xasprintf("is not on the server any more, and %zu of its items are lost "
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
		rc = sink_past_unread(s, slot, err);
	if (rc < 0)
		return rc;
	if (slot->lost && slot->state != SLOT_GIVEN)
		return name_collection(s, i, err);
	if (!slot->broken || !slot->prev)
		return 0;
	rc = sink_past_catalog(s, slot, &was, err);
	if (rc == 0 && was)
		rc = sink_name_slot(s, slot, err);
	if (was)
		say_lost_gone(s, was);
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

	for (size_t i = 0, n = s->n_slots; i < n && rc == 0; i++) {
		s->slots[i].fetched = s->slots[i].state == SLOT_GIVEN;
		rc = mend_slot(s, i, err);
	}
	return rc;
}
