/* A dry run that foresees: what it asks the target, what it reads of the archive, what it says. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "valise/base/clock.h"
#include "valise/base/text.h"
#include "foresee.h"
#include "run.h"

enum {
	LINE_MAX_OCTETS = 998, /* without CRLF (RFC 5322 2.1.1) */
	IDLES = 3,
	NAMED_KEYWORDS = 100, /* of a mailbox */
	EMPTY_TRIED = 20, /* mailboxes that may be empty */
	BOX_TRIPS = 4, /* CREATE, SELECT, list, the last look */
	ITEM_US = 10000, /* a slow server's time for an APPEND */
};

static void say(struct run *r, enum predict what, bool sure, const char *collection,
        const char *item, uint64_t items, const char *fmt, ...) PRINTF_LIKE(7, 8);

static void say(struct run *r, enum predict what, bool sure, const char *collection,
        const char *item, uint64_t items, const char *fmt, ...)
{
	const struct prediction p = {what, sure, collection, item, NULL, items};
	va_list ap;

	va_start(ap, fmt);
	pthread_mutex_lock(&r->workers.lock);
	predict_vsay(r->opts->predictor, p, fmt, ap);
	pthread_mutex_unlock(&r->workers.lock);
	va_end(ap);
}

/* ---- what the target says ---- */

/*
 * What a mailbox keeps is said by SELECT alone, which takes \Recent away: of one without messages
 * it takes nothing.
 */
static int ask_flags(struct run *r, struct imap *m, struct err *err)
{
	const struct imap_mailbox *list = r->plan.list;
	unsigned tried = 0;
	int rc = imap_select(m, (const uint8_t *)"INBOX", 5, false, &r->plan.inbox, err);

	for (size_t i = 0; i < r->plan.n_list && imap_alive(m) && !r->plan.inbox.n_permanent; i++) {
		struct imap_selected sel;

		if (list[i].noselect || list[i].nonexistent || list[i].foreign ||
		        tried++ == EMPTY_TRIED)
			continue;
		rc = imap_select(m, list[i].name, list[i].name_len, false, &sel, err);
		if (rc == 0 && sel.exists == 0) {
			imap_selected_clear(&sel);
			imap_selected_clear(&r->plan.inbox);
			rc = imap_select(
			        m, list[i].name, list[i].name_len, true, &r->plan.inbox, err);
			r->foreseen.keeps_none = rc == 0 && r->plan.inbox.says_permanent &&
			                         !r->plan.inbox.n_permanent;
			break;
		}
		imap_selected_clear(&sel);
	}
	return imap_alive(m) && err->code != ERR_STOPPED ? 0 : rc;
}

static int ask_idle(struct run *r, struct imap *m, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < IDLES && rc == 0; i++) {
		int64_t began = clock_us(), took;

		rc = imap_noop(m, err);
		took = clock_us() - began;
		if (rc == 0)
			r->foreseen.idle_us =
			        r->foreseen.idle_us ? MIN(r->foreseen.idle_us, took) : took;
	}
	return imap_alive(m) && err->code != ERR_STOPPED ? 0 : rc;
}

/* Names of mailboxes that are to be made. */
static void foresee_names(struct run *r)
{
	for (size_t i = 0; i < r->plan.n_map; i++) {
		const struct map_entry *e = &r->plan.map[i];
		const char *why;

		if (!r->plan.selected[i] || e->exists || e->implied)
			continue;
		why = map_has_twin(r->plan.map, r->plan.n_map, i)
		              ? "some servers take it for the same as another one's"
		              : foresee_name(map_base(e), r->plan.there.delimiter);
		if (why)
			say(r, PREDICT_NAME, false, e->head->name, NULL, e->head->roots.items,
			        "its name \"%.600s\" may become another one there: %s", e->shown,
			        why);
	}
}

int predict_plan(struct run *r, struct imap *m, const struct imap_quota *quota, struct err *err)
{
	int rc;

	r->foreseen.quota = *quota;
	rc = ask_flags(r, m, err);
	if (rc == 0)
		rc = ask_idle(r, m, err);
	if (rc == 0)
		foresee_names(r);
	return rc;
}

/* ---- messages ---- */

/* A message as it passes: what could be mended of it, and its beginning. */
struct passing {
	struct mend *mend;
	struct buf head;
	bool whole; /* there is no more than that */
	size_t line; /* octets of the line so far */
	bool is_long; /* one is too long, also where a signature keeps it as it is */
};

static void measure_lines(struct passing *m, const char *p, size_t n)
{
	for (const char *end = p + n; p < end;) {
		const char *lf = memchr(p, '\n', (size_t)(end - p)), *to = lf ? lf + 1 : end;

		m->line += (size_t)(to - p);
		m->is_long |= m->line > LINE_MAX_OCTETS + 2;
		m->line = lf ? 0 : m->line;
		p = to;
	}
}

static int on_look(void *ctx, const void *p, size_t n, struct err *err)
{
	struct passing *m = ctx;

	mend_look(m->mend, p, n);
	measure_lines(m, p, n);
	m->whole = buf_fill(&m->head, p, n) == n && m->whole;
	return stop_check(err);
}

