/* Two states of an account, compared: folders, then their items. */
#include "valise/tree/diff.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "match.h"
#include "moved.h"

/* A collection before and after; one of them may be NULL. */
struct place {
	const struct tree_head *before, *after;
	/* the same collection under another name: the place that has the other head */
	size_t renamed; /* SIZE_MAX: it is not */
	char *href; /* DAV, of one that is in one state alone */
};
struct diff {
	struct tree_reader *a, *b;
	diff_fn *fn;
	void *ctx;
	struct place *places; /* in the order of kind and name */
	size_t n, cap;
	struct strays lost, come;
};

const char *diff_word(enum diff_what what)
{
	static const char *const words[DIFF_KINDS] = {"folder-new", "folder-removed",
	        "folder-renamed", "folder-changed", "new", "removed", "moved", "changed"};

	return words[what];
}

const char *diff_change_word(unsigned bit)
{
	static const char *const words[DIFF_CHANGES] = {"content", "flags", "keywords", "date",
	        "labels", "subscribed", "attributes", "special-use", "properties", "uidvalidity",
	        "status"};

	for (unsigned i = 0; i < DIFF_CHANGES; i++)
		if (bit == 1u << i)
			return words[i];
	return "";
}

/* Not one that is kept for what is gone alone. */
static bool is_there(const struct tree_head *h)
{
	return !(h->attrs & ATTR_GONE);
}

static int cmp_heads(const struct tree_head *x, const struct tree_head *y)
{
	return x->kind != y->kind ? ORDER_OF(x->kind, y->kind) : strcmp(x->name, y->name);
}

/* Both lists are sorted. */
static void list_places(struct diff *d)
{
	const struct tree_manifest *a = d->a->ops->manifest(d->a), *b = d->b->ops->manifest(d->b);
	size_t i = 0, k = 0;

	while (i < a->n_heads || k < b->n_heads) {
		int order = i == a->n_heads   ? 1
		            : k == b->n_heads ? -1
		                              : cmp_heads(&a->heads[i], &b->heads[k]);
		struct place p = {.renamed = SIZE_MAX};

		if (order <= 0 && is_there(&a->heads[i]))
			p.before = &a->heads[i];
		if (order >= 0 && is_there(&b->heads[k]))
			p.after = &b->heads[k];
		i += order <= 0;
		k += order >= 0;
		if (p.before || p.after)
			*ARR_PUSH(d->places, d->n, d->cap) = p;
	}
}

/* Nothing of it differs but what its manifest says. */
static bool is_same(const struct place *p)
{
	return p->before && p->after &&
	       memcmp(p->before->roots.state, p->after->roots.state, SHA256_LEN) == 0;
}

static int load(
        struct tree_reader *r, const struct tree_head *h, struct tree_coll **out, struct err *err)
{
	*out = NULL;
	return h ? r->ops->coll(r, h, out, err) : 0;
}

static int load_both(struct diff *d, const struct place *p, struct tree_coll **a,
        struct tree_coll **b, struct err *err)
{
	int rc = stop_check(err);

	*a = *b = NULL;
	if (rc == 0)
		rc = load(d->a, p->before, a, err);
	return rc ? rc : load(d->b, p->after, b, err);
}

/* *was_at_out: the number of the place that has the state before; a renamed one is one of two. */
static struct place whole_place(const struct diff *d, size_t at, size_t *was_at_out)
{
	struct place p = d->places[at];

	*was_at_out = at;
	if (p.renamed != SIZE_MAX && p.after) {
		*was_at_out = p.renamed;
		p.before = d->places[p.renamed].before;
	}
	return p;
}

/* Renamed, and told where it is now? */
static bool is_elsewhere(const struct place *p)
{
	return p->renamed != SIZE_MAX && !p->after;
}

/* What is not where it was, and what was not where it is. */
static int find_strays(struct diff *d, size_t at, struct err *err)
{
	size_t was_at;
	struct place p = whole_place(d, at, &was_at);
	struct tree_coll *a, *b;
	struct match m = {0};
	int rc = load_both(d, &p, &a, &b, err);

	if (rc == 0) {
		match_items(a, b, &m);
		for (size_t i = 0; a && i < a->n_items; i++)
			if (m.to[i] == MATCH_NONE)
				stray_add(&d->lost, a, (uint32_t)was_at, (uint32_t)i);
		for (size_t k = 0; b && k < b->n_items; k++)
			if (m.from[k] == MATCH_NONE)
				stray_add(&d->come, b, (uint32_t)at, (uint32_t)k);
		if ((!a || !b) && !p.href)
			d->places[at].href = xstrdup(a ? a->href : b->href);
	}
	match_clear(&m);
	tree_coll_free(a);
	tree_coll_free(b);
	return rc;
}

