/* A VEVENT as an appointment: MS-OXCICAL 2.1.3.1.1.20, MS-OXOCAL 2.2.1. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/make/calendar/event.h"
#include "valise/base/date.h"
#include "valise/base/mem.h"

enum { DAY = 86400, BUSY = 2, FREE = 0, TENTATIVE = 1, SIDE_EFFECTS = 0x171 };
enum { ICON_SINGLE = 0x400, ICON_RECURS = 1, ICON_MEETING = 2 };
enum { ORGANIZED = 1 }; /* PidLidResponseStatus: the item is the organizer's own */

bool event_times(struct cal *c, struct part *p, struct when *start, struct when *end)
{
	struct line *from = part_take(p, "DTSTART"), *to = part_take(p, "DTEND"),
	            *length = part_take(p, "DURATION");
	struct span span = {0, 0};

	if (!from || !when_read(c, from, start))
		return false;
	if (to && when_read(c, to, end) && end->is_date == start->is_date) {
		if (end->utc < start->utc)
			*end = *start;
	} else {
		if (to && !length)
			into_lost(&c->k, "its end, which is none");
		if (!length || !span_read(length->value, &span))
			span.days = start->is_date;
		when_add(start, &span, end);
	}
	if (start->is_date && end->local <= start->local)
		when_add(start, &(struct span){1, 0}, end);
	return true;
}

/* Midnights that Outlook calls a whole day (MS-OXCICAL 2.1.3.1.1.20.28). */
static bool is_all_day(struct part *p, const struct when *start, const struct when *end)
{
	static const char *const names[] = {
	        "X-MICROSOFT-CDO-ALLDAYEVENT", "X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT"};
	bool said = start->is_date;

	for (size_t i = 0; i < COUNT(names); i++) {
		const struct line *l = part_take(p, names[i]);

		said |= l && strcasecmp(l->value, "TRUE") == 0 && start->local % DAY == 0 &&
		        end->local % DAY == 0 && end->local > start->local;
	}
	return said;
}

/* ---- what an instance may have of its own ---- */

static int busy_of(struct part *p, const char *name)
{
	const struct line *l = part_take(p, name);

	return l ? word_place(busy_words, l->value) : -1;
}

void event_said(struct cal *c, struct part *p, const struct when *start, struct said *out)
{
	const struct line *status = part_take(p, "STATUS"), *transp = part_take(p, "TRANSP");

	out->busy = busy_of(p, "X-MICROSOFT-CDO-BUSYSTATUS");
	out->state = status && strcasecmp(status->value, "CANCELLED") == 0 ? STATE_CANCELED : 0;
	if (out->busy < 0 && transp && strcasecmp(transp->value, "TRANSPARENT") == 0)
		out->busy = FREE;
	if (out->busy < 0 && status && strcasecmp(status->value, "TENTATIVE") == 0)
		out->busy = TENTATIVE;
	if (out->busy < 0)
		out->busy = BUSY;
	if (status && strcasecmp(status->value, "TENTATIVE") == 0 && out->busy != TENTATIVE)
		into_lost(&c->k, "STATUS:TENTATIVE: its time is told as %s, which says otherwise",
		        busy_words[out->busy]);
	if (part_peek(p, "ORGANIZER") || part_peek(p, "ATTENDEE"))
		out->state |= STATE_MEETING;
	out->delta = take_alarm(c, p, start);
}

void put_reminder(struct cal *c, struct bag *b, const struct said *said, int64_t start)
{
	into_bool(&c->k, b, (bag_key)PidLidReminderSet, said->delta != INT64_MIN);
	if (said->delta == INT64_MIN)
		return;
	into_int(&c->k, b, (bag_key)PidLidReminderDelta, said->delta);
	into_time(&c->k, b, (bag_key)PidLidReminderTime, start);
	into_time(&c->k, b, (bag_key)PidLidReminderSignalTime, start - said->delta * 60);
}

