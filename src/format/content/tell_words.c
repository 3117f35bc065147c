/* Times, durations and rules of calendar objects in words (RFC 5545 3.3). */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "tell.h"

enum { DAY_SECONDS = 86400, PART_MAX = 200 };

static const char *const months[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/* "20241103" as a moment of its calendar day. */
static bool read_day(const char *s, struct tm *out)
{
	*out = (struct tm){.tm_year = text_number(s, 4) - 1900,
	        .tm_mon = text_number(s + 4, 2) - 1,
	        .tm_mday = text_number(s + 6, 2)};
	return out->tm_mon >= 0 && out->tm_mon < 12 && out->tm_mday >= 1 && out->tm_mday <= 31;
}

void tell_time(const char *v, const char *zone, bool last, struct buf *out)
{
	size_t n = strlen(v);
	bool day = n == 8, utc = n == 16 && v[15] == 'Z';
	struct tm t;
	time_t at;

	if (!(day || ((n == 15 || utc) && v[8] == 'T' && text_number(v + 9, 6) >= 0)) ||
	        text_number(v, 8) < 0 || !read_day(v, &t)) {
		buf_puts(out, v);
		return;
	}
	at = timegm(&t) - (last && day ? DAY_SECONDS : 0);
	gmtime_r(&at, &t);
	buf_putf(out, "%s, %d %s %d", days[t.tm_wday], t.tm_mday, months[t.tm_mon],
	        t.tm_year + 1900);
	if (day)
		return;
	buf_putf(out, " %.2s:%.2s", v + 9, v + 11);
	if (utc || zone)
		buf_putf(out, " %s", utc ? "UTC" : zone);
}

void tell_duration(const char *value, struct buf *out)
{
	static const char letters[] = "WDHMS";
	static const char *const words[] = {"week", "day", "hour", "minute", "second"};
	const char *p = value + strspn(value, "+-"), *before = "";
	size_t from = out->len;

	for (p += *p == 'P'; *p; p++) {
		size_t digits = strspn(p, "0123456789");
		const char *letter = digits > 0 && digits < 6 ? strchr(letters, p[digits]) : NULL;

		if (*p == 'T')
			continue;
		if (!letter || !*letter)
			break;
		if (text_number(p, digits) > 0) {
			buf_putf(out, "%s%d %s%s", before, text_number(p, digits),
			        words[letter - letters], text_number(p, digits) == 1 ? "" : "s");
			before = " ";
		}
		p += digits;
	}
	if (out->len == from)
		buf_puts(out, value);
}

/* The value of part ${name} of a rule, in ${out}; false: it has none. */
static bool rule_part(const char *rule, const char *name, char out[PART_MAX])
{
	size_t len = strlen(name);

	for (const char *p = rule; *p; p += strcspn(p, ";"), p += *p == ';') {
		size_t n = strcspn(p, ";");

		if (n > len && p[len] == '=' && text_is(p, len, name)) {
			n = MIN(n - len - 1, (size_t)PART_MAX - 1);
			memcpy(out, p + len + 1, n);
			out[n] = '\0';
			return n > 0;
		}
	}
	return false;
}

/* "1", "-1" before what it counts. */
static void put_place(int place, struct buf *out)
{
	static const char *const words[] = {"first", "second", "third", "fourth", "fifth"};

	if (place == -1)
		buf_puts(out, "the last ");
	else if (place >= 1 && place <= 5)
		buf_putf(out, "the %s ", words[place - 1]);
	else if (place < 0)
		buf_putf(out, "the %d. last ", -place);
	else
		buf_putf(out, "the %d. ", place);
}

/* "MO", "1MO", "-1FR" */
static void put_weekday(const char *s, struct buf *out)
{
	char *end;
	long place = strtol(s, &end, 10);

	if (end != s && place >= -53 && place <= 53)
		put_place((int)place, out);
	for (size_t i = 0; i < COUNT(days); i++)
		if (strlen(end) == 2 && strncasecmp(end, days[i], 2) == 0) {
			buf_puts(out, days[i]);
			return;
		}
	buf_puts(out, end);
}

static void put_month(const char *s, struct buf *out)
{
	int n = strlen(s) < 3 ? text_number(s, strlen(s)) : -1;

	buf_puts(out, n >= 1 && n <= 12 ? months[n - 1] : s);
}

static void put_monthday(const char *s, struct buf *out)
{
	if (strcmp(s, "-1") == 0)
		buf_puts(out, "the last day");
	else
		buf_putf(out, "day %s", s);
}

/* The values of a list, with commas, after ${before}. */
static void put_list(const char *rule, const char *name, const char *before,
        void (*put)(const char *s, struct buf *out), struct buf *out)
{
	char part[PART_MAX], *state = NULL;

	if (!rule_part(rule, name, part))
		return;
	for (char *s = strtok_r(part, ",", &state); s; s = strtok_r(NULL, ",", &state)) {
		buf_puts(out, before);
		put(s, out);
		before = ", ";
	}
}

/* Parts that nothing here says in words, as they are. */
static void put_others(const char *rule, struct buf *out)
{
	for (const char *p = rule; *p; p += strcspn(p, ";"), p += *p == ';') {
		size_t n = strcspn(p, ";"), len = strcspn(p, "=;");
		char *name = xstrndup(p, MIN(len, (size_t)PART_MAX));

		if (n > 0 && !text_in(text_upper(name), "FREQ|INTERVAL|COUNT|UNTIL|BYDAY|BYMONTH|"
		                                        "BYMONTHDAY|WKST")) {
			buf_puts(out, " (");
			buf_put(out, p, MIN(n, (size_t)PART_MAX));
			buf_puts(out, ")");
		}
		free(name);
	}
}

void tell_rule(const char *rule, struct buf *out)
{
	static const char freqs[] = "SECONDLY|MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY";
	static const char *const units[] = {
	        "second", "minute", "hour", "day", "week", "month", "year"};
	char part[PART_MAX];
	int unit = rule_part(rule, "FREQ", part) ? text_place(text_upper(part), freqs) : -1;
	bool counted = rule_part(rule, "INTERVAL", part) && strcmp(part, "1") != 0;

	if (unit < 0) {
		buf_puts(out, rule);
		return;
	}
	if (counted)
		buf_putf(out, "every %s %ss", part, units[unit]);
	else
		buf_putf(out, "every %s", units[unit]);
	put_list(rule, "BYMONTH", " in ", put_month, out);
	put_list(rule, "BYMONTHDAY", " on ", put_monthday, out);
	put_list(rule, "BYDAY", " on ", put_weekday, out);
	put_others(rule, out);
	if (rule_part(rule, "COUNT", part))
		buf_putf(out, ", %s time%s", part, strcmp(part, "1") ? "s" : "");
	if (rule_part(rule, "UNTIL", part)) {
		buf_puts(out, ", until ");
		tell_time(part, NULL, false, out);
	}
}