static int find_all_strays(struct diff *d, struct err *err)
{
	int rc = 0;

	d->lost.n = d->come.n = 0;
	for (size_t i = 0; i < d->n && rc == 0; i++)
		if (!is_same(&d->places[i]) && !is_elsewhere(&d->places[i]))
			rc = find_strays(d, i, err);
	strays_pair(&d->lost, &d->come);
	return rc;
}

/* How many items went from one collection that is lost to one that is new. */
struct flow {
	size_t from, to;
	uint64_t items;
};

static int cmp_flows(const void *a, const void *b)
{
	const struct flow *x = a, *y = b;

	return x->from != y->from ? ORDER_OF(x->from, y->from) : ORDER_OF(x->to, y->to);
}

/* One element for each item at first; *n_out: of pairs of collections. */
static struct flow *list_flows(const struct diff *d, size_t *n_out)
{
	struct flow *list = NULL;
	size_t n = 0, cap = 0, pairs = 0;

	for (size_t i = 0; i < d->lost.n; i++) {
		const struct stray *s = &d->lost.v[i];
		size_t to = s->other == STRAY_ALONE ? SIZE_MAX : d->come.v[s->other].coll;

		if (to != SIZE_MAX && !d->places[s->coll].after && !d->places[to].before)
			*ARR_PUSH(list, n, cap) = (struct flow){s->coll, to, 1};
	}
	SORT(list, n, cmp_flows);
	for (size_t i = 0; i < n; i++) {
		if (pairs && cmp_flows(&list[pairs - 1], &list[i]) == 0)
			list[pairs - 1].items++;
		else
			list[pairs++] = list[i];
	}
	*n_out = pairs;
	return list;
}

static bool rename_place(struct diff *d, size_t from, size_t to)
{
	if (d->places[from].renamed != SIZE_MAX || d->places[to].renamed != SIZE_MAX)
		return false;
	d->places[from].renamed = to;
	d->places[to].renamed = from;
	return true;
}

/* By href first; then where more than half of the items went. False: none. */
static bool find_renamed(struct diff *d)
{
	size_t n;
	struct flow *flows = list_flows(d, &n);
	bool any = false;

	for (size_t i = 0; i < d->n; i++)
		for (size_t k = 0; k < d->n && d->places[i].href && !d->places[i].after; k++)
			if (!d->places[k].before && d->places[k].href &&
			        d->places[i].before->kind == d->places[k].after->kind &&
			        strcmp(d->places[i].href, d->places[k].href) == 0)
				any = rename_place(d, i, k) || any;
	for (size_t i = 0; i < n; i++) {
		const struct tree_head *was = d->places[flows[i].from].before;

		if (2 * flows[i].items > was->roots.items)
			any = rename_place(d, flows[i].from, flows[i].to) || any;
	}
	free(flows);
	return any;
}

static int tell(struct diff *d, struct diff_one one, struct err *err)
{
	return d->fn(d->ctx, &one, err);
}

/* Left out on purpose is no change. */
static bool status_differs(const struct tree_head *a, const struct tree_head *b)
{
	bool odd_before = a->status == COLL_STALE || a->status == COLL_PARTIAL,
	     odd_after = b->status == COLL_STALE || b->status == COLL_PARTIAL;

	return odd_before || odd_after ? a->status != b->status : false;
}

/* What happened to the collection itself; ${one} has its heads and its states. */
static int tell_coll(struct diff *d, struct diff_one one, struct err *err)
{
	if (!one.head_before)
		one.what = DIFF_COLL_NEW;
	else if (!one.head_after)
		one.what = DIFF_COLL_LOST;
	else if (strcmp(one.head_before->name, one.head_after->name) != 0)
		one.what = DIFF_COLL_RENAMED;
	else
		one.what = DIFF_COLL_CHANGED;
	if (one.before && one.after)
		one.changes = match_coll_changes(one.before, one.after);
	if (one.head_before && one.head_after && status_differs(one.head_before, one.head_after))
		one.changes |= DIFF_STATUS;
	return one.what == DIFF_COLL_CHANGED && !one.changes ? 0 : tell(d, one, err);
}

/* An item that is new in its collection: from nowhere, or from another one. */
static int tell_come(struct diff *d, struct diff_one one, const struct stray *s, struct err *err)
{
	const struct stray *from = s && s->other != STRAY_ALONE ? &d->lost.v[s->other] : NULL;
	struct tree_item was = {0};

	one.what = from ? DIFF_MOVED : DIFF_NEW;
	one.head_before = from ? d->places[from->coll].before : NULL;
	one.before = NULL;
	if (from) {
		was.flags = from->flags;
		was.date_utc = from->date;
		one.was = &was;
		one.changes = (was.flags != one.is->flags ? DIFF_FLAGS : 0u) |
		              (was.date_utc != one.is->date_utc ? DIFF_DATE : 0u);
	}
	return tell(d, one, err);
}

