/*
 * What a mailbox holds (RFC 3501 6.4.5, 6.4.8). No single number is trusted: the answers
 * to UID FETCH are held against EXISTS, and where they fall short, against UID SEARCH.
 */
#include <stdlib.h>
#include <string.h>
#include "list.h"

/*
 * 1900: some servers have the day 0 of their calendar, in 1899, for a date that they do
 * not know.
 */
#define DATE_EARLIEST (-2208988800LL)

enum { LIST_FLY = 3 };

int list_message(void *ctx, const struct imap_msg *msg, struct err *err)
{
	struct listing *l = ctx;
	struct rec *r;
	int rc = stop_check(err);

	if (rc < 0 || msg->uid == 0)
		return rc;
	if (l->n >= l->max)
		return err_set(err, ERR_LIMIT, ERR_COLLECTION,
		        "the server lists far more messages than the mailbox is said to hold");
	r = ARR_PUSH(l->recs, l->n, l->cap);
	r->uid = msg->uid;
	if (msg->has_flags) {
		r->flags = (uint8_t)msg->flags;
		r->keywords = tree_coll_keywords(l->coll, msg->keywords, msg->n_keywords);
		r->have |= REC_FLAGS;
	}
	if (msg->has_date && msg->date.known && msg->date.utc >= DATE_EARLIEST) {
		r->date_utc = msg->date.utc;
		r->zone_min = msg->date.zone_min;
		r->have |= REC_DATE;
	}
	if (msg->has_size) {
		r->size = msg->size;
		r->have |= REC_SIZE;
	}
	r->ext = labels_note(l->coll, msg);
	return 0;
}

const struct imap_fetch_ops list_ops = {.message = list_message};

/* The answers to one command; a refusal is remembered, what came before it counts. */
static int list_wait(struct listing *l, struct err *err)
{
	int rc = imap_fetch_wait(l->w->conn.m, &list_ops, l, err);

	if (rc == ERR_REFUSED || rc == ERR_BUSY ||
	        (rc == ERR_THROTTLED && imap_conn_alive(&l->w->conn))) {
		l->refused = true;
		if (l->why.code != ERR_THROTTLED)
			l->why = *err;
		return 0;
	}
	return rc;
}

/* All is to be asked for once more, after a while. */
static int list_throttled(const struct listing *l, struct err *err)
{
	return l->why.code == ERR_THROTTLED ? err_copy(err, &l->why) : 0;
}

/* List all UIDs, range by range, some commands in flight. */
static int list_ranges(struct listing *l, const struct imap_selected *sel, struct err *err)
{
	uint32_t i = 0;
	char range[32];
	bool more = plan_range(sel->exists, sel->uidnext, 0, range);
	int rc = 0;

	while (more || imap_in_flight(l->w->conn.m)) {
		while (more && imap_in_flight(l->w->conn.m) < LIST_FLY) {
			rc = imap_fetch_send(l->w->conn.m, range, labels_items(l->w->conn.m), err);
			if (rc < 0)
				return rc;
			more = plan_range(sel->exists, sel->uidnext, ++i, range);
		}
		rc = list_wait(l, err);
		if (rc < 0)
			return rc;
		more = more && l->why.code != ERR_THROTTLED;
	}
	rec_sort(l->recs, &l->n);
	return list_throttled(l, err);
}

static size_t not_told(const struct listing *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += (l->recs[i].have & (REC_FLAGS | REC_SIZE)) != (REC_FLAGS | REC_SIZE);
	return n;
}

