/* Which listed messages the last snapshot has under another UID: by size, date, key. */
#include "match.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/format/header.h"

static int cmp_place(const struct trait *a, const struct trait *b)
{
	if (a->date_utc != b->date_utc)
		return a->date_utc < b->date_utc ? -1 : 1;
	return (a->size > b->size) - (a->size < b->size);
}

static int cmp_trait(const struct trait *a, const struct trait *b)
{
	int c = cmp_place(a, b);

	if (c == 0)
		c = a->has_key - b->has_key;
	return c ? c : memcmp(a->key, b->key, MATCH_KEY);
}

static int cmp_wants(const void *a, const void *b)
{
	return cmp_trait(&((const struct want *)a)->is, &((const struct want *)b)->is);
}

static int cmp_haves(const void *a, const void *b)
{
	return cmp_trait(&((const struct have *)a)->is, &((const struct have *)b)->is);
}

void match_sort_wants(struct want *wants, size_t n)
{
	SORT(wants, n, cmp_wants);
}

size_t match_first(const struct want *wants, size_t n, const struct trait *t)
{
	size_t i;

	LOOKUP_FIRST(i, n, cmp_place(&wants[i].is, t) < 0);
	return i;
}

bool match_is_at(const struct want *wants, size_t n, size_t i, const struct trait *t)
{
	return i < n && cmp_place(&wants[i].is, t) == 0;
}

void match_key(struct trait *t, const char *head, size_t n)
{
	static const char *const fields[] = {"Message-ID", "Date", "From", "To", "Subject"};
	uint8_t sum[SHA256_LEN];
	struct sha256 hash;
	struct buf value = buf_of(HEAD_MAX);

	sha256_start(&hash);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		buf_reset(&value);
		if (!header_find(head, n, fields[i], &value))
			continue;
		t->has_key = true;
		t->has_id |= i == 0 && value.len > 2;
		sha256_add(&hash, fields[i], strlen(fields[i]) + 1);
		sha256_add(&hash, buf_str(&value), value.len + 1);
	}
	sha256_end(&hash, sum);
	memcpy(t->key, sum, MATCH_KEY);
	buf_clear(&value);
}

/*
 * How many haves from ${i} on agree: in all with ${key}, else in date and size. *one_out:
 * they are one content, given to the sink.
 */
static size_t count_haves(const struct have *haves, size_t n, size_t i, const struct trait *t,
        bool key, bool *one_out)
{
	size_t end = i;

	*one_out = true;
	while (end < n &&
	        (key ? cmp_trait(&haves[end].is, t) : cmp_place(&haves[end].is, t)) == 0) {
		*one_out &= memcmp(haves[end].sha256, haves[i].sha256, SHA256_LEN) == 0;
		if (key)
			*one_out &= haves[end].given;
		end++;
	}
	return end - i;
}

/* The wants from ${first} to ${end} agree in date and size, as do the ${n} haves. */
static void decide_place(struct want *wants, size_t first, size_t end, const struct have *haves,
        size_t from, size_t n)
{
	bool alone, one;

	/* One content, and no more messages than items of it. */
	(void)count_haves(haves, n, from, &wants[first].is, false, &alone);
	alone = alone && end - first <= n - from;
	for (size_t i = first, next; i < end; i = next) {
		const struct trait *t = &wants[i].is;
		size_t k = from, same;

		for (next = i + 1; next < end && cmp_trait(&wants[next].is, t) == 0;)
			next++;
		while (k < n && cmp_trait(&haves[k].is, t) < 0)
			k++;
		same = count_haves(haves, n, k, t, true, &one);
		if (!t->has_key || !one || same < next - i || (!t->has_id && !alone))
			continue;
		for (size_t j = i; j < next; j++)
			wants[j].found = k + 1;
	}
}

void match_decide(struct want *wants, size_t n_wants, struct have *haves, size_t n_haves)
{
	size_t h = 0;

	match_sort_wants(wants, n_wants);
	SORT(haves, n_haves, cmp_haves);
	for (size_t i = 0, end; i < n_wants; i = end) {
		size_t h_end;

		for (end = i + 1; end < n_wants && cmp_place(&wants[end].is, &wants[i].is) == 0;)
			end++;
		while (h < n_haves && cmp_place(&haves[h].is, &wants[i].is) < 0)
			h++;
		for (h_end = h; h_end < n_haves && cmp_place(&haves[h_end].is, &wants[i].is) == 0;)
			h_end++;
		if (h_end > h)
			decide_place(wants, i, end, haves, h, h_end);
	}
}
