/*
 * Which messages of the archive are there already: by the restore journal, then by
 * content (equal size and instant, then equal size), then by what a server that rewrites
 * messages leaves alone, by the forms that the ladder makes of refused ones, by
 * Message-ID and instant, at last by instant and what is in the message but for other
 * header fields.
 * A look (target_opts.looked) believes no record that the listing does not agree with, and
 * reads headers where those are enough; with read_all it reads everything.
 */
#include <stdlib.h>
#include <string.h>
#include "pair.h"

struct pairing {
	struct box *b;
	struct seen *seen; /* bodies of the target that were read */
	size_t n_seen;
	uint8_t *was_seen;
	unsigned dates; /* MATCH_DATE: what was rewritten has its date, at least; or 0 */
	uint8_t *nameless; /* per item that was read: it has no Message-ID */
};

/* Those ${wanted} that are not among the ${n} that came. */
static void note_unread(struct box *b, const uint8_t *wanted, const struct seen *came, size_t n)
{
	if (!b->unread)
		b->unread = xcalloc(b->n_there + 1, 1);
	for (size_t i = 0; i < b->n_there; i++)
		b->unread[i] |= wanted[i];
	for (size_t i = 0; i < n; i++)
		b->unread[came[i].index] = 0;
}

/* Read what is worth a look and was not read yet. */
static int look_for_pairs(struct pairing *p, uint8_t *wanted, struct err *err)
{
	struct seen *more = NULL;
	size_t n = 0, any = 0;
	int rc;

	for (size_t i = 0; i < p->b->n_there; i++) {
		wanted[i] = wanted[i] && !p->was_seen[i];
		any += wanted[i];
	}
	if (any == 0)
		return 0;
	rc = there_hash(p->b, wanted, &more, &n, err);
	if (rc == 0 && n < any)
		say_unread(p->b, any - n, "what is the same is stored once more");
	if (rc == 0 && n < any)
		note_unread(p->b, wanted, more, n);
	if (n) {
		p->seen = xrealloc(p->seen, (p->n_seen + n) * sizeof *p->seen);
		memcpy(p->seen + p->n_seen, more, n * sizeof *more);
		p->n_seen += n;
	}
	for (size_t i = 0; i < n; i++)
		p->was_seen[more[i].index] = 1;
	free(more);
	return rc;
}

/* By the octets that were read. */
static void pair_hashes(struct pairing *p, unsigned rule)
{
	struct box *b = p->b;
	struct match_key *items = pair_keys(b->coll->n_items), *seen = pair_keys(p->n_seen);
	size_t n_items = 0, n_seen = seen_keys(p->seen, p->n_seen, ALIKE_OCTETS, b->claimed, seen);

	for (size_t i = 0; i < b->coll->n_items; i++)
		if (!b->on_target[i])
			items[n_items++] = match_by_hash(
			        b->coll->items[i].sha256, b->coll->items[i].date_utc, 0, i);
	match_pairs(items, n_items, seen, n_seen, rule, b->on_target, b->claimed);
	free(items);
	free(seen);
}

/* By content; rule MATCH_DATE first, then any date. */
static int pair_content(struct pairing *p, unsigned rule, struct err *err)
{
	struct box *b = p->b;
	struct match_key *items = pair_keys(b->coll->n_items), *there = pair_keys(b->n_there);
	uint8_t *wanted = xcalloc(b->n_there + 1, 1);
	size_t n_items = pair_open_items(b, true, items), n_there = pair_open_there(b, true, there);
	int rc;

	match_wanted(items, n_items, there, n_there, rule, wanted);
	rc = look_for_pairs(p, wanted, err);
	if (rc == 0)
		pair_hashes(p, rule);
	free(items);
	free(there);
	free(wanted);
	return rc;
}

/* Names those that were paired since ${before}. */
static void say_loose(struct box *b, const uint32_t *before, const char *why)
{
	for (size_t i = 0; i < b->coll->n_items; i++) {
		const struct tmsg *t;

		if (before[i] || !b->on_target[i])
			continue;
		t = &b->there[b->on_target[i] - 1];
		say_altered(b, (uint32_t)i, ODD_OCTETS, false,
		        "taken for UID %u of the target, of %llu octets: %s", t->uid,
		        (unsigned long long)t->size, why);
	}
}

static bool are_equal(const uint8_t a[SHA256_LEN], const uint8_t b[SHA256_LEN])
{
	return memcmp(a, b, SHA256_LEN) == 0;
}

unsigned seen_unlike(const struct seen *item, const struct seen *there)
{
	unsigned unlike = are_equal(item->head, there->head) ? 0 : UNLIKE_HEAD;

	if (are_equal(item->sha256, there->sha256))
		return 0;
	if (!are_equal(item->body, there->body))
		unlike |= UNLIKE_TEXT;
	/* without NUL, which becomes 0x80, these are text: part of a letter, in UTF-8 too */
	if (!unlike && !item->has_nul && item->n_80 != there->n_80)
		unlike = UNLIKE_TEXT;
	return unlike ? unlike : UNLIKE_ENDS;
}

