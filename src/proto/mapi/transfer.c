/*
 * FastTransfer, downwards: RopFastTransferSourceGetBuffer to the end of a stream
 * (MS-OXCFXICS 2.2.3.1.1.5, 3.3.5.7.1), and what starts one: chosen messages.
 */
#include "proto/mapi/transfer.h"

enum {
	STATUS_ERROR = 0, /* TransferStatus */
	STATUS_PARTIAL = 1,
	STATUS_NO_ROOM = 2,
	STATUS_DONE = 3,
	SERVER_DECIDES = 0xbabe, /* BufferSize */
	IDLE_MAX = 100, /* answers in a row without an octet of the stream */
	IDS_MAX = 1000,
	SEND_ENTRY_ID = 0x20, /* CopyFlags: with what says which message it is */
	SEND_OPTIONS = 0x01 | 0x08, /* Unicode, ForceUnicode */
};

/*
 * A refusal has the same body, BackoffTime behind it where the server is busy (MS-OXCROPS
 * 2.2.12.4). Servers that leave it out begin the next answer, with a RopId above 3.
 */
static void take_refusal(struct download *d, struct rop_in *in, uint32_t value)
{
	if (in->n >= 2 && in->p[0] <= STATUS_DONE && in->p[1] == 0) {
		rop_get_octets(in, 2 + 2 + 2 + 1);
		rop_get_octets(in, (size_t)rop_get(in, 2));
	}
	if (value == EC_SERVER_BUSY && in->n >= 4)
		d->fate.wait_ms = (uint32_t)rop_get(in, 4);
}

static int keep(struct download *d, const uint8_t *p, size_t n, struct err *err)
{
	if (n == 0)
		return 0;
	if (!d->held) {
		d->has_written = true;
		return d->write(d->ctx, p, n, err);
	}
	if (buf_add(d->held, p, n) == 0)
		return 0;
	return err_set(err, ERR_LIMIT, ERR_WHOLE,
	        "the server gives more of a stream than it was asked for");
}

/* As if it was refused: what is behind the answer is understood. */
static int broken(struct download *d, const char *why)
{
	d->fate = (struct rop_fate){.rop = ROP_SOURCE_GET_BUFFER, .value = 1, .why = why};
	return 0;
}

static int take_buffer(void *ctx, struct rop_in *in, uint32_t value, struct err *err)
{
	struct download *d = ctx;
	uint32_t status, done, of;
	const uint8_t *p;
	size_t n;

	if (value != 0) {
		take_refusal(d, in, value);
		return 0;
	}
	status = (uint32_t)rop_get(in, 2);
	done = (uint32_t)rop_get(in, 2);
	of = (uint32_t)rop_get(in, 2);
	rop_get(in, 1);
	n = (size_t)rop_get(in, 2);
	p = rop_get_octets(in, n);
	if (!p || d->fate.value)
		return 0;
	if (status == STATUS_ERROR || status > STATUS_DONE)
		return broken(d, "the server's stream ends with an error");
	if (d->is_done)
		return broken(d, "the server's stream goes on behind its end");
	d->is_done = status == STATUS_DONE;
	d->idle = n > 0 ? 0 : d->idle + 1;
	if (d->idle > IDLE_MAX)
		return broken(d, "the server's stream does not go on");
	if (d->step && !d->held)
		d->step(d->ctx, done, of);
	return keep(d, p, n, err);
}

void download_ask(struct download *d, unsigned slot, size_t most)
{
	struct rop_call *c = &d->store->call;

	rop_begin(c, ROP_SOURCE_GET_BUFFER, slot, &d->fate, take_buffer, d);
	rop_put(c, SERVER_DECIDES, 2);
	rop_put(c, most, 2); /* MaximumBufferSize */
}

int download_rest(struct download *d, enum err_scope scope, struct err *err)
{
	struct rop_patience patience = {0};
	int rc = 0;

	while (rc == 0 && (!d->is_done || d->fate.value || d->fate.is_left)) {
		struct rop_call *c;

		if (d->fate.is_left)
			return err_set(err, ERR_BUSY, scope, "the server left a stream undone");
		if (d->fate.value) {
			if (d->fate.why || d->fate.rop != ROP_SOURCE_GET_BUFFER ||
			        rop_kind_of(d->fate.value) != ROP_BUSY)
				return rop_judge(&d->fate, scope, err);
			rc = rop_wait(d->store, &patience, d->fate.wait_ms, err);
			if (rc != 0)
				break;
			d->fate = (struct rop_fate){0};
		} else {
			patience = (struct rop_patience){0};
		}
		c = rop_start(d->store);
		download_ask(d, rop_slot(c, d->handle), BUFFER_MAX);
		rc = rop_execute(d->store, true, err);
	}
	return rc;
}

struct copy {
	mapi_id folder;
	const mapi_id *ids;
	size_t n;
};

static int ask_copy(struct download *d, const struct copy *k, struct err *err)
{
	struct rop_call *c = rop_start(d->store);
	unsigned slot = rop_begin_making(c, ROP_SOURCE_COPY_MESSAGES,
	        rop_open_folder(d->store, k->folder, &d->fate), &d->fate, NULL, NULL);
	int rc;

	rop_put(c, k->n, 2);
	for (size_t i = 0; i < k->n; i++)
		rop_put(c, k->ids[i], 8);
	rop_put(c, SEND_ENTRY_ID, 1);
	rop_put(c, SEND_OPTIONS, 1);
	download_ask(d, slot, BUFFER_MAX);
	rc = rop_execute(d->store, true, err);
	d->handle = c->handles[slot];
	return rc;
}

int mapi_copy(struct mapi_store *s, mapi_id folder, const mapi_id *ids, size_t n,
        mapi_write_fn write, void *ctx, struct err *err)
{
	struct download d = {.store = s, .write = write, .ctx = ctx};
	struct copy k = {folder, ids, n};
	int rc;

	if (n > IDS_MAX)
		return err_set(
		        err, ERR_LIMIT, ERR_ITEM, "more than %d messages of one request", IDS_MAX);
	rc = ask_copy(&d, &k, err);
	if (rc == 0 && d.fate.is_left && !d.has_written) {
		d.fate = (struct rop_fate){0};
		rc = ask_copy(&d, &k, err);
	}
	if (rc == 0)
		rc = download_rest(&d, ERR_COLLECTION, err);
	rop_let_go(s);
	return rc;
}
