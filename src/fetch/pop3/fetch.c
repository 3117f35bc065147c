/* POP3 source: messages into the sink. */
#include <stdlib.h>
#include <string.h>
#include "run.h"

void pop3_name_failure(struct pop3_run *r, struct message *m, const char *reason)
{
	m->failed = true;
	run_lose(&r->base, r->coll, 0, m->uidl, reason);
	progress_say(r->base.progress, SAY_WARNING, "%s, message %u (%s): %s", r->name, m->number,
	        m->uidl ? m->uidl : "the server gives it no name", reason);
}

static bool has_uidl(const struct pop3_run *r, const struct tree_item *old, const char *uidl)
{
	const struct tree_ext *x = tree_item_ext(known_coll(r->past.prev), old);

	return x && x->uid && uidl ? !strcmp(x->uid, uidl) : !(x && x->uid) && !uidl;
}

/* ${old}: what the last state has for it, or NULL. */
static int give_item(struct pop3_run *r, const char *uidl, const struct tree_item *from,
        const struct tree_item *old, struct err *err)
{
	struct tree_item it = *from;

	it.uid = old ? old->uid : r->next_uid++;
	it.ext = 0;
	it.keywords = 0;
	if (uidl)
		tree_coll_ext(r->coll, &it.ext)->uid = xstrdup(uidl);
	r->base.result.items++;
	r->changed |= !old || !has_uidl(r, old, uidl);
	return run_item(&r->base, r->coll, &it, err);
}

/*
 * An item of prev, where that is another collection: *lost_out if its octets cannot
 * be read.
 */
static int bring_gone(
        struct pop3_run *r, const struct tree_item *old, bool *lost_out, struct err *err)
{
	int rc = r->past.last ? tree_copy_body(r->past.last, known_coll(r->past.prev), old,
	                                r->base.sink, err)
	                      : 0;

	*lost_out = rc == ERR_DAMAGED || rc == ERR_NOTFOUND;
	return *lost_out ? 0 : rc;
}

static void note_hash(struct message *m, const uint8_t sha256[SHA256_LEN])
{
	memcpy(m->sha256, sha256, SHA256_LEN);
	m->hashed = true;
}

/* Does another source of this run give this content? */
static bool given_elsewhere(struct pop3_run *r, struct message *m, const uint8_t sha256[SHA256_LEN])
{
	if (!r->base.opts->seen || !r->base.opts->seen(r->base.opts->seen_ctx, sha256))
		return false;
	seen_file_add(r->past.elsewhere, m->uidl, m->size, sha256);
	r->past.skipped++;
	return true;
}

/* A message whose octets are here, unless another source gives it. */
static int give_old(struct pop3_run *r, struct message *m, const struct tree_item *from,
        const struct tree_item *old, struct err *err)
{
	struct tree_item it = *from;

	m->done = true;
	r->manner.exact += it.size == m->size;
	note_hash(m, it.sha256);
	if (given_elsewhere(r, m, it.sha256))
		return 0;
	return give_item(r, m->uidl, &it, old, err);
}

int pop3_give_known(struct pop3_run *r, struct message *m, bool *known_out, struct err *err)
{
	const struct tree_item *it;
	const uint8_t *sha256;
	struct tree_item again;
	bool lost = false;
	int rc;

	*known_out = m->done;
	if (m->done || !m->uidl)
		return 0;
	*known_out = true;
	it = known_claim_uidl(r->past.prev, m->uidl, m->size, false);
	rc = it ? bring_gone(r, it, &lost, err) : 0;
	if (rc < 0)
		return rc;
	if (it && !lost) {
		r->base.result.unchanged++;
		return give_old(r, m, it, it, err);
	}
	it = known_claim_uidl(r->past.last_run, m->uidl, m->size, r->past.doubted);
	if (it) {
		/*
		 * Of an item of an interrupted run, only this is to be trusted (enum
		 * tree_prev).
		 */
		again = (struct tree_item){.size = it->size,
		        .date_utc = it->date_utc,
		        .zone_min = it->zone_min,
		        .warn = WARN_DATE};
		memcpy(again.sha256, it->sha256, SHA256_LEN);
		return give_old(r, m, &again, known_claim_content(r->past.prev, it->sha256), err);
	}
	sha256 = r->base.opts->seen ? seen_file_find(r->past.elsewhere, m->uidl, m->size) : NULL;
	if (sha256 && given_elsewhere(r, m, sha256)) {
		note_hash(m, sha256);
		m->done = true;
		return 0;
	}
	*known_out = false;
	return 0;
}

