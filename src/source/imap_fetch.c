/*
 * Bodies: UID FETCH n (UID BODY.PEEK[]) in jobs, several in flight, each octet streamed into the sink as it comes. A body is an item only
 * when its answer is whole.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/format/header.h"
#include "imap.h"

#define BODY_ITEMS "(UID BODY.PEEK[])"

void fetch_drop(struct worker *w)
{
	if (w->body)
		w->run->sink->ops->body_abort(w->body);
	w->body = NULL;
	atomic_fetch_sub(&w->run->progress->bytes_done, w->body_len);
	w->body_len = 0;
	buf_reset(&w->head);
}

static int body_begin(struct worker *w, struct err *err)
{
	int rc = w->run->sink->ops->body_open(w->run->sink, COLL_MAIL, &w->body, err);

	if (rc < 0) {
		w->body = NULL;
		return fetch_fail(w->run, err);
	}
	return 0;
}

static int on_body(void *ctx, const void *p, size_t n, struct err *err)
{
	struct worker *w = ctx;
	size_t room = HEAD_MAX - w->head.len;
	int rc = stop_check(err);

	if (rc < 0 || (!w->body && (rc = body_begin(w, err)) < 0))
		return rc;
	if (w->at && w->at->dates_missing && room)
		buf_put(&w->head, p, n < room ? n : room);
	w->body_len += n;
	atomic_fetch_add(&w->run->progress->bytes_done, n);
	rc = w->run->sink->ops->body_write(w->body, p, n, err);
	return rc < 0 ? fetch_fail(w->run, err) : 0;
}

/* The date of an item whose INTERNALDATE was NIL or garbage. */
static void date_derive(struct worker *w, struct tree_item *it)
{
	struct date d = {0};
	const char *source = NULL;

	it->warn |= WARN_DATE;
	if (header_arrival_date((const char *)w->head.data, w->head.len, &d, &source)) {
		it->date_utc = d.utc;
		it->zone_min = d.zone_min;
	}
}

/* The body that was streamed is the message ${r}. */
static int body_keep(struct worker *w, struct mbox *mb, struct rec *r, struct err *err)
{
	struct tree_sink *s = w->run->sink;
	struct tree_item it = {.uid = r->uid,
	        .date_utc = r->date_utc,
	        .zone_min = r->zone_min,
	        .flags = r->flags,
	        .keywords = r->keywords};
	struct tree_object o;
	int rc = s->ops->body_close(w->body, &o, err);

	w->body = NULL;
	if (rc < 0)
		return fetch_fail(w->run, err);
	memcpy(it.sha256, o.sha256, sizeof it.sha256);
	it.size = o.size;
	if (o.has_nul)
		it.warn |= WARN_NUL;
	if ((r->have & REC_SIZE) && r->size != o.size)
		it.warn |= WARN_SIZE;
	if (!(r->have & REC_DATE))
		date_derive(w, &it);
	pthread_mutex_lock(&mb->lock);
	rc = s->ops->item(s, mb->coll, &it, err);
	pthread_mutex_unlock(&mb->lock);
	if (rc < 0)
		return fetch_fail(w->run, err);
	r->done = 1;
	w->progress++;
	atomic_fetch_add(&w->run->progress->items_done, 1);
	pthread_mutex_lock(&w->run->lock);
	w->run->result.fetched++;
	w->run->result.bytes_fetched += o.size;
	pthread_mutex_unlock(&w->run->lock);
	w->body_len = 0;
	buf_reset(&w->head);
	return 0;
}

/* The record that an answer is for, if it was asked for by this worker and is still wanted. */
static struct rec *expected(struct worker *w, const struct imap_msg *msg)
{
	struct mbox *mb = w->at;
	struct rec *r = mb && msg->uid ? rec_find(mb->recs, mb->n_recs, msg->uid) : NULL;
	size_t at = r ? (size_t)(r - mb->recs) : 0;

	if (!r || at < w->expect.first || at >= w->expect.first + w->expect.n || r->done)
		return NULL;
	return r;
}