/* Kinds as bits; none of what the archive does not give: the restore will name it. */
static unsigned look_into(struct box *b, uint32_t item, int64_t now)
{
	struct passing m = {.mend = mend_new(MEND_ALL, b->coll->items[item].sha256),
	        .head = buf_of(HEAD_CAP),
	        .whole = true};
	struct err ignored = {0};
	unsigned bits = 0;

	if (item_read(b, item, on_look, &m, &ignored) == 0)
		bits = foresee_message(&b->coll->items[item],
		        mend_flaws(m.mend) | (m.is_long ? MEND_LONG : 0), (const char *)m.head.data,
		        m.head.len, m.whole, now);
	mend_free(m.mend);
	buf_clear(&m.head);
	return bits;
}

static void foresee_item(struct box *b, uint32_t item, int64_t now)
{
	unsigned bits = look_into(b, item, now);
	struct buf name = buf_of(2048);

	if (bits)
		name_item(b, item, true, &name);
	for (unsigned what = 0; what < PREDICTS; what++)
		if (bits & 1u << what)
			say(b->w->run, (enum predict)what, false, b->e->head->name, buf_str(&name),
			        1, "it may be refused, or not stay as it is: %s",
			        foresee_text((enum predict)what));
	buf_clear(&name);
}

/* How many messages have each keyword that may not be kept. */
struct doubted {
	struct box *b;
	struct lacking *list;
	size_t n, cap;
	size_t words; /* of all messages */
};

static struct lacking *word_of(struct doubted *d, const char *word)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->list[i].word, word) == 0)
			return &d->list[i];
	if (d->n == NAMED_KEYWORDS * 10)
		return NULL;
	*ARR_PUSH(d->list, d->n, d->cap) = (struct lacking){xstrdup(word), 0};
	return &d->list[d->n - 1];
}

static bool count_word(void *ctx, const char *word)
{
	struct lacking *l = word_of(ctx, word);

	if (l)
		l->messages++;
	return false;
}

static void foresee_keywords(struct box *b)
{
	struct doubted d = {.b = b};
	bool many;

	for (size_t i = 0; i < b->coll->n_items; i++)
		if (b->items[i].state == ITEM_TODO)
			(void)tree_coll_words(b->words,
			        tree_coll_keyword_text(b->coll, b->coll->items[i].keywords),
			        count_word, &d);
	many = d.n > FORESEE_KEYWORDS;
	for (size_t i = 0; i < d.n; i++) {
		const struct lacking *l = &d.list[i];
		const char *why = foresee_keyword(l->word);

		if (!why && many && i >= FORESEE_KEYWORDS)
			why = "the mailbox has more than some servers take";
		/* What the mailbox does not take is said by every dry run. */
		if (why && keyword_fits(b, l->word) && i < NAMED_KEYWORDS)
			say(b->w->run, PREDICT_KEYWORD, false, b->e->head->name, NULL, l->messages,
			        "the keyword %.300s may not be kept: %s", l->word, why);
		free(l->word);
	}
	free(d.list);
}

/* Where no flag is permanent (RFC 3501 7.1), a restore tries all the same. */
static void foresee_flags(struct box *b, uint32_t item)
{
	const struct tree_item *it = &b->coll->items[item];
	struct buf name = buf_of(2048);

	if (b->w->run->foreseen.keeps_none && (it->flags || it->keywords)) {
		name_item(b, item, true, &name);
		say(b->w->run, PREDICT_KEYWORD, false, b->e->head->name, buf_str(&name), 1,
		        "flags and keywords may not be kept: the target keeps none, it says");
	}
	buf_clear(&name);
}

void predict_box(struct box *b)
{
	int64_t now = (int64_t)time(NULL);

	for (size_t i = 0; i < b->coll->n_items && !stop_requested(); i++)
		if (b->items[i].state == ITEM_TODO) {
			foresee_item(b, (uint32_t)i, now);
			foresee_flags(b, (uint32_t)i);
		}
	foresee_keywords(b);
}

/* ---- the end ---- */

/* ${limit} 0: none is known. */
static void foresee_quota(
        struct run *r, uint64_t used, uint64_t limit, uint64_t wanted, const char *unit)
{
	uint64_t room = limit > used ? limit - used : 0;

	if (limit && wanted > room)
		say(r, PREDICT_QUOTA, true, NULL, NULL, r->outcome.sum.added,
		        "the quota has room for %llu of the %llu %s to be added",
		        (unsigned long long)room, (unsigned long long)wanted, unit);
}

void predict_end(struct run *r)
{
	const struct imap_quota *quota = &r->foreseen.quota;
	const struct predictor *to = r->opts->predictor;
	const struct target_result *sum = &r->outcome.sum;
	struct predict_cost cost = {.items = sum->added,
	        .bytes = sum->bytes,
	        .idle_us = r->foreseen.idle_us,
	        .item_us = ITEM_US};

	foresee_quota(r, quota->used, quota->limit, sum->bytes, "octets");
	foresee_quota(r, quota->messages, quota->messages_limit, sum->added, "messages");
	/* The messages that are read back: all of the first hundred, then one of 31. */
	cost.trips = r->plan.n_order * BOX_TRIPS + sum->added / BATCH_MESSAGES +
	             sum->bytes / BATCH_BYTES + MIN(sum->added, 100) / 10 + sum->added / 31 / 10 +
	             20;
	to->cost(to->ctx, &cost);
}
