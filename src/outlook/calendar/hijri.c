/* The Hijri calendar, by arithmetic. */
#include "outlook/calendar/hijri.h"

/* Julian day numbers of 15 July 622 (Julian) and of 1601-01-01. */
enum { EPOCH = 1948439, DAY_1601 = 2305814, CYCLE_DAYS = 10631, CYCLE_YEARS = 30 };

int64_t hijri_start(int year, unsigned month)
{
	int64_t days = (int64_t)(year - 1) * 354 + (3 + 11 * (int64_t)year) / 30;

	/* months of 30 and 29 days in turn */
	days += ((int64_t)(month - 1) * 59 + 1) / 2;
	return days + EPOCH - DAY_1601;
}

int64_t hijri_month(int64_t day)
{
	int64_t since = day + DAY_1601 - EPOCH;
	int year = (int)(since * CYCLE_YEARS / CYCLE_DAYS);
	unsigned month = 12;

	while (hijri_start(year + 1, 1) <= day)
		year++;
	while (month > 1 && hijri_start(year, month) > day)
		month--;
	return (int64_t)year * 12 + month - 1;
}
