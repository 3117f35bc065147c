/*
 * Messages that stand on the target although no answer said so: of a command whose
 * connection ended, of a run that was killed, of another restore. They are looked for
 * before anything is sent again, as long as the server was slow.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "valise/base/clock.h"
#include "run.h"

enum {
	/* so long after its connection ended a command may be carried out */
	LATE_MS = 10500,
	LATE_LEAST_MS = 750,
	LATE_MOST_MS = 120000,
	STEP_FIRST_MS = 250,
	STEP_MOST_MS = 4000,
	OUT_S = 600, /* after that what a killed run had sent is there or lost */
	OUT_AGAIN_MS = 60000, /* the journal has the time of it, so exactly */
	/* another restore is let go first so long, and by chance so much longer */
	PASS_MS = 500,
	PASS_MORE_MS = 2500,
	FELT_MOST = 2, /* batches of 1 and of 16 messages, then full ones */
	CHECK_MS = 5000, /* a look for what others store meanwhile, at most so often */
};

/* ---- before anything goes out ---- */

int late_going_out(struct box *b, struct err *err)
{
	int rc = 0;

	b->late.sent_ms = clock_ms();
	b->e->unseen = true;
	if (b->late.out_ms && b->late.sent_ms - b->late.out_ms < OUT_AGAIN_MS)
		return 0;
	rc = kept_out(b->w->run->journal, b->e->shown, (int64_t)time(NULL), false, err);
	b->late.out_ms = b->late.sent_ms;
	return rc < 0 ? workers_fail(&b->w->run->workers, err) : 0;
}

void late_settled(struct box *b)
{
	struct err ignored;

	/* If this is lost, the next run waits a while for nothing. */
	if (b->late.out_ms && kept_out(b->w->run->journal, b->e->shown, 0, false, &ignored) == 0)
		b->late.out_ms = 0;
}

/* ---- after a connection ended ---- */

/*
 * So long this one is worth: shorter each time that it brought nothing, longer where the
 * server was seen to be slow.
 */
static int64_t patience_ms(struct box *b)
{
	struct worker *w = b->w;
	int64_t ms = w->late_ms ? w->late_ms : LATE_MS,
	        slow = b->late.sent_ms ? clock_ms() - b->late.sent_ms : 0;

	if (slow > ms)
		ms = slow;
	return ms > LATE_MOST_MS ? LATE_MOST_MS : ms;
}

/*
 * One look, by NOOP or SELECT: some servers show new messages only after a SELECT. A
 * connection that breaks again is opened again.
 */
static int look_for_batch(
        struct box *b, const uint32_t *items, size_t n, bool select, struct err *err)
{
	struct attempts a = {.limit = ATTEMPTS};
	int rc;

	do {
		rc = box_refresh(b, select, err);
		if (rc == 0)
			rc = box_find_arrived(b, items, n, err);
	} while (box_again(b, &a, &rc, err));
	return rc;
}

int late_find(struct box *b, const uint32_t *items, size_t n, struct err *err)
{
	struct worker *w = b->w;
	int64_t begin = clock_ms(), until = begin + patience_ms(b), last = 0;
	uint32_t *open = xmemdup(items, (n + 1) * sizeof *open);
	int rc;

	for (unsigned nth = 0;; nth++) {
		size_t before = n, k = 0;

		rc = look_for_batch(b, open, n, nth > 0, err);
		for (size_t i = 0; i < n; i++)
			if (b->items[open[i]].state == ITEM_TODO)
				open[k++] = open[i];
		n = k;
		if (n < before)
			last = clock_ms() - begin;
		if (rc < 0 || n == 0 || clock_ms() >= until)
			break;
		rc = imap_pool_wait(
		        &w->run->pool, clock_pause_ms(STEP_FIRST_MS, nth, STEP_MOST_MS), err);
		if (rc < 0)
			break;
	}
	b->late.resent |= n > 0;
	b->e->unsure = rc < 0 && n > 0;
	w->late_ms = last > STEP_FIRST_MS ? 2 * last : n ? (until - begin) / 4 : w->late_ms;
	if (w->late_ms && w->late_ms < LATE_LEAST_MS)
		w->late_ms = LATE_LEAST_MS;
	free(open);
	return rc;
}

/* Did somebody send messages there a while ago without learning what became of them? */
static bool is_unsure(const struct box *b)
{
	int64_t out = kept_out_since(b->w->run->journal, b->e->shown);
	int64_t age = (int64_t)time(NULL) - out;

	return b->e->unsure || (out && age > -OUT_S && age < OUT_S);
}

int late_of_earlier(struct box *b, bool *waited_out, struct err *err)
{
	bool any = false;

	*waited_out = false;
	for (size_t i = 0; i < b->coll->n_items && !any; i++)
		any = !b->on_target[i];
	if (!any || b->w->run->opts->dry_run || !is_unsure(b))
		return 0;
	*waited_out = true;
	b->e->unsure = false;
	say_box(b, SAY_INFO,
	        "a restore was interrupted while messages were on their way to it; "
	        "waiting whether they arrive");
	return imap_pool_wait(&b->w->run->pool, LATE_MS, err);
}

/* ---- while others store ---- */