/* In what those that were paired since ${before} differ. */
static void note_unlike(
        const struct pairing *p, const struct seen *read, size_t n_read, const uint32_t *before)
{
	struct box *b = p->b;
	size_t *at = xcalloc(b->n_there + 1, sizeof *at); /* in seen */

	for (size_t i = 0; i < p->n_seen; i++)
		at[p->seen[i].index] = i;
	for (size_t k = 0; k < n_read; k++) {
		uint32_t i = read[k].index;

		if (!before[i] && b->on_target[i])
			b->items[i].unlike =
			        (uint8_t)seen_unlike(&read[k], &p->seen[at[b->on_target[i] - 1]]);
	}
	free(at);
}

/* Pair items that were read with messages, by what was left alone of them; and say so. */
static void pair_loose(struct pairing *p, const struct seen *read, size_t n_read, enum alike by)
{
	static const char *const why[2][ALIKE_KEYS] = {
	        {"equal but for its date, line ends and NUL",
	                "same Message-ID, but the server has another date and other octets",
	                "same body, From, To and Subject, but the server has another date and "
	                "header"},
	        {"equal but for line ends and NUL",
	                "same Message-ID and date, but the server has other octets",
	                "same body, date, From, To and Subject, but the server has another "
	                "header"}};
	struct box *b = p->b;
	struct match_key *items = pair_keys(n_read), *seen = pair_keys(p->n_seen);
	uint32_t *before = xmemdup(b->on_target, (b->coll->n_items + 1) * sizeof *before);
	size_t n_items = seen_keys(read, n_read, by, NULL, items),
	       n = seen_keys(p->seen, p->n_seen, by, b->claimed, seen);

	/* a Message-ID and a date are one message's, of whatever size the server made it */
	match_pairs(items, n_items, seen, n,
	        p->dates | (by == ALIKE_TEXT && p->dates ? MATCH_OTHER_SIZE : 0), b->on_target,
	        b->claimed);
	say_loose(b, before, why[p->dates != 0][by]);
	note_unlike(p, read, n_read, before);
	free(before);
	free(items);
	free(seen);
}

static bool is_open(const struct box *b, uint32_t item, const struct seen *s)
{
	(void)item;
	return !b->claimed[s->index];
}

static bool seen_fits(const struct box *b, uint32_t item, const struct seen *s)
{
	return is_open(b, item, s) &&
	       there_date(&b->there[s->index]) == b->coll->items[item].date_utc;
}

/*
 * What an earlier restore stored in another form, since the target refused it as it is.
 */
static int pair_forms(struct pairing *p, const uint8_t *mine, struct err *err)
{
	struct box *b = p->b;
	int rc = 0;

	for (uint32_t i = 0; i < b->coll->n_items && (rc = stop_check(err)) == 0; i++) {
		size_t at = SIZE_MAX;

		if (mine[i] && !b->on_target[i])
			at = form_find(
			        b, i, p->seen, p->n_seen, p->dates ? seen_fits : is_open, err);
		if (at == SIZE_MAX)
			continue;
		b->on_target[i] = p->seen[at].index + 1;
		b->claimed[p->seen[at].index] = 1;
	}
	return rc;
}

/* ${mine}: the items that have the date of a message of the target. */
static int pair_read(struct pairing *p, const uint8_t *mine, struct err *err)
{
	struct seen *read = xcalloc(p->b->coll->n_items + 1, sizeof *read);
	size_t n = 0;
	int rc = 0;

	for (uint32_t i = 0; i < p->b->coll->n_items && rc == 0; i++) {
		if (!mine[i])
			continue;
		rc = item_look(p->b, i, &read[n], err);
		p->nameless[i] = !read[n].broken && !read[n].has_msgid;
		p->b->items[i].broken = read[n].broken;
		n++;
	}
	if (rc == 0) {
		pair_loose(p, read, n, ALIKE_LOOSE);
		rc = pair_forms(p, mine, err);
	}
	for (unsigned by = ALIKE_MSGID; by < ALIKE_KEYS && rc == 0; by++)
		pair_loose(p, read, n, by);
	free(read);
	return rc;
}

/* By what a server leaves alone when it rewrites a message. */
static int pair_rewritten(struct pairing *p, struct err *err)
{
	struct box *b = p->b;
	size_t most = b->coll->n_items;
	struct match_key *items = pair_keys(most), *there = pair_keys(b->n_there);
	uint8_t *wanted = xcalloc(b->n_there + 1, 1), *mine = xcalloc(most + 1, 1);
	size_t n_items = pair_open_items(b, false, items),
	       n_there = pair_open_there(b, false, there);
	int rc = 0;

	if (match_wanted(items, n_items, there, n_there, p->dates, wanted)) {
		match_wanted(there, n_there, items, n_items, p->dates, mine);
		rc = look_for_pairs(p, wanted, err);
		if (rc == 0)
			rc = pair_read(p, mine, err);
	}
	free(items);
	free(there);
	free(wanted);
	free(mine);
	return rc;
}

