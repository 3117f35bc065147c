/* A hash table of numbers by 64-bit keys. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "keys.h"

/* Where the key is, or belongs; the table is never full. */
static size_t find_place(const struct keys *k, uint64_t key)
{
	size_t i = (size_t)key & (k->size - 1);

	while (k->key[i] && k->key[i] != key)
		i = (i + 1) & (k->size - 1);
	return i;
}

/* Twice as large, each key at its place in that. */
static void grow_table(struct keys *k)
{
	struct keys bigger = {.n = k->n, .size = k->size ? 2 * k->size : 64};

	bigger.key = xcalloc(bigger.size, sizeof *bigger.key);
	bigger.value = xcalloc(bigger.size, sizeof *bigger.value);
	for (size_t i = 0; i < k->size; i++) {
		size_t at;

		if (!k->key[i])
			continue;
		at = find_place(&bigger, k->key[i]);
		bigger.key[at] = k->key[i];
		bigger.value[at] = k->value[i];
	}
	keys_clear(k);
	*k = bigger;
}

bool keys_add(struct keys *k, uint64_t key, uint32_t value)
{
	size_t i;

	if (!key)
		key = 1;
	if (2 * (k->n + 1) > k->size)
		grow_table(k);
	i = find_place(k, key);
	if (k->key[i])
		return false;
	k->key[i] = key;
	k->value[i] = value;
	k->n++;
	return true;
}

bool keys_find(const struct keys *k, uint64_t key, uint32_t *value_out)
{
	size_t i;

	if (!k->size)
		return false;
	i = find_place(k, key ? key : 1);
	if (!k->key[i])
		return false;
	if (value_out)
		*value_out = k->value[i];
	return true;
}

void keys_clear(struct keys *k)
{
	free(k->key);
	free(k->value);
	memset(k, 0, sizeof *k);
}

uint64_t key_of(const char *text)
{
	uint8_t sum[SHA256_LEN];
	uint64_t key;

	sha256_of(text, strlen(text), sum);
	memcpy(&key, sum, sizeof key);
	return key;
}
