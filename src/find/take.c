/* The items of a snapshot on their way into the index, in the order of their storage. */
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/workers.h"
#include <stdlib.h>
#include <string.h>
#include "internal.h"

enum {
	HELD_MAX = 50000, /* items of collections that are in memory at a time */
	THREADS_MAX = 4,
	ITEM_COST = 512, /* bytes that an item takes beside its text */
};
/* Of text between two transactions; of one that is asked and emptied. */
#define SAVE_BYTES (32u << 20)
#define SCAN_BYTES (4u << 20)

struct lacking {
	const struct tree_coll *c;
	const struct tree_item *it;
};

struct taking {
	struct find_take *t;
	struct workers workers;
	struct tree_coll **colls;
	size_t n_colls, colls_cap;
	size_t held;
	struct lacking *list;
	size_t n, cap, next;
};

static int by_place(const void *a, const void *b)
{
	const struct object_place *x = &((const struct lacking *)a)->it->where,
	                          *y = &((const struct lacking *)b)->it->where;

	if (x->snapshot != y->snapshot)
		return ORDER_OF(x->snapshot, y->snapshot);
	if (x->part != y->part)
		return ORDER_OF(x->part, y->part);
	if (x->member != y->member)
		return ORDER_OF(x->member, y->member);
	return ORDER_OF(x->offset, y->offset);
}

static bool in_one_member(const struct tree_item *a, const struct tree_item *b)
{
	return a->where.snapshot == b->where.snapshot && a->where.part == b->where.part &&
	       a->where.member == b->where.member;
}

static bool is_same(const struct lacking *a, const struct lacking *b)
{
	return a->c->kind == b->c->kind && memcmp(a->it->sha256, b->it->sha256, SHA256_LEN) == 0;
}

static void count(struct find_take *t, const struct tree_item *it)
{
	if (!t->progress)
		return;
	t->progress->items_done++;
	t->progress->bytes_done += it->size;
}

/* It is told, and the others go on. */
static void tell_unread(struct taking *k, const struct lacking *l, const struct err *why)
{
	struct buf name = buf_of(SIZE_MAX);

	tree_item_name(k->t->from, l->c, l->it, &name);
	if (k->t->progress)
		progress_name(k->t->progress, SAY_WARNING, l->c->name, buf_str(&name),
		        "not searched: %s", why->text);
	k->t->unread++;
	buf_clear(&name);
}

/* What was taken in so far, into the file; or it is asked, and makes room for more. */
static int settle(struct find_take *t, struct err *err)
{
	struct find_index *x = t->index;
	int rc;

	if (x->kept)
		return find_index_save(x, err);
	rc = find_search(x, t->query, t->hits, err);
	return rc < 0 ? rc : find_index_empty(x, err);
}

/* With the lock held. */
static int put_text(
        struct taking *k, const struct lacking *l, const struct buf *text, struct err *err)
{
	struct find_index *x = k->t->index;
	uint8_t key[FIND_KEY_LEN];
	int rc;

	find_key(l->c->kind, l->it->sha256, key);
	rc = find_index_add(x, key, text, err);
	x->unsaved += ITEM_COST;
	if (rc == 0 && x->unsaved >= (x->kept ? SAVE_BYTES : SCAN_BYTES))
		rc = settle(k->t, err);
	return rc;
}

static int take_item(
        struct taking *k, struct find_reader *reader, const struct lacking *l, struct err *err)
{
	const struct buf *text;
	int rc = find_text(reader, k->t->from, l->c, l->it, &text, err);

	if (rc < 0 && err_ends(err))
		return rc;
	pthread_mutex_lock(&k->workers.lock);
	if (rc < 0) {
		tell_unread(k, l, err);
		err_clear(err);
		rc = 0;
	} else {
		rc = put_text(k, l, text, err);
	}
	count(k->t, l->it);
	pthread_mutex_unlock(&k->workers.lock);
	return rc;
}

/* What lies in one member of the archive is one piece of work: it is inflated once. */
static size_t take_piece(struct taking *k, const struct lacking **out)
{
	size_t n = 0;

	pthread_mutex_lock(&k->workers.lock);
	*out = k->list + k->next;
	while (!k->workers.failed && k->next + n < k->n && in_one_member((*out)->it, (*out)[n].it))
		n++;
	k->next += n;
	if (n > 0 && k->t->progress)
		progress_what(k->t->progress, (*out)->c->name);
	pthread_mutex_unlock(&k->workers.lock);
	return n;
}

static int work(void *arg, struct err *err)
{
	struct taking *k = arg;
	struct find_reader *reader = find_reader_new();
	const struct lacking *piece;
	size_t n;
	int rc = 0;

	while (rc == 0 && (n = take_piece(k, &piece)) > 0)
		for (size_t i = 0; i < n && rc == 0; i++) {
			rc = stop_check(err);
			if (rc == 0)
				rc = take_item(k, reader, &piece[i], err);
		}
	find_reader_free(reader);
	return rc;
}

