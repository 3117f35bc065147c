#ifndef VALISE_OUTLOOK_MAKE_CALENDAR_EVENT_H
#define VALISE_OUTLOOK_MAKE_CALENDAR_EVENT_H

#include "outlook/make/calendar/cal.h"

/* What events and their modified instances share. */
enum { STATE_MEETING = 1, STATE_RECEIVED = 2, STATE_CANCELED = 4 }; /* MS-OXOCAL 2.2.1.10 */

/* What an instance may have of its own. */
struct said {
	int busy;
	int64_t delta; /* minutes before the start; INT64_MIN: no reminder */
	int64_t state;
};
/* A recurrence with its zone. */
struct series {
	struct recur r;
	const struct zone *zone;
	bool all_day, recurs;
	struct when start, end;
};

/* DTSTART, and DTEND or DURATION. False: there is none. */
bool event_times(struct cal *c, struct part *p, struct when *start, struct when *end);
void event_said(struct cal *c, struct part *p, const struct when *start, struct said *out);
void put_reminder(struct cal *c, struct bag *b, const struct said *said, int64_t start);
void put_times(struct cal *c, struct bag *b, const struct series *s);

/* ---- series.c ---- */
/* RRULE and EXDATE of the main component; what MAPI cannot have is told, and kept. */
void series_read(struct cal *c, struct series *s);
void series_clear(struct series *s);
/* The last day (minutes) that has an instance; false: it never ends, or has none. */
bool series_last(const struct series *s, uint32_t *day_out);
/* Of ${days} (minutes) those that the rule has, in order, each once. */
void series_instances(const struct recur *r, uint32_t *days, size_t *n);
/* The day on which an instance that began at that time is; UINT32_MAX: none does. */
uint32_t series_day(const struct series *s, const struct when *w);
/* Of a clock: minutes since 1601, and seconds since 1970. */
uint32_t minutes_of(int64_t local);
int64_t seconds_of(uint32_t minutes);

/* ---- override.c ---- */
/* VEVENTs with a RECURRENCE-ID as exceptions and the attachments that hold their items. */
void overrides_read(struct cal *c, struct series *s, const struct said *said);

#endif