/*
 * Does the target date messages as it likes? Its messages are then known by content
 * alone where an earlier restore left no records, or not all. Only where most of what is
 * there was known to be ours: elsewhere an equal Message-ID may be a copy that came by
 * another way.
 */
static bool has_own_dates(const struct box *b)
{
	const struct kept_journal *k = b->w->run->journal;
	size_t n, strangers = 0, redated = 0;

	kept_of(k, b->e->shown, b->sel.uidvalidity, &n);
	if (n && !kept_out_since(k, b->e->shown))
		return false;
	for (size_t i = 0; i < b->n_there; i++)
		strangers += !b->claimed[i];
	for (size_t i = 0; i < b->coll->n_items; i++)
		redated += b->on_target[i] &&
		           there_date(&b->there[b->on_target[i] - 1]) != b->coll->items[i].date_utc;
	return redated && strangers <= redated;
}

/*
 * A message of the target that may be what an earlier restore made of this item: it is
 * nobody's and has the same date and header fields, though not the same octets.
 * *out: NULL, there is none.
 */
static int find_likeness(struct pairing *p, uint32_t i, const struct seen **out, struct err *err)
{
	struct seen own;
	bool is_read = false;
	int rc = 0;

	*out = NULL;
	for (size_t k = 0; k < p->n_seen && rc == 0 && !*out; k++) {
		const struct seen *s = &p->seen[k];

		if (!(p->dates ? seen_fits(p->b, i, s) : is_open(p->b, i, s)))
			continue;
		if (!is_read)
			rc = item_look(p->b, i, &own, err);
		is_read = true;
		if (rc == 0 && memcmp(own.fields, s->fields, SHA256_LEN) == 0)
			*out = s;
	}
	return rc;
}

/*
 * What has no Message-ID and is not found, though one like it is there: nothing tells
 * whether that is it, so it is stored, and named.
 */
static int say_nameless(struct pairing *p, struct err *err)
{
	struct box *b = p->b;
	int rc = 0;

	for (uint32_t i = 0; i < b->coll->n_items && rc == 0; i++) {
		const struct seen *s;

		if (b->on_target[i] || b->items[i].taken.to || !p->nameless[i])
			continue;
		rc = find_likeness(p, i, &s, err);
		if (rc < 0 || !s)
			continue;
		b->sum.doubled++;
		say_item(b, SAY_NOTE, i, true,
		        "it has no Message-ID to know it by and is stored, though UID %u of the "
		        "target may be what an earlier restore made of it",
		        b->there[s->index].uid);
	}
	return rc;
}

/* Names those that were paired since ${before} although their dates differ. */
static void say_dates(struct box *b, const uint32_t *before)
{
	for (size_t i = 0; i < b->coll->n_items; i++)
		if (!before[i] && b->on_target[i]) {
			say_altered(b, (uint32_t)i, ODD_DATE, false,
			        "is there already (UID %u of the target), with another date",
			        b->there[b->on_target[i] - 1].uid);
		}
}

/* What is known without the octets. */
static int pair_cheaply(struct box *b, struct err *err)
{
	int rc;

	if (!pair_is_look(b)) {
		pair_begin(b);
		pair_records(b);
		return 0;
	}
	if (box_pair_listed(b) || b->w->run->opts->read_all)
		return 0;
	rc = pair_heads(b, MATCH_DATE, err);
	return rc < 0 || pair_count_open(b) == 0 ? rc : pair_heads(b, 0, err);
}

int box_pair(struct box *b, struct err *err)
{
	struct pairing p = {.b = b, .dates = MATCH_DATE};
	uint32_t *before;
	int rc = pair_cheaply(b, err);

	if (rc < 0 || b->n_there == 0)
		return rc;
	p.was_seen = xcalloc(b->n_there + 1, 1);
	p.nameless = xcalloc(b->coll->n_items + 1, 1);
	if (pair_count_open(b))
		rc = pair_content(&p, MATCH_DATE, err);
	before = xmemdup(b->on_target, (b->coll->n_items + 1) * sizeof *before);
	if (rc == 0 && pair_count_open(b))
		rc = pair_content(&p, 0, err);
	if (rc == 0)
		say_dates(b, before);
	if (rc == 0 && pair_count_open(b))
		rc = pair_rewritten(&p, err);
	if (rc == 0 && pair_count_open(b) && has_own_dates(b)) {
		p.dates = 0;
		rc = pair_rewritten(&p, err);
	}
	if (rc == 0) {
		pair_take_taken(b);
		rc = say_nameless(&p, err);
	}
	free(before);
	free(p.seen);
	free(p.was_seen);
	free(p.nameless);
	return rc;
}
