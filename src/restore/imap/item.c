/* What became of an item: counted, named, made known to the journal. */
#include <stdlib.h>
#include <string.h>
#include "valise/format/header.h"
#include "run.h"

void item_failed(struct box *b, uint32_t item, enum say_level level, const char *why)
{
	say_item(b, level, item, level != SAY_LISTED, "not restored: %s", why);
	b->items[item].state = ITEM_FAILED;
	b->sum.failed++;
	form_free(b->items[item].form);
	b->items[item].form = NULL;
	atomic_fetch_add(&b->w->run->progress->items_done, 1);
}

void item_unreadable(struct box *b, uint32_t item, const char *why)
{
	b->sum.unreadable++;
	item_failed(b, item, SAY_WARNING, why);
}

/*
 * NUL, and 8-bit header fields that Cyrus makes "X": the size stays, the octets do not.
 */
bool item_is_fragile(struct box *b, uint32_t item, const struct buf *head)
{
	struct buf own = buf_of(HEAD_CAP);
	size_t n;
	bool found = b->coll->items[item].warn & WARN_NUL;

	if (!head) {
		item_head(b, item, &own);
		head = &own;
	}
	n = head->len ? header_length((const char *)head->data, head->len) : 0;
	for (size_t i = 0; i < n && !found; i++)
		found = head->data[i] >= 0x80;
	buf_clear(&own);
	return found;
}

bool is_sampled(uint64_t n)
{
	return n < 100 || n % 31 == 0;
}

/* Is it read back, too? */
static void choose_sample(struct box *b, uint32_t item)
{
	struct run *r = b->w->run;

	if (is_sampled(atomic_fetch_add(&r->outcome.n_added, 1)) || r->opts->read_all ||
	        r->outcome.alters)
		b->items[item].read_back |= READ_SAMPLE;
}

void item_added(struct box *b, uint32_t item, uint32_t uid, uint32_t validity)
{
	struct run *r = b->w->run;
	const struct tree_item *it = &b->coll->items[item];

	/* a mailbox that was never selected */
	if (b->sel.uidvalidity == 0)
		b->sel.uidvalidity = validity;
	b->items[item].state = ITEM_ADDED;
	b->items[item].got = validity == 0 || validity == b->sel.uidvalidity ? uid : 0;
	if (b->items[item].got >= b->next_uid)
		b->next_uid = b->items[item].got + 1;
	b->sum.added++;
	b->sum.bytes += it->size;
	choose_sample(b, item);
	imap_pool_gained(&r->pool);
	atomic_fetch_add(&r->progress->items_done, 1);
	atomic_fetch_add(&r->progress->bytes_done, it->size);
	if (kept_any(r->journal)) {
		struct placed *p;

		pthread_mutex_lock(&r->workers.lock);
		p = ARR_PUSH(r->outcome.placed, r->outcome.n_placed, r->outcome.placed_cap);
		memcpy(p->sha256, it->sha256, SHA256_LEN);
		p->entry = b->entry;
		pthread_mutex_unlock(&r->workers.lock);
	}
}

static char *lent_words(const struct tree_coll *c, uint32_t set)
{
	return (char *)(uintptr_t)tree_coll_keyword_text(c, set);
}

int box_remember(struct box *b, const uint32_t *items, size_t n, struct err *err)
{
	struct kept *list = xcalloc(n + 1, sizeof *list);
	size_t n_list = 0;
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		const struct tree_item *it = &b->coll->items[items[i]];
		struct restored *x = &b->items[items[i]];
		struct kept *k = &list[n_list];

		if (!x->got && !x->taken.to)
			continue;
		n_list++;
		memcpy(k->sha256, it->sha256, SHA256_LEN);
		k->date_utc = it->date_utc;
		k->uidvalidity = b->sel.uidvalidity;
		k->uid = x->got;
		k->from = x->taken.from;
		k->to = x->taken.to;
		k->source = b->e->head->name;
		k->src_uid = it->uid;
		k->flags = it->flags;
		k->form = (uint16_t)form_code(b, items[i]);
		k->octets = (x->odd & ODD_OCTETS) != 0;
		k->lacks = lent_words(b->words, x->lacks);
		k->keywords = lent_words(b->coll, it->keywords);
		if (b->w->run->plan.gmail)
			k->labels = lent_words(b->words, x->labelled);
		x->noted = x->odd;
	}
	if (n_list && !b->w->run->opts->dry_run)
		rc = kept_put(b->w->run->journal, b->e->shown, list, n_list, err);
	free(list);
	return rc < 0 ? workers_fail(&b->w->run->workers, err) : 0;
}

int box_remember_odd(struct box *b, struct err *err)
{
	uint32_t *items = xcalloc(b->coll->n_items + 1, sizeof *items);
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < b->coll->n_items; i++)
		if (b->items[i].got &&
		        (b->items[i].state == ITEM_ADDED || b->items[i].state == ITEM_THERE) &&
		        (b->items[i].odd & ~b->items[i].noted & (ODD_FLAGS | ODD_OCTETS)))
			items[n++] = (uint32_t)i;
	rc = box_remember(b, items, n, err);
	free(items);
	return rc;
}
