/* One collection in one folder: listed, paired, stored, listed again. */
#include <stdlib.h>
#include <string.h>
#include "run.h"
#include "valise/base/clock.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"

enum { LOST_MAX = 5, PAUSE_MS = 1000, PAUSE_MOST_MS = 30000 };

/* ---- a session that was lost ---- */

static bool is_lost(const struct mrun *r, const struct err *err)
{
	return err->code == ERR_NET || !r->store || mapi_store_is_lost(r->store);
}

bool mapi_again(struct mrun *r, int *rc, struct err *err)
{
	if (*rc == 0 || err->code == ERR_STOPPED || !is_lost(r, err))
		return false;
	mapi_close(r->store);
	r->store = NULL;
	while (is_lost(r, err) && r->lost < LOST_MAX) {
		*rc = clock_sleep(clock_pause_ms(PAUSE_MS, r->lost++, PAUSE_MOST_MS), err);
		if (*rc < 0)
			return false;
		err_clear(err);
		*rc = mapi_open(r->service, r->role, MAPI_MAILBOX, r->progress, &r->store, err);
		if (*rc == 0)
			return true;
		r->store = NULL;
		if (err->code != ERR_NET)
			break;
	}
	*rc = err_widen(err, ERR_WHOLE);
	return false;
}

/* ---- the folder's messages ---- */

static int take_row(void *ctx, const struct mapi_row *row, struct err *err)
{
	struct box *b = ctx;
	struct pair_row *to;

	if (b->n_rows >= PAIR_NONE - 1)
		return err_set(
		        err, ERR_LIMIT, ERR_WHOLE, "a folder of more than four billion items");
	to = ARR_PUSH(b->rows, b->n_rows, b->rows_cap);
	to->id = row->id;
	to->size = row->size;
	to->flags = row->flags;
	to->item = PAIR_NONE;
	mapi_pair_sum(row->search_key, row->n_search_key, to->k.key);
	mapi_pair_about(row->message_id, row->delivered,
	        folder_class_word(folder_class_for(row->message_class)), to->k.about);
	return stop_check(err);
}

static int by_id(const void *p, const void *q)
{
	const struct pair_row *a = p, *b = q;

	return ORDER_OF(a->id, b->id);
}

/* Once each, whatever the table showed while it grew. */
static void sort_rows(struct box *b)
{
	size_t kept = 0;

	SORT(b->rows, b->n_rows, by_id);
	for (size_t i = 0; i < b->n_rows; i++)
		if (!kept || b->rows[kept - 1].id != b->rows[i].id)
			b->rows[kept++] = b->rows[i];
	b->n_rows = kept;
}

int mapi_box_list(struct box *b, struct err *err)
{
	const struct map_node *d = &b->r->map.nodes[b->node];
	int rc;

	b->n_rows = 0;
	if (!d->id)
		return 0;
	do {
		b->n_rows = 0;
		rc = b->r->store ? mapi_contents(b->r->store, d->id, false, take_row, b, err)
		                 : err_set(err, ERR_NET, ERR_WHOLE, "no session");
	} while (mapi_again(b->r, &rc, err));
	sort_rows(b);
	return rc;
}

int mapi_box_keys(struct box *b, struct err *err)
{
	for (size_t i = 0; i < b->n && !b->keyed; i++) {
		int rc = mapi_item_key(b->a, b->items[i], &b->pairs[i].k, err);

		if (rc < 0 && err_ends(err))
			return rc;
		/* What cannot be read is told when it is to be sent. */
		if (rc < 0)
			err_clear(err);
		rc = stop_check(err);
		if (rc < 0)
			return rc;
	}
	b->keyed = true;
	return 0;
}

/* ---- what earlier runs noted ---- */

struct by_sum {
	const uint8_t *sha256;
	size_t i;
};

static int by_item_sum(const void *p, const void *q)
{
	const struct by_sum *a = p, *b = q;
	int order = memcmp(a->sha256, b->sha256, SHA256_LEN);

	return order ? order : ORDER_OF(a->i, b->i);
}

