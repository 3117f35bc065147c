/*
 * Messages that a plain job did not give, and those so large that they are fetched in pieces (RFC 3501 6.4.5, partial fetch).
 */
#include <stdlib.h>
#include <string.h>
#include "valise/format/header.h"
#include "imap.h"

enum { SINGLES_FLY = 8, SUBJECT_CAP = 16 << 10, PIECES_FLY = 2 };

/* Ask for each missing message alone; those that come are done afterwards. */
static int ask_singly(struct worker *w, struct mbox *mb, struct err *err)
{
	size_t sent = 0, got = 0;
	char uid[16];
	int rc;

	while (got < w->n_missing) {
		while (sent < w->n_missing && sent - got < SINGLES_FLY) {
			snprintf(uid, sizeof uid, "%u", mb->recs[w->missing[sent]].uid);
			rc = imap_fetch_send(w->m, uid, "(UID BODY.PEEK[])", err);
			if (rc < 0)
				return rc;
			sent++;
		}
		w->expect = (struct job){0};
		w->singly = true;
		rc = imap_fetch_wait(w->m, &fetch_ops, w, err);
		w->singly = false;
		fetch_drop(w);
		if (rc < 0 && rc != ERR_REFUSED && rc != ERR_BUSY)
			return rc;
		got++;
	}
	return 0;
}

/* Keep in w->missing only what is still missing. */
static void missing_compact(struct worker *w, struct mbox *mb)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->n_missing; i++)
		if (!mb->recs[w->missing[i]].done)
			w->missing[kept++] = w->missing[i];
	w->n_missing = kept;
}

static int on_present(void *ctx, const struct imap_msg *msg, struct err *err)
{
	uint32_t *uid = ctx;

	(void)err;
	if (msg->uid == *uid)
		*uid = 0;
	return 0;
}

/* Is the message still in the mailbox? Neither SEARCH nor FETCH alone is believed when it says no. */
static int is_present(struct worker *w, uint32_t uid, bool *out, struct err *err)
{
	static const struct imap_fetch_ops ops = {.message = on_present};
	uint32_t *found = NULL, asked = uid;
	size_t n = 0;
	char key[32];
	int rc;

	*out = false;
	snprintf(key, sizeof key, "UID %u", uid);
	rc = imap_search(w->m, key, &found, &n, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		*out |= found[i] == uid;
	free(found);
	if (*out || (rc < 0 && rc != ERR_REFUSED && rc != ERR_BUSY))
		return rc;
	snprintf(key, sizeof key, "%u", uid);
	rc = imap_fetch_send(w->m, key, "(UID FLAGS)", err);
	if (rc == 0)
		rc = imap_fetch_wait(w->m, &ops, &asked, err);
	*out = asked == 0 || rc < 0; /* a refusal is no proof that it is gone */
	return rc == ERR_REFUSED || rc == ERR_BUSY ? 0 : rc;
}

static int on_header(void *ctx, const void *p, size_t n, struct err *err)
{
	struct buf *b = ctx;
	size_t room = SUBJECT_CAP - b->len;

	(void)err;
	buf_put(b, p, n < room ? n : room);
	return 0;
}

static int on_header_end(void *ctx, const struct imap_msg *msg, struct err *err)
{
	(void)ctx;
	(void)msg;
	(void)err;
	return 0;
}

/* The subject of a message that cannot be had, for the error line; "" if that cannot be had either. */
static int ask_subject(struct worker *w, uint32_t uid, struct buf *out, struct err *err)
{
	static const struct imap_fetch_ops ops = {.body = on_header, .message = on_header_end};
	struct buf header, raw;
	char set[16];
	int rc;

	buf_init(&header, SUBJECT_CAP);
	buf_init(&raw, 1024);
	snprintf(set, sizeof set, "%u", uid);
	rc = imap_fetch_send(w->m, set, "(UID BODY.PEEK[HEADER.FIELDS (DATE SUBJECT)])", err);
	if (rc == 0)
		rc = imap_fetch_wait(w->m, &ops, &header, err);
	if (rc == 0 && header_find((const char *)header.data, header.len, "Subject", &raw))
		header_decode_text((const char *)raw.data, raw.len, out);
	buf_clear(&header);
	buf_clear(&raw);
	return rc == ERR_REFUSED || rc == ERR_BUSY ? 0 : rc;
}

/* Tell expunged messages from those that the server does not give, and name these. */
static int judge(struct worker *w, struct mbox *mb, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < w->n_missing && rc == 0; i++) {
		struct rec *r = &mb->recs[w->missing[i]];
		struct buf subject;
		bool present;

		rc = is_present(w, r->uid, &present, err);
		if (rc < 0)
			return rc;
		if (!present) {
			r->done = 1;
			pthread_mutex_lock(&mb->lock);
			mb->gone++;
			pthread_mutex_unlock(&mb->lock);
			continue;
		}
		buf_init(&subject, 8192);
		rc = ask_subject(w, r->uid, &subject, err);
		if (rc == 0)
			fetch_error(w, mb, r, subject.len ? buf_str(&subject) : NULL,
			        r->empty ? "the server gives no octets of it"
			                 : "the server does not give it");
		buf_clear(&subject);
	}
	return rc;
}

