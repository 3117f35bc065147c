/* What really came of what was sent. */
#include <stdlib.h>
#include <string.h>
#include "run.h"

/* Messages there that no item has yet. */
static void claim_known(struct box *b, uint8_t *claimed)
{
	for (size_t i = 0; i < b->coll->n_items; i++) {
		struct tmsg *t = b->got[i] ? there_find(b, b->got[i]) : NULL;

		if (t)
			claimed[t - b->there] = 1;
	}
}

/* Give UIDs to items by the content of what is there. */
static void pair_items(struct box *b, const uint32_t *items, size_t n, const struct seen *seen,
        size_t n_seen, uint8_t *claimed)
{
	struct match_key *a = xcalloc(n + 1, sizeof *a), *s = xcalloc(n_seen + 1, sizeof *s);
	uint32_t *mate = xcalloc(b->coll->n_items + 1, sizeof *mate);

	for (size_t i = 0; i < n; i++) {
		memcpy(a[i].key, sent_sha256(b, items[i]), SHA256_LEN);
		a[i].index = items[i];
	}
	for (size_t i = 0; i < n_seen; i++) {
		memcpy(s[i].key, seen[i].sha256, SHA256_LEN);
		s[i].index = seen[i].index;
	}
	match_pairs(a, n, s, n_seen, 0, mate, claimed);
	for (size_t i = 0; i < n; i++)
		if (mate[items[i]])
			b->got[items[i]] = b->there[mate[items[i]] - 1].uid;
	free(a);
	free(s);
	free(mate);
}

static size_t unlearned(const struct box *b, uint32_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < b->coll->n_items; i++)
		if (b->state[i] == ITEM_ADDED && b->got[i] == 0)
			out[n++] = (uint32_t)i;
	return n;
}

static int remember_known(struct box *b, const uint32_t *items, size_t n, struct err *err)
{
	uint32_t *known = xcalloc(n + 1, sizeof *known);
	size_t k = 0;
	int rc;

	for (size_t i = 0; i < n; i++)
		if (b->got[items[i]])
			known[k++] = items[i];
	rc = box_remember(b, known, k, err);
	free(known);
	return rc;
}

int box_find_among(
        struct box *b, const uint32_t *items, size_t n, const uint8_t *wanted, struct err *err)
{
	uint8_t *claimed = xcalloc(b->n_there + 1, 1);
	uint32_t *sure = xcalloc(b->coll->n_items + 1, sizeof *sure);
	struct seen *seen = NULL;
	size_t n_seen = 0, n_sure = unlearned(b, sure);
	int rc;

	claim_known(b, claimed);
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
		if (b->got[items[i]] && b->state[items[i]] == ITEM_TODO) {
			item_added(b, items[i], b->got[items[i]], 0);
			form_count(b, items[i], "restored in another form");
		}
	rc = remember_known(b, sure, n_sure, err);
	if (rc == 0)
		rc = remember_known(b, items, n, err);
out:
	free(claimed);
	free(sure);
	free(seen);
	return rc;
}

void box_unclaimed(struct box *b, uint8_t *wanted)
{
	uint8_t *claimed = xcalloc(b->n_there + 1, 1);

	claim_known(b, claimed);
	for (size_t i = 0; i < b->n_there; i++)
		wanted[i] = wanted[i] && !claimed[i];
	free(claimed);
}

int box_find_arrived(struct box *b, const uint32_t *items, size_t n, struct err *err)
{
	int rc = there_from(b, b->next_uid, err);
	uint8_t *wanted;

	if (rc < 0)
		return rc;
	wanted = xmalloc(b->n_there + 1);
	memset(wanted, 1, b->n_there + 1);
	box_unclaimed(b, wanted);
	rc = box_find_among(b, items, n, wanted, err);
	free(wanted);
	return rc;
}

/*
 * Rewritten by the server, so that no content is found again: in order, if just as many
 * are left, each with its date.
 */
static void pair_order(struct box *b, const uint32_t *items, size_t n, const uint8_t *claimed)
{
	uint32_t *left = xcalloc(n + 1, sizeof *left), *uids = xcalloc(n + 1, sizeof *uids);
	size_t n_left = 0, k = 0;
	bool fit = true;

	for (size_t i = 0; i < n; i++)
		if (!b->got[items[i]])
			left[n_left++] = items[i];
	for (size_t i = 0; i < b->n_there && fit; i++) {
		const struct tmsg *t = &b->there[i];

		if (claimed[i])
			continue;
		fit = k < n_left &&
		      (!t->has_date || t->date_utc == b->coll->items[left[k]].date_utc);
		if (fit)
			uids[k++] = t->uid;
	}
	for (size_t i = 0; i < n_left && fit && k == n_left; i++) {
		b->got[left[i]] = uids[i];
		item_altered(b, left[i], ODD_OCTETS);
		say_altered(b, left[i], "the target holds other octets (UID %u)", uids[i]);
		b->read_back[left[i]] |= b->read_back[left[i]] ? READ_SAID : 0;
	}
	free(left);
	free(uids);
}

