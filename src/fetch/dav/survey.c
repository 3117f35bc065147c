/*
 * What a dry run tells of calendars or address books besides: sizes of the listing
 * (getcontentlength), quota (RFC 4331), what the server announces, and a sample by multiget.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/clock.h"
#include "valise/base/mem.h"
#include "valise/fetch/survey.h"
#include "run.h"

#define P_USED "{DAV:}quota-used-bytes"
#define P_FREE "{DAV:}quota-available-bytes"

enum { BY_SIZE = 24, BY_COUNT = 16, IDLES = 3, FREE_MAX_DIGITS = 18 };

/* What a backup or a restore makes use of. */
static const char *const announced[] = {"calendar-access", "addressbook", "extended-mkcol",
        "calendar-auto-schedule", "calendar-managed-attachments", "sync-collection"};

struct sample {
	const struct survey *to;
	const uint8_t *marks;
	struct davcoll *c;
	uint64_t bytes, items;
};

static void tell_coll(const struct dav_run *r, const struct davcoll *c)
{
	const struct survey *to = r->base.opts->survey;
	struct survey_coll coll = {r->base.kind, c->coll->name, c->n_items, 0, SURVEY_LISTED};
	uint64_t known = 0;

	for (size_t i = 0; i < c->n_items; i++) {
		known += c->items[i].has_len;
		coll.bytes += c->items[i].has_len ? c->items[i].len : 0;
	}
	if (known < c->n_items) {
		coll.how = known ? SURVEY_PART : SURVEY_UNKNOWN;
		coll.bytes = known ? coll.bytes / known * c->n_items : 0;
	}
	to->coll(to->ctx, &coll);
}

/* "1234", as servers write it; false: none, or none that can be. */
static bool number_of(const struct dav_response *r, const char *name, uint64_t *out)
{
	const char *text = dav_prop_text(r, name);

	if (!text || !*text || strspn(text, "0123456789") != strlen(text) ||
	        strlen(text) > FREE_MAX_DIGITS)
		return false;
	*out = strtoull(text, NULL, 10);
	return true;
}

struct quota {
	bool known;
	uint64_t used, available;
};

static int on_quota(void *ctx, struct dav_response *r, struct err *err)
{
	struct quota *q = ctx;

	(void)err;
	q->known =
	        q->known || (number_of(r, P_FREE, &q->available) && number_of(r, P_USED, &q->used));
	return 0;
}

/* The homes' quota, and how long an answer takes. */
static int ask_home(struct dav_worker *w, const struct survey *to, struct err *err)
{
	static const char *const props[] = {P_USED, P_FREE};
	const struct dav_home *home = &w->run->home;
	const char *url = home->urls[0];
	struct quota q = {0};
	char *dav = NULL;
	int rc = 0;

	for (unsigned i = 0; i < IDLES && rc == 0; i++) {
		int64_t began = clock_us();

		rc = dav_propfind(w->http, url, 0, props, COUNT(props), on_quota, &q, NULL, err);
		if (rc == 0)
			to->idle(to->ctx, clock_us() - began);
	}
	if (q.known)
		to->quota(to->ctx, q.used, q.used + q.available);
	if (rc < 0 && !err_ends(err))
		rc = 0;
	if (rc == 0)
		rc = dav_options(w->http, &url, 1, &dav, err);
	for (size_t i = 0; dav && i < COUNT(announced); i++)
		if (strstr(dav, announced[i]))
			to->has(to->ctx, announced[i]);
	free(dav);
	return rc < 0 && err_ends(err) ? rc : 0;
}

/* One of the chosen resources. */
static int on_resource(void *ctx, struct dav_response *r, struct err *err)
{
	struct sample *s = ctx;
	uint64_t key = *r->url ? dav_key(r->url) : 0;

	(void)err;
	if (!r->data)
		return 0;
	s->items++;
	s->bytes += r->data_len;
	for (size_t i = 0; i < s->c->n_items; i++)
		if (s->c->items[i].key == key) {
			s->to->item(s->to->ctx, r->data, MIN(r->data_len, SURVEY_ITEM_MAX),
			        s->c->items[i].has_len ? s->marks[i] / SURVEY_WEIGHT : 1);
			break;
		}
	return 0;
}

/* Those that are marked of one collection, by one multiget. */
static int sample_coll(struct dav_worker *w, struct sample *s, struct err *err)
{
	const char *hrefs[BY_SIZE + BY_COUNT];
	struct dav_multiget m = {
	        .url = s->c->url, .hrefs = hrefs, .contacts = w->run->base.kind == COLL_CONTACTS};
	int64_t began = clock_us();
	struct survey_round round;
	uint64_t bytes = 0;
	int rc;

	for (size_t i = 0; i < s->c->n_items && m.n_hrefs < COUNT(hrefs); i++)
		if (s->marks[i] && s->c->items[i].len + bytes < SURVEY_BYTES) {
			hrefs[m.n_hrefs++] = s->c->items[i].href;
			bytes += s->c->items[i].len;
		}
	if (!m.n_hrefs)
		return 0;
	s->bytes = s->items = 0;
	rc = dav_multiget_run(w->http, &m, 1, 1, on_resource, s, err);
	round = (struct survey_round){s->items, s->bytes, clock_us() - began};
	if (rc == 0 && s->items)
		s->to->round(s->to->ctx, &round);
	dav_answer_clear(&m.answer);
	return rc < 0 && err_ends(err) ? rc : 0;
}

/* Evenly over what all collections hold. */
static int sample_all(struct dav_worker *w, const struct survey *to, struct err *err)
{
	struct dav_run *r = w->run;
	size_t n = 0, at = 0;
	uint64_t *sizes;
	uint8_t *marks;
	int rc = 0;

	for (size_t i = 0; i < r->n_colls; i++)
		n += r->colls[i].n_items;
	sizes = xcalloc(n + 1, sizeof *sizes);
	marks = xcalloc(n + 1, 1);
	for (size_t i = 0; i < r->n_colls; i++)
		for (size_t k = 0; k < r->colls[i].n_items; k++)
			sizes[at++] = r->colls[i].items[k].len;
	survey_pick(sizes, n, BY_SIZE, BY_COUNT, marks);
	at = 0;
	for (size_t i = 0; i < r->n_colls && rc == 0; i++) {
		struct sample s = {.to = to, .marks = marks + at, .c = &r->colls[i]};

		rc = sample_coll(w, &s, err);
		at += r->colls[i].n_items;
	}
	free(sizes);
	free(marks);
	return rc;
}

int dav_survey(struct dav_worker *w, struct err *err)
{
	struct dav_run *r = w->run;
	const struct survey *to = r->base.opts->survey;
	int rc;

	for (size_t i = 0; i < r->n_colls; i++)
		if (r->colls[i].state == DAV_LISTED)
			tell_coll(r, &r->colls[i]);
	rc = ask_home(w, to, err);
	if (rc == 0)
		rc = sample_all(w, to, err);
	/* What breaks on a sample was counted all the same. */
	if (rc < 0 && rc != ERR_STOPPED) {
		err_clear(err);
		rc = 0;
	}
	return rc;
}
