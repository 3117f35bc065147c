/* What the restore journal says of a mailbox: which message may be which item. */
#include <stdlib.h>
#include <string.h>
#include "pair.h"

void pair_begin(struct box *b)
{
	free(b->on_target);
	free(b->claimed);
	free(b->unread);
	b->unread = NULL;
	b->on_target = xcalloc(b->coll->n_items + 1, sizeof *b->on_target);
	b->claimed = xcalloc(b->n_there + 1, 1);
	for (size_t i = 0; i < b->coll->n_items; i++) {
		b->items[i].taken = (struct taken){0, 0};
		b->items[i].unlike = 0;
	}
}

static bool is_error(const struct tree_coll *c, uint32_t uid)
{
	for (size_t i = 0; i < c->n_errors; i++)
		if (c->errors[i].uid == uid)
			return true;
	return false;
}

/* What was restored earlier and the archive no longer has here. */
static void note_gone(struct box *b, const struct kept *k)
{
	struct run *r = b->w->run;
	struct gone *g;

	if (is_error(b->coll, k->src_uid))
		return;
	pthread_mutex_lock(&r->workers.lock);
	g = ARR_PUSH(r->outcome.gone, r->outcome.n_gone, r->outcome.gone_cap);
	memcpy(g->sha256, k->sha256, SHA256_LEN);
	g->source = k->source;
	g->src_uid = k->src_uid;
	g->entry = b->entry;
	pthread_mutex_unlock(&r->workers.lock);
}

/*
 * A look: the target had other octets than the archive then. ${it}: the item of that UID,
 * or NULL.
 */
static bool is_doubted(struct box *b, const struct kept *k, const struct tree_item *it)
{
	bool doubted = pair_is_look(b) && (k->form || k->octets);

	if (doubted && it)
		b->items[it - b->coll->items].read_back |= READ_FRAGILE;
	return doubted;
}

void pair_records(struct box *b)
{
	size_t n, left = 0, n_items = 0;
	const struct kept *k = kept_of(b->w->run->journal, b->e->shown, b->sel.uidvalidity, &n);
	struct match_key *items, *recs;

	if (n == 0)
		return;
	recs = pair_keys(n);
	for (size_t i = 0; i < n; i++) {
		const struct tmsg *t = there_find(b, k[i].uid);
		const struct tree_item *it = tree_coll_find(b->coll, k[i].src_uid);
		size_t at = t ? (size_t)(t - b->there) : 0;

		if (!t || is_doubted(b, &k[i], it))
			continue;
		if (it && !b->on_target[it - b->coll->items] &&
		        memcmp(it->sha256, k[i].sha256, SHA256_LEN) == 0) {
			b->on_target[it - b->coll->items] = (uint32_t)at + 1;
			b->claimed[at] = 1;
		} else {
			recs[left++] = match_by_hash(k[i].sha256, 0, 0, at);
		}
	}
	items = pair_keys(left ? b->coll->n_items : 0);
	for (size_t i = 0; left && i < b->coll->n_items; i++)
		if (!b->on_target[i])
			items[n_items++] = match_by_hash(b->coll->items[i].sha256, 0, 0, i);
	match_pairs(items, n_items, recs, left, 0, b->on_target, b->claimed);
	for (size_t i = 0; i < n && !pair_is_look(b); i++) {
		const struct tmsg *t = there_find(b, k[i].uid);

		if (t && !b->claimed[t - b->there]) {
			note_gone(b, &k[i]);
			b->claimed[t - b->there] = 1; /* known not to be any of the others */
		}
	}
	free(items);
	free(recs);
}

/* The item that a record is about and that is still to be found; SIZE_MAX: none. */
static size_t item_of_record(const struct box *b, const struct kept *k)
{
	const struct tree_item *it = tree_coll_find(b->coll, k->src_uid);
	size_t first = it ? (size_t)(it - b->coll->items) : 0;

	for (size_t n = 0; n < b->coll->n_items; n++) {
		size_t i = (first + n) % b->coll->n_items;

		if (!b->on_target[i] && !b->items[i].taken.to &&
		        memcmp(b->coll->items[i].sha256, k->sha256, SHA256_LEN) == 0)
			return i;
	}
	return SIZE_MAX;
}

bool pair_is_fragile(const struct box *b, size_t i)
{
	return (b->coll->items[i].warn & WARN_NUL) || b->items[i].read_back & READ_FRAGILE;
}

/* A record is a hint: what is listed with another size or date is not the item. */
static void unpair_unproven(struct box *b)
{
	for (size_t i = 0; i < b->coll->n_items; i++) {
		const struct tree_item *it = &b->coll->items[i];
		size_t at = b->on_target[i];

		if (!at || (b->there[at - 1].size == it->size && !pair_is_fragile(b, i) &&
		                   there_date(&b->there[at - 1]) == it->date_utc))
			continue;
		b->claimed[at - 1] = 0;
		b->on_target[i] = 0;
	}
}

bool box_pair_listed(struct box *b)
{
	pair_begin(b);
	if (b->w->run->opts->read_all)
		return b->coll->n_items == 0;
	pair_records(b);
	unpair_unproven(b);
	return pair_count_open(b) == 0;
}

void pair_take_taken(struct box *b)
{
	size_t n, n_uids;
	const struct kept *k = kept_of(b->w->run->journal, b->e->shown, b->sel.uidvalidity, &n);
	uint32_t *uids = there_unclaimed(b, b->claimed, &n_uids);

	for (; n && k->uid == 0; k++, n--) {
		struct taken t = {k->from, k->to};
		size_t i = item_of_record(b, k);

		if (i != SIZE_MAX && taken_is_there(t, uids, n_uids))
			b->items[i].taken = t;
	}
	free(uids);
}