int pop3_give_unlisted(struct pop3_run *r, bool named, size_t *n_out, struct err *err)
{
	const struct tree_item *it;
	const char *uidl;
	size_t at = 0;

	*n_out = 0;
	while ((it = known_unclaimed(r->past.prev, &at, &uidl)) != NULL) {
		bool lost;
		int rc;

		if (!named)
			uidl = NULL;
		if ((!uidl && r->drop) ||
		        (r->base.opts->seen &&
		                r->base.opts->seen(r->base.opts->seen_ctx, it->sha256)))
			continue;
		rc = bring_gone(r, it, &lost, err);
		if (rc == 0 && !lost)
			rc = give_item(r, uidl, it, it, err);
		if (rc < 0)
			return rc;
		if (lost) {
			run_lose(&r->base, r->coll, it->uid, uidl, err->text);
			err_clear(err);
			continue;
		}
		*n_out += uidl || !named;
	}
	return 0;
}

/* The last CR LF is held back: whether it belongs to the message is known at its end. */
static int on_body(void *ctx, const void *data, size_t n, struct err *err)
{
	struct pop3_run *r = ctx;
	const uint8_t *p = data;
	int rc = 0;

	if (n == 0)
		return 0;
	if (r->held_crlf || (r->held_cr && p[0] != '\n'))
		rc = intake_write(&r->in, "\r\n", r->held_crlf ? 2 : 1, err);
	else if (r->held_cr)
		rc = n > 1 ? intake_write(&r->in, "\r", 1, err) : 0;
	if (rc < 0)
		return rc;
	if (r->held_cr && n == 1 && p[0] == '\n') {
		r->held_cr = false;
		r->held_crlf = true;
		return 0;
	}
	r->held_cr = p[n - 1] == '\r';
	r->held_crlf = n >= 2 && p[n - 2] == '\r' && p[n - 1] == '\n';
	return intake_write(&r->in, p, n - (r->held_crlf ? 2 : r->held_cr ? 1 : 0), err);
}

/*
 * A message without a final CRLF gets one on the wire, before the dot; LIST tells its
 * true size.
 */
static int finish_body(struct pop3_run *r, const struct message *m, uint64_t octets,
        struct tree_item *it, struct err *err)
{
	bool lent = r->held_crlf && octets == m->size + 2 && r->manner.liars == 0;
	int rc = 0;

	if (r->held_crlf && !lent)
		rc = intake_write(&r->in, "\r\n", 2, err);
	else if (r->held_cr)
		rc = intake_write(&r->in, "\r", 1, err);
	it->size = m->size;
	if (rc == 0)
		rc = intake_finish(&r->in, it, INTAKE_SIZE, err);
	if (rc < 0)
		return rc;
	r->manner.exact += it->size == m->size;
	r->manner.liars += it->size != m->size;
	return 0;
}

/* As long as LIST says of the other one, and the other way round. */
static bool is_crossed(const struct message *a, const struct message *b)
{
	return b->misfits && a->came == b->size && b->came == a->size;
}

void pop3_name_misfits(struct pop3_run *r)
{
	struct message **list = xcalloc(r->maildrop.n_messages + 1, sizeof *list);
	size_t n = 0;

	for (size_t i = 0; i < r->maildrop.n_messages; i++)
		if (r->maildrop.messages[i].misfits)
			list[n++] = &r->maildrop.messages[i];
	for (size_t i = 0; i < n; i++) {
		char text[MISFIT_TEXT];
		bool crossed = false;

		for (size_t k = 0; k < n && n <= POP3_CROSSED && !crossed; k++)
			crossed = is_crossed(list[i], list[k]);
		if (crossed || run_trusts_sizes(r->manner.exact, n))
			pop3_name_failure(r, list[i],
			        run_misfit_text(!crossed && list[i]->came < list[i]->size,
			                list[i]->came, list[i]->size, text));
	}
	free(list);
}