static void put_conferences(struct cal *c, struct part *p)
{
	struct line *l;
	size_t n = 0;

	while (n < CONFERENCES && (l = part_take(p, "CONFERENCE"))) {
		char *url = line_text(l);

		into_own(&c->k, c->b, conference_keys[n++], url);
	}
}

/* ---- zones and times ---- */

static const struct zone utc_zone = {
        "UTC", (struct zone_rule[]){{1601, 0, 0, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}, true}}, 1};
static const struct zone floating_zone = {FLOATING_NAME,
        (struct zone_rule[]){{1601, 0, 0, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}, true}}, 1};

/* What is written for a zone; times of UTC need none, but a series, and whole days. */
static const struct zone *written(const struct zone *z, bool needs_one)
{
	if (is_floating(z))
		return &floating_zone;
	return z || !needs_one ? z : &utc_zone;
}

static void put_zone(
        struct cal *c, struct bag *b, bag_key key, const struct zone *z, unsigned flags)
{
	struct buf octets = buf_of(1 << 20);

	zone_put_definition(z, c->year, flags, &octets);
	into_buf(&c->k, b, key, &octets);
}

void put_times(struct cal *c, struct bag *b, const struct series *s)
{
	const struct zone *z = written(s->start.zone, s->all_day || s->recurs),
	                  *to = written(s->end.zone, s->all_day || s->recurs);
	const bag_key starts[] = {(bag_key)PidLidAppointmentStartWhole, (bag_key)PidLidCommonStart,
	        PidTagStartDate},
	              ends[] = {(bag_key)PidLidAppointmentEndWhole, (bag_key)PidLidCommonEnd,
	                      PidTagEndDate};

	for (size_t i = 0; i < COUNT(starts); i++) {
		into_time(&c->k, b, starts[i], s->start.utc);
		into_time(&c->k, b, ends[i], s->end.utc);
	}
	into_bool(&c->k, b, (bag_key)PidLidAppointmentSubType, s->all_day);
	into_int(&c->k, b, (bag_key)PidLidAppointmentDuration,
	        MIN((s->end.utc - s->start.utc) / 60, INT32_MAX));
	/* an end in UTC of a start that is not has a zone, too: nobody says otherwise */
	if (z && !to)
		to = &utc_zone;
	if (z)
		put_zone(c, b, (bag_key)PidLidAppointmentTimeZoneDefinitionStartDisplay, z,
		        ZONE_EFFECTIVE);
	if (to)
		put_zone(c, b, (bag_key)PidLidAppointmentTimeZoneDefinitionEndDisplay, to,
		        ZONE_EFFECTIVE);
}

static void put_recurrence(struct cal *c, struct series *s)
{
	const struct zone *z = written(s->zone, true);
	struct buf octets = buf_of(RECUR_BLOB_MAX);
	struct bag *b = c->b;
	uint32_t last;
	/* of a series without an end, the last minute that there is: MS-OXOCAL 2.2.1.15 */
	int64_t end = zone_utc(z, seconds_of(RECUR_END_OF_TIME));

	recur_write(&s->r, &octets);
	into_buf(&c->k, b, (bag_key)PidLidAppointmentRecur, &octets);
	into_int(&c->k, b, (bag_key)PidLidRecurrenceType, (int64_t)s->r.frequency - 0x2009);
	octets = buf_of(256);
	zone_put_struct(z, c->year, &octets);
	into_buf(&c->k, b, (bag_key)PidLidTimeZoneStruct, &octets);
	into_text(&c->k, b, (bag_key)PidLidTimeZoneDescription, z->name);
	put_zone(c, b, (bag_key)PidLidAppointmentTimeZoneDefinitionRecur, z,
	        ZONE_RECUR | ZONE_EFFECTIVE);
	if (series_last(s, &last))
		end = zone_utc(z, seconds_of(last));
	into_time(&c->k, b, (bag_key)PidLidClipStart, zone_utc(z, seconds_of(s->r.start_date)));
	into_time(&c->k, b, (bag_key)PidLidClipEnd, end);
}

