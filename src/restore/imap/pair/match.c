/* Which messages of the archive are which of the target, as multisets. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/buf.h"
#include "valise/base/lookup.h"
#include "valise/format/header.h"
#include "match.h"

struct match_key match_by_hash(
        const uint8_t hash[SHA256_LEN], int64_t date, uint64_t size, size_t index)
{
	struct match_key k = {.date = date, .size = size, .index = (uint32_t)index};

	memcpy(k.key, hash, sizeof k.key);
	return k;
}

struct match_key match_by_size(uint64_t size, int64_t date, size_t index)
{
	struct match_key k = {.date = date, .size = size, .index = (uint32_t)index};

	/* only ever compared for equality and a stable order */
	memcpy(k.key, &size, sizeof size);
	return k;
}

/* Order of two keys under a rule, the index left out. */
static int group_cmp(const struct match_key *a, const struct match_key *b, unsigned rule)
{
	int c = memcmp(a->key, b->key, sizeof a->key);

	if (c || !(rule & MATCH_DATE))
		return c;
	return ORDER_OF(a->date, b->date);
}

static int by_key(const void *pa, const void *pb)
{
	const struct match_key *a = pa, *b = pb;
	int c = group_cmp(a, b, 0);

	return c ? c : ORDER_OF(a->index, b->index);
}

static int by_key_date(const void *pa, const void *pb)
{
	const struct match_key *a = pa, *b = pb;
	int c = group_cmp(a, b, MATCH_DATE);

	return c ? c : ORDER_OF(a->index, b->index);
}

static void sort_keys(struct match_key *k, size_t n, unsigned rule)
{
	SORT(k, n, rule & MATCH_DATE ? by_key_date : by_key);
}

/* The end of the group that starts at ${i}. */
static size_t group_end(const struct match_key *k, size_t i, size_t n, unsigned rule)
{
	size_t end = i;

	while (end < n && group_cmp(&k[i], &k[end], rule) == 0)
		end++;
	return end;
}

/*
 * Pair within one group; *from: what comes before it in b is claimed, which keeps large
 * groups of equal messages cheap.
 */
static bool pair_one(const struct match_key *a, const struct match_key *b, size_t *from, size_t end,
        unsigned rule, uint32_t *mate, uint8_t *claimed)
{
	while (*from < end && claimed[b[*from].index])
		++*from;
	for (size_t j = *from; j < end; j++) {
		if (claimed[b[j].index] || b[j].none)
			continue;
		if ((rule & MATCH_OTHER_SIZE) && a->size == b[j].size)
			continue;
		claimed[b[j].index] = 1;
		mate[a->index] = b[j].index + 1;
		return true;
	}
	return false;
}

size_t match_pairs(struct match_key *a, size_t na, struct match_key *b, size_t nb, unsigned rule,
        uint32_t *mate, uint8_t *claimed)
{
	size_t paired = 0, i = 0, j = 0;

	sort_keys(a, na, rule);
	sort_keys(b, nb, rule);
	while (i < na && j < nb) {
		int c = group_cmp(&a[i], &b[j], rule);
		size_t a_end, b_end;

		if (c < 0) {
			i++;
			continue;
		}
		if (c > 0) {
			j++;
			continue;
		}
		a_end = group_end(a, i, na, rule);
		b_end = group_end(b, j, nb, rule);
		for (; i < a_end; i++)
			if (!a[i].none && !mate[a[i].index])
				paired += pair_one(&a[i], b, &j, b_end, rule, mate, claimed);
		j = b_end;
	}
	return paired;
}

size_t match_wanted(struct match_key *a, size_t na, struct match_key *b, size_t nb, unsigned rule,
        uint8_t *wanted)
{
	size_t n = 0, i = 0, j = 0;

	sort_keys(a, na, rule);
	sort_keys(b, nb, rule);
	while (i < na && j < nb) {
		int c = group_cmp(&a[i], &b[j], rule);

		if (c < 0) {
			i++;
		} else {
			if (c == 0 && !wanted[b[j].index]) {
				wanted[b[j].index] = 1;
				n++;
			}
			j++;
		}
	}
	return n;
}

size_t match_twins(struct match_key *k, size_t n, uint8_t *wanted)
{
	size_t any = 0;

	sort_keys(k, n, MATCH_DATE);
	for (size_t i = 0; i < n;) {
		size_t end = group_end(k, i, n, MATCH_DATE);
		bool alone = end - i == 1;

		for (; i < end; i++) {
			any += !alone && !wanted[k[i].index];
			wanted[k[i].index] |= !alone;
		}
	}
	return any;
}

struct taken taken_of(size_t nth, size_t n, const uint32_t *uids, size_t n_uids)
{
	if (n_uids == 0)
		return (struct taken){0, 0};
	if (n_uids == n)
		return (struct taken){uids[nth], uids[nth]};
	return (struct taken){uids[0], uids[n_uids - 1]};
}

bool taken_is_there(struct taken t, const uint32_t *uids, size_t n_uids)
{
	size_t i;

	LOOKUP_FIRST(i, n_uids, uids[i] < t.from);
	return i < n_uids && uids[i] <= t.to;
}

void loose_start(struct loose *l)
{
	sha256_start(&l->hash);
	l->held_lf = l->n_nul = l->n_80 = 0;
}

/* Octets that count, and the line ends that were held back before them. */
static void loose_put(struct loose *l, const uint8_t *p, size_t n)
{
	for (; n && l->held_lf; l->held_lf--)
		sha256_add(&l->hash, "\n", 1);
	sha256_add(&l->hash, p, n);
}

void loose_add(struct loose *l, const void *p, size_t n)
{
	const uint8_t *s = p;
	size_t start = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '\r' && s[i] != '\n' && s[i] != 0 && s[i] != 0x80)
			continue;
		loose_put(l, s + start, i - start);
		l->held_lf += s[i] == '\n';
		l->n_nul += s[i] == 0;
		l->n_80 += s[i] == 0x80;
		start = i + 1;
	}
	loose_put(l, s + start, n - start);
}

void loose_end(struct loose *l, uint8_t out[SHA256_LEN])
{
	sha256_end(&l->hash, out);
}

void text_start(struct text *t)
{
	memset(t, 0, sizeof *t);
	loose_start(&t->body);
	t->line_empty = true;
}

void text_add(struct text *t, const void *p, size_t n)
{
	const uint8_t *s = p;
	size_t i = 0;

	for (; i < n && !t->in_body; i++) {
		if (s[i] == '\n') {
			t->in_body = t->line_empty;
			t->line_empty = true;
		} else if (s[i] != '\r') {
			t->line_empty = false;
		}
	}
	for (size_t k = i; k < n && !t->any; k++)
		t->any = s[k] > ' ';
	loose_add(&t->body, s + i, n - i);
}

bool text_end(struct text *t, const char *head, size_t n, uint8_t fields[SHA256_LEN],
        uint8_t body[SHA256_LEN], uint8_t out[SHA256_LEN])
{
	static const char *const names[] = {"From", "To", "Date", "Subject"};
	struct buf key;
	bool known = false;

	loose_end(&t->body, body);
	buf_init(&key, 4 * (n + 16) + SHA256_LEN);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		known |= header_find(head, header_length(head, n), names[i], &key);
		buf_putc(&key, '\n');
	}
	sha256_of(key.data, key.len, fields);
	buf_put(&key, body, SHA256_LEN);
	sha256_of(key.data, key.len, out);
	buf_clear(&key);
	return known && t->any;
}
