/* Which snapshots valise forget keeps. */
#include "keep.h"
#include <stdio.h>
#include <string.h>
#include "valise/base/mem.h"

const char *keep_word(unsigned i)
{
	static const char *const words[KEEP_WORDS] = {
	        "last", "within", "daily", "weekly", "monthly", "yearly", "snapshot", "newest"};

	return words[i];
}

char *keep_text(unsigned why, char out[KEEP_TEXT_SIZE])
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < KEEP_WORDS; i++)
		if (why & 1u << i)
			at += (size_t)snprintf(out + at, KEEP_TEXT_SIZE - at, "%s%s",
			        at ? ", " : "", keep_word(i));
	return out;
}

static struct day day_at(const struct tm *t)
{
	return (struct day){t->tm_year + 1900, t->tm_mon + 1, t->tm_mday};
}

/* ${day}, at the hour of ${t}. As if each had 24 hours: an hour more or less does no harm. */
static int64_t seconds_of(struct day day, const struct tm *t)
{
	return day_start(&day) + t->tm_hour * 3600 + t->tm_min * 60 + t->tm_sec;
}

static int64_t since_when(const struct tm *newest, const struct age *age)
{
	struct day day = day_at(newest);

	return seconds_of(day_before(&day, age), newest) - age->hours * (int64_t)3600;
}

/* What a snapshot shares with the others of its day, week (from Monday on) ... */
static int64_t period_of(unsigned why, const struct tm *t)
{
	struct day day = day_at(t);
	int64_t days = day_start(&day) / 86400;

	switch (why) {
	case KEEP_DAILY:
		return days;
	case KEEP_WEEKLY:
		return days - (t->tm_wday + 6) % 7;
	case KEEP_MONTHLY:
		return t->tm_year * (int64_t)12 + t->tm_mon;
	default:
		return t->tm_year;
	}
}

/* The newest of each period, of at most ${limit} periods. */
static void keep_periods(unsigned why, uint64_t limit, struct keep_one *list, size_t n)
{
	int64_t last = 0;
	bool any = false;

	for (size_t i = n; i-- > 0 && limit > 0;) {
		int64_t period = period_of(why, &list[i].at);

		if (any && period == last)
			continue;
		any = true;
		last = period;
		list[i].why |= why;
		limit--;
	}
}

static bool is_given(const struct keep_rules *r, unsigned number)
{
	for (size_t i = 0; i < r->n_numbers; i++)
		if (r->numbers[i] == number)
			return true;
	return false;
}

void keep_choose(const struct keep_rules *r, struct keep_one *list, size_t n)
{
	int64_t newest = INT64_MIN;
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		list[i].why = is_given(r, list[i].number) ? KEEP_NUMBER : 0;
		list[i].why |= n - i <= r->last ? KEEP_LAST : 0;
		if (seconds_of(day_at(&list[i].at), &list[i].at) >= newest) {
			newest = seconds_of(day_at(&list[i].at), &list[i].at);
			at = i;
		}
	}
	for (size_t i = 0; i < n && r->has_within; i++)
		if (seconds_of(day_at(&list[i].at), &list[i].at) >=
		        since_when(&list[at].at, &r->within))
			list[i].why |= KEEP_WITHIN;
	keep_periods(KEEP_DAILY, r->daily, list, n);
	keep_periods(KEEP_WEEKLY, r->weekly, list, n);
	keep_periods(KEEP_MONTHLY, r->monthly, list, n);
	keep_periods(KEEP_YEARLY, r->yearly, list, n);
	if (n > 0 && !list[n - 1].why)
		list[n - 1].why = KEEP_NEWEST;
}
