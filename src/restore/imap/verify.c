/* What really came of what was sent. */
#include <stdlib.h>
#include <string.h>
#include "run.h"

/* Another item of the same content that is there. */
static bool has_twin(struct box *b, uint32_t item)
{
	for (uint32_t i = 0; i < b->coll->n_items; i++)
		if (i != item && memcmp(sent_sha256(b, i), sent_sha256(b, item), SHA256_LEN) == 0 &&
		        (b->items[i].state == ITEM_THERE ||
		                (b->items[i].state == ITEM_ADDED && there_of(b, i))))
			return true;
	return false;
}

/* Taken by the server, and not found again as it was sent. */
static void check_lost(struct box *b, uint32_t i)
{
	if (b->items[i].taken.to) {
		char which[TAKEN_SIZE];

		say_altered(b, i, ODD_OCTETS, true,
		        "the server took it, but it cannot be found again there as it was sent "
		        "(%s)",
		        taken_text(&b->items[i].taken, which));
		return;
	}
	b->sum.added -= b->sum.added > 0;
	if (has_twin(b, i)) {
		b->items[i].state = ITEM_THERE;
		b->sum.already++;
		say_altered(b, i, ODD_OCTETS, true,
		        "the server keeps one message for it and an equal one");
		return;
	}
	item_failed(b, i, SAY_WARNING,
	        "the server said that it stored it, but it is not in the mailbox");
}

/*
 * Is its size another one, and does that say anything? RFC822.SIZE of some servers is
 * never right: then the sample has to do.
 */
static bool has_other_size(struct box *b, uint32_t i, const struct tmsg *t)
{
	enum { SIZES_VAIN = 100 };

	return t->size != sent_size(b, i) && !(b->items[i].odd & ~ODD_FLAGS) &&
	       b->w->run->outcome.sizes_wrong < SIZES_VAIN;
}

/* One stored message against the archive's. */
static void check_item(struct box *b, uint32_t i)
{
	const struct tree_item *it = &b->coll->items[i];
	const struct tmsg *t = there_of(b, i);
	unsigned flags;
	uint32_t words;

	if (!t) {
		check_lost(b, i);
		return;
	}
	if (has_other_size(b, i, t))
		b->items[i].read_back |= READ_SIZE;
	if (t->has_date && t->date_utc != it->date_utc && !(b->items[i].odd & ~ODD_FLAGS)) {
		char date[DATE_TEXT_SIZE];
		struct date d = {t->date_utc, 0, true};

		say_altered(b, i, ODD_DATE, false, "the target dates it %s",
		        date_format_imap(&d, date));
	}
	flags_owed(b, i, t, &flags, &words);
	box_store_later(b, i, t->uid, flags, words);
	labels_after(b, i, t);
}

/* Every added message against the archive's; what it lacks is noted in b->store. */
static void check_all(struct box *b)
{
	b->n_store = b->n_label = 0;
	for (uint32_t i = 0; i < b->coll->n_items; i++) {
		if (b->items[i].state == ITEM_ADDED)
			check_item(b, i);
	}
}

/* Is there a reason to read what is stored? */
static bool is_read_back(const struct box *b, size_t i)
{
	return (b->items[i].state == ITEM_ADDED || b->items[i].state == ITEM_THERE) &&
	       b->items[i].got && (b->items[i].read_back || form_code(b, (uint32_t)i));
}