/* Items and records of the same octets one by one, as far as there are of both. */
void mapi_box_noted(struct box *b)
{
	struct by_sum *list = xcalloc(b->n + 1, sizeof *list);
	const struct noted *noted;
	size_t n = mapi_journal_items(b->r->journal, b->a->key, &noted), i, k;

	for (i = 0; i < b->n; i++)
		list[i] = (struct by_sum){mapi_item_of(b->a, b->items[i])->sha256, i};
	SORT(list, b->n, by_item_sum);
	for (i = k = 0; i < b->n && k < n;) {
		int order = memcmp(list[i].sha256, noted[k].sha256, SHA256_LEN);

		if (order == 0 && mapi_pair_find(b->rows, b->n_rows, noted[k].id) != PAIR_NONE) {
			b->pairs[list[i].i].noted = noted[k].id;
			free(b->items[list[i].i]->differs);
			b->items[list[i].i]->differs = xstrdup(noted[k].differs);
			i++;
			k++;
		} else if (order < 0) {
			i++;
		} else {
			k++;
		}
	}
	free(list);
}

int mapi_box_open(struct mrun *r, struct acoll *a, size_t node, struct box *out, struct err *err)
{
	*out = (struct box){.r = r, .a = a, .node = node};
	out->items = xcalloc(a->n_items + 1, sizeof *out->items);
	out->pairs = xcalloc(a->n_items + 1, sizeof *out->pairs);
	for (size_t i = 0; i < a->n_items; i++) {
		if (a->items[i].node != node)
			continue;
		out->pairs[out->n].is_meant = true;
		out->pairs[out->n].row = PAIR_NONE;
		out->items[out->n++] = &a->items[i];
	}
	return r->map.nodes[node].made ? 0 : mapi_box_list(out, err);
}

void mapi_box_close(struct box *b)
{
	free(b->items);
	free(b->pairs);
	free(b->rows);
	*b = (struct box){0};
}

/* ---- what is there already ---- */

static void take_surplus(void *ctx, uint32_t i, mapi_id id)
{
	struct box *b = ctx;

	if (mapi_journal_had(b->r->journal, id))
		return;
	if (mapi_journal_is_new(b->r->journal)) {
		mapi_journal_add_had(b->r->journal, id);
		return;
	}
	b->a->sum.doubled++;
	mapi_say_item(b, SAY_WARNING, i,
	        "is on the target more often than in the archive, and was not before: take away "
	        "what is too much there");
}

static void is_there(struct box *b, size_t i)
{
	struct mitem *it = b->items[i];

	it->state = MITEM_THERE;
	it->id = b->rows[b->pairs[i].row].id;
	it->noted = b->pairs[i].noted == it->id;
	b->a->sum.already++;
	mapi_item_done(b, i);
	if (it->differs) {
		b->a->sum.altered++;
		mapi_say_item(b, SAY_NOTE, i,
		        "as after the earlier restore, not as in the archive: %s", it->differs);
	}
	/* What no journal knows is looked at as what is stored. */
	it->sampled = !it->differs && !it->noted &&
	              (mapi_is_sampled(b->r, b->r->n_there++) || b->pairs[i].is_shared);
}

static int find_there(struct box *b, struct err *err)
{
	int rc = b->n_rows ? mapi_box_keys(b, err) : 0;

	if (rc < 0 || !b->n_rows)
		return rc;
	mapi_box_noted(b);
	mapi_pair_match(b->pairs, b->n, b->rows, b->n_rows);
	for (size_t i = 0; i < b->n; i++)
		if (b->pairs[i].row != PAIR_NONE)
			is_there(b, i);
	mapi_pair_surplus(b->pairs, b->n, b->rows, b->n_rows, take_surplus, b);
	return 0;
}

/* ---- what was stored ---- */

/* The id in the list of rows as it was before. */
static bool was_there(const struct pair_row *old, size_t n_old, mapi_id id)
{
	return mapi_pair_find(old, n_old, id) != PAIR_NONE;
}

/*
 * A server that gives search keys of its own: as many new messages as there are items without
 * one are these, in the order of their ids, which is that of storing.
 */
