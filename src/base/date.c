/*
 * Dates of IMAP (RFC 3501 9, date-time), mail (RFC 5322 3.3, 4.3) and RFC 3339, without
 * time zones of libc.
 */
#include "valise/base/date.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char months[12][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

#define AGE_MAX 20000 /* of one unit: to what is longer nothing is added */
#define YEAR_1 (-62135596800LL) /* 0001-01-01T00:00:00 */
#define YEAR_9999 (253402300799LL) /* 9999-12-31T23:59:59 */

struct civil {
	int year, month, day; /* month and day from 1 */
	int hour, minute, second;
};

/*
 * Days since 1970-01-01 in the proleptic Gregorian calendar; years begin in March inside.
 */
static int64_t days_from_civil(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* The date that is so many days after 1970-01-01. */
static void civil_from_days(int64_t days, struct civil *c)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t m = (5 * doy + 2) / 153;

	c->day = (int)(doy - (153 * m + 2) / 5 + 1);
	c->month = (int)(m < 10 ? m + 3 : m - 9);
	c->year = (int)(yoe + era * 400 + (c->month <= 2));
}

/*
 * Seconds without a zone as a calendar date; clamped to the years that have four digits.
 */
static void civil_from_seconds(int64_t seconds, struct civil *c)
{
	int64_t days, rest;

	if (seconds < YEAR_1)
		seconds = YEAR_1;
	if (seconds > YEAR_9999)
		seconds = YEAR_9999;
	days = seconds / 86400;
	rest = seconds % 86400;
	if (rest < 0) {
		rest += 86400;
		days--;
	}
	civil_from_days(days, c);
	c->hour = (int)(rest / 3600);
	c->minute = (int)(rest / 60 % 60);
	c->second = (int)(rest % 60);
}

int day_month_length(int year, int month)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return lengths[month - 1] + (month == 2 && leap);
}

bool day_is_valid(const struct day *d)
{
	return d->year >= 1 && d->year <= 9999 && d->month >= 1 && d->month <= 12 && d->day >= 1 &&
	       d->day <= day_month_length(d->year, d->month);
}

int64_t day_start(const struct day *d)
{
	return days_from_civil(d->year, d->month, d->day) * 86400;
}

struct day day_of(int64_t seconds)
{
	struct civil c;

	civil_from_seconds(seconds, &c);
	return (struct day){c.year, c.month, c.day};
}

bool age_read(const char *text, struct age *out)
{
	*out = (struct age){0};
	if (!*text)
		return false;
	while (*text) {
		size_t digits = strspn(text, "0123456789");
		int n = digits > 0 && digits < 6 ? text_number(text, digits) : -1, *to;
		char unit = text[digits];

		if (unit == 'w')
			n *= 7;
		to = unit == 'y'                  ? &out->years
		     : unit == 'm'                ? &out->months
		     : unit == 'w' || unit == 'd' ? &out->days
		     : unit == 'h'                ? &out->hours
		                                  : NULL;
		if (n < 0 || !to || *to > AGE_MAX)
			return false;
		*to += n;
		text += digits + 1;
	}
	return true;
}

struct day day_before(const struct day *d, const struct age *age)
{
	int all = d->year * 12 + d->month - 1 - age->years * 12 - age->months, length;
	struct day to = {all / 12, all % 12 + 1, d->day};

	if (all < 12)
		return (struct day){1, 1, 1};
	length = day_month_length(to.year, to.month);
	to.day = to.day > length ? length : to.day;
	return day_of(day_start(&to) - age->days * (int64_t)86400);
}

static bool civil_valid(const struct civil *c)
{
	if (!day_is_valid(&(struct day){c->year, c->month, c->day}))
		return false;
	/* a leap second is the first of the next minute */
	return c->hour >= 0 && c->hour < 24 && c->minute >= 0 && c->minute < 60 && c->second >= 0 &&
	       c->second <= 60;
}

static int64_t civil_seconds(const struct civil *c)
{
	return days_from_civil(c->year, c->month, c->day) * 86400 + c->hour * 3600 +
	       c->minute * 60 + c->second;
}

static int month_number(const char *s)
{
	for (int i = 0; i < 12; i++)
		if (strncasecmp(s, months[i], 3) == 0)
			return i + 1;
	return 0;
}

