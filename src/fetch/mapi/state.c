/* What a server is told of what is here, and what it says by ids (MS-OXCFXICS 2.2.1.1). Pure. */
#include "fetch/mapi/state.h"
#include "valise/base/hash.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"

enum {
	TAG_GIVEN = 0x40170003, /* a number by its tag, octets in a stream */
	TAG_SEEN = 0x67960102,
	TAG_SEEN_FAI = 0x67da0102,
	TAG_READ = 0x67d20102,
	XID = 22, /* octets of a GUID and a counter */
	GUID = 16,
	ANYWHERE_MAX = 4096, /* ranges that are looked at for a replica that nobody knows */
};

void sync_state_clear(struct sync_state *s)
{
	idset_clear(&s->given);
	idset_clear(&s->seen);
	idset_clear(&s->seen_fai);
	idset_clear(&s->read);
}

static struct idset *set_of(struct sync_state *s, uint32_t tag)
{
	switch (tag) {
	case TAG_GIVEN:
	case TAG_GIVEN >> 16 << 16 | 0x0102:
		return &s->given;
	case TAG_SEEN:
		return &s->seen;
	case TAG_SEEN_FAI:
		return &s->seen_fai;
	case TAG_READ:
		return &s->read;
	default:
		return NULL;
	}
}

int sync_state_read(struct sync_state *s, const void *octets, size_t n, struct err *err)
{
	const uint8_t *p = octets;
	int rc = 0;

	while (n > 0 && rc == 0) {
		struct idset *set = n < 8 ? NULL : set_of(s, le32(p));
		size_t len = n < 8 ? 0 : le32(p + 4);

		if (!set || len > n - 8)
			return err_set(err, ERR_PROTO, ERR_COLLECTION,
			        "a state of synchronization that is none");
		rc = idset_read(set, IDSET_REPLGUID, p + 8, len, err);
		p += 8 + len;
		n -= 8 + len;
	}
	return rc;
}

/* The id of 22 octets. */
static bool parse_xid(const char *hex, uint8_t out[XID])
{
	return strlen(hex) == 2 * (size_t)XID && hex_parse(hex, out, XID);
}

int sync_state_add(struct sync_state *s, const char *key, const char *change, struct err *err)
{
	uint8_t id[XID], number[XID];
	uint64_t counter;
	int rc;

	if (!parse_xid(key, id) || !parse_xid(change, number))
		return 0;
	counter = idset_counter(id + GUID);
	rc = idset_add(&s->given, id, counter, counter, err);
	counter = idset_counter(number + GUID);
	if (rc == 0)
		rc = idset_add(&s->seen, number, counter, counter, err);
	return rc < 0 ? rc : idset_add(&s->seen_fai, number, counter, counter, err);
}

static int put_set(struct idset *s, uint32_t tag, struct buf *out, struct err *err)
{
	uint8_t head[8];
	size_t at = out->len;
	int rc;

	idset_settle(s);
	le_put(head, tag, 4);
	le_put(head + 4, 0, 4);
	rc = buf_add(out, head, sizeof head);
	if (rc < 0)
		return err_set(err, ERR_LIMIT, ERR_COLLECTION, "a state that is too long");
	rc = idset_write(s, out, err);
	if (rc == 0)
		le_put(out->data + at + 4, out->len - at - sizeof head, 4);
	return rc;
}

int sync_state_write(struct sync_state *s, struct buf *out, struct err *err)
{
	int rc = put_set(&s->given, TAG_GIVEN, out, err);

	if (rc == 0)
		rc = put_set(&s->seen, TAG_SEEN, out, err);
	if (rc == 0)
		rc = put_set(&s->seen_fai, TAG_SEEN_FAI, out, err);
	return rc < 0 ? rc : put_set(&s->read, TAG_READ, out, err);
}

/* The highest counter of a replica; 0: it has none. */
static uint64_t highest(const struct idset *s, const uint8_t replica[GUID])
{
	uint64_t most = 0;

	for (size_t i = 0; i < s->n; i++)
		if (memcmp(s->list[i].replica, replica, GUID) == 0)
			most = MAX(most, s->list[i].high);
	return most;
}

bool sync_state_is_ahead(const struct sync_state *of, const struct sync_state *than)
{
	for (size_t i = 0; i < of->seen.n; i++) {
		const struct idset_range *r = &of->seen.list[i];
		bool is_last = i + 1 == of->seen.n || memcmp(r[1].replica, r->replica, GUID) != 0;

		if (is_last && r->high > highest(&than->seen, r->replica))
			return true;
	}
	return false;
}

/* ---- ids ---- */

void replicas_learn(struct replicas *r, const uint8_t *key, uint64_t mid)
{
	/* one item's id and key say it, if they are of one counter */
	if (idset_counter(key + GUID) != idset_counter_of(mid))
		return;
	for (size_t i = 0; i < r->n; i++)
		if (memcmp(r->list[i].guid, key, GUID) == 0) {
			if (r->list[i].id == (uint16_t)mid)
				return;
			/* its number of the last time is another replica's now */
			r->list[i] = r->list[--r->n];
			break;
		}
	for (size_t i = 0; i < r->n; i++)
		if (r->list[i].id == (uint16_t)mid) {
			r->list[i] = r->list[--r->n];
			break;
		}
	if (r->n == REPLICAS_MAX)
		return;
	memcpy(r->list[r->n].guid, key, GUID);
	r->list[r->n++].id = (uint16_t)mid;
}

void sync_ids_clear(struct sync_ids *s)
{
	idset_clear(&s->gone);
	idset_clear(&s->read);
	idset_clear(&s->unread);
}

/* Of a replica whose number nobody has seen: any that is not another one's. */
static bool has_anywhere(const struct idset *s, const struct replicas *r, uint64_t counter)
{
	for (size_t i = 0; i < MIN(s->n, (size_t)ANYWHERE_MAX); i++) {
		bool is_others = false;

		for (size_t k = 0; k < r->n; k++)
			is_others = is_others || le16(s->list[i].replica) == r->list[k].id;
		if (!is_others && s->list[i].low <= counter && counter <= s->list[i].high)
			return true;
	}
	return false;
}

bool ids_have(const struct idset *s, const struct replicas *r, const char *key)
{
	uint8_t id[XID], replica[16];
	uint64_t counter;

	if (s->n == 0 || !parse_xid(key, id))
		return false;
	counter = idset_counter(id + GUID);
	for (size_t i = 0; i < r->n; i++)
		if (memcmp(r->list[i].guid, id, GUID) == 0) {
			idset_replid(r->list[i].id, replica);
			return idset_has(s, replica, counter);
		}
	return has_anywhere(s, r, counter);
}

bool replicas_know(const struct replicas *r, const char *key)
{
	uint8_t id[XID];

	for (size_t i = 0; parse_xid(key, id) && i < r->n; i++)
		if (memcmp(r->list[i].guid, id, GUID) == 0)
			return true;
	return false;
}