static void put_clip(struct cal *c, const struct series *s)
{
	into_time(&c->k, c->b, (bag_key)PidLidClipStart, s->start.utc);
	into_time(&c->k, c->b, (bag_key)PidLidClipEnd, s->end.utc);
}

/* ---- the rest ---- */

/*
 * Whose copy it is, the object does not say. As the organizer's own, Outlook would write to those
 * invited whenever somebody changes it: so it is a copy that was received, unless it says so.
 */
static void put_state(struct cal *c, const struct said *said, bool recurs)
{
	const struct line *response = part_peek(c->main, "X-OUTLOOK-RESPONSESTATUS");
	int64_t state = said->state;
	bool meeting = state & STATE_MEETING;

	if (meeting && !(response && atoi(response->value) == ORGANIZED))
		state |= STATE_RECEIVED;
	into_int(&c->k, c->b, (bag_key)PidLidAppointmentStateFlags, state);
	into_bool(&c->k, c->b, (bag_key)PidLidFInvited, meeting);
	into_int(&c->k, c->b, PidTagIconIndex,
	        ICON_SINGLE + (recurs ? ICON_RECURS : 0) + (meeting ? ICON_MEETING : 0));
}

static void put_sequence(struct cal *c)
{
	const struct line *l = part_take(c->main, "SEQUENCE");

	if (l && atoi(l->value))
		into_int(&c->k, c->b, (bag_key)PidLidAppointmentSequence, atoi(l->value));
}

/* The day of the instance that it is, if it is one without its series; 0. */
static uint32_t take_instance(struct cal *c, const struct series *s)
{
	struct line *l = part_take(c->main, "RECURRENCE-ID");
	struct when w;

	if (!l || !when_read(c, l, &w))
		return 0;
	into_time(&c->k, c->b, (bag_key)PidLidExceptionReplaceTime, w.utc);
	return minutes_of(when_on(&w, s->start.zone));
}

void make_event(struct cal *c)
{
	struct series s = {0};
	struct said said;
	int intended;
	uint32_t day;

	into_text(&c->k, c->b, PidTagMessageClass, "IPM.Appointment");
	into_int(&c->k, c->b, (bag_key)PidLidSideEffects, SIDE_EFFECTS);
	if (!event_times(c, c->main, &s.start, &s.end)) {
		into_lost(&c->k, "it has no beginning: 1970 stands for it");
		s.end = s.start;
	}
	s.all_day = is_all_day(c->main, &s.start, &s.end);
	s.zone = s.start.zone;
	day = take_instance(c, &s);
	take_uid(c, c->main, day);
	series_read(c, &s);
	event_said(c, c->main, &s.start, &said);
	c->own_zones[0] = s.zone;
	c->own_zones[1] = s.recurs ? s.zone : s.end.zone;
	if (s.recurs)
		overrides_read(c, &s, &said);
	put_times(c, c->b, &s);
	into_bool(&c->k, c->b, (bag_key)PidLidRecurring, s.recurs);
	if (s.recurs)
		put_recurrence(c, &s);
	else
		put_clip(c, &s);
	into_int(&c->k, c->b, (bag_key)PidLidBusyStatus, said.busy);
	if ((intended = busy_of(c->main, "X-MICROSOFT-CDO-INTENDEDSTATUS")) >= 0)
		into_int(&c->k, c->b, (bag_key)PidLidIntendedBusyStatus, intended);
	into_own(&c->k, c->b, (bag_key)PidLidLocation, part_text(c->main, "LOCATION"));
	put_state(c, &said, s.recurs);
	put_sequence(c);
	put_reminder(c, c->b, &said, s.start.utc);
	take_people(c, c->main, c->b);
	put_conferences(c, c->main);
	take_common(c, c->main, c->b);
	take_names(c, c->main, c->b, &event_names);
	take_attachments(c, c->main, c->b);
	series_clear(&s);
}
