/* What older snapshots have: catalogs and the places of their objects. */
#include "sink.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"

/* The places of its items, but for those in parts that are missing or cut. */
static int add_objects(struct archive_sink *s, const struct tree_coll *c, struct err *err)
{
	for (size_t i = 0; i < c->n_items + c->n_gone; i++) {
		const struct tree_item *it = tree_coll_any(c, i);
		struct object *o;
		bool is_new;

		if (sink_past_lacks(s, &it->where))
			continue;
		o = object_map_add(&s->objects, c->kind, it->sha256, it->size, &is_new);
		if (!is_new)
			continue;
		o->flags = OBJECT_PLACED;
		if (it->where.part == 0 || !object_set_place(o, &it->where))
			return err_set(err, ERR_DAMAGED, ERR_COLLECTION,
			        "%s: an item without a place", c->path);
	}
	return 0;
}

int sink_load_head(
        struct archive_sink *s, const struct tree_head *h, struct tree_coll **out, struct err *err)
{
	struct slot *slot = sink_slot(s, h->kind, h->name, false);
	int rc = slot ? sink_past_catalog(s, slot, out, err)
	              : sealed_catalog(s->rootfd, s->prev, h, h->catalog, NULL, out, err);

	if (rc == 0 && *out)
		rc = add_objects(s, *out, err);
	if (rc < 0) {
		tree_coll_free(*out);
		*out = NULL;
		return rc;
	}
	if (slot) {
		slot->loaded = true;
		h = slot->prev;
	}
	if (!*out)
		return 0;
	sink_past_offer(s, *out);
	tree_coll_take_status(*out, h);
	return 0;
}

/* Was the catalog loaded already, with a newer snapshot or for prev? */
static bool is_loaded(struct archive_sink *s, size_t i, const struct tree_head *h)
{
	const struct slot *slot;

	if (i + 1 < s->n_seals)
		return seal_find(&s->seals[i + 1], h->catalog);
	slot = sink_slot(s, h->kind, h->name, false);
	return slot && slot->loaded;
}

/* The objects of one snapshot's catalogs, but for those of the next newer one. */
static int load_seal(struct archive_sink *s, size_t i, struct err *err)
{
	const struct tree_manifest *m = &s->seals[i].manifest;

	for (size_t k = 0; k < m->n_heads; k++) {
		struct tree_coll *c = NULL;
		int rc;

		if (is_loaded(s, i, &m->heads[k]))
			continue;
		rc = sealed_catalog(
		        s->rootfd, &s->seals[i], &m->heads[k], m->heads[k].catalog, NULL, &c, err);
		if (rc < 0 && !sink_past_is_damage(rc))
			return sink_past_unsure(s, err);
		if (rc < 0) { /* what only it names may be stored a second time */
			err_clear(err);
			continue;
		}
		rc = add_objects(s, c, err);
		tree_coll_free(c);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int load_last(struct archive_sink *s, struct err *err)
{
	int rc = s->last_loaded || s->n_seals == 0 ? 0 : load_seal(s, s->n_seals - 1, err);

	s->last_loaded = rc == 0;
	return rc;
}

/*
 * Every object of every snapshot. Newest first; a catalog that stands in several seals stands
 * in consecutive ones, for a file is never taken up again once it was replaced.
 */
int sink_load_all(struct archive_sink *s, struct err *err)
{
	int rc = s->all_loaded ? 0 : load_last(s, err);

	for (size_t i = s->n_seals ? s->n_seals - 1 : 0; i-- > 0 && rc == 0 && !s->all_loaded;)
		rc = load_seal(s, i, err);
	s->all_loaded = s->all_loaded || rc == 0;
	return rc;
}

/* What the catalogs of older snapshots take that the last one does not name. */
static uint64_t count_older(const struct archive_sink *s)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i + 1 < s->n_seals; i++)
		for (size_t k = 0; k < s->seals[i].n_files; k++) {
			const struct seal_file *f = &s->seals[i].files[k];

			if (layout_kind(f->path, NULL) == LAYOUT_CATALOG &&
			        !seal_find(&s->seals[i + 1], f->path))
				bytes += f->size;
		}
	return bytes;
}

int sink_load_known(struct archive_sink *s, uint64_t size, struct err *err)
{
	int rc = s->all_loaded ? 0 : load_last(s, err);

	if (rc < 0 || s->all_loaded)
		return rc;
	if (s->older_bytes == 0)
		s->older_bytes = count_older(s) + 1;
	return s->bytes_new + size < s->older_bytes ? 0 : sink_load_all(s, err);
}
