/* What the snapshots that stay need, before anything is written. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "forget.h"

#define TAR_BLOCK 512

/* Of one part, what is needed of its plain bytes. */
struct need {
	struct part_id id;
	uint64_t plain, file;
};
struct plan {
	struct forget *f;
	struct object_map objects;
	struct need *parts; /* sorted */
	size_t n, cap;
};

static int cmp_needs(const void *a, const void *b)
{
	return part_id_cmp(&((const struct need *)a)->id, &((const struct need *)b)->id);
}

/* All parts that the seal names. */
static void add_parts(struct plan *p, const struct seal *s)
{
	for (size_t i = 0; i < s->n_files; i++) {
		struct need one = {.file = s->files[i].size};

		if (!part_path_parse(s->files[i].path, &one.id) ||
		        FIND(&one, p->parts, p->n, cmp_needs))
			continue;
		*ARR_PUSH(p->parts, p->n, p->cap) = one;
		SORT(p->parts, p->n, cmp_needs);
	}
}

static void add_items(struct plan *p, const struct tree_coll *c)
{
	for (size_t i = 0; i < c->n_items + c->n_gone; i++) {
		const struct tree_item *it = tree_coll_any(c, i);
		struct need key = {.id = {it->where.snapshot, it->where.part}}, *n;
		bool is_new;

		object_map_add(&p->objects, c->kind, it->sha256, it->size, &is_new);
		n = is_new ? FIND(&key, p->parts, p->n, cmp_needs) : NULL;
		if (n)
			n->plain += TAR_BLOCK + (it->size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
	}
}

/* The catalogs that ${before} does not name, with what they need. */
static int add_seal(
        struct plan *p, const struct seal *s, const struct seal *before, struct err *err)
{
	int rc = 0;

	add_parts(p, s);
	p->f->out->after += s->json_size + s->sums_size;
	for (size_t i = 0; i < s->manifest.n_heads && rc == 0; i++) {
		const struct tree_head *h = &s->manifest.heads[i];
		struct tree_coll *c = NULL;

		if (!before || !seal_find(before, h->links))
			p->f->out->after += seal_find(s, h->links)->size;
		if (before && seal_find(before, h->catalog))
			continue;
		p->f->out->after += seal_find(s, h->catalog)->size;
		rc = stop_check(err);
		if (rc == 0)
			rc = sealed_catalog(p->f->old->rootfd, s, h, h->catalog, NULL, &c, err);
		if (rc == 0)
			add_items(p, c);
		tree_coll_free(c);
	}
	return rc;
}

static int check_space(const struct forget *f, struct err *err)
{
	uint64_t have = disk_free(f->old->rootfd, ".");
	char free_text[32], want[32];

	if (have >= f->out->after)
		return 0;
	return err_set(err, ERR_SPACE, ERR_WHOLE,
	        "%s: the snapshots that stay are written once more before the old ones go: that "
	        "may take %s, and %s are free",
	        f->path, human_bytes(f->out->after, want), human_bytes(have, free_text));
}

int forget_plan(struct forget *f, struct err *err)
{
	struct plan p = {.f = f};
	int rc = 0;

	object_map_init(&p.objects);
	for (size_t i = 0; i < f->seals.n; i++)
		f->out->before += seal_disk_size(&f->seals.v[i]);
	for (size_t i = 0; i < f->n && rc == 0; i++)
		rc = add_seal(&p, f->keep[i], i ? f->keep[i - 1] : NULL, err);
	/* A part is as large as it is, or as what is needed of it. */
	for (size_t i = 0; i < p.n; i++)
		f->out->after += MIN(p.parts[i].plain, p.parts[i].file);
	f->out->objects = p.objects.n;
	object_map_clear(&p.objects);
	free(p.parts);
	return rc ? rc : check_space(f, err);
}
