/*
 * Bodies: UID FETCH n (UID BODY.PEEK[]) in jobs, many of them in flight, all about one
 * mailbox: an EXAMINE is only sent when nothing is in flight, and waited for. A server
 * may answer several FETCHes side by side (RFC 3501 5.5; Dovecot gives the data of the
 * next before the OK of the first), so that an answer is matched with all that was asked.
 * What does not come this way is taken up step by step when nothing is in flight.
 */
#include <stdlib.h>
#include <string.h>
#include "run.h"

/* ---- mailboxes that the worker is in ---- */

static void hold_mbox(struct worker *w, struct mbox *mb)
{
	w->cur = mb;
	progress_what(w->run->base.progress, mb->name);
	for (size_t i = 0; i < w->n_held; i++)
		if (w->held[i] == mb) {
			struct err ignored;
			/* counted once is enough */
			int rc = sched_leave(w, mb, &ignored);

			(void)rc;
			return;
		}
	w->held[w->n_held++] = mb;
}

static bool is_needed(const struct worker *w, const struct mbox *mb)
{
	for (size_t i = 0; i < w->n_fly; i++)
		if (w->fly[i].mb == mb)
			return true;
	return mb == w->cur || mb == w->special.mb;
}

/* Leave what nothing is in flight for; the last one to leave a mailbox finishes it. */
static int release_mbox(struct worker *w, struct err *err)
{
	size_t kept = 0;
	int rc = 0;

	for (size_t i = 0; i < w->n_held; i++) {
		struct mbox *mb = w->held[i];
		struct err why;
		int left;

		if (is_needed(w, mb)) {
			w->held[kept++] = mb;
			continue;
		}
		left = sched_leave(w, mb, &why);
		if (left < 0 && rc == 0)
			rc = err_copy(err, &why);
	}
	w->n_held = kept;
	return rc;
}

/* ---- what goes wrong ---- */

/* What is left of the mailbox cannot be fetched: name each message. */
static void give_up(struct worker *w, struct mbox *mb, const char *reason)
{
	struct job j;

	while (sched_take(w->run, mb, false, &j))
		for (size_t i = j.first; i < j.first + j.n; i++)
			if (!mb->recs[i].done)
				fetch_error(w, mb, &mb->recs[i], NULL, reason);
}

static void return_missing(struct worker *w)
{
	for (size_t i = 0; i < w->n_missing; i++)
		sched_return(w->run, w->special.mb, &(struct job){w->missing[i], 1, 0});
	w->n_missing = 0;
}

/*
 * The connection broke: what was on the way goes back; a message that breaks it time and
 * again is not asked for plainly any more.
 */
static void fetch_lost(struct worker *w, bool throttled)
{
	struct flight *f = &w->fly[0];
	struct err ignored;
	/* forgetting does not fail */
	int rc = doubts_settle(w, NULL, NULL, false, &ignored);
	/* a message is to blame, not the server */
	bool known = w->special.mb && w->n_missing;

	(void)rc;
	w->body.stray = false;
	fetch_drop(w);
	if (w->careful && w->n_fly == 1 && f->job.n == 1 && !throttled) {
		struct rec *r = &f->mb->recs[f->job.first];

		/* A lie is told again. */
		if (!r->done && (++r->tries >= (fetch_poisoned(f->mb, 0) ? 1 : TRIES) ||
		                        (w->conn.m && imap_lied(w->conn.m))))
			r->rung = RUNG_PIECES;
		known |= r->rung != RUNG_PLAIN;
	}
	for (size_t i = 0; i < w->n_fly; i++)
		sched_return(w->run, w->fly[i].mb, &w->fly[i].job);
	if (w->special.mb) {
		return_missing(w);
		sched_return(w->run, w->special.mb, &w->special.big);
	}
	w->n_fly = 0;
	w->fly_bytes = 0;
	w->cur = w->special.mb = NULL;
	if (!throttled)
		w->strikes = w->progress ? 0 : known ? 1 : w->strikes + 1;
	w->progress = 0;
	w->careful = w->strikes > 0;
	imap_conn_close(&w->conn);
}

/* ---- into a mailbox ---- */

static bool is_in(const struct worker *w, const struct mbox *mb)
{
	return w->at == mb && imap_conn_alive(&w->conn) && w->at_validity == mb->coll->uidvalidity;
}

/* Is it still the mailbox that was listed? */
static bool is_same(struct worker *w, struct mbox *mb, uint32_t uidvalidity)
{
	if (uidvalidity == mb->coll->uidvalidity)
		return true;
	progress_say(w->run->base.progress, SAY_NOTE,
	        "%s: renumbered by the server while it was read (UIDVALIDITY); listing it again",
	        mb->name);
	sched_relist(w->run, mb);
	return false;
}

/* EXAMINE, with nothing in flight. *in_out false: given up, or to be listed again. */
static int enter_alone(struct worker *w, struct mbox *mb, bool *in_out, struct err *err)
{
	struct imap_selected sel;
	int rc = mbox_examine(w, mb, &sel, err);

	*in_out = rc == 0 && is_same(w, mb, sel.uidvalidity);
	imap_selected_clear(&sel);
	if (rc == 0 || w->conn.lost || err->code == ERR_STOPPED ||
	        workers_failed(&w->run->base.workers))
		return rc;
	give_up(w, mb, err->text);
	return 0;
}

