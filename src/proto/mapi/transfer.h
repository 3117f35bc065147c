#ifndef VALISE_PROTO_MAPI_TRANSFER_H
#define VALISE_PROTO_MAPI_TRANSFER_H

#include "proto/mapi/rop.h"

/* FastTransfer, downwards: the stream of one download context (MS-OXCFXICS 2.2.3.1.1.5). */

enum {
	BUFFER_MAX = 0x7b00, /* of one buffer, where a request has one alone */
};

struct download {
	struct mapi_store *store;
	mapi_write_fn write;
	void (*step)(void *ctx, uint32_t done, uint32_t of);
	void *ctx;
	struct rop_fate fate; /* of all ROPs that it needs */
	uint32_t handle; /* of its context, once it has one */
	struct buf *held; /* where its octets wait, as it is not its turn; NULL: they are written */
	bool is_done;
	bool has_written; /* it cannot be begun once more */
	unsigned idle; /* answers in a row that had nothing */
};
/* RopFastTransferSourceGetBuffer, for ${most} octets. */
void download_ask(struct download *d, unsigned slot, size_t most);
/* More requests until the end of the stream; errors of the ${scope}. */
int download_rest(struct download *d, enum err_scope scope, struct err *err) MUST_CHECK;

/* state.c: RopSynchronizationUploadStateStreamBegin, Continue, End of each part of a state. */
struct sync_state {
	size_t n; /* parts */
	struct sync_part {
		uint32_t tag;
		const uint8_t *p;
		size_t n;
	} parts[4];
};
/* The parts of a state as it came, lent. False: it is none. */
bool state_read(const void *state, size_t n, struct sync_state *out);
/* Octets of the ROPs that it takes, steps that it has. */
size_t state_cost(const struct sync_state *st);
void state_put(
        struct rop_call *c, unsigned slot, const struct sync_part *part, struct rop_fate *fate);
/* A part in requests of its own, as it is too long for one that has more to do. */
int state_send(struct mapi_store *s, uint32_t handle, const struct sync_part *part,
        struct rop_fate *fate, struct err *err) MUST_CHECK;

#endif
