/*
 * What a dry run tells of an IMAP account besides: sizes by STATUS (RFC 8438) or by the listing,
 * capabilities, quota, and a sample of the messages as a backup would fetch them.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/clock.h"
#include "run.h"

enum {
	HITS = 8, /* mailboxes that are looked into, perhaps one several times */
	WINDOW = 400, /* messages whose sizes are asked for there */
	BY_SIZE = 3, /* of these */
	BY_COUNT = 2,
	IDLES = 3,
	SMALL = 256 << 10, /* fetched together with others */
};

static const char *const capabilities[] = {"UIDPLUS", "LITERAL+", "MULTIAPPEND", "CONDSTORE",
        "QRESYNC", "COMPRESS=DEFLATE", "SPECIAL-USE", "CREATE-SPECIAL-USE", "NAMESPACE", "QUOTA",
        "STATUS=SIZE", "OBJECTID", "X-GM-EXT-1"};

bool survey_is_known(const struct mbox *mb)
{
	return mb->status.ok && !mb->box->noselect &&
	       (mb->status.has_size || plan_never_used(&mb->status));
}

static void tell_coll(const struct run *r, const struct mbox *mb, uint64_t items, uint64_t bytes,
        enum survey_how how)
{
	const struct survey *s = r->base.opts->survey;

	s->coll(s->ctx, &(struct survey_coll){COLL_MAIL, mb->name, items, bytes, how});
}

void survey_said(struct run *r, const struct mbox *mb)
{
	tell_coll(r, mb, mb->status.messages, mb->status.size, SURVEY_SAID);
}

void survey_listed(struct run *r, const struct mbox *mb)
{
	uint64_t known = 0, bytes = 0;

	for (size_t i = 0; i < mb->n_recs; i++) {
		known += (mb->recs[i].have & REC_SIZE) != 0;
		bytes += mb->recs[i].have & REC_SIZE ? mb->recs[i].size : 0;
	}
	if (known == mb->n_recs)
		tell_coll(r, mb, mb->n_recs, bytes, SURVEY_LISTED);
	else
		tell_coll(r, mb, mb->n_recs, known ? bytes / known * mb->n_recs : 0,
		        known ? SURVEY_PART : SURVEY_UNKNOWN);
}

/* A message of the sample. */
struct choice {
	uint32_t uid;
	uint8_t marks; /* of survey_pick */
	uint64_t size;
};

struct sample {
	struct worker *w;
	const struct survey *to;
	struct choice *list; /* of the mailbox at hand, sorted as they came */
	size_t n, cap;
	struct buf body; /* of the message that comes */
	uint64_t bytes, items; /* that came in this round */
	uint64_t all; /* octets so far */
	int64_t began_ms;
};

static int on_size(void *ctx, const struct imap_msg *msg, struct err *err)
{
	struct sample *s = ctx;

	if (msg->uid && msg->has_size && s->n < 2 * WINDOW)
		*ARR_PUSH(s->list, s->n, s->cap) = (struct choice){msg->uid, 0, msg->size};
	return stop_check(err);
}

static int on_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct sample *s = ctx;

	s->bytes += n;
	buf_fill(&s->body, p, n);
	return stop_check(err);
}

static int on_message(void *ctx, const struct imap_msg *msg, struct err *err)
{
	struct sample *s = ctx;

	(void)err;
	for (size_t i = 0; i < s->n && msg->has_body; i++)
		if (s->list[i].uid == msg->uid && s->list[i].marks) {
			s->to->item(s->to->ctx, s->body.data, s->body.len,
			        s->list[i].marks / SURVEY_WEIGHT);
			s->items++;
			break;
		}
	buf_reset(&s->body);
	return 0;
}

static bool is_over(const struct sample *s)
{
	return s->all >= SURVEY_BYTES || clock_ms() - s->began_ms >= SURVEY_MS;
}

/* A command that is timed. */
static int fetch_round(struct sample *s, const char *set, const char *items, struct err *err)
{
	static const struct imap_fetch_ops ops = {.body = on_octets, .message = on_message};
	struct survey_round round;
	int64_t began = clock_us();
	int rc;

	s->bytes = s->items = 0;
	buf_reset(&s->body);
	rc = imap_fetch_send(s->w->conn.m, set, items, err);
	if (rc == 0)
		rc = imap_fetch_wait(s->w->conn.m, &ops, s, err);
	round = (struct survey_round){s->items, s->bytes, clock_us() - began};
	s->all += s->bytes;
	if (rc == 0 && s->items)
		s->to->round(s->to->ctx, &round);
	return rc;
}

/* The chosen messages: small ones by one command, large ones alone and perhaps not whole. */
static int fetch_choices(struct sample *s, struct err *err)
{
	struct buf set = buf_of(SET_MAX);
	char items[64];
	uint64_t bytes = 0;
	int rc = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].marks && s->list[i].size <= SMALL && bytes < SURVEY_ITEM_MAX) {
			buf_putf(&set, "%s%u", set.len ? "," : "", s->list[i].uid);
			bytes += s->list[i].size;
		}
	if (set.len)
		rc = fetch_round(s, buf_str(&set), "(UID BODY.PEEK[])", err);
	snprintf(items, sizeof items, "(UID BODY.PEEK[]<0.%u>)", (unsigned)SURVEY_ITEM_MAX);
	for (size_t i = 0; i < s->n && rc == 0 && !is_over(s); i++) {
		if (!s->list[i].marks || s->list[i].size <= SMALL)
			continue;
		buf_reset(&set);
		buf_putf(&set, "%u", s->list[i].uid);
		rc = fetch_round(s, buf_str(&set), items, err);
	}
	buf_clear(&set);
	return rc;
}

