#ifndef VALISE_OUTLOOK_CALENDAR_CALENDAR_H
#define VALISE_OUTLOOK_CALENDAR_CALENDAR_H

#include "outlook/body/body.h"
#include "outlook/calendar/lines.h"
#include "outlook/calendar/names.h"
#include "outlook/calendar/recur.h"
#include "outlook/calendar/when.h"
#include "outlook/calendar/zone.h"
#include "valise/outlook/convert.h"

/* One item on its way to a calendar object, and the parts of it that write. */
enum {
	ATTACH_ROOM = 10 << 20, /* octets of attachments in one object */
	OVERRIDES_ROOM = 32 << 20, /* octets of an object, behind which no instance begins */
};

struct conv {
	struct lines l;
	const struct outlook_to *to;
	struct bag *b; /* the item */
	char *uid; /* owned */
	const char *method; /* of an invitation (RFC 5546); NULL: an object of a calendar */
	struct zone zone, end_zone; /* of its start, of its end; without a name: none */
	struct recur recur;
	bool recurs; /* ${recur} was read */
	bool all_day;
	bool is_instance; /* of a series that is not here, at ${instance} */
	int64_t instance;
	struct body body; /* of ${b}, once it was read */
	bool has_body;
	size_t room; /* octets of attachments that it may still have */
};
/* One VEVENT: the series or single item, or an instance of it that was modified. */
struct event {
	struct bag *b; /* the item */
	struct bag *own; /* the instance's embedded item; or NULL */
	const struct recur_exception *x; /* NULL: the item itself */
};

/* Tells what does not come over. */
void conv_lost(struct conv *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
void conv_clear(struct conv *c);
/* BEGIN:VCALENDAR to its METHOD. */
void conv_begin(struct conv *c);
/* DTSTAMP, CREATED, LAST-MODIFIED of ${b}, from its own times: never a clock. */
void put_stamps(struct conv *c, struct bag *b);
/* CLASS, PRIORITY, CATEGORIES, CONTACT and what has X- names, of any kind of item. */
void put_common(struct conv *c, struct bag *b);
/* A line for each of the properties that the item has. */
void put_names(struct conv *c, struct bag *b, const struct names *names);
/* VALARM at a time before the start (minutes), or at ${utc}, if that is not INT64_MIN. */
void put_alarm(struct conv *c, int64_t minutes, int64_t utc, const char *summary);
/*
 * Lines for which MAPI has no property, as they were when the item was made (kept.h): those of
 * ${b} within a component, VEVENTs behind it, and the zones of these.
 */
void put_kept(struct conv *c, struct bag *b);
void put_kept_events(struct conv *c);
void put_kept_zones(struct conv *c);
/*
 * "NAME:..." as it was kept, of a time of which ${b} has but the day, ${t}; false: there is none,
 * or it says another day.
 */
bool put_kept_time(struct conv *c, const char *name, int64_t t);
/* Each key that ${keys} has (0 ends it) is used: what it says stands elsewhere. */
void cover(struct bag *b, const bag_key *keys, size_t n);

/* ---- uid.c ---- */
char *uid_of_meeting(struct bag *b); /* malloc'ed */
char *uid_of_task(struct bag *b);
char *uid_of_other(struct bag *b);
/* The instance's day that a GlobalObjectId names, minutes since 1601; 0: none. */
uint32_t day_of_id(struct bag *b);

/* ---- body.c ---- */
void put_body(struct conv *c, const char *name, struct bag *b);

/* ---- people.c ---- */
void put_organizer(struct conv *c, struct bag *b);
void put_attendees(struct conv *c, const struct event *e);
/* Of an answer: who gave it, and to whom. */
void put_answer(struct conv *c, const char *partstat);

/* ---- attach.c ---- */
void put_attachments(struct conv *c, struct bag *b);
/* Is it the embedded item of a modified instance (MS-OXOCAL 2.2.10.1)? */
bool is_exception(const struct bag *attachment);

/* ---- event.c, override.c, series.c ---- */
/* Reads zones, recurrence, kind of times of ${c}->b, and which instance it is. */
void event_prepare(struct conv *c);
void put_zones(struct conv *c); /* VTIMEZONEs */
/* The VEVENT and those of its modified instances. */
void put_vevents(struct conv *c);
/* BEGIN:VEVENT, UID, RECURRENCE-ID, DTSTAMP, DTSTART, DTEND. */
void put_event_head(struct conv *c, const struct event *e);
void event_put(struct conv *c, const struct event *e);
/* RRULE or RDATE, EXDATE. */
void put_series(struct conv *c);
/* When the series has its first instance, on its clock; false: nobody knows. */
bool series_begin(struct conv *c, int64_t *start_out, int64_t *end_out);
void put_overrides(struct conv *c);
/* Where ${e}'s property of that kind (OVERRIDE_...) is to be looked for. */
struct bag *event_bag(const struct event *e, unsigned flag);

/* ---- task.c, journal.c ---- */
void put_task(struct conv *c);
void put_journal(struct conv *c);
void put_note(struct conv *c);

#endif
