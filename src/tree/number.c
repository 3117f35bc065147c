/* Distinct file names for the items of a collection; names once given stay. */
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/tree/model.h"
#include "valise/tree/words.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What the last snapshot gave an item that it did not have. */
#define NOT_KEPT UINT32_MAX

/*
 * An item's claim to a number: what it had in the last snapshot comes before what it
 * brings itself.
 */
struct claim {
	uint32_t dup;
	uint32_t rank;
	uint32_t item;
};

static int cmp_place(const void *a, const void *b, void *coll)
{
	const struct tree_coll *c = coll;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	struct tree_item x = c->items[i], y = c->items[j];
	int d;

	x.dup = y.dup = 0;
	d = item_place_order(c, &x, c, &y);
	return d != 0 ? d : i < j ? -1 : i > j;
}

static int cmp_claims(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->dup != y->dup)
		return x->dup < y->dup ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

static uint32_t next_dup(uint32_t dup)
{
	return dup == 0 ? 2 : dup + 1; /* the second of its name is _2 */
}

/*
 * Number the items group[0..n), which would have the same file name: granted claims, then
 * the lowest free ones.
 */
static void number_group(struct tree_coll *c, const uint32_t *group, size_t n, const uint32_t *kept)
{
	struct claim *claims = xcalloc(n, sizeof *claims);
	bool *granted = xcalloc(n, sizeof *granted);
	size_t n_claims = 0, n_taken = 0, at = 0;
	uint32_t next = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t was = kept[group[i]], own = c->items[group[i]].dup;

		if (was != NOT_KEPT || own != 0 || c->items[group[i]].gone)
			claims[n_claims++] = (struct claim){
			        was != NOT_KEPT ? was : own, was == NOT_KEPT, (uint32_t)i};
	}
	SORT(claims, n_claims, cmp_claims);
	for (size_t i = 0; i < n_claims; i++) {
		if (n_taken > 0 && claims[n_taken - 1].dup == claims[i].dup)
			continue;
		claims[n_taken++] = claims[i];
		granted[claims[i].item] = true;
		c->items[group[claims[i].item]].dup = claims[i].dup;
	}
	for (size_t i = 0; i < n; i++) {
		if (granted[i])
			continue;
		for (; at < n_taken && claims[at].dup <= next; at++)
			if (claims[at].dup == next)
				next = next_dup(next);
		c->items[group[i]].dup = next;
		next = next_dup(next);
	}
	free(granted);
	free(claims);
}

/* For each item of ${c} the number that ${prev} gave it. Both are sorted. */
static uint32_t *kept_numbers(const struct tree_coll *c, const struct tree_coll *prev)
{
	uint32_t *kept = xcalloc(c->n_items + 1, sizeof *kept);
	size_t j = 0;

	for (size_t i = 0; i < c->n_items; i++) {
		const struct tree_item *it = &c->items[i], *was;

		kept[i] = NOT_KEPT;
		while (prev && j < prev->n_items && item_order(prev, &prev->items[j], c, it) < 0)
			j++;
		if (!prev || j >= prev->n_items)
			continue;
		was = &prev->items[j];
		if (item_order(prev, was, c, it) == 0 && was->date_utc == it->date_utc &&
		        memcmp(was->sha256, it->sha256, SHA256_LEN) == 0)
			kept[i] = was->dup;
	}
	return kept;
}

static void number_mail(struct tree_coll *c, const struct tree_coll *prev)
{
	uint32_t *kept = kept_numbers(c, prev),
	         *by_place = xcalloc(c->n_items + 1, sizeof *by_place);
	size_t sorted = 1;

	for (size_t i = 0; i < c->n_items; i++)
		by_place[i] = (uint32_t)i;
	/* Mail mostly comes in the order of its dates. */
	while (sorted < c->n_items && cmp_place(&by_place[sorted - 1], &by_place[sorted], c) < 0)
		sorted++;
	if (sorted < c->n_items)
		qsort_r(by_place, c->n_items, sizeof *by_place, cmp_place, c);
	for (size_t from = 0, to; from < c->n_items; from = to) {
		struct tree_item first = c->items[by_place[from]];

		first.dup = 0;
		for (to = from + 1; to < c->n_items; to++) {
			struct tree_item x = c->items[by_place[to]];

			x.dup = 0;
			if (item_place_order(c, &first, c, &x) != 0)
				break;
		}
		if (to - from > 1)
			number_group(c, by_place + from, to - from, kept);
		else if (kept[by_place[from]] != NOT_KEPT)
			c->items[by_place[from]].dup = kept[by_place[from]];
	}
	free(by_place);
	free(kept);
}