/* The UIDs of about WINDOW messages from ${part} of the mailbox on. */
static void window_of(const struct imap_selected *sel, double part, char out[32])
{
	uint32_t width, from;

	if (sel->exists <= WINDOW || sel->uidnext <= WINDOW) {
		snprintf(out, 32, "1:*");
		return;
	}
	width = (uint32_t)((double)sel->uidnext / sel->exists * (double)WINDOW);
	from = 1 + (uint32_t)((double)(sel->uidnext - 1) * part);
	from = from + width > sel->uidnext ? sel->uidnext - MIN(width, sel->uidnext - 1) : from;
	snprintf(out, 32, "%u:%u", from, from + width);
}

/* A few messages of a mailbox, from ${part} of it on; more of it for more ${hits}. */
static int sample_box(
        struct sample *s, struct mbox *mb, double part, unsigned hits, struct err *err)
{
	static const struct imap_fetch_ops ops = {.message = on_size};
	struct imap_selected sel;
	uint64_t *sizes;
	uint8_t *marks;
	char set[32];
	int rc = mbox_examine(s->w, mb, &sel, err);

	s->n = 0;
	if (rc == 0) {
		window_of(&sel, part, set);
		rc = imap_fetch_send(s->w->conn.m, set, "(UID RFC822.SIZE)", err);
	}
	if (rc == 0)
		rc = imap_fetch_wait(s->w->conn.m, &ops, s, err);
	imap_selected_clear(&sel);
	if (rc < 0)
		return rc;
	sizes = xcalloc(s->n + 1, sizeof *sizes);
	marks = xcalloc(s->n + 1, 1);
	for (size_t i = 0; i < s->n; i++)
		sizes[i] = s->list[i].size;
	survey_pick(sizes, s->n, BY_SIZE * hits, BY_COUNT * hits, marks);
	for (size_t i = 0; i < s->n; i++)
		s->list[i].marks = marks[i];
	free(sizes);
	free(marks);
	return fetch_choices(s, err);
}

/* What a mailbox weighs: octets where all say them, else messages. */
static uint64_t weight_of(const struct mbox *mb, bool sizes)
{
	if (mb->left_out || mb->box->noselect || !mb->status.ok)
		return 0;
	return sizes ? mb->status.size : mb->status.messages;
}

/* The mailbox that ${at} of all weights falls into; *before: what those before it weigh. */
static struct mbox *box_at(const struct plan *p, bool sizes, double at, uint64_t *before)
{
	size_t k = 0;

	*before = 0;
	while (k + 1 < p->n_boxes && (double)(*before + weight_of(&p->boxes[k], sizes)) <= at)
		*before += weight_of(&p->boxes[k++], sizes);
	return &p->boxes[k];
}

/*
 * Evenly spread points on the weights of all mailboxes. One that is looked at as a whole is
 * looked at once.
 */
static int sample_boxes(struct sample *s, struct err *err)
{
	const struct plan *p = &s->w->run->plan;
	bool sizes = imap_has(s->w->conn.m, "STATUS=SIZE");
	uint64_t sum = 0, before;
	int rc = 0;

	for (size_t i = 0; i < p->n_boxes; i++)
		sum += weight_of(&p->boxes[i], sizes);
	for (unsigned hit = 0, n = 1; hit < HITS && sum && rc == 0 && !is_over(s); hit += n) {
		double at = (double)sum * (hit + 0.5) / (double)HITS;
		struct mbox *mb = box_at(p, sizes, at, &before);
		double w = (double)weight_of(mb, sizes);

		n = 1;
		while (mb->status.messages <= WINDOW && hit + n < HITS &&
		        (double)sum * (hit + n + 0.5) / (double)HITS < (double)before + w)
			n++;
		rc = w > 0 ? sample_box(s, mb, (at - (double)before) / w, n, err) : 0;
		/* A mailbox that cannot be read is told where it is listed. */
		if (rc < 0 && rc != ERR_STOPPED && rc != ERR_THROTTLED && imap_alive(s->w->conn.m))
			rc = 0;
	}
	return rc;
}

static int tell_server(struct worker *w, const struct survey *to, struct err *err)
{
	struct imap *m = w->conn.m;
	const char *limit = imap_capability_value(m, "APPENDLIMIT");
	struct imap_quota quota;
	char text[64];
	int rc = 0;

	for (size_t i = 0; i < COUNT(capabilities); i++)
		if (imap_has(m, capabilities[i]))
			to->has(to->ctx, capabilities[i]);
	snprintf(text, sizeof text, "APPENDLIMIT=%.30s", limit ? limit : "");
	if (limit)
		to->has(to->ctx, text);
	rc = imap_quota(m, &quota, err);
	if (rc == 0 && quota.limit)
		to->quota(to->ctx, quota.used, quota.limit);
	for (unsigned i = 0; i < IDLES && rc == 0; i++) {
		int64_t began = clock_us();

		rc = imap_noop(m, err);
		if (rc == 0)
			to->idle(to->ctx, clock_us() - began);
	}
	return rc < 0 && rc != ERR_STOPPED && imap_alive(m) ? 0 : rc;
}

int survey_sample(struct worker *w, struct err *err)
{
	struct sample s = {.w = w, .to = w->run->base.opts->survey, .began_ms = clock_ms()};
	int rc;

	buf_init(&s.body, SURVEY_ITEM_MAX);
	rc = tell_server(w, s.to, err);
	if (rc == 0)
		rc = sample_boxes(&s, err);
	buf_clear(&s.body);
	free(s.list);
	/* What breaks on a sample is no reason not to count what is there. */
	if (rc < 0 && rc != ERR_STOPPED) {
		err_clear(err);
		imap_conn_close(&w->conn);
		rc = imap_conn_ready(&w->conn, err);
	}
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}
