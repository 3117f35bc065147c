/* Times as values of calendar objects: RFC 5545 3.3.4, 3.3.5. */
#include "outlook/calendar/when.h"
#include <stdio.h>
#include <string.h>
#include "valise/base/date.h"

enum { DAY_SECONDS = 86400 };
#define SECONDS_1601 (-INT64_C(11644473600))
/* Years 1 to 9999: what has no four digits is cut to them. */
#define FIRST_SECOND (-INT64_C(62135596800))
#define LAST_SECOND INT64_C(253402300799)

bool zone_is_floating(const struct zone *z)
{
	return z->name && strcmp(z->name, FLOATING_NAME) == 0 && z->n_rules == 1 &&
	       !z->rules->standard && !z->rules->daylight;
}

struct clock clock_of_zone(const struct zone *z)
{
	if (!z->name || zone_is_utc(z))
		return (struct clock){CLOCK_UTC, NULL};
	return (struct clock){zone_is_floating(z) ? CLOCK_FLOATING : CLOCK_ZONE, z};
}

int64_t when_of_minutes(int64_t minutes)
{
	return minutes * 60 + SECONDS_1601;
}

char *when_text(const struct clock *clock, int64_t local, char out[WHEN_SIZE])
{
	struct day d;
	int s;

	if (local < FIRST_SECOND || local > LAST_SECOND)
		local = local < FIRST_SECOND ? FIRST_SECOND : LAST_SECOND;
	d = day_of(local);
	s = (int)(local - day_start(&d));
	if (clock->kind == CLOCK_DATE)
		snprintf(out, WHEN_SIZE, "%04d%02d%02d", d.year % 10000, d.month, d.day);
	else
		snprintf(out, WHEN_SIZE, "%04d%02d%02dT%02d%02d%02d%s", d.year % 10000, d.month,
		        d.day, s / 3600, s / 60 % 60, s % 60, clock->kind == CLOCK_UTC ? "Z" : "");
	return out;
}

void put_when_value(struct lines *l, const struct clock *clock, int64_t local)
{
	char text[WHEN_SIZE];

	lines_puts(l, when_text(clock, local, text));
}

void put_when(struct lines *l, const struct clock *clock, int64_t local)
{
	if (clock->kind == CLOCK_DATE)
		lines_puts(l, ";VALUE=DATE");
	else if (clock->kind == CLOCK_ZONE)
		lines_param(l, "TZID", clock->zone->name);
	lines_puts(l, ":");
	put_when_value(l, clock, local);
}

void put_utc(struct lines *l, const char *name, int64_t utc)
{
	char text[WHEN_SIZE];

	lines_add(l, "%s:%s", name, when_text(&(struct clock){CLOCK_UTC, NULL}, utc, text));
}

int64_t when_midnight(int64_t local)
{
	int64_t t = local + DAY_SECONDS / 2;
	int64_t rest = t % DAY_SECONDS;

	return t - (rest < 0 ? rest + DAY_SECONDS : rest);
}