/*
 * The last segment of an href, its percent-escapes decoded and its extension dropped, as
 * a safe file name.
 */
static char *name_from_href(const char *href, const char *ext)
{
	struct buf safe = buf_of(SIZE_MAX);
	struct buf plain = buf_of(SIZE_MAX);
	const char *p = strrchr(href, '/');
	size_t n;

	for (p = p ? p + 1 : href; *p; p++) {
		if (*p == '%' && hex_octet(p + 1) >= 0) {
			buf_putc(&plain, (char)hex_octet(p + 1));
			p += 2;
		} else {
			buf_putc(&plain, *p);
		}
	}
	n = strlen(ext);
	if (plain.len > n + 1 && plain.data[plain.len - n - 1] == '.' &&
	        strcasecmp(buf_str(&plain) + plain.len - n, ext) == 0)
		plain.len -= n + 1;
	if (path_escape((const char *)plain.data, plain.len, &safe) != 0)
		buf_puts(&safe, "=");
	buf_clear(&plain);
	return buf_take(&safe);
}

/* A set of folded names: open addressing, owned strings. */
struct name_slot {
	char *key; /* NULL: free */
	unsigned twins; /* numbers that were tried because this name was taken */
};
struct name_set {
	struct name_slot *slots;
	size_t size;
};

static char *fold_name(const char *name)
{
	struct buf key = buf_of(SIZE_MAX);

	path_fold(name, &key);
	return buf_take(&key);
}

/* NULL, or who has the name, or a twin of it, already. */
static struct name_slot *name_set_add(struct name_set *s, const char *name)
{
	char *key = fold_name(name);
	size_t i = 5381;

	for (const char *p = key; *p; p++)
		i = i * 33 + (unsigned char)*p;
	for (i %= s->size; s->slots[i].key; i = (i + 1) % s->size) {
		if (strcmp(s->slots[i].key, key) == 0) {
			free(key);
			return &s->slots[i];
		}
	}
	s->slots[i].key = key;
	return NULL;
}

/* Give the item the file name ${wish}, or ${wish}_2 ... if it is taken. Takes ${wish}. */
static void name_item(struct tree_ext *e, char *wish, struct name_set *taken)
{
	struct name_slot *first = name_set_add(taken, wish);
	char *name = xstrdup(wish);

	if (first) {
		do {
			free(name);
			name = xasprintf("%s_%u", wish, 2 + first->twins++);
		} while (name_set_add(taken, name));
	}
	free(wish);
	free(e->path);
	e->path = name;
}

static struct tree_ext *need_ext(struct tree_coll *c, struct tree_item *it)
{
	return it->ext > 0 && it->ext < c->n_ext ? &c->ext[it->ext] : tree_coll_ext(c, &it->ext);
}

/*
 * Resources: the name that the last snapshot gave the href, else the one that the item
 * brings, else one made of its href.
 */
static void number_dav(struct tree_coll *c, const struct tree_coll *prev)
{
	struct name_set taken = {.size = c->n_items * 2 + 1};
	bool *done = xcalloc(c->n_items + 1, sizeof *done);

	taken.slots = xcalloc(taken.size, sizeof *taken.slots);
	for (unsigned pass = 0; pass < 3; pass++) {
		for (size_t i = 0; i < c->n_items; i++) {
			struct tree_ext *e = need_ext(c, &c->items[i]);
			const struct tree_item *was =
			        prev && e->href ? tree_coll_find_href(prev, e->href) : NULL;
			const struct tree_ext *old = was ? tree_item_ext(prev, was) : NULL;
			const char *wish = pass == 0 ? (old ? old->path : NULL) : e->path;

			if (done[i] || (pass < 2 && (!resource_name_ok(wish) ||
			                                    !path_travels(wish, strlen(wish)) ||
			                                    name_set_add(&taken, wish))))
				continue;
			done[i] = true;
			if (pass == 2)
				name_item(e,
				        name_from_href(
				                e->href ? e->href : "", coll_kind_ext(c->kind)),
				        &taken);
			else if (pass == 0) {
				char *copy = xstrdup(wish);

				free(e->path);
				e->path = copy;
			}
		}
	}
	for (size_t i = 0; i < taken.size; i++)
		free(taken.slots[i].key);
	free(taken.slots);
	free(done);
}

void tree_coll_number(struct tree_coll *c, const struct tree_coll *prev)
{
	unsigned gone_too = c->attrs & ATTR_GONE;

	tree_coll_with_gone(c);
	if (c->kind == COLL_MAIL)
		number_mail(c, prev);
	else
		number_dav(c, prev);
	tree_coll_part_gone(c);
	c->attrs |= gone_too;
}
