/* The days of a recurrence, and the RRULE that says them: RFC 5545 3.3.10, MS-OXCICAL 2.1.3.2.2. */
#include "outlook/calendar/rule.h"
#include "outlook/calendar/hebrew.h"
#include "outlook/calendar/hijri.h"
#include "valise/base/date.h"
#include "valise/base/mem.h"

/* Days from 1601-01-01, a Monday, to 1970-01-01. */
enum { DAYS_1601 = 134774 };
enum { CALENDAR_HIJRI = 6, CALENDAR_HEBREW = 8, CALENDAR_UMALQURA = 0x17 };
enum { LAST_MONTH = 9998 * 12 };
static const char *const weekdays[7] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};

/* Whether the calendar's months are those of the Gregorian one, whatever its years are called. */
static bool has_gregorian_months(unsigned calendar)
{
	static const uint8_t those[] = {0, 1, 2, 3, 4, 5, 7, 9, 10, 11, 12};

	for (size_t i = 0; i < COUNT(those); i++)
		if (those[i] == calendar)
			return true;
	return false;
}

static enum rule_months months_of(const struct recur *r)
{
	if (r->pattern >= RECUR_HIJRI_MONTH)
		return MONTHS_HIJRI;
	if (r->pattern < RECUR_MONTH || has_gregorian_months(r->calendar))
		return MONTHS_GREGORIAN;
	if (r->calendar == CALENDAR_HIJRI || r->calendar == CALENDAR_UMALQURA)
		return MONTHS_HIJRI;
	return r->calendar == CALENDAR_HEBREW ? MONTHS_HEBREW : MONTHS_OTHERS;
}

enum rule_form rule_form(const struct recur *r)
{
	switch (months_of(r)) {
	case MONTHS_GREGORIAN:
		return RULE_RRULE;
	case MONTHS_OTHERS:
		return RULE_NONE;
	default:
		return RULE_DATES;
	}
}

static unsigned weekday_of(int64_t day) /* days since 1601; 0 is Sunday */
{
	return (unsigned)(((day + 1) % 7 + 7) %
	                  7); /* months of other calendars begin before 1601 */
}

/* ---- days ---- */

/* A month, counted from the first year of its calendar. */
static int64_t month_begin(enum rule_months kind, int64_t month)
{
	struct day d = {(int)(month / 12), (int)(month % 12) + 1, 1};

	if (kind == MONTHS_HEBREW)
		return hebrew_start(month);
	if (kind == MONTHS_HIJRI)
		return hijri_start(d.year, (unsigned)d.month);
	return day_start(&d) / 86400 + DAYS_1601;
}

static int64_t month_of(enum rule_months kind, int64_t day)
{
	struct day d;

	if (kind == MONTHS_HEBREW)
		return hebrew_month(day);
	if (kind == MONTHS_HIJRI)
		return hijri_month(day);
	d = day_of((day - DAYS_1601) * 86400);
	return (int64_t)d.year * 12 + d.month - 1;
}

/* The day of the month on which the instance falls, from 0. */
static int64_t day_within(const struct recur *r, int64_t begin, int64_t length)
{
	enum recur_pattern p = r->pattern;
	unsigned seen = 0;

	if (p == RECUR_MONTH || p == RECUR_HIJRI_MONTH)
		return MIN((int64_t)r->day, length) - 1; /* a short month has it on its last day */
	if (p == RECUR_MONTH_END || p == RECUR_HIJRI_END)
		return length - 1;
	if (r->nth == 5) {
		for (int64_t d = length - 1; d > 0; d--)
			if (r->days >> weekday_of(begin + d) & 1)
				return d;
		return 0;
	}
	for (int64_t d = 0; d < length; d++)
		if ((r->days >> weekday_of(begin + d) & 1) && ++seen == r->nth)
			return d;
	return length - 1;
}

static bool day_fits(const struct recur *r, int64_t day)
{
	int64_t m = month_of(MONTHS_HIJRI, day), begin = month_begin(MONTHS_HIJRI, m);

	return day - begin == day_within(r, begin, month_begin(MONTHS_HIJRI, m + 1) - begin);
}

/*
 * Hijri months begin by a table here, by another one or by sight elsewhere: the first day that
 * the item has tells how far its calendar is from ours.
 */
static int find_shift(const struct recur *r, int64_t start)
{
	static const int tries[] = {0, 1, -1, 2, -2};

	for (size_t i = 0; i < COUNT(tries); i++)
		if (day_fits(r, start + tries[i]))
			return tries[i];
	return 0;
}

void rule_walk_init(struct rule_walk *w, const struct recur *r)
{
	*w = (struct rule_walk){.r = r, .months = months_of(r)};
	w->ended = rule_form(r) == RULE_NONE;
	if (w->months == MONTHS_HIJRI && r->pattern != RECUR_MONTH_NTH &&
	        r->pattern != RECUR_HIJRI_NTH)
		w->shift = find_shift(r, r->start_date / RECUR_DAY_MINUTES);
}

static int64_t next_of_months(struct rule_walk *w, int64_t start)
{
	int64_t on = (int64_t)(w->step++ * w->r->period);
	int64_t m = month_of(w->months, start + w->shift), begin;

	/* a year of the Hebrew calendar has 12 months or 13: the name stays */
	if (w->months == MONTHS_HEBREW && on % 12 == 0 && w->r->period % 12 == 0)
		m = hebrew_years_on(m, on / 12);
	else
		m += on;
	if (m > LAST_MONTH)
		return INT64_MAX;
	begin = month_begin(w->months, m);
	return begin + day_within(w->r, begin, month_begin(w->months, m + 1) - begin) - w->shift;
}

