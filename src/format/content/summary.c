/* What a calendar or vCard resource is about: a reading of it for listings and checks. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "internal.h"

#define NAMES_MAX 10000
#define RECENT 16

/*
 * TZIDs seen: in the end those used are looked for among those defined. What comes again
 * soon is not noted again, what is beyond the cap not at all.
 */
struct names {
	char **list;
	size_t n, cap;
};

struct reading {
	struct content_summary *out;
	char *comp; /* the main component being read, or NULL */
	int comp_depth; /* depth of its properties */
	bool in_calendar, in_zone, override;
	char *uid; /* of the component */
	bool first_done; /* the first main component has ended */
	bool title_is_n; /* made of N, which FN outranks */
	struct names used, zones;
};

static void names_add(struct names *s, const char *name)
{
	if (!name)
		return;
	for (size_t i = s->n; i > 0 && s->n - i < RECENT; i--)
		if (strcmp(s->list[i - 1], name) == 0)
			return;
	if (s->n < NAMES_MAX)
		*ARR_PUSH(s->list, s->n, s->cap) = xstrdup(name);
}

/* The value as it stands, cut to what a listing shows. */
static char *raw_text(const struct content_line *l)
{
	return xstrndup(l->value, MIN(l->value_len, CONTENT_TEXT_MAX));
}

/* The first component within is the main one; time zones are noted. */
static void begin_component(struct reading *r, const struct content_line *l)
{
	char *name = content_component(l);

	if (l->depth == 0)
		r->in_calendar = strcmp(name, "VCALENDAR") == 0;
	if (l->depth == 0 && r->in_calendar)
		r->out->calendar = true;
	if (l->depth == 1 && r->in_calendar && strcmp(name, "VTIMEZONE") == 0)
		r->in_zone = true;
	if (!r->comp && content_is_main(name, r->in_calendar, l->depth)) {
		r->out->card |= strcmp(name, "VCARD") == 0;
		r->out->calendar |= strcmp(name, "VCARD") != 0;
		r->comp = name;
		r->comp_depth = l->depth + 1;
		name = NULL;
	}
	free(name);
}

/* What was read of the main component goes into the summary. */
static void end_component(struct reading *r)
{
	struct content_summary *s = r->out;

	s->components++;
	s->overrides += r->override;
	s->master |= !r->override;
	if (r->uid && s->uid && strcmp(r->uid, s->uid) != 0)
		s->several_uids = true;
	if (!s->component)
		s->component = xstrdup(r->comp);
	if (!s->uid) {
		s->uid = r->uid;
		r->uid = NULL;
	}
	free(r->uid);
	free(r->comp);
	r->uid = r->comp = NULL;
	r->override = false;
	r->first_done = true;
}

/* All that END closes at this depth. */
static void end_components(struct reading *r, int depth)
{
	if (r->comp && depth < r->comp_depth)
		end_component(r);
	if (depth <= 1)
		r->in_zone = false;
	if (depth == 0)
		r->in_calendar = false;
}

/* SUMMARY or FN, else the words of N. */
static void take_title(struct reading *r, const struct content_line *l)
{
	struct content_summary *s = r->out;
	bool is_n = strcmp(l->name, "N") == 0;

	if (s->title && !(r->title_is_n && !is_n))
		return;
	free(s->title);
	s->title = is_n ? content_name_text(l) : content_text(l);
	r->title_is_n = is_n;
	if (s->title[0] == '\0') {
		free(s->title);
		s->title = NULL;
	}
}

/* A property of the component itself, not of an alarm in it. */
static void component_line(struct reading *r, const struct content_line *l)
{
	struct content_summary *s = r->out;

	if (strcmp(l->name, "UID") == 0) {
		if (!r->uid)
			r->uid = content_uid(l);
	} else if (strcmp(l->name, "RECURRENCE-ID") == 0) {
		r->override = true;
	} else if (text_in(l->name, "SUMMARY|FN|N")) {
		take_title(r, l);
	} else if (strcmp(l->name, "DTSTART") == 0 && !r->first_done) {
		free(s->start);
		s->start = raw_text(l);
	} else if (strcmp(l->name, "DUE") == 0 && !r->first_done && !s->start) {
		s->start = raw_text(l);
	}
	s->attendees |= strcmp(l->name, "ATTENDEE") == 0;
	s->organizer |= strcmp(l->name, "ORGANIZER") == 0;
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct reading *r = ctx;
	char *zone;

	(void)err;
	if (strcmp(l->name, "BEGIN") == 0) {
		begin_component(r, l);
		return 0;
	}
	if (strcmp(l->name, "END") == 0) {
		end_components(r, l->depth);
		return 0;
	}
	if (r->in_zone && l->depth == 2 && strcmp(l->name, "TZID") == 0) {
		zone = content_zone_defined(l);
		names_add(&r->zones, zone);
		free(zone);
	}
	zone = r->comp ? content_zone_used(l) : NULL;
	if (zone && zone[0] != '/')
		names_add(&r->used, zone);
	free(zone);
	if (r->in_calendar && l->depth == 1 && strcmp(l->name, "METHOD") == 0 && !r->out->method)
		r->out->method = raw_text(l);
	if (r->comp && l->depth == r->comp_depth)
		component_line(r, l);
	return 0;
}

/* A TZID that is used and not defined, or NULL; the caller frees. */
static char *missing_zone(struct reading *r)
{
	if (r->zones.n == NAMES_MAX)
		return NULL;
	SORT(r->zones.list, r->zones.n, text_by_bytes);
	for (size_t i = 0; i < r->used.n; i++)
		if (!FIND(&r->used.list[i], r->zones.list, r->zones.n, text_by_bytes))
			return xstrdup(r->used.list[i]);
	return NULL;
}

int content_summarize(const void *p, size_t n, struct content_summary *out, struct err *err)
{
	struct reading r = {.out = out};
	int rc;

	memset(out, 0, sizeof *out);
	rc = content_read(p, n, on_line, &r, &out->wrong, err);
	if (r.comp)
		end_component(&r);
	if (out->calendar)
		out->missing_zone = missing_zone(&r);
	texts_free(r.used.list, r.used.n);
	texts_free(r.zones.list, r.zones.n);
	if (rc < 0)
		content_summary_clear(out);
	return rc;
}

void content_summary_clear(struct content_summary *s)
{
	free(s->uid);
	free(s->component);
	free(s->title);
	free(s->start);
	free(s->method);
	free(s->missing_zone);
	memset(s, 0, sizeof *s);
}
