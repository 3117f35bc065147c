/* Huffman codes of a dynamic deflate block (RFC 1951 3.2.2, 3.2.7). */
#include "huffman.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/*
 * Moffat and Katajainen, "In-place calculation of minimum-redundancy codes": a[] holds
 * ${n} >= 2 frequencies, ascending, and gets the code lengths.
 */
static void minimum_redundancy(uint32_t *a, int n)
{
	int leaf = 2, root = 0, next, avail, used, depth;

	a[0] += a[1];
	for (next = 1; next < n - 1; next++) {
		if (leaf >= n || a[root] < a[leaf]) {
			a[next] = a[root];
			a[root++] = (uint32_t)next;
		} else {
			a[next] = a[leaf++];
		}
		if (leaf >= n || (root < next && a[root] < a[leaf])) {
			a[next] += a[root];
			a[root++] = (uint32_t)next;
		} else {
			a[next] += a[leaf++];
		}
	}
	a[n - 2] = 0;
	for (next = n - 3; next >= 0; next--)
		a[next] = a[a[next]] + 1;
	avail = 1;
	used = depth = 0;
	root = n - 2;
	next = n - 1;
	while (avail > 0) {
		while (root >= 0 && (int)a[root] == depth) {
			used++;
			root--;
		}
		while (avail > used) {
			a[next--] = (uint32_t)depth;
			avail--;
		}
		avail = 2 * used;
		depth++;
		used = 0;
	}
}

/*
 * Codes longer than ${max} become that long; shorter ones are lengthened until the code
 * is complete again.
 */
static void limit_lengths(uint32_t count[], unsigned max, unsigned longest)
{
	uint64_t total = 0;

	for (unsigned i = max + 1; i <= longest; i++)
		count[max] += count[i];
	for (unsigned i = 1; i <= max; i++)
		total += (uint64_t)count[i] << (max - i);
	for (; total > (uint64_t)1 << max; total--) {
		unsigned i = max - 1;

		count[max]--;
		while (count[i] == 0)
			i--;
		count[i]--;
		count[i + 1] += 2;
	}
}

static uint16_t reverse_code(unsigned code, unsigned len)
{
	unsigned out = 0;

	for (; len > 0; len--, code >>= 1)
		out = out << 1 | (code & 1);
	return (uint16_t)out;
}

static void assign_codes(struct huffman *h, size_t n, const uint32_t count[])
{
	unsigned next[CODE_MAX + 2] = {0}, code = 0;

	for (unsigned i = 1; i <= CODE_MAX; i++) {
		next[i] = code;
		code = (code + count[i]) << 1;
	}
	for (size_t s = 0; s < n; s++)
		h->code[s] = h->len[s] ? reverse_code(next[h->len[s]]++, h->len[s]) : 0;
}

#define FREQ_BITS 20 /* blocks are shorter than 1 << 20 */
#define DEPTH_MAX 40 /* a code of depth d needs about Fibonacci(d) symbols in its block */

void huffman_build(struct huffman *h, size_t n, unsigned max)
{
	uint32_t order[LITLEN_SYMBOLS + 2], a[LITLEN_SYMBOLS + 2] = {0}, count[DEPTH_MAX] = {0};
	size_t used = 0;
	unsigned len;

	for (size_t s = 0; s < n; s++)
		if (h->freq[s] > 0)
			order[used++] = h->freq[s] << (32 - FREQ_BITS - 1) | (uint32_t)s;
	/* Some readers refuse a code of fewer than two symbols. */
	for (uint32_t s = 0; used < 2; s++)
		if (h->freq[s] == 0)
			order[used++] = s;
	SORT(order, used, by_number);
	for (size_t i = 0; i < used; i++)
		a[i] = order[i] >> (32 - FREQ_BITS - 1);
	minimum_redundancy(a, (int)used);
	for (size_t i = 0; i < used; i++)
		count[a[i]]++;
	limit_lengths(count, max, a[0]);
	memset(h->len, 0, sizeof h->len);
	len = max;
	for (size_t i = 0; i < used; i++) {
		while (count[len] == 0)
			len--;
		count[len]--;
		h->len[order[i] & 0x7ff] = (uint8_t)len;
	}
	memset(count, 0, sizeof count);
	for (size_t s = 0; s < n; s++)
		count[h->len[s]]++;
	count[0] = 0;
	assign_codes(h, n, count);
}

