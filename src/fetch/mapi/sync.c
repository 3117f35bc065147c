/* What has changed in a folder, by content synchronization (MS-OXCFXICS 3.3.4). */
#include "fetch/mapi/run.h"
#include <stdio.h>
#include <stdlib.h>
#include "valise/base/mem.h"

/* One stream as it comes. */
struct stream {
	struct box *box;
	struct fx_sync *reader;
	bool is_ours; /* the error is of what is in the stream */
};

/* ---- what is in a stream ---- */

static int on_total(void *ctx, uint64_t items, uint64_t octets, struct err *err)
{
	struct box *b = ctx;
	struct mapi_run *r = b->run;
	struct progress *p = r->base.progress;
	int rc = 0;

	atomic_fetch_add(&p->items_total, items);
	atomic_fetch_add(&p->bytes_total, octets);
	pthread_mutex_lock(&r->base.workers.lock);
	if (octets && r->base.opts->space_check)
		rc = r->base.opts->space_check(r->base.opts->space_ctx, octets, err);
	pthread_mutex_unlock(&r->base.workers.lock);
	b->is_fatal = b->is_fatal || rc < 0;
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

/* Keys in hexadecimal; one that is too long to be one is none. */
static void put_hex(const uint8_t *p, size_t n, char out[2 * MAPI_KEY_MAX + 1])
{
	out[0] = '\0';
	if (p && n <= MAPI_KEY_MAX)
		hex_format(p, n, out);
}

/* What an item has that has no source key: its id, which is no name in any other mailbox. */
static void put_key(const struct fx_change *c, char out[2 * MAPI_KEY_MAX + 1])
{
	put_hex(c->source_key, c->n_source_key, out);
	if (!out[0] && c->mid)
		snprintf(out, 2 * MAPI_KEY_MAX + 1, "%016jx", (uintmax_t)c->mid);
}

static int on_change(void *ctx, const struct fx_change *c, struct bag *item, struct err *err)
{
	char key[2 * MAPI_KEY_MAX + 1], change[2 * MAPI_KEY_MAX + 1];
	struct box *b = ctx;
	struct arrived a = {.key = key, .change = change, .id = c->mid};

	put_key(c, key);
	put_hex(c->change_key, c->n_change_key, change);
	if (c->n_source_key == 22 && c->mid)
		replicas_learn(&b->replicas, c->source_key, c->mid);
	b->is_doubted = b->is_doubted || c->has_error;
	if (c->broken || !key[0]) {
		bag_free(item);
		(void)folder_add_broken(b, &a,
		        c->broken ? c->broken
		                  : "the server said neither its source key nor its id");
		return 0;
	}
	return folder_take_item(b, &a, item, err);
}

static int on_ids(void *ctx, enum fx_ids what, const void *p, size_t n, struct err *err)
{
	struct box *b = ctx;
	struct idset *to = &b->ids.gone;

	if (what == FX_READ)
		to = &b->ids.read;
	else if (what == FX_UNREAD)
		to = &b->ids.unread;
	return idset_read(to, IDSET_REPLID, p, n, err);
}

static int on_state(void *ctx, const void *p, size_t n, struct err *err)
{
	struct box *b = ctx;

	(void)err;
	buf_reset(&b->new_state);
	b->has_new_state = buf_add(&b->new_state, p, n) == 0;
	return 0;
}

static int on_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct stream *s = ctx;
	int rc = fx_sync_read(s->reader, p, n, err);

	atomic_fetch_add(&s->box->run->base.progress->bytes_done, n);
	s->is_ours = rc < 0;
	return rc;
}

/* ---- a stream ---- */

static void begin(struct stream *s, struct box *b, struct mapi_sync *y)
{
	const struct fx_visit visit = {b, on_total, on_change, on_ids, on_state};

	*s = (struct stream){.box = b, .reader = fx_sync_new(&visit)};
	*y = (struct mapi_sync){.folder = b->folder.id,
	        .state = b->given_state.len ? b->given_state.data : NULL,
	        .n_state = b->given_state.len,
	        .associated = b->run->associated,
	        .write = on_octets,
	        .ctx = s};
	sync_ids_clear(&b->ids);
	b->has_new_state = false;
}

/*
 * A stream that broke within an item, and not because the network did: that one is asked for
 * alone, and the others go on without it.
 */