/*
 * UIDs of what was stored without APPENDUID: in order if number and sizes fit, else by
 * content, else in order and said to be altered.
 */
static int learn(struct box *b, struct err *err)
{
	uint32_t *items = xcalloc(b->coll->n_items + 1, sizeof *items);
	uint8_t *claimed = xcalloc(b->n_there + 1, 1), *wanted = xcalloc(b->n_there + 1, 1);
	struct seen *seen = NULL;
	size_t n = unlearned(b, items), n_seen = 0, k = 0, fit = 0;
	int rc = 0;

	claim_known(b, claimed);
	for (size_t i = 0; i < b->n_there; i++) {
		wanted[i] = !claimed[i];
		if (!wanted[i])
			continue;
		fit += k < n && b->there[i].size == sent_size(b, items[k]);
		k++;
	}
	if (n && fit == n && k == n) {
		for (size_t i = 0, at = 0; i < b->n_there; i++)
			if (wanted[i])
				b->got[items[at++]] = b->there[i].uid;
	} else if (n) {
		rc = there_hash(b, wanted, &seen, &n_seen, err);
		if (rc == 0)
			pair_items(b, items, n, seen, n_seen, claimed);
		if (rc == 0)
			pair_order(b, items, n, claimed);
	}
	if (rc == 0)
		rc = remember_known(b, items, n, err);
	free(items);
	free(claimed);
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

	if (a->uid != b->uid)
		return a->uid > b->uid ? 1 : -1;
	return (a->item > b->item) - (a->item < b->item);
}

/*
 * Is this what APPENDUID said it to be? A server may rewrite a message, or lose its date;
 * not both, or it is another one.
 */
static bool is_plausible(struct box *b, uint32_t item)
{
	const struct tmsg *t = there_find(b, b->got[item]);

	return t && (t->size == sent_size(b, item) || !t->has_date ||
	                    t->date_utc == b->coll->items[item].date_utc);
}

/*
 * UIDs that cannot be right are forgotten; of equal messages one may keep the UID that
 * they share. True: there were some.
 */
