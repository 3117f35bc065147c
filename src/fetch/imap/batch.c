/*
 * Listing several mailboxes at once: EXAMINE and UID FETCH of up to LIST_BOXES of them
 * are in flight. What the last snapshot has is not listed again where the server keeps
 * mod-sequences (RFC 7162):
 *
 * 	EXAMINE box (CONDSTORE)
 * 	UID FETCH 1:* (UID FLAGS ...) (CHANGEDSINCE n [VANISHED]) what changed, with
 *  QRESYNC also what is gone UID FETCH uidnext:* (UID FLAGS ...) what is new, whatever
 *  its mod-sequence says UID FETCH 1:* (UID) without QRESYNC, if something may be gone
 *
 * No server is believed in this: what follows must agree with EXISTS, UIDNEXT and
 * HIGHESTMODSEQ, else the mailbox is listed in full.
 */
#include <stdlib.h>
#include <string.h>
#include "list.h"

/* Mailboxes whose commands are in flight, oldest first. */
struct round {
	struct sent {
		struct mbox *mb;
		unsigned fetches;
	} sent[LIST_BOXES];
	size_t n;
	struct mbox **odd; /* those that have to be listed on their own */
	size_t n_odd, odd_cap;
};

static void on_vanished(void *ctx, uint32_t first, uint32_t last)
{
	struct listing *l = ctx;

	*ARR_PUSH(l->gone, l->n_gone, l->gone_cap) = (struct uid_range){first, last};
}

static const struct imap_fetch_ops ignore_ops;
static const struct imap_fetch_ops change_ops = {.message = list_message, .vanished = on_vanished};

static void set_odd(struct round *t, struct mbox *mb)
{
	mb->since.modseq = 0;
	*ARR_PUSH(t->odd, t->n_odd, t->odd_cap) = mb;
}

/* One command; several in a row where ${exists} messages are too many for one answer. */
static int send_ranges(struct worker *w, struct sent *to, uint32_t exists, uint32_t uidnext,
        const char *items, struct err *err)
{
	char range[32];
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && plan_range(exists, uidnext, i, range); i++) {
		rc = imap_fetch_send(w->conn.m, range, items, err);
		to->fetches += rc == 0;
	}
	return rc;
}

/* The commands that tell what changed since the last snapshot. */
static int send_changes(struct worker *w, struct sent *to, struct err *err)
{
	const struct since *since = &to->mb->since;
	const struct imap_status *s = &to->mb->status;
	char items[256], range[32];
	int rc;

	snprintf(items, sizeof items, "%s (CHANGEDSINCE %llu%s)", labels_items(w->conn.m),
	        (unsigned long long)since->modseq, w->qresync ? " VANISHED" : "");
	rc = send_ranges(w, to, since->items, since->uidnext, items, err);
	if (rc == 0 && s->uidnext > since->uidnext) {
		snprintf(range, sizeof range, "%u:*", since->uidnext);
		rc = imap_fetch_send(w->conn.m, range, labels_items(w->conn.m), err);
		to->fetches += rc == 0;
	}
	if (rc == 0 && !w->qresync && since->maybe_gone)
		rc = send_ranges(w, to, s->messages, s->uidnext, "(UID)", err);
	return rc;
}

/*
 * EXAMINE and what lists this mailbox; one that cannot be sent is left to the slow way.
 */
static int round_send(struct worker *w, struct round *t, struct mbox *mb, struct err *err)
{
	struct sent *to = &t->sent[t->n];
	int rc = imap_examine_send(w->conn.m, mb->box->name, mb->box->name_len, err);

	w->at = NULL;
	if (rc < 0) {
		set_odd(t, mb);
		return imap_conn_alive(&w->conn) ? 0 : rc;
	}
	t->n++;
	*to = (struct sent){.mb = mb};
	if (mb->since.modseq)
		return send_changes(w, to, err);
	if (mb->status.messages) {
		rc = imap_fetch_send(w->conn.m, "1:*", labels_items(w->conn.m), err);
		to->fetches += rc == 0;
	}
	return rc;
}

/* All that could be doubted is left to the slow way. */
static bool is_plain(const struct listing *l, const struct imap_selected *sel)
{
	const struct imap_status *s = &l->mb->status;
	/* Courier says it in STATUS alone. */
	uint32_t uidnext = sel->uidnext                         ? sel->uidnext
	                   : s->uidvalidity == sel->uidvalidity ? s->uidnext
	                                                        : 0;

	if (l->refused || l->n != sel->exists || !uidnext)
		return false;
	if (!l->prev && (sel->exists > LIST_RANGE || (sel->exists && !s->messages)))
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (!plan_is_listed(&l->recs[i]) || l->recs[i].uid >= uidnext)
			return false;
	return true;
}

/*
 * Answers about messages with a UID from ${uid} on, those with nothing but the UID left
 * out.
 */
static size_t told_from(const struct listing *l, uint32_t uid)
{
	size_t told = 0;

	for (size_t i = 0; i < l->n; i++)
		told += l->recs[i].uid >= uid && l->recs[i].have;
	return told;
}