/* EXAMINE it unless it is open; one that breaks the connection too often is given up. */
static int enter_mbox(struct worker *w, struct mbox *mb, bool *in_out, struct err *err)
{
	*in_out = true;
	if (is_in(w, mb))
		return 0;
	if (fetch_poisoned(mb, 0) >= POISON_MAX) {
		give_up(w, mb, "the connection breaks again and again in this mailbox");
		*in_out = false;
		return 0;
	}
	return enter_alone(w, mb, in_out, err);
}

/* ---- sending ---- */

static int send_job(struct worker *w, struct mbox *mb, const struct job *j, struct err *err)
{
	struct buf set = buf_of(SET_MAX);
	int rc = 0;

	if (plan_set(mb->recs, j, &set)) {
		rc = imap_fetch_send(w->conn.m, buf_str(&set), body_items(mb), err);
		/* also if it failed */
		w->fly[w->n_fly++] = (struct flight){.mb = mb, .job = *j};
		w->fly_bytes += j->bytes;
	}
	buf_clear(&set);
	return rc;
}

/* Room for one more job. */
static bool has_room(const struct worker *w)
{
	if (w->special.mb || w->conn.leaving)
		return false;
	if (w->careful)
		return w->n_fly == 0;
	return w->n_fly < FLY_MAX && (w->n_fly < FLY_MIN || w->fly_bytes < FLY_BYTES);
}

/* A mailbox to go on with, once all answers about the last one are in. */
static int next_mailbox(struct worker *w, bool *more, struct err *err)
{
	bool full = w->n_held == sizeof w->held / sizeof w->held[0];
	struct mbox *mb = full || w->n_fly ? NULL : sched_try_bodies(w->run);
	int rc = 0;

	*more = mb != NULL;
	if (!mb)
		return 0;
	hold_mbox(w, mb);
	rc = enter_mbox(w, mb, more, err);
	if (!*more)
		w->cur = NULL;
	return rc;
}

/*
 * In the mailbox whose jobs are being sent, also after something special led elsewhere.
 */
static int back_in(struct worker *w, bool *in_out, struct err *err)
{
	int rc;

	*in_out = true;
	if (!w->cur || is_in(w, w->cur))
		return 0;
	*in_out = false;
	if (w->n_fly)
		return 0;
	rc = enter_mbox(w, w->cur, in_out, err);
	if (!*in_out)
		w->cur = NULL;
	return rc;
}

/* A message that is not asked for plainly: it waits until nothing is in flight. */
static bool is_special(struct worker *w, struct mbox *mb, const struct job *j)
{
	const struct rec *r = &mb->recs[j->first];

	if (r->done || (r->rung == RUNG_PLAIN && r->size < BIG_MESSAGE))
		return false;
	w->special = (struct special){.mb = mb};
	if (r->rung == RUNG_PLAIN)
		w->special.big = *j;
	else
		*ARR_PUSH(w->missing, w->n_missing, w->missing_cap) = j->first;
	return true;
}