static int on_message(void *ctx, const struct imap_msg *msg, struct err *err)
{
	struct worker *w = ctx;
	struct rec *r = msg->has_body ? expected(w, msg) : NULL;
	int rc = stop_check(err);

	if (rc < 0)
		return rc;
	if (!r) {
		fetch_drop(w);
		return 0;
	}
	if (w->body_len == 0) {
		/* Some servers give "" for what they cannot read: only a message that is said to be empty is. */
		if (!(r->have & REC_SIZE) || r->size > 0) {
			r->empty = 1;
			fetch_drop(w);
			return 0;
		}
		if (!w->body && (rc = body_begin(w, err)) < 0)
			return rc;
	}
	return body_keep(w, w->at, r, err);
}

const struct imap_fetch_ops fetch_ops = {.body = on_body, .message = on_message};

void fetch_error(
        struct worker *w, struct mbox *mb, struct rec *r, const char *subject, const char *reason)
{
	char text[DATE_TEXT_SIZE];
	struct date d = {r->date_utc, r->zone_min, true};
	const char *date = r->have & REC_DATE ? date_format_imap(&d, text) : NULL;

	pthread_mutex_lock(&mb->lock);
	tree_coll_error(mb->coll, r->uid, NULL, date, subject, reason);
	pthread_mutex_unlock(&mb->lock);
	r->done = 1;
	progress_say(w->run->progress, SAY_WARNING, "%s: UID %u could not be fetched: %s", mb->name,
	        r->uid, reason);
}

int fetch_missing(struct worker *w, struct mbox *mb, const struct job *j)
{
	int n = 0;

	for (size_t i = j->first; i < j->first + j->n; i++)
		if (!mb->recs[i].done) {
			*ARR_PUSH(w->missing, w->n_missing, w->missing_cap) = i;
			n++;
		}
	return n;
}

static int fetch_send(struct worker *w, struct mbox *mb, const struct job *j, struct err *err)
{
	struct buf set;
	int rc = 0;

	buf_init(&set, SET_MAX);
	if (plan_set(mb->recs, j, &set)) {
		rc = imap_fetch_send(w->m, buf_str(&set), BODY_ITEMS, err);
		w->fly[w->n_fly++] = *j; /* also when it failed: it goes back then */
		w->fly_bytes += j->bytes;
	}
	buf_clear(&set);
	return rc;
}

/* Take the oldest command from the queue. */
static struct job fly_shift(struct worker *w)
{
	struct job j = w->fly[0];

	w->n_fly--;
	memmove(w->fly, w->fly + 1, w->n_fly * sizeof w->fly[0]);
	w->fly_bytes -= j.bytes;
	return j;
}

/* The server asks for time: the job goes back, and after a few times the messages are asked for one by one. */
static int fetch_busy(struct worker *w, struct mbox *mb, const struct job *j, struct err *err)
{
	if (++w->busy > OPEN_TRIES) {
		fetch_missing(w, mb, j);
		return 0;
	}
	progress_say(
	        w->run->progress, SAY_INFO, "%s: the server asks to wait: %s", mb->name, err->text);
	sched_return(w->run, mb, j);
	return link_pause(w, w->busy, err);
}

static int fetch_wait(struct worker *w, struct mbox *mb, struct err *err)
{
	int rc;

	w->expect = w->fly[0];
	rc = imap_fetch_wait(w->m, &fetch_ops, w, err);
	if (rc == 0 || rc == ERR_REFUSED || rc == ERR_BUSY) {
		struct job j = fly_shift(w);

		fetch_drop(w); /* of an answer that never got whole */
		if (rc == ERR_BUSY)
			return fetch_busy(w, mb, &j, err);
		w->busy = 0;
		if (fetch_missing(w, mb, &j) == 0) {
			w->careful = false;
			w->strikes = 0;
		}
		return 0;
	}
	return rc;
}

