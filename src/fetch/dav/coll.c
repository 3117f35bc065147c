/* The collections of a run and their resources, found by key; what of them is lost. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "run.h"

bool dav_is_known(const struct dav_run *r, uint64_t key)
{
	for (size_t i = 0; i < r->n_colls; i++)
		if (r->colls[i].key == key)
			return true;
	return false;
}

void dav_add_lost(struct dav_run *r, const char *url, const char *reason)
{
	struct dav_lost *l;

	if (!run_wants(&r->base, url))
		return;
	l = ARR_PUSH(r->lost, r->n_lost, r->lost_cap);
	l->url = xstrdup(url);
	l->reason = xstrdup(reason);
	progress_say(r->base.progress, SAY_WARNING, "%s: %s", url, reason);
}

void dav_item_clear(struct davitem *i)
{
	free(i->href);
	free(i->etag);
	free(i->reason);
	free(i->sum);
	memset(i, 0, sizeof *i);
}

void dav_items_clear(struct davcoll *c)
{
	for (size_t i = 0; i < c->n_items; i++)
		dav_item_clear(&c->items[i]);
	c->n_items = 0;
}

void dav_coll_clear(struct davcoll *c)
{
	free(c->url);
	tree_coll_free(c->coll);
	tree_coll_free(c->prev);
	tree_coll_free(c->last_run);
	dav_items_clear(c);
	free(c->items);
	memset(c, 0, sizeof *c);
}

static int key_cmp(const void *a, const void *b)
{
	const struct davitem *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static int listed_cmp(const void *a, const void *b)
{
	const struct davitem *x = a, *y = b;
	int c = key_cmp(a, b);

	return c ? c : strcmp(x->href, y->href);
}

uint64_t dav_href_key(const char *href)
{
	char *key = xasprintf("href %s", href);
	uint64_t k = dav_key(key);

	free(key);
	return k;
}

void dav_settle_items(struct davcoll *c)
{
	size_t n = 0;
	uint64_t key = 0;

	SORT(c->items, c->n_items, listed_cmp);
	for (size_t i = 0; i < c->n_items; i++) {
		struct davitem now = c->items[i];
		bool same = n && now.key == key;

		key = now.key;
		if (same && strcmp(c->items[n - 1].href, now.href) == 0) {
			now.shares = c->items[n - 1].shares;
			now.twin = c->items[n - 1].twin;
			now.key = c->items[n - 1].key;
			dav_item_clear(&c->items[--n]);
		} else if (same) {
			c->items[n - 1].shares = now.shares = now.twin = true;
			now.key = dav_href_key(now.href);
		}
		c->items[n++] = now;
	}
	c->n_items = n;
	SORT(c->items, n, key_cmp);
}

uint64_t dav_member_key(const struct davcoll *c, const char *href)
{
	struct buf url = buf_of(1u << 16);
	uint64_t key;

	key = dav_key(dav_member_url(c->url, href, &url) ? buf_str(&url) : href);
	buf_clear(&url);
	return key;
}

struct davitem *dav_find_among(struct davcoll *c, size_t n, uint64_t key)
{
	struct davitem want = {.key = key};

	return FIND(&want, c->items, n, key_cmp);
}

struct davitem *dav_item_find(struct davcoll *c, uint64_t key)
{
	return dav_find_among(c, c->n_items, key);
}

struct davitem *dav_item_add(struct davcoll *c, const char *href, const char *etag)
{
	struct davitem *i = ARR_PUSH(c->items, c->n_items, c->cap);

	i->href = xstrdup(href);
	i->etag = xstrdup(etag);
	i->key = dav_member_key(c, href);
	return i;
}

struct davitem *dav_item_twin(struct davcoll *c, const struct davitem *i)
{
	return i->twin ? dav_item_find(c, dav_member_key(c, i->href)) : NULL;
}
