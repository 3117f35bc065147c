/*
 * Content synchronizations (MS-OXCFXICS 2.2.3.2.1, 3.3.4): one folder in one request as far as
 * its stream fits, folders that have a state many in one, as most of these have little that is
 * new. What the streams of those say waits in memory, a small part of each, until it is their
 * turn.
 */
#include <stdlib.h>
#include "proto/mapi/transfer.h"

enum {
	TYPE_CONTENTS = 0x01, /* SynchronizationType */
	SEND_OPTIONS = 0x01 | 0x08, /* Unicode, ForceUnicode */
	FLAG_UNICODE = 0x0001, /* SynchronizationFlags */
	FLAG_READ_STATE = 0x0008,
	FLAG_FAI = 0x0010,
	FLAG_NORMAL = 0x0020,
	FLAG_PROGRESS = 0x8000,
	EXTRA_EID = 0x01, /* SynchronizationExtraFlags */
	EXTRA_MESSAGE_SIZE = 0x02,
	/*
	 * Of an answer, which has 32,768 octets for all: a part of the stream, the answers to
	 * opening, configuring and the state, which are fewer than 120.
	 */
	ANSWER_ROOM = 31000,
	ANSWER_OVERHEAD = 160,
	ROPS_OVERHEAD = 64, /* octets of its ROPs, but for the state */
	STATE_TOGETHER = 4000, /* longest state of one that is asked for with others */
};

struct one {
	const struct mapi_sync *sync;
	struct sync_state state;
	struct download down;
	struct buf held;
	unsigned slot;
	bool is_damaged; /* its state */
};

struct many {
	struct mapi_store *store;
	struct one *ones; /* MAPI_SYNCS of them */
	size_t n; /* that are asked for together */
	mapi_synced_fn ended; /* NULL: there is one alone, whose error is that of all */
	void *ctx;
};

static unsigned configure(struct mapi_store *s, struct one *o)
{
	struct rop_call *c = &s->call;
	unsigned flags = FLAG_UNICODE | FLAG_READ_STATE | FLAG_NORMAL | FLAG_PROGRESS;
	unsigned folder = rop_open_folder(s, o->sync->folder, &o->down.fate);
	unsigned slot = rop_begin_making(c, ROP_SYNC_CONFIGURE, folder, &o->down.fate, NULL, NULL);

	if (o->sync->associated)
		flags |= FLAG_FAI;
	rop_put(c, TYPE_CONTENTS, 1);
	rop_put(c, SEND_OPTIONS, 1);
	rop_put(c, flags, 2);
	rop_put(c, 0, 2); /* RestrictionDataSize */
	rop_put(c, EXTRA_EID | EXTRA_MESSAGE_SIZE, 4);
	rop_put(c, 0, 2); /* PropertyTagCount: none is left out */
	return slot;
}

/* Is a part of a state too long for a request that has more to do? */
static bool is_long(const struct sync_part *part)
{
	return part->n > STATE_TOGETHER;
}

static void put_state(struct rop_call *c, struct one *o, bool and_long)
{
	for (size_t i = 0; i < o->state.n; i++)
		if (and_long || !is_long(&o->state.parts[i]))
			state_put(c, o->slot, &o->state.parts[i], &o->down.fate);
}

/* Long parts of a state by themselves; what follows begins a request. */
static int send_long(struct mapi_store *s, struct one *o, struct err *err)
{
	struct rop_call *c = &s->call;
	int rc = rop_execute(s, false, err);

	o->down.handle = c->handles[o->slot];
	for (size_t i = 0; rc == 0 && i < o->state.n && o->down.fate.value == 0; i++)
		if (is_long(&o->state.parts[i]))
			rc = state_send(s, o->down.handle, &o->state.parts[i], &o->down.fate, err);
	rop_start(s);
	o->slot = rop_slot(c, o->down.handle);
	return rc;
}

/* One alone: what is asked for is as long as it can be. */
static int ask_alone(struct mapi_store *s, struct one *o, struct err *err)
{
	struct rop_call *c = rop_start(s);
	bool has_room;
	int rc = 0;

	o->slot = configure(s, o);
	has_room = c->n + state_cost(&o->state) < ROP_ROOM;
	if (!has_room)
		rc = send_long(s, o, err);
	if (rc != 0 || o->down.fate.value)
		return rc;
	put_state(c, o, has_room);
	download_ask(&o->down, o->slot, BUFFER_MAX);
	rc = rop_execute(s, true, err);
	o->down.handle = c->handles[o->slot];
	return rc;
}

static int ask_together(struct many *m, struct err *err)
{
	struct mapi_store *s = m->store;
	struct rop_call *c = rop_start(s);
	size_t most = ANSWER_ROOM / m->n - ANSWER_OVERHEAD;
	int rc;

	for (size_t i = 0; i < m->n; i++) {
		struct one *o = &m->ones[i];

		o->held = buf_of(BUFFER_MAX + 0x1000); /* of servers that take no ${most} */
		o->down.held = &o->held;
		o->slot = configure(s, o);
		put_state(c, o, true);
		download_ask(&o->down, o->slot, most);
	}
	rc = rop_execute(s, false, err);
	for (size_t i = 0; i < m->n; i++)
		m->ones[i].down.handle = c->handles[m->ones[i].slot];
	return rc;
}

/*
 * Is it to be asked for by itself? Among others it may have had no room, or its stream been
 * refused as that needs more room; a server that was busy before it began is asked again.
 */
static bool needs_another(const struct one *o)
{
	const struct rop_fate *fate = &o->down.fate;

	if (o->down.has_written)
		return false;
	if (fate->is_left)
		return true;
	if (fate->value == 0)
		return false;
	if (rop_kind_of(fate->value) == ROP_BUSY)
		return fate->rop != ROP_SOURCE_GET_BUFFER;
	return o->down.held && fate->rop == ROP_SOURCE_GET_BUFFER;
}

