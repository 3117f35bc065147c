#ifndef RESTORE_MAPI_PAIR_H
#define RESTORE_MAPI_PAIR_H

#include "valise/proto/mapi/store.h"

/*
 * Which message of a folder is which item of the archive. Pure. A message stands for one item,
 * as often as it is there. In this order:
 *   1  the message that an earlier restore noted for the item
 *   2  one of the same search key
 *   3  one of the same Message-ID, date and class: where the server gave it a key of its own
 */
#define PAIR_NONE UINT32_MAX

/* What an item or a message is known by. */
struct pair_key {
	uint8_t key[16]; /* of its search key, mapi_pair_sum; all 0: it has none */
	uint8_t about[16]; /* mapi_pair_about; all 0: not known */
};
struct pair_item {
	struct pair_key k;
	mapi_id noted; /* by the journal; 0: nothing */
	bool is_meant; /* to be paired: others are passed over */
	uint32_t row; /* PAIR_NONE: it is not there */
	bool is_shared; /* others have its search key, as copies do: which is which it does not say
	                 */
};
struct pair_row {
	struct pair_key k;
	mapi_id id;
	uint64_t size;
	uint32_t flags;
	uint32_t item; /* PAIR_NONE: nothing of the archive */
};
/* Rows sorted by id. Sets row of each item that is meant, and item of each row. */
void mapi_pair_match(struct pair_item *items, size_t n_items, struct pair_row *rows, size_t n_rows);
/* The row of this id, or PAIR_NONE. */
uint32_t mapi_pair_find(const struct pair_row *rows, size_t n_rows, mapi_id id);
/* Rows that no item has, of the key of an item: how often it is there beyond the archive. */
void mapi_pair_surplus(const struct pair_item *items, size_t n_items, const struct pair_row *rows,
        size_t n_rows, void (*more)(void *ctx, uint32_t item, mapi_id id), void *ctx);

/* The first 16 octets of the SHA-256 of a search key; none: 0. */
void mapi_pair_sum(const uint8_t *search_key, size_t n, uint8_t out[16]);
/* The same of Message-ID, date (seconds) and class; without a Message-ID or a date 0. */
void mapi_pair_about(const char *message_id, int64_t date, const char *class, uint8_t out[16]);
bool mapi_pair_is_set(const uint8_t sum[16]);

#endif
