/* RRULE as a recurrence of MAPI: RFC 5545 3.3.10, MS-OXCICAL 2.1.3.2.2, MS-OXOCAL 2.2.1.44.1. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/make/calendar/cal.h"
#include "outlook/calendar/rule.h"
#include "valise/base/date.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { DAYS_1601 = 134774, LIST_MAX = 31, PERIOD_MAX = 9999, DAY = 86400, LAST = 5 };
enum { DAILY = 0x200a, WEEKLY, MONTHLY, YEARLY };
static const char days_of_week[] = "SUMOTUWETHFRSA";

/* A rule taken apart. */
struct parts {
	unsigned frequency;
	uint32_t interval, count; /* count 0: none */
	const char *until; /* in the text; NULL: none */
	int week_start; /* -1: not said */
	unsigned days, n_days; /* bits, Sunday is 1 */
	int nth; /* of the one day; 0: none */
	int month_days[LIST_MAX], months[12];
	size_t n_month_days, n_months;
	int position; /* BYSETPOS; 0: none */
};

static int weekday(const char *s)
{
	const char *at = strlen(s) == 2 ? strstr(days_of_week, s) : NULL;

	return at && (at - days_of_week) % 2 == 0 ? (int)(at - days_of_week) / 2 : -1;
}

/* Numbers between commas; false: they are none, or too many. */
static bool read_numbers(char *s, int *list, size_t max, size_t *n)
{
	char *save = NULL;

	for (s = strtok_r(s, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		char *end;
		long v = strtol(s, &end, 10);

		if (*end || end == s || v < -366 || v > 366 || *n == max)
			return false;
		list[(*n)++] = (int)v;
	}
	return *n > 0;
}

static bool read_days(char *s, struct parts *out)
{
	char *save = NULL;

	for (s = strtok_r(s, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		size_t n = strspn(s, "+-0123456789");
		int day = weekday(s + n);

		if (day < 0 || n > 3 || (n && out->n_days) || out->nth)
			return false;
		out->nth = n ? atoi(s) : 0;
		out->days |= 1u << day;
		out->n_days++;
	}
	return out->n_days > 0;
}

/* BYHOUR and so on say nothing where they say when it begins. */
static bool is_start(const char *name, const char *value, int64_t start)
{
	int second = (int)((start % DAY + DAY) % DAY);

	if (strcmp(name, "BYHOUR") == 0)
		return atoi(value) == second / 3600 && strspn(value, "0123456789") == strlen(value);
	if (strcmp(name, "BYMINUTE") == 0)
		return atoi(value) == second / 60 % 60 &&
		       strspn(value, "0123456789") == strlen(value);
	return strcmp(name, "BYSECOND") == 0 && atoi(value) == second % 60 &&
	       strspn(value, "0123456789") == strlen(value);
}

static bool read_count(const char *s, uint32_t max, uint32_t *out)
{
	size_t n = strlen(s);

	if (!n || n > 9 || text_number(s, n) < 1)
		return false;
	*out = MIN((uint32_t)text_number(s, n), max);
	return (uint32_t)text_number(s, n) <= max;
}

static bool read_part(const char *name, char *value, int64_t start, struct parts *out)
{
	static const char *const words[] = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY", NULL};
	size_t n = 0;

	if (strcmp(name, "FREQ") == 0) {
		int place = word_place(words, value);

		out->frequency = place < 0 ? 0 : DAILY + (unsigned)place;
		return place >= 0;
	}
	if (strcmp(name, "INTERVAL") == 0)
		return read_count(value, PERIOD_MAX, &out->interval);
	if (strcmp(name, "COUNT") == 0)
		return read_count(value, UINT32_MAX, &out->count);
	if (strcmp(name, "UNTIL") == 0)
		return (out->until = value) != NULL;
	if (strcmp(name, "WKST") == 0)
		return (out->week_start = weekday(value)) >= 0;
	if (strcmp(name, "BYDAY") == 0)
		return read_days(value, out);
	if (strcmp(name, "BYMONTHDAY") == 0)
		return read_numbers(value, out->month_days, LIST_MAX, &out->n_month_days);
	if (strcmp(name, "BYMONTH") == 0)
		return read_numbers(value, out->months, COUNT(out->months), &out->n_months);
	if (strcmp(name, "BYSETPOS") == 0)
		return read_numbers(value, &out->position, 1, &n) && out->position;
	return is_start(name, value, start);
}

/* False: something of it is none, or MAPI knows nothing of the kind. ${text} is written into. */
static bool take_apart(char *text, int64_t start, struct parts *out)
{
	char *save = NULL;

	*out = (struct parts){.interval = 1, .week_start = -1};
	for (char *s = strtok_r(text, "; ", &save); s; s = strtok_r(NULL, "; ", &save)) {
		char *value = strchr(s, '=');

		if (!value)
			return false;
		*value++ = '\0';
		if (!read_part(s, value, start, out))
			return false;
	}
	return out->frequency != 0;
}

/* ---- patterns ---- */

static unsigned start_weekday(int64_t start)
{
	int64_t days = (start - (start % DAY + DAY) % DAY) / DAY;

	return (unsigned)(((days + 4) % 7 + 7) % 7);
}

static const char *read_days_pattern(const struct parts *p, int64_t start, struct recur *r)
{
	const bool daily = p->frequency == DAILY;

	if (p->n_month_days || p->n_months || p->position || p->nth)
		return "days of the month within a rule of days or weeks";
	if (daily && !p->n_days) {
		r->pattern = RECUR_DAY;
		r->period = p->interval * RECUR_DAY_MINUTES;
		return NULL;
	}
	if (daily && p->interval > 1)
		return "every so many days, but on some days of the week alone";
	r->pattern = RECUR_WEEK;
	r->period = p->interval;
	r->days = p->n_days ? p->days : 1u << start_weekday(start);
	/* which days are one week matters where not each week counts: Monday begins it then */
	if (p->week_start < 0 && p->interval > 1)
		r->week_start = 1;
	return NULL;
}

/* "8,9,10,11,12,13,14": the second such day of the month; 0: no such thing. */
static int nth_of_run(const struct parts *p)
{
	int first = p->month_days[0];

	if (p->n_month_days != 7 || p->n_days != 1 || p->nth)
		return 0;
	for (size_t i = 1; i < 7; i++)
		if (p->month_days[i] != first + (int)i)
			return 0;
	if (first == -7)
		return -1;
	return first >= 1 && first <= 22 && first % 7 == 1 ? first / 7 + 1 : 0;
}

static const char *read_nth(const struct parts *p, struct recur *r)
{
	int nth = p->nth;

	if (p->n_month_days)
		nth = nth_of_run(p);
	else if (!nth)
		nth = p->position;
	else if (p->position && p->position != 1 && p->position != -1)
		return "a place that no day has";
	if (!nth)
		return "several such days in one month";
	if (nth != -1 && (nth < 1 || nth > 4))
		return "a day that not every month has";
	r->pattern = RECUR_MONTH_NTH;
	r->days = p->days;
	r->nth = nth < 0 ? LAST : (unsigned)nth;
	return NULL;
}

/* The last of the days 28 to ${d}: how a day that short months have not is written. */
static bool is_clamped(const struct parts *p)
{
	for (size_t i = 0; i < p->n_month_days; i++)
		if (p->month_days[i] != 28 + (int)i)
			return false;
	return p->n_month_days > 1 && p->n_month_days <= 4 && p->position == -1;
}

/* ${shortest}: days of the shortest month that it may meet. */
static const char *read_month_day(
        const struct parts *p, int64_t start, int shortest, struct recur *r, int *only)
{
	int day = p->n_month_days ? p->month_days[p->n_month_days - 1] : day_of(start).day;

	r->pattern = RECUR_MONTH;
	if (is_clamped(p)) {
		r->day = (unsigned)day;
		return NULL;
	}
	if (p->n_month_days > 1)
		return "several days of one month";
	if (p->position && p->position != 1 && p->position != -1)
		return "a place that no day has";
	if (day == -1) {
		r->day = 31;
		return NULL;
	}
	if (day < 1 || day > 31)
		return "days from the end of the month on";
	r->day = (unsigned)day;
	*only = day > shortest ? day : 0;
	return NULL;
}

/* To the month that the rule names, in this year or the next one. */
static void to_month(const struct parts *p, int64_t start, struct recur *r)
{
	struct day d = day_of(start);

	if (!p->n_months || p->months[0] == d.month)
		return;
	d = (struct day){d.year + (p->months[0] < d.month), p->months[0], 1};
	r->start_date = (uint32_t)(day_start(&d) / DAY + DAYS_1601) * RECUR_DAY_MINUTES;
}

static const char *read_months_pattern(
        const struct parts *p, int64_t start, struct recur *r, int *only)
{
	bool yearly = p->frequency == YEARLY || (p->n_months == 1 && p->interval == 1);
	int month = p->n_months ? p->months[0] : day_of(start).month;

	if (p->n_months > 1 || (p->n_months && !yearly))
		return "some months of a year alone";
	if (month < 1 || month > 12)
		return "a month that is none";
	if (p->frequency == YEARLY && !p->n_months && (p->n_days || p->n_month_days))
		return "days of the year without their month";
	r->frequency = yearly ? YEARLY : MONTHLY;
	r->period = yearly ? 12 * p->interval : p->interval;
	if (yearly)
		to_month(p, start, r);
	if (p->n_days)
		return read_nth(p, r);
	return read_month_day(
	        p, start, r->period % 12 == 0 ? day_month_length(2001, month) : 28, r, only);
}

/* ---- the end ---- */

/* The last day that an instance may begin on; false: ${s} is no time. */
static bool read_until(
        const char *s, int64_t start, bool all_day, const struct zone *zone, uint32_t *out)
{
	int second = (int)((start % DAY + DAY) % DAY);
	struct line none = {0};
	struct cal nowhere = {.within_zone = true};
	struct when w;
	int64_t local, days;

	if (!when_value(&nowhere, &none, s, &w))
		return false;
	local = w.is_utc ? when_on(&w, zone) : w.local;
	days = (local - (local % DAY + DAY) % DAY) / DAY + DAYS_1601;
	if (!w.is_date && !all_day && (local % DAY + DAY) % DAY < second)
		days--;
	*out = days < 0 ? 0
	                : (uint32_t)MIN(days, RECUR_END_OF_TIME / RECUR_DAY_MINUTES) *
	                          RECUR_DAY_MINUTES;
	return true;
}

/* A rule that passes over months without the day: these are taken out of one that does not. */
static bool skip_months(struct recur *r, int only)
{
	struct recur whole = *r;
	struct rule_walk w;
	uint32_t day, left = r->count;
	size_t cap = 0;

	whole.end = r->end == RECUR_UNTIL ? RECUR_UNTIL : RECUR_NEVER;
	rule_walk_init(&w, &whole);
	while ((r->end == RECUR_UNTIL || left) && rule_walk_next(&w, &day)) {
		int64_t t = ((int64_t)(day / RECUR_DAY_MINUTES) - DAYS_1601) * DAY;

		r->end_date = r->end == RECUR_COUNT ? day : r->end_date;
		if (day_of(t).day == only)
			left -= r->end == RECUR_COUNT;
		else if (r->n_deleted == RECUR_INSTANCES_MAX)
			return false;
		else
			*ARR_PUSH(r->deleted, r->n_deleted, cap) = day;
	}
	r->end = RECUR_UNTIL;
	return left == 0 || r->count == 0;
}

/* How many instances, and the last one. */
static void count_instances(struct recur *r)
{
	struct rule_walk w;
	uint32_t day, last = r->start_date, n = 0;

	if (r->end == RECUR_NEVER) {
		r->count = 10; /* as MS-OXOCAL has it */
		r->end_date = RECUR_END_OF_TIME;
		return;
	}
	rule_walk_init(&w, r);
	while (rule_walk_next(&w, &day)) {
		last = day;
		n++;
	}
	if (r->end == RECUR_COUNT)
		r->end_date = last;
	r->count = MAX(n, 1u);
}

static const char *read_end(const struct parts *p, int64_t start, bool all_day,
        const struct zone *zone, struct recur *r)
{
	r->end = RECUR_NEVER;
	if (p->count) {
		r->end = RECUR_COUNT;
		r->count = p->count;
	} else if (p->until) {
		if (!read_until(p->until, start, all_day, zone, &r->end_date))
			return "an end that is no time";
		if (r->end_date >= RECUR_END_OF_TIME - RECUR_DAY_MINUTES)
			return NULL;
		r->end = RECUR_UNTIL;
		r->end_date = MAX(r->end_date, r->start_date);
	}
	return NULL;
}

const char *rule_read(
        const char *value, int64_t start, bool all_day, const struct zone *zone, struct recur *out)
{
	int64_t days = (start - (start % DAY + DAY) % DAY) / DAY + DAYS_1601;
	char *text = text_upper(xstrdup(value));
	struct parts p;
	const char *why = NULL;
	int only = 0;

	*out = (struct recur){.appointment = true};
	if (!take_apart(text, start, &p))
		why = "a rule of which MAPI has no such part";
	else if (days < 0 || days >= RECUR_END_OF_TIME / RECUR_DAY_MINUTES)
		why = "before 1601, or behind 4500";
	if (!why) {
		out->start_date = (uint32_t)days * RECUR_DAY_MINUTES;
		out->frequency = p.frequency;
		out->week_start = p.week_start > 0 ? (unsigned)p.week_start : 0;
		why = p.frequency <= WEEKLY ? read_days_pattern(&p, start, out)
		                            : read_months_pattern(&p, start, out, &only);
	}
	if (!why)
		why = read_end(&p, start, all_day, zone, out);
	if (!why && only && (out->end == RECUR_NEVER || !skip_months(out, only)))
		why = "it passes over months that do not have its day";
	if (!why)
		count_instances(out);
	else
		recur_clear(out);
	free(text);
	return why;
}
