/* What a VTIMEZONE (RFC 5545 3.6.5) means: from when on the clocks show what, by libical. */
#include <libical/ical.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/date.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "internal.h"

enum {
	TEXT_MAX = 64 << 10,
	LINES_MAX = 2000,
	DAY = 86400,
	FIRST_DAY = -25567, /* 1900-01-01 */
	END_DAY = 24837, /* 2038-01-01: libical goes no further */
};

bool merge_local_time(const char *s, size_t n, int64_t *out)
{
	int month, day;

	if (n < 15 || text_number(s, 8) < 0 || (s[8] | 0x20) != 't' || text_number(s + 9, 6) < 0)
		return false;
	month = text_number(s + 4, 2);
	day = text_number(s + 6, 2);
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	*out = day_start(&(struct day){text_number(s, 4), month, day}) +
	       text_number(s + 9, 2) * 3600 + text_number(s + 11, 2) * 60 + text_number(s + 13, 2);
	return true;
}

/* What libical may be asked about: what it finds in a time that can be foreseen. */
struct fitness {
	unsigned lines, parts; /* parts: STANDARD and DAYLIGHT */
	unsigned starts, offsets;
	bool unfit;
};

static bool is_offset(const char *s, size_t n)
{
	return (n == 5 || n == 7) && (*s == '+' || *s == '-') && text_number(s + 1, n - 1) >= 0 &&
	       text_number(s + 1, 2) < 24;
}

/* Once or more often a year, never within a day. */
static bool is_yearly(const char *s)
{
	bool yearly = false;

	for (size_t n; *s; s += n + (s[n] == ';')) {
		char *part;

		n = strcspn(s, ";");
		part = text_upper(xstrndup(s, strcspn(s, "=;")));
		if (!text_in(part,
		            "FREQ|INTERVAL|UNTIL|COUNT|BYMONTH|BYDAY|BYMONTHDAY|BYYEARDAY|WKST")) {
			free(part);
			return false;
		}
		yearly |= strcmp(part, "FREQ") == 0 && text_is(s, n, "FREQ=YEARLY");
		free(part);
	}
	return yearly;
}

static int on_fitness(void *ctx, const struct content_line *l, struct err *err)
{
	struct fitness *f = ctx;
	const char *v = l->value;
	int64_t when;

	(void)err;
	if (++f->lines > LINES_MAX || memchr(v, 0, l->value_len))
		f->unfit = true;
	else if (strcmp(l->name, "BEGIN") == 0)
		f->parts += l->depth == 1;
	else if (l->depth != 2)
		f->unfit |= l->depth > 2;
	else if (strcmp(l->name, "DTSTART") == 0)
		f->starts += merge_local_time(v, l->value_len, &when);
	else if (text_in(l->name, "TZOFFSETFROM|TZOFFSETTO"))
		f->offsets += is_offset(v, l->value_len);
	else if (strcmp(l->name, "RRULE") == 0)
		f->unfit |= !is_yearly(v);
	else if (strcmp(l->name, "RDATE") == 0)
		f->unfit |= l->n_params > 0 && content_param(l, "VALUE") &&
		            strcasecmp(content_param(l, "VALUE"), "DATE-TIME") != 0;
	else
		f->unfit |= text_in(l->name, "EXRULE|EXDATE");
	return 0;
}

static bool is_fit(const struct buf *text)
{
	struct fitness f = {0};
	unsigned wrong = 0;

	return text->len <= TEXT_MAX &&
	       content_read(text->data, text->len, on_fitness, &f, &wrong, NULL) == 0 && !wrong &&
	       !f.unfit && f.parts && f.starts == f.parts && f.offsets == 2 * f.parts;
}

static int offset_at(icaltimezone *zone, int64_t local)
{
	struct icaltimetype t = icaltime_from_timet_with_zone((time_t)local, 0, NULL);
	int summer;

	return icaltimezone_get_utc_offset(zone, &t, &summer);
}

/* The clocks changed between two local times; when, to the second. */
static int64_t find_change(icaltimezone *zone, int64_t low, int64_t high, int after)
{
	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (offset_at(zone, middle) == after)
			high = middle;
		else
			low = middle;
	}
	return high;
}

static void read_spans(icaltimezone *zone, struct zone_spans *out)
{
	int64_t before = (int64_t)FIRST_DAY * DAY;
	int offset = offset_at(zone, before);

	*ARR_PUSH(out->list, out->n, out->cap) = (struct zone_span){INT64_MIN, offset};
	for (int64_t day = FIRST_DAY + 1; day < END_DAY; day++) {
		int64_t now = day * DAY + DAY / 2;
		int other = offset_at(zone, now);

		if (other != offset)
			*ARR_PUSH(out->list, out->n, out->cap) =
			        (struct zone_span){find_change(zone, before, now, other), other};
		offset = other;
		before = now;
	}
}

bool zone_spans_of(const struct buf *text, struct zone_spans *out)
{
	icalcomponent *comp;
	icaltimezone *zone;
	bool done;

	memset(out, 0, sizeof *out);
	if (!is_fit(text))
		return false;
	icalerror_set_errors_are_fatal(false);
	comp = icalparser_parse_string(buf_str(text));
	if (!comp)
		return false;
	zone = icaltimezone_new();
	done = zone && icaltimezone_set_component(zone, comp);
	if (done)
		read_spans(zone, out);
	else
		icalcomponent_free(comp);
	if (zone)
		icaltimezone_free(zone, 1);
	return done;
}

/* The span that ${when} is in. */
static size_t span_at(const struct zone_spans *s, int64_t when)
{
	size_t low = 0, high = s->n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (s->list[middle].from <= when)
			low = middle;
		else
			high = middle;
	}
	return low;
}

bool zone_spans_agree(
        const struct zone_spans *a, const struct zone_spans *b, int64_t from, int64_t to)
{
	size_t i = span_at(a, from), k = span_at(b, from);

	if (from > to)
		return true;
	for (;;) {
		bool more_a, more_b;

		if (a->list[i].offset != b->list[k].offset)
			return false;
		more_a = ++i < a->n && a->list[i].from <= to;
		more_b = ++k < b->n && b->list[k].from <= to;
		if (!more_a && !more_b)
			return true;
		if (more_a != more_b || a->list[i].from != b->list[k].from)
			return false;
	}
}
