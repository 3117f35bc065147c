/*
 * A body that comes in: streamed into the sink octet by octet, an item only when its
 * answer is whole.
 */
#include <string.h>
#include "valise/tree/about.h"
#include "run.h"

const char *body_items(const struct mbox *mb)
{
	return mb->untold ? "(UID FLAGS INTERNALDATE BODY.PEEK[])" : "(UID BODY.PEEK[])";
}

void fetch_drop(struct worker *w)
{
	atomic_fetch_sub(&w->run->base.progress->bytes_done, w->body.in.len);
	intake_drop(&w->body.in);
	w->body.note[0] = '\0';
}

/* Octets of the body that is coming in, into the sink. */
static int on_body(void *ctx, const void *p, size_t n, struct err *err)
{
	struct worker *w = ctx;
	int rc = stop_check(err);

	if (rc < 0)
		return rc;
	atomic_fetch_add(&w->run->base.progress->bytes_done, n);
	w->body.in.dated = w->body.expect_mb && !w->body.expect_mb->undated;
	rc = intake_write(&w->body.in, p, n, err);
	return rc < 0 ? workers_fail(&w->run->base.workers, err) : 0;
}

/*
 * The item is here, but not as the server would have to give it: it counts as incomplete.
 */
static void mark_rescued(struct worker *w, struct mbox *mb, struct tree_item *it)
{
	struct tree_ext *e = it->ext ? &mb->coll->ext[it->ext] : tree_coll_ext(mb->coll, &it->ext);

	it->warn |= WARN_RESCUED;
	e->note = xstrdup(w->body.note);
	mb->coll->status = COLL_PARTIAL;
	progress_say(w->run->base.progress, SAY_WARNING, "%s: UID %u was rescued: %s", mb->name,
	        it->uid, w->body.note);
}

static bool job_has(const struct job *j, size_t at)
{
	return at >= j->first && at < j->first + j->n;
}

/* A body that is in the sink becomes an item. */
static int item_keep(
        struct worker *w, struct mbox *mb, struct rec *r, struct tree_item *it, struct err *err)
{
	int rc;

	if (!(r->have & REC_FLAGS) && !w->body.note[0])
		snprintf(w->body.note, sizeof w->body.note, "its flags are not told");
	pthread_mutex_lock(&mb->lock);
	if (w->body.note[0])
		mark_rescued(w, mb, it);
	w->body.note[0] = '\0';
	rc = run_item(&w->run->base, mb->coll, it, err);
	if (rc == 0 && (r->have & REC_SIZE))
		twins_know(&w->run->twins, mb->coll, it, r->size);
	mb->poisoned = 0;
	pthread_mutex_unlock(&mb->lock);
	if (rc < 0)
		return workers_fail(&w->run->base.workers, err);
	r->done = 1;
	w->progress++;
	imap_pool_gained(&w->run->pool);
	atomic_fetch_add(&w->run->base.progress->items_done, 1);
	pthread_mutex_lock(&w->run->base.workers.lock);
	w->run->base.result.fetched++;
	w->run->base.result.bytes_fetched += it->size;
	pthread_mutex_unlock(&w->run->base.workers.lock);
	return 0;
}

/* The body that was streamed is the message ${r}. */
static int body_keep(struct worker *w, struct mbox *mb, struct rec *r, struct err *err)
{
	struct tree_item it = plan_item(r);
	unsigned told =
	        (r->have & REC_SIZE ? INTAKE_SIZE : 0u) | (r->have & REC_DATE ? INTAKE_DATE : 0u);
	int rc = intake_finish(&w->body.in, &it, told, err);

	if (rc < 0)
		return workers_fail(&w->run->base.workers, err);
	if (!(it.warn & WARN_SIZE))
		atomic_fetch_add(&w->run->sizes_right, 1);
	if (w->body.doubting && (it.warn & WARN_SIZE)) {
		*ARR_PUSH(w->body.doubts, w->body.n_doubts, w->body.doubts_cap) =
		        (struct doubt){mb, r, it, false};
		r->done = 1;
	} else {
		rc = item_keep(w, mb, r, &it, err);
	}
	return rc;
}

static bool is_shorter(const struct doubt *d)
{
	return d->it.size < d->r->size;
}

/*
 * Another body in doubt is as long as this one is said to be, and the other way round: each
 * may have come under the other's UID.
 */
static const struct doubt *find_crossed(const struct worker *w, const struct doubt *d)
{
	for (size_t i = 0; i < w->body.n_doubts; i++) {
		const struct doubt *other = &w->body.doubts[i];

		if (other->mb == d->mb && other->it.size == d->r->size &&
		        other->r->size == d->it.size)
			return other;
	}
	return NULL;
}