/* List once more, by name, what is not fully known. */
static int list_by_name(struct listing *l, struct err *err)
{
	struct rec *odd = NULL;
	size_t n = 0, cap = 0;
	struct buf set = buf_of(SET_MAX);
	int rc = 0;

	for (size_t i = 0; i < l->n; i++)
		if ((l->recs[i].have & (REC_FLAGS | REC_SIZE)) != (REC_FLAGS | REC_SIZE))
			*ARR_PUSH(odd, n, cap) = l->recs[i];
	for (size_t i = 0; i < n && rc == 0; i += JOB_MESSAGES) {
		struct job j = {i, n - i < JOB_MESSAGES ? n - i : JOB_MESSAGES, 0};

		if (!plan_set(odd, &j, &set))
			continue;
		rc = imap_fetch_send(l->w->conn.m, buf_str(&set), labels_items(l->w->conn.m), err);
		if (rc == 0)
			rc = list_wait(l, err);
		if (rc == 0)
			rc = list_throttled(l, err);
	}
	if (n)
		rec_sort(l->recs, &l->n);
	free(odd);
	buf_clear(&set);
	return rc;
}

/*
 * As long as it helps: some servers end a listing in the middle, with NO or without a
 * word.
 */
static int list_again(struct listing *l, struct err *err)
{
	size_t before, left = not_told(l);
	int rc = 0;

	do {
		before = left;
		if (left)
			rc = list_by_name(l, err);
		left = not_told(l);
	} while (rc == 0 && left && left < before);
	return rc;
}

/*
 * The second opinion: UIDs that SEARCH knows and FETCH did not tell of become records of
 * which nothing else is known.
 */
static int list_search(struct listing *l, const struct imap_selected *sel, struct err *err)
{
	uint32_t *uids = NULL;
	size_t n = 0, known = l->n;
	char text[COUNTED_SIZE];
	int rc = imap_search(l->w->conn.m, "ALL", &uids, &n, err);

	if (rc == ERR_REFUSED || rc == ERR_BUSY) {
		if (!l->refused) {
			progress_say(l->w->run->base.progress, SAY_NOTE,
			        "%s: the server counts %s (EXISTS), lists %zu and refuses SEARCH",
			        l->mb->name, counted(sel->exists, "message", "messages", text),
			        l->n);
			return 0;
		}
		return err_copy(err, &l->why);
	}
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n && l->n < l->max; i++)
		if (uids[i] && !rec_find(l->recs, known, uids[i]))
			ARR_PUSH(l->recs, l->n, l->cap)->uid = uids[i];
	free(uids);
	rec_sort(l->recs, &l->n);
	return 0;
}

/* The whole listing, held against EXISTS and SEARCH. */
static int list_all(struct listing *l, const struct imap_selected *sel, struct err *err)
{
	struct progress *p = l->w->run->base.progress;
	char text[COUNTED_SIZE];
	int rc;

	if (sel->exists == 0 && l->mb->status.ok && l->mb->status.messages == 0)
		return 0;
	l->max = 2 * (size_t)sel->exists + LIST_SLACK;
	rc = list_ranges(l, sel, err);
	if (rc == 0 && (l->refused || l->n < sel->exists))
		rc = list_search(l, sel, err);
	if (rc == 0)
		rc = list_again(l, err);
	if (rc < 0)
		return rc;
	if (l->n < sel->exists)
		progress_say(p, SAY_NOTE, "%s: the server counts %s (EXISTS) and lists %zu",
		        l->mb->name, counted(sel->exists, "message", "messages", text), l->n);
	if (sel->exists == 10000)
		progress_say(p, SAY_WARNING,
		        "%s: the server shows exactly 10000 messages; some servers never show more",
		        l->mb->name);
	return 0;
}

void list_head(struct listing *l, const struct imap_selected *sel)
{
	const struct imap_status *s = &l->mb->status;
	bool planned = s->ok && s->uidvalidity == sel->uidvalidity;

	l->mb->exists = sel->exists;
	l->mb->none_left = false;
	/*
	 * Values from before the listing, so that what arrives meanwhile is new to the
	 * next run.
	 */
	l->coll->uidvalidity = sel->uidvalidity;
	l->coll->uidnext = planned && s->uidnext ? s->uidnext : sel->uidnext;
	l->coll->highestmodseq = sel->highestmodseq;
	if (planned && s->highestmodseq && s->highestmodseq < sel->highestmodseq)
		l->coll->highestmodseq = s->highestmodseq;
}