/* As many commands on the way as it takes to keep the wire from idling. */
static int fetch_fill(struct worker *w, struct mbox *mb, struct job *big, struct err *err)
{
	size_t most = w->careful ? 1 : FLY_MAX;

	while (w->n_fly < most && big->n == 0 && (w->n_fly < FLY_MIN || w->fly_bytes < FLY_BYTES)) {
		struct job j;
		int rc;

		if (!sched_take(w->run, mb, w->careful, &j))
			return 0;
		if (j.n == 1 && mb->recs[j.first].size >= BIG_MESSAGE && !mb->recs[j.first].done) {
			*big = j;
			return 0;
		}
		rc = fetch_send(w, mb, &j, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* All that can be had over this connection; what did not come is in w->missing afterwards. */
static int fetch_jobs(struct worker *w, struct mbox *mb, struct err *err)
{
	struct job big = {0};
	int rc;

	for (;;) {
		if (fetch_failed(w->run))
			return 0;
		rc = fetch_fill(w, mb, &big, err);
		if (rc == 0 && w->n_fly)
			rc = fetch_wait(w, mb, err);
		else if (rc == 0 && big.n) {
			rc = fetch_pieces(w, mb, big, err);
			if (rc == 0)
				big.n = 0;
		} else if (rc == 0)
			return w->n_missing ? fetch_rescue(w, mb, err) : 0;
		if (rc < 0) {
			if (big.n)
				sched_return(w->run, mb, &big);
			return rc;
		}
	}
}

unsigned fetch_poisoned(struct mbox *mb, unsigned add)
{
	unsigned n;

	pthread_mutex_lock(&mb->lock);
	n = mb->poisoned += add;
	pthread_mutex_unlock(&mb->lock);
	return n;
}

/* What was on the way goes back; one message that breaks the connection time and again is named. */
static void fetch_lost(struct worker *w, struct mbox *mb, const struct err *err)
{
	fetch_drop(w);
	if (w->careful && w->n_fly == 1 && w->fly[0].n == 1) {
		struct rec *r = &mb->recs[w->fly[0].first];

		if (!r->done && ++r->tries >= TRIES) {
			char why[700];

			snprintf(why, sizeof why, "the connection breaks when it is fetched: %s",
			        err->text);
			fetch_error(w, mb, r, NULL, why);
			fetch_poisoned(mb, 1);
		}
	}
	for (size_t i = 0; i < w->n_fly; i++)
		sched_return(w->run, mb, &w->fly[i]);
	for (size_t i = 0; i < w->n_missing; i++)
		sched_return(w->run, mb, &(struct job){w->missing[i], 1, 0});
	w->n_fly = w->n_missing = 0;
	w->fly_bytes = 0;
	w->strikes = w->progress ? 0 : w->strikes + 1;
	w->progress = 0;
	w->careful = w->strikes > 0;
	link_drop(w);
}

/* The rest of the mailbox cannot be had: name each message. */
static void fetch_give_up(struct worker *w, struct mbox *mb, const char *reason)
{
	struct job j;

	while (sched_take(w->run, mb, false, &j))
		for (size_t i = j.first; i < j.first + j.n; i++)
			if (!mb->recs[i].done)
				fetch_error(w, mb, &mb->recs[i], NULL, reason);
}

static int fetch_enter(struct worker *w, struct mbox *mb, struct err *err)
{
	struct imap_selected sel;
	int rc = 0;

	if (w->at == mb && w->at_validity == mb->coll->uidvalidity && w->m && imap_alive(w->m))
		return 0;
	rc = link_select(w, mb, &sel, err);
	if (rc == 0 && sel.uidvalidity != mb->coll->uidvalidity) {
		progress_say(w->run->progress, SAY_NOTE,
		        "%s: UIDVALIDITY changed while it was read; it is listed anew", mb->name);
		sched_relist(w->run, mb);
	}
	imap_selected_clear(&sel);
	return rc;
}

int fetch_mailbox(struct worker *w, struct mbox *mb, struct err *err)
{
	struct err left;
	int rc = 0, left_rc;

	progress_what(w->run->progress, mb->name);
	while (!fetch_failed(w->run)) {
		rc = fetch_enter(w, mb, err);
		if (rc < 0 && (w->lost || err->code == ERR_STOPPED || fetch_failed(w->run)))
			break;
		if (rc < 0 || fetch_poisoned(mb, 0) >= POISON_MAX) {
			fetch_give_up(w, mb,
			        rc < 0 ? err->text : "the connection breaks again and again");
			rc = 0;
			break;
		}
		rc = fetch_jobs(w, mb, err);
		if (rc == 0)
			break;
		if (err->code == ERR_STOPPED || err->code == ERR_GUARD || fetch_failed(w->run)) {
			fetch_lost(w, mb, err);
			err_widen(err, ERR_WHOLE);
			break;
		}
		fetch_lost(w, mb, err);
		rc = link_pause(w, w->strikes, err);
		if (rc < 0)
			break;
		progress_say(w->run->progress, SAY_INFO, "%s: connecting again", mb->name);
	}
	left_rc = sched_leave(w, mb, &left);
	if (left_rc < 0) {
		*err = left;
		return left_rc;
	}
	return rc;
}