/* "+hhmm" to minutes. */
static bool zone_number(const char *s, int16_t *out)
{
	int hours = text_number(s + 1, 2), minutes = hours < 0 ? -1 : text_number(s + 3, 2);

	if ((*s != '+' && *s != '-') || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return false;
	*out = (int16_t)((*s == '-' ? -1 : 1) * (hours * 60 + minutes));
	return true;
}

static void set_date(struct date *out, const struct civil *c, int16_t zone)
{
	out->utc = civil_seconds(c) - (int64_t)zone * 60;
	out->zone_min = zone;
	out->known = true;
}

bool date_parse_imap(const char *s, struct date *out)
{
	struct civil c;
	int16_t zone;

	/*   dd-Mon-yyyy hh:mm:ss +zzzz   */
	if (strlen(s) != 26 || s[2] != '-' || s[6] != '-' || s[11] != ' ' || s[14] != ':' ||
	        s[17] != ':' || s[20] != ' ')
		return false;
	c.day = s[0] == ' ' ? text_number(s + 1, 1) : text_number(s, 2);
	c.month = month_number(s + 3);
	c.year = text_number(s + 7, 4);
	c.hour = text_number(s + 12, 2);
	c.minute = text_number(s + 15, 2);
	c.second = text_number(s + 18, 2);
	if (!civil_valid(&c) || !zone_number(s + 21, &zone))
		return false;
	set_date(out, &c, zone);
	return true;
}

/* The calendar date in the zone; returns that, in minutes. */
static int local_date(const struct date *d, struct civil *c)
{
	int zone = d->zone_min > -1440 && d->zone_min < 1440 ? d->zone_min : 0;
	/*
	 * Kept far from overflow; the local time is what has to have four digits of year.
	 */
	int64_t utc = d->utc < YEAR_1 - 86400 ? YEAR_1 - 86400 : d->utc;

	if (utc > YEAR_9999 + 86400)
		utc = YEAR_9999 + 86400;
	civil_from_seconds(utc + zone * 60, c);
	return zone;
}

char *date_format_day(const struct date *d, char out[DATE_TEXT_SIZE])
{
	struct civil c;

	local_date(d, &c);
	snprintf(out, DATE_TEXT_SIZE, "%d %s %d", c.day, months[c.month - 1], c.year);
	return out;
}

/* A number below 100 as two digits. */
static void put_two(char *out, unsigned v)
{
	out[0] = (char)('0' + v / 10);
	out[1] = (char)('0' + v % 10);
}

char *date_format_imap(const struct date *d, char out[DATE_TEXT_SIZE])
{
	struct civil c;
	int zone = local_date(d, &c);
	unsigned off = (unsigned)(zone < 0 ? -zone : zone);

	if (c.year < 0 || c.year > 9999 || off >= 100 * 60) {
		snprintf(out, DATE_TEXT_SIZE, "%2d-%s-%04d %02d:%02d:%02d %c%02u%02u", c.day,
		        months[c.month - 1], c.year, c.hour, c.minute, c.second,
		        zone < 0 ? '-' : '+', off / 60, off % 60);
		return out;
	}
	/* By hand: a catalog has one for each of its lines, written and read. */
	memcpy(out, "00-Jan-0000 00:00:00 +0000", 27);
	put_two(out, (unsigned)c.day);
	out[0] = c.day < 10 ? ' ' : out[0];
	memcpy(out + 3, months[c.month - 1], 3);
	put_two(out + 7, (unsigned)c.year / 100);
	put_two(out + 9, (unsigned)c.year % 100);
	put_two(out + 12, (unsigned)c.hour);
	put_two(out + 15, (unsigned)c.minute);
	put_two(out + 18, (unsigned)c.second);
	out[21] = zone < 0 ? '-' : '+';
	put_two(out + 22, off / 60);
	put_two(out + 24, off % 60);
	return out;
}

/* The text of a mail date while it is read. */
struct scan {
	const char *p, *end;
};

/* Blanks, line ends and nested comments (CFWS). */
static void skip_cfws(struct scan *s)
{
	int depth = 0;

	for (; s->p < s->end; s->p++) {
		char c = *s->p;

		if (c == '(') {
			depth++;
		} else if (depth > 0) {
			if (c == ')')
				depth--;
			else if (c == '\\' && s->p + 1 < s->end)
				s->p++;
		} else if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
			break;
		}
	}
}