/* Each content once. */
static void drop_twins(struct taking *k)
{
	size_t n = 0;

	SORT(k->list, k->n, by_place);
	for (size_t i = 0; i < k->n; i++) {
		if (n > 0 && is_same(&k->list[n - 1], &k->list[i]))
			count(k->t, k->list[i].it);
		else
			k->list[n++] = k->list[i];
	}
	k->n = n;
}

/* Take in what is listed, and forget the collections. */
static int flush(struct taking *k, struct err *err)
{
	struct err why = {0};
	int rc = 0, saved;

	drop_twins(k);
	if (k->n > 0) {
		k->next = 0;
		rc = workers_run(
		        &k->workers, MIN(workers_cores(), (unsigned)THREADS_MAX), work, k, err);
	}
	/* A run that was stopped keeps what it has. */
	saved = rc == 0 || rc == ERR_STOPPED ? settle(k->t, &why) : 0;
	if (rc == 0 && saved < 0)
		rc = err_copy(err, &why);
	for (size_t i = 0; i < k->n_colls; i++)
		tree_coll_free(k->colls[i]);
	k->n_colls = k->held = k->n = 0;
	return rc;
}

/* The items of a collection that the index lacks. */
static int list_lacking(struct taking *k, struct tree_coll *c, struct err *err)
{
	size_t all = c->n_items + c->n_gone;
	int there = 0;

	for (size_t i = 0; i < all; i++) {
		const struct tree_item *it = tree_coll_any(c, i);
		uint8_t key[FIND_KEY_LEN];

		find_key(c->kind, it->sha256, key);
		if (k->t->index->kept)
			there = find_index_has(k->t->index, key, err);
		if (there < 0)
			return there;
		if (there)
			count(k->t, it);
		else
			*ARR_PUSH(k->list, k->n, k->cap) = (struct lacking){c, it};
	}
	return 0;
}

/* *whole_out false: it cannot be read, which is told by whoever lists it. */
static int add_coll(struct taking *k, const struct tree_head *h, bool *whole_out, struct err *err)
{
	struct tree_coll *c = NULL;
	int rc = k->t->from->ops->coll(k->t->from, h, &c, err);

	*whole_out = rc == 0;
	if (rc < 0 && !err_ends(err)) {
		err_clear(err);
		return 0;
	}
	if (rc < 0)
		return rc;
	*ARR_PUSH(k->colls, k->n_colls, k->colls_cap) = c;
	rc = list_lacking(k, c, err);
	k->held += c->n_items + c->n_gone;
	if (rc == 0 && k->held >= HELD_MAX)
		rc = flush(k, err);
	return rc;
}

bool find_is_searched(const struct tree_head *h)
{
	return !coll_is_beside(h->kind) && h->roots.items + h->roots.gone > 0;
}

/* Those of which the index may lack something. */
static int choose(
        const struct find_take *t, const struct tree_manifest *m, bool *chosen, struct err *err)
{
	for (size_t i = 0; i < m->n_heads; i++) {
		const struct tree_head *h = &m->heads[i];
		int done = 0;

		if (find_is_searched(h) && t->index->kept)
			done = find_index_done(t->index, h->roots.state, err);
		if (done < 0)
			return done;
		chosen[i] = find_is_searched(h) && !done;
		if (chosen[i] && t->progress) {
			t->progress->items_total += h->roots.items + h->roots.gone;
			t->progress->bytes_total += h->roots.bytes;
		}
	}
	return 0;
}

/* They need not be looked at again. */
static int note_done(const struct find_take *t, const struct tree_manifest *m, const bool *chosen,
        struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < m->n_heads && rc == 0; i++)
		if (chosen[i])
			rc = find_index_set_done(t->index, m->heads[i].roots.state, err);
	return rc < 0 ? rc : find_index_save(t->index, err);
}

int find_take(struct find_take *t, struct err *err)
{
	const struct tree_manifest *m = t->from->ops->manifest(t->from);
	bool *chosen = xcalloc(m->n_heads + 1, sizeof *chosen);
	struct taking k = {.t = t};
	int rc = choose(t, m, chosen, err);

	workers_init(&k.workers);
	for (size_t i = 0; i < m->n_heads && rc == 0; i++)
		if (chosen[i])
			rc = add_coll(&k, &m->heads[i], &chosen[i], err);
	if (rc == 0)
		rc = flush(&k, err);
	if (rc == 0 && t->unread == 0 && t->index->kept)
		rc = note_done(t, m, chosen, err);
	for (size_t i = 0; i < k.n_colls; i++)
		tree_coll_free(k.colls[i]);
	free(k.colls);
	free(k.list);
	free(chosen);
	workers_clear(&k.workers);
	return rc;
}
