#ifndef VALISE_OUTLOOK_CALENDAR_WHEN_H
#define VALISE_OUTLOOK_CALENDAR_WHEN_H

#include "outlook/calendar/lines.h"
#include "outlook/calendar/zone.h"

/* Times as values: DATE, DATE-TIME of a time zone, of UTC or of any clock (RFC 5545 3.3.5). */
enum clock_kind { CLOCK_DATE, CLOCK_ZONE, CLOCK_UTC, CLOCK_FLOATING };
struct clock {
	enum clock_kind kind;
	const struct zone *zone; /* of CLOCK_ZONE */
};
/* Times of no zone (RFC 5545 3.3.5) are those of a zone of that name. */
#define FLOATING_NAME "Floating"
bool zone_is_floating(const struct zone *z);
/* How times of that zone are written: without a zone it is UTC. */
struct clock clock_of_zone(const struct zone *z);
/* Minutes since 1601 as seconds since 1970, on the same clock. */
int64_t when_of_minutes(int64_t minutes);
/* ";VALUE=DATE:20260501", ";TZID=X:20260501T100000", ":20260501T080000Z". */
void put_when(struct lines *l, const struct clock *clock, int64_t local);
/* The value alone. */
void put_when_value(struct lines *l, const struct clock *clock, int64_t local);
/* "NAME:20260501T080000Z" of a time in UTC. */
void put_utc(struct lines *l, const char *name, int64_t utc);
/* As text: of UTC, "20260501T080000Z"; and of the clock, as put_when_value. */
enum { WHEN_SIZE = 32 };
char *when_text(const struct clock *clock, int64_t local, char out[WHEN_SIZE]);
/* The midnight that is nearest. */
int64_t when_midnight(int64_t local);

#endif
