#ifndef VALISE_BASE_DATE_H
#define VALISE_BASE_DATE_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

/* A point in time with the zone that it was written in. */
struct date {
	int64_t utc; /* seconds since 1970-01-01T00:00:00Z; may be negative */
	int16_t zone_min; /* minutes east of UTC, -1439..1439 */
	bool known;
};

#define DATE_TEXT_SIZE 40

/*
 * RFC 3501 date-time without its quotes: "17-Jul-1996 02:44:25 -0700". Strict, one space
 * for a day's first digit.
 */
bool date_parse_imap(const char *s, struct date *out);
char *date_format_imap(const struct date *d, char out[DATE_TEXT_SIZE]);

/* "3 Nov 2024", in its zone: for people. */
char *date_format_day(const struct date *d, char out[DATE_TEXT_SIZE]);

/* RFC 5322 3.3 and its obsolete forms (two-digit years, zone names, comments). */
bool date_parse_rfc5322(const char *s, size_t n, struct date *out);

/*
 * A day of the calendar, without a zone. day_start: the seconds since 1970-01-01T00:00:00 at
 * which it begins on its own clock; day_of: the other way round.
 */
struct day {
	int year, month, day; /* month and day from 1 */
};
bool day_is_valid(const struct day *d); /* years 1 to 9999 */
int day_month_length(int year, int month); /* month from 1 to 12 */
int64_t day_start(const struct day *d);
struct day day_of(int64_t seconds);

/*
 * An age by the calendar, not by seconds: "36h", "7d", "4w", "18m" (months), "1y6m"; false: it
 * is none. day_before: the day so long before ${d}, without the hours; where a month is too
 * short, its last day; nothing is before the year 1.
 */
struct age {
	int years, months, days, hours;
};
bool age_read(const char *text, struct age *out);
struct day day_before(const struct day *d, const struct age *age);

/* "2026-11-22T17:16:00Z" */
char *date_format_iso(int64_t utc, char out[DATE_TEXT_SIZE]);
bool date_parse_iso(const char *s, int64_t *out);

#endif
