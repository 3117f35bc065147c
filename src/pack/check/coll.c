/* Catalogs against seals and parts, links against catalogs. */
#include "verify.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "pack/part/hardlinks.h"

#define ITEMS_SAID 100 /* of one catalog, one by one; the rest as a number */

/* Is the object where the item says? */
static bool same_place(const struct object *o, const struct tree_item *it)
{
	struct object_place w;

	object_get_place(o, &w);
	return w.snapshot == it->where.snapshot && w.part == it->where.part &&
	       w.member == it->where.member && w.offset == it->where.offset;
}

/* Is one of the further copies of the object where the item says? */
static bool is_copy(const struct verify *v, enum coll_kind kind, const struct tree_item *it)
{
	size_t i;

	LOOKUP_FIRST(
	        i, v->n_copies, memcmp(v->copies[i].object.sha256, it->sha256, SHA256_LEN) < 0);
	for (; i < v->n_copies && memcmp(v->copies[i].object.sha256, it->sha256, SHA256_LEN) == 0;
	        i++)
		if (v->copies[i].object.kind == kind && same_place(&v->copies[i].object, it))
			return true;
	return false;
}

/*
 * NULL if the item's bytes were found whole and where the catalog says; *known_out: said
 * already of another catalog.
 */
static const char *wrong_item(
        struct verify *v, enum coll_kind kind, const struct tree_item *it, bool *known_out)
{
	bool is_new;
	struct object *o = object_map_find(&v->objects, kind, it->sha256);

	*known_out = false;
	if (o && !(o->flags & OBJECT_LOST)) {
		if (o->size != it->size)
			return "the catalog names another size than its bytes have";
		return same_place(o, it) || is_copy(v, kind, it)
		               ? NULL
		               : "its bytes are not where the catalog says";
	}
	o = object_map_add(&v->objects, kind, it->sha256, it->size, &is_new);
	o->flags |= OBJECT_LOST;
	*known_out = !is_new;
	return "its bytes are lost: they are in no part";
}

/* What names the items of a catalog that was read once already: only where one is lost. */
static struct abouts *load_names(
        const struct verify *v, const struct seal *s, const struct tree_head *h)
{
	struct abouts *names = abouts_new(-1, NULL);
	struct tree_coll *c = NULL;

	(void)!sealed_catalog(v->rootfd, s, h, h->catalog, names, &c, NULL);
	tree_coll_free(c);
	return names;
}

/*
 * ${newest}: of the newest snapshot, where every loss is said; an older catalog says only
 * what is new.
 */
static void check_items(struct verify *v, const struct tree_coll *c, const struct seal *s,
        const struct tree_head *h, bool newest)
{
	const char *file = h->catalog;
	struct abouts *names = NULL;
	size_t said = 0, more = 0;

	for (size_t i = 0; i < c->n_items + c->n_gone; i++) {
		const struct tree_item *it = tree_coll_any(c, i);
		bool known;
		const char *what = wrong_item(v, c->kind, it, &known);
		char item[ITEM_NAME_SIZE];
		struct item_about a;

		v->out->items++;
		if (!what || (known && !newest))
			continue;
		if (said++ >= ITEMS_SAID) {
			more++;
			continue;
		}
		if (!names)
			names = load_names(v, s, h);
		abouts_find(names, c->kind, it->sha256, &a);
		verify_item_name(c, it, &a, item);
		about_clear(&a);
		finding_say(&v->findings, true, file, item, "%s", what);
	}
	if (more)
		finding_say(&v->findings, true, file, NULL, "and %zu more items like these", more);
	abouts_free(names);
}

/* The seal says of each catalog which parts its items need: exactly those. */
static bool same_parts(const struct tree_coll *c, const struct seal_file *f)
{
	bool *used = xcalloc(f->n_parts + 1, sizeof *used), same = true;
	size_t last = 0;

	for (size_t i = 0; i < c->n_items + c->n_gone && same; i++) {
		const struct object_place *w = &tree_coll_any(c, i)->where;
		struct part_id id = {w->snapshot, w->part}, *p;

		if (last < f->n_parts && part_id_cmp(&f->parts[last], &id) == 0) {
			used[last] = true;
			continue;
		}
		p = FIND(&id, f->parts, f->n_parts, part_id_cmp);
		same = p;
		if (p)
			used[last = (size_t)(p - f->parts)] = true;
	}
	for (size_t i = 0; i < f->n_parts && same; i++)
		same = used[i];
	free(used);
	return same;
}

