/*
 * Messages that the last snapshot has under another UID: UIDVALIDITY changed, UIDs were
 * given again, a mailbox was renamed, or many messages were moved. Once all mailboxes are
 * listed, what would have to be fetched is looked for in the whole snapshot: by
 * INTERNALDATE and RFC822.SIZE in its catalogs, then by some header fields, which the
 * server is asked for in a few commands.
 * Flags change, so they say nothing. The bytes of what may match are read from the last
 * snapshot, checked, and given to the sink as if they came from the server: to an
 * archive, which has them, that costs nothing; a directory of files gets them where they
 * now belong.
 */
#include <stdlib.h>
#include <string.h>
#include "match.h"
#include "valise/format/header.h"

#define FIELD_ITEMS "(UID BODY.PEEK[HEADER.FIELDS (" MATCH_FIELDS ")])"

enum { FIELD_JOB = 400, FIELD_FLY = 4, MOVED_MIN = 32 };

struct rematch {
	struct worker *w;
	struct tree_reader *last;
	struct want *wants;
	size_t n_wants, wants_cap;
	struct have *haves;
	size_t n_haves, haves_cap;

	struct mbox *mb; /* whose header fields are coming in */
	size_t *want_of; /* for each of its records the place of its want, plus one */
	struct buf head;
};

/* ---- what is looked for ---- */

/*
 * Few new messages in a mailbox that is known as it is: most likely they are new. But one that
 * options would leave out is looked for.
 */
static bool is_wanted(const struct mbox *mb)
{
	return mb->state == MB_BODIES && mb->n_recs &&
	       (mb->unknown || mb->unmeant || mb->n_recs >= MOVED_MIN);
}

/* All messages that would have to be fetched, with size and date, sorted. */
static void gather_wants(struct rematch *m)
{
	struct run *r = m->w->run;

	for (size_t i = 0; i < r->plan.n_boxes; i++) {
		struct mbox *mb = &r->plan.boxes[i];

		for (size_t k = 0; is_wanted(mb) && k < mb->n_recs; k++) {
			const struct rec *rec = &mb->recs[k];
			const uint8_t need = REC_DATE | REC_SIZE;

			if ((rec->have & need) == need)
				*ARR_PUSH(m->wants, m->n_wants, m->wants_cap) = (struct want){
				        .is = {.date_utc = rec->date_utc, .size = rec->size},
				        .mb = mb,
				        .rec = k};
		}
	}
	match_sort_wants(m->wants, m->n_wants);
}

/* ---- the last snapshot ---- */

typedef int (*item_fn)(struct rematch *m, const struct tree_coll *c, const struct tree_item *it,
        size_t first, struct err *err);

/* An item of another size than its server said: a message of its date may be this one. */
static void note_odd(struct rematch *m, const struct tree_item *it)
{
	const struct trait t = {.date_utc = it->date_utc};
	size_t i = match_first(m->wants, m->n_wants, &t);

	for (; i < m->n_wants && m->wants[i].is.date_utc == it->date_utc; i++)
		m->wants[i].mb->recs[m->wants[i].rec].had = true;
}

/*
 * Call ${fn} for each item that agrees with a want in date and size. A catalog that
 * cannot be read gives none.
 */
static int each_candidate(struct rematch *m, item_fn fn, struct err *err)
{
	const struct tree_manifest *all = m->last->ops->manifest(m->last);
	int rc = 0;

	for (size_t i = 0; i < all->n_heads && rc == 0; i++) {
		struct tree_coll *c = NULL;
		struct err ignored = {0};

		if (all->heads[i].kind != COLL_MAIL || all->heads[i].roots.items == 0 ||
		        m->last->ops->coll(m->last, &all->heads[i], &c, &ignored) < 0)
			continue;
		for (size_t k = 0; k < c->n_items && rc == 0; k++) {
			const struct tree_item *it = &c->items[k];
			struct trait t = {.date_utc = it->date_utc, .size = it->size};
			size_t first = match_first(m->wants, m->n_wants, &t);

			if (!(it->warn & (WARN_RESCUED | WARN_SIZE | WARN_DATE)) &&
			        match_is_at(m->wants, m->n_wants, first, &t))
				rc = fn(m, c, it, first, err);
			else if (it->warn & (WARN_RESCUED | WARN_SIZE))
				note_odd(m, it);
		}
		tree_coll_free(c);
		if (rc == 0)
			rc = stop_check(err);
	}
	return rc;
}

/* An item_fn: these messages have a candidate. */
static int note_hit(struct rematch *m, const struct tree_coll *c, const struct tree_item *it,
        size_t first, struct err *err)
{
	const struct trait t = m->wants[first].is;

	(void)c;
	(void)it;
	(void)err;
	for (; match_is_at(m->wants, m->n_wants, first, &t); first++) {
		m->wants[first].hit = true;
		m->wants[first].mb->recs[m->wants[first].rec].had = true;
	}
	return 0;
}

