/*
 * What a synchronization gave at its end (MS-OXCFXICS 2.2.1.1), given back to the server
 * before the next one (2.2.3.2.2).
 */
#include "proto/mapi/transfer.h"
#include "valise/base/le.h"

enum {
	STATE_BEGIN = 0x403a0003, /* IncrSyncStateBegin */
	STATE_END = 0x403b0003,
	IDSET_GIVEN = 0x40170003, /* a binary, whatever its type says (2.2.1.1.1) */
	IDSET_GIVEN_BINARY = 0x40170102,
	CNSET_SEEN = 0x67960102,
	CNSET_SEEN_FAI = 0x67da0102,
	CNSET_READ = 0x67d20102,
	PIECE = 28000, /* of one RopSynchronizationUploadStateStreamContinue */
	OVERHEAD = 3 * 3 + 8 + 4,
};

static bool is_part(uint32_t tag)
{
	return tag == IDSET_GIVEN || tag == IDSET_GIVEN_BINARY || tag == CNSET_SEEN ||
	       tag == CNSET_SEEN_FAI || tag == CNSET_READ;
}

bool state_read(const void *state, size_t n, struct sync_state *out)
{
	struct rop_in in = {state, n, false};

	*out = (struct sync_state){0};
	while (in.n > 0) {
		uint32_t tag = (uint32_t)rop_get(&in, 4);
		struct sync_part part = {.tag = tag == IDSET_GIVEN_BINARY ? IDSET_GIVEN : tag};

		if (!in.is_short && (tag == STATE_BEGIN || tag == STATE_END))
			continue;
		if (!is_part(tag) || out->n == COUNT(out->parts))
			return false;
		part.n = (size_t)rop_get(&in, 4);
		part.p = rop_get_octets(&in, part.n);
		if (in.is_short)
			return false;
		out->parts[out->n++] = part;
	}
	return out->n > 0;
}

size_t state_cost(const struct sync_state *st)
{
	size_t all = 0;

	for (size_t i = 0; i < st->n; i++)
		all += OVERHEAD + st->parts[i].n;
	return all;
}

static void put_begin(
        struct rop_call *c, unsigned slot, const struct sync_part *part, struct rop_fate *fate)
{
	rop_begin(c, ROP_SYNC_STATE_BEGIN, slot, fate, NULL, NULL);
	rop_put(c, part->tag, 4);
	rop_put(c, part->n, 4);
}

static void put_piece(
        struct rop_call *c, unsigned slot, const struct sync_part *piece, struct rop_fate *fate)
{
	rop_begin(c, ROP_SYNC_STATE_CONTINUE, slot, fate, NULL, NULL);
	rop_put(c, piece->n, 4);
	rop_put_octets(c, piece->p, piece->n);
}

void state_put(
        struct rop_call *c, unsigned slot, const struct sync_part *part, struct rop_fate *fate)
{
	put_begin(c, slot, part, fate);
	put_piece(c, slot, part, fate);
	rop_begin(c, ROP_SYNC_STATE_END, slot, fate, NULL, NULL);
}

int state_send(struct mapi_store *s, uint32_t handle, const struct sync_part *part,
        struct rop_fate *fate, struct err *err)
{
	struct sync_part left = *part;
	struct rop_call *c = rop_start(s);
	unsigned slot = rop_slot(c, handle);

	put_begin(c, slot, part, fate);
	while (left.n > 0 && fate->value == 0) {
		struct sync_part piece = left;
		int rc;

		piece.n = MIN(left.n, (size_t)PIECE);
		put_piece(c, slot, &piece, fate);
		left.p += piece.n;
		left.n -= piece.n;
		if (left.n == 0)
			rop_begin(c, ROP_SYNC_STATE_END, slot, fate, NULL, NULL);
		rc = rop_execute(s, false, err);
		if (rc != 0)
			return rc;
		c = rop_start(s);
		slot = rop_slot(c, handle);
	}
	return 0;
}
