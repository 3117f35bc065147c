/*
 * What stands on the target more often than in the archive, and was not there before this
 * archive's restores began: what an interrupted run, or another one at the same time,
 * stored besides. The listing that is there anyway says what is worth a look; only such
 * messages are read.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "restore/imap/run.h"

enum {
	/*
	 * of so many strangers a size is enough to read one; else the date must be equal,
	 * too
	 */
	SIZE_ALONE = 1000
};

/* Both sizes of each item: as it was sent, and what the target made of it. */
static struct match_key *item_keys(struct box *b, size_t *n_out)
{
	struct match_key *keys = xcalloc(2 * b->coll->n_items + 1, sizeof *keys);
	size_t n = 0;

	for (size_t i = 0; i < b->coll->n_items; i++) {
		const struct tmsg *t = there_of(b, i);

		if (b->items[i].state != ITEM_THERE && b->items[i].state != ITEM_ADDED)
			continue;
		keys[n++] = match_by_size(sent_size(b, (uint32_t)i), b->coll->items[i].date_utc, i);
		if (t && t->size != sent_size(b, (uint32_t)i))
			keys[n++] = match_by_size(t->size, there_date(t), i);
	}
	*n_out = n;
	return keys;
}

/*
 * Marks what is worth a look of what is not ${claimed}. Gmail keeps a content once, and
 * shows it in the mailbox of each label.
 */
static size_t find_candidates(struct box *b, uint32_t from, const uint8_t *claimed, uint8_t *wanted)
{
	struct match_key *there = xcalloc(b->n_there + 1, sizeof *there), *items;
	size_t n = 0, n_items, found = 0;

	for (size_t i = 0; i < b->n_there && !b->w->run->plan.gmail; i++)
		if (!claimed[i] && b->there[i].uid >= from)
			there[n++] = match_by_size(b->there[i].size, there_date(&b->there[i]), i);
	if (n) {
		items = item_keys(b, &n_items);
		found = match_wanted(
		        items, n_items, there, n, n > SIZE_ALONE ? MATCH_DATE : 0, wanted);
		free(items);
	}
	free(there);
	return found;
}

bool count_any(struct box *b, uint32_t from)
{
	uint8_t *claimed = there_claimed(b), *wanted = xcalloc(b->n_there + 1, 1);
	bool any = find_candidates(b, from, claimed, wanted) > 0;

	free(claimed);
	free(wanted);
	return any;
}

/* Rewritten by the target as its mate was: the same size and Message-ID. */
static bool is_rewritten_copy(struct box *b, size_t i, const struct seen *s)
{
	const struct tmsg *t = there_of(b, i);
	struct buf head = buf_of(HEAD_CAP);
	uint8_t id[SHA256_LEN];
	bool has;

	if (!t || !s->has_msgid || t->size == sent_size(b, (uint32_t)i) ||
	        t->size != b->there[s->index].size)
		return false;
	item_head(b, (uint32_t)i, &head);
	has = there_msgid((const char *)head.data, head.len, id);
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
		keys[n++] = match_by_hash(sent_sha256(b, (uint32_t)i), 0, 0, i);
	}
	SORT(keys, n, sha_cmp);
	*n_out = n;
	return keys;
}

/* The item that a message is a copy of, SIZE_MAX: none. */
static size_t copy_of(
        struct box *b, const struct match_key *sent, size_t n_sent, const struct seen *s)
{
	const struct match_key key = match_by_hash(s->sha256, 0, 0, 0);
	const struct match_key *k = FIND(&key, sent, n_sent, sha_cmp);

	if (k)
		return k->index;
	for (size_t i = 0; i < b->coll->n_items; i++)
		if (is_rewritten_copy(b, i, s))
			return i;
	return SIZE_MAX;
}

int box_copies(struct box *b, uint32_t from, const uint8_t *known, copy_fn *found, struct err *err)
{
	uint8_t *claimed = there_claimed(b), *wanted = xcalloc(b->n_there + 1, 1);
	struct match_key *sent;
	struct seen *seen = NULL;
	size_t n = 0, n_sent;
	int rc = 0;

	for (size_t i = 0; i < b->n_there && known; i++)
		claimed[i] |= known[i];
	if (find_candidates(b, from, claimed, wanted))
		rc = there_hash(b, wanted, &seen, &n, err);
	sent = sent_keys(b, &n_sent);
	for (size_t k = 0; k < n && rc == 0; k++) {
		size_t i = copy_of(b, sent, n_sent, &seen[k]);

		if (i != SIZE_MAX)
			found(b, (uint32_t)i, seen[k].index);
	}
	free(sent);
	free(seen);
	free(claimed);
	free(wanted);
	return rc;
}

static void say_copy(struct box *b, uint32_t item, uint32_t copy)
{
	b->sum.doubled++;
	say_item(b, SAY_WARNING, item, true,
	        "is there once more than in the archive (UID %u of the target): an interrupted or "
	        "another restore stored it, too; delete one if you do not want both",
	        b->there[copy].uid);
}

int box_count(struct box *b, uint32_t from, const uint8_t *known, struct err *err)
{
	return box_copies(b, from, known, say_copy, err);
}