static bool take_char(struct scan *s, char c)
{
	skip_cfws(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* A number of 1 to ${max} digits; *len_out how many. -1 if there is none. */
static int take_number(struct scan *s, size_t max, size_t *len_out)
{
	size_t n = 0;
	int value;

	skip_cfws(s);
	while (n <= max && s->p + n < s->end && s->p[n] >= '0' && s->p[n] <= '9')
		n++;
	if (n == 0 || n > max)
		return -1;
	value = text_number(s->p, n);
	s->p += n;
	if (len_out)
		*len_out = n;
	return value;
}

/* A run of letters, at most ${size} - 1 of them kept; "" if there is none. */
static void take_word(struct scan *s, char *out, size_t size)
{
	size_t n = 0;

	skip_cfws(s);
	for (; s->p < s->end; s->p++) {
		char c = *s->p;

		if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z'))
			break;
		if (n + 1 < size)
			out[n++] = c;
	}
	out[n] = '\0';
}

/* A zone, RFC 5322 3.3 and 4.3; unknown, malformed and missing ones count as UTC. */
static int16_t take_zone(struct scan *s)
{
	static const struct {
		char name[4];
		int16_t minutes;
	} zones[] = {{"EST", -300}, {"EDT", -240}, {"CST", -360}, {"CDT", -300}, {"MST", -420},
	        {"MDT", -360}, {"PST", -480}, {"PDT", -420}};
	char word[8];
	int16_t zone;

	skip_cfws(s);
	if (s->end - s->p >= 5 && zone_number(s->p, &zone)) {
		s->p += 5;
		return s->p < s->end && *s->p >= '0' && *s->p <= '9' ? 0 : zone;
	}
	take_word(s, word, sizeof word);
	for (size_t i = 0; i < COUNT(zones); i++)
		if (strcasecmp(word, zones[i].name) == 0)
			return zones[i].minutes;
	return 0;
}

/* day month year, the year possibly of two or three digits (RFC 5322 4.3). */
static bool take_day(struct scan *s, struct civil *c)
{
	char word[12];
	size_t len = 0;

	c->day = take_number(s, 2, NULL);
	take_char(s, '-'); /* "17-Jul-1996" is met in old mail */
	take_word(s, word, sizeof word);
	c->month = strlen(word) >= 3 ? month_number(word) : 0;
	take_char(s, '-');
	c->year = take_number(s, 4, &len);
	if (c->day < 0 || c->month == 0 || c->year < 0)
		return false;
	if (len == 2)
		c->year += c->year < 50 ? 2000 : 1900;
	else if (len == 3)
		c->year += 1900;
	return len >= 2 && c->year >= 1900;
}

bool date_parse_rfc5322(const char *s, size_t n, struct date *out)
{
	struct scan scan = {s, s + n};
	struct civil c;
	char word[12];

	take_word(&scan, word, sizeof word); /* the day of the week is not believed */
	take_char(&scan, ',');
	if (!take_day(&scan, &c))
		return false;
	c.hour = take_number(&scan, 2, NULL);
	if (!take_char(&scan, ':'))
		return false;
	c.minute = take_number(&scan, 2, NULL);
	c.second = 0;
	if (take_char(&scan, ':'))
		c.second = take_number(&scan, 2, NULL);
	if (!civil_valid(&c))
		return false;
	set_date(out, &c, take_zone(&scan));
	return true;
}

char *date_format_iso(int64_t utc, char out[DATE_TEXT_SIZE])
{
	struct civil c;

	civil_from_seconds(utc, &c);
	snprintf(out, DATE_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day,
	        c.hour, c.minute, c.second);
	return out;
}

bool date_parse_iso(const char *s, int64_t *out)
{
	struct civil c;

	if (strlen(s) != 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' ||
	        s[16] != ':' || s[19] != 'Z')
		return false;
	c.year = text_number(s, 4);
	c.month = text_number(s + 5, 2);
	c.day = text_number(s + 8, 2);
	c.hour = text_number(s + 11, 2);
	c.minute = text_number(s + 14, 2);
	c.second = text_number(s + 17, 2);
	if (!civil_valid(&c))
		return false;
	*out = civil_seconds(&c);
	return true;
}
