#ifndef VALISE_RESTORE_DAV_KEYS_H
#define VALISE_RESTORE_DAV_KEYS_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>

/* Numbers by 64-bit keys that are hashes already. Zeroed is empty. */
struct keys {
	uint64_t *key; /* 0: free */
	uint32_t *value;
	size_t n, size;
};
/* False, and nothing is changed, when it is there. */
bool keys_add(struct keys *k, uint64_t key, uint32_t value);
bool keys_find(const struct keys *k, uint64_t key, uint32_t *value_out /* may be NULL */);
void keys_clear(struct keys *k);

/* The first 8 octets of the SHA-256 of a text. */
uint64_t key_of(const char *text);

#endif