/*
 * The order in which the lengths of the code length code stand, and the extra bits of its
 * symbols.
 */
static const uint8_t length_order[19] = {
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

static unsigned extra_bits(unsigned item)
{
	return item < 16 ? 0 : item == 16 ? 2 : item == 17 ? 3 : 7;
}

static void add_item(struct block_head *b, unsigned item, size_t extra)
{
	b->item[b->n_items] = (uint8_t)item;
	b->extra[b->n_items++] = (uint8_t)extra;
	b->lengths.freq[item]++;
}

/*
 * ${n} equal lengths as items: 16 repeats the one before 3-6 times, 17 and 18 are 3-10
 * and 11-138 zeros.
 */
static void add_run(struct block_head *b, uint8_t len, size_t n)
{
	size_t now;

	if (len != 0) {
		add_item(b, len, 0);
		n--;
	}
	for (; n >= 3; n -= now) {
		now = len != 0 ? MIN(n, 6) : (MIN(n, 138));
		if (len != 0)
			add_item(b, 16, now - 3);
		else if (now <= 10)
			add_item(b, 17, now - 3);
		else
			add_item(b, 18, now - 11);
	}
	while (n-- > 0)
		add_item(b, len, 0);
}

void block_head_make(struct block_head *b, const struct huffman *litlen, const struct huffman *dist)
{
	uint8_t all[LITLEN_SYMBOLS + DIST_SYMBOLS];
	size_t n, run;

	for (b->n_litlen = LITLEN_SYMBOLS; litlen->len[b->n_litlen - 1] == 0;)
		b->n_litlen--;
	for (b->n_dist = DIST_SYMBOLS; dist->len[b->n_dist - 1] == 0;)
		b->n_dist--;
	memcpy(all, litlen->len, b->n_litlen);
	memcpy(all + b->n_litlen, dist->len, b->n_dist);
	n = b->n_litlen + b->n_dist;
	memset(b->lengths.freq, 0, sizeof b->lengths.freq);
	b->n_items = 0;
	for (size_t i = 0; i < n; i += run) {
		for (run = 1; i + run < n && all[i + run] == all[i];)
			run++;
		add_run(b, all[i], run);
	}
	huffman_build(&b->lengths, 19, 7);
	for (b->n_lengths = 19; b->lengths.len[length_order[b->n_lengths - 1]] == 0;)
		b->n_lengths--;
	b->size = 3 + 5 + 5 + 4 + 3 * b->n_lengths;
	for (size_t i = 0; i < b->n_items; i++)
		b->size += b->lengths.len[b->item[i]] + extra_bits(b->item[i]);
}

void block_head_put(const struct block_head *b, int final, struct bits *out)
{
	bits_put(out, (unsigned) final | 2 << 1, 3);
	bits_put(out, b->n_litlen - 257, 5);
	bits_put(out, b->n_dist - 1, 5);
	bits_put(out, b->n_lengths - 4, 4);
	bits_flush(out);
	for (size_t i = 0; i < b->n_lengths; i++) {
		bits_put(out, b->lengths.len[length_order[i]], 3);
		bits_flush(out);
	}
	for (size_t i = 0; i < b->n_items; i++) {
		bits_put(out, b->lengths.code[b->item[i]], b->lengths.len[b->item[i]]);
		bits_put(out, b->extra[i], extra_bits(b->item[i]));
		bits_flush(out);
	}
}
