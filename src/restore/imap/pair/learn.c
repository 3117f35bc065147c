/*
 * Which message of the target is which of those that were sent: what APPENDUID (RFC 4315)
 * says is held against what is listed, the rest is found by content.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "restore/imap/run.h"

/* A message without a date has that of any. */
static bool has_date_of(const struct box *b, const struct tmsg *t, uint32_t item)
{
	return !t->has_date || t->date_utc == b->coll->items[item].date_utc;
}

/* Keys of items by the octets that were sent of them. */
static struct match_key *sent_keys(const struct box *b, const uint32_t *items, size_t n)
{
	struct match_key *keys = xcalloc(n + 1, sizeof *keys);

	for (size_t i = 0; i < n; i++)
		keys[i] = match_by_hash(
		        sent_sha256(b, items[i]), b->coll->items[items[i]].date_utc, 0, items[i]);
	return keys;
}

/* Give UIDs to items by the content of what is there. */
static void pair_items(struct box *b, const uint32_t *items, size_t n, const struct seen *seen,
        size_t n_seen, uint8_t *claimed)
{
	struct match_key *a = sent_keys(b, items, n), *s = xcalloc(n_seen + 1, sizeof *s);
	uint32_t *mate = xcalloc(b->coll->n_items + 1, sizeof *mate);

	n_seen = seen_keys(seen, n_seen, ALIKE_OCTETS, NULL, s);
	match_pairs(a, n, s, n_seen, 0, mate, claimed);
	for (size_t i = 0; i < n; i++)
		if (mate[items[i]])
			b->items[items[i]].got = b->there[mate[items[i]] - 1].uid;
	free(a);
	free(s);
	free(mate);
}

bool learn_any(const struct box *b)
{
	for (size_t i = 0; i < b->coll->n_items; i++)
		if (b->items[i].state == ITEM_ADDED && b->items[i].got == 0)
			return true;
	return false;
}

/* The items that were added and have no UID yet; malloc'ed. */
static uint32_t *list_unlearned(const struct box *b, size_t *n_out)
{
	uint32_t *items = xcalloc(b->coll->n_items + 1, sizeof *items);

	*n_out = 0;
	for (uint32_t i = 0; i < b->coll->n_items; i++)
		if (b->items[i].state == ITEM_ADDED && b->items[i].got == 0)
			items[(*n_out)++] = i;
	return items;
}

int box_find_among(
        struct box *b, const uint32_t *items, size_t n, const uint8_t *wanted, struct err *err)
{
	size_t n_seen = 0, n_sure;
	uint32_t *sure = list_unlearned(b, &n_sure);
	uint8_t *claimed = there_claimed(b);
	struct seen *seen = NULL;
	int rc;

	rc = there_hash(b, wanted, &seen, &n_seen, err);
	if (rc < 0)
		goto out;
	/*
	 * Those that the server has acknowledged come first: of two equal messages one
	 * may be unknown.
	 */
	pair_items(b, sure, n_sure, seen, n_seen, claimed);
	pair_items(b, items, n, seen, n_seen, claimed);
	for (size_t i = 0; i < n; i++)
		if (b->items[items[i]].got && b->items[items[i]].state == ITEM_TODO) {
			item_added(b, items[i], b->items[items[i]].got, 0);
			form_count(b, items[i], "restored in another form");
		}
	rc = box_remember(b, sure, n_sure, err);
	if (rc == 0)
		rc = box_remember(b, items, n, err);
out:
	free(claimed);
	free(sure);
	free(seen);
	return rc;
}

int box_find_arrived(struct box *b, const uint32_t *items, size_t n, struct err *err)
{
	int rc = there_from(b, b->next_uid, err);
	uint8_t *wanted;
	size_t any;

	if (rc < 0)
		return rc;
	wanted = there_strange(b, &any);
	rc = box_find_among(b, items, n, wanted, err);
	free(wanted);
	return rc;
}

/* An item is a message that was rewritten. */
static void take_rewritten(struct box *b, uint32_t item, uint32_t uid)
{
	b->items[item].got = uid;
	say_altered(b, item, ODD_OCTETS, true, "the target holds other octets (UID %u)", uid);
	b->items[item].read_back |= b->items[item].read_back || form_code(b, item) ? READ_SAID : 0;
}