/* Named once, by this run or an earlier one. */
static void say_octets(struct box *b, uint32_t item)
{
	const struct tmsg *t = there_of(b, item);
	uint64_t sent = sent_size(b, item);
	char sizes[64] = "";
	/* by the journal's record of it, too */
	bool said = b->items[item].read_back & READ_SAID || b->items[item].odd & ODD_OCTETS;

	if (t && t->size != sent)
		snprintf(sizes, sizeof sizes, ", %llu instead of %llu", (unsigned long long)t->size,
		        (unsigned long long)sent);
	if (said)
		item_altered(b, item, ODD_OCTETS);
	else
		say_altered(b, item, ODD_OCTETS, true,
		        "the target holds other octets than were sent (UID %u%s)%s",
		        b->items[item].got, sizes,
		        b->items[item].read_back & READ_FRAGILE
		                ? ": it has NUL or 8-bit header fields"
		                : "");
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
		struct tmsg *t = is_read_back(b, i) ? there_of(b, i) : NULL;

		if (!t || done[t - b->there])
			continue;
		any += wanted[t - b->there] = done[t - b->there] = 1;
		item[t - b->there] = (uint32_t)i;
	}
	if (any)
		rc = there_hash(b, wanted, &seen, &n, err);
	if (rc == 0 && n < any)
		say_unread(b, any - n, "whether it is as it was sent is not known");
	for (size_t k = 0; k < n; k++) {
		uint32_t i = item[seen[k].index];

		if (memcmp(seen[k].sha256, sent_sha256(b, i), SHA256_LEN) == 0) {
			if (b->items[i].read_back & READ_SIZE)
				b->w->run->outcome.sizes_wrong++;
			continue;
		}
		say_octets(b, i);
		*sample_out |=
		        (b->items[i].read_back & (READ_FRAGILE | READ_SAMPLE)) == READ_SAMPLE;
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
	bool alters = false;
	int rc = read_back(b, done, &alters, err);

	if (rc == 0 && alters) {
		b->w->run->outcome.alters = true;
		for (size_t i = 0; i < b->coll->n_items; i++)
			b->items[i].read_back |= READ_SAMPLE;
		rc = read_back(b, done, &alters, err);
	}
	free(done);
	return rc;
}

/* Is it read back, the ${n}-th of those that are there? */
static unsigned why_read(struct box *b, uint32_t i, const struct tmsg *t, uint64_t n)
{
	unsigned why = is_sampled(n) ? READ_SAMPLE : 0;

	/* the journal knows it, and it was said */
	if (b->items[i].odd & ODD_OCTETS)
		return 0;
	if (has_other_size(b, i, t))
		why |= READ_SIZE;
	return why || !item_is_fragile(b, i, NULL) ? why : READ_FRAGILE;
}

int box_read_there(struct box *b, bool all, struct err *err)
{
	uint64_t n = 0;
	int rc;

	for (uint32_t i = 0; i < b->coll->n_items; i++) {
		const struct tmsg *t = b->items[i].state == ITEM_THERE ? there_of(b, i) : NULL;

		if (t)
			b->items[i].read_back = all ? READ_SAMPLE : (uint8_t)why_read(b, i, t, n++);
	}
	rc = check_octets(b, err);
	for (size_t i = 0; i < b->coll->n_items; i++)
		b->items[i].read_back = 0;
	return rc;
}

bool box_looks_right(struct box *b)
{
	size_t lacking = b->n_lacking;

	if (learn_doubts(b))
		return false;
	for (size_t i = 0; i < b->coll->n_items; i++) {
		const struct tree_item *it = &b->coll->items[i];
		const struct tmsg *t = there_of(b, i);
		const char *want = tree_coll_keyword_text(b->coll, it->keywords);

		if (b->items[i].state == ITEM_ADDED &&
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
	struct attempts a = {.limit = ATTEMPTS};
	int rc = 0;

	if (b->sum.added == 0)
		return 0;
	/* what was sent twice may still arrive twice, and is to be named then */
	if (b->late.resent)
		rc = imap_pool_wait(&b->w->run->pool, b->w->late_ms, err);
	if (rc < 0)
		return rc;
	do
		rc = learn_uids(b, first, err);
	while (box_again_in(b, &a, &rc, err));
	if (rc < 0)
		return rc;
	check_all(b);
	rc = check_octets(b, err);
	if (rc == 0)
		rc = box_count(b, first, NULL, err);
	return rc < 0 ? rc : box_store(b, err);
}
