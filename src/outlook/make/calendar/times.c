/* Times of calendar objects: RFC 5545 3.3.4, 3.3.5, 3.3.6. */
#include <stdlib.h>
#include "outlook/make/calendar/cal.h"
#include "valise/base/date.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { DAY = 86400, NUMBER_DIGITS = 8 };

bool is_floating(const struct zone *z)
{
	return z && !z->name;
}

static bool read_day(const char *s, size_t n, int64_t *out)
{
	struct day d;

	if (n < 8)
		return false;
	d = (struct day){text_number(s, 4), text_number(s + 4, 2), text_number(s + 6, 2)};
	if (!day_is_valid(&d))
		return false;
	*out = day_start(&d);
	return true;
}

/* "T100000", "T100000Z"; a leap second is the one before it. */
static bool read_clock(const char *s, size_t n, int64_t *out, bool *utc)
{
	int hour, minute, second;

	*utc = n == 8 && (s[7] == 'Z' || s[7] == 'z');
	if ((n != 7 && !*utc) || (s[0] != 'T' && s[0] != 't'))
		return false;
	hour = text_number(s + 1, 2);
	minute = text_number(s + 3, 2);
	second = text_number(s + 5, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	*out += hour * 3600 + minute * 60 + MIN(second, 59);
	return true;
}

bool when_value(struct cal *c, const struct line *l, const char *value, struct when *out)
{
	static const struct zone floating = {NULL, NULL, 0};
	const char *tzid = line_param(l, "TZID");
	size_t n;

	n = strlen(value);
	text_trim(&value, &n);
	*out = (struct when){.is_date = n == 8};
	if (!read_day(value, n, &out->local) ||
	        (n > 8 && !read_clock(value + 8, n - 8, &out->local, &out->is_utc)))
		return false;
	out->utc = out->local;
	if (out->is_date || out->is_utc)
		return true;
	out->zone = tzid && *tzid && !c->within_zone ? zone_of(c, tzid) : &floating;
	if (out->zone && out->zone->name)
		out->utc = zone_utc(out->zone, out->local);
	return true;
}

bool when_read(struct cal *c, const struct line *l, struct when *out)
{
	return when_value(c, l, l->value, out);
}

bool span_read(const char *s, struct span *out)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'W', 7 * DAY}, {'D', DAY}, {'H', 3600}, {'M', 60}, {'S', 1}};
	int sign = *s == '-' ? -1 : 1;
	bool any = false;

	*out = (struct span){0, 0};
	s += *s == '-' || *s == '+';
	if (*s++ != 'P')
		return false;
	while (*s) {
		size_t n, i = 0;
		int64_t v;

		if (*s == 'T' && s++)
			continue;
		n = strspn(s, "0123456789");
		while (i < COUNT(units) && units[i].unit != s[n])
			i++;
		if (!n || n > NUMBER_DIGITS || i == COUNT(units))
			return false;
		v = sign * text_number(s, n) * units[i].seconds;
		if (units[i].seconds >= DAY)
			out->days += v / DAY;
		else
			out->seconds += v;
		s += n + 1;
		any = true;
	}
	return any && llabs(out->days) < 4000000;
}

void when_add(const struct when *from, const struct span *span, struct when *out)
{
	*out = *from;
	out->local += span->days * DAY;
	if (from->is_date) {
		out->local += span->seconds - span->seconds % DAY;
		out->utc = out->local;
	} else if (from->zone && from->zone->name) {
		out->utc = zone_utc(from->zone, out->local) + span->seconds;
		out->local = zone_local(from->zone, out->utc);
	} else {
		out->local += span->seconds;
		out->utc = out->local;
	}
}

int64_t when_on(const struct when *w, const struct zone *zone)
{
	if (w->is_date || is_floating(w->zone))
		return w->local;
	return zone && zone->name ? zone_local(zone, w->utc) : w->utc;
}
