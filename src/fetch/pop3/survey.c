/*
 * What a dry run tells of a maildrop besides: its size, capabilities, and a sample by TOP, which
 * marks nothing as read.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/clock.h"
#include "valise/base/mem.h"
#include "valise/fetch/survey.h"
#include "run.h"

enum { BY_SIZE = 16, BY_COUNT = 8, ROUND = 8 };

struct sample {
	const struct survey *to;
	struct buf body;
	const uint8_t *marks; /* of the wants of this round */
	uint64_t bytes, items;
};

static int on_body(void *ctx, const void *p, size_t n, struct err *err)
{
	struct sample *s = ctx;

	s->bytes += n;
	buf_fill(&s->body, p, n);
	return stop_check(err);
}

static int on_end(void *ctx, size_t index, const struct pop3_shape *shape,
        const struct err *refused, struct err *err)
{
	struct sample *s = ctx;

	(void)shape;
	(void)err;
	s->items += !refused;
	if (!refused && s->body.len)
		s->to->item(s->to->ctx, s->body.data, s->body.len, s->marks[index] / SURVEY_WEIGHT);
	buf_reset(&s->body);
	return 0;
}

/* The chosen messages, a few at a time; an error ends the session. */
static int retrieve(struct pop3_run *r, struct sample *s, struct pop3_want *wants,
        const uint8_t *marks, size_t n, struct err *err)
{
	static const struct pop3_sink sink = {.body = on_body, .end = on_end};
	int64_t start = clock_ms();
	uint64_t all = 0;
	int rc = 0;

	for (size_t i = 0, k; i < n && rc == 0 && all < SURVEY_BYTES; i += k) {
		int64_t began = clock_us();
		struct survey_round round;

		k = MIN(ROUND, n - i);
		s->marks = marks + i;
		s->bytes = s->items = 0;
		rc = pop3_retr(r->visit.pop3, wants + i, k, &sink, s, err);
		round = (struct survey_round){s->items, s->bytes, clock_us() - began};
		if (rc == 0 && s->items)
			s->to->round(s->to->ctx, &round);
		all += s->bytes;
		if (clock_ms() - start >= SURVEY_MS)
			break;
	}
	return rc;
}

/* Not of a server that says that it deletes or hides what was retrieved, nor by RETR. */
static bool may_retrieve(const struct pop3_run *r)
{
	const struct pop3_caps *after = pop3_caps(r->visit.pop3),
	                       *before = pop3_caps_before(r->visit.pop3);

	return after->top && !r->maildrop.window &&
	       !(after->expire_given && !after->expire_never) &&
	       !(before->expire_given && !before->expire_never);
}

static int sample_messages(struct pop3_run *r, const struct survey *to, struct err *err)
{
	const struct message *list = r->maildrop.messages;
	size_t n = r->maildrop.n_messages, n_wants = 0;
	struct pop3_want wants[BY_SIZE + BY_COUNT];
	uint8_t chosen[BY_SIZE + BY_COUNT], *marks = xcalloc(n + 1, 1);
	uint64_t *sizes = xcalloc(n + 1, sizeof *sizes);
	struct sample s = {.to = to};
	int rc = 0;

	/* Most of a sample are small ones: a large one comes whole or not at all. */
	for (size_t i = 0; i < n; i++)
		sizes[i] = list[i].number && list[i].size <= 4 * SURVEY_ITEM_MAX ? list[i].size : 0;
	survey_pick(sizes, n, BY_SIZE, BY_COUNT, marks);
	for (size_t i = 0; i < n; i++)
		if (marks[i] && sizes[i]) {
			chosen[n_wants] = marks[i];
			wants[n_wants++] = (struct pop3_want){
			        .number = list[i].number, .size = list[i].size, .top = true};
		}
	buf_init(&s.body, SURVEY_ITEM_MAX);
	if (n_wants) {
		r->visit.retrieved = true;
		rc = retrieve(r, &s, wants, chosen, n_wants, err);
	}
	buf_clear(&s.body);
	free(sizes);
	free(marks);
	return rc;
}

/* The words of CAPA that are of use. */
static void tell_capabilities(const struct pop3_run *r, const struct survey *to)
{
	const struct pop3_caps *c = pop3_caps(r->visit.pop3);

	if (c->top)
		to->has(to->ctx, "TOP");
	if (c->pipelining)
		to->has(to->ctx, "PIPELINING");
	if (!r->maildrop.no_uidl && r->maildrop.n_messages && r->maildrop.messages[0].uidl)
		to->has(to->ctx, "UIDL");
}

int pop3_survey(struct pop3_run *r, struct err *err)
{
	const struct survey *to = r->base.opts->survey;
	uint64_t bytes = 0;
	int rc = 0;

	for (size_t i = 0; i < r->maildrop.n_messages; i++)
		bytes += r->maildrop.messages[i].size;
	to->coll(to->ctx, &(struct survey_coll){COLL_MAIL, r->name, r->maildrop.n_messages, bytes,
	                          SURVEY_LISTED});
	tell_capabilities(r, to);
	if (may_retrieve(r))
		rc = sample_messages(r, to, err);
	/* What breaks on a sample was counted all the same. */
	if (rc < 0 && rc != ERR_STOPPED) {
		err_clear(err);
		rc = 0;
	}
	return rc;
}
