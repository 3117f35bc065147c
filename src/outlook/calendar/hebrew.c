/* The Hebrew calendar, by arithmetic. */
#include "outlook/calendar/hebrew.h"
#include <stdbool.h>

/* Days from 1 January of the year 1 (which is day 1) to the epoch, and to 1601-01-01. */
enum { EPOCH = -1373427, DAY_1601 = 584389, ADAR = 5 };

static int64_t months_before(int64_t year)
{
	return (235 * year - 234) / 19;
}

/* Days to the new moon that begins a year, with the first of its delays. */
static int64_t days_before(int64_t year)
{
	int64_t months = months_before(year), parts = 12084 + 13753 * months;
	int64_t day = 29 * months + parts / 25920;

	return 3 * (day + 1) % 7 < 3 ? day + 1 : day;
}

static int64_t new_year(int64_t year)
{
	int64_t last = days_before(year - 1), day = days_before(year), next = days_before(year + 1);

	if (next - day == 356)
		day += 2;
	else if (day - last == 382)
		day += 1;
	return EPOCH + day - DAY_1601;
}

static int64_t year_of(int64_t month)
{
	int64_t year = (19 * month + 234) / 235;

	while (months_before(year + 1) <= month)
		year++;
	while (months_before(year) > month)
		year--;
	return year;
}

static int64_t months_in(int64_t year)
{
	return months_before(year + 1) - months_before(year);
}

/* Of a month of a year, from 0. */
static int length(int64_t year, int64_t month)
{
	int64_t days = new_year(year + 1) - new_year(year);
	bool leap = months_in(year) == 13;

	if (month == 1)
		return days % 10 == 5 ? 30 : 29;
	if (month == 2)
		return days % 10 == 3 ? 29 : 30;
	if (leap && month > ADAR)
		month--; /* Adar II and what follows, as in other years */
	else if (leap && month == ADAR)
		return 30;
	return month % 2 ? 29 : 30;
}

int64_t hebrew_start(int64_t month)
{
	int64_t year = year_of(month), day = new_year(year);

	for (int64_t m = 0; m < month - months_before(year); m++)
		day += length(year, m);
	return day;
}

int64_t hebrew_month(int64_t day)
{
	int64_t year = (day + DAY_1601 - EPOCH) * 98496 / 35975351 + 1, month = 0;

	while (new_year(year + 1) <= day)
		year++;
	while (new_year(year) > day)
		year--;
	for (int64_t at = new_year(year) + length(year, 0); at <= day; at += length(year, month))
		month++;
	return months_before(year) + month;
}

int64_t hebrew_years_on(int64_t month, int64_t years)
{
	int64_t year = year_of(month), of_year = month - months_before(year), to = year + years;

	if (of_year > ADAR || (of_year == ADAR && months_in(year) == 12))
		of_year += months_in(to) - months_in(year);
	return months_before(to) + of_year;
}