static void drop_misses(struct rematch *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->n_wants; i++)
		if (m->wants[i].hit)
			m->wants[kept++] = m->wants[i];
	m->n_wants = kept;
}

/* An item being read from the last snapshot. */
struct reading {
	struct rematch *m;
	struct have *have;
	size_t first; /* want of its date and size */
	struct buf head;
	struct intake in;
	bool decided, wanted;
};

/*
 * The header is there: does a message have the same fields? Then the sink gets the bytes.
 */
static int reading_decide(struct reading *r, struct err *err)
{
	struct rematch *m = r->m;

	r->decided = true;
	match_key(&r->have->is, (const char *)r->head.data, r->head.len);
	for (size_t i = r->first; !r->wanted && match_is_at(m->wants, m->n_wants, i, &r->have->is);
	        i++)
		r->wanted = m->wants[i].is.has_key &&
		            memcmp(m->wants[i].is.key, r->have->is.key, MATCH_KEY) == 0;
	return r->wanted ? intake_write(&r->in, r->head.data, r->head.len, err) : 0;
}

/* Octets of an item: its header is looked at before any of them goes to the sink. */
static int on_bytes(void *ctx, const void *p, size_t n, struct err *err)
{
	struct reading *r = ctx;
	int rc = 0;

	if (!r->decided) {
		size_t take = buf_fill(&r->head, p, n);

		if (r->head.len == r->head.cap ||
		        header_length((const char *)r->head.data, r->head.len) < r->head.len)
			rc = reading_decide(r, err);
		p = (const char *)p + take;
		n -= take;
	}
	return rc == 0 && r->wanted ? intake_write(&r->in, p, n, err) : rc;
}

/*
 * An item_fn: read it, and give it to the sink if a message has the same header fields.
 */
static int read_item(struct rematch *m, const struct tree_coll *c, const struct tree_item *it,
        size_t first, struct err *err)
{
	struct have have = {.is = {.date_utc = it->date_utc, .size = it->size}};
	struct reading r = {.m = m, .have = &have, .first = first};
	struct tree_item stored = {.size = 0};
	int rc;

	memcpy(have.sha256, it->sha256, SHA256_LEN);
	buf_init(&r.head, HEAD_MAX);
	intake_begin(&r.in, m->w->run->base.sink, COLL_MAIL, 0);
	rc = m->last->ops->body(m->last, c, it, on_bytes, &r, err);
	if (rc == 0 && !r.decided)
		rc = reading_decide(&r, err);
	if (rc == 0 && r.wanted) {
		rc = intake_finish(&r.in, &stored, INTAKE_DATE, err);
		have.given = rc == 0 && memcmp(stored.sha256, it->sha256, SHA256_LEN) == 0;
		have.has_nul = stored.warn & WARN_NUL;
	}
	intake_clear(&r.in);
	buf_clear(&r.head);
	*ARR_PUSH(m->haves, m->n_haves, m->haves_cap) = have;
	/* One that cannot be read is none that matches. */
	return r.in.failed ? workers_fail(&m->w->run->base.workers, err) : 0;
}

/* ---- the server's header fields ---- */

static int on_field(void *ctx, const void *p, size_t n, struct err *err)
{
	struct rematch *m = ctx;

	buf_fill(&m->head, p, n);
	return stop_check(err);
}

/* The header fields of a message came: its key. */
static int on_fields(void *ctx, const struct imap_msg *msg, struct err *err)
{
	struct rematch *m = ctx;
	struct rec *rec =
	        msg->uid && msg->has_body ? rec_find(m->mb->recs, m->mb->n_recs, msg->uid) : NULL;
	size_t at = rec ? m->want_of[rec - m->mb->recs] : 0;

	(void)err;
	if (at)
		match_key(&m->wants[at - 1].is, (const char *)m->head.data, m->head.len);
	buf_reset(&m->head);
	return 0;
}

/* Ask for the header fields of ${n} messages of the open mailbox. */
static int ask_fields(struct rematch *m, const struct rec *ask, size_t n, struct err *err)
{
	static const struct imap_fetch_ops ops = {.body = on_field, .message = on_fields};
	struct imap *session = m->w->conn.m;
	struct buf set = buf_of(SET_MAX);
	size_t next = 0;
	int rc = 0;

	while (rc == 0 && (next < n || imap_in_flight(session))) {
		if (next < n && imap_in_flight(session) < FIELD_FLY) {
			struct job j = {next, n - next < FIELD_JOB ? n - next : FIELD_JOB, 0};

			next += j.n;
			if (plan_set(ask, &j, &set))
				rc = imap_fetch_send(session, buf_str(&set), FIELD_ITEMS, err);
			continue;
		}
		buf_reset(&m->head);
		rc = imap_fetch_wait(session, &ops, m, err);
		/* those are fetched */
		if (rc == ERR_REFUSED || rc == ERR_BUSY)
			rc = 0;
	}
	/* with answers still to come */
	if (rc < 0)
		imap_conn_close(&m->w->conn);
	buf_clear(&set);
	return rc;
}

