/*
 * One message in many mailboxes, as Gmail shows it: it has the same X-GM-MSGID
 * everywhere, and its body is fetched once. When all is listed, and again whenever
 * everything that was to be fetched has come, a round is made over the messages that wait
 * for a body:
 *   - the content is known, from this run or from the last snapshot: it becomes an item
 *     without a fetch
 *   - another mailbox fetches it in this round: it goes on waiting
 *   - else it is fetched from its own mailbox
 * so that a message that one mailbox did not give is asked of the next one. An X-GM-MSGID
 * is believed only together with an equal RFC822.SIZE.
 */
#include <stdlib.h>
#include <string.h>
#include "run.h"

/* A message, known or to be fetched. */
struct twin {
	uint64_t msgid; /* 0: a free slot */
	uint64_t listed; /* RFC822.SIZE */
	uint64_t size; /* octets that came */
	uint8_t sha256[SHA256_LEN];
	uint16_t warn;
	bool known;
	uint32_t round; /* in which a mailbox was last asked for it */
};

static size_t twin_slot(const struct twins *t, uint64_t msgid, uint64_t listed)
{
	uint64_t h = (msgid ^ listed * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
	size_t i = (size_t)(h >> 20) & (t->size - 1);

	while (t->list[i].msgid && (t->list[i].msgid != msgid || t->list[i].listed != listed))
		i = (i + 1) & (t->size - 1);
	return i;
}

/* Make the hash table twice as large. */
static void twins_grow(struct twins *t)
{
	struct twin *old = t->list;
	size_t n = t->size;

	t->size = n ? 2 * n : 1024;
	t->list = xcalloc(t->size, sizeof *t->list);
	for (size_t i = 0; i < n; i++)
		if (old[i].msgid)
			t->list[twin_slot(t, old[i].msgid, old[i].listed)] = old[i];
	free(old);
}

/* The message of this number and size, made if there is none. */
static struct twin *twin_get(struct twins *t, uint64_t msgid, uint64_t listed)
{
	struct twin *e;

	if (4 * t->n >= 3 * t->size)
		twins_grow(t);
	e = &t->list[twin_slot(t, msgid, listed)];
	t->n += e->msgid == 0;
	e->msgid = msgid;
	e->listed = listed;
	return e;
}

void twins_init(struct twins *t)
{
	memset(t, 0, sizeof *t);
	pthread_mutex_init(&t->lock, NULL);
}

void twins_clear(struct twins *t)
{
	free(t->list);
	pthread_mutex_destroy(&t->lock);
}

void twins_know(
        struct twins *t, const struct tree_coll *c, const struct tree_item *it, uint64_t listed)
{
	const struct tree_ext *e = tree_item_ext(c, it);
	struct twin *w;

	if (!e || !e->gm_msgid || (it->warn & WARN_RESCUED))
		return;
	pthread_mutex_lock(&t->lock);
	w = twin_get(t, e->gm_msgid, listed);
	w->known = true;
	w->size = it->size;
	w->warn = it->warn & WARN_NUL;
	memcpy(w->sha256, it->sha256, SHA256_LEN);
	pthread_mutex_unlock(&t->lock);
}

void twins_know_all(struct twins *t, const struct tree_coll *c)
{
	/* else RFC822.SIZE was another */
	for (size_t i = 0; i < c->n_items; i++)
		if (!(c->items[i].warn & WARN_SIZE))
			twins_know(t, c, &c->items[i], c->items[i].size);
}

static struct twin *twin_of(struct twins *t, const struct mbox *mb, const struct rec *r)
{
	uint64_t msgid = r->ext ? mb->coll->ext[r->ext].gm_msgid : 0;

	/* Without INTERNALDATE the date is derived from the body. */
	return msgid && (r->have & REC_SIZE) && (r->have & REC_DATE) ? twin_get(t, msgid, r->size)
	                                                             : NULL;
}

/* The message ${r} without a fetch. */
static int twin_item(struct run *run, struct mbox *mb, const struct rec *r, const struct twin *w,
        struct err *err)
{
	struct tree_item it = plan_item(r);
	int rc = 0;

	it.size = w->size;
	it.warn = w->warn | (w->size != r->size ? WARN_SIZE : 0);
	memcpy(it.sha256, w->sha256, SHA256_LEN);
	if (run->base.opts->dry)
		tree_coll_add(mb->coll, &it);
	else
		rc = run_item(&run->base, mb->coll, &it, err);
	return rc;
}

/*
 * What is to be fetched from ${mb}, of the ${n} messages of ${list} that have no body
 * yet. Takes ${list}.
 */
static int round_mbox(struct run *run, struct mbox *mb, struct rec *list, size_t n, struct err *err)
{
	struct twins *t = &run->twins;
	size_t fetch = 0, wait = 0;
	int rc = 0;

	mb->recs = xcalloc(n, sizeof *list);
	mb->twins = list;
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct twin *w = twin_of(t, mb, &list[i]);

		if (w && w->known) {
			rc = twin_item(run, mb, &list[i], w, err);
		} else if (w && w->round == t->round) {
			list[wait++] = list[i];
		} else {
			mb->recs[fetch++] = list[i];
			if (w)
				w->round = t->round;
		}
	}
	if (wait == 0) {
		free(list);
		mb->twins = NULL;
	}
	mb->n_twins = wait;
	mb->n_recs = fetch;
	mb->next = 0;
	plan_weigh(mb);
	return rc;
}

static bool is_all(const struct mbox *mb)
{
	return mb->box->special_use && strstr(mb->box->special_use, "\\All");
}

/* A round over the mailboxes that are \All (${all}), or over the others. */
static int round_over(struct run *run, bool all, bool first, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < run->plan.n_boxes && rc == 0; i++) {
		struct mbox *mb = &run->plan.boxes[i];
		struct rec *list = first ? mb->recs : mb->twins;
		size_t n = first ? mb->n_recs : mb->n_twins;

		if (mb->state != MB_BODIES || n == 0 || is_all(mb) != all)
			continue;
		/* all done */
		if (!first)
			free(mb->recs);
		rc = round_mbox(run, mb, list, n, err);
	}
	return rc;
}

int twins_round(struct run *run, struct err *err)
{
	bool first = run->twins.round++ == 0;
	int rc = 0;

	pthread_mutex_lock(&run->twins.lock);
	if (run->twins.on) {
		rc = round_over(run, true, first, err);
		if (rc == 0)
			rc = round_over(run, false, first, err);
	}
	pthread_mutex_unlock(&run->twins.lock);
	return rc;
}

bool twins_wait(const struct run *run)
{
	bool wait = false;

	for (size_t i = 0; i < run->plan.n_boxes; i++) {
		if (run->plan.boxes[i].users)
			return false;
		wait |= run->plan.boxes[i].n_twins > 0;
	}
	return wait;
}
