/* RRULE, RDATE and EXDATE of a series: RFC 5545 3.8.5. */
#include "outlook/calendar/calendar.h"
#include "outlook/calendar/rule.h"
#include "valise/base/mem.h"

/* Days that are given one by one where no rule says them: a century of Hijri months is 1,237. */
enum { DATES_MAX = 1240, DATES_YEARS = 100 };

bool series_begin(struct conv *c, int64_t *start_out, int64_t *end_out)
{
	uint32_t day;

	if (!rule_first(&c->recur, &day))
		return false;
	*start_out = when_of_minutes((int64_t)day + c->recur.start_minute);
	*end_out = when_of_minutes((int64_t)day + c->recur.end_minute);
	return true;
}

static struct clock clock_of(const struct conv *c)
{
	if (c->all_day)
		return (struct clock){CLOCK_DATE, NULL};
	if (!c->zone.name)
		return (struct clock){CLOCK_FLOATING, NULL};
	return clock_of_zone(&c->zone);
}

static int64_t at(const struct conv *c, uint32_t day)
{
	day -= day % RECUR_DAY_MINUTES;
	return when_of_minutes((int64_t)day + (c->all_day ? 0 : c->recur.start_minute));
}

static void put_rule(struct conv *c)
{
	const struct recur *r = &c->recur;
	struct clock clock = clock_of(c);
	struct buf rule = buf_of(512);
	char until[WHEN_SIZE];
	uint32_t first;
	int64_t last = at(c, r->end_date);

	/*
	 * EndDate is a day: the end of it, as some programs compare UNTIL with an instance's time
	 * as if summer time had not begun.
	 */
	if (clock.kind != CLOCK_DATE)
		last += (int64_t)(RECUR_DAY_MINUTES - r->start_minute % RECUR_DAY_MINUTES) * 60 - 1;
	if (clock.kind == CLOCK_ZONE) { /* UNTIL is of UTC where DTSTART has a zone */
		clock.kind = CLOCK_UTC;
		last = zone_utc(&c->zone, last);
	}
	if (rule_first(r, &first)) {
		rule_text(r, first, when_text(&clock, last, until), &rule);
		lines_puts(&c->l, "RRULE:");
		lines_puts(&c->l, buf_str(&rule));
		lines_end(&c->l);
	}
	buf_clear(&rule);
}

/* "NAME;TZID=...:first,second": one line for all of them. */
struct list {
	struct conv *c;
	const char *name;
	bool utc; /* where there is a zone: some programs forget that of RDATE */
	bool begun;
};

static void put_date(struct list *list, uint32_t day)
{
	struct clock clock = clock_of(list->c);
	int64_t t = at(list->c, day);

	if (list->utc && clock.kind == CLOCK_ZONE) {
		clock.kind = CLOCK_UTC;
		t = zone_utc(clock.zone, t);
	}
	if (!list->begun) {
		lines_puts(&list->c->l, list->name);
		put_when(&list->c->l, &clock, t);
	} else {
		lines_puts(&list->c->l, ",");
		put_when_value(&list->c->l, &clock, t);
	}
	list->begun = true;
}

static void end_list(struct list *list)
{
	if (list->begun)
		lines_end(&list->c->l);
}

static void put_dates(struct conv *c)
{
	struct list list = {c, "RDATE", true, false};
	const uint64_t last = c->recur.start_date + (uint64_t)DATES_YEARS * 366 * RECUR_DAY_MINUTES;
	struct rule_walk w;
	uint32_t day;
	unsigned n = 0;
	bool more;

	rule_walk_init(&w, &c->recur);
	while ((more = rule_walk_next(&w, &day)) && n < DATES_MAX && day <= last) {
		/* the first one is DTSTART, and EXDATE takes it out if it is gone */
		if (n++ && !recur_is_gone(&c->recur, day))
			put_date(&list, day);
	}
	end_list(&list);
	if (more)
		conv_lost(c,
		        "its instances from the %uth on: months of the %s calendar are no rule",
		        n + 1, w.months == MONTHS_HEBREW ? "Hebrew" : "Hijri");
}

/* The days of modified instances alone: what they are overrides of. */
static void put_originals(struct conv *c)
{
	struct list list = {c, "RDATE", true, false};

	for (size_t i = 0; i < c->recur.n_exceptions; i++)
		put_date(&list, c->recur.exceptions[i].original);
	end_list(&list);
}

void put_series(struct conv *c)
{
	const struct recur *r = &c->recur;
	enum rule_form form = rule_form(r);
	struct list gone = {c, "EXDATE", false, false};
	uint32_t first = 0;

	if (form == RULE_NONE) {
		conv_lost(c,
		        "its recurrence: it goes by months of calendar %u (MS-OXOCAL "
		        "2.2.1.44.1), for "
		        "which iCalendar has no rule that others read",
		        r->calendar);
		put_originals(c);
		return;
	}
	if (!rule_first(r, &first))
		return;
	if (form == RULE_RRULE)
		put_rule(c);
	else
		put_dates(c);
	for (size_t i = 0; i < r->n_deleted; i++)
		if (recur_is_gone(r, r->deleted[i]) &&
		        (form == RULE_RRULE ||
		                r->deleted[i] - r->deleted[i] % RECUR_DAY_MINUTES == first))
			put_date(&gone, r->deleted[i]);
	end_list(&gone);
}
