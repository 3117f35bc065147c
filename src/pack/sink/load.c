/* What older snapshots have: catalogs and the places of their objects. */
#include "sink.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"

static int read_catalog(
        struct members_reader *r, struct tree_coll **out, struct tree_roots *roots, struct err *err)
{
	uint8_t byte;
	size_t got = 0;
	int rc = catalog_read(members_reader_read, r, out, roots, err);

	if (rc == 0)
		rc = members_reader_read(r, &byte, 1, &got, err);
	if (rc == 0 && got)
		rc = err_set(err, ERR_DAMAGED, ERR_COLLECTION, "something follows the catalog");
	if (rc == 0 && members_reader_entries(r) != catalog_lines(roots))
		rc = err_set(err, ERR_DAMAGED, ERR_COLLECTION, "the count of lines is not right");
	return rc;
}

static int check_sum(struct members_reader *r, const struct seal_file *f, struct err *err)
{
	uint8_t sum[SHA256_LEN];
	uint64_t size;

	members_reader_sum(r, sum, &size);
	if (f && (size != f->size || memcmp(sum, f->sum, SHA256_LEN) != 0))
		return err_set(err, ERR_DAMAGED, ERR_COLLECTION,
		        "does not have the checksum that the seal names");
	return 0;
}

static int check_head(const struct tree_coll *c, const struct tree_roots *roots,
        const struct tree_head *h, struct err *err)
{
	if (c->kind != h->kind || strcmp(c->name, h->name) != 0 || strcmp(c->path, h->path) != 0 ||
	        memcmp(roots->state, h->roots.state, SHA256_LEN) != 0 ||
	        memcmp(roots->content, h->roots.content, SHA256_LEN) != 0)
		return err_set(
		        err, ERR_DAMAGED, ERR_COLLECTION, "is not the catalog that the seal means");
	return 0;
}

int sealed_catalog(int rootfd, const struct seal *seal, const struct tree_head *h, const char *path,
        struct tree_coll **out, struct err *err)
{
	struct members_reader *r = NULL;
	struct tree_coll *c = NULL;
	struct tree_roots roots;
	struct stat st;
	int rc = layout_stat(rootfd, path, &st, err);

	*out = NULL;
	if (rc < 0)
		return rc;
	rc = members_reader_open(rootfd, path, &r, err);
	if (rc == 0)
		rc = read_catalog(r, &c, &roots, err);
	if (rc == 0)
		rc = check_sum(r, seal ? seal_find(seal, path) : NULL, err);
	if (rc == 0 && h)
		rc = check_head(c, &roots, h, err);
	members_reader_free(r);
	if (rc < 0) {
		tree_coll_free(c);
		return err_wrap(err, "%s", path);
	}
	*out = c;
	return 0;
}

static int add_objects(struct archive_sink *s, const struct tree_coll *c, struct err *err)
{
	for (size_t i = 0; i < c->n_items + c->n_gone; i++) {
		const struct tree_item *it =
		        i < c->n_items ? &c->items[i] : &c->gone[i - c->n_items];
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
	              : sealed_catalog(s->rootfd, s->prev, h, h->catalog, out, err);

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
	(*out)->status = h->status;
	free((*out)->reason);
	(*out)->reason = xstrdup(h->reason);
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

/*
 * Every object of every snapshot, so that none is stored twice. Newest first; a catalog
 * that stands in several seals stands in consecutive ones, for a file is never taken up
 * again once it was replaced.
 */
int sink_load_all(struct archive_sink *s, struct err *err)
{
	if (s->all_loaded)
		return 0;
	for (size_t i = s->n_seals; i-- > 0;) {
		const struct tree_manifest *m = &s->seals[i].manifest;

		for (size_t k = 0; k < m->n_heads; k++) {
			struct tree_coll *c = NULL;
			int rc;

			/* What only a damaged one names may be stored a second time. */
			if (is_loaded(s, i, &m->heads[k]) ||
			        sealed_catalog(s->rootfd, &s->seals[i], &m->heads[k],
			                m->heads[k].catalog, &c, NULL) < 0)
				continue;
			rc = add_objects(s, c, err);
			tree_coll_free(c);
			if (rc < 0)
				return rc;
		}
	}
	s->all_loaded = true;
	return 0;
}