/* Items that may be among the messages listed that nobody has: a size fits. */
static size_t open_of_size(struct box *b, uint8_t *wanted, uint32_t *items)
{
	struct match_key *a = xcalloc(b->coll->n_items + 1, sizeof *a);
	struct match_key *t = xcalloc(b->n_there + 1, sizeof *t);
	uint8_t *fits = xcalloc(b->coll->n_items + 1, 1);
	size_t na = 0, nt = 0, n = 0;

	for (size_t i = 0; i < b->coll->n_items; i++)
		if (b->items[i].state == ITEM_TODO)
			a[na++] = match_by_size(sent_size(b, (uint32_t)i), 0, i);
	for (size_t i = 0; i < b->n_there; i++)
		if (wanted[i])
			t[nt++] = match_by_size(b->there[i].size, 0, i);
	memset(wanted, 0, b->n_there);
	if (match_wanted(a, na, t, nt, 0, wanted) && match_wanted(t, nt, a, na, 0, fits))
		for (size_t i = 0; i < b->coll->n_items; i++)
			if (fits[i])
				items[n++] = (uint32_t)i;
	free(a);
	free(t);
	free(fits);
	return n;
}

void late_batch_done(struct box *b, uint32_t expected, size_t n, size_t n_known)
{
	/* A gap in the UIDs: somebody else stores there, too. */
	bool gap = b->next_uid - expected != n;

	b->late.took_ms = clock_ms() - b->late.sent_ms;
	b->late.blind += n - n_known;
	b->late.others |= gap || n_known < n;
	b->late.ours |= n > 0;
	if (gap && n_known == n)
		b->w->felt = 0;
	else if (b->w->felt < FELT_MOST)
		b->w->felt++;
}

size_t late_batch_max(const struct box *b)
{
	return b->w->felt < FELT_MOST ? (size_t)1 << 4 * b->w->felt : BATCH_MESSAGES;
}

static bool any_todo(const struct box *b)
{
	for (size_t i = 0; i < b->coll->n_items; i++)
		if (b->items[i].state == ITEM_TODO)
			return true;
	return false;
}

/* Is it time to look for what others store? */
static bool is_check_due(struct box *b)
{
	if (!b->late.checked_ms) {
		b->late.checked_ms = clock_ms();
		b->late.clear_uid = b->next_uid;
	}
	if (!b->late.ours || (!b->late.others && clock_ms() - b->late.checked_ms < CHECK_MS))
		return false;
	return any_todo(b);
}

/*
 * What is listed as another hand's: copies of what was sent here, and what is still to be
 * sent, which then is there.
 */
static int take_others(struct box *b, uint8_t *wanted, size_t *met_out, struct err *err)
{
	uint32_t *items = xcalloc(b->coll->n_items + 1, sizeof *items);
	size_t n = open_of_size(b, wanted, items);
	int rc = 0;

	*met_out += count_any(b, b->late.clear_uid);
	if (n)
		rc = box_find_among(b, items, n, wanted, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		if (b->items[items[i]].state == ITEM_ADDED) {
			++*met_out;
			b->sum.added--; /* by another hand */
			b->sum.already++;
			b->sum.bytes -= b->coll->items[items[i]].size;
		}
	free(items);
	return rc;
}

/* What came since the last look. */
static int check_others(struct box *b, size_t *met_out, struct err *err)
{
	uint8_t *wanted;
	size_t n = 0;
	int rc = 0;

	if (!b->is_open || !imap_conn_alive(&b->w->conn))
		rc = b->sel.uidvalidity ? box_reselect(b, err) : box_select(b, err);
	b->is_open = rc == 0;
	if (rc == 0)
		rc = box_refresh(b, false, err);
	if (rc == 0)
		rc = there_from(b, b->late.clear_uid, err);
	if (rc < 0)
		return rc;
	wanted = there_strange(b, &n);
	if (n > b->late.blind)
		rc = take_others(b, wanted, met_out, err);
	if (rc == 0 && b->n_there) {
		b->late.clear_uid = b->there[b->n_there - 1].uid + 1;
		b->next_uid = b->late.clear_uid > b->next_uid ? b->late.clear_uid : b->next_uid;
		b->late.blind -= n < b->late.blind ? n : b->late.blind;
	}
	free(wanted);
	return rc;
}

/*
 * Another restore of the same messages is at work: it is let go first, as long as it
 * brings what is lacking here. Both may think so: the pauses are a matter of chance.
 */
static int let_pass(struct box *b, struct err *err)
{
	int64_t least = PASS_MS + 2 * b->late.took_ms;
	struct timespec t;

	b->w->felt = 0;
	clock_gettime(CLOCK_REALTIME, &t);
	return imap_pool_wait(&b->w->run->pool,
	        least + (t.tv_nsec / 1000 + getpid()) * 7919LL % (PASS_MORE_MS + b->late.took_ms),
	        err);
}

int late_meanwhile(struct box *b, struct err *err)
{
	/* One that was met in another mailbox comes here, too. */
	size_t met = b->w->met && !b->late.checked_ms && any_todo(b);
	bool due = is_check_due(b);
	int rc = 0;

	if (!met && !due)
		return 0;
	b->w->met = false;
	do {
		struct attempts a = {.limit = ATTEMPTS};

		if (met && (rc = let_pass(b, err)) < 0)
			return rc;
		met = 0;
		do
			rc = check_others(b, &met, err);
		while (box_again(b, &a, &rc, err));
		b->w->met |= met > 0;
	} while (rc == 0 && met && any_todo(b));
	b->late.ours = b->late.others = false;
	b->late.checked_ms = clock_ms();
	return rc;
}