static bool are_sizes_right(const struct run *run)
{
	return run_trusts_sizes(
	        atomic_load(&run->sizes_right), (uint64_t)atomic_load(&run->sizes_wrong) + 1);
}

/*
 * A message that ends too early is asked for alone, and then what follows its end; one
 * that is too long is asked for alone where RFC822.SIZE is right about the others. Not
 * where that never brings anything.
 */
static bool is_worth_a_look(const struct worker *w, const struct doubt *d)
{
	if (w->run->strict || atomic_load(&w->run->sizes_wrong) >= SHORT_VAIN)
		return false;
	if (is_shorter(d) || find_crossed(w, d))
		return true;
	return are_sizes_right(w->run) && !run_is_miscounted(d->it.size, d->r->size);
}

static int on_beyond(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)p;
	(void)err;
	*(size_t *)ctx += n;
	return 0;
}

/*
 * It came like this again, and RFC822.SIZE is right about the others: it may be cut, by
 * the server itself, or be another message.
 */
static void name_misfit(struct worker *w, struct doubt *d)
{
	const unsigned long long came = d->it.size, said = d->r->size;
	const struct doubt *crossed = find_crossed(w, d);
	struct run *run = w->run;
	bool right = are_sizes_right(run);
	char text[MISFIT_TEXT];

	d->r->misfit = MISFIT_JUDGED;
	atomic_fetch_add(&run->sizes_wrong, 1);
	if (!right && !crossed)
		return;
	if (crossed)
		snprintf(text, sizeof text,
		        "the server gives %llu octets, as UID %u should have, instead of %llu: it "
		        "may be that message; what came is kept",
		        came, crossed->r->uid, said);
	else
		run_misfit_text(is_shorter(d), came, said, text);
	pthread_mutex_lock(&d->mb->lock);
	tree_coll_error(d->mb->coll, d->r->uid, NULL, NULL, NULL, text);
	pthread_mutex_unlock(&d->mb->lock);
	progress_say(
	        run->base.progress, SAY_WARNING, "%s: UID %u: %s", d->mb->name, d->r->uid, text);
}

int doubts_probe(struct worker *w, struct err *err)
{
	static const struct imap_fetch_ops ops = {.body = on_beyond};
	int rc = 0;

	for (size_t i = 0; i < w->body.n_doubts && rc == 0; i++) {
		struct doubt *d = &w->body.doubts[i];
		char items[64];
		size_t beyond = 0;

		if (d->r->misfit != MISFIT_SEEN || !is_worth_a_look(w, d))
			continue;
		if (!is_shorter(d) || find_crossed(w, d)) {
			name_misfit(w, d);
			continue;
		}
		snprintf(items, sizeof items, "(UID BODY.PEEK[]<%llu.1>)",
		        (unsigned long long)d->it.size);
		rc = imap_fetch_one(w->conn.m, d->r->uid, items, &ops, &beyond, err);
		if (rc == ERR_REFUSED || rc == ERR_BUSY)
			rc = 0;
		/* It may be this that breaks the connection, every time. */
		if (rc < 0 && !imap_conn_alive(&w->conn) && ++d->r->tries >= TRIES)
			name_misfit(w, d);
		/* One octet: some servers ignore the range and give the whole again. */
		if (rc == 0 && beyond == 1) {
			d->r->misfit = MISFIT_CUT;
			d->r->rung = RUNG_PIECES;
		} else if (rc == 0) {
			name_misfit(w, d);
		}
	}
	return rc;
}

/* It was not asked for alone yet. */
static bool is_open(const struct worker *w, const struct doubt *d)
{
	return d->r->misfit == MISFIT_NOT_SEEN || (d->r->misfit == MISFIT_SEEN && !w->body.singly);
}

int doubts_settle(
        struct worker *w, const struct mbox *mb, const struct job *j, bool believe, struct err *err)
{
	size_t kept = 0;
	int rc = 0;

	/* Before any of them goes: two of them may be each other's. */
	for (size_t i = 0; i < w->body.n_doubts; i++)
		w->body.doubts[i].look =
		        is_open(w, &w->body.doubts[i]) && is_worth_a_look(w, &w->body.doubts[i]);
	for (size_t i = 0; i < w->body.n_doubts; i++) {
		struct doubt *d = &w->body.doubts[i];

		if (j && (d->mb != mb || !job_has(j, (size_t)(d->r - d->mb->recs)))) {
			w->body.doubts[kept++] = *d;
			continue;
		}
		if (believe && rc == 0 && !d->look && d->r->misfit != MISFIT_CUT)
			rc = item_keep(w, d->mb, d->r, &d->it, err);
		else
			d->r->done = 0;
		if (believe && d->look)
			d->r->misfit = MISFIT_SEEN;
	}
	w->body.n_doubts = kept;
	return rc;
}