static void take_in_order(struct box *b, const struct pair_row *old, size_t n_old)
{
	size_t lacking = 0, fresh = 0, k = 0;

	for (size_t i = 0; i < b->n; i++)
		lacking += b->items[i]->state == MITEM_ADDED && b->pairs[i].row == PAIR_NONE;
	for (size_t n = 0; n < b->n_rows; n++)
		fresh += b->rows[n].item == PAIR_NONE && !was_there(old, n_old, b->rows[n].id);
	for (size_t i = 0; i < b->n && lacking && lacking == fresh; i++) {
		if (b->items[i]->state != MITEM_ADDED || b->pairs[i].row != PAIR_NONE)
			continue;
		while (b->rows[k].item != PAIR_NONE || was_there(old, n_old, b->rows[k].id))
			k++;
		b->pairs[i].row = (uint32_t)k;
		b->rows[k].item = (uint32_t)i;
	}
}

static void check_stored(struct box *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct mitem *it = b->items[i];

		if (it->state != MITEM_ADDED)
			continue;
		if (b->pairs[i].row == PAIR_NONE) {
			b->a->sum.added--;
			it->state = MITEM_FAILED;
			b->a->sum.failed++;
			mapi_say_item(b, SAY_WARNING, i,
			        "the server said that it stored it, but it is not in the folder");
			continue;
		}
		it->id = b->rows[b->pairs[i].row].id;
	}
}

/* Each stored message is found in the folder; what was is there by its id. */
static int find_stored(struct box *b, struct err *err)
{
	struct pair_row *old = b->rows;
	size_t n_old = b->n_rows;
	int rc;

	for (size_t i = 0; i < b->n; i++) {
		b->pairs[i].is_meant =
		        b->items[i]->state == MITEM_ADDED || b->items[i]->state == MITEM_THERE;
		b->pairs[i].noted = b->items[i]->state == MITEM_THERE ? b->items[i]->id : 0;
	}
	b->rows = NULL;
	b->n_rows = b->rows_cap = 0;
	rc = mapi_box_list(b, err);
	if (rc == 0) {
		mapi_pair_match(b->pairs, b->n, b->rows, b->n_rows);
		take_in_order(b, old, n_old);
		check_stored(b);
	}
	free(old);
	return rc;
}

static void remember(struct box *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->items[i]->id && !b->items[i]->noted)
			mapi_journal_add(b->r->journal, b->a->key,
			        mapi_item_of(b->a, b->items[i])->sha256, b->items[i]->id,
			        b->items[i]->differs);
}

static int plan_new(struct box *b, size_t i, struct err *err)
{
	int rc = b->r->opts->predictor ? mapi_box_foresee(b, i, err) : 0;

	if (rc < 0 || b->items[i]->state == MITEM_FAILED)
		return rc;
	b->a->sum.added++;
	b->r->to_add += mapi_item_of(b->a, b->items[i])->size;
	mapi_item_done(b, i);
	return 0;
}

static int put_new(struct box *b, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < b->n && rc == 0; i++) {
		if (b->items[i]->state != MITEM_NEW)
			continue;
		rc = b->r->opts->dry_run ? plan_new(b, i, err) : mapi_box_put(b, i, err);
		if (rc == 0)
			rc = stop_check(err);
	}
	return rc;
}

int mapi_box_restore(struct box *b, struct err *err)
{
	uint64_t before = b->a->sum.added;
	struct err late = {0};
	int rc = find_there(b, err), end = 0;

	if (rc == 0)
		rc = put_new(b, err);
	if (!b->r->opts->dry_run && b->a->sum.added > before && b->r->store)
		end = find_stored(b, &late);
	if (end == 0 && rc == 0)
		end = mapi_box_verify(b, &late);
	remember(b);
	if (rc == 0 && end < 0)
		rc = err_copy(err, &late);
	end = b->r->opts->dry_run ? 0 : mapi_journal_commit(b->r->journal, &late);
	return rc == 0 && end < 0 ? err_copy(err, &late) : rc;
}