static int ask_again(struct mapi_store *s, struct one *o, struct err *err)
{
	struct rop_patience patience = {0};

	while (needs_another(o)) {
		bool is_busy = rop_kind_of(o->down.fate.value) == ROP_BUSY;
		int rc = is_busy ? rop_wait(s, &patience, o->down.fate.wait_ms, err) : 0;

		if (rc != 0)
			return rc;
		o->down.fate = (struct rop_fate){0};
		o->down.held = NULL;
		o->down.is_done = false;
		o->down.idle = 0;
		rc = ask_alone(s, o, err);
		if (rc == 0 && o->down.fate.is_left)
			rc = err_set(
			        err, ERR_PROTO, ERR_WHOLE, "the server has no room for one answer");
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* What waits of it, and the rest. */
static int finish(struct mapi_store *s, struct one *o, struct err *err)
{
	int rc = ask_again(s, o, err);

	if (rc == 0 && o->down.held) {
		o->down.held = NULL;
		o->down.has_written = o->held.len > 0;
		if (o->held.len > 0)
			rc = o->sync->write(o->sync->ctx, o->held.data, o->held.len, err);
	}
	return rc == 0 ? download_rest(&o->down, ERR_COLLECTION, err) : rc;
}

/* An error of one folder, or of who takes its stream, that leaves the others as they are. */
static bool is_of_one(const struct many *m, const struct err *why)
{
	return m->ended && !err_ends(why) && !mapi_is_lost(m->store->session);
}

static int finish_all(struct many *m, size_t first, struct err *err)
{
	size_t alone = 0;
	int rc = 0;

	for (size_t i = 0; m->n > 1 && i < m->n; i++)
		alone += needs_another(&m->ones[i]) &&
		         rop_kind_of(m->ones[i].down.fate.value) != ROP_BUSY;
	if (alone > m->n / 2)
		m->store->failed_together++;
	for (size_t i = 0; rc == 0 && i < m->n; i++) {
		struct err why = {0};
		int got = finish(m->store, &m->ones[i], &why);

		if (got != 0 && !is_of_one(m, &why))
			return err_copy(err, &why);
		if (m->ended)
			rc = m->ended(m->ctx, first + i, &why, err);
	}
	return rc;
}

static void begin(struct mapi_store *s, const struct mapi_sync *y, struct one *o)
{
	*o = (struct one){.sync = y};
	o->down.store = s;
	o->down.write = y->write;
	o->down.step = y->step;
	o->down.ctx = y->ctx;
	o->is_damaged = y->state && y->n_state > 0 && !state_read(y->state, y->n_state, &o->state);
}

/* How many from ${list} on are asked for together. */
static size_t together(struct many *m, const struct mapi_sync *list, size_t n)
{
	size_t most = m->store->failed_together > 1 ? 1 : (size_t)MAPI_SYNCS, octets = 0, k;

	for (k = 0; k < n && k < most; k++) {
		struct one *o = &m->ones[k];
		size_t cost;

		begin(m->store, &list[k], o);
		cost = state_cost(&o->state) + ROPS_OVERHEAD;
		octets += cost;
		if (o->is_damaged || (o->state.n == 0 && !list[k].is_small) ||
		        cost > STATE_TOGETHER || octets > ROP_ROOM)
			break;
	}
	return MAX(k, 1);
}

/*
 * A request of many that a server does not understand, or answers in a way that nobody does:
 * these are asked for one by one, and all others the second time that most of them need it.
 */
static int pass_failure(struct many *m, int rc, struct err *err)
{
	if ((rc != ERR_REFUSED && rc != ERR_PROTO && rc != ERR_LIMIT) ||
	        mapi_is_lost(m->store->session))
		return rc;
	err_clear(err);
	for (size_t i = 0; i < m->n; i++)
		m->ones[i].down.fate = (struct rop_fate){.is_left = true};
	return 0;
}

static int sync_some(struct many *m, size_t at, struct err *err)
{
	struct err why = {0};
	int rc = 0;

	if (m->ones[0].is_damaged)
		rc = err_set(&why, ERR_DAMAGED, ERR_COLLECTION,
		        "the state of the last synchronization is none");
	else if (m->n == 1)
		rc = ask_alone(m->store, &m->ones[0], &why);
	else
		rc = pass_failure(m, ask_together(m, &why), &why);
	if (rc == 0)
		rc = finish_all(m, at, err);
	else if (m->n == 1 && is_of_one(m, &why))
		rc = m->ended(m->ctx, at, &why, err);
	else
		rc = err_copy(err, &why);
	for (size_t k = 0; k < m->n; k++)
		if (m->ones[k].held.data)
			buf_clear(&m->ones[k].held);
	rop_let_go(m->store);
	return rc;
}

int mapi_sync_many(struct mapi_store *s, const struct mapi_sync *list, size_t n,
        mapi_synced_fn ended, void *ctx, struct err *err)
{
	struct many m = {.store = s, .ended = ended, .ctx = ctx};
	int rc = 0;

	m.ones = xcalloc(MAPI_SYNCS, sizeof *m.ones);
	for (size_t at = 0; rc == 0 && at < n; at += m.n) {
		m.n = together(&m, list + at, n - at);
		rc = sync_some(&m, at, err);
	}
	free(m.ones);
	return rc;
}

int mapi_sync(struct mapi_store *s, const struct mapi_sync *y, struct err *err)
{
	return mapi_sync_many(s, y, 1, NULL, NULL, err);
}
