/* POP3 source: messages into the sink. */
#include <stdlib.h>
#include <string.h>
#include "valise/format/header.h"
#include "pop3.h"

void pop3_name_failure(struct pop3_run *r, const struct drop *d, const char *reason)
{
	tree_coll_error(r->coll, 0, d->uidl, NULL, NULL, reason);
	r->result->errors++;
	progress_say(r->progress, SAY_WARNING, "INBOX, message %s: %s",
	        d->uidl ? d->uidl : "without UIDL", reason);
}

/* An item of the last state with this content, or this UIDL, whose message has not turned up yet. */
static const struct tree_item *claim(struct pop3_run *r, const uint8_t *sha256, const char *uidl)
{
	for (size_t i = 0; r->prev && i < r->prev->n_items; i++) {
		const struct tree_item *it = &r->prev->items[i];
		const struct tree_ext *x = tree_item_ext(r->prev, it);

		if (r->used[i])
			continue;
		if (sha256 ? memcmp(it->sha256, sha256, SHA256_LEN) == 0
		           : x && x->uid && !strcmp(x->uid, uidl)) {
			r->used[i] = 1;
			return it;
		}
	}
	return NULL;
}

static int give_item(struct pop3_run *r, const struct drop *d, struct tree_item *it,
        const struct tree_item *old, struct err *err)
{
	it->uid = old ? old->uid : r->next_uid++;
	it->ext = 0;
	it->keywords = 0;
	if (d->uidl)
		tree_coll_ext(r->coll, &it->ext)->uid = xstrdup(d->uidl);
	r->result->items++;
	return r->sink->ops->item(r->sink, r->coll, it, err);
}

int pop3_give_known(struct pop3_run *r, struct drop *d, bool *known_out, struct err *err)
{
	const struct tree_item *old = d->uidl ? claim(r, NULL, d->uidl) : NULL;
	struct tree_item it;

	*known_out = old != NULL;
	if (!old) {
		for (size_t i = 0; d->uidl && r->last_run && i < r->last_run->n_items; i++) {
			const struct tree_ext *x =
			        tree_item_ext(r->last_run, &r->last_run->items[i]);

			if (x && x->uid && !strcmp(x->uid, d->uidl)) {
				it = r->last_run->items[i];
				it.warn = WARN_DATE;
				*known_out = d->done = true;
				return give_item(r, d, &it, NULL, err);
			}
		}
		return 0;
	}
	it = *old;
	d->done = true;
	return give_item(r, d, &it, old, err);
}

static int put(struct pop3_run *r, const void *p, size_t n, struct err *err)
{
	if (r->head.len < POP3_HEAD && n) {
		size_t k = n < POP3_HEAD - r->head.len ? n : POP3_HEAD - r->head.len;

		buf_put(&r->head, p, k);
	}
	return n ? r->sink->ops->body_write(r->body, p, n, err) : 0;
}

/* The last CR LF is held back: whether it belongs to the message is known at its end. */
static int on_body(void *ctx, const void *data, size_t n, struct err *err)
{
	struct pop3_run *r = ctx;
	const uint8_t *p = data;
	int rc = 0;

	if (!r->body)
		rc = r->sink->ops->body_open(r->sink, COLL_MAIL, &r->body, err);
	if (rc < 0 || n == 0)
		return rc;
	if (r->held_crlf || (r->held_cr && p[0] != '\n'))
		rc = put(r, "\r\n", r->held_crlf ? 2 : 1, err);
	else if (r->held_cr)
		rc = n > 1 ? put(r, "\r", 1, err) : 0;
	if (rc < 0)
		return rc;
	if (r->held_cr && n == 1 && p[0] == '\n') {
		r->held_cr = false;
		r->held_crlf = true;
		return 0;
	}
	r->held_cr = p[n - 1] == '\r';
	r->held_crlf = n >= 2 && p[n - 2] == '\r' && p[n - 1] == '\n';
	return put(r, p, n - (r->held_crlf ? 2 : r->held_cr ? 1 : 0), err);
}

static void set_date(struct pop3_run *r, struct tree_item *it)
{
	struct date d = {0};
	const char *source;

	it->warn |= WARN_DATE;
	if (header_arrival_date(buf_str(&r->head), r->head.len, &d, &source)) {
		it->date_utc = d.utc;
		it->zone_min = d.zone_min;
	}
}

/* A message without a final CRLF gets one on the wire, before the dot; LIST tells its true size. */
static int finish_body(struct pop3_run *r, const struct drop *d, uint64_t octets,
        struct tree_item *it, struct err *err)
{
	struct tree_object o;
	bool lent = r->held_crlf && octets == d->size + 2 && r->liars == 0;
	int rc = 0;

	if (!r->body)
		rc = r->sink->ops->body_open(r->sink, COLL_MAIL, &r->body, err);
	if (rc == 0 && r->held_crlf && !lent)
		rc = put(r, "\r\n", 2, err);
	else if (rc == 0 && r->held_cr)
		rc = put(r, "\r", 1, err);
	if (rc < 0)
		return rc;
	rc = r->sink->ops->body_close(r->body, &o, err);
	r->body = NULL;
	if (rc < 0)
		return rc;
	memcpy(it->sha256, o.sha256, SHA256_LEN);
	it->size = o.size;
	if (o.has_nul)
		it->warn |= WARN_NUL;
	if (o.size != d->size) {
		it->warn |= WARN_SIZE;
		r->liars++;
	}
	return 0;
}

static void reset_message(struct pop3_run *r)
{
	if (r->body)
		r->sink->ops->body_abort(r->body);
	r->body = NULL;
	buf_reset(&r->head);
	r->held_cr = r->held_crlf = false;
}

struct batch {
	struct pop3_run *run;
	struct drop *const *list;
};

static int batch_body(void *ctx, const void *p, size_t n, struct err *err)
{
	return on_body(((struct batch *)ctx)->run, p, n, err);
}

static int batch_end(
        void *ctx, size_t index, uint64_t octets, const struct err *refused, struct err *err)
{
	struct batch *b = ctx;
	struct pop3_run *r = b->run;
	struct drop *d = b->list[index];
	struct tree_item it = {0};
	int rc = 0;

	if (refused) {
		d->failed = ++d->tries >= 2;
		if (d->failed)
			pop3_name_failure(r, d, refused->text);
	} else {
		r->retrieved = true;
		rc = finish_body(r, d, octets, &it, err);
		if (rc == 0) {
			set_date(r, &it);
			d->done = true;
			r->result->fetched++;
			r->result->bytes_fetched += octets;
			atomic_fetch_add(&r->progress->items_done, 1);
			atomic_fetch_add(&r->progress->bytes_done, octets);
			rc = give_item(r, d, &it, claim(r, it.sha256, NULL), err);
		}
	}
	reset_message(r);
	return rc ? rc : stop_check(err);
}

int pop3_fetch(struct pop3_run *r, struct drop *const *list, size_t n, struct err *err)
{
	static const struct pop3_sink sink = {batch_body, batch_end};
	struct batch b = {r, list};
	uint32_t numbers[POP3_BATCH];
	int rc;

	for (size_t i = 0; i < n; i++)
		numbers[i] = list[i]->number;
	r->retrieved = true; /* also when the connection breaks before the first end */
	rc = pop3_retr(r->session, numbers, n, &sink, &b, err);
	reset_message(r);
	return rc;
}
