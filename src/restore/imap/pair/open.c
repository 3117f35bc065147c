/* Items and messages that are not paired yet, and keys of them. */
#include "pair.h"

struct match_key *pair_keys(size_t n)
{
	return xcalloc(n + 1, sizeof(struct match_key));
}

bool pair_is_look(const struct box *b)
{
	return b->w->run->opts->looked != NULL;
}

size_t pair_open_items(const struct box *b, bool by_size, struct match_key *out)
{
	size_t n = 0;

	for (size_t i = 0; i < b->coll->n_items; i++)
		if (!b->on_target[i])
			out[n++] = match_by_size(by_size ? b->coll->items[i].size : 0,
			        b->coll->items[i].date_utc, i);
	return n;
}

size_t pair_open_there(const struct box *b, bool by_size, struct match_key *out)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n_there; i++)
		if (!b->claimed[i])
			out[n++] = match_by_size(
			        by_size ? b->there[i].size : 0, there_date(&b->there[i]), i);
	return n;
}

size_t pair_count_open(const struct box *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->coll->n_items; i++)
		n += !b->on_target[i];
	return n;
}
