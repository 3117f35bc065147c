/*
 * Messages known by size, date and header: what a look that does not read everything is
 * content with where the journal says nothing.
 */
#include <stdlib.h>
#include <string.h>
#include "pair.h"

/* A header and the size of the whole message as key. */
static struct match_key head_key(const struct seen *s)
{
	uint8_t both[SHA256_LEN + sizeof s->size], sum[SHA256_LEN];

	memcpy(both, s->head, SHA256_LEN);
	memcpy(both + SHA256_LEN, &s->size, sizeof s->size);
	sha256_of(both, sizeof both, sum);
	return match_by_hash(sum, s->date, s->size, s->index);
}

/* The headers of the items ${mine}, as far as the archive gives them. */
static size_t read_heads(struct box *b, const uint8_t *mine, struct match_key *out)
{
	size_t n = 0;

	for (uint32_t i = 0; i < b->coll->n_items; i++) {
		struct seen s;

		if (!mine[i])
			continue;
		item_look_head(b, i, &s);
		if (!s.broken)
			out[n++] = head_key(&s);
	}
	return n;
}

int pair_heads(struct box *b, unsigned rule, struct err *err)
{
	struct match_key *items = pair_keys(b->coll->n_items), *there = pair_keys(b->n_there);
	uint8_t *wanted = xcalloc(b->n_there + 1, 1), *mine = xcalloc(b->coll->n_items + 1, 1);
	size_t n_items = pair_open_items(b, true, items), n_there = pair_open_there(b, true, there),
	       n = 0;
	struct seen *seen = NULL;
	int rc = 0;

	if (match_wanted(there, n_there, items, n_items, rule, mine)) {
		match_wanted(items, n_items, there, n_there, rule, wanted);
		rc = there_hash_heads(b, wanted, &seen, &n, err);
	}
	for (size_t i = 0; i < b->coll->n_items; i++)
		mine[i] = mine[i] && !pair_is_fragile(b, i);
	if (rc == 0 && n) {
		n_items = read_heads(b, mine, items);
		for (size_t i = 0; i < n; i++)
			there[i] = head_key(&seen[i]);
		match_pairs(items, n_items, there, n, rule, b->on_target, b->claimed);
	}
	free(seen);
	free(items);
	free(there);
	free(wanted);
	free(mine);
	return rc;
}