/*
 * Was this record asked for on this connection? The answers to several commands in flight
 * may come in any order.
 */
static bool was_asked(const struct worker *w, size_t at)
{
	if (job_has(&w->body.expect, at))
		return true;
	for (size_t i = 0; i < w->n_fly; i++)
		if (w->fly[i].mb == w->body.expect_mb && job_has(&w->fly[i].job, at))
			return true;
	for (size_t i = 0; w->body.singly && i < w->n_missing; i++)
		if (w->missing[i] == at)
			return true;
	return false;
}

/*
 * The record that an answer is for, if it was asked for by this worker and is still
 * wanted.
 */
static struct rec *expected_rec(struct worker *w, const struct imap_msg *msg)
{
	struct mbox *mb = w->body.expect_mb;
	struct rec *r = mb && msg->uid ? rec_find(mb->recs, mb->n_recs, msg->uid) : NULL;

	return r && was_asked(w, (size_t)(r - mb->recs)) && !r->done ? r : NULL;
}

/*
 * Some servers do not name the message: when it is the only one that was asked for, and
 * the size is right, it is that.
 */
static struct rec *nameless_rec(struct worker *w)
{
	struct rec *r = w->body.alone;

	w->body.nameless = true;
	return r && !r->done && (r->have & REC_SIZE) && r->size == w->body.in.len ? r : NULL;
}

/* What the listing did not say of a message stands beside its body. */
static void flags_told(struct mbox *mb, struct rec *r, const struct imap_msg *msg)
{
	pthread_mutex_lock(&mb->lock);
	r->flags = (uint8_t)msg->flags;
	r->keywords = tree_coll_keywords(mb->coll, msg->keywords, msg->n_keywords);
	pthread_mutex_unlock(&mb->lock);
	r->have |= REC_FLAGS;
	if (msg->has_date && msg->date.known && !(r->have & REC_DATE)) {
		r->date_utc = msg->date.utc;
		r->zone_min = msg->date.zone_min;
		r->have |= REC_DATE;
	}
}

/* A whole answer: its body is kept, held back in doubt, or dropped. */
static int on_message(void *ctx, const struct imap_msg *msg, struct err *err)
{
	struct worker *w = ctx;
	struct rec *r = NULL;
	int rc = stop_check(err);

	if (rc < 0)
		return rc;
	if (msg->has_body || msg->spoiled)
		r = msg->uid ? expected_rec(w, msg) : nameless_rec(w);
	w->body.stray |= msg->has_body && msg->uid && !r;
	if (r && msg->has_flags && !(r->have & REC_FLAGS))
		flags_told(w->body.expect_mb, r, msg);
	/* Asked for once more it would lie again. */
	if (r && msg->spoiled && r->rung == RUNG_PLAIN)
		r->rung = RUNG_PIECES;
	if (!r || msg->spoiled) {
		fetch_drop(w);
		return 0;
	}
	/*
	 * Some servers give "" for what they cannot read: only a message that is said to be
	 * empty is.
	 */
	if (w->body.in.len == 0 && (!(r->have & REC_SIZE) || r->size > 0)) {
		r->empty = 1;
		fetch_drop(w);
		return 0;
	}
	return body_keep(w, w->body.expect_mb, r, err);
}

const struct imap_fetch_ops fetch_ops = {.body = on_body, .message = on_message};

void fetch_error(struct worker *w, struct mbox *mb, struct rec *r, const struct item_about *a,
        const char *reason)
{
	struct tree_item it = {.uid = r->uid, .date_utc = r->date_utc, .zone_min = r->zone_min};
	struct buf name = buf_of(SIZE_MAX);

	pthread_mutex_lock(&mb->lock);
	rec_error(mb, r, about_title(a), reason);
	tree_coll_error_from(mb->coll, a ? a->text[ABOUT_FROM] : NULL);
	item_name(mb->coll, &it, a, &name);
	pthread_mutex_unlock(&mb->lock);
	r->done = 1;
	progress_say(w->run->base.progress, SAY_WARNING, "%s: %s could not be fetched: %s",
	        mb->name, buf_str(&name), reason);
	buf_clear(&name);
}

unsigned fetch_poisoned(struct mbox *mb, unsigned add)
{
	unsigned n;

	pthread_mutex_lock(&mb->lock);
	n = mb->poisoned += add;
	pthread_mutex_unlock(&mb->lock);
	return n;
}