/* Items that were read and messages with the same key of this kind. */
static void pair_by(struct box *b, const struct seen *read, size_t n, const struct seen *seen,
        size_t n_seen, uint8_t *claimed, enum alike by)
{
	struct match_key *a = xcalloc(n + 1, sizeof *a), *s = xcalloc(n_seen + 1, sizeof *s);
	uint32_t *mate = xcalloc(b->coll->n_items + 1, sizeof *mate);
	uint8_t *known = xcalloc(b->coll->n_items + 1, 1);

	for (size_t i = 0; i < b->coll->n_items; i++)
		known[i] = b->items[i].got != 0;
	n = seen_keys(read, n, by, known, a);
	n_seen = seen_keys(seen, n_seen, by, claimed, s);
	match_pairs(a, n, s, n_seen, 0, mate, claimed);
	for (uint32_t i = 0; i < b->coll->n_items; i++)
		if (mate[i])
			take_rewritten(b, i, b->there[mate[i] - 1].uid);
	free(a);
	free(s);
	free(mate);
	free(known);
}

/*
 * Rewritten by the server: by what it left alone. They came just now, so that the dates
 * need not agree.
 */
static int pair_alike(
        struct box *b, const struct seen *seen, size_t n_seen, uint8_t *claimed, struct err *err)
{
	size_t n;
	uint32_t *left = list_unlearned(b, &n);
	struct seen *read = xcalloc(n + 1, sizeof *read);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = item_look(b, left[i], &read[i], err);
	for (unsigned by = 0; by < ALIKE_KEYS && rc == 0; by++)
		pair_by(b, read, n, seen, n_seen, claimed, by);
	free(left);
	free(read);
	return rc;
}

/*
 * No content is found again: in order, if just as many are left, each with its date; else
 * what APPENDUID said, if that is nobody else's.
 */
static void pair_order(struct box *b, uint8_t *claimed)
{
	size_t n, k = 0;
	uint32_t *left = list_unlearned(b, &n), *uids = xcalloc(n + 1, sizeof *uids);
	bool fit = true;

	for (size_t i = 0; i < b->n_there && fit; i++) {
		const struct tmsg *t = &b->there[i];

		if (claimed[i])
			continue;
		fit = k < n && has_date_of(b, t, left[k]);
		if (fit)
			uids[k++] = t->uid;
	}
	for (size_t i = 0; i < n; i++) {
		const struct tmsg *said = there_find(b, b->items[left[i]].said);

		if (fit && k == n) {
			take_rewritten(b, left[i], uids[i]);
		} else if (said && !claimed[said - b->there]) {
			claimed[said - b->there] = 1;
			take_rewritten(b, left[i], said->uid);
		}
	}
	free(left);
	free(uids);
}

/*
 * What cannot be told to be any of the messages that nobody has may be each of them; the
 * first one the first, if they are just as many.
 */
static int note_taken(struct box *b, struct err *err)
{
	size_t n, n_uids;
	uint8_t *claimed = there_claimed(b);
	uint32_t *items = list_unlearned(b, &n), *uids = there_unclaimed(b, claimed, &n_uids);
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		b->items[items[i]].taken = taken_of(i, n, uids, n_uids);
	if (n_uids)
		rc = box_remember(b, items, n, err);
	free(items);
	free(claimed);
	free(uids);
	return rc;
}

/*
 * UIDs of what was stored without APPENDUID: in order if number and sizes fit, else by
 * content, else by what is left of it or in order and said to be altered.
 */
static int learn_all(struct box *b, struct err *err)
{
	size_t n, n_seen = 0, n_strange, k = 0, fit = 0;
	uint32_t *items = list_unlearned(b, &n);
	uint8_t *claimed = there_claimed(b), *wanted = there_strange(b, &n_strange);
	struct seen *seen = NULL;
	int rc = 0;

	for (size_t i = 0; i < b->n_there && k < n; i++)
		if (wanted[i])
			fit += b->there[i].size == sent_size(b, items[k++]);
	if (n && fit == n && n_strange == n) {
		for (size_t i = 0, at = 0; i < b->n_there; i++)
			if (wanted[i])
				b->items[items[at++]].got = b->there[i].uid;
	} else if (n) {
		rc = there_hash(b, wanted, &seen, &n_seen, err);
		if (rc == 0)
			pair_items(b, items, n, seen, n_seen, claimed);
		if (rc == 0)
			rc = pair_alike(b, seen, n_seen, claimed, err);
		if (rc == 0)
			pair_order(b, claimed);
	}
	if (rc == 0)
		rc = box_remember(b, items, n, err);
	free(items);
	free(claimed);
	free(wanted);
	free(seen);
	return rc;
}