static void reset_message(struct pop3_run *r)
{
	intake_drop(&r->in);
	r->held_cr = r->held_crlf = false;
}

struct batch {
	struct pop3_run *run;
	struct message *const *list;
	struct pop3_want *wants;
	size_t asked, next; /* message not asked for yet, and whose end has not come yet */
	/* of those asked for, and of those that came, what is not durable */
	struct pop3_load ahead, taken;
	bool astray; /* the one before it ended the session */
};

static int batch_body(void *ctx, const void *p, size_t n, struct err *err)
{
	return on_body(((struct batch *)ctx)->run, p, n, err);
}

/* A whole message is here. */
static int take_message(struct pop3_run *r, struct message *m, uint64_t octets, struct err *err)
{
	struct tree_item it = {0};
	int rc = finish_body(r, m, octets, &it, err);

	if (rc < 0)
		return rc;
	note_hash(m, it.sha256);
	m->done = true;
	r->base.result.fetched++;
	r->base.result.bytes_fetched += octets;
	atomic_fetch_add(&r->base.progress->items_done, 1);
	atomic_fetch_add(&r->base.progress->bytes_done, octets);
	/* Without UIDL: what an earlier listing of this run gave is not given again. */
	if (!m->uidl && !tally_add(r->maildrop.tally, it.sha256))
		return 0;
	if (given_elsewhere(r, m, it.sha256))
		return 0;
	return give_item(r, m->uidl, &it, known_claim_content(r->past.prev, it.sha256), err);
}

/* Say once that the server does not stuff its dots. */
static void say_unstuffed(struct pop3_run *r)
{
	if (!r->manner.unstuffed)
		progress_say(r->base.progress, SAY_NOTE,
		        "%s does not double the dots at the start of lines (RFC 1939 3): messages "
		        "that have some are taken by their size",
		        r->base.service->at.host);
	r->manner.unstuffed = true;
}

/* Name a message whose end cannot be told. */
static void not_whole(struct pop3_run *r, struct message *m, const struct pop3_shape *came)
{
	char text[200];

	if (came->astray)
		snprintf(text, sizeof text,
		        "the server ends it after %ju of %ju octets, and what follows is no "
		        "answer: not kept",
		        (uintmax_t)came->octets, (uintmax_t)m->size);
	else
		snprintf(text, sizeof text,
		        "the dots at the start of its lines are not sent as RFC 1939 wants it, and "
		        "its size of %ju octets does not tell what is meant: not kept",
		        (uintmax_t)m->size);
	pop3_name_failure(r, m, text);
}

static void note_misfit(struct pop3_run *r, struct message *m)
{
	m->by_retr = true;
	if (++r->manner.top_misfits >= POP3_TOP_MISFITS)
		r->manner.top = false;
}

/*
 * The end of a message has come: is it all of it? Else how it is asked for the next time.
 */
static int settle_message(
        struct batch *b, size_t index, const struct pop3_shape *came, struct err *err)
{
	struct pop3_run *r = b->run;
	struct message *m = b->list[index];
	const struct pop3_asked asked = {b->wants[index], m->astray,
	        !m->again && run_trusts_sizes(r->manner.exact, r->manner.liars + 1)};

	m->astray += came->astray;
	b->astray = came->astray;
	switch (pop3_judge(came, &asked)) {
	case POP3_KEEP:
		m->topped = asked.want.top;
		m->came = came->octets;
		/*
		 * Some servers count the dots that they double, or a final CRLF of their
		 * own.
		 */
		m->misfits = came->octets + came->doubled + 2 < m->size ||
		             (came->octets > m->size && !pop3_size_fits(came, m->size) &&
		                     !run_is_miscounted(came->octets, m->size));
		if (came->octets || !m->misfits)
			return take_message(r, m, came->octets, err);
		m->misfits = false;
		pop3_name_failure(r, m, "the server gives no octets of it");
		break;
	case POP3_ASK_RETR:
		note_misfit(r, m);
		break;
	case POP3_ASK_CHECKED:
		m->again = r->manner.check = true;
		break;
	case POP3_ASK_DOUBLED:
		say_unstuffed(r);
		m->dots = POP3_DOUBLED;
		break;
	case POP3_ASK_BY_SIZE:
		say_unstuffed(r);
		m->dots = POP3_BY_SIZE;
		break;
	case POP3_NOT_WHOLE:
		not_whole(r, m, came);
		break;
	}
	return 0;
}

