/*
 * What stands on the target more often than in the archive, and was not there before this
 * archive's restores began: what an interrupted run, or another one at the same time,
 * stored besides. The listing that is there anyway says what is worth a look; only such
 * messages are read.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "run.h"

enum {
	/*
	 * of so many strangers a size is enough to read one; else the date must be equal,
	 * too
	 */
	SIZE_ALONE = 1000
};

struct counting {
	struct box *b;
	const uint8_t *claimed;
	uint32_t from; /* UIDs below were there before */
	uint8_t *wanted;
};

static struct match_key size_key(uint64_t size, int64_t date, size_t index)
{
	struct match_key k = {.date = date, .size = size, .index = (uint32_t)index};

	match_size_key(&k, size);
	return k;
}

/* The message of the target that is the item, if it is listed. */
static const struct tmsg *on_target_of(struct box *b, size_t i)
{
	return b->items[i].got ? there_find(b, b->items[i].got) : NULL;
}

/* Both sizes of each item: as it was sent, and what the target made of it. */
static struct match_key *item_keys(struct box *b, size_t *n_out)
{
	struct match_key *keys = xcalloc(2 * b->coll->n_items + 1, sizeof *keys);
	size_t n = 0;

	for (size_t i = 0; i < b->coll->n_items; i++) {
		const struct tmsg *t = on_target_of(b, i);

		if (b->items[i].state != ITEM_THERE && b->items[i].state != ITEM_ADDED)
			continue;
		keys[n++] = size_key(sent_size(b, (uint32_t)i), b->coll->items[i].date_utc, i);
		if (t && t->size != sent_size(b, (uint32_t)i))
			keys[n++] = size_key(t->size, there_date(t), i);
	}
	*n_out = n;
	return keys;
}

/* Marks what is worth a look. */
static size_t find_candidates(struct counting *c)
{
	struct box *b = c->b;
	struct match_key *there = xcalloc(b->n_there + 1, sizeof *there), *items;
	size_t n = 0, n_items, found;

	for (size_t i = 0; i < b->n_there; i++)
		if (!c->claimed[i] && b->there[i].uid >= c->from)
			there[n++] = size_key(b->there[i].size, there_date(&b->there[i]), i);
	items = n ? item_keys(b, &n_items) : NULL;
	found = n ? match_wanted(
	                    items, n_items, there, n, n > SIZE_ALONE ? MATCH_DATE : 0, c->wanted)
	          : 0;
	free(there);
	free(items);
	return found;
}

static void claim_got(struct box *b, uint8_t *claimed)
{
	for (size_t i = 0; i < b->coll->n_items; i++) {
		const struct tmsg *t = on_target_of(b, i);

		if (t)
			claimed[t - b->there] = 1;
	}
}

bool count_any(struct box *b, uint32_t from)
{
	struct counting c = {.b = b, .from = from, .wanted = xcalloc(b->n_there + 1, 1)};
	uint8_t *claimed = xcalloc(b->n_there + 1, 1);
	bool any;

	c.claimed = claimed;
	claim_got(b, claimed);
	any = !b->w->run->plan.gmail && find_candidates(&c) > 0;
	free(claimed);
	free(c.wanted);
	return any;
}

/* Rewritten by the target as its mate was: the same size and Message-ID. */
static bool is_rewritten_copy(struct box *b, size_t i, const struct seen *s)
{
	const struct tmsg *t = on_target_of(b, i);
	uint8_t id[SHA256_LEN];
	struct buf head;
	bool has;

	if (!t || !s->has_msgid || t->size == sent_size(b, (uint32_t)i) ||
	        t->size != b->there[s->index].size)
		return false;
	item_head(b, &b->coll->items[i], &head);
	there_msgid((const char *)head.data, head.len, id, &has);
	buf_clear(&head);
	return has && memcmp(id, s->msgid, SHA256_LEN) == 0;
}

static int sha_cmp(const void *a, const void *b)
{
	return memcmp(
	        ((const struct match_key *)a)->key, ((const struct match_key *)b)->key, SHA256_LEN);
}

/* What there is of the archive, by the octets that were sent. */
static struct match_key *sent_keys(struct box *b, size_t *n_out)
{
	struct match_key *keys = xcalloc(b->coll->n_items + 1, sizeof *keys);
	size_t n = 0;

	for (size_t i = 0; i < b->coll->n_items; i++) {
		if (b->items[i].state != ITEM_THERE && b->items[i].state != ITEM_ADDED)
			continue;
		memcpy(keys[n].key, sent_sha256(b, (uint32_t)i), SHA256_LEN);
		keys[n++].index = (uint32_t)i;
	}
	SORT(keys, n, sha_cmp);
	*n_out = n;
	return keys;
}

static size_t copy_of(
        struct box *b, const struct match_key *sent, size_t n_sent, const struct seen *s)
{
	struct match_key key;
	const struct match_key *k;

	memcpy(key.key, s->sha256, SHA256_LEN);
	k = FIND(&key, sent, n_sent, sha_cmp);
	if (k)
		return k->index;
	for (size_t i = 0; i < b->coll->n_items; i++)
		if (is_rewritten_copy(b, i, s))
			return i;
	return SIZE_MAX;
}

static void say_double(struct box *b, size_t i, const struct tmsg *t)
{
	struct buf head;

	b->sum.doubled++;
	item_head(b, &b->coll->items[i], &head);
	say_item(b, SAY_WARNING, &b->coll->items[i], (const char *)head.data, head.len,
	        "is there once more than in the archive (UID %u of the target): an interrupted or "
	        "another restore stored it, too; delete one if you do not want both",
	        t->uid);
	buf_clear(&head);
}

int box_count(struct box *b, uint32_t from, const uint8_t *known, struct err *err)
{
	struct counting c = {.b = b, .from = from, .wanted = xcalloc(b->n_there + 1, 1)};
	uint8_t *claimed = xcalloc(b->n_there + 1, 1);
	struct match_key *sent;
	struct seen *seen = NULL;
	size_t n = 0, n_sent;
	int rc = 0;

	if (known)
		memcpy(claimed, known, b->n_there);
	claim_got(b, claimed);
	c.claimed = claimed;
	/* Gmail keeps a content once, and shows it in the mailbox of each label. */
	if (!b->w->run->plan.gmail && find_candidates(&c))
		rc = there_hash(b, c.wanted, &seen, &n, err);
	sent = sent_keys(b, &n_sent);
	for (size_t k = 0; k < n && rc == 0; k++) {
		size_t i = copy_of(b, sent, n_sent, &seen[k]);

		if (i != SIZE_MAX)
			say_double(b, i, &b->there[seen[k].index]);
	}
	free(sent);
	free(seen);
	free(claimed);
	free(c.wanted);
	return rc;
}
