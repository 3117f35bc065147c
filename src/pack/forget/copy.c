/* One snapshot after the other made again, from catalogs and objects just as they are. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "forget.h"

struct copy {
	struct forget *f;
	struct archive_sink *to;
	struct part_reader *parts; /* of the old archive */
	struct part_id looked_at; /* it is a plain file */
	struct object_map objects; /* that the snapshots before have */
};

static int write_body(void *body, const void *p, size_t n, struct err *err)
{
	return sink_body_write(body, p, n, err);
}

/* Unless it is there: whole, or not at all. */
static int copy_object(
        struct copy *c, enum coll_kind kind, const struct tree_item *it, struct err *err)
{
	struct part_id id = {it->where.snapshot, it->where.part};
	struct tree_body *body = NULL;
	struct tree_object object;
	char path[LAYOUT_PATH];
	struct stat st;
	bool there;
	int rc = stop_check(err);

	pthread_mutex_lock(&c->to->lock);
	there = object_map_find(&c->to->objects, kind, it->sha256) != NULL;
	pthread_mutex_unlock(&c->to->lock);
	if (rc < 0 || there)
		return rc;
	part_path_format(id, path);
	if (part_id_cmp(&id, &c->looked_at) != 0)
		rc = layout_stat(c->f->old->rootfd, path, &st, err);
	if (rc < 0)
		return rc;
	c->looked_at = id;
	rc = sink_body_open(&c->to->base, kind, &body, err);
	if (rc < 0)
		return rc;
	rc = part_reader_object(
	        c->parts, path, &it->where, it->sha256, it->size, kind, write_body, body, err);
	if (rc < 0) {
		sink_body_abort(body);
		return rc;
	}
	c->f->progress->items_done++;
	c->f->progress->bytes_done += it->size;
	return sink_body_close(body, &object, err);
}

static int by_place(const void *a, const void *b, void *ctx)
{
	const struct tree_coll *c = ctx;

	return object_place_cmp(&tree_coll_any(c, *(const uint32_t *)a)->where,
	        &tree_coll_any(c, *(const uint32_t *)b)->where);
}

/* In the order in which they are stored, so that each member is inflated once. */
static int copy_objects(struct copy *c, struct tree_coll *coll, struct err *err)
{
	size_t n = coll->n_items + coll->n_gone;
	uint32_t *list = xcalloc(n + 1, sizeof *list);
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		list[i] = (uint32_t)i;
	qsort_r(list, n, sizeof *list, by_place, coll);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = copy_object(c, coll->kind, tree_coll_any(coll, list[i]), err);
	free(list);
	return rc;
}

/* Its catalog is that of the snapshot before: so it is here. */
static bool stands(const struct seal *before, const struct tree_head *h)
{
	return before && seal_find(before, h->catalog);
}

static void keep_head(struct copy *c, const struct tree_head *h)
{
	struct slot *slot = sink_slot(c->to, h->kind, h->name, true);

	slot->state = SLOT_KEPT;
	slot->status = h->status;
	free(slot->reason);
	slot->reason = xstrdup(h->reason);
}

/* What the catalog says of the collection's status is of its time; the manifest's word counts. */
static void take_status(struct copy *c, const struct tree_head *h)
{
	struct slot *slot = sink_slot(c->to, h->kind, h->name, true);

	slot->head.status = h->status;
	free(slot->head.reason);
	slot->head.reason = xstrdup(h->reason);
}

static int copy_head(
        struct copy *c, const struct seal *of, const struct tree_head *h, struct err *err)
{
	struct tree_coll *coll = NULL;
	struct abouts *names = h->what ? c->to->abouts : NULL;
	int rc = sealed_catalog(c->f->old->rootfd, of, h, h->catalog, names, &coll, err);

	progress_what(c->f->progress, h->name);
	if (rc == 0)
		rc = copy_objects(c, coll, err);
	if (rc < 0) {
		tree_coll_free(coll);
		return rc;
	}
	rc = sink_replace(c->to, coll, err);
	if (rc == 0)
		take_status(c, h);
	return rc;
}

/* The places of all objects are known from here on, so that no catalog is read again. */
static void take_objects(struct copy *c)
{
	c->objects = c->to->objects;
	object_map_init(&c->to->objects);
	for (size_t i = 0; i < c->objects.n; i++)
		object_map_at(&c->objects, i)->flags = OBJECT_PLACED;
}

static void give_objects(struct copy *c)
{
	object_map_clear(&c->to->objects);
	c->to->objects = c->objects;
	object_map_init(&c->objects);
	c->to->all_loaded = true;
}

static int copy_snapshot(
        struct copy *c, const struct sink_like *like, const struct seal *before, struct err *err)
{
	const struct tree_manifest *m = &like->seal->manifest;
	struct tree_commit done;
	int rc = sink_open_like(c->f->at, like, c->f->progress, &c->to, err);

	if (rc < 0)
		return rc;
	give_objects(c);
	for (size_t i = 0; i < m->n_heads && rc == 0; i++) {
		if (stands(before, &m->heads[i]))
			keep_head(c, &m->heads[i]);
		else
			rc = copy_head(c, like->seal, &m->heads[i], err);
	}
	if (rc == 0)
		rc = sink_commit(&c->to->base, &done, err);
	if (rc == 0)
		take_objects(c);
	tree_sink_free(&c->to->base);
	return rc < 0 ? err_wrap(err, "snapshot %u", like->seal->snapshot) : 0;
}

int forget_copy(struct forget *f, struct err *err)
{
	const struct seal *first = &f->seals.v[0];
	struct copy c = {.f = f, .parts = part_reader_new(f->old->rootfd)};
	struct sink_like like = {.tags = &f->seals.v[f->seals.n - 1]};
	int rc = 0;

	memcpy(like.origin, first->has_origin ? first->origin : first->hash, SHA256_LEN);
	object_map_init(&c.objects);
	f->progress->items_total = f->out->objects;
	for (size_t i = 0; i < f->n && rc == 0; i++) {
		like.seal = f->keep[i];
		rc = copy_snapshot(&c, &like, i ? f->keep[i - 1] : NULL, err);
	}
	object_map_clear(&c.objects);
	part_reader_free(c.parts);
	return rc;
}