int fetch_rescue(struct worker *w, struct mbox *mb, struct err *err)
{
	bool fresh = false;
	int rc = ask_singly(w, mb, err);

	missing_compact(w, mb);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&mb->lock);
	if (w->n_missing && !mb->fresh_tried)
		fresh = mb->fresh_tried = true;
	pthread_mutex_unlock(&mb->lock);
	if (fresh) {
		/* What one session cannot read another one sometimes can. */
		struct imap_selected sel;

		link_drop(w);
		rc = link_select(w, mb, &sel, err);
		if (rc == 0 && sel.uidvalidity != mb->coll->uidvalidity) {
			sched_relist(w->run, mb);
			w->n_missing = 0;
		}
		imap_selected_clear(&sel);
		if (rc == 0)
			rc = ask_singly(w, mb, err);
		missing_compact(w, mb);
	}
	if (rc == 0)
		rc = judge(w, mb, err);
	missing_compact(w, mb);
	return rc;
}

/* Pieces of one message. Answers to several commands in flight may come before the OK of the first. */
struct pieces {
	struct worker *w;
	uint64_t now; /* octets of the answer in hand */
	uint64_t sum; /* of those before */
	unsigned answers;
	bool whole; /* a short piece came */
	bool failed; /* and something after it */
};

static int on_piece(void *ctx, const void *p, size_t n, struct err *err)
{
	struct pieces *t = ctx;

	t->now += n;
	return fetch_ops.body(t->w, p, n, err);
}

static int on_piece_end(void *ctx, const struct imap_msg *msg, struct err *err)
{
	struct pieces *t = ctx;

	(void)err;
	if (!msg->has_body || msg->uid != t->w->expect_mb->recs[t->w->expect.first].uid)
		return 0;
	if (t->whole)
		t->failed |= t->now > 0;
	else
		t->whole = t->now != PIECE;
	t->sum += t->now;
	t->now = 0;
	t->answers++;
	return 0;
}

static int piece_send(struct worker *w, uint32_t uid, uint64_t offset, struct err *err)
{
	char set[16], items[64];

	snprintf(set, sizeof set, "%u", uid);
	snprintf(items, sizeof items, "(UID BODY.PEEK[]<%llu.%u>)", (unsigned long long)offset,
	        (unsigned)PIECE);
	return imap_fetch_send(w->m, set, items, err);
}

/* Stream pieces from ${*at} on until a short one. 1: whole; 0: it was not given. */
static int pieces_run(struct worker *w, const struct rec *r, uint64_t *at, struct err *err)
{
	static const struct imap_fetch_ops ops = {.body = on_piece, .message = on_piece_end};
	struct pieces t = {.w = w};
	uint64_t from = *at, asked = *at;
	unsigned silent = 0;

	for (;;) {
		unsigned before = t.answers;
		int rc;

		while (!t.whole && !t.failed && imap_in_flight(w->m) < PIECES_FLY) {
			rc = piece_send(w, r->uid, asked, err);
			if (rc < 0)
				return rc;
			asked += PIECE;
		}
		if (imap_in_flight(w->m) == 0)
			return t.whole && !t.failed;
		rc = imap_fetch_wait(w->m, &ops, &t, err);
		*at = from + t.sum;
		if (rc < 0 && rc != ERR_REFUSED && rc != ERR_BUSY)
			return rc;
		silent = t.answers > before ? 0 : silent + 1;
		if (t.whole || (rc == 0 && silent <= PIECES_FLY))
			continue;
		/* Some servers say nothing, or NO, after the last full piece. */
		t.whole = *at > 0 && *at >= r->size;
		t.failed = !t.whole;
	}
}

/* A new connection to the same mailbox, the body begun stays. */
static int pieces_resume(struct worker *w, struct mbox *mb, struct err *err)
{
	struct tree_body *body = w->body;
	struct imap_selected sel;
	int rc;

	w->body = NULL;
	rc = link_select(w, mb, &sel, err);
	w->body = body;
	if (rc == 0 && sel.uidvalidity != mb->coll->uidvalidity) {
		sched_relist(w->run, mb);
		rc = err_set(err, ERR_NET, ERR_COLLECTION, "UIDVALIDITY changed meanwhile");
	}
	imap_selected_clear(&sel);
	return rc;
}

/* The message, or false when the connection is lost for good; progress keeps it going. */
static int pieces_try(struct worker *w, struct mbox *mb, struct rec *r, struct err *err)
{
	uint64_t at = 0;

	for (;;) {
		uint64_t before = at;
		int rc = pieces_run(w, r, &at, err);

		if (rc >= 0 || err->code == ERR_STOPPED || fetch_failed(w->run))
			return rc;
		at = w->body_len;
		if (at == before && ++r->tries >= TRIES) {
			fetch_error(w, mb, r, NULL, err->text);
			fetch_poisoned(mb, 1);
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

	w->expect = j;
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