static void blame(struct stream *s, int rc, const struct err *why)
{
	struct fx_change c;
	char key[2 * MAPI_KEY_MAX + 1], change[2 * MAPI_KEY_MAX + 1];
	struct arrived a = {.key = key, .change = change};

	if (rc != ERR_PROTO || !s->is_ours || s->box->is_fatal || !fx_sync_where(s->reader, &c))
		return;
	put_key(&c, key);
	put_hex(c.change_key, c.n_change_key, change);
	a.id = c.mid;
	(void)folder_add_broken(s->box, &a, why->text);
}

static int end(struct stream *s, int rc, struct err *err)
{
	if (rc == 0)
		rc = fx_sync_end(s->reader, err);
	if (rc < 0)
		blame(s, rc, err);
	if (rc == 0)
		s->box->state = BOX_SYNCED;
	fx_sync_free(s->reader);
	s->reader = NULL;
	return rc;
}

/* ---- one folder, to its end ---- */

static int attempt(struct mapi_worker *w, struct box *b, struct err *err)
{
	struct mapi_store *store;
	struct mapi_sync y;
	struct stream s;
	int rc = worker_store(w, b->at, &store, err);

	if (rc < 0)
		return rc;
	begin(&s, b, &y);
	return end(&s, mapi_sync(store, &y, err), err);
}

/* What the server refuses with a state it may give without one; else its rows are asked for. */
static int pass_refusal(struct mapi_worker *w, struct box *b, struct err *err)
{
	struct progress *p = w->run->base.progress;

	if (b->given_state.len) {
		progress_name(p, SAY_NOTE, b->place.name, NULL,
		        "the server does not take the state of the last time (%s): all of it is "
		        "asked for",
		        err->text);
		folder_forget_state(b);
		return 0;
	}
	progress_name(p, SAY_NOTE, b->place.name, NULL,
	        "the server does not synchronize it (%s): its items are listed, and copied",
	        err->text);
	err_clear(err);
	return folder_by_rows(w, b, err);
}

int folder_sync(struct mapi_worker *w, struct box *b, struct err *err)
{
	unsigned nth = 0, refused = 0;
	int rc = 0;

	while (rc == 0 && b->state == BOX_OPEN) {
		uint64_t before = b->gained + b->n_broken;

		rc = attempt(w, b, err);
		if (rc == 0 || b->is_fatal)
			break;
		nth = b->gained + b->n_broken > before ? 0 : nth + 1;
		if (rc == ERR_REFUSED || rc == ERR_UNSUPPORTED || (rc == ERR_PROTO && nth > 1)) {
			rc = refused++ > 1 ? rc : pass_refusal(w, b, err);
			continue;
		}
		rc = worker_again(w, b, nth, err);
		if (rc == 0)
			rc = folder_compose(b, err);
	}
	return rc;
}

/* ---- many folders where little is new ---- */

struct many {
	struct stream *streams;
};

static int on_ended(void *ctx, size_t i, const struct err *why, struct err *err)
{
	struct many *m = ctx;
	struct err of = *why;
	int rc = end(&m->streams[i], why->code, &of);

	if (rc < 0 && m->streams[i].box->is_fatal)
		return err_copy(err, &of);
	return 0; /* it stays open, and is asked for alone */
}

int folder_sync_many(struct mapi_worker *w, struct box **list, size_t n, struct err *err)
{
	struct mapi_sync *asked = xcalloc(n, sizeof *asked);
	struct many m = {.streams = xcalloc(n, sizeof *m.streams)};
	struct mapi_store *store;
	bool is_fatal = false;
	int rc = worker_store(w, list[0]->at, &store, err);

	for (size_t i = 0; i < n; i++)
		begin(&m.streams[i], list[i], &asked[i]);
	if (rc == 0)
		rc = mapi_sync_many(store, asked, n, on_ended, &m, err);
	for (size_t i = 0; i < n; i++) {
		is_fatal = is_fatal || list[i]->is_fatal;
		if (m.streams[i].reader && rc < 0)
			blame(&m.streams[i], rc, err);
		fx_sync_free(m.streams[i].reader);
	}
	free(m.streams);
	free(asked);
	if (is_fatal)
		return rc;
	err_clear(err); /* those that are open are asked for alone, in another session */
	return stop_check(err);
}
