/*
 * Messages that a plain job did not give: asked for alone, then on a fresh connection.
 * What was rescued in the last snapshot is kept; else the ladder is tried, unless
 * --strict. What remains is named.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/format/header.h"
#include "run.h"

enum { SINGLES_FLY = 8, SUBJECT_CAP = 16 << 10 };

/*
 * A plain FETCH for each message that is still missing, at most ${fly} in flight; those
 * that come are done afterwards.
 */
static int ask_each(struct worker *w, struct mbox *mb, size_t fly, struct err *err)
{
	struct err why = {0};
	size_t sent = 0;
	char uid[16];
	int rc = 0, settled;

	w->body.expect = (struct job){0};
	w->body.singly = true;
	while (rc == 0 && (sent < w->n_missing || imap_in_flight(w->conn.m))) {
		while (rc == 0 && sent < w->n_missing && imap_in_flight(w->conn.m) < fly) {
			struct rec *r = &mb->recs[w->missing[sent++]];

			if (r->done || r->rung != RUNG_PLAIN)
				continue;
			w->body.alone = fly == 1 ? r : NULL;
			snprintf(uid, sizeof uid, "%u", r->uid);
			rc = imap_fetch_send(w->conn.m, uid, body_items(mb), err);
		}
		if (rc < 0 || imap_in_flight(w->conn.m) == 0)
			break;
		w->body.doubting = true;
		rc = imap_fetch_wait(w->conn.m, &fetch_ops, w, err);
		w->body.doubting = false;
		fetch_drop(w);
		if (rc == ERR_REFUSED || rc == ERR_BUSY)
			rc = 0;
	}
	if (rc == 0 && !w->body.stray)
		rc = doubts_probe(w, err);
	/* Those in doubt are missing again when the connection broke. */
	settled = doubts_settle(w, NULL, NULL, rc == 0 && !w->body.stray, &why);
	if (rc == 0 && settled < 0)
		rc = err_copy(err, &why);
	w->body.stray = false;
	w->body.singly = false;
	w->body.alone = NULL;
	return rc;
}