/* The message that an item of this run is said to be; NULL: it has none. */
static const struct tmsg *said_of(struct box *b, uint32_t item)
{
	return b->items[item].state == ITEM_ADDED ? there_of(b, item) : NULL;
}

/*
 * Items whose UID may be another's: its size or date is not theirs, or the order of UIDs
 * is not that in which they were sent.
 */
static size_t list_misfits(struct box *b, uint32_t *out)
{
	uint8_t *odd = xcalloc(b->coll->n_items + 1, 1);
	uint32_t highest = 0, lowest = UINT32_MAX;
	size_t n = 0;

	for (uint32_t i = (uint32_t)b->coll->n_items; i-- > 0;) {
		const struct tmsg *t = said_of(b, i);

		odd[i] = t && t->uid > lowest;
		if (t && t->uid < lowest)
			lowest = t->uid;
	}
	for (uint32_t i = 0; i < b->coll->n_items; i++) {
		const struct tmsg *t = said_of(b, i);

		if (t && (odd[i] || t->uid < highest || t->size != sent_size(b, i) ||
		                 !has_date_of(b, t, i)))
			out[n++] = i;
		if (t && t->uid > highest)
			highest = t->uid;
	}
	free(odd);
	return n;
}

/*
 * Which of their messages are worth reading: those with size and date of another of them.
 * (What has neither its size nor its date is doubted anyway.)
 */
static size_t may_be_swapped(struct box *b, const uint32_t *items, size_t n, uint8_t *wanted)
{
	struct match_key *a = xcalloc(n + 1, sizeof *a), *t = xcalloc(n + 1, sizeof *t);
	struct match_key *own = xcalloc(n + 1, sizeof *own);
	size_t na = 0, n_own = 0, any;

	for (size_t k = 0; k < n; k++) {
		const struct tmsg *m = there_of(b, items[k]);
		struct match_key is = match_by_size(m->size, there_date(m), (size_t)(m - b->there));
		struct match_key meant = match_by_size(sent_size(b, items[k]),
		        b->coll->items[items[k]].date_utc, (size_t)(m - b->there));

		t[k] = is;
		if (m->size != meant.size || !has_date_of(b, m, items[k]))
			a[na++] = meant;
		else
			own[n_own++] = is; /* it is the order that does not fit */
	}
	any = match_wanted(a, na, t, n, MATCH_DATE, wanted) + match_twins(own, n_own, wanted);
	free(a);
	free(t);
	free(own);
	return any;
}

/* Each of these items to the message with its octets; what then has none is unlearned. */
static bool swap_uids(
        struct box *b, const uint32_t *items, size_t n, const struct seen *seen, size_t n_seen)
{
	struct match_key *a = sent_keys(b, items, n), *s = xcalloc(n_seen + 1, sizeof *s);
	uint32_t *mate = xcalloc(b->coll->n_items + 1, sizeof *mate);
	uint8_t *claimed = xcalloc(b->n_there + 1, 1);
	bool moved = false;

	n_seen = seen_keys(seen, n_seen, ALIKE_OCTETS, NULL, s);
	match_pairs(a, n, s, n_seen, MATCH_DATE, mate, claimed);
	match_pairs(a, n, s, n_seen, 0, mate, claimed);
	for (size_t k = 0; k < n; k++) {
		const struct tmsg *m = there_of(b, items[k]);
		uint32_t uid = b->items[items[k]].got;

		if (mate[items[k]])
			uid = b->there[mate[items[k]] - 1].uid;
		else if (claimed[m - b->there])
			uid = 0;
		moved |= uid != b->items[items[k]].got;
		b->items[items[k]].got = uid;
	}
	free(a);
	free(s);
	free(mate);
	free(claimed);
	return moved;
}

/*
 * The UIDs of one APPENDUID may be right, but in another order than the messages (RFC
 * 3502, RFC 4315 3: a server may say the set as it likes).
 */
