/* Which message of a folder is which item of the archive. */
#include "pair.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/hash.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { SUM = 16 };

bool mapi_pair_is_set(const uint8_t sum[16])
{
	static const uint8_t none[SUM];

	return memcmp(sum, none, SUM) != 0;
}

static void sum_of(const void *p, size_t n, uint8_t out[16])
{
	uint8_t all[SHA256_LEN];

	sha256_of(p, n, all);
	memcpy(out, all, SUM);
}

void mapi_pair_sum(const uint8_t *search_key, size_t n, uint8_t out[16])
{
	memset(out, 0, SUM);
	if (search_key && n)
		sum_of(search_key, n, out);
}

void mapi_pair_about(const char *message_id, int64_t date, const char *class, uint8_t out[16])
{
	size_t n = message_id ? strlen(message_id) : 0;
	char *text, *lower;

	memset(out, 0, SUM);
	if (n)
		text_trim(&message_id, &n);
	if (!n || date == INT64_MIN)
		return;
	lower = text_lower(xstrdup(class ? class : ""));
	text = xasprintf("%.*s\n%lld\n%s", (int)MIN(n, 65536u), message_id, (long long)date, lower);
	sum_of(text, strlen(text), out);
	free(lower);
	free(text);
}

uint32_t mapi_pair_find(const struct pair_row *rows, size_t n_rows, mapi_id id)
{
	size_t i = 0;

	LOOKUP_FIRST(i, n_rows, rows[i].id < id);
	return i < n_rows && rows[i].id == id ? (uint32_t)i : PAIR_NONE;
}

/* An item or row in the order of one of its sums. */
struct sorted {
	uint8_t sum[SUM];
	uint32_t at;
};

static int by_sum(const void *p, const void *q)
{
	const struct sorted *a = p, *b = q;
	int order = memcmp(a->sum, b->sum, SUM);

	return order ? order : ORDER_OF(a->at, b->at);
}

static const uint8_t *sum_in(const struct pair_key *k, bool about)
{
	return about ? k->about : k->key;
}

static void add(struct sorted *list, size_t *n, const uint8_t *sum, size_t at)
{
	if (!mapi_pair_is_set(sum))
		return;
	memcpy(list[*n].sum, sum, SUM);
	list[(*n)++].at = (uint32_t)at;
}

static void join(struct pair_item *items, uint32_t i, struct pair_row *rows, uint32_t r)
{
	items[i].row = r;
	rows[r].item = i;
}

/* Those that are left on both sides, by one of their sums, in their order. */
static void match_by(
        struct pair_item *items, size_t n_items, struct pair_row *rows, size_t n_rows, bool about)
{
	struct sorted *a = xcalloc(n_items + 1, sizeof *a), *b = xcalloc(n_rows + 1, sizeof *b);
	size_t n_a = 0, n_b = 0, i = 0, k = 0;

	for (i = 0; i < n_items; i++)
		if (items[i].is_meant && items[i].row == PAIR_NONE)
			add(a, &n_a, sum_in(&items[i].k, about), i);
	for (k = 0; k < n_rows; k++)
		if (rows[k].item == PAIR_NONE)
			add(b, &n_b, sum_in(&rows[k].k, about), k);
	SORT(a, n_a, by_sum);
	SORT(b, n_b, by_sum);
	for (i = 1; i < n_a && !about; i++)
		if (memcmp(a[i - 1].sum, a[i].sum, SUM) == 0)
			items[a[i - 1].at].is_shared = items[a[i].at].is_shared = true;
	for (i = k = 0; i < n_a && k < n_b;) {
		int order = memcmp(a[i].sum, b[k].sum, SUM);

		if (order == 0)
			join(items, a[i++].at, rows, b[k++].at);
		else if (order < 0)
			i++;
		else
			k++;
	}
	free(a);
	free(b);
}

void mapi_pair_match(struct pair_item *items, size_t n_items, struct pair_row *rows, size_t n_rows)
{
	for (size_t i = 0; i < n_items; i++)
		items[i].row = PAIR_NONE;
	for (size_t k = 0; k < n_rows; k++)
		rows[k].item = PAIR_NONE;
	for (size_t i = 0; i < n_items; i++) {
		uint32_t r = items[i].is_meant && items[i].noted
		                     ? mapi_pair_find(rows, n_rows, items[i].noted)
		                     : PAIR_NONE;

		if (r != PAIR_NONE && rows[r].item == PAIR_NONE)
			join(items, (uint32_t)i, rows, r);
	}
	match_by(items, n_items, rows, n_rows, false);
	match_by(items, n_items, rows, n_rows, true);
}

void mapi_pair_surplus(const struct pair_item *items, size_t n_items, const struct pair_row *rows,
        size_t n_rows, void (*more)(void *ctx, uint32_t item, mapi_id id), void *ctx)
{
	struct sorted *a = xcalloc(n_items + 1, sizeof *a);
	size_t n = 0;

	for (size_t i = 0; i < n_items; i++)
		if (items[i].is_meant)
			add(a, &n, items[i].k.key, i);
	SORT(a, n, by_sum);
	for (size_t k = 0; k < n_rows; k++) {
		size_t i = 0;

		if (rows[k].item != PAIR_NONE || !mapi_pair_is_set(rows[k].k.key))
			continue;
		LOOKUP_FIRST(i, n, memcmp(a[i].sum, rows[k].k.key, SUM) < 0);
		if (i < n && memcmp(a[i].sum, rows[k].k.key, SUM) == 0)
			more(ctx, a[i].at, rows[k].id);
	}
	free(a);
}