static bool doubt(struct box *b)
{
	struct owner *o = xcalloc(b->coll->n_items + 1, sizeof *o);
	bool any = false;
	size_t n = 0;

	for (uint32_t i = 0; i < b->coll->n_items; i++) {
		if (b->state[i] != ITEM_ADDED || !b->got[i])
			continue;
		if (is_plausible(b, i)) {
			o[n++] = (struct owner){b->got[i], i};
		} else {
			b->got[i] = 0;
			any = true;
		}
	}
	if (n)
		qsort(o, n, sizeof *o, owner_cmp);
	for (size_t i = 1; i < n; i++) {
		if (o[i].uid != o[i - 1].uid)
			continue;
		any = true;
		if (memcmp(sent_sha256(b, o[i].item), sent_sha256(b, o[i - 1].item), SHA256_LEN))
			b->got[o[i - 1].item] = 0;
		b->got[o[i].item] = 0;
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
		if (b->state[i] == ITEM_ADDED)
			items[n++] = i;
	rc = remember_known(b, items, n, err);
	free(items);
	return rc;
}

/* Another item of the same content that is there. */
static bool has_twin(struct box *b, uint32_t item)
{
	for (uint32_t i = 0; i < b->coll->n_items; i++)
		if (i != item && memcmp(sent_sha256(b, i), sent_sha256(b, item), SHA256_LEN) == 0 &&
		        (b->state[i] == ITEM_THERE || (b->state[i] == ITEM_ADDED && b->got[i] &&
		                                              there_find(b, b->got[i]))))
			return true;
	return false;
}

/* Taken by the server, and not found again as it was sent. */
static void check_lost(struct box *b, uint32_t i, bool any_left)
{
	if (any_left) {
		item_altered(b, i, ODD_OCTETS);
		say_altered(b, i,
		        "the server took it, but it cannot be found again there as it was sent");
		return;
	}
	b->sum.added -= b->sum.added > 0;
	if (has_twin(b, i)) {
		b->state[i] = ITEM_THERE;
		b->sum.already++;
		item_altered(b, i, ODD_OCTETS);
		say_altered(b, i, "the server keeps one message for it and an equal one");
		return;
	}
	item_failed(
	        b, i, NULL, 0, "the server said that it stored it, but it is not in the mailbox");
}

/*
 * RFC822.SIZE of some servers is never right: then a size says nothing, and the sample
 * has to do.
 */
static bool sizes_count(struct box *b)
{
	enum { SIZES_VAIN = 100 };
	struct run *r = b->w->run;
	bool count;

	pthread_mutex_lock(&r->lock);
	count = r->sizes_wrong < SIZES_VAIN;
	pthread_mutex_unlock(&r->lock);
	return count;
}

static void size_was_wrong(struct box *b)
{
	struct run *r = b->w->run;

	pthread_mutex_lock(&r->lock);
	r->sizes_wrong++;
	pthread_mutex_unlock(&r->lock);
}

/* One stored message against the archive's. */
static void check(struct box *b, uint32_t i)
{
	const struct tree_item *it = &b->coll->items[i];
	const struct tmsg *t = there_find(b, b->got[i]);
	unsigned flags;
	uint32_t words;

	if (!t) {
		check_lost(b, i, false);
		return;
	}
	if (t->size != sent_size(b, i) && !(b->odd[i] & ~ODD_FLAGS) && sizes_count(b))
		b->read_back[i] |= READ_SIZE;
	if (t->has_date && t->date_utc != it->date_utc && !(b->odd[i] & ~ODD_FLAGS)) {
		char date[DATE_TEXT_SIZE];
		struct date d = {t->date_utc, 0, true};

		item_altered(b, i, ODD_DATE);
		say_item(b, SAY_NOTE, it, NULL, 0, "the target dates it %s",
		        date_format_imap(&d, date));
	}
	flags_owed(b, i, t, &flags, &words);
	box_store_later(b, i, t->uid, flags, words);
	labels_after(b, i, t);
}

/*
 * Each message that was taken is listed; of those whose UID is not known there are as
 * many.
 */
static bool all_there(struct box *b)
{
	uint8_t *strange = xmalloc(b->n_there + 1);
	size_t lacking = 0, strangers = 0;

	memset(strange, 1, b->n_there + 1);
	box_unclaimed(b, strange);
	for (size_t i = 0; i < b->n_there; i++)
		strangers += strange[i];
	free(strange);
	for (size_t i = 0; i < b->coll->n_items; i++) {
		if (b->state[i] != ITEM_ADDED)
			continue;
		if (b->got[i] && !there_find(b, b->got[i]))
			return false;
		lacking += b->got[i] == 0;
	}
	return lacking <= strangers;
}

static int verify_once(struct box *b, uint32_t first, struct err *err)
{
	int rc = there_from(b, first, err);
	bool doubted;

	if (rc == 0 && (!all_there(b) || b->n_there == 0)) {
		/* Courier tells of new messages only when asked. */
		rc = imap_noop(b->w->m, err);
		if (rc == ERR_REFUSED || rc == ERR_BUSY)
			rc = 0;
		if (rc == 0)
			rc = there_from(b, first, err);
	}
	if (rc < 0)
		return rc;
	doubted = doubt(b);
	rc = learn(b, err);
	return rc == 0 && doubted ? remember_again(b, err) : rc;
}

/* Messages there that belong to no item. */
static bool any_unclaimed(struct box *b)
{
	uint8_t *claimed = xcalloc(b->n_there + 1, 1);
	bool any;

	claim_known(b, claimed);
	any = memchr(claimed, 0, b->n_there) != NULL;
	free(claimed);
	return any;
}

/* Every added message against the archive's; what it lacks is noted in b->store. */
static void check_all(struct box *b)
{
	bool any_left = any_unclaimed(b);

	b->n_store = b->n_label = 0;
	for (uint32_t i = 0; i < b->coll->n_items; i++) {
		if (b->state[i] != ITEM_ADDED)
			continue;
		if (b->got[i])
			check(b, i);
		else
			check_lost(b, i, any_left);
	}
}

static bool is_read_back(const struct box *b, size_t i)
{
	return (b->state[i] == ITEM_ADDED || b->state[i] == ITEM_THERE) && b->got[i] &&
	       (b->read_back[i] || is_rescued(b, (uint32_t)i));
}

static void say_octets(struct box *b, uint32_t item)
{
	const struct tmsg *t = there_find(b, b->got[item]);
	uint64_t sent = sent_size(b, item);
	char sizes[64] = "";

	if (t && t->size != sent)
		snprintf(sizes, sizeof sizes, ", %llu instead of %llu", (unsigned long long)t->size,
		        (unsigned long long)sent);
	item_altered(b, item, ODD_OCTETS);
	if (b->read_back[item] & READ_SAID)
		return;
	say_altered(b, item, "the target holds other octets than were sent (UID %u%s)%s",
	        b->got[item], sizes,
	        b->read_back[item] & READ_FRAGILE ? ": it has NUL or 8-bit header fields" : "");
}

/*
 * Read what is to be read back and is not yet ${done}; *sample_out: one of the sample was
 * not as it was sent.
 */
static int read_back(struct box *b, uint8_t *done, bool *sample_out, struct err *err)
{
	uint8_t *wanted = xcalloc(b->n_there + 1, 1);
	uint32_t *item = xcalloc(b->n_there + 1, sizeof *item);
	struct seen *seen = NULL;
	size_t n = 0, any = 0;
	int rc = 0;

	for (size_t i = 0; i < b->coll->n_items; i++) {
		struct tmsg *t = is_read_back(b, i) ? there_find(b, b->got[i]) : NULL;

		if (!t || done[t - b->there])
			continue;
		any += wanted[t - b->there] = done[t - b->there] = 1;
		item[t - b->there] = (uint32_t)i;
	}
	if (any)
		rc = there_hash(b, wanted, &seen, &n, err);
	for (size_t k = 0; k < n; k++) {
		uint32_t i = item[seen[k].index];

		if (memcmp(seen[k].sha256, sent_sha256(b, i), SHA256_LEN) == 0) {
			if (b->read_back[i] & READ_SIZE)
				size_was_wrong(b);
			continue;
		}
		say_octets(b, i);
		*sample_out |= (b->read_back[i] & (READ_FRAGILE | READ_SAMPLE)) == READ_SAMPLE;
	}
	free(wanted);
	free(item);
	free(seen);
	return rc;
}

/*
 * What a server changes without changing the size is read back, what is there in another
 * form, and a sample of the rest. Where one of the sample is not as it was sent, all of
 * its mailbox is read, and all that the run stores from then on.
 */
static int check_octets(struct box *b, struct err *err)
{
	uint8_t *done = xcalloc(b->n_there + 1, 1);
	struct run *r = b->w->run;
	bool alters = false;
	int rc = read_back(b, done, &alters, err);

	if (rc == 0 && alters) {
		pthread_mutex_lock(&r->lock);
		r->alters = true;
		pthread_mutex_unlock(&r->lock);
		for (size_t i = 0; i < b->coll->n_items; i++)
			b->read_back[i] |= READ_SAMPLE;
		rc = read_back(b, done, &alters, err);
	}
	free(done);
	return rc;
}

int box_read_there(struct box *b, struct err *err)
{
	uint8_t *done = xcalloc(b->n_there + 1, 1);
	bool alters = false;
	int rc;

	for (size_t i = 0; i < b->coll->n_items; i++)
		if (b->state[i] == ITEM_THERE)
			b->read_back[i] = READ_SAMPLE;
	rc = read_back(b, done, &alters, err);
	for (size_t i = 0; i < b->coll->n_items; i++)
		b->read_back[i] = 0;
	free(done);
	return rc;
}

bool box_looks_right(struct box *b)
{
	size_t lacking = b->n_lacking;

	if (doubt(b))
		return false;
	for (size_t i = 0; i < b->coll->n_items; i++) {
		const struct tree_item *it = &b->coll->items[i];
		const struct tmsg *t = b->got[i] ? there_find(b, b->got[i]) : NULL;
		const char *want = tree_coll_keyword_text(b->coll, it->keywords);

		if (b->state[i] == ITEM_ADDED &&
		        (!t || t->size != sent_size(b, (uint32_t)i) || is_read_back(b, i) ||
		                labels_lacking(b, (uint32_t)i, t) ||
		                (it->flags & ~(unsigned)t->flags) ||
		                words_minus(
		                        b, want, tree_coll_keyword_text(b->words, t->keywords))))
			return false;
	}
	if (count_any(b, b->base))
		return false;
	check_all(b);
	return b->n_lacking == lacking;
}

int box_verify(struct box *b, uint32_t first, struct err *err)
{
	int rc = 0;

	if (b->sum.added == 0)
		return 0;
	/* what was sent twice may still arrive twice, and is to be named then */
	if (b->resent)
		rc = imap_link_wait(&b->w->run->links, b->w->late_ms, err);
	if (rc < 0)
		return rc;
	for (unsigned i = 1; i <= TRIES; i++) {
		rc = verify_once(b, first, err);
		if (!tlink_again(b, rc, &i, err))
			break;
		rc = tlink_reselect(b, err);
		if (rc < 0)
			break;
	}
	if (rc < 0)
		return rc;
	check_all(b);
	rc = check_octets(b, err);
	if (rc == 0)
		rc = box_count(b, first, NULL, err);
	return rc < 0 ? rc : box_store(b, err);
}
