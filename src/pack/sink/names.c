/*
 * What names the items of collections that are written. It comes with their octets, if they
 * passed in this run; else from the catalogs of the last state; else, where an older version
 * wrote these or a run was interrupted, the octets are read from the archive.
 */
#include "sink.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"

/* Items of which nobody knows yet. */
struct unnamed {
	struct archive_sink *s;
	const struct tree_coll *c;
	uint32_t *list;
	size_t n, cap;
	bool past; /* one of them is of an older snapshot */
};

static int find_unnamed(struct unnamed *u, struct err *err)
{
	u->n = 0;
	u->past = false;
	for (size_t i = 0; i < u->c->n_items + u->c->n_gone; i++) {
		const struct tree_item *it = tree_coll_any(u->c, i);
		int rc = abouts_get(u->s->abouts, u->c->kind, it->sha256, NULL, err);

		if (rc < 0)
			return rc;
		if (rc == 0)
			*ARR_PUSH(u->list, u->n, u->cap) = (uint32_t)i;
		u->past = u->past || (rc == 0 && it->where.snapshot != u->s->snapshot);
	}
	return 0;
}

/* From a catalog; one that is damaged by now tells nothing. */
static int take_catalog(
        struct archive_sink *s, const struct seal *seal, const struct tree_head *h, struct err *err)
{
	struct tree_coll *c = NULL;
	struct err why = {0};
	int rc = !h->what ? 0 : sealed_catalog(s->rootfd, seal, h, h->catalog, s->abouts, &c, &why);

	tree_coll_free(c);
	return rc == 0 || sink_past_is_damage(rc) ? 0 : err_copy(err, &why);
}

int sink_name_slot(struct archive_sink *s, const struct slot *slot, struct err *err)
{
	return slot->prev ? take_catalog(s, &s->seals[slot->seal], slot->prev, err) : 0;
}

/* From all catalogs of the last state, once: items move. */
static int take_catalogs(struct archive_sink *s, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; s->prev && i < s->prev->manifest.n_heads && rc == 0; i++)
		if (!s->abouts_loaded)
			rc = take_catalog(s, s->prev, &s->prev->manifest.heads[i], err);
	s->abouts_loaded = true;
	return rc;
}

static int by_place(const void *a, const void *b, void *ctx)
{
	const struct unnamed *u = ctx;

	return object_place_cmp(&tree_coll_any(u->c, *(const uint32_t *)a)->where,
	        &tree_coll_any(u->c, *(const uint32_t *)b)->where);
}

static int scan_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	about_scan_add(ctx, p, n);
	return 0;
}

/* From the octets, in the order in which they are stored; what is damaged stays unnamed. */
static int take_octets(struct unnamed *u, struct err *err)
{
	struct archive_sink *s = u->s;
	struct part_reader *past = part_reader_new(s->rootfd), *now = part_reader_new(s->snapfd);
	struct about_scan *scan = about_scan_new(u->c->kind);
	int rc = 0;

	qsort_r(u->list, u->n, sizeof *u->list, by_place, u);
	for (size_t i = 0; i < u->n && rc == 0; i++) {
		const struct tree_item *it = tree_coll_any(u->c, u->list[i]);
		bool own = it->where.snapshot == s->snapshot;
		char path[LAYOUT_PATH];
		struct err why = {0};

		if (own)
			part_name(it->where.part, path);
		else
			part_path_format(
			        (struct part_id){it->where.snapshot, it->where.part}, path);
		rc = part_reader_object(own ? now : past, path, &it->where, it->sha256, it->size,
		        u->c->kind, scan_octets, scan, &why);
		if (rc == 0)
			rc = abouts_take(s->abouts, u->c->kind, it->sha256, scan, err);
		else if (sink_past_is_damage(rc))
			rc = 0;
		else
			err_copy(err, &why);
		about_scan_end(scan, NULL);
	}
	about_scan_free(scan);
	part_reader_free(past);
	part_reader_free(now);
	return rc;
}

int sink_name_items(struct archive_sink *s, struct slot *slot, struct err *err)
{
	struct unnamed u = {.s = s, .c = slot->coll};
	int rc = 0;

	if (coll_is_beside(slot->kind))
		return 0;
	pthread_mutex_lock(&s->naming);
	rc = find_unnamed(&u, err);
	if (rc == 0 && u.past && slot->prev) {
		rc = take_catalog(s, &s->seals[slot->seal], slot->prev, err);
		if (rc == 0)
			rc = find_unnamed(&u, err);
	}
	if (rc == 0 && u.past) {
		rc = take_catalogs(s, err);
		if (rc == 0)
			rc = find_unnamed(&u, err);
	}
	if (rc == 0 && u.n > 0)
		rc = take_octets(&u, err);
	pthread_mutex_unlock(&s->naming);
	free(u.list);
	return rc;
}

/* Those that nobody has named, with their places, as an earlier run of this one wrote them. */
static struct tree_coll *unnamed_places(const struct unnamed *u)
{
	struct tree_coll *c = tree_coll_new(u->c->kind, u->c->name);

	pthread_mutex_lock(&u->s->lock);
	for (size_t i = 0; i < u->n; i++) {
		struct tree_item it = *tree_coll_any(u->c, u->list[i]);
		const struct object *o = object_map_find(&u->s->objects, c->kind, it.sha256);

		if (!o || !(o->flags & OBJECT_PLACED) || o->size != it.size)
			continue;
		object_get_place(o, &it.where);
		it.ext = it.keywords = 0;
		tree_coll_add(c, &it);
	}
	pthread_mutex_unlock(&u->s->lock);
	return c;
}

int sink_names(struct tree_sink *t, const struct tree_coll *c, struct abouts **out, struct err *err)
{
	struct archive_sink *s = (struct archive_sink *)t;
	struct unnamed u = {.s = s, .c = c};
	struct tree_coll *places = NULL;
	int rc;

	pthread_mutex_lock(&s->naming);
	rc = find_unnamed(&u, err);
	if (rc == 0 && u.n > 0)
		rc = take_catalogs(s, err);
	if (rc == 0 && u.n > 0)
		rc = find_unnamed(&u, err);
	if (rc == 0 && u.n > 0) {
		places = unnamed_places(&u);
		u.c = places;
		rc = find_unnamed(&u, err);
	}
	if (rc == 0 && u.n > 0)
		rc = take_octets(&u, err);
	pthread_mutex_unlock(&s->naming);
	tree_coll_free(places);
	free(u.list);
	*out = s->abouts;
	return rc;
}

/* The collection as it stands, for a catalog that is written again. */
static int give_again(struct archive_sink *s, struct slot *slot, struct err *err)
{
	struct tree_coll *c = NULL;
	int rc = sink_load_head(s, slot->prev, &c, err);

	if (rc < 0 || !c || c->n_items != slot->prev->roots.items) {
		tree_coll_free(c);
		return rc;
	}
	c->status = slot->status;
	free(c->reason);
	c->reason = xstrdup(slot->reason);
	slot->marked = true;
	return sink_replace(s, c, err);
}

int sink_name_past(struct archive_sink *s, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->n_slots && rc == 0; i++) {
		struct slot *slot = &s->slots[i];

		if ((slot->state == SLOT_SAME || slot->state == SLOT_KEPT) && slot->prev &&
		        !slot->prev->what)
			rc = give_again(s, slot, err);
	}
	return rc;
}
