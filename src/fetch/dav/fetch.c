/* Resources by multiget (RFC 4791 7.9, RFC 6352 8.7), what is missing by GET. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/format/content.h"
#include "run.h"

struct round {
	struct dav_worker *w;
	struct davcoll *c;
	bool second; /* asked again as vCard 4.0 */
	struct held *held; /* cards whose size is not the listed one */
	size_t n_held, cap_held;
	struct err sink_err; /* of the sink, if it failed */
	size_t got;
};

struct held {
	struct davitem *item;
	uint8_t *data;
	size_t len;
};

/*
 * Octets of a multiget into the sink: XML made CR LF to LF, so line ends are CRLF again.
 */
static int store_octets(
        struct round *d, struct davitem *i, const uint8_t *data, size_t len, struct err *err)
{
	struct tree_item it = {0};
	struct intake in;
	int rc;

	intake_begin(&in, d->w->run->base.sink, d->c->coll->kind, 0);
	rc = content_crlf(data, len, intake_write, &in, err);
	if (rc == 0)
		rc = intake_finish(&in, &it, 0, err);
	intake_clear(&in);
	it.warn |= it.size != len ? WARN_LINES : 0;
	if (rc == 0)
		rc = dav_give(d->w, d->c, i, &it, data, len, err);
	if (rc < 0) {
		d->sink_err = *err;
		err_widen(&d->sink_err, ERR_WHOLE);
	}
	d->got++;
	return rc;
}

/* The size with CRLF line ends, which is what a server lists. */
static uint64_t crlf_size(const uint8_t *p, size_t n)
{
	uint64_t size = n;

	for (size_t i = 0; i < n; i++)
		size += p[i] == '\n' && (i == 0 || p[i - 1] != '\r');
	return size;
}

/**
 * A multiget without a version may bring a card that the server turned into vCard 3.0
 * (RFC 6352 10.4 has that as the default). Its size then differs from the listed one, and
 * 4.0 is asked for: whichever has the listed size is what is stored there.
 */
static bool hold_card(struct round *d, struct davitem *i, struct dav_response *r)
{
	struct held *h;

	if (!d->c->v4 || d->second || !i->has_len || i->len == r->data_len ||
	        i->len == crlf_size(r->data, r->data_len))
		return false;
	h = ARR_PUSH(d->held, d->n_held, d->cap_held);
	h->item = i;
	h->data = r->data;
	h->len = r->data_len;
	r->data = NULL;
	r->data_len = 0;
	return true;
}

static void set_reason(struct davitem *i, const struct dav_response *r)
{
	free(i->reason);
	i->reason = r->status ? xasprintf("HTTP %d%s%.100s", r->status, r->error ? ": " : "",
	                                r->error ? r->error : "")
	                      : NULL;
}

/*
 * A response of a multiget: stored, held back, or the reason why it has no octets kept.
 */
static int on_data(void *ctx, struct dav_response *r, struct err *err)
{
	struct round *d = ctx;
	struct davitem *i;
	int rc = stop_check(err);

	if (rc < 0)
		return rc;
	i = r->url ? dav_item_find(d->c, dav_key(r->url)) : NULL;
	/* not asked for, or sent twice */
	if (!i || i->done || i->failed)
		return 0;
	if (!r->data || r->data_len == 0) {
		set_reason(i, r);
		return 0;
	}
	if (d->second && i->has_len && crlf_size(r->data, r->data_len) != i->len &&
	        r->data_len != i->len)
		return 0;
	if (hold_card(d, i, r))
		return 0;
	return store_octets(d, i, r->data, r->data_len, err);
}

bool dav_may_join(const struct davitem *i, size_t n, uint64_t bytes)
{
	uint64_t len = i->has_len ? i->len : 64u << 10;

	if (n == 0)
		return true;
	if (bytes + len > DAV_BATCH_BYTES)
		return false;
	return n < (i->has_len && i->len > DAV_LARGE ? DAV_BATCH_LARGE : DAV_BATCH);
}

/* One round: batches cut from list[0..n), all in flight together; *taken_out: of how many. */
static int run_round(
        struct round *d, struct davitem **list, size_t n, size_t *taken_out, struct err *err)
{
	struct dav_multiget m[DAV_ROUND];
	const char **hrefs = xcalloc(MIN(n, DAV_ROUND * DAV_BATCH), sizeof *hrefs);
	size_t n_m = 0, refused = 0, taken;
	uint64_t bytes = 0;
	int rc;

