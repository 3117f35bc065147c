#ifndef VALISE_OUTLOOK_CALENDAR_HEBREW_H
#define VALISE_OUTLOOK_CALENDAR_HEBREW_H

#include <stdint.h>

/*
 * The Hebrew calendar: 7 of 19 years have a month more. Months are counted on from Tishri of
 * the year 1, days from 1601-01-01.
 */
int64_t hebrew_start(int64_t month); /* its first day */
int64_t hebrew_month(int64_t day); /* the month that a day is in */
/* The month of that name so many years later; Adar I of a year without one is Adar. */
int64_t hebrew_years_on(int64_t month, int64_t years);

#endif