static int tell_after(
        struct diff *d, struct diff_one one, size_t at, const struct match *m, struct err *err)
{
	int rc = 0;

	for (uint32_t k = 0; one.after && k < one.after->n_items && rc == 0; k++) {
		struct diff_one item = one;

		item.is = &one.after->items[k];
		if (m->from[k] == MATCH_NONE) {
			rc = tell_come(
			        d, item, stray_find(&d->come, one.after, (uint32_t)at, k), err);
			continue;
		}
		item.what = DIFF_CHANGED;
		item.was = &one.before->items[m->from[k]];
		item.changes = match_item_changes(one.before, item.was, one.after, item.is);
		if (item.changes)
			rc = tell(d, item, err);
	}
	return rc;
}

static int by_content(const void *a, const void *b)
{
	return memcmp(((const struct tree_item *)a)->sha256, ((const struct tree_item *)b)->sha256,
	        SHA256_LEN);
}

/* What stays of the collection in the new state, marked, by its content; the caller frees. */
static struct tree_item *list_gone(const struct tree_coll *c, size_t *n_out)
{
	struct tree_item *list = c && c->n_gone ? xmemdup(c->gone, c->n_gone * sizeof *list) : NULL;

	*n_out = list ? c->n_gone : 0;
	SORT(list, *n_out, by_content);
	return list;
}

/* A collection that is not there any more may stay for what is gone; the caller frees. */
static int load_gone(
        struct diff *d, const struct diff_one *one, struct tree_coll **out, struct err *err)
{
	const struct tree_manifest *m = d->b->ops->manifest(d->b);
	const struct tree_head *h =
	        tree_manifest_find(m, one->head_before->kind, one->head_before->name);

	return load(d->b, !one->head_after && h && !is_there(h) ? h : NULL, out, err);
}

static int tell_lost(
        struct diff *d, struct diff_one one, size_t at, const struct match *m, struct err *err)
{
	struct tree_coll *other = NULL;
	int rc = one.before ? load_gone(d, &one, &other, err) : 0;
	size_t n_gone;
	struct tree_item *gone = list_gone(other ? other : one.after, &n_gone);

	for (uint32_t i = 0; one.before && i < one.before->n_items && rc == 0; i++) {
		struct diff_one item = one;
		const struct stray *s;

		if (m->to[i] != MATCH_NONE)
			continue;
		s = stray_find(&d->lost, one.before, (uint32_t)at, i);
		if (s && s->other != STRAY_ALONE) /* told where it is now */
			continue;
		item.what = DIFF_LOST;
		item.was = &one.before->items[i];
		item.gone = FIND(item.was, gone, n_gone, by_content) != NULL;
		rc = tell(d, item, err);
	}
	free(gone);
	tree_coll_free(other);
	return rc;
}

static int tell_place(struct diff *d, size_t at, struct err *err)
{
	size_t was_at;
	struct place p = whole_place(d, at, &was_at);
	struct diff_one one = {.head_before = p.before, .head_after = p.after};
	struct tree_coll *a, *b;
	struct match m = {0};
	int rc;

	if (is_same(&p))
		return tell_coll(d, one, err);
	rc = load_both(d, &p, &a, &b, err);
	one.before = a;
	one.after = b;
	if (rc == 0) {
		match_items(a, b, &m);
		rc = tell_coll(d, one, err);
	}
	if (rc == 0)
		rc = tell_after(d, one, at, &m, err);
	if (rc == 0)
		rc = tell_lost(d, one, was_at, &m, err);
	match_clear(&m);
	tree_coll_free(a);
	tree_coll_free(b);
	return rc;
}

int tree_diff(struct tree_reader *before, struct tree_reader *after, diff_fn *fn, void *ctx,
        struct err *err)
{
	struct diff d = {.a = before, .b = after, .fn = fn, .ctx = ctx};
	int rc;

	list_places(&d);
	rc = find_all_strays(&d, err);
	if (rc == 0 && find_renamed(&d))
		rc = find_all_strays(&d, err);
	for (size_t i = 0; i < d.n && rc == 0; i++)
		if (!is_elsewhere(&d.places[i]))
			rc = tell_place(&d, i, err);
	for (size_t i = 0; i < d.n; i++)
		free(d.places[i].href);
	free(d.places);
	free(d.lost.v);
	free(d.come.v);
	return rc;
}
