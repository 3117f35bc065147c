/*
 * Items onto the target in batches: PUT with If-None-Match: *, several in flight (RFC 4791
 * 5.3.2, RFC 6352 6.3.2); each is read back and settled, until nothing is open.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/clock.h"
#include "request.h"

enum {
	PUT_BATCH = 96, /* items put and then read back */
	/* as long as it is not known whether the target keeps their names */
	PUT_FIRST = 4,
	PUT_BYTES = 8 << 20,
};

/* One PUT each, in flight together; each gets its verdict. */
static int send_pending(struct drun *r, struct put *list, size_t n, struct err *err)
{
	struct dav_send **sent = xcalloc(n, sizeof *sent);
	unsigned parallel = r->opts->connections ? r->opts->connections : PARALLEL;
	size_t n_sent = 0;
	int rc;

	for (size_t i = 0; i < n; i++) {
		struct put *p = &list[i];

		if (!p->pending)
			continue;
		p->sent.url = p->url;
		p->sent.etag = p->e->replaced_etag;
		p->sent.type =
		        r->contacts ? "text/vcard; charset=utf-8" : "text/calendar; charset=utf-8";
		p->sent.data = p->body.data;
		p->sent.len = p->body.len;
		sent[n_sent++] = &p->sent;
	}
	rc = dav_send_run(r->http, sent, n_sent, parallel, err);
	free(sent);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (!list[i].pending)
			continue;
		list[i].verdict = put_judge_sent(&list[i].sent);
		if (list[i].verdict == PUT_STORED) {
			/* It is not sent again. */
			buf_clear(&list[i].body);
			buf_init(&list[i].body, 0);
		}
		if (list[i].sent.err.code && err_ends(&list[i].sent.err)) {
			*err = list[i].sent.err;
			rc = err->code;
		}
	}
	return rc;
}

/* The network is gone: nothing was answered, and nothing could be read. */
static bool all_lost(const struct put *list, size_t n, const struct reslist *found)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].pending && list[i].sent.err.code != ERR_NET)
			return false;
	for (size_t i = 0; i < found->n; i++)
		if (found->list[i].seen || found->list[i].status)
			return false;
	return true;
}

/* What is not where it was PUT, and may come there yet, or be elsewhere. */
static int await_unknown(
        struct drun *r, const struct put *list, size_t n, struct reslist *found, struct err *err)
{
	int64_t took = 0;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		struct res *x = list[i].res ? &found->list[list[i].res - 1] : NULL;

		if (!x || !list[i].pending)
			continue;
		if (list[i].verdict == PUT_STORED && x->seen && x->fits &&
		        dav_key(list[i].url) == x->key)
			r->keeps_names = true;
		else if (list[i].verdict == PUT_STORED)
			r->renames = true;
		if (!x->unknown)
			continue;
		x->unknown = !(x->seen && x->fits) && x->status == 404;
		any |= x->unknown;
		if (x->unknown && list[i].sent.answer.took_ms > took)
			took = list[i].sent.answer.took_ms;
	}
	return any ? dav_await(r, found->list, found->n, took, err) : 0;
}

/* Is anything to be sent? Where the server was busy within itself, after a pause. */
static bool any_pending(const struct put *list, size_t n, struct err *err)
{
	unsigned agains = 0;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		any = any || list[i].pending;
		if (list[i].pending && list[i].agains > agains)
			agains = list[i].agains;
	}
	return any && (!agains || clock_sleep(await_pause_ms(agains - 1, INT64_MAX), err) == 0);
}

/*
 * What is to be replaced is read once more: the listing may be hours old, and there are
 * servers that pass over If-Match. What is not as it was then is left.
 */
static int look_again(struct drun *r, struct put *list, size_t n, struct err *err)
{
	struct reslist some = {0};
	size_t k = 0;
	int rc;

	for (size_t i = 0; i < n; i++) {
		struct res *x;

		if (!list[i].pending || !list[i].e->replaces)
			continue;
		x = reslist_add(&some, list[i].tcoll, list[i].e->replaces, NULL);
		x->entry = (uint32_t)(list[i].e - r->entries);
		x->likely = true;
	}
	rc = dav_look(r, some.list, some.n, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct entry *e = list[i].e;
		struct res *x;

		if (!list[i].pending || !e->replaces)
			continue;
		x = &some.list[k++];
		if (x->untouched && strcmp(x->etag, e->replaced_etag) == 0)
			continue;
		list[i].pending = false;
		if (x->seen)
			entry_settle(r, e, x, ENTRY_THERE);
		else
			entry_failed(r, e, "what it was to replace cannot be read any more");
	}
	reslist_clear(&some);
	return rc;
}

/*
 * A server that names resources itself takes everything, also what another restore has
 * just stored.
 */
