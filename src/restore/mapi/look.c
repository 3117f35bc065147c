/* A look at a target, for the audit: which items are there, and as they are in the archive. */
#include <stdlib.h>
#include "run.h"
#include "valise/base/mem.h"

enum { MF_READ = 0x01 };

struct looking {
	struct box *b;
	struct target_look *of; /* of each item of the box */
	char **differs;
	uint64_t again; /* messages that an item is beside another one */
};

static void take_again(void *ctx, uint32_t i, mapi_id id)
{
	struct looking *l = ctx;

	(void)id;
	l->again++;
	if (l->of[i].state == LOOK_SAME)
		l->of[i].state = LOOK_TWICE;
}

/* By what the folder's table says of it. */
static void judge(struct looking *l, size_t i)
{
	const struct box *b = l->b;
	const struct pair_item *p = &b->pairs[i];
	const struct tree_item *it = mapi_item_of(b->a, b->items[i]);

	l->of[i].state = p->row == PAIR_NONE ? LOOK_MISSING : LOOK_SAME;
	if (p->row == PAIR_NONE && b->items[i]->state == MITEM_FAILED)
		l->of[i].state = LOOK_UNREADABLE;
	if (p->row == PAIR_NONE)
		return;
	b->items[i]->id = b->rows[p->row].id;
	if (b->a->coll->kind == COLL_MAIL && it->flags & FLAG_SEEN &&
	        !(b->rows[p->row].flags & MF_READ)) {
		l->of[i].state = LOOK_FLAGS;
		l->of[i].by = LOOK_BY_FLAGS;
		l->differs[i] = xstrdup("without \\Seen");
	}
}

/* With --verify full: property by property. */
static int compare(struct box *b, size_t i, struct bag *theirs, void *ctx, struct err *err)
{
	struct looking *l = ctx;
	struct bag *ours;
	char *differs;
	int rc;

	if (!theirs) {
		l->of[i].state = LOOK_UNSEEN;
		return 0;
	}
	rc = mapi_item_load(b->a, b->items[i], &ours, NULL, err);
	if (rc < 0 && err_ends(err))
		return rc;
	if (rc < 0) {
		l->of[i].state = LOOK_UNREADABLE;
		l->differs[i] = xstrdup(err->text);
		err_clear(err);
		return 0;
	}
	differs = mapi_bag_differs(b->r, ours, theirs);
	bag_free(ours);
	if (differs) {
		free(l->differs[i]);
		l->differs[i] = differs;
		l->of[i].state = LOOK_OTHER;
		l->of[i].by |= b->a->coll->kind == COLL_MAIL ? LOOK_BY_CONTENT : 0;
	}
	return 0;
}

static int compare_all(struct looking *l, struct err *err)
{
	size_t *which = xcalloc(l->b->n + 1, sizeof *which), n = 0;
	int rc;

	for (size_t i = 0; i < l->b->n; i++)
		if (l->b->pairs[i].row != PAIR_NONE)
			which[n++] = i;
	rc = mapi_box_fetch(l->b, which, n, compare, l, err);
	free(which);
	return rc;
}

/* What of a kept bag cannot be read is known by nothing. */
static int find_keys(struct box *b, struct err *err)
{
	for (size_t i = 0; i < b->n; i++) {
		int rc = mapi_item_key(b->a, b->items[i], &b->pairs[i].k, err);

		if (rc < 0 && err_ends(err))
			return rc;
		if (rc < 0) {
			b->items[i]->state = MITEM_FAILED;
			err_clear(err);
		}
	}
	b->keyed = true;
	return stop_check(err);
}

static void tell_all(struct looking *l)
{
	struct box *b = l->b;
	struct buf path = buf_of(SIZE_MAX);
	uint64_t extra = 0;

	mapi_map_path(&b->r->map, b->node, &path);
	for (size_t i = 0; i < b->n; i++) {
		l->of[i].place = b->pairs[i].row == PAIR_NONE ? NULL : buf_str(&path);
		l->of[i].differs = l->differs[i];
		b->r->opts->looked(
		        b->r->opts->ctx, b->a->coll, mapi_item_of(b->a, b->items[i]), &l->of[i]);
	}
	for (size_t k = 0; k < b->n_rows; k++)
		extra += b->rows[k].item == PAIR_NONE;
	b->a->sum.extra += extra - MIN(extra, l->again);
	buf_clear(&path);
}

static int look_box(struct mrun *r, struct acoll *a, size_t node, struct err *err)
{
	struct box b;
	struct looking l = {.b = &b};
	int rc = mapi_box_open(r, a, node, &b, err);

	l.of = xcalloc(b.n + 1, sizeof *l.of);
	l.differs = xcalloc(b.n + 1, sizeof *l.differs);
	if (rc == 0)
		rc = find_keys(&b, err);
	if (rc == 0) {
		mapi_box_noted(&b);
		mapi_pair_match(b.pairs, b.n, b.rows, b.n_rows);
		for (size_t i = 0; i < b.n; i++)
			judge(&l, i);
		mapi_pair_surplus(b.pairs, b.n, b.rows, b.n_rows, take_again, &l);
		if (r->opts->read_all)
			rc = compare_all(&l, err);
	}
	if (rc == 0)
		tell_all(&l);
	for (size_t i = 0; i < b.n; i++)
		free(l.differs[i]);
	free(l.of);
	free(l.differs);
	mapi_box_close(&b);
	return rc;
}

int mapi_look(struct mrun *r, struct err *err)
{
	return mapi_each_coll(r, look_box, err);
}
