/* One item: sent; where it is not known whether it is stored, looked for before it is sent again.
 */
#include <stdlib.h>
#include <string.h>
#include "run.h"
#include "valise/base/mem.h"
#include "valise/base/spool.h"
#include "valise/outlook/fx.h"

enum { ATTEMPTS = 3, LOOKS = 3, REFUSALS_MAX = 20, SAMPLE_FIRST = 100, SAMPLE_EACH = 31 };

/* ---- what becomes of it ---- */

void mapi_item_done(struct box *b, size_t i)
{
	atomic_fetch_add(&b->r->progress->items_done, 1);
	atomic_fetch_add(&b->r->progress->bytes_done, mapi_item_of(b->a, b->items[i])->size);
}

void mapi_item_failed(struct box *b, size_t i, const char *why)
{
	b->items[i]->state = MITEM_FAILED;
	b->a->sum.failed++;
	mapi_item_done(b, i);
	mapi_say_item(b, SAY_WARNING, i, "not restored: %s", why);
}

void mapi_item_unreadable(struct box *b, size_t i, const char *why)
{
	b->a->sum.unreadable++;
	mapi_item_failed(b, i, why);
}

bool mapi_is_sampled(const struct mrun *r, uint64_t n)
{
	return n < SAMPLE_FIRST || n % SAMPLE_EACH == 0 || r->opts->read_all || r->alters;
}

static void count_lost(struct mrun *r, const char *lost)
{
	size_t n;

	for (const char *s = lost; *s; s += n + (s[n] != 0)) {
		n = strcspn(s, "\n");
		mapi_count(&r->losses, s, n);
	}
}

int mapi_box_foresee(struct box *b, size_t i, struct err *err)
{
	struct buf lost = buf_of(SIZE_MAX);
	struct bag *bag;
	int rc = mapi_item_load(b->a, b->items[i], &bag, &lost, err);

	if (rc == 0)
		bag_free(bag);
	if (rc == 0 && lost.len)
		count_lost(b->r, buf_str(&lost));
	buf_clear(&lost);
	if (rc == 0 || err_ends(err))
		return rc;
	mapi_item_unreadable(b, i, err->text);
	err_clear(err);
	return 0;
}

/* What of its octets has no place in an item of MAPI: that of many items is told together. */
static void tell_lost(struct box *b, size_t i)
{
	struct mitem *it = b->items[i];

	count_lost(b->r, it->lost);
	for (char *s = it->lost; (s = strchr(s, '\n')); s++)
		*s = ';';
	free(it->differs);
	it->differs = xasprintf("no property says %s", it->lost);
	b->a->sum.altered += !it->reformed;
	mapi_say_item(b, SAY_LISTED, i, "stored, but no property of an item says: %s", it->lost);
}

static void item_added(struct box *b, size_t i)
{
	struct mrun *r = b->r;

	b->items[i]->state = MITEM_ADDED;
	b->items[i]->sampled = mapi_is_sampled(r, r->n_added++);
	b->a->sum.added++;
	b->a->sum.bytes += mapi_item_of(b->a, b->items[i])->size;
	r->lost = 0;
	mapi_item_done(b, i);
	if (b->items[i]->lost)
		tell_lost(b, i);
	if (!b->items[i]->reformed)
		return;
	b->a->sum.altered++;
	b->a->sum.rescued++;
	b->a->sum.rescues[RESCUE_FORM]++;
	mapi_say_item(b, SAY_NOTE, i,
	        "refused with the properties that it came with, and made of its octets instead: %s",
	        b->why.text);
}

/* ---- one upload ---- */

struct giving {
	struct spool *from;
	uint64_t at;
};

static int give(void *ctx, void *p, size_t n, size_t *got_out, struct err *err)
{
	struct giving *g = ctx;

	*got_out = (size_t)MIN(g->from->len - g->at, (uint64_t)n);
	if (*got_out && spool_read(g->from, g->at, p, *got_out, err) < 0)
		return err_widen(err, ERR_WHOLE);
	g->at += *got_out;
	return 0;
}

static int add_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	return spool_add(ctx, p, n, err);
}

/* The item as octets; what it is known by follows from it. */
static int prepare(struct box *b, size_t i, struct spool *out, struct err *err)
{
	struct buf lost = buf_of(SIZE_MAX);
	struct bag *bag;
	int rc = mapi_item_load(b->a, b->items[i], &bag, &lost, err);

	free(b->items[i]->lost);
	b->items[i]->lost = lost.len ? buf_take(&lost) : NULL;
	buf_clear(&lost);
	if (rc < 0)
		return rc;
	mapi_item_key_of_bag(bag, &b->pairs[i].k);
	rc = fx_write(bag, add_octets, out, err);
	bag_free(bag);
	return rc;
}

/*
 * Is it in the folder now? By its key; where the server gives keys of its own, and this is no mail,
 * there is one more new message than were stored.
 */
