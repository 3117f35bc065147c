/*
 * A folder by its table of contents and copies of the items that are wanted: where the server
 * does not synchronize it, where options leave some out, and for single items.
 */
#include "fetch/mapi/run.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"

enum {
	BATCH = 250, /* items of one stream */
	BATCH_OCTETS = 16 << 20,
	ROWS_MAX = 10000000,
	FLAG_READ = 1, /* mfRead, MS-OXCMSG 2.2.1.6 */
	FLAG_UNSENT = 8,
	SIZE_SLACK = 65536, /* what a message's octets may be off its size in the store */
	MID = 0x674a,
	SOURCE_KEY = 0x65e0,
};

struct row {
	mapi_id id;
	uint64_t size;
	char *key, *change, *subject;
	bool has_come;
};
struct listing {
	struct box *box;
	struct row *list;
	size_t n, cap;
	/* of a copy: those that are asked for */
	struct row *asked;
	size_t n_asked;
	bool is_ours; /* the error is of what is in the stream */
};

static void drop_rows(struct listing *l, size_t n)
{
	for (; l->n > n; l->n--) {
		free(l->list[l->n - 1].key);
		free(l->list[l->n - 1].change);
		free(l->list[l->n - 1].subject);
	}
}

/* ---- the table ---- */

static bool is_mail(const char *class)
{
	return class &&
	       (strncasecmp(class, "IPM.Note", 8) == 0 || strncasecmp(class, "REPORT.", 7) == 0);
}

/*
 * Only what cannot be meant: the octets of a message are others than those that the store
 * counts, and whether it is flagged no row says. The message itself decides the rest.
 */
bool folder_leaves_out(const struct box *b, const struct mapi_row *row)
{
	const struct selection *s = b->run->base.opts->selection;
	struct tree_item it = {.size = row->size, .date_utc = row->delivered};
	struct selection wide;

	if (!s || b->place.form != OUTLOOK_MAIL || !is_mail(row->message_class) ||
	        row->delivered == INT64_MIN)
		return false;
	wide = *s;
	wide.flagged = false;
	wide.larger = s->larger > SIZE_SLACK ? (s->larger - SIZE_SLACK) / 2 : 0;
	if (s->smaller < (UINT64_MAX - SIZE_SLACK) / 2)
		wide.smaller = s->smaller * 2 + SIZE_SLACK;
	it.flags = row->flags & FLAG_READ ? FLAG_SEEN : 0;
	return !selection_listed(&wide, COLL_MAIL, &it);
}

static char *hex_of(const uint8_t *p, size_t n)
{
	char *hex;

	if (!p || n > MAPI_KEY_MAX)
		return xstrdup("");
	hex = xmalloc(2 * n + 1);
	hex_format(p, n, hex);
	return hex;
}

static int on_row(void *ctx, const struct mapi_row *row, struct err *err)
{
	struct listing *l = ctx;
	struct box *b = l->box;
	struct row r = {.id = row->id,
	        .size = row->size,
	        .key = hex_of(row->source_key, row->n_source_key),
	        .change = hex_of(row->change_key, row->n_change_key)};
	struct known *k;
	int rc = 0;

	if (!*r.key) {
		free(r.key);
		r.key = xasprintf("%016jx", (uintmax_t)row->id);
	}
	if (row->n_source_key == 22)
		replicas_learn(&b->replicas, row->source_key, row->id);
	k = folder_find(b, r.key);
	if (k && *r.change && strcmp(k->change, r.change) == 0) {
		k->is_there = k->has_seen = true;
		k->seen = (row->flags & FLAG_READ) != 0;
	} else if (!k && folder_leaves_out(b, row)) {
		b->left_out++;
	} else if (l->n < ROWS_MAX) {
		r.subject = xstrdup(row->subject);
		*ARR_PUSH(l->list, l->n, l->cap) = r;
		return stop_check(err);
	} else {
		rc = err_set(
		        err, ERR_LIMIT, ERR_COLLECTION, "a folder of more than %d items", ROWS_MAX);
	}
	free(r.key);
	free(r.change);
	return rc < 0 ? rc : stop_check(err);
}

/* All rows, in however many sessions. */
static int list_rows(struct mapi_worker *w, struct listing *l, bool associated, struct err *err)
{
	struct box *b = l->box;
	uint64_t left_out = b->left_out;
	size_t n = l->n;
	int rc;

	for (unsigned nth = 1;; nth++) {
		struct mapi_store *store;

		rc = worker_store(w, b->at, &store, err);
		if (rc == 0)
			rc = mapi_contents(store, b->folder.id, associated, on_row, l, err);
		if (rc == 0)
			return 0;
		drop_rows(l, n); /* they come again */
		b->left_out = left_out;
		rc = worker_again(w, b, nth, err);
		if (rc < 0)
			return rc;
	}
}

