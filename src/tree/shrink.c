#include "valise/tree/shrink.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

/*
 * A set of what items are known by, as 64-bit keys: a chance hit among a million keys is one in ten billion, and would
 * count one item less as lost.
 */
struct keys {
	uint64_t *v;
	size_t n, cap;
	bool filled;
};

static uint64_t key_of(const char *what, const void *p, size_t n)
{
	uint8_t sum[SHA256_LEN];
	struct sha256 h;
	uint64_t key;

	sha256_start(&h);
	sha256_add(&h, what, 1);
	sha256_add(&h, p, n);
	sha256_end(&h, sum);
	memcpy(&key, sum, sizeof key);
	return key;
}

/* The keys of an item: its content; DAV also href and UID. */
static size_t item_keys(const struct tree_coll *c, const struct tree_item *it, uint64_t out[3])
{
	const struct tree_ext *e = c->kind == COLL_MAIL ? NULL : tree_item_ext(c, it);
	size_t n = 0;

	memcpy(&out[n++], it->sha256, sizeof out[0]);
	if (e && e->href)
		out[n++] = key_of("h", e->href, strlen(e->href));
	if (e && e->uid)
		out[n++] = key_of("u", e->uid, strlen(e->uid));
	return n;
}

static void keys_add(struct keys *k, const struct tree_coll *c)
{
	k->v = arr_grow(k->v, &k->cap, k->n + 3 * c->n_items, sizeof *k->v);
	for (size_t i = 0; i < c->n_items; i++)
		k->n += item_keys(c, &c->items[i], k->v + k->n);
}

static int cmp_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void keys_sort(struct keys *k)
{
	if (k->n > 1)
		qsort(k->v, k->n, sizeof *k->v, cmp_keys);
}

static uint64_t count_missing(const struct keys *k, const struct tree_coll *c)
{
	uint64_t missing = 0, key[3];

	for (size_t i = 0; i < c->n_items; i++) {
		size_t n = item_keys(c, &c->items[i], key), hit = 0;

		while (hit < n &&
		        (k->n == 0 || !bsearch(&key[hit], k->v, k->n, sizeof *k->v, cmp_keys)))
			hit++;
		missing += hit == n;
	}
	return missing;
}

static int load_keys(
        const struct tree_shrink *s, const struct tree_head *h, struct keys *k, struct err *err)
{
	struct tree_coll *c = NULL;
	int rc = s->load(s->ctx, h, true, &c, err);

	if (rc == 0)
		keys_add(k, c);
	tree_coll_free(c);
	return rc;
}

static bool same_state(const struct tree_head *a, const struct tree_head *b)
{
	return memcmp(a->roots.state, b->roots.state, SHA256_LEN) == 0;
}

/*
 * How many items of ${old} are lost, as far as it matters: first against its own successor, which is nearly always enough; then against
 * the whole account (${all}, filled once).
 */
static int count_lost(const struct tree_shrink *s, const struct tree_manifest *after,
        const struct tree_head *old, struct keys *all, uint64_t *lost_out, struct err *err)
{
	const struct tree_head *now = tree_manifest_find(after, old->kind, old->name);
	struct tree_coll *c = NULL;
	struct keys own = {0};
	int rc;

	*lost_out = 0;
	if (old->roots.items == 0 || (now && same_state(old, now)))
		return 0;
	rc = s->load(s->ctx, old, false, &c, err);
	if (rc == 0 && now)
		rc = load_keys(s, now, &own, err);
	if (rc != 0)
		goto out;
	keys_sort(&own);
	*lost_out = count_missing(&own, c);
	if (!tree_shrunk(c->n_items, *lost_out))
		goto out;
	for (size_t i = 0; rc == 0 && !all->filled && i < after->n_heads; i++)
		rc = load_keys(s, &after->heads[i], all, err);
	if (rc == 0) {
		if (!all->filled)
			keys_sort(all);
		all->filled = true;
		*lost_out = count_missing(all, c);
	}
out:
	free(own.v);
	tree_coll_free(c);
	return rc;
}

static void refuse(const struct tree_shrink *s, struct tree_manifest *after,
        const struct tree_head *old, uint64_t lost)
{
	struct tree_head *now = tree_manifest_find(after, old->kind, old->name), stale;

	tree_head_copy(&stale, old);
	free(stale.reason);
	stale.status = COLL_STALE;
	if (now)
		stale.reason = xasprintf(
		        "shrank from %llu to %llu items; not believed without --accept-shrink",
		        (unsigned long long)old->roots.items,
		        (unsigned long long)(old->roots.items - lost));
	else
		stale.reason = xasprintf("is not on the server any more, nor are %llu of its %llu "
		                         "items; not believed without --accept-shrink",
		        (unsigned long long)lost, (unsigned long long)old->roots.items);
	if (s->progress)
		progress_say(s->progress, SAY_WARNING, "%s %s: %s", coll_kind_dir(old->kind),
		        old->name, stale.reason);
	if (now) {
		tree_head_clear(now);
		*now = stale;
	} else {
		tree_manifest_add(after, &stale);
		tree_manifest_sort(after);
		tree_head_clear(&stale);
	}
}

int tree_shrink_refuse(const struct tree_shrink *s, struct tree_manifest *after,
        unsigned *refused_out, struct err *err)
{
	uint64_t *lost = xcalloc(s->before->n_heads + 1, sizeof *lost);
	struct keys all = {0};
	int rc = 0;

	*refused_out = 0;
	for (size_t i = 0; rc == 0 && i < s->before->n_heads; i++)
		rc = count_lost(s, after, &s->before->heads[i], &all, &lost[i], err);
	for (size_t i = 0; rc == 0 && i < s->before->n_heads; i++) {
		if (!tree_shrunk(s->before->heads[i].roots.items, lost[i]))
			continue;
		refuse(s, after, &s->before->heads[i], lost[i]);
		(*refused_out)++;
	}
	free(all.v);
	free(lost);
	return rc;
}
