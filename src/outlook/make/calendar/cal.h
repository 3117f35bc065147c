#ifndef VALISE_OUTLOOK_MAKE_CALENDAR_CAL_H
#define VALISE_OUTLOOK_MAKE_CALENDAR_CAL_H

#include "outlook/calendar/names.h"
#include "outlook/calendar/recur.h"
#include "outlook/calendar/when.h"
#include "outlook/make/into.h"

/* A calendar object on its way to an item, and the parts of it that read. */
enum { ZONES_MAX = 32 /* of one object */ };

/* A zone without a name stands for times of no zone: "floating" ones (RFC 5545 3.3.5). */
struct when {
	bool is_date;
	bool is_utc; /* as it was written */
	int64_t local, utc; /* seconds since 1970; of a date both are its midnight */
	const struct zone *zone; /* NULL: UTC, or a date */
};
struct cal {
	struct making k;
	struct object o;
	struct part *calendar; /* VCALENDAR */
	struct part *main; /* VEVENT, VTODO or VJOURNAL that the item is of */
	struct bag *b;
	struct zone zones[ZONES_MAX];
	size_t n_zones;
	bool within_zone; /* its times are on its own clock, whatever zone they name */
	int year; /* the first one that its times are in */
	const struct part **overrides; /* modified instances that the series took, in order */
	size_t n_overrides, overrides_cap;
	size_t n_looked; /* zones of what is kept that were looked for */
	const struct zone *own_zones[2]; /* that come back with its times; or NULL */
	struct buf kept; /* lines that are kept, before the rest */
};

/* ---- calendar.c ---- */
/* What all kinds have: stamps, texts, CLASS, PRIORITY, CATEGORIES, CONTACT, names. */
void take_common(struct cal *c, struct part *p, struct bag *b);
void take_names(struct cal *c, struct part *p, struct bag *b, const struct names *names);
/* UID as ids of meetings (MS-OXOCAL 2.2.1.27); ${day} of an instance, minutes; 0: none. */
void take_uid(struct cal *c, struct part *p, uint32_t day);
/* Keeps a line "NAME:20260501T080000Z" where the item has but the day of that time. */
void keep_time(struct cal *c, const char *name, int64_t utc);

/* ---- times.c ---- */
/* False: ${l} is none. The zone is looked up. */
bool when_read(struct cal *c, const struct line *l, struct when *out);
/* One value of a list, with the parameters of ${l}. */
bool when_value(struct cal *c, const struct line *l, const char *value, struct when *out);
/* A DURATION (RFC 5545 3.3.6): whole days, and seconds. False: it is none. */
struct span {
	int64_t days, seconds;
};
bool span_read(const char *value, struct span *out);
/* ${from} and so much later, by the clock for days. */
void when_add(const struct when *from, const struct span *span, struct when *out);
/* The clock of ${zone} at that time. */
int64_t when_on(const struct when *w, const struct zone *zone);
bool is_floating(const struct zone *z);

/* ---- zones.c, known.c ---- */
/* The zone of that name, of the object's VTIMEZONE; else a known one. NULL: UTC. */
const struct zone *zone_of(struct cal *c, const char *tzid);
bool zone_known(const char *tzid, struct zone *out);
struct part *zone_part(const struct cal *c, const char *tzid); /* its VTIMEZONE; NULL */

/* ---- rule.c ---- */
/*
 * RRULE as a recurrence: the first instance at ${start} on its clock. NULL: done; else what of it
 * MAPI does not have.
 */
const char *rule_read(
        const char *value, int64_t start, bool all_day, const struct zone *zone, struct recur *out);

/* ---- event.c, task.c, journal.c ---- */
void make_event(struct cal *c);
void make_task(struct cal *c);
void make_journal(struct cal *c, bool is_note);
/* Minutes before ${start} of the first VALARM that can be told so; INT64_MIN: none. */
int64_t take_alarm(struct cal *c, struct part *p, const struct when *start);

/* ---- people.c, attach.c ---- */
/* ORGANIZER and ATTENDEE; the number of attendees. */
size_t take_people(struct cal *c, struct part *p, struct bag *b);
void take_attachments(struct cal *c, struct part *p, struct bag *b);

#endif