/* ---- copies ---- */

static struct row *row_of(struct listing *l, struct bag *item)
{
	mapi_id id = (mapi_id)bag_int(item, MID, 0);
	char *key;
	size_t n;
	const uint8_t *p = bag_octets(item, SOURCE_KEY, MAPI_KEY_MAX, &n);
	struct row *found = NULL;

	if (l->n_asked == 1)
		return l->asked[0].has_come ? NULL : &l->asked[0];
	key = hex_of(p, p ? n : 0);
	for (size_t i = 0; i < l->n_asked && !found; i++)
		if (!l->asked[i].has_come &&
		        ((id && l->asked[i].id == id) || (*key && !strcmp(l->asked[i].key, key))))
			found = &l->asked[i];
	free(key);
	return found;
}

static int on_copy(void *ctx, struct bag *item, struct err *err)
{
	struct listing *l = ctx;
	struct row *r = row_of(l, item);
	struct arrived a;
	int rc;

	if (!r) { /* it comes alone, later */
		bag_free(item);
		return 0;
	}
	a = (struct arrived){r->key, r->change, r->id};
	rc = folder_take_item(l->box, &a, item, err);
	r->has_come = rc == 0;
	return rc;
}

struct copying {
	struct listing *listing;
	struct fx_reader *reader;
};

static int on_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct copying *c = ctx;
	int rc = fx_read(c->reader, p, n, err);

	atomic_fetch_add(&c->listing->box->run->base.progress->bytes_done, n);
	c->listing->is_ours = rc < 0;
	return rc;
}

/* Those of ${asked} that have not come, as one stream. */
static int copy_once(struct mapi_worker *w, struct listing *l, struct err *err)
{
	struct copying c = {.listing = l};
	struct mapi_store *store;
	mapi_id ids[BATCH];
	size_t n = 0;
	int rc = worker_store(w, l->box->at, &store, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < l->n_asked; i++)
		if (!l->asked[i].has_come)
			ids[n++] = l->asked[i].id;
	if (n == 0)
		return 0;
	l->is_ours = false;
	c.reader = fx_reader_new(on_copy, l);
	rc = mapi_copy(store, l->box->folder.id, ids, n, on_octets, &c, err);
	if (rc == 0) {
		rc = fx_read_end(c.reader, err);
		l->is_ours = rc < 0;
	}
	fx_reader_free(c.reader);
	return rc;
}

/*
 * ${n} of them from ${asked} on: what the network breaks is asked for again, whatever else
 * keeps one from coming is ${why_out}.
 */
static int copy_batch(
        struct mapi_worker *w, struct listing *l, struct err *why_out, struct err *err)
{
	int rc;

	for (unsigned nth = 1;; nth++) {
		err_clear(why_out);
		rc = copy_once(w, l, err);
		if (rc == 0 || l->box->is_fatal)
			return rc;
		if (l->is_ours || !is_passing(rc)) {
			*why_out = *err;
			err_clear(err);
			return stop_check(err);
		}
		rc = worker_again(w, l->box, nth, err);
		if (rc < 0)
			return rc;
	}
}

static size_t batch_from(const struct listing *l, size_t i)
{
	uint64_t octets = 0;
	size_t n = 0;

	while (n < BATCH && i + n < l->n && (n == 0 || octets < BATCH_OCTETS))
		octets += l->list[i + n++].size;
	return n;
}

static int copy_all(struct mapi_worker *w, struct listing *l, struct err *err)
{
	int rc = 0;

	for (size_t i = 0, n; i < l->n && rc == 0; i += n) {
		struct err why;

		n = batch_from(l, i);
		l->asked = l->list + i;
		l->n_asked = n;
		rc = copy_batch(w, l, &why, err);
		for (size_t k = i; k < i + n && rc == 0; k++) {
			const struct arrived a = {l->list[k].key, l->list[k].change, l->list[k].id};

			if (!l->list[k].has_come)
				(void)folder_add_broken(
				        l->box, &a, why.code ? why.text : "it did not come");
		}
	}
	return rc;
}

int folder_copy(
        struct mapi_worker *w, struct box *b, const struct wanted *list, size_t n, struct err *err)
{
	struct listing l = {.box = b};
	int rc;

	for (size_t i = 0; i < n; i++)
		*ARR_PUSH(l.list, l.n, l.cap) = (struct row){.id = list[i].id,
		        .key = xstrdup(list[i].key),
		        .change = xstrdup(list[i].change)};
	rc = copy_all(w, &l, err);
	drop_rows(&l, 0);
	free(l.list);
	return rc;
}

