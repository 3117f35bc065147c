/* Items of two states of a collection, paired. */
#include "match.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/tree/diff.h"

struct pairing {
	const struct tree_coll *a, *b; /* before, after */
	struct match *m;
};

static void pair(struct pairing *p, size_t i, size_t k)
{
	p->m->to[i] = (uint32_t)k;
	p->m->from[k] = (uint32_t)i;
}

static const char *href_of(const struct tree_coll *c, const struct tree_item *it)
{
	const struct tree_ext *e = tree_item_ext(c, it);

	return e ? e->href : NULL;
}

static const char *id_of(const struct tree_coll *c, const struct tree_item *it)
{
	const struct tree_ext *e = tree_item_ext(c, it);

	return e ? e->uid : NULL;
}

/* By UID, where these are of the same time; by href. */
static void pair_by_name(struct pairing *p)
{
	bool valid = p->a->uidvalidity && p->a->uidvalidity == p->b->uidvalidity;

	for (size_t i = 0; i < p->a->n_items; i++) {
		const struct tree_item *was = &p->a->items[i], *is = NULL;
		const char *href = href_of(p->a, was);

		if (valid && was->uid)
			is = tree_coll_find(p->b, was->uid);
		else if (!was->uid && href)
			is = tree_coll_find_href(p->b, href);
		if (is && p->m->from[is - p->b->items] == MATCH_NONE)
			pair(p, i, (size_t)(is - p->b->items));
	}
}

/* By the UIDL, or the UID of an event or card, that no other item has. */
static void pair_by_id(struct pairing *p)
{
	struct text_index ids = {0};

	for (size_t k = 0; k < p->b->n_items; k++)
		if (p->m->from[k] == MATCH_NONE && id_of(p->b, &p->b->items[k]))
			text_index_add(&ids, id_of(p->b, &p->b->items[k]), k);
	for (size_t i = 0; i < p->a->n_items && ids.n; i++) {
		const char *id = id_of(p->a, &p->a->items[i]);
		size_t k, cursor = 0;

		if (p->m->to[i] != MATCH_NONE || !id)
			continue;
		while ((k = text_index_next(&ids, id, &cursor)) != SIZE_MAX)
			if (p->m->from[k] == MATCH_NONE &&
			        strcmp(id_of(p->b, &p->b->items[k]), id) == 0) {
				pair(p, i, k);
				break;
			}
	}
	text_index_clear(&ids);
}

/* An item that is still alone. */
struct lone {
	const struct tree_item *item;
	uint32_t at;
};

static int by_content(const void *a, const void *b)
{
	const struct lone *x = a, *y = b;
	int d = memcmp(x->item->sha256, y->item->sha256, SHA256_LEN);

	if (d == 0)
		d = ORDER_OF(x->item->date_utc, y->item->date_utc);
	return d ? d : ORDER_OF(x->at, y->at);
}

static struct lone *list_lone(const struct tree_coll *c, const uint32_t *other, size_t *n_out)
{
	struct lone *list = xcalloc(c->n_items + 1, sizeof *list);
	size_t n = 0;

	for (size_t i = 0; i < c->n_items; i++)
		if (other[i] == MATCH_NONE)
			list[n++] = (struct lone){&c->items[i], (uint32_t)i};
	SORT(list, n, by_content);
	*n_out = n;
	return list;
}

/* Equal octets, in the order of their dates. */
static void pair_by_content(struct pairing *p)
{
	size_t n, m, i = 0, k = 0;
	struct lone *x = list_lone(p->a, p->m->to, &n), *y = list_lone(p->b, p->m->from, &m);

	while (i < n && k < m) {
		int d = memcmp(x[i].item->sha256, y[k].item->sha256, SHA256_LEN);

		if (d == 0)
			pair(p, x[i].at, y[k].at);
		i += d <= 0;
		k += d >= 0;
	}
	free(x);
	free(y);
}

static uint32_t *list_none(const struct tree_coll *c)
{
	size_t n = c ? c->n_items : 0;
	uint32_t *list = xmalloc((n + 1) * sizeof *list);

	memset(list, 0xff, (n + 1) * sizeof *list);
	return list;
}

void match_items(const struct tree_coll *before, const struct tree_coll *after, struct match *out)
{
	struct pairing p = {before, after, out};

	out->to = list_none(before);
	out->from = list_none(after);
	if (!before || !after)
		return;
	pair_by_name(&p);
	pair_by_id(&p);
	pair_by_content(&p);
}

void match_clear(struct match *m)
{
	free(m->to);
	free(m->from);
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static const char *labels_of(const struct tree_coll *c, const struct tree_item *it)
{
	const struct tree_ext *e = tree_item_ext(c, it);

	return e ? e->labels : NULL;
}

unsigned match_item_changes(const struct tree_coll *before, const struct tree_item *was,
        const struct tree_coll *after, const struct tree_item *is)
{
	unsigned changes = 0;

	if (memcmp(was->sha256, is->sha256, SHA256_LEN) != 0)
		changes |= DIFF_OCTETS;
	if (was->flags != is->flags)
		changes |= DIFF_FLAGS;
	if (!same_text(tree_coll_keyword_text(before, was->keywords),
	            tree_coll_keyword_text(after, is->keywords)))
		changes |= DIFF_KEYWORDS;
	if (was->date_utc != is->date_utc)
		changes |= DIFF_DATE;
	if (!same_text(labels_of(before, was), labels_of(after, is)))
		changes |= DIFF_LABELS;
	return changes;
}

unsigned match_coll_changes(const struct tree_coll *before, const struct tree_coll *after)
{
	unsigned differ = before->attrs ^ after->attrs, changes = 0;

	if (differ & ATTR_SUBSCRIBED)
		changes |= DIFF_SUBSCRIBED;
	if (differ & ~(unsigned)(ATTR_SUBSCRIBED | ATTR_GONE))
		changes |= DIFF_ATTRS;
	if (!same_text(before->special_use, after->special_use))
		changes |= DIFF_USE;
	if (!same_text(before->props, after->props))
		changes |= DIFF_PROPS;
	if (before->uidvalidity != after->uidvalidity)
		changes |= DIFF_UIDVALIDITY;
	return changes;
}