/* The tar of links against the catalog ${c} and its sum. */
static int check_links(struct verify *v, const struct seal *s, const struct tree_coll *c,
        const char *path, struct err *err)
{
	const struct seal_file *f = seal_find(s, path);
	struct members_reader *r = NULL;
	uint8_t sum[SHA256_LEN];
	uint64_t size, entries = 0;
	struct stat st;
	int rc = layout_stat(v->rootfd, path, &st, err);

	if (rc == 0)
		rc = members_reader_open(v->rootfd, path, &r, err);
	if (rc == 0)
		rc = links_check(c, members_reader_read, r, &entries, err);
	if (rc == 0) {
		members_reader_sum(r, sum, &size);
		rc = seal_file_check(f, sum, size, err);
	}
	if (rc == 0 && members_reader_entries(r) != entries)
		rc = err_set(err, ERR_DAMAGED, ERR_COLLECTION, "the count of entries is not right");
	members_reader_free(r);
	return rc;
}

static bool same_head(const struct tree_head *a, const struct tree_head *b)
{
	return a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->path, b->path) == 0 &&
	       memcmp(a->roots.state, b->roots.state, SHA256_LEN) == 0 &&
	       memcmp(a->roots.content, b->roots.content, SHA256_LEN) == 0 &&
	       a->roots.items == b->roots.items && a->roots.errors == b->roots.errors &&
	       a->roots.bytes == b->roots.bytes && a->roots.gone == b->roots.gone;
}

static bool same_part_list(const struct seal_file *a, const struct seal_file *b)
{
	return a->n_parts == b->n_parts &&
	       (a->n_parts == 0 || memcmp(a->parts, b->parts, a->n_parts * sizeof *a->parts) == 0);
}

/*
 * Newest first, a catalog that stands in several seals stands in consecutive ones: it is
 * looked for among the heads of the next newer seal, which were all checked.
 */
static bool is_checked(struct verify *v, size_t seal, const struct tree_head *h)
{
	const struct seal *s = &v->seals[seal], *newer;
	const struct tree_head *n;

	if (seal + 1 >= v->n_seals)
		return false;
	newer = &v->seals[seal + 1];
	n = tree_manifest_find(&newer->manifest, h->kind, h->name);
	if (!n || strcmp(n->catalog, h->catalog) != 0 || strcmp(n->links, h->links) != 0)
		return false;
	if (!same_head(n, h) ||
	        !same_part_list(seal_find(s, h->catalog), seal_find(newer, h->catalog)))
		finding_say(&v->findings, true, h->catalog, NULL,
		        "the seals of snapshots %u and %u say different things of it", s->snapshot,
		        newer->snapshot);
	return true;
}

/* One collection of one snapshot: catalog, items, links. */
static int check_head(struct verify *v, size_t i, const struct tree_head *h, struct err *err)
{
	const struct seal *s = &v->seals[i];
	struct tree_coll *c = NULL;
	struct err why = {0};
	int rc;

	if (is_checked(v, i, h))
		return 0;
	if (sealed_catalog(v->rootfd, s, h, h->catalog, NULL, &c, &why) < 0)
		return verify_found(v, h->catalog, &why, err);
	if (c->n_items != h->roots.items || c->n_errors != h->roots.errors ||
	        c->n_gone != h->roots.gone || c->left_out != h->left_out)
		finding_say(&v->findings, true, h->catalog, NULL,
		        "the seal names another number of items");
	if (!same_parts(c, seal_find(s, h->catalog)))
		finding_say(&v->findings, true, h->catalog, NULL,
		        "the seal names other parts than its items need");
	check_items(v, c, s, h, i + 1 == v->n_seals);
	rc = check_links(v, s, c, h->links, &why);
	tree_coll_free(c);
	return rc < 0 ? verify_found(v, h->links, &why, err) : 0;
}

int verify_colls(struct verify *v, struct err *err)
{
	int rc = 0;

	for (size_t i = v->n_seals; i-- > 0 && rc == 0;)
		for (size_t k = 0; k < v->seals[i].manifest.n_heads && rc == 0; k++) {
			rc = stop_check(err);
			if (rc == 0)
				rc = check_head(v, i, &v->seals[i].manifest.heads[k], err);
		}
	return rc;
}
