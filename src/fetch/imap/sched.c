/* Which worker does what, and what becomes of a mailbox when it is done. */
#include <stdlib.h>
#include <string.h>
#include "run.h"

void mbox_reset(struct mbox *mb)
{
	free(mb->recs);
	free(mb->twins);
	free(mb->back);
	tree_coll_free(mb->coll);
	mb->recs = mb->twins = NULL;
	mb->back = NULL;
	mb->coll = NULL;
	free(mb->past_selection);
	mb->past_selection = NULL;
	mb->past_left_out = 0;
	mb->n_recs = mb->n_twins = mb->n_back = mb->back_cap = mb->next = 0;
	mb->bytes_left = 0;
	mb->relist = mb->untold = mb->undated = false;
	mb->fresh = 0;
}

static bool has_jobs(const struct mbox *mb)
{
	return mb->state == MB_BODIES && !mb->relist && (mb->n_back || mb->next < mb->n_recs);
}

/* Nothing is left to be asked for. */
static bool is_filled(const struct mbox *mb)
{
	return !has_jobs(mb) && mb->n_twins == 0;
}

static void skip_listed(struct run *r)
{
	while (r->sched.list_from < r->plan.n_boxes &&
	        r->plan.boxes[r->sched.list_from].state != MB_LIST)
		r->sched.list_from++;
}

/* The mailbox to list next: the fullest. */
static struct mbox *pick_listing(struct run *r)
{
	struct mbox *best = NULL;

	skip_listed(r);
	for (size_t i = r->sched.list_from; i < r->plan.n_boxes; i++) {
		struct mbox *mb = &r->plan.boxes[i];

		if (mb->state == MB_LIST && (!best || mb->status.messages > best->status.messages))
			best = mb;
	}
	return best;
}

/*
 * The mailbox to fetch from next: one with the fewest workers, of these the one with most
 * left.
 */
static struct mbox *pick_bodies(struct run *r)
{
	struct mbox *best = NULL;

	for (size_t i = 0; i < r->plan.n_boxes; i++) {
		struct mbox *mb = &r->plan.boxes[i];

		if (!has_jobs(mb) || (best && mb->users > best->users))
			continue;
		if (!best || mb->users < best->users || mb->bytes_left > best->bytes_left)
			best = mb;
	}
	return best;
}

struct mbox *sched_try_listing(struct run *r)
{
	struct mbox *mb = NULL;

	pthread_mutex_lock(&r->base.workers.lock);
	skip_listed(r);
	for (size_t i = r->sched.list_from; i < r->plan.n_boxes && !mb && !r->base.workers.failed;
	        i++)
		if (r->plan.boxes[i].state == MB_LIST && plan_is_small(&r->plan.boxes[i]))
			mb = &r->plan.boxes[i];
	if (mb) {
		mb->state = MB_LISTING;
		r->sched.listing++;
	}
	pthread_mutex_unlock(&r->base.workers.lock);
	return mb;
}

struct mbox *sched_try_bodies(struct run *r)
{
	struct mbox *mb;

	pthread_mutex_lock(&r->base.workers.lock);
	mb = r->sched.phase == 2 && !r->base.workers.failed ? pick_bodies(r) : NULL;
	if (mb)
		mb->users++;
	pthread_mutex_unlock(&r->base.workers.lock);
	return mb;
}

static void count_coll(struct run *r, const struct tree_coll *c)
{
	r->base.result.collections++;
	r->base.result.items += c->n_items;
	r->base.result.errors += c->n_errors;
}

/* run->base.workers.lock is held; it is let go while the sink works. */
static int mbox_finish(struct run *r, struct mbox *mb, struct err *err)
{
	struct tree_coll *c = mb->coll;
	int rc;

	mb->coll = NULL;
	mb->state = MB_DONE;
	count_coll(r, c);
	pthread_mutex_unlock(&r->base.workers.lock);
	if (mb->gone)
		progress_say(r->base.progress, SAY_INFO, "%s: %s deleted by someone else meanwhile",
		        mb->name,
		        counted(mb->gone, "message was", "messages were", (char[COUNTED_SIZE]){0}));
	rc = run_coll(&r->base, &c, err);
	mbox_reset(mb);
	if (rc < 0)
		workers_fail(&r->base.workers, err);
	pthread_mutex_lock(&r->base.workers.lock);
	r->sched.open--;
	pthread_cond_broadcast(&r->base.workers.wake);
	return rc;
}

