#ifndef VALISE_FETCH_MAPI_STATE_H
#define VALISE_FETCH_MAPI_STATE_H

#include "valise/outlook/fx.h"
#include "valise/outlook/idset.h"

/*
 * What a server is told of what is here (MS-OXCFXICS 2.2.1.1): the ids of items and the change
 * numbers that they came with. Its own state of the last time says it as a whole; one that is
 * made of source keys and change keys says it of those items that are here. Pure.
 */
struct sync_state {
	struct idset given; /* MetaTagIdsetGiven */
	struct idset seen, seen_fai; /* MetaTagCnsetSeen, MetaTagCnsetSeenFAI */
	struct idset read; /* MetaTagCnsetRead */
};
void sync_state_clear(struct sync_state *s);
/* ERR_PROTO: it is none that we understand, and ${s} is of no use. */
int sync_state_read(struct sync_state *s, const void *p, size_t n, struct err *err) MUST_CHECK;
/*
 * An item is here as its server had it: keys in hexadecimal. A key that is no id of its server
 * (XID of another replica, of another length) is passed over: then the item comes again.
 */
int sync_state_add(
        struct sync_state *s, const char *key, const char *change, struct err *err) MUST_CHECK;
/* Appended. ERR_LIMIT: the buffer's. */
int sync_state_write(struct sync_state *s, struct buf *out, struct err *err) MUST_CHECK;
/* Has it seen changes of a replica that the other one has not come to? */
bool sync_state_is_ahead(const struct sync_state *of, const struct sync_state *than);

/* Which number a server has for a replica, as headers show them together. */
enum { REPLICAS_MAX = 64 };
struct replicas {
	struct {
		uint8_t guid[16];
		uint16_t id;
	} list[REPLICAS_MAX];
	size_t n;
};
/* ${key}: 22 octets, of an item whose id is ${mid}. */
void replicas_learn(struct replicas *r, const uint8_t *key, uint64_t mid);
/* What a server says of its items by ids: gone, read, unread. */
struct sync_ids {
	struct idset gone, read, unread;
};
void sync_ids_clear(struct sync_ids *s);
/* Is the item with this source key (hexadecimal) one of ${s}, a set with replica ids? */
bool ids_have(const struct idset *s, const struct replicas *r, const char *key);
/* Is the number of its replica known? If not, ids_have goes by its counter alone. */
bool replicas_know(const struct replicas *r, const char *key);

#endif