/* How it is asked for this time. */
static struct pop3_want want_of(const struct pop3_run *r, struct message *m)
{
	struct pop3_want w = {.number = m->number,
	        .size = m->size,
	        .top = r->manner.top && r->manner.top_proven && !m->by_retr &&
	               m->dots == POP3_STUFFED,
	        .dots = m->dots};

	w.check = !w.top && r->manner.check;
	m->retred |= !w.top;
	return w;
}

/* Only so far ahead of what is durable. */
static bool batch_ask(void *ctx, size_t index, struct pop3_want *want)
{
	struct batch *b = ctx;
	struct message *m = b->list[index];

	if (!pop3_may_ask(&b->ahead, m->size))
		return false;
	b->ahead.messages++;
	b->ahead.octets += m->size;
	b->asked = index + 1;
	*want = want_of(b->run, m);
	return true;
}

/* What came is durable, and as much may be asked for. */
static int sync_taken(struct batch *b, struct err *err)
{
	struct tree_sink *sink = b->run->base.sink;
	int rc = b->taken.messages && sink->ops->sync ? sink->ops->sync(sink, err) : 0;

	b->ahead.messages -= b->taken.messages;
	b->ahead.octets -= b->taken.octets;
	b->taken = (struct pop3_load){0};
	return rc;
}

/* The end of one message: settled, or refused. */
static int batch_end(void *ctx, size_t index, const struct pop3_shape *came,
        const struct err *refused, struct err *err)
{
	struct batch *b = ctx;
	struct pop3_run *r = b->run;
	struct message *m = b->list[index];
	int rc = 0;

	b->next = index + 1;
	b->taken.messages++;
	b->taken.octets += m->size;
	if (!refused)
		rc = settle_message(b, index, came, err);
	else if (b->wants[index].top)
		note_misfit(r, m);
	else if (++m->tries >= POP3_REFUSALS)
		pop3_name_failure(r, m, refused->text);
	reset_message(r);
	if (rc == 0 && pop3_is_due(&b->taken))
		rc = sync_taken(b, err);
	if (rc == 0)
		rc = stop_check(err);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

/*
 * The message that ended the session, again and again, must not keep the others from
 * coming.
 */
static void blame_message(
        struct pop3_run *r, struct message *m, const struct pop3_want *w, const struct err *err)
{
	if (w->top)
		note_misfit(r, m);
	m->tries += pop3_waited_out(r->visit.pop3) ? POP3_WAITED_OUT : 1;
	if (err->code == ERR_LIMIT)
		pop3_name_failure(r, m, err->text);
	else if (m->tries >= POP3_BREAKS)
		pop3_name_failure(r, m, err->text);
}

/* A message that is too long ends a session, not the run. */
static bool ends_session(const struct err *err)
{
	return err->code == ERR_NET || err->code == ERR_PROTO || err->code == ERR_TLS ||
	       err->code == ERR_LIMIT;
}

int pop3_fetch(struct pop3_run *r, struct message *const *list, size_t n, size_t *asked_out,
        struct err *err)
{
	static const struct pop3_sink sink = {batch_ask, batch_body, batch_end};
	struct batch b = {.run = r, .list = list, .wants = xcalloc(n + 1, sizeof *b.wants)};
	struct err failed = {0};
	int rc, synced;

	r->visit.retrieved = true; /* also when the connection breaks before the first end */
	rc = pop3_retr(r->visit.pop3, b.wants, n, &sink, &b, &failed);
	reset_message(r);
	if (rc < 0 && ends_session(&failed) && b.next < n && !b.astray)
		blame_message(r, list[b.next], &b.wants[b.next], &failed);
	if (rc == ERR_LIMIT)
		rc = failed.code = ERR_PROTO;
	/* Durable before more is asked for: a server may lose what was read. */
	synced = sync_taken(&b, err);
	if (asked_out)
		*asked_out = b.asked;
	free(b.wants);
	if (synced < 0)
		return synced;
	if (rc < 0 && err)
		*err = failed;
	return rc;
}
