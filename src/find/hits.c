/* The contents that were found. */
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>
#include "internal.h"

void find_key(enum coll_kind kind, const uint8_t sha256[SHA256_LEN], uint8_t out[FIND_KEY_LEN])
{
	out[0] = (uint8_t)kind;
	memcpy(out + 1, sha256, SHA256_LEN);
}

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, FIND_KEY_LEN);
}

void find_hits_add(struct find_hits *h, const uint8_t key[FIND_KEY_LEN])
{
	memcpy(*ARR_PUSH(h->keys, h->n, h->cap), key, FIND_KEY_LEN);
}

void find_hits_sort(struct find_hits *h)
{
	SORT(h->keys, h->n, by_key);
}

bool find_has(const struct find_hits *h, enum coll_kind kind, const uint8_t sha256[SHA256_LEN])
{
	uint8_t key[FIND_KEY_LEN];

	find_key(kind, sha256, key);
	return FIND(key, h->keys, h->n, by_key) != NULL;
}

uint64_t find_unread(const struct find_hits *h)
{
	return h->unread;
}

void find_hits_free(struct find_hits *h)
{
	if (!h)
		return;
	free(h->keys);
	free(h);
}
