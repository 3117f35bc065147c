#ifndef VALISE_OUTLOOK_CALENDAR_HIJRI_H
#define VALISE_OUTLOOK_CALENDAR_HIJRI_H

#include <stdint.h>

/*
 * The Hijri calendar by arithmetic, as Windows has it: leap years 2, 5, 7, 10, 13, 16, 18, 21,
 * 24, 26 and 29 of 30, from 15 July 622 (Julian) on. Days are counted from 1601-01-01.
 */
int64_t hijri_start(int year, unsigned month); /* the first day of a month, from 1 */
/* The month that a day is in: year * 12 + month - 1. */
int64_t hijri_month(int64_t day);

#endif
