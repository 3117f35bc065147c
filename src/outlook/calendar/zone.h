#ifndef VALISE_OUTLOOK_CALENDAR_ZONE_H
#define VALISE_OUTLOOK_CALENDAR_ZONE_H

#include <stdbool.h>
#include "outlook/calendar/lines.h"
#include "valise/base/err.h"

/*
 * Time zones as items define them: PidLidTimeZoneStruct (MS-OXOCAL 2.2.1.39) and
 * PidLidAppointmentTimeZoneDefinition* (2.2.1.41 to 43), with rules that change by year.
 * Times are seconds since 1970-01-01T00:00:00, of UTC or on the zone's clock.
 */
enum { ZONE_RULES_MAX = 1024 };

struct zone_onset { /* when one of both times begins, on the clock that ends there */
	int year; /* 0: every year */
	unsigned month; /* 0: never */
	unsigned weekday, nth; /* 5: the last one; with a year: ${nth} is the day */
	unsigned second; /* of the day */
};
struct zone_rule {
	int from_year; /* the first one has all before it, too */
	int standard, daylight; /* seconds east of UTC */
	struct zone_onset to_standard, to_daylight;
	bool effective; /* TZRULE_FLAG_EFFECTIVE_TZREG */
};
struct zone {
	char *name; /* TZID; NULL: there is no zone */
	struct zone_rule *rules;
	size_t n_rules;
};

/* ${out} is to be cleared in any case. ERR_DAMAGED: it is none. */
int zone_read_definition(const uint8_t *p, size_t n, struct zone *out, struct err *err) MUST_CHECK;
/* ${name}: what it is to be called; NULL or "": "Customized Time Zone". */
int zone_read_struct(
        const uint8_t *p, size_t n, const char *name, struct zone *out, struct err *err) MUST_CHECK;
void zone_clear(struct zone *z);
/*
 * The other way, appended. The rule of ${year} is the marked one of a definition, with ${flags}
 * (MS-OXOCAL 2.2.1.41.1), and it is the struct.
 */
enum { ZONE_RECUR = 1, ZONE_EFFECTIVE = 2 };
void zone_put_definition(const struct zone *z, int year, unsigned flags, struct buf *out);
void zone_put_struct(const struct zone *z, int year, struct buf *out);
bool zone_is_utc(const struct zone *z);
bool zone_same(const struct zone *a, const struct zone *b); /* name and rules */
/* Has ${z}, a definition, the rule of ${s}, a struct, as its effective one? */
bool zone_agrees(const struct zone *z, const struct zone *s);

int64_t zone_local(const struct zone *z, int64_t utc);
/* A time that there is twice is the first one; one that there is not: as RFC 5545 3.3.5. */
int64_t zone_utc(const struct zone *z, int64_t local);

/* VTIMEZONE, for times from ${first_year} on. */
void zone_write(struct lines *l, const struct zone *z, int first_year);

#endif
