/*
 * What a dry run tells of a mailbox besides: sizes as the server says them of each folder, and a
 * sample of items, each as what is made of it.
 */
#include "fetch/mapi/run.h"
#include <stdlib.h>
#include "valise/base/clock.h"
#include "valise/base/mem.h"
#include "valise/fetch/survey.h"

enum {
	HITS = 8, /* folders that are looked into, perhaps one several times */
	WINDOW = 400, /* rows of each */
	BY_SIZE = 3, /* of these rows */
	BY_COUNT = 2,
};

struct sample {
	struct mapi_worker *w;
	const struct survey *to;
	mapi_id ids[WINDOW];
	uint64_t sizes[WINDOW];
	uint8_t marks[WINDOW];
	size_t n;
	uint64_t listed, octets; /* of all rows */
	struct buf body;
	struct fx_reader *reader;
	uint64_t bytes, items; /* of a round */
	uint64_t all;
	int64_t began_ms;
};

static int on_row(void *ctx, const struct mapi_row *row, struct err *err)
{
	struct sample *s = ctx;

	s->listed++;
	s->octets += row->size;
	if (s->n < WINDOW) {
		s->ids[s->n] = row->id;
		/* a large one comes whole or not at all */
		s->sizes[s->n++] = row->size <= 4 * SURVEY_ITEM_MAX ? row->size : 0;
	}
	return stop_check(err);
}

static int put_made(void *ctx, const void *p, size_t n, struct err *err)
{
	struct sample *s = ctx;

	s->bytes += n;
	buf_fill(&s->body, p, n);
	return stop_check(err);
}

static int on_item(void *ctx, struct bag *item, struct err *err)
{
	struct sample *s = ctx;
	const struct outlook_to to = {put_made, NULL, s};
	struct outlook_made made = {.date_utc = INT64_MIN};
	int rc = 0;

	buf_reset(&s->body);
	if (outlook_form_of(item) != OUTLOOK_UNKNOWN)
		rc = outlook_convert(item, &to, &made, err);
	s->items += rc == 0;
	outlook_made_clear(&made);
	bag_free(item);
	return rc;
}

static int on_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct sample *s = ctx;

	return fx_read(s->reader, p, n, err);
}

/* One of them, timed. */
static int copy_one(struct sample *s, const struct box *b, size_t i, struct err *err)
{
	int64_t began = clock_us();
	struct mapi_store *store;
	struct survey_round round;
	int rc = worker_store(s->w, b->at, &store, err);

	s->bytes = s->items = 0;
	s->reader = fx_reader_new(on_item, s);
	if (rc == 0)
		rc = mapi_copy(store, b->folder.id, &s->ids[i], 1, on_octets, s, err);
	fx_reader_free(s->reader);
	round = (struct survey_round){s->items, s->bytes, clock_us() - began};
	s->all += s->bytes;
	if (rc < 0 || !s->items)
		return rc;
	s->to->round(s->to->ctx, &round);
	s->to->item(s->to->ctx, s->body.data, s->body.len, s->marks[i] / SURVEY_WEIGHT);
	return 0;
}

static bool is_over(const struct sample *s)
{
	return s->all >= SURVEY_BYTES || clock_ms() - s->began_ms >= SURVEY_MS;
}

static int list_box(struct sample *s, const struct box *b, struct err *err)
{
	struct mapi_store *store;
	int rc = worker_store(s->w, b->at, &store, err);

	s->n = 0;
	s->listed = s->octets = 0;
	return rc < 0 ? rc : mapi_contents(store, b->folder.id, false, on_row, s, err);
}

static int sample_box(struct sample *s, const struct box *b, unsigned hits, struct err *err)
{
	int rc = list_box(s, b, err);

	if (rc == 0)
		survey_pick(
		        s->sizes, s->n, (size_t)BY_SIZE * hits, (size_t)BY_COUNT * hits, s->marks);
	for (size_t i = 0; i < s->n && rc == 0 && !is_over(s); i++)
		if (s->marks[i] && s->sizes[i])
			rc = copy_one(s, b, i, err);
	return rc;
}

/* What the server says of the folder, else its rows. */
static int tell_box(struct sample *s, struct box *b, struct err *err)
{
	struct survey_coll c = {.kind = b->pairs[b->place.form].kind,
	        .name = b->place.name,
	        .items = b->folder.items,
	        .bytes = b->folder.size,
	        .how = SURVEY_SAID};
	int rc = 0;

	if (!c.bytes && c.items) {
		rc = list_box(s, b, err);
		c.items = s->listed;
		c.bytes = b->folder.size = s->octets;
		c.how = s->octets ? SURVEY_LISTED : SURVEY_UNKNOWN;
	}
	if (rc == 0)
		s->to->coll(s->to->ctx, &c);
	return rc;
}

static bool is_told(const struct box *b)
{
	const struct pattern_name name = {.full = b->place.name,
	        .content = b->place.name,
	        .delimiter = '/',
	        .mail = b->place.form == OUTLOOK_MAIL,
	        .uses = b->place.special_use};

	return b->pairs[b->place.form].is_wanted &&
	       pattern_chooses(&b->run->base.opts->choice, &name);
}

static int sample_all(struct sample *s, struct err *err)
{
	struct mapi_run *r = s->w->run;
	uint64_t *sizes = xcalloc(r->n_boxes + 1, sizeof *sizes);
	uint8_t *marks = xcalloc(r->n_boxes + 1, 1);
	int rc = 0;

	for (size_t i = 0; i < r->n_boxes && rc == 0; i++) {
		if (!is_told(&r->boxes[i]))
			continue;
		rc = tell_box(s, &r->boxes[i], err);
		sizes[i] = r->boxes[i].folder.size;
	}
	survey_pick(sizes, r->n_boxes, HITS, 0, marks);
	s->began_ms = clock_ms();
	for (size_t i = 0; i < r->n_boxes && rc == 0 && !is_over(s); i++)
		if (marks[i] && sizes[i])
			rc = sample_box(s, &r->boxes[i], marks[i] / SURVEY_WEIGHT, err);
	free(sizes);
	free(marks);
	return rc;
}

int mapi_survey(struct mapi_worker *w, struct err *err)
{
	struct sample *s = xcalloc(1, sizeof *s);
	int rc;

	s->w = w;
	s->to = w->run->base.opts->survey;
	buf_init(&s->body, SURVEY_ITEM_MAX);
	rc = sample_all(s, err);
	buf_clear(&s->body);
	free(s);
	if (rc == 0 || rc == ERR_STOPPED)
		return rc;
	err_clear(err); /* what breaks on a sample was counted all the same */
	return 0;
}