/* Ask for each missing message alone. */
static int ask_singly(struct worker *w, struct mbox *mb, struct err *err)
{
	int rc = w->body.nameless ? 0 : ask_each(w, mb, SINGLES_FLY, err);

	return rc == 0 && w->body.nameless ? ask_each(w, mb, 1, err) : rc;
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

/*
 * Is the message still in the mailbox? Neither SEARCH nor FETCH alone is believed when it
 * says no.
 */
static int is_present(struct worker *w, uint32_t uid, bool *out, struct err *err)
{
	static const struct imap_fetch_ops ops = {.message = on_present};
	uint32_t *found = NULL, asked = uid;
	size_t n = 0;
	char key[32];
	int rc;

	*out = false;
	snprintf(key, sizeof key, "UID %u", uid);
	rc = imap_search(w->conn.m, key, &found, &n, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		*out |= found[i] == uid;
	free(found);
	if (*out || (rc < 0 && rc != ERR_REFUSED && rc != ERR_BUSY))
		return rc;
	rc = imap_fetch_one(w->conn.m, uid, "(UID FLAGS)", &ops, &asked, err);
	*out = asked == 0 || rc < 0; /* a refusal is no proof that it is gone */
	return rc == ERR_REFUSED || rc == ERR_BUSY ? 0 : rc;
}

static int on_header(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_fill(ctx, p, n);
	return 0;
}

/* What names a message that cannot be fetched; nothing if none of it came. */
static int ask_name(struct worker *w, uint32_t uid, struct item_about *out, struct err *err)
{
	static const struct imap_fetch_ops ops = {.body = on_header};
	struct buf header = buf_of(SUBJECT_CAP);
	int rc = imap_fetch_one(w->conn.m, uid,
	        "(UID BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT)])", &ops, &header, err);

	memset(out, 0, sizeof *out);
	if (rc == 0)
		about_of_octets(COLL_MAIL, header.data, header.len, out);
	buf_clear(&header);
	return rc == ERR_REFUSED || rc == ERR_BUSY ? 0 : rc;
}

/* A copy that was rescued before is as good as what can be rescued now. */
static int keep_before(struct worker *w, struct mbox *mb, const struct tree_coll *before,
        struct rec *r, struct err *err)
{
	const struct tree_item *old = before ? tree_coll_find(before, r->uid) : NULL;
	struct tree_item it;
	int rc;

	if (!old || !(old->warn & WARN_RESCUED) ||
	        ((r->have & REC_DATE) && r->date_utc != old->date_utc))
		return 0;
	pthread_mutex_lock(&mb->lock);
	list_known_item(mb->coll, before, old, r, &it);
	mb->coll->status = COLL_PARTIAL;
	rc = run_item(&w->run->base, mb->coll, &it, err);
	pthread_mutex_unlock(&mb->lock);
	if (rc < 0)
		return workers_fail(&w->run->base.workers, err);
	r->done = 1;
	progress_say(w->run->base.progress, SAY_WARNING,
	        "%s: the server still does not give UID %u; the copy rescued earlier is kept",
	        mb->name, r->uid);
	return 0;
}

/* Name it, with its sender and subject if these can be fetched. */
static int name_it(struct worker *w, struct mbox *mb, struct rec *r, struct err *err)
{
	const char *why = "the server does not give it";
	char reason[160];
	struct item_about a;
	int rc;

	if (r->empty)
		why = "the server gives no octets of it";
	if (r->tries) {
		why = "the connection breaks when it is fetched";
		fetch_poisoned(mb, 1);
	}
	snprintf(reason, sizeof reason, "%s%s", why,
	        r->rung == RUNG_END ? ", nor in pieces, nor as header and parts" : "");
	rc = ask_name(w, r->uid, &a, err);
	if (rc == 0)
		fetch_error(w, mb, r, &a, reason);
	about_clear(&a);
	return rc;
}

/* Expunged; or there and not given: kept as it was, rescued, or named. */
static int settle_rec(struct worker *w, struct mbox *mb, const struct tree_coll *before,
        struct rec *r, struct err *err)
{
	bool present = false;
	int rc = is_present(w, r->uid, &present, err);

	if (rc == 0 && !present) {
		pthread_mutex_lock(&mb->lock);
		r->done = !mb->none_left;
		mb->gone += r->done;
		pthread_mutex_unlock(&mb->lock);
	}
	if (rc == 0 && !r->done)
		rc = keep_before(w, mb, before, r, err);
	if (rc == 0 && !r->done && !w->run->strict)
		rc = fetch_ladder(w, mb, r, err);
	return rc < 0 || r->done ? rc : name_it(w, mb, r, err);
}

/* Settle each message that is still missing. */
static int settle_all(struct worker *w, struct mbox *mb, struct err *err)
{
	struct tree_coll *before = NULL;
	int rc = 0;

	if (w->n_missing)
		rc = list_prev(w->run, mb->coll, PREV_SNAPSHOT, &before, err);
	for (size_t i = 0; i < w->n_missing && rc == 0; i++)
		rc = settle_rec(w, mb, before, &mb->recs[w->missing[i]], err);
	tree_coll_free(before);
	return rc;
}

/* Is there one that a fresh connection may give plainly? */
static bool is_fresh_worthwhile(struct worker *w, struct mbox *mb)
{
	bool any = false;

	for (size_t i = 0; i < w->n_missing; i++)
		any |= mb->recs[w->missing[i]].rung == RUNG_PLAIN;
	pthread_mutex_lock(&mb->lock);
	any = any && !w->run->strict && mb->fresh++ < FRESH_MAX;
	pthread_mutex_unlock(&mb->lock);
	return any;
}

/* What one session cannot read another one sometimes can. */
static int ask_afresh(struct worker *w, struct mbox *mb, struct err *err)
{
	struct imap_selected sel;
	int rc;

	progress_say(w->run->base.progress, SAY_NOTE,
	        "%s: %s not given; trying on a fresh connection", mb->name,
	        counted(w->n_missing, "message is", "messages are", (char[COUNTED_SIZE]){0}));
	imap_conn_close(&w->conn);
	rc = mbox_examine(w, mb, &sel, err);
	if (rc == 0 && sel.uidvalidity != mb->coll->uidvalidity) {
		sched_relist(w->run, mb);
		w->n_missing = 0;
	}
	pthread_mutex_lock(&mb->lock);
	mb->none_left = rc == 0 && sel.exists == mb->exists && sel.uidnext &&
	                sel.uidnext == mb->coll->uidnext;
	pthread_mutex_unlock(&mb->lock);
	imap_selected_clear(&sel);
	return rc < 0 ? rc : ask_singly(w, mb, err);
}

int fetch_rescue(struct worker *w, struct mbox *mb, struct err *err)
{
	int rc = ask_singly(w, mb, err);

	missing_compact(w, mb);
	if (rc == 0 && is_fresh_worthwhile(w, mb)) {
		rc = ask_afresh(w, mb, err);
		missing_compact(w, mb);
	}
	if (rc == 0)
		rc = settle_all(w, mb, err);
	missing_compact(w, mb);
	return rc;
}