static int straighten_uids(struct box *b, bool *moved_out, struct err *err)
{
	uint32_t *items = xcalloc(b->coll->n_items + 1, sizeof *items);
	uint8_t *wanted = xcalloc(b->n_there + 1, 1);
	struct seen *seen = NULL;
	size_t n = list_misfits(b, items), n_seen = 0;
	int rc = 0;

	if (may_be_swapped(b, items, n, wanted))
		rc = there_hash(b, wanted, &seen, &n_seen, err);
	if (rc == 0 && n_seen)
		*moved_out = swap_uids(b, items, n, seen, n_seen);
	free(items);
	free(wanted);
	free(seen);
	return rc;
}

struct owner {
	uint32_t uid, item;
};

static int owner_cmp(const void *pa, const void *pb)
{
	const struct owner *a = pa, *b = pb;
	int c = ORDER_OF(a->uid, b->uid);

	return c ? c : ORDER_OF(a->item, b->item);
}

/*
 * Is this what APPENDUID said it to be? A server may rewrite a message, or lose its date;
 * not both, or it is another one.
 */
static bool is_plausible(struct box *b, uint32_t item)
{
	const struct tmsg *t = there_of(b, item);

	return t && (t->size == sent_size(b, item) || has_date_of(b, t, item));
}

/*
 * UIDs that cannot be right are forgotten; of equal messages one may keep the UID that
 * they share. True: there were some.
 */
static bool doubt_uids(struct box *b)
{
	struct owner *o = xcalloc(b->coll->n_items + 1, sizeof *o);
	bool any = false;
	size_t n = 0;

	for (uint32_t i = 0; i < b->coll->n_items; i++) {
		if (b->items[i].state != ITEM_ADDED || !b->items[i].got)
			continue;
		if (is_plausible(b, i)) {
			o[n++] = (struct owner){b->items[i].got, i};
		} else {
			b->items[i].said = b->items[i].got;
			b->items[i].got = 0;
			any = true;
		}
	}
	SORT(o, n, owner_cmp);
	for (size_t i = 1; i < n; i++) {
		if (o[i].uid != o[i - 1].uid)
			continue;
		any = true;
		if (memcmp(sent_sha256(b, o[i].item), sent_sha256(b, o[i - 1].item), SHA256_LEN))
			b->items[o[i - 1].item].got = 0;
		b->items[o[i].item].got = 0;
	}
	free(o);
	return any;
}

/*
 * The journal knows a message there by its UID alone: where a wrong item had one, the
 * right one is told it once more.
 */
static int remember_again(struct box *b, struct err *err)
{
	uint32_t *items = xcalloc(b->coll->n_items + 1, sizeof *items);
	size_t n = 0;
	int rc;

	for (uint32_t i = 0; i < b->coll->n_items; i++)
		if (b->items[i].state == ITEM_ADDED)
			items[n++] = i;
	rc = box_remember(b, items, n, err);
	free(items);
	return rc;
}

/*
 * Each message that was taken is listed; of those whose UID is not known there are as
 * many.
 */
static bool all_there(struct box *b)
{
	size_t lacking = 0, strangers;

	free(there_strange(b, &strangers));
	for (size_t i = 0; i < b->coll->n_items; i++) {
		if (b->items[i].state != ITEM_ADDED)
			continue;
		if (b->items[i].got && !there_of(b, i))
			return false;
		lacking += b->items[i].got == 0;
	}
	return lacking <= strangers;
}

int learn_uids(struct box *b, uint32_t first, struct err *err)
{
	int rc = there_from(b, first, err);
	bool moved = false;

	for (unsigned nth = 1; nth <= 2 && rc == 0 && !(b->n_there && all_there(b)); nth++) {
		/* some servers show new messages only after a NOOP, some after a SELECT */
		rc = box_refresh(b, nth > 1, err);
		if (rc == 0)
			rc = there_from(b, first, err);
	}
	if (rc == 0)
		rc = straighten_uids(b, &moved, err);
	b->relearnt |= moved;
	if (rc < 0)
		return rc;
	b->relearnt |= doubt_uids(b);
	rc = learn_all(b, err);
	if (rc == 0 && b->relearnt)
		rc = remember_again(b, err);
	return rc < 0 ? rc : note_taken(b, err);
}

bool learn_doubts(struct box *b)
{
	uint32_t *items = xcalloc(b->coll->n_items + 1, sizeof *items);
	uint8_t *wanted = xcalloc(b->n_there + 1, 1);
	bool any = may_be_swapped(b, items, list_misfits(b, items), wanted) || doubt_uids(b);

	b->relearnt |= any;
	free(items);
	free(wanted);
	return any;
}