/* Mailboxes that need no fetch, or none any more. run->base.workers.lock is held. */
static int finish_idle(struct run *r, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < r->plan.n_boxes && rc == 0; i++) {
		struct mbox *mb = &r->plan.boxes[i];

		if (mb->state == MB_BODIES && mb->users == 0 && is_filled(mb))
			rc = mbox_finish(r, mb, err);
	}
	return rc;
}

void work_start(struct run *r, unsigned want)
{
	while (r->sched.n_workers < want && r->sched.n_workers < r->sched.max_workers) {
		struct worker *w = &r->sched.worker[r->sched.n_workers];

		worker_init(w, r, r->sched.n_workers);
		imap_conn_begin(&w->conn);
		/* Without a thread the others do its work. */
		if (!workers_start(&r->base.workers, r->work, w)) {
			imap_conn_end(&w->conn);
			worker_clear(w);
			return;
		}
		r->sched.n_workers++;
	}
}

/* What has to be fetched now. run->base.workers.lock is held. */
static int plan_bodies(struct run *r, struct err *err)
{
	uint64_t items = 0, bytes = 0;
	int rc = twins_round(r, err);

	for (size_t i = 0; i < r->plan.n_boxes; i++) {
		items += r->plan.boxes[i].n_recs;
		bytes += r->plan.boxes[i].bytes_left;
	}
	atomic_fetch_add(&r->base.progress->items_total, items);
	atomic_fetch_add(&r->base.progress->bytes_total, bytes);
	if (rc == 0 && r->sched.phase == 1 && r->base.opts->space_check && items &&
	        !r->base.opts->dry)
		rc = r->base.opts->space_check(r->base.opts->space_ctx, bytes, err);
	if (r->base.opts->dry) {
		r->base.result.fetched = items;
		r->base.result.bytes_fetched = bytes;
		r->sched.open = 0;
	} else if (rc == 0) {
		work_start(
		        r, imap_pool_allowed(&r->pool, plan_fetchers(r->base.opts, items, bytes)));
	}
	r->sched.phase = 2;
	if (rc == 0 && !r->base.opts->dry)
		rc = finish_idle(r, err);
	if (rc < 0)
		return workers_fail_held(&r->base.workers, err);
	pthread_cond_broadcast(&r->base.workers.wake);
	return rc;
}

/* run->base.workers.lock is held; the others wait as if for a listing. */
static void rematch_run(struct worker *w)
{
	struct run *r = w->run;

	r->sched.rematched = true;
	r->sched.listing++;
	pthread_mutex_unlock(&r->base.workers.lock);
	rematch_all(w);
	leave_all(r);
	pthread_mutex_lock(&r->base.workers.lock);
	r->sched.listing--;
	pthread_cond_broadcast(&r->base.workers.wake);
}

struct mbox *sched_pick(struct worker *w, bool *list_out, struct err *err)
{
	struct run *r = w->run;
	struct mbox *mb = NULL;

	pthread_mutex_lock(&r->base.workers.lock);
	while (!r->base.workers.failed && r->sched.open) {
		mb = pick_listing(r);
		*list_out = mb != NULL;
		if (mb) {
			mb->state = MB_LISTING;
			r->sched.listing++;
			break;
		}
		mb = r->sched.phase == 2 ? pick_bodies(r) : NULL;
		if (mb) {
			mb->users++;
			break;
		}
		if (r->sched.phase == 1 && r->sched.listing == 0 && !r->sched.rematched) {
			rematch_run(w);
			continue;
		}
		/*
		 * All is listed; or all has come, and what other mailboxes wait for is
		 * known.
		 */
		if (r->sched.phase == 1 ? r->sched.listing == 0 : twins_wait(r)) {
			if (plan_bodies(r, err) < 0)
				break;
			continue;
		}
		/* Others may give jobs back, or find that a mailbox is to be listed again. */
		pthread_cond_wait(&r->base.workers.wake, &r->base.workers.lock);
	}
	if (r->base.workers.failed)
		mb = NULL;
	pthread_mutex_unlock(&r->base.workers.lock);
	return mb;
}

