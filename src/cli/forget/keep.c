/* Which snapshots valise forget keeps. */
#include "keep.h"
#include <stdio.h>
#include <string.h>
#include "valise/base/mem.h"

#define AGE_MAX 100000 /* of one unit: what is longer is for ever anyhow */

bool keep_age_read(const char *text, struct keep_age *out)
{
	*out = (struct keep_age){0};
	if (!*text)
		return false;
	while (*text) {
		unsigned n = 0, *to;

		if (*text < '0' || *text > '9')
			return false;
		for (; *text >= '0' && *text <= '9'; text++) {
			n = n * 10 + (unsigned)(*text - '0');
			if (n > AGE_MAX)
				return false;
		}
		if (*text == 'w')
			n *= 7;
		to = *text == 'y'                   ? &out->years
		     : *text == 'm'                 ? &out->months
		     : *text == 'w' || *text == 'd' ? &out->days
		     : *text == 'h'                 ? &out->hours
		                                    : NULL;
		if (!to)
			return false;
		*to += n;
		text++;
	}
	return true;
}

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

/* Days since 1970-01-01 of the Gregorian calendar; ${month} 0 to 11. */
static int64_t days_of(int64_t year, int month, int day)
{
	int64_t y = month < 2 ? year - 1 : year, era = (y >= 0 ? y : y - 399) / 400;
	int64_t in_era = y - era * 400, from_march = (month + 10) % 12;
	int64_t in_year = (153 * from_march + 2) / 5 + day - 1;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static int64_t day_of(const struct tm *t)
{
	return days_of(t->tm_year + 1900, t->tm_mon, t->tm_mday);
}

/* As if each day had 24 hours: where clocks change, an hour more or less does no harm. */
static int64_t seconds_of(const struct tm *t)
{
	return day_of(t) * 86400 + t->tm_hour * 3600 + t->tm_min * 60 + t->tm_sec;
}

static int days_in(int64_t year, int month)
{
	return (int)(days_of(month == 11 ? year + 1 : year, (month + 1) % 12, 1) -
	             days_of(year, month, 1));
}

/* So long before ${t}: a month before 31 March is the last day of February. */
static int64_t before(const struct tm *t, const struct keep_age *age)
{
	int64_t months = (t->tm_year + 1900) * (int64_t)12 + t->tm_mon - (int64_t)age->years * 12 -
	                 age->months;
	int64_t year = (months >= 0 ? months : months - 11) / 12;
	int month = (int)(months - year * 12);
	int64_t day = days_of(year, month, MIN(t->tm_mday, days_in(year, month)));

	return (day - age->days) * 86400 - age->hours * (int64_t)3600 + t->tm_hour * 3600 +
	       t->tm_min * 60 + t->tm_sec;
}

/* What a snapshot shares with the others of its day, week (from Monday on) ... */
static int64_t period_of(unsigned why, const struct tm *t)
{
	switch (why) {
	case KEEP_DAILY:
		return day_of(t);
	case KEEP_WEEKLY:
		return day_of(t) - (t->tm_wday + 6) % 7;
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
		if (seconds_of(&list[i].at) >= newest) {
			newest = seconds_of(&list[i].at);
			at = i;
		}
	}
	for (size_t i = 0; i < n && r->has_within; i++)
		if (seconds_of(&list[i].at) >= before(&list[at].at, &r->within))
			list[i].why |= KEEP_WITHIN;
	keep_periods(KEEP_DAILY, r->daily, list, n);
	keep_periods(KEEP_WEEKLY, r->weekly, list, n);
	keep_periods(KEEP_MONTHLY, r->monthly, list, n);
	keep_periods(KEEP_YEARLY, r->yearly, list, n);
	if (n > 0 && !list[n - 1].why)
		list[n - 1].why = KEEP_NEWEST;
}