static int look_before(struct drun *r, struct put *list, size_t n, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0 && r->renames; i++)
		if (i == 0 || list[i].tcoll != list[i - 1].tcoll)
			rc = dav_meanwhile(r, list[i].tcoll, err);
	for (size_t i = 0; i < n; i++)
		list[i].pending = list[i].pending && list[i].e->state == ENTRY_NEW;
	return rc == 0 ? look_again(r, list, n, err) : rc;
}

struct batch {
	struct put *list;
	size_t n;
	uint64_t bytes;
};

static void batch_clear(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		put_clear(&b->list[i]);
	b->n = 0;
	b->bytes = 0;
}

/* Send what is in it, until nothing of that is open; then it is empty. */
static int run_batch(struct drun *r, struct batch *b, struct err *err)
{
	struct put *list = b->list;
	size_t n = b->n;
	int rc = look_before(r, list, n, err);

	while (rc == 0 && any_pending(list, n, err)) {
		struct reslist found = {0};

		rc = send_pending(r, list, n, err);
		if (rc == 0)
			rc = put_look(r, list, n, &found, err);
		if (rc == 0 && all_lost(list, n, &found)) {
			for (size_t i = 0; i < n; i++)
				if (list[i].pending)
					*err = list[i].sent.err;
			rc = err_widen(err, ERR_WHOLE);
		}
		if (rc == 0)
			rc = await_unknown(r, list, n, &found, err);
		for (size_t i = 0; i < n && rc == 0; i++) {
			struct put *p = &list[i];

			if (p->pending)
				put_settle(r, p, p->res ? &found.list[p->res - 1] : NULL);
			p->res = 0;
		}
		reslist_clear(&found);
		if (put_journal_commit(r->journal, rc < 0 ? NULL : err) < 0 && rc == 0)
			rc = err_widen(err, ERR_WHOLE);
	}
	if (rc == 0)
		rc = managed_post(r, err);
	batch_clear(b);
	return rc;
}

/* It has no place, or nothing more goes there. */
static bool has_no_place(struct drun *r, struct entry *e)
{
	const struct acoll *a = &r->acolls[e->acoll];
	struct tcoll *t = a->to == NONE ? NULL : &r->tcolls[a->to];

	if (!t && r->opts->dry_run && !a->refused)
		return false;
	if (r->outcome.stopped && t && !t->full)
		t->full = xstrdup(r->outcome.stopped);
	if (t && !t->full)
		return false;
	if (t)
		t->not_sent++;
	entry_failed(r, e, t ? t->full : a->refused ? a->refused : "it has no place");
	return true;
}

/* Small until it is known whether the target keeps the names that it is given. */
static size_t batch_size(const struct drun *r)
{
	return r->keeps_names || r->renames ? PUT_BATCH : PUT_FIRST;
}

/*
 * Items that are the first of their UID, then the others, each kind in the order of the
 * archive.
 */
static int put_pass(struct drun *r, bool second, struct err *err)
{
	struct batch b = {.list = xcalloc(PUT_BATCH, sizeof *b.list)};
	int rc = 0;

	for (size_t i = 0; i < r->n_entries && rc == 0; i++) {
		struct entry *e = &r->entries[i];

		if (e->state != ENTRY_NEW || e->second != second)
			continue;
		rc = stop_check(err);
		if (rc < 0 || has_no_place(r, e))
			continue;
		progress_what(r->progress, r->acolls[e->acoll].name);
		if (b.n && (b.n == batch_size(r) || b.bytes + entry_item(r, e)->size > PUT_BYTES)) {
			rc = run_batch(r, &b, err);
			if (rc < 0 || has_no_place(r, e))
				continue;
		}
		if (put_prepare(r, e, &b.list[b.n], err)) {
			b.bytes += b.list[b.n++].body.len;
			/* One alone shows whether the target takes the files, too. */
			if (e->managed && !r->managed_tried) {
				rc = run_batch(r, &b, err);
				r->managed_tried = true;
			}
		} else if (err->code && err_ends(err)) {
			rc = err->code;
		}
	}
	if (rc == 0 && b.n)
		rc = run_batch(r, &b, err);
	batch_clear(&b);
	free(b.list);
	return rc;
}

int dav_put_all(struct drun *r, struct err *err)
{
	int rc;

	for (size_t i = 0; i < r->n_entries; i++)
		if (r->entries[i].state == ENTRY_STALE)
			r->entries[i].state = ENTRY_NEW;
	rc = put_pass(r, false, err);
	if (rc == 0)
		rc = put_pass(r, true, err);
	/* What was taken apart: its other objects. */
	if (rc == 0)
		rc = apart_stored(r, err);
	if (rc == 1)
		rc = put_pass(r, false, err);
	if (rc == 0)
		rc = put_pass(r, true, err);
	if (rc == 0)
		rc = managed_post(r, err);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}