static int64_t next_of_weeks(struct rule_walk *w, int64_t start)
{
	const struct recur *r = w->r;
	int64_t day = start - (weekday_of(start) + 7 - r->week_start) % 7;

	while (!(r->days >> (w->at + r->week_start) % 7 & 1))
		if (++w->at == 7) {
			w->at = 0;
			w->step++;
		}
	day += (int64_t)(w->step * r->period * 7) + w->at;
	if (++w->at == 7) {
		w->at = 0;
		w->step++;
	}
	return day;
}

static int64_t next_day(struct rule_walk *w, int64_t start)
{
	if (w->r->pattern == RECUR_DAY)
		return start + (int64_t)(w->step++ * (w->r->period / RECUR_DAY_MINUTES));
	if (w->r->pattern == RECUR_WEEK)
		return next_of_weeks(w, start);
	return next_of_months(w, start);
}

bool rule_walk_next(struct rule_walk *w, uint32_t *day_out)
{
	const struct recur *r = w->r;
	int64_t start = r->start_date / RECUR_DAY_MINUTES, day;

	if (w->ended || (r->end == RECUR_COUNT && w->given == r->count))
		return false;
	do
		day = next_day(w, start);
	while (day < start);
	if (day >= RECUR_END_OF_TIME / RECUR_DAY_MINUTES ||
	        (r->end == RECUR_UNTIL && day > r->end_date / RECUR_DAY_MINUTES)) {
		w->ended = true;
		return false;
	}
	w->given++;
	*day_out = (uint32_t)day * RECUR_DAY_MINUTES;
	return true;
}

bool rule_first(const struct recur *r, uint32_t *day_out)
{
	struct rule_walk w;

	rule_walk_init(&w, r);
	return rule_walk_next(&w, day_out);
}

/* ---- RRULE ---- */

static void put_days(struct buf *out, unsigned days)
{
	const char *comma = ";BYDAY=";

	for (int d = 0; d < 7; d++)
		if (days >> d & 1) {
			buf_putf(out, "%s%s", comma, weekdays[d]);
			comma = ",";
		}
}

/* A day that a month of at least ${shortest} days may not have falls on its last one. */
static void put_month_day(struct buf *out, unsigned day, unsigned shortest)
{
	if (day <= shortest) {
		buf_putf(out, ";BYMONTHDAY=%u", day);
	} else if (day == 31) {
		buf_puts(out, ";BYMONTHDAY=-1");
	} else {
		buf_puts(out, ";BYMONTHDAY=28");
		for (unsigned d = 29; d <= day; d++)
			buf_putf(out, ",%u", d);
		buf_puts(out, ";BYSETPOS=-1");
	}
}

static void put_nth(struct buf *out, const struct recur *r)
{
	int nth = r->nth == 5 ? -1 : (int)r->nth;

	for (int d = 0; d < 7; d++)
		if (r->days == 1u << d) {
			buf_putf(out, ";BYDAY=%d%s", nth, weekdays[d]);
			return;
		}
	put_days(out, r->days);
	buf_putf(out, ";BYSETPOS=%d", nth);
}

static void put_months(struct buf *out, const struct recur *r, uint32_t first)
{
	struct day d = day_of(((int64_t)(first / RECUR_DAY_MINUTES) - DAYS_1601) * 86400);
	bool yearly = r->period % 12 == 0;
	uint32_t every = yearly ? r->period / 12 : r->period;

	buf_puts(out, yearly ? "FREQ=YEARLY" : "FREQ=MONTHLY");
	if (every > 1)
		buf_putf(out, ";INTERVAL=%u", every);
	if (yearly)
		buf_putf(out, ";BYMONTH=%d", d.month);
	if (r->pattern == RECUR_MONTH)
		put_month_day(out, r->day, yearly ? (unsigned)day_month_length(2001, d.month) : 28);
	else if (r->pattern == RECUR_MONTH_END)
		buf_puts(out, ";BYMONTHDAY=-1");
	else
		put_nth(out, r);
}

void rule_text(const struct recur *r, uint32_t first, const char *until, struct buf *out)
{
	uint32_t every = r->pattern == RECUR_DAY ? r->period / RECUR_DAY_MINUTES : r->period;

	if (r->pattern == RECUR_DAY || r->pattern == RECUR_WEEK) {
		buf_puts(out, r->pattern == RECUR_DAY ? "FREQ=DAILY" : "FREQ=WEEKLY");
		if (every > 1)
			buf_putf(out, ";INTERVAL=%u", every);
		if (r->pattern == RECUR_WEEK)
			put_days(out, r->days);
	} else {
		put_months(out, r, first);
	}
	/* the first day of the week changes what every second week is, and nothing else */
	if (r->pattern == RECUR_WEEK && every > 1)
		buf_putf(out, ";WKST=%s", weekdays[r->week_start]);
	if (r->end == RECUR_COUNT)
		buf_putf(out, ";COUNT=%u", r->count);
	else if (r->end == RECUR_UNTIL)
		buf_putf(out, ";UNTIL=%s", until);
}