/* The same for all that is looked for in one mailbox. */
static int ask_mailbox(struct rematch *m, struct mbox *mb, struct err *err)
{
	struct imap_selected sel;
	struct rec *ask = xcalloc(mb->n_recs, sizeof *ask);
	size_t n = 0;
	int rc = 0;

	m->mb = mb;
	m->want_of = xcalloc(mb->n_recs, sizeof *m->want_of);
	for (size_t i = 0; i < m->n_wants; i++)
		if (m->wants[i].mb == mb)
			m->want_of[m->wants[i].rec] = i + 1;
	for (size_t i = 0; i < mb->n_recs; i++)
		if (m->want_of[i])
			ask[n++] = mb->recs[i];
	if (n) {
		rc = mbox_examine(m->w, mb, &sel, err);
		if (rc == 0 && sel.uidvalidity == mb->coll->uidvalidity)
			rc = ask_fields(m, ask, n, err);
		imap_selected_clear(&sel);
	}
	free(m->want_of);
	free(ask);
	m->want_of = NULL;
	return rc;
}

/* The same for all mailboxes. */
static int ask_all(struct rematch *m, struct err *err)
{
	struct run *r = m->w->run;
	int rc = 0;

	for (size_t i = 0; i < r->plan.n_boxes && rc == 0; i++)
		if (is_wanted(&r->plan.boxes[i]))
			rc = ask_mailbox(m, &r->plan.boxes[i], err);
	return rc;
}

/* ---- what was found ---- */

static int give_items(struct rematch *m, struct err *err)
{
	struct run *r = m->w->run;
	int rc = 0;

	for (size_t i = 0; i < m->n_wants && rc == 0; i++) {
		struct want *w = &m->wants[i];
		struct rec *rec = &w->mb->recs[w->rec];
		const struct have *h = w->found ? &m->haves[w->found - 1] : NULL;
		struct tree_item it = plan_item(rec);

		if (!h)
			continue;
		memcpy(it.sha256, h->sha256, SHA256_LEN);
		it.warn = h->has_nul ? WARN_NUL : 0;
		twins_know(&r->twins, w->mb->coll, &it, it.size);
		rc = run_item(&r->base, w->mb->coll, &it, err);
		rec->done = 1;
	}
	return rc < 0 ? workers_fail(&r->base.workers, err) : 0;
}

/* Take out what was found, and say how many. */
static void drop_done(struct run *r, struct mbox *mb)
{
	size_t kept = 0, found;

	for (size_t i = 0; i < mb->n_recs; i++)
		if (!mb->recs[i].done)
			mb->recs[kept++] = mb->recs[i];
	found = mb->n_recs - kept;
	mb->n_recs = kept;
	plan_weigh(mb);
	if (found)
		progress_say(r->base.progress, SAY_INFO, "%s: %s", mb->name,
		        counted(found, "message of the last snapshot is under another UID",
		                "messages of the last snapshot are under other UIDs",
		                (char[COUNTED_SIZE]){0}));
}

void rematch_all(struct worker *w)
{
	struct run *r = w->run;
	struct rematch m = {.w = w};
	struct err err = {0};
	int rc = 0;

	if (r->base.opts->dry)
		return;
	gather_wants(&m);
	if (m.n_wants)
		rc = run_last(&r->base, &m.last, &err);
	if (rc == 0 && m.last)
		rc = each_candidate(&m, note_hit, &err);
	drop_misses(&m);
	buf_init(&m.head, HEAD_MAX);
	/* What goes wrong costs matches alone: those messages are fetched. */
	if (rc == 0 && m.n_wants && ask_all(&m, &err) == 0) {
		match_sort_wants(m.wants, m.n_wants);
		rc = each_candidate(&m, read_item, &err);
		if (rc == 0) {
			match_decide(m.wants, m.n_wants, m.haves, m.n_haves);
			rc = give_items(&m, &err);
		}
		for (size_t i = 0; i < r->plan.n_boxes; i++)
			if (is_wanted(&r->plan.boxes[i]))
				drop_done(r, &r->plan.boxes[i]);
	}
	tree_reader_free(m.last);
	buf_clear(&m.head);
	free(m.wants);
	free(m.haves);
}
