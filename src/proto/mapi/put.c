/*
 * One message into a folder: a destination of its own, PutBuffer as often as it takes, and the
 * release, which is where some servers may put it into its place (MS-OXCFXICS 2.2.3.1.2,
 * 3.3.4.1.2).
 */
#include <stdlib.h>
#include "proto/mapi/put.h"
#include "proto/mapi/rop.h"

enum {
	COPY_MESSAGES = 3, /* SourceOperation */
	PIECE = 30000, /* of one RopFastTransferDestinationPutBuffer */
	IDLE_MAX = 20, /* answers in a row that took nothing */
};

struct upload {
	struct mapi_store *store;
	mapi_id folder;
	mapi_give_fn give;
	void *ctx;
	uint8_t *data; /* 2 * PIECE of what comes next */
	size_t n;
	bool is_whole; /* nothing comes behind it */
	struct fx_cut at;
	struct rop_fate fate;
	uint32_t folder_handle, handle;
	size_t used; /* what the last answer says */
	unsigned idle;
	bool is_begun; /* something of it was taken */
};

static int fill(struct upload *u, struct err *err)
{
	while (!u->is_whole && u->n < 2 * PIECE) {
		size_t got = 0;
		int rc = u->give(u->ctx, u->data + u->n, 2 * PIECE - u->n, &got, err);

		if (rc != 0)
			return rc;
		u->n += MIN(got, 2 * PIECE - u->n);
		u->is_whole = got == 0;
	}
	return 0;
}

/* Octets of the next piece: up to where the stream may be cut. */
static size_t next_piece(const struct upload *u)
{
	struct fx_cut c = u->at;
	size_t n = MIN(u->n, (size_t)PIECE);

	if (n < u->n) {
		size_t cut = fx_cut(&c, u->data, n);

		n = cut ? cut : n;
	}
	return n;
}

static int take_put(void *ctx, struct rop_in *in, uint32_t value, struct err *err)
{
	struct upload *u = ctx;

	(void)err;
	if (value != 0 && in->n < 2 + 2 + 2 + 1 + 2)
		return 0; /* of a server that leaves them out */
	rop_get_octets(in, 2 + 2 + 2 + 1);
	u->used = (size_t)rop_get(in, 2);
	return 0;
}

static void put_piece(struct upload *u, unsigned slot, size_t n)
{
	struct rop_call *c = &u->store->call;

	rop_begin(c, ROP_DESTINATION_PUT_BUFFER, slot, &u->fate, take_put, u);
	rop_put(c, n, 2);
	rop_put_octets(c, u->data, n);
}

/* One request. ${is_last}: with the release behind it. */
static int send_piece(struct upload *u, size_t n, bool is_last, struct err *err)
{
	struct mapi_store *s = u->store;
	struct rop_call *c = rop_start(s);
	unsigned folder, slot;
	int rc;

	u->used = 0;
	if (u->is_begun) {
		folder = rop_slot(c, u->folder_handle);
		slot = rop_slot(c, u->handle);
	} else {
		folder = rop_open_folder(s, u->folder, &u->fate);
		slot = rop_begin_making(c, ROP_DESTINATION_CONFIGURE, folder, &u->fate, NULL, NULL);
		rop_put(c, COPY_MESSAGES, 1);
		rop_put(c, 0, 1); /* CopyFlags */
	}
	put_piece(u, slot, n);
	if (is_last) {
		rop_release_now(s, slot);
		rop_release_now(s, folder);
	}
	rc = rop_execute(s, false, err);
	u->folder_handle = c->handles[folder];
	u->handle = c->handles[slot];
	if (rc == 0 && is_last)
		s->n_open = 0;
	return rc;
}

static int not_taken(struct upload *u, size_t n, struct err *err)
{
	return err_set(err, ERR_REFUSED, ERR_ITEM,
	        "the server took %zu of the last %zu octets of an item", u->used, n);
}

/* What the server took of a piece of ${n} octets. */
static int advance(struct upload *u, size_t n, struct err *err)
{
	if (u->used > n)
		return err_set(err, ERR_PROTO, ERR_WHOLE,
		        "the server took more of an item than it was given");
	u->idle = u->used > 0 ? 0 : u->idle + 1;
	if (u->idle > IDLE_MAX)
		return not_taken(u, n, err);
	u->is_begun = true;
	fx_cut(&u->at, u->data, u->used);
	memmove(u->data, u->data + u->used, u->n - u->used);
	u->n -= u->used;
	return 0;
}

/* Could the whole message be sent once more, as nothing of it was taken? */
static bool is_first(const struct upload *u, size_t n)
{
	return !u->is_begun && u->is_whole && n == u->n && u->used == 0;
}

/*
 * What a piece came to. The release went with it, and not all was taken: from then on the
 * store releases by itself; one that was sent as a whole is sent again.
 */
static int settle(struct upload *u, size_t n, bool is_last, struct rop_patience *p, struct err *err)
{
	bool is_busy = u->fate.value && u->fate.rop == ROP_DESTINATION_PUT_BUFFER &&
	               rop_kind_of(u->fate.value) == ROP_BUSY;
	int rc;

	if (u->fate.value && !is_busy)
		return rop_judge(&u->fate, ERR_ITEM, err);
	if (!is_busy && u->used == n) {
		*p = (struct rop_patience){0};
		return advance(u, n, err);
	}
	if (is_last) {
		u->store->is_piecemeal = true;
		if (!is_first(u, n))
			return is_busy ? rop_judge(&u->fate, ERR_ITEM, err) : not_taken(u, n, err);
	} else {
		rc = advance(u, n, err);
		if (rc != 0)
			return rc;
	}
	rc = is_busy ? rop_wait(u->store, p, u->fate.wait_ms, err) : 0;
	u->fate = (struct rop_fate){0};
	return rc;
}

static int upload(struct upload *u, struct err *err)
{
	struct rop_patience patience = {0};
	int rc;

	do {
		size_t n;
		bool is_last;

		rc = fill(u, err);
		if (rc != 0)
			return rc;
		n = next_piece(u);
		is_last = u->is_whole && n == u->n && !u->store->is_piecemeal;
		rc = send_piece(u, n, is_last, err);
		if (rc == 0 && u->fate.is_left)
			rc = err_set(
			        err, ERR_PROTO, ERR_WHOLE, "the server has no room for one answer");
		if (rc == 0)
			rc = settle(u, n, is_last, &patience, err);
	} while (rc == 0 && (u->n > 0 || !u->is_whole));
	return rc;
}

int mapi_put(struct mapi_store *s, mapi_id folder, mapi_give_fn give, void *ctx, struct err *err)
{
	struct upload u = {.store = s, .folder = folder, .give = give, .ctx = ctx};
	int rc;

	u.data = xmalloc(2 * PIECE);
	rc = upload(&u, err);
	free(u.data);
	if (rc == 0 && s->n_open > 0) {
		rop_let_go(s);
		rop_start(s);
		rc = rop_execute(s, false, err);
	}
	rop_let_go(s);
	return rc;
}