bool sched_take(struct run *r, struct mbox *mb, bool one, struct job *out)
{
	bool found = false;
	struct job *back;
	size_t low = 0;

	pthread_mutex_lock(&r->base.workers.lock);
	if (!r->base.workers.failed && has_jobs(mb)) {
		found = true;
		if (mb->n_back) {
			for (size_t i = 1; i < mb->n_back; i++)
				if (mb->back[i].first < mb->back[low].first)
					low = i;
			back = &mb->back[low];
			*out = *back;
			out->n = one && out->n > 1 ? 1 : out->n;
			back->first += out->n;
			back->n -= out->n;
			if (back->n == 0)
				*back = mb->back[--mb->n_back];
		} else {
			out->first = mb->next;
			out->n = one ? 1 : plan_cut(mb->recs, mb->next, mb->n_recs, &out->bytes);
			mb->next += out->n;
		}
		out->bytes = 0;
		for (size_t i = 0; i < out->n; i++)
			out->bytes +=
			        mb->recs[out->first + i].done ? 0 : mb->recs[out->first + i].size;
		mb->bytes_left -= out->bytes < mb->bytes_left ? out->bytes : mb->bytes_left;
	}
	pthread_mutex_unlock(&r->base.workers.lock);
	return found;
}

/* A message that is not asked for plainly is a job of its own. */
static void return_parts(struct mbox *mb, const struct job *j)
{
	size_t first = j->first, end = j->first + j->n;

	for (size_t i = first; i < end; i++) {
		if (mb->recs[i].done || mb->recs[i].rung == RUNG_PLAIN)
			continue;
		if (i > first)
			*ARR_PUSH(mb->back, mb->n_back, mb->back_cap) =
			        (struct job){first, i - first, 0};
		*ARR_PUSH(mb->back, mb->n_back, mb->back_cap) = (struct job){i, 1, 0};
		first = i + 1;
	}
	if (first < end)
		*ARR_PUSH(mb->back, mb->n_back, mb->back_cap) = (struct job){first, end - first, 0};
}

void sched_return(struct run *r, struct mbox *mb, const struct job *j)
{
	if (j->n == 0)
		return;
	pthread_mutex_lock(&r->base.workers.lock);
	return_parts(mb, j);
	mb->bytes_left += j->bytes;
	pthread_cond_broadcast(&r->base.workers.wake);
	pthread_mutex_unlock(&r->base.workers.lock);
}

int sched_listed(struct worker *w, struct mbox *mb, struct err *err)
{
	struct run *r = w->run;
	int rc = 0;

	pthread_mutex_lock(&r->base.workers.lock);
	imap_pool_gained(&r->pool);
	r->sched.listing--;
	mb->state = MB_BODIES;
	mb->next = 0;
	plan_weigh(mb);
	if (r->base.opts->dry) {
		r->base.result.collections++;
		r->base.result.items += mb->n_recs + mb->coll->n_items;
		if (r->base.opts->survey)
			survey_listed(r, mb);
	} else if (mb->n_recs == 0) {
		rc = mbox_finish(r, mb, err);
	}
	pthread_cond_broadcast(&r->base.workers.wake);
	pthread_mutex_unlock(&r->base.workers.lock);
	return rc;
}

/* run->base.workers.lock is held. */
static void list_later(struct run *r, struct mbox *mb)
{
	mb->state = MB_LIST;
	r->sched.list_from = MIN(r->sched.list_from, (size_t)(mb - r->plan.boxes));
}