int list_prev(struct run *run, const struct tree_coll *now, enum tree_prev which,
        struct tree_coll **out, struct err *err)
{
	struct tree_sink *s = run->base.sink;
	struct tree_coll *c = NULL;
	int rc;

	*out = NULL;
	if (!s || now->uidvalidity == 0)
		return 0;
	rc = s->ops->prev(s, which, COLL_MAIL, now->name, &c, err);
	if (rc < 0)
		return workers_fail(&run->base.workers, err);
	if (c && (c->uidvalidity != now->uidvalidity || !plan_same_raw(c, now))) {
		tree_coll_free(c);
		c = NULL;
	}
	*out = c;
	return 0;
}

void list_known_item(struct tree_coll *to, const struct tree_coll *from,
        const struct tree_item *old, const struct rec *r, struct tree_item *it)
{
	struct tree_item plain = *old;
	const struct tree_ext *e = tree_item_ext(from, old);

	if (r->ext)
		plain.ext = 0;
	tree_item_copy(to, from, &plain, it);
	if (r->ext) { /* labels as they are now */
		it->ext = r->ext;
		to->ext[r->ext].note = e ? xstrdup(e->note) : NULL;
	}
	if (r->have & REC_FLAGS) {
		it->flags = r->flags;
		it->keywords = r->keywords;
	}
	if (r->have & REC_DATE) {
		it->date_utc = r->date_utc;
		it->zone_min = r->zone_min;
		it->warn &= (uint16_t)~WARN_DATE;
	}
	if (r->have & REC_SIZE)
		it->warn =
		        (uint16_t)((it->warn & ~WARN_SIZE) | (r->size != it->size ? WARN_SIZE : 0));
}

bool list_renumbered(const struct listing *l, const struct tree_coll *had)
{
	/* RFC 9051 2.3.1.1: it never does; a server that did may use UIDs again. */
	if (had && l->coll->uidnext && l->coll->uidnext < had->uidnext)
		return true;
	for (size_t i = 0; had && i < l->n; i++) {
		const struct tree_item *old = tree_coll_find(had, l->recs[i].uid);

		if (old && !(old->warn & WARN_RESCUED) && !plan_known(old, &l->recs[i]))
			return true;
	}
	return false;
}

/* What the last snapshot and an interrupted run have under these UIDs. */
static int list_had(struct listing *l, struct tree_coll *had[2], struct err *err)
{
	int rc = 0;

	had[0] = l->prev;
	l->prev = NULL;
	if (!had[0])
		rc = list_prev(l->w->run, l->coll, PREV_SNAPSHOT, &had[0], err);
	if (rc == 0)
		rc = list_prev(l->w->run, l->coll, PREV_RUN, &had[1], err);
	for (int k = 0; k < 2; k++) {
		const char *why = "other messages have the numbers of older ones (UIDs)";

		if (!list_renumbered(l, had[k]))
			continue;
		if (l->coll->uidnext && l->coll->uidnext < had[k]->uidnext)
			why = "new messages may get the numbers of older ones (UIDNEXT)";
		progress_say(l->w->run->base.progress, SAY_NOTE, "%s: %s", l->mb->name, why);
		tree_coll_free(had[k]);
		had[k] = NULL;
	}
	l->mb->unknown = !had[0];
	if (had[0] && had[0]->left_out && had[0]->uidnext == l->coll->uidnext) {
		l->mb->past_left_out = had[0]->left_out;
		free(l->mb->past_selection);
		l->mb->past_selection = xstrdup(had[0]->selection);
	}
	return rc;
}

