/* What was stored, read back and compared property by property with what was sent. */
#include <stdlib.h>
#include <string.h>
#include "run.h"
#include "valise/base/mem.h"
#include "valise/outlook/fx.h"

enum { BATCH = 16, BATCH_OCTETS = 8 << 20, LINES = 6, LINE_OCTETS = 200 };

/* ---- messages of the target ---- */

struct fetched {
	struct bag *list[BATCH];
	size_t n;
};

struct fetching {
	box_got_fn got;
	void *ctx;
};

static int take_bag(void *ctx, struct bag *b, struct err *err)
{
	struct fetched *f = ctx;

	if (f->n == BATCH) {
		bag_free(b);
		return err_set(err, ERR_PROTO, ERR_ITEM, "more messages than were asked for");
	}
	f->list[f->n++] = b;
	return 0;
}

static int read_piece(void *ctx, const void *p, size_t n, struct err *err)
{
	return fx_read(ctx, p, n, err);
}

static void fetched_clear(struct fetched *f)
{
	for (size_t k = 0; k < f->n; k++)
		bag_free(f->list[k]);
	f->n = 0;
}

/* These items, in one stream. */
static int copy_batch(
        struct box *b, const size_t *which, size_t n, struct fetched *out, struct err *err)
{
	mapi_id ids[BATCH], folder = b->r->map.nodes[b->node].id;
	int rc;

	for (size_t k = 0; k < n; k++)
		ids[k] = b->items[which[k]]->id;
	do {
		struct fx_reader *fx = fx_reader_new(take_bag, out);

		fetched_clear(out);
		rc = b->r->store ? mapi_copy(b->r->store, folder, ids, n, read_piece, fx, err)
		                 : err_set(err, ERR_NET, ERR_WHOLE, "no session");
		if (rc == 0)
			rc = fx_read_end(fx, err);
		fx_reader_free(fx);
	} while (mapi_again(b->r, &rc, err));
	if (rc == 0)
		b->r->lost = 0;
	if (rc < 0 && !err_ends(err)) { /* the server does not give them */
		err_clear(err);
		fetched_clear(out);
		return 0;
	}
	return rc;
}

/* The bag that has the item's search key; it is taken out. */
static struct bag *take_of(struct fetched *f, const struct pair_item *p)
{
	for (size_t k = 0; k < f->n; k++) {
		struct bag *b = f->list[k];
		struct pair_key key;

		if (!b || !mapi_pair_is_set(p->k.key))
			continue;
		mapi_item_key_of_bag(b, &key);
		if (memcmp(key.key, p->k.key, sizeof key.key) != 0)
			continue;
		f->list[k] = NULL;
		return b;
	}
	return NULL;
}

/* Alone there is no doubt which one it is. */
static int fetch_one(struct box *b, size_t i, struct bag **out, struct err *err)
{
	struct fetched f = {.n = 0};
	int rc = copy_batch(b, &i, 1, &f, err);

	*out = NULL;
	if (rc == 0 && f.n == 1) {
		*out = f.list[0];
		f.n = 0;
	}
	fetched_clear(&f);
	return rc;
}

static int fetch_batch(
        struct box *b, const size_t *which, size_t n, const struct fetching *to, struct err *err)
{
	struct fetched f = {.n = 0};
	int rc = n > 1 ? copy_batch(b, which, n, &f, err) : 0;

	for (size_t k = 0; k < n && rc == 0; k++) {
		struct bag *theirs = take_of(&f, &b->pairs[which[k]]);

		if (!theirs)
			rc = fetch_one(b, which[k], &theirs, err);
		if (rc == 0)
			rc = to->got(b, which[k], theirs, to->ctx, err);
		bag_free(theirs);
	}
	fetched_clear(&f);
	return rc;
}

int mapi_box_fetch(
        struct box *b, const size_t *which, size_t n, box_got_fn got, void *ctx, struct err *err)
{
	const struct fetching to = {got, ctx};
	int rc = 0;

	for (size_t k = 0, end; k < n && rc == 0; k = end) {
		uint64_t octets = 0;

		for (end = k; end < n && end - k < BATCH && (end == k || octets < BATCH_OCTETS);
		        end++) {
			uint32_t row = b->pairs[which[end]].row;

			octets += row == PAIR_NONE ? 0 : b->rows[row].size;
		}
		rc = fetch_batch(b, which + k, end - k, &to, err);
		if (rc == 0)
			rc = stop_check(err);
	}
	return rc;
}

/* ---- comparing ---- */

struct differences {
	struct mrun *r;
	struct buf text;
	size_t n;
};

static void take_difference(void *ctx, const struct outlook_difference *d)
{
	struct differences *all = ctx;

	if (d->how == OUTLOOK_ADDED) {
		mapi_count(&all->r->adds, d->name, strlen(d->name));
		return;
	}
	if (++all->n <= LINES)
		buf_putf(&all->text, "%s%.*s", all->n > 1 ? "; " : "", LINE_OCTETS, d->line);
}

char *mapi_bag_differs(struct mrun *r, const struct bag *was, const struct bag *is)
{
	struct differences all = {.r = r, .text = buf_of(SIZE_MAX)};

	(void)outlook_compare(was, is, take_difference, &all);
	if (all.n > LINES)
		buf_putf(&all.text, "; and %zu more", all.n - LINES);
	if (all.n)
		return buf_take(&all.text);
	buf_clear(&all.text);
	return NULL;
}

static int compare(struct box *b, size_t i, struct bag *theirs, void *ctx, struct err *err)
{
	struct mitem *it = b->items[i];
	struct bag *ours;
	char *differs;
	int rc;

	(void)ctx;
	it->seen = true;
	if (!theirs) {
		b->a->sum.unseen++;
		mapi_say_item(b, SAY_WARNING, i,
		        "stored, but the server does not give it again, so it is not known whether "
		        "it is as it was sent");
		return 0;
	}
	rc = mapi_item_load(b->a, it, &ours, NULL, err);
	if (rc < 0)
		return rc;
	differs = mapi_bag_differs(b->r, ours, theirs);
	bag_free(ours);
	if (!differs)
		return 0;
	free(it->differs);
	it->differs = differs;
	b->a->sum.altered += !it->reformed && !it->lost;
	if (it->state == MITEM_THERE) {
		mapi_say_item(b, SAY_NOTE, i,
		        "is there already, but differs, and is left as it is: %s", it->differs);
		return 0;
	}
	b->r->alters = true;
	mapi_say_item(b, SAY_NOTE, i, "the server altered it: %s", it->differs);
	return 0;
}

static int verify_sampled(struct box *b, struct err *err)
{
	size_t *which = xcalloc(b->n + 1, sizeof *which), n = 0;
	int rc;

	for (size_t i = 0; i < b->n; i++)
		if (b->items[i]->id && b->items[i]->sampled && !b->items[i]->seen)
			which[n++] = i;
	rc = mapi_box_fetch(b, which, n, compare, NULL, err);
	free(which);
	return rc;
}

/* Where one of the sample is not as it was sent, all of the folder is read. */
int mapi_box_verify(struct box *b, struct err *err)
{
	bool altered = b->r->alters;
	int rc = verify_sampled(b, err);

	if (rc < 0 || altered || !b->r->alters)
		return rc;
	for (size_t i = 0; i < b->n; i++)
		b->items[i]->sampled |= b->items[i]->state == MITEM_ADDED;
	return verify_sampled(b, err);
}