static int check_space(const struct listing *l, struct err *err)
{
	struct mapi_run *r = l->box->run;
	uint64_t octets = 0;
	int rc = 0;

	for (size_t i = 0; i < l->n; i++)
		octets += l->list[i].size;
	atomic_fetch_add(&r->base.progress->items_total, l->n);
	atomic_fetch_add(&r->base.progress->bytes_total, octets);
	pthread_mutex_lock(&r->base.workers.lock);
	if (octets && r->base.opts->space_check)
		rc = r->base.opts->space_check(r->base.opts->space_ctx, octets, err);
	pthread_mutex_unlock(&r->base.workers.lock);
	l->box->is_fatal = l->box->is_fatal || rc < 0;
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

int folder_by_rows(struct mapi_worker *w, struct box *b, struct err *err)
{
	struct listing l = {.box = b};
	int rc;

	folder_forget_state(b);
	rc = list_rows(w, &l, false, err);
	if (rc == 0 && b->run->associated)
		rc = list_rows(w, &l, true, err);
	if (rc == 0)
		rc = check_space(&l, err);
	if (rc == 0)
		rc = copy_all(w, &l, err);
	if (rc == 0)
		b->state = BOX_SYNCED;
	drop_rows(&l, 0);
	free(l.list);
	return rc;
}

/* ---- single ones ---- */

/*
 * Where the server left items out without a word of which: those of its table that are not
 * here as it has them. false: it gives no table.
 */
static int add_unlisted(struct mapi_worker *w, struct box *b, bool *is_sure, struct err *err)
{
	struct listing l = {.box = b};
	struct err why = {0};
	int rc = list_rows(w, &l, false, &why);

	if (rc == 0 && b->run->associated)
		rc = list_rows(w, &l, true, &why);
	*is_sure = rc == 0;
	for (size_t i = 0; i < l.n; i++) {
		const struct arrived a = {l.list[i].key, l.list[i].change, l.list[i].id};

		(void)folder_add_broken(b, &a, "the server left it out");
	}
	drop_rows(&l, 0);
	free(l.list);
	if (rc < 0 && costs_service(w, b, &why))
		return err_copy(err, &why);
	return stop_check(err);
}

/* What those that did not come are called, and whether they are still there. */
static int on_name(void *ctx, const struct mapi_row *row, struct err *err)
{
	struct listing *l = ctx;

	for (size_t i = 0; i < l->n; i++)
		if (l->list[i].id == row->id) {
			l->list[i].has_come = true;
			if (row->subject && !l->list[i].subject)
				l->list[i].subject = xstrdup(row->subject);
		}
	return stop_check(err);
}

static void name_lost(struct mapi_worker *w, struct listing *lost)
{
	struct box *b = lost->box;
	struct mapi_store *store;
	struct err ignored;
	bool is_listed = false;

	if (lost->n && worker_store(w, b->at, &store, &ignored) == 0)
		is_listed =
		        mapi_contents(store, b->folder.id, false, on_name, lost, &ignored) == 0 &&
		        (!b->run->associated || mapi_contents(store, b->folder.id, true, on_name,
		                                        lost, &ignored) == 0);
	for (size_t i = 0; i < lost->n; i++) {
		const struct row *r = &lost->list[i];
		struct known *k = folder_find(b, r->key);

		if (is_listed && r->id && !r->has_come) { /* deleted meanwhile */
			if (k && !k->is_new)
				k->is_there = false;
			continue;
		}
		folder_lose(b, r->key, r->subject, r->change);
	}
}

/* ${x} is in the list of broken ones, which does not grow meanwhile. */
static int copy_alone(struct mapi_worker *w, struct box *b, const struct broken *x,
        struct listing *lost, struct err *err)
{
	struct row r = {.id = x->id, .key = x->key, .change = x->change};
	struct listing l = {.box = b, .asked = &r, .n_asked = 1};
	struct err why = {0};
	int rc = x->id ? copy_batch(w, &l, &why, err) : 0;

	if (rc < 0 || r.has_come)
		return rc;
	r.key = xstrdup(x->key);
	r.change = xstrdup(why.code ? why.text : x->why); /* why it did not come */
	*ARR_PUSH(lost->list, lost->n, lost->cap) = r;
	return 0;
}

int folder_copy_broken(struct mapi_worker *w, struct box *b, struct err *err)
{
	struct listing lost = {.box = b};
	bool is_sure = false;
	int rc = b->is_doubted ? add_unlisted(w, b, &is_sure, err) : 0;

	for (size_t i = 0; i < b->n_broken && rc == 0; i++)
		if (b->broken[i].id || !is_sure) /* else the table has named it */
			rc = copy_alone(w, b, &b->broken[i], &lost, err);
	if (rc == 0)
		name_lost(w, &lost);
	drop_rows(&lost, 0);
	free(lost.list);
	return rc;
}