/* Hand over what the sink has the bytes of; the rest stays in recs. */
static int list_split(struct listing *l, struct err *err)
{
	struct tree_coll *had[2] = {NULL, NULL};
	size_t left = 0;
	int rc = list_had(l, had, err);
	bool doubted = had[1] && run_doubts_sizes(had[1]);

	for (size_t i = 0; i < l->n && rc == 0; i++) {
		struct rec *r = &l->recs[i];
		const struct tree_item *old = NULL;
		struct tree_item it;

		for (int k = 0; k < 2 && !old; k++) {
			old = had[k] ? tree_coll_find(had[k], r->uid) : NULL;
			if (old && plan_known(old, r) &&
			        !(k == 1 && doubted && (old->warn & WARN_SIZE)))
				list_known_item(l->coll, had[k], old, r, &it);
			else if (old) {
				r->had = true;
				old = NULL;
			}
		}
		if (!old) {
			l->mb->untold |= !(r->have & REC_FLAGS);
			l->mb->undated |= !(r->have & REC_DATE);
			l->recs[left++] = *r;
			continue;
		}
		if ((r->have & REC_SIZE) && !(it.warn & WARN_SIZE))
			atomic_fetch_add(&l->w->run->sizes_right, 1);
		if (r->have & REC_SIZE)
			twins_know(&l->w->run->twins, l->coll, &it, r->size);
		else if ((r->have & REC_KEPT) && !(it.warn & WARN_SIZE))
			twins_know(&l->w->run->twins, l->coll, &it, it.size);
		if (l->w->run->base.opts->dry)
			tree_coll_add(l->coll, &it);
		else
			rc = run_item(&l->w->run->base, l->coll, &it, err);
		if (rc < 0)
			workers_fail(&l->w->run->base.workers, err);
	}
	l->n = left;
	tree_coll_free(had[0]);
	tree_coll_free(had[1]);
	return rc;
}

int list_keep(struct listing *l, struct err *err)
{
	struct mbox *mb = l->mb;
	int rc = list_split(l, err);

	if (rc < 0)
		return rc;
	mb->coll = l->coll;
	l->coll = NULL;
	mb->recs = l->n ? xrealloc(l->recs, l->n * sizeof *l->recs) : NULL;
	mb->n_recs = l->n;
	if (l->n)
		l->recs = NULL;
	mb->unmeant = leave_any(l->w->run, mb);
	return 0;
}

void list_clear(struct listing *l)
{
	tree_coll_free(l->prev);
	free(l->gone);
	tree_coll_free(l->coll);
	free(l->recs);
}

/* Open the mailbox, list it and hand over what is known. */
static int list_once(struct worker *w, struct mbox *mb, struct err *err)
{
	struct imap_selected sel;
	struct listing l = {.w = w, .mb = mb};
	int rc = mbox_examine(w, mb, &sel, err);

	if (rc == 0) {
		l.coll = plan_coll(mb);
		list_head(&l, &sel);
		rc = list_all(&l, &sel, err);
	}
	if (rc == 0)
		rc = list_keep(&l, err);
	list_clear(&l);
	imap_selected_clear(&sel);
	return rc;
}

/* One that makes no sense is asked for again, too, though the connection lives. */
static bool list_anew(
        struct worker *w, struct mbox *mb, struct attempts *a, int *rc, struct err *err)
{
	if (*rc == 0 || imap_conn_is_over(&w->conn, err) || *rc == ERR_REFUSED ||
	        *rc == ERR_LIMIT || (w->conn.m && imap_waited_out(w->conn.m)))
		return false;
	return attempt_again(&w->run->pool, a, rc, true, mb->name, err);
}

int list_alone(struct worker *w, struct mbox *mb, struct err *err)
{
	struct attempts a = {.limit = ATTEMPTS};
	int rc;

	if (++mb->listings > TRIES)
		return sched_stale(w, mb, "UIDVALIDITY changes again and again", err);
	do
		rc = list_once(w, mb, err);
	while (list_anew(w, mb, &a, &rc, err));
	if (rc == 0)
		return sched_listed(w, mb, err);
	if (imap_conn_is_over(&w->conn, err)) {
		sched_unlist(w->run, mb);
		return rc;
	}
	if (w->conn.m && imap_in_flight(w->conn.m))
		imap_conn_close(&w->conn);
	return sched_stale(w, mb, err->text, err);
}