/* The listing that follows from the last snapshot and the changes since. */
static int round_changes(struct listing *l, const struct imap_selected *sel, struct err *err)
{
	const struct since *since = &l->mb->since;
	bool by_uid = since->maybe_gone && !l->w->qresync, both;
	size_t told = told_from(l, 0);
	int rc = list_prev(l->w->run, l->coll, PREV_SNAPSHOT, &l->prev, err);

	if (rc < 0)
		return rc;
	/*
	 * What is new by its UID has to be among the changes, too: else other changes may
	 * be missing.
	 */
	both = l->mb->status.uidnext == since->uidnext ||
	       l->new_answers >= 2 * told_from(l, since->uidnext);
	if (!l->prev || !both || plan_has_rescued(l->prev) || list_renumbered(l, l->prev) ||
	        !plan_since_fits(since, sel, told, l->n_gone)) {
		l->refused = true;
		return 0;
	}
	plan_changes(l->prev, by_uid, l->gone, l->n_gone, &l->recs, &l->n, &l->cap);
	return 0;
}

/* The answers about the oldest mailbox. */
static int round_answers(struct listing *l, unsigned fetches, bool opened, struct err *err)
{
	const struct imap_fetch_ops *ops = !opened               ? &ignore_ops
	                                   : l->mb->since.modseq ? &change_ops
	                                                         : &list_ops;
	int rc = 0;

	for (unsigned i = 0; i < fetches && rc == 0; i++) {
		rc = imap_fetch_wait(l->w->conn.m, ops, l, err);
		if (rc < 0 && imap_conn_alive(&l->w->conn)) {
			l->refused = true;
			rc = rc == ERR_THROTTLED
			             ? imap_pool_throttled(&l->w->run->pool, l->mb->name, err)
			             : 0;
		}
	}
	l->new_answers = told_from(l, l->mb->since.uidnext);
	rec_sort(l->recs, &l->n);
	return rc;
}

/* All answers about the oldest mailbox: kept, or left to the slow way. */
static int round_wait(struct worker *w, struct round *t, struct err *err)
{
	struct sent first = t->sent[0];
	struct mbox *mb = first.mb;
	struct imap_selected sel;
	struct listing l = {.w = w, .mb = mb, .max = 2 * (size_t)mb->status.messages + LIST_SLACK};
	int rc = imap_examine_wait(w->conn.m, &sel, err), opened = rc;

	l.coll = plan_coll(mb);
	list_head(&l, &sel);
	if (rc < 0 && imap_conn_alive(&w->conn))
		rc = 0;
	if (rc == 0)
		rc = round_answers(&l, first.fetches, opened == 0, err);
	if (rc == 0 && opened == 0 && mb->since.modseq)
		rc = round_changes(&l, &sel, err);
	if (rc == 0) {
		memmove(t->sent, t->sent + 1, --t->n * sizeof t->sent[0]);
		if (opened < 0 || !is_plain(&l, &sel)) {
			set_odd(t, mb);
		} else {
			mb->listings++;
			w->at = t->n ? NULL : mb;
			w->at_validity = sel.uidvalidity;
			rc = list_keep(&l, err);
			rc = rc < 0 ? rc : sched_listed(w, mb, err);
		}
	}
	list_clear(&l);
	imap_selected_clear(&sel);
	return rc;
}

/*
 * Keep several mailboxes on the way; a broken connection leaves the rest to the slow way.
 * The first one, which is the largest, is opened after those that are on the way with it:
 * where these are all, its bodies need no other EXAMINE.
 */
static int list_round(struct worker *w, struct round *t, struct mbox *largest, struct err *err)
{
	struct mbox *mb = sched_try_listing(w->run);
	int rc = 0;

	while (rc == 0 && (mb || largest || t->n)) {
		while (rc == 0 && mb) {
			rc = round_send(w, t, mb, err);
			mb = rc == 0 && t->n < LIST_BOXES - (largest != NULL)
			             ? sched_try_listing(w->run)
			             : NULL;
		}
		if (rc == 0 && largest) {
			rc = round_send(w, t, largest, err);
			largest = NULL;
		}
		if (rc == 0 && t->n)
			rc = round_wait(w, t, err);
		if (rc == 0 && t->n < LIST_BOXES)
			mb = sched_try_listing(w->run);
	}
	for (size_t i = 0; i < t->n; i++)
		set_odd(t, t->sent[i].mb);
	t->n = 0;
	if (largest)
		set_odd(t, largest);
	if (rc == 0 || imap_conn_is_over(&w->conn, err))
		return rc;
	return 0;
}

/*
 * A connection on which small mailboxes can be listed; QRESYNC if there is a use for it,
 * before a mailbox is open.
 */
static int round_open(struct worker *w, struct mbox *mb, struct err *err)
{
	int rc = !imap_conn_alive(&w->conn) ? imap_conn_open(&w->conn, err) : 0;

	if (rc < 0 || w->qresync_tried || !mb->since.modseq || !imap_has(w->conn.m, "QRESYNC") ||
	        !imap_has(w->conn.m, "ENABLE"))
		return rc;
	w->qresync_tried = true;
	rc = imap_enable_qresync(w->conn.m, &w->qresync, err);
	return rc < 0 && !imap_conn_is_over(&w->conn, err) ? 0 : rc;
}

int list_mailboxes(struct worker *w, struct mbox *mb, struct err *err)
{
	struct round t = {.n = 0};
	int rc = 0;

	progress_what(w->run->base.progress, mb->name);
	if (plan_is_small(mb) && (rc = round_open(w, mb, err)) < 0) {
		sched_unlist(w->run, mb);
		return rc;
	}
	if (plan_is_small(mb))
		rc = list_round(w, &t, mb, err);
	else
		set_odd(&t, mb);
	for (size_t i = 0; i < t.n_odd; i++) {
		if (rc == 0)
			rc = list_alone(w, t.odd[i], err);
		else if (!workers_failed(&w->run->base.workers))
			sched_unlist(w->run, t.odd[i]);
	}
	free(t.odd);
	return rc;
}
