/*
 * A message in pieces (RFC 3501 6.4.5, partial fetch): one that is very large, or that is
 * not given whole. Offsets and sums have 64 bits; an answer is told by its origin octet,
 * of which 32 bits are enough. No size is believed: a message ends with a piece that is
 * shorter than asked for, when that is where RFC822.SIZE says or when nothing follows.
 */
#include <string.h>
#include "run.h"

enum { PIECES_FLY = 2 };

struct pieces {
	struct worker *w;
	const struct rec *r;
	uint32_t size; /* of a piece */
	uint64_t at; /* octets that came, but for the answer in hand */
	uint64_t now; /* octets of that */
	uint64_t asked; /* where the next piece begins */
	bool cut; /* the last piece was shorter than asked for */
	bool empty; /* a piece of no octets came, where the next one was to be */
	bool refused; /* since the last time that nothing was in flight */
	bool spoiled; /* octets came that are of another message */
};

/*
 * Answers that come too late, or for the whole message each time, are of another place.
 */
static bool is_next(const struct pieces *t)
{
	return imap_body_origin(t->w->conn.m) == (uint32_t)t->at;
}

static bool is_whole(const struct pieces *t)
{
	return t->cut && (t->r->have & REC_SIZE) && t->at >= t->r->size;
}

static int on_piece(void *ctx, const void *p, size_t n, struct err *err)
{
	struct pieces *t = ctx;

	if (!is_next(t) || is_whole(t))
		return 0;
	t->now += n;
	return fetch_ops.body(t->w, p, n, err);
}

/* A piece is whole: where it ended, and whether it was this message at all. */
static int on_piece_end(void *ctx, const struct imap_msg *msg, struct err *err)
{
	struct pieces *t = ctx;

	(void)err;
	t->spoiled |= (t->now && msg->uid != t->r->uid) || msg->spoiled;
	t->empty |= !t->now && msg->uid == t->r->uid && msg->has_body && is_next(t);
	if (t->now) {
		t->cut = t->now != t->size;
		t->empty = false;
	}
	t->at += t->now;
	t->now = 0;
	return 0;
}

/* Ask for the next piece. */
static int piece_send(struct pieces *t, struct err *err)
{
	char set[16], items[64];

	snprintf(set, sizeof set, "%u", t->r->uid);
	snprintf(items, sizeof items, "(UID BODY.PEEK[]<%llu.%u>)", (unsigned long long)t->asked,
	        t->size);
	t->asked += t->size;
	return imap_fetch_send(t->w->conn.m, set, items, err);
}

/* Nothing came at the place where it was asked for. */
static bool is_end(const struct pieces *t)
{
	if (t->at == 0 || t->spoiled)
		return false;
	if ((t->r->have & REC_SIZE) && t->at >= t->r->size)
		return true;
	return t->cut && !t->refused; /* the size was a lie */
}

int pieces_run(struct worker *w, struct rec *r, uint32_t size, uint64_t *at, struct err *err)
{
	static const struct imap_fetch_ops ops = {.body = on_piece, .message = on_piece_end};
	struct pieces t = {.w = w, .r = r, .size = size, .at = *at, .asked = *at};
	uint64_t mark = UINT64_MAX, before;
	bool hold = false; /* first see what becomes of those in flight */

	for (;;) {
		int rc = 0;

		while (!hold && rc == 0 && imap_in_flight(w->conn.m) < PIECES_FLY)
			rc = piece_send(&t, err);
		if (rc < 0)
			return rc;
		if (imap_in_flight(w->conn.m) == 0) {
			if (t.spoiled || is_whole(&t) || t.empty || t.at == mark)
				return is_whole(&t) ? !t.spoiled : is_end(&t);
			mark = t.asked = t.at;
			hold = t.refused = false;
			continue;
		}
		before = t.at;
		rc = imap_fetch_wait(w->conn.m, &ops, &t, err);
		*at = t.at;
		if (rc < 0 && rc != ERR_REFUSED && rc != ERR_BUSY)
			return rc;
		t.refused |= rc < 0;
		hold |= t.spoiled || t.cut || t.refused || t.at == before;
	}
}

/* A new connection to the same mailbox, the body begun stays. */
static int pieces_resume(struct worker *w, struct mbox *mb, struct err *err)
{
	struct intake begun = w->body.in;
	struct imap_selected sel;
	int rc;

	w->body.in = (struct intake){0};
	/* answers about pieces that are asked for once more */
	if (w->conn.m && imap_in_flight(w->conn.m))
		imap_conn_close(&w->conn);
	rc = mbox_examine(w, mb, &sel, err);
	w->body.in = begun;
	if (rc == 0 && sel.uidvalidity != mb->coll->uidvalidity) {
		sched_relist(w->run, mb);
		rc = err_set(err, ERR_NET, ERR_COLLECTION, "UIDVALIDITY changed meanwhile");
	}
	imap_selected_clear(&sel);
	return rc;
}

/* As pieces_run(), over several connections; progress keeps it going. */
static int pieces_try(struct worker *w, struct mbox *mb, struct rec *r, struct err *err)
{
	uint64_t at = 0;

	for (;;) {
		uint64_t before = at;
		int rc = pieces_run(w, r, PIECE, &at, err);

		if (rc >= 0 || err->code == ERR_STOPPED || workers_failed(&w->run->base.workers))
			return rc;
		at = w->body.in.len;
		if (at > before)
			imap_pool_gained(&w->run->pool);
		if (rc == ERR_THROTTLED) {
			rc = imap_pool_throttled(&w->run->pool, mb->name, err);
			if (rc < 0)
				return rc;
		} else if (at == before && ++r->tries >= TRIES) {
			r->rung = RUNG_TEXT;
			return rc;
		}
		rc = pieces_resume(w, mb, err);
		if (rc < 0)
			return rc;
	}
}

int fetch_pieces(struct worker *w, struct mbox *mb, struct job j, struct err *err)
{
	struct rec *r = &mb->recs[j.first];
	struct imap_msg msg = {.uid = r->uid, .has_body = true};
	int rc;

	w->body.expect = j;
	rc = pieces_try(w, mb, r, err);
	if (rc < 0)
		return rc;
	if (rc == 1)
		rc = fetch_ops.message(w, &msg, err);
	fetch_drop(w);
	if (rc == 0 && !r->done)
		*ARR_PUSH(w->missing, w->n_missing, w->missing_cap) = j.first;
	return rc;
}