void sched_unlist(struct run *r, struct mbox *mb)
{
	pthread_mutex_lock(&r->base.workers.lock);
	list_later(r, mb);
	if (mb->listings)
		mb->listings--;
	r->sched.listing--;
	pthread_cond_broadcast(&r->base.workers.wake);
	pthread_mutex_unlock(&r->base.workers.lock);
}

int sched_leave(struct worker *w, struct mbox *mb, struct err *err)
{
	struct run *r = w->run;
	int rc = 0;

	pthread_mutex_lock(&r->base.workers.lock);
	mb->users--;
	if (mb->users == 0 && mb->relist) {
		mbox_reset(mb);
		list_later(r, mb);
	} else if (mb->users == 0 && !r->base.workers.failed && is_filled(mb)) {
		rc = mbox_finish(r, mb, err);
	}
	pthread_cond_broadcast(&r->base.workers.wake);
	pthread_mutex_unlock(&r->base.workers.lock);
	return rc;
}

void sched_relist(struct run *r, struct mbox *mb)
{
	pthread_mutex_lock(&r->base.workers.lock);
	mb->relist = true;
	pthread_mutex_unlock(&r->base.workers.lock);
}

/*
 * One that no snapshot has yet is given with all that LIST says of it: its delimiter
 * decides the path that it keeps.
 */
static int give_stale(struct run *r, const struct mbox *mb, const char *reason, struct err *err)
{
	struct tree_sink *s = r->base.sink;
	struct tree_coll *prev = NULL, *now;
	int rc = s->ops->prev(s, PREV_SNAPSHOT, COLL_MAIL, mb->name, &prev, err);
	bool known = rc < 0 || prev;

	tree_coll_free(prev);
	if (known)
		return run_keep(&r->base, mb->name, COLL_STALE, reason, err);
	now = plan_coll(mb);
	now->status = COLL_STALE;
	now->reason = xstrdup(reason);
	return run_coll(&r->base, &now, err);
}

int sched_stale(struct worker *w, struct mbox *mb, const char *reason, struct err *err)
{
	struct run *r = w->run;
	int rc = 0;

	if (!r->base.opts->dry)
		rc = give_stale(r, mb, reason, err);
	progress_say(r->base.progress, SAY_WARNING, "%s could not be read: %s", mb->name, reason);
	if (rc < 0)
		workers_fail(&r->base.workers, err);
	pthread_mutex_lock(&r->base.workers.lock);
	mbox_reset(mb);
	mb->state = MB_DONE;
	r->sched.listing--;
	r->sched.open--;
	r->base.result.collections++;
	r->base.result.errors++;
	pthread_cond_broadcast(&r->base.workers.wake);
	pthread_mutex_unlock(&r->base.workers.lock);
	return rc;
}

/* Give what was fetched of the mailbox, the rest as error lines; stale if nothing was. */
static int settle_one(struct run *r, struct mbox *mb, const char *reason, struct err *err)
{
	struct worker nobody = {.run = r};
	uint64_t left = 0;
	int rc;

	pthread_mutex_lock(&r->base.workers.lock);
	if (mb->state != MB_BODIES || mb->relist) {
		r->sched.listing++; /* as sched_stale has it */
		pthread_mutex_unlock(&r->base.workers.lock);
		return sched_stale(&nobody, mb, reason, err);
	}
	for (size_t i = 0; i < mb->n_recs; i++) {
		if (mb->recs[i].done)
			continue;
		rec_error(mb, &mb->recs[i], NULL, reason);
		left++;
	}
	if (left)
		progress_say(r->base.progress, SAY_WARNING, "%s: %s not fetched this time",
		        mb->name,
		        counted(left, "message was", "messages were", (char[COUNTED_SIZE]){0}));
	rc = mbox_finish(r, mb, err);
	pthread_mutex_unlock(&r->base.workers.lock);
	return rc;
}

int sched_settle(struct run *r, const char *reason, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < r->plan.n_boxes && rc == 0; i++)
		if (r->plan.boxes[i].state != MB_DONE)
			rc = settle_one(r, &r->plan.boxes[i], reason, err);
	return rc;
}