	memset(m, 0, sizeof m);
	for (taken = 0; taken < n; taken++) {
		if (n_m == 0 || !dav_may_join(list[taken], m[n_m - 1].n_hrefs, bytes)) {
			if (n_m == DAV_ROUND)
				break;
			m[n_m++] = (struct dav_multiget){.url = d->c->url,
			        .hrefs = hrefs + taken,
			        .contacts = d->w->run->base.kind == COLL_CONTACTS,
			        .version = d->second ? "4.0" : NULL};
			bytes = 0;
		}
		hrefs[taken] = list[taken]->href;
		m[n_m - 1].n_hrefs++;
		bytes += list[taken]->has_len ? list[taken]->len : 64u << 10;
	}
	*taken_out = taken;
	rc = dav_multiget_run(d->w->http, m, n_m, DAV_PARALLEL, on_data, d, err);
	for (size_t i = 0; i < n_m; i++) {
		refused += m[i].err.code == ERR_REFUSED;
		if (rc == 0 && err_ends(&m[i].err))
			rc = err_copy(err, &m[i].err);
		dav_answer_clear(&m[i].answer);
	}
	free(hrefs);
	if (d->sink_err.code)
		return err_copy(err, &d->sink_err);
	if (refused == n_m && d->got == 0 && !d->second)
		d->c->no_multiget = true;
	return rc;
}

/* Cards held back: as vCard 4.0 if that has the listed size, else as they came. */
static int settle_held(struct round *d, struct err *err)
{
	struct davitem **list = xcalloc(d->n_held ? d->n_held : 1, sizeof *list);
	int rc = 0;

	for (size_t i = 0; i < d->n_held; i++)
		list[i] = d->held[i].item;
	if (d->n_held) {
		d->second = true;
		for (size_t i = 0, k; i < d->n_held && rc == 0; i += k)
			rc = run_round(d, list + i, d->n_held - i, &k, err);
		d->second = false;
	}
	for (size_t i = 0; i < d->n_held; i++) {
		struct held *h = &d->held[i];

		if (rc == 0 && !h->item->done)
			rc = store_octets(d, h->item, h->data, h->len, err);
		free(h->data);
	}
	d->n_held = 0;
	free(list);
	return rc;
}

/* All of ${list}, round by round, as long as the server takes multigets. */
static int by_multiget(
        struct dav_worker *w, struct davcoll *c, struct davitem **list, size_t n, struct err *err)
{
	struct round d = {.w = w, .c = c};
	int rc = 0;

	for (size_t i = 0, k; i < n && rc == 0 && !c->no_multiget; i += k) {
		rc = run_round(&d, list + i, n - i, &k, err);
		if (rc == 0)
			rc = settle_held(&d, err);
	}
	for (size_t i = 0; i < d.n_held; i++)
		free(d.held[i].data);
	free(d.held);
	return rc;
}

static int len_cmp(const void *a, const void *b)
{
	const struct davitem *x = *(struct davitem *const *)a, *y = *(struct davitem *const *)b;
	bool large[2] = {x->has_len && x->len > DAV_LARGE, y->has_len && y->len > DAV_LARGE};

	return large[0] != large[1] ? large[0] - large[1] : (x > y) - (x < y);
}

/* What is still to be fetched by multiget, by GET, and by GET when all else is there. */
enum way { BY_MULTIGET, BY_GET, TWINS };

/* Is it still to be fetched, and this way? */
static bool item_goes(const struct davitem *i, enum way way)
{
	if (i->done || i->failed)
		return false;
	switch (way) {
	case BY_MULTIGET:
		return !i->shares && (!i->has_len || i->len <= DAV_HUGE);
	case BY_GET:
		return !i->twin;
	case TWINS:
		break;
	}
	return true;
}

/* Fill ${list} with what goes this way, large ones last; returns how many. */
static size_t select_items(struct davcoll *c, struct davitem **list, enum way way)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_items; i++)
		if (item_goes(&c->items[i], way))
			list[n++] = &c->items[i];
	SORT(list, n, len_cmp);
	return n;
}

int dav_fetch(struct dav_worker *w, struct davcoll *c, struct err *err)
{
	struct davitem **list = xcalloc(c->n_items ? c->n_items : 1, sizeof *list);
	int rc = 0;
	size_t n;

	if (!w->run->exact) {
		n = select_items(c, list, BY_MULTIGET);
		rc = by_multiget(w, c, list, n, err);
	}
	for (enum way way = BY_GET; rc == 0 && way <= TWINS; way++) {
		n = select_items(c, list, way);
		rc = dav_get_all(w, c, list, n, err);
	}
	free(list);
	return rc;
}