/* As many commands on the way as it takes to keep the wire from idling. */
static int fill_flight(struct worker *w, struct err *err)
{
	while (!imap_conn_is_spare(&w->conn) && has_room(w)) {
		struct job j;
		struct mbox *mb;
		bool more = true;
		int rc;

		if (imap_pool_waiting(&w->run->pool) && w->n_fly)
			return 0;
		rc = imap_pool_hold(&w->run->pool, err);
		if (rc == 0)
			rc = back_in(w, &more, err);
		if (rc < 0 || (!more && w->n_fly))
			return rc;
		mb = w->cur;
		if (!mb || !sched_take(w->run, mb, w->careful, &j)) {
			w->cur = NULL;
			rc = next_mailbox(w, &more, err);
			if (rc < 0 || !more)
				return rc;
			continue;
		}
		if (j.n == 1 && is_special(w, mb, &j))
			return 0;
		rc = send_job(w, mb, &j, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- answers ---- */

static struct flight shift_flight(struct worker *w)
{
	struct flight f = w->fly[0];

	w->n_fly--;
	memmove(w->fly, w->fly + 1, w->n_fly * sizeof w->fly[0]);
	w->fly_bytes -= f.job.bytes;
	return f;
}

/* "INBOX, UID 17": what is fetched next of a job. */
static const char *spot_text(const struct flight *f, char out[200])
{
	size_t at = f->job.first;

	while (at + 1 < f->job.first + f->job.n && f->mb->recs[at].done)
		at++;
	snprintf(out, 200, "UID %u of %.150s", f->mb->recs[at].uid, f->mb->name);
	return out;
}

/*
 * The job is taken up again later: the server asks for time, or has none for this
 * mailbox.
 */
static int wait_busy(struct worker *w, const struct flight *f, struct err *err)
{
	char next[200];

	sched_return(w->run, f->mb, &f->job);
	if (err->code == ERR_THROTTLED) /* waited for when nothing is in flight */
		return imap_pool_throttled(&w->run->pool, spot_text(f, next), err);
	progress_say(w->run->base.progress, SAY_INFO, "%s: trying again a little later: %s",
	        f->mb->name, err->text);
	return imap_pool_pause(&w->run->pool, w->busy.failures, NULL, err);
}

/*
 * What of a job did not come: asked for one by one later, or by a later job if that is
 * being done for another mailbox.
 */
static size_t note_missing(struct worker *w, const struct flight *f)
{
	size_t n = 0;

	for (size_t i = f->job.first; i < f->job.first + f->job.n; i++)
		n += !f->mb->recs[i].done;
	if (n == 0)
		return 0;
	if (w->special.mb && (w->special.mb != f->mb || w->special.big.n)) {
		sched_return(w->run, f->mb, &f->job);
		return n;
	}
	w->special.mb = f->mb;
	for (size_t i = f->job.first; i < f->job.first + f->job.n; i++)
		if (!f->mb->recs[i].done)
			*ARR_PUSH(w->missing, w->n_missing, w->missing_cap) = i;
	return n;
}

/*
 * Something was missing, or came unasked: a literal whose length is a lie may have
 * swallowed the next answer, or left behind what looks like one. Bodies of another size
 * than RFC822.SIZE says are not believed then.
 */
static bool is_odd(struct worker *w, const struct flight *f)
{
	bool odd = w->body.stray;

	for (size_t i = f->job.first; i < f->job.first + f->job.n; i++)
		odd |= !f->mb->recs[i].done;
	w->body.stray = false;
	return odd;
}

/* The answer to the oldest command: what came is settled, what is missing noted. */
static int wait_job(struct worker *w, struct err *err)
{
	struct flight f = w->fly[0];
	struct err why;
	int rc, failed;

	w->body.expect_mb = f.mb;
	w->body.expect = (struct job){0};
	w->body.doubting = true;
	rc = imap_fetch_wait(w->conn.m, &fetch_ops, w, err);
	w->body.doubting = false;
	if (rc < 0 && (!imap_conn_alive(&w->conn) ||
	                      (rc != ERR_REFUSED && rc != ERR_BUSY && rc != ERR_THROTTLED)))
		return rc;
	shift_flight(w);
	fetch_drop(w); /* of an answer that never got whole */
	failed = doubts_settle(w, f.mb, &f.job, rc == 0 && !is_odd(w, &f), &why);
	if (failed < 0)
		return err_copy(err, &why);
	if (attempt_counts(&w->busy, rc, false))
		return wait_busy(w, &f, err);
	if (rc != ERR_BUSY)
		w->busy.failures = 0;
	if (note_missing(w, &f) == 0) {
		w->careful = false;
		w->strikes = 0;
	}
	return 0;
}

/* Nothing is in flight. */
static int do_special(struct worker *w, struct err *err)
{
	struct mbox *mb = w->special.mb;
	bool in = true;
	int rc = 0;

	if (!is_in(w, mb))
		rc = enter_alone(w, mb, &in, err);
	if (rc < 0)
		return rc;
	if (!in) { /* to be listed again; or given up, and these as well */
		return_missing(w);
		sched_return(w->run, mb, &w->special.big);
		w->special.mb = NULL;
		return 0;
	}
	w->body.expect_mb = mb;
	rc = w->special.big.n ? fetch_pieces(w, mb, w->special.big, err) : fetch_rescue(w, mb, err);
	if (rc < 0)
		return rc;
	w->special.big.n = 0;
	if (w->n_missing == 0)
		w->special.mb = NULL;
	return 0;
}

/* Send what there is room for and read one answer; *idle: nothing is left to do here. */
static int step_once(struct worker *w, bool *idle, struct err *err)
{
	int rc = fill_flight(w, err);

	*idle = false;
	if (rc < 0)
		return rc;
	if (w->n_fly)
		return wait_job(w, err);
	if (w->special.mb)
		return do_special(w, err);
	if (w->conn.leaving)
		w->cur = NULL;
	*idle = w->cur == NULL;
	return 0;
}

int fetch_mailbox(struct worker *w, struct mbox *mb, struct err *err)
{
	bool in, idle = false;
	int rc;

	hold_mbox(w, mb);
	rc = enter_mbox(w, mb, &in, err);
	if (!in)
		w->cur = NULL;
	while (rc == 0 && !idle && !workers_failed(&w->run->base.workers)) {
		rc = step_once(w, &idle, err);
		if (rc == 0)
			rc = release_mbox(w, err);
	}
	if (rc < 0 || workers_failed(&w->run->base.workers)) {
		struct err why = *err;
		bool over = imap_conn_is_over(&w->conn, err) || err->code == ERR_GUARD;
		char next[200] = "";

		if (w->n_fly)
			spot_text(&w->fly[0], next);
		fetch_lost(w, err->code == ERR_THROTTLED);
		rc = release_mbox(w, err);
		if (over) {
			*err = why;
			return why.code ? why.code : rc;
		}
		if (rc == 0)
			rc = imap_pool_pause(&w->run->pool, w->strikes, *next ? next : NULL, err);
	}
	return rc;
}