static bool is_found(struct box *b, size_t i, const struct pair_row *old, size_t n_old)
{
	size_t fresh = 0, lacking = 0;

	mapi_pair_match(b->pairs, b->n, b->rows, b->n_rows);
	if (b->pairs[i].row != PAIR_NONE)
		return true;
	if (mapi_pair_is_set(b->pairs[i].k.about))
		return false;
	for (size_t k = 0; k < b->n_rows; k++)
		fresh += b->rows[k].item == PAIR_NONE &&
		         mapi_pair_find(old, n_old, b->rows[k].id) == PAIR_NONE;
	for (size_t k = 0; k < b->n; k++)
		lacking += b->items[k]->state == MITEM_ADDED && b->pairs[k].row == PAIR_NONE;
	return fresh > lacking;
}

/* The session was lost within it: another one, and a look. *stored_out: it is there. */
static int look_for(struct box *b, size_t i, bool *stored_out, struct err *err)
{
	struct pair_row *old = b->rows;
	size_t n_old = b->n_rows;
	int rc;

	for (size_t k = 0; k < b->n; k++) {
		b->pairs[k].is_meant = k == i || b->items[k]->state == MITEM_ADDED ||
		                       b->items[k]->state == MITEM_THERE;
		b->pairs[k].noted = b->items[k]->state == MITEM_THERE ? b->items[k]->id : 0;
	}
	b->rows = NULL;
	b->n_rows = b->rows_cap = 0;
	rc = mapi_box_list(b, err);
	*stored_out = rc == 0 && is_found(b, i, old, n_old);
	free(b->rows);
	b->rows = old;
	b->n_rows = b->rows_cap = n_old;
	return rc;
}

/*
 * It is refused, as the server says: some say so of what they have stored all the same, or take
 * it the second time. Where it was in vain for the first of them, others are not asked about.
 */
static int doubt(struct box *b, size_t i, bool *stored_out, bool *sure_out, struct err *err)
{
	struct err other = {0};

	*sure_out = *sure_out && err->code != ERR_BUSY;
	if (b->refusals_true >= LOOKS) {
		*sure_out = true;
		return err->code;
	}
	if (look_for(b, i, stored_out, &other) < 0)
		return err_ends(&other) ? err_copy(err, &other) : err->code;
	b->refusals_true += *sure_out && !*stored_out;
	return *stored_out ? 0 : err->code;
}

/* Until it is known what came of it. */
static int put_octets(struct box *b, size_t i, struct spool *octets, struct err *err)
{
	const struct map_node *d = &b->r->map.nodes[b->node];

	for (unsigned attempt = 1;; attempt++) {
		struct giving g = {octets, 0};
		bool stored = false, sure = attempt > 1;
		int rc = b->r->store ? mapi_put(b->r->store, d->id, give, &g, err)
		                     : err_set(err, ERR_NET, ERR_WHOLE, "no session");

		if (rc == 0)
			return 0;
		if (mapi_again(b->r, &rc, err))
			rc = look_for(b, i, &stored, err);
		else if (!err_ends(err))
			rc = doubt(b, i, &stored, &sure, err);
		if (stored || (rc < 0 && (err_ends(err) || sure)))
			return rc;
		if (rc < 0 && attempt == ATTEMPTS)
			return rc;
		if (attempt == ATTEMPTS)
			return err_set(err, ERR_REFUSED, ERR_ITEM,
			        "the connection ends whenever it is sent");
	}
}

/* Refused with what it came with, and its octets are there to be made another item of. */
static bool has_other_form(const struct box *b, size_t i)
{
	const struct mitem *it = b->items[i];

	return it->raw != PAIR_NONE && !it->reformed && !b->r->opts->strict;
}

static int put_once(struct box *b, size_t i, bool *read_out, struct err *err)
{
	struct spool octets;
	int rc;

	spool_init(&octets);
	rc = prepare(b, i, &octets, err);
	*read_out = rc == 0;
	if (rc == 0)
		rc = put_octets(b, i, &octets, err);
	spool_clear(&octets);
	return rc;
}

int mapi_box_put(struct box *b, size_t i, struct err *err)
{
	struct err other = {0};
	bool is_read;
	int rc;

	if (b->refusals >= REFUSALS_MAX) {
		mapi_item_failed(b, i, "not sent, as the server refused those before it");
		return 0;
	}
	rc = put_once(b, i, &is_read, err);

	if (rc < 0 && !err_ends(err) && has_other_form(b, i)) {
		b->items[i]->reformed = true;
		b->why = *err;
		if (put_once(b, i, &is_read, &other) == 0) {
			err_clear(err);
			rc = 0;
		} else if (err_ends(&other)) {
			return err_copy(err, &other);
		}
	}
	if (rc < 0 && err_ends(err))
		return rc;
	if (rc == 0)
		item_added(b, i);
	b->refusals = rc == 0 ? 0 : b->refusals + (is_read ? 1u : 0u);
	if (rc == 0)
		return 0;
	if (!is_read && (err->code == ERR_DAMAGED || err->code == ERR_NOTFOUND))
		mapi_item_unreadable(b, i, err->text);
	else
		mapi_item_failed(b, i, err->text);
	err_clear(err);
	return 0;
}
