/* An appointment or meeting as VEVENT: MS-OXCICAL 2.1.3.1.1.20, RFC 5545 3.6.1. */
#include <stdio.h>
#include <stdlib.h>
#include "outlook/calendar/calendar.h"
#include "valise/base/date.h"
#include "valise/base/mem.h"

enum { ZONE_MAX = 1 << 16, STATE_MEETING = 1, STATE_CANCELED = 4 };
enum { DEFAULT_DELTA = 0x5ae980e1, DEFAULT_MINUTES = 15 };

/* Said by DTSTART, RRULE, ATTENDEE and so on; or how Outlook shows and handles the item. */
static const bag_key covered[] = {PidTagMessageClass, PidTagSubject, PidTagNormalizedSubject,
        PidTagMessageFlags, PidTagIconIndex, PidTagStartDate, PidTagEndDate, PidTagReplyRequested,
        PidTagRtfCompressed, (bag_key)PidLidSideEffects, (bag_key)PidLidCommonStart,
        (bag_key)PidLidCommonEnd, (bag_key)PidLidReminderTime, (bag_key)PidLidReminderSignalTime,
        (bag_key)PidLidAppointmentDuration, (bag_key)PidLidAppointmentStartWhole,
        (bag_key)PidLidAppointmentEndWhole, (bag_key)PidLidAppointmentStartTime,
        (bag_key)PidLidAppointmentEndTime, (bag_key)PidLidAppointmentStartDate,
        (bag_key)PidLidAppointmentEndDate, (bag_key)PidLidRecurring, (bag_key)PidLidRecurrenceType,
        (bag_key)PidLidRecurrencePattern, (bag_key)PidLidTimeZoneDescription,
        (bag_key)PidLidClipStart, (bag_key)PidLidClipEnd, (bag_key)PidLidAllAttendeesString,
        (bag_key)PidLidToAttendeesString, (bag_key)PidLidCcAttendeesString,
        (bag_key)PidLidFExceptionalBody, (bag_key)PidLidFExceptionalAttendees,
        (bag_key)PidLidChangeHighlight, (bag_key)PidLidFInvited,
        (bag_key)PidLidAppointmentAuxiliaryFlags, (bag_key)PidLidAppointmentUpdateTime,
        (bag_key)PidLidExceptionReplaceTime, (bag_key)PidLidGlobalObjectId,
        (bag_key)PidLidCleanGlobalObjectId, (bag_key)PidLidWhere, (bag_key)PidLidIsRecurring,
        (bag_key)PidLidIsException, (bag_key)PidLidIsSilent, (bag_key)PidLidTimeZone,
        (bag_key)PidLidStartRecurrenceDate, (bag_key)PidLidStartRecurrenceTime,
        (bag_key)PidLidEndRecurrenceDate, (bag_key)PidLidEndRecurrenceTime,
        (bag_key)PidLidDayInterval, (bag_key)PidLidWeekInterval, (bag_key)PidLidMonthInterval,
        (bag_key)PidLidYearInterval, (bag_key)PidLidCalendarType, (bag_key)PidLidRequiredAttendees,
        (bag_key)PidLidOptionalAttendees, (bag_key)PidLidResourceAttendees,
        (bag_key)PidLidAppointmentMessageClass, PidTagSentRepresentingName,
        PidTagSentRepresentingAddressType, PidTagSentRepresentingEmailAddress,
        PidTagSentRepresentingSmtpAddress, PidTagSenderName, PidTagSenderAddressType,
        PidTagSenderEmailAddress, PidTagSenderSmtpAddress, PidTagCreationTime,
        PidTagLastModificationTime, PidTagSearchKey, PidTagClientSubmitTime,
        PidTagResponseRequested, PidTagOwnerAppointmentId, (bag_key)PidLidMeetingType,
        (bag_key)PidLidSendMeetingAsIcal, (bag_key)PidLidAllowExternalCheck,
        (bag_key)PidLidAutoStartCheck, (bag_key)PidLidConferencingCheck,
        (bag_key)PidLidConferencingType, (bag_key)PidLidAutoFillLocation,
        (bag_key)PidLidForwardInstance, (bag_key)PidLidTaskState, (bag_key)PidLidTaskVersion,
        (bag_key)PidLidTaskOrdinal};

struct bag *event_bag(const struct event *e, unsigned flag)
{
	return e->own && e->x && (e->x->flags & flag) ? e->own : e->b;
}

/* ---- zones and times ---- */

static bool read_zone(struct conv *c, bag_key key, struct zone *out)
{
	struct err err = {0};
	size_t n;
	const uint8_t *p = bag_octets(c->b, key, ZONE_MAX, &n);

	if (!p || zone_read_definition(p, n, out, &err) == 0)
		return p != NULL;
	conv_lost(c, "%s", err.text);
	zone_clear(out);
	return false;
}

/* The struct counts where both are there and say different things (MS-OXOCAL 2.2.1.41). */
static void read_recur_zone(struct conv *c)
{
	struct zone by_struct;
	struct err err = {0};
	size_t n;
	const uint8_t *p = bag_octets(c->b, (bag_key)PidLidTimeZoneStruct, ZONE_MAX, &n);

	if (!read_zone(c, (bag_key)PidLidAppointmentTimeZoneDefinitionRecur, &c->zone) && !p)
		read_zone(c, (bag_key)PidLidAppointmentTimeZoneDefinitionStartDisplay, &c->zone);
	if (!p)
		return;
	if (zone_read_struct(p, n, bag_text(c->b, (bag_key)PidLidTimeZoneDescription), &by_struct,
	            &err) < 0) {
		if (!c->zone.name)
			conv_lost(c, "%s", err.text);
		zone_clear(&by_struct);
	} else if (c->zone.name && zone_agrees(&c->zone, &by_struct)) {
		zone_clear(&by_struct);
	} else {
		zone_clear(&c->zone);
		c->zone = by_struct;
	}
}

static void read_recurrence(struct conv *c)
{
	struct err err = {0};
	size_t n;
	const bag_key key = (bag_key)PidLidAppointmentRecur;
	const struct bag_prop *there = bag_peek(c->b, key);
	const uint8_t *p;

	if (!there || !there->len)
		return;
	p = bag_octets(c->b, key, RECUR_BLOB_MAX, &n);
	if (p && recur_read(p, n, true, &c->recur, &err) == 0) {
		c->recurs = true;
		return;
	}
	conv_lost(
	        c, "%s; only its first instance comes over", p ? err.text : "recurrence: too long");
	recur_clear(&c->recur);
}

/*
 * A series without a zone has its times by the clock in the pattern, and in UTC in its start:
 * what lies between is an offset that it keeps.
 */
static void guess_zone(struct conv *c)
{
	int64_t utc, start, end, off;
	char name[32];

	if (!bag_time(c->b, (bag_key)PidLidAppointmentStartWhole, &utc) ||
	        !series_begin(c, &start, &end))
		return;
	off = start - utc;
	if (off % 900 || off < -14 * 3600 || off > 14 * 3600)
		return;
	snprintf(name, sizeof name, off ? "UTC%c%02d:%02d" : "UTC", off < 0 ? '-' : '+',
	        abs((int)off) / 3600, abs((int)off) / 60 % 60);
	c->zone.rules = xcalloc(1, sizeof *c->zone.rules);
	c->zone.rules->standard = c->zone.rules->daylight = (int)off;
	c->zone.n_rules = 1;
	c->zone.name = xstrdup(name);
}

/* When instances of the series begin; else when this one does. */
static int64_t time_of_day(struct conv *c)
{
	int64_t t = bag_int(c->b, (bag_key)PidLidStartRecurrenceTime, -1);

	/* hours, minutes and seconds in their bits: MS-OXOCAL 2.2.1.30 */
	if (t >= 0)
		return (t >> 12 & 0x1f) * 3600 + (t >> 6 & 0x3f) * 60 + (t & 0x3f);
	if (!bag_time(c->b, (bag_key)PidLidAppointmentStartWhole, &t))
		return 0;
	t = c->zone.name ? zone_local(&c->zone, t) : t;
	return (t % 86400 + 86400) % 86400;
}

/* Which instance of a series it is, or is about: one may be invited to that one alone. */
static void find_instance(struct conv *c)
{
	int64_t t;
	uint32_t day = day_of_id(c->b);

	if (bag_time(c->b, (bag_key)PidLidExceptionReplaceTime, &t)) {
		c->instance = c->zone.name ? zone_local(&c->zone, t) : t;
		c->is_instance = true;
	} else if (day) {
		c->instance = when_of_minutes(day) + time_of_day(c);
		c->is_instance = true;
	}
}

static void read_single_zones(struct conv *c)
{
	const bag_key end = (bag_key)PidLidAppointmentTimeZoneDefinitionEndDisplay;

	if (!read_zone(c, (bag_key)PidLidAppointmentTimeZoneDefinitionStartDisplay, &c->zone))
		read_recur_zone(c);
	cover(c->b,
	        (const bag_key[]){(bag_key)PidLidAppointmentTimeZoneDefinitionRecur,
	                (bag_key)PidLidTimeZoneStruct},
	        2);
	if (c->zone.name && read_zone(c, end, &c->end_zone) && zone_same(&c->zone, &c->end_zone))
		zone_clear(&c->end_zone);
}

void event_prepare(struct conv *c)
{
	const bag_key end = (bag_key)PidLidAppointmentTimeZoneDefinitionEndDisplay;

	read_recurrence(c);
	c->all_day = bag_bool(c->b, (bag_key)PidLidAppointmentSubType);
	if (c->recurs) {
		read_recur_zone(c);
		if (!c->zone.name)
			guess_zone(c);
		cover(c->b,
		        (const bag_key[]){
		                (bag_key)PidLidAppointmentTimeZoneDefinitionStartDisplay, end},
		        2);
		return;
	}
	read_single_zones(c);
	find_instance(c);
}

static int64_t local_of(const struct zone *z, int64_t utc)
{
	return z->name ? zone_local(z, utc) : utc;
}

/* Start and end of what is no series, in UTC. */
static void times_of(struct conv *c, int64_t *start, int64_t *end)
{
	struct bag *b = c->b;
	bool proposed = c->method && strcmp(c->method, "COUNTER") == 0 &&
	                bag_time(b, (bag_key)PidLidAppointmentProposedStartWhole, start) &&
	                bag_time(b, (bag_key)PidLidAppointmentProposedEndWhole, end);
	bool has_start = proposed || bag_time(b, (bag_key)PidLidAppointmentStartWhole, start) ||
	                 bag_time(b, (bag_key)PidLidCommonStart, start) ||
	                 bag_time(b, PidTagStartDate, start);
	int64_t minutes = bag_int(b, (bag_key)PidLidAppointmentDuration, 0);

	if (!has_start && !bag_time(b, PidTagCreationTime, start) &&
	        !bag_time(b, PidTagLastModificationTime, start))
		*start = 0;
	if (!has_start)
		conv_lost(c, "it has no start: when the item was made stands for it");
	if (!proposed && !bag_time(b, (bag_key)PidLidAppointmentEndWhole, end) &&
	        !bag_time(b, (bag_key)PidLidCommonEnd, end) && !bag_time(b, PidTagEndDate, end))
		*end = *start + (minutes > 0 && minutes < 1 << 24 ? minutes * 60 : 0);
	if (*end < *start)
		*end = *start;
}

static void put_days(struct conv *c, int64_t start, int64_t end)
{
	struct clock date = {CLOCK_DATE, NULL};

	start = when_midnight(start);
	end = when_midnight(end);
	lines_puts(&c->l, "DTSTART");
	put_when(&c->l, &date, start);
	lines_end(&c->l);
	lines_puts(&c->l, "DTEND");
	put_when(&c->l, &date, MAX(end, start + 86400));
	lines_end(&c->l);
}

static void put_span(
        struct conv *c, struct clock *from, int64_t start, struct clock *to, int64_t end)
{
	lines_puts(&c->l, "DTSTART");
	put_when(&c->l, from, start);
	lines_end(&c->l);
	lines_puts(&c->l, "DTEND");
	put_when(&c->l, to, end);
	lines_end(&c->l);
}

/* Of an instance, and of a series: by the pattern's own clock. */
static void put_local_times(struct conv *c, bool all_day, int64_t start, int64_t end)
{
	struct clock clock = clock_of_zone(&c->zone);

	if (all_day) {
		put_days(c, start, end);
		return;
	}
	if (!c->zone.name)
		clock.kind = CLOCK_FLOATING;
	put_span(c, &clock, start, &clock, end);
}

static void put_times(struct conv *c, const struct event *e)
{
	int64_t start, end;
	const struct zone *z = &c->zone, *to = c->end_zone.name ? &c->end_zone : z;
	struct clock from_clock = clock_of_zone(z), to_clock = clock_of_zone(to);

	if (e->x) {
		bool all_day = e->x->flags & OVERRIDE_ALL_DAY ? e->x->all_day != 0 : c->all_day;

		put_local_times(
		        c, all_day, when_of_minutes(e->x->start), when_of_minutes(e->x->end));
		return;
	}
	if (c->recurs && series_begin(c, &start, &end)) {
		put_local_times(c, c->all_day, start, end);
		return;
	}
	times_of(c, &start, &end);
	if (c->all_day)
		put_days(c, local_of(z, start), local_of(to, end));
	else
		put_span(c, &from_clock, local_of(z, start), &to_clock, local_of(to, end));
}

/* ---- the rest ---- */

static void put_busy(struct conv *c, const char *name, int64_t status)
{
	const char *word = word_at(busy_words, status);

	if (word)
		lines_add(&c->l, "%s:%s", name, word);
}

static void put_state(struct conv *c, const struct event *e, bool cancelled)
{
	bool own = e->x && (e->x->flags & OVERRIDE_BUSY);
	int64_t busy = own ? (int64_t)e->x->busy : bag_int(e->b, (bag_key)PidLidBusyStatus, 2);

	if (cancelled)
		lines_add(&c->l, "STATUS:CANCELLED");
	else
		lines_add(&c->l, "STATUS:%s", busy == 1 ? "TENTATIVE" : "CONFIRMED");
	lines_add(&c->l, "TRANSP:%s", busy == 0 ? "TRANSPARENT" : "OPAQUE");
	put_busy(c, "X-MICROSOFT-CDO-BUSYSTATUS", busy);
	put_busy(c, "X-MICROSOFT-CDO-INTENDEDSTATUS",
	        bag_int(e->b, (bag_key)PidLidIntendedBusyStatus, -1));
}

/* Where one meets online: RFC 7986 5.11, once for each address. */
static void put_conference(struct conv *c, struct bag *b)
{
	const char *given[CONFERENCES] = {NULL};

	for (size_t i = 0; i < CONFERENCES; i++) {
		bool known = false;

		given[i] = bag_text(b, conference_keys[i]);
		for (size_t k = 0; k < i; k++)
			known |= given[i] && given[k] && strcmp(given[i], given[k]) == 0;
		if (!given[i] || known || !strchr(given[i], ':'))
			continue;
		lines_puts(&c->l, "CONFERENCE;VALUE=URI:");
		lines_uri(&c->l, given[i]);
		lines_end(&c->l);
	}
}

static void put_reminder(struct conv *c, const struct event *e, const char *summary)
{
	const struct recur_exception *x = e->x;
	bool set = bag_bool(e->b, (bag_key)PidLidReminderSet);
	int64_t delta = bag_int(e->b, (bag_key)PidLidReminderDelta, DEFAULT_DELTA);

	if (x && (x->flags & OVERRIDE_REMINDER))
		set = x->reminder_set != 0;
	if (x && (x->flags & OVERRIDE_DELTA))
		delta = x->reminder_delta;
	if (set)
		put_alarm(c, delta == DEFAULT_DELTA ? DEFAULT_MINUTES : delta, INT64_MIN, summary);
}

/* What an exception says itself; else the item's own. malloc'ed; or NULL. */
static char *text_of(const struct event *e, unsigned flag, bag_key key)
{
	const struct recur_exception *x = e->x;
	bool subject = flag == OVERRIDE_SUBJECT;
	const char *own;

	if (!x || !(x->flags & flag))
		return xstrdup(bag_text(e->b, key));
	own = e->own ? bag_text(e->own, key) : NULL;
	if (own)
		return xstrdup(own);
	return decode_text(e->b->code_page,
	        (subject ? x->wide_subject : x->wide_location) ? BAG_UNICODE : BAG_STRING8,
	        subject ? x->subject : x->location, subject ? x->subject_len : x->location_len);
}

static void put_people(struct conv *c, const struct event *e, int64_t state)
{
	if (!(state & STATE_MEETING) && !e->b->n_recipients && !c->method)
		return;
	put_organizer(c, e->b);
	put_attendees(c, e);
}

static void put_recurrence_id(struct conv *c, int64_t local)
{
	struct clock clock = clock_of_zone(&c->zone);

	if (c->all_day)
		clock.kind = CLOCK_DATE;
	else if (c->recurs && !c->zone.name)
		clock.kind = CLOCK_FLOATING;
	lines_puts(&c->l, "RECURRENCE-ID");
	put_when(&c->l, &clock, local);
	lines_end(&c->l);
}

/* The instance that an exception replaces, where the rule has it. */
static int64_t original_of(const struct conv *c, const struct recur_exception *x)
{
	uint32_t day = x->original - x->original % RECUR_DAY_MINUTES;

	return when_of_minutes((int64_t)day + (c->all_day ? 0 : c->recur.start_minute));
}

void put_event_head(struct conv *c, const struct event *e)
{
	lines_add(&c->l, "BEGIN:VEVENT");
	lines_text(&c->l, "UID", c->uid);
	if (e->x)
		put_recurrence_id(c, original_of(c, e->x));
	else if (c->is_instance)
		put_recurrence_id(c, c->instance);
	put_stamps(c, e->own ? e->own : e->b);
	put_times(c, e);
	if (c->recurs && !e->x)
		put_series(c);
}

void event_put(struct conv *c, const struct event *e)
{
	int64_t state = bag_int(e->b, (bag_key)PidLidAppointmentStateFlags, 0);
	char *summary = text_of(e, OVERRIDE_SUBJECT, PidTagSubject);
	char *location = text_of(e, OVERRIDE_LOCATION, (bag_key)PidLidLocation);

	if (e->x && (e->x->flags & OVERRIDE_MEETING))
		state = e->x->meeting;
	put_event_head(c, e);
	lines_text(&c->l, "SUMMARY", summary);
	lines_text(&c->l, "LOCATION", location);
	put_body(c, "DESCRIPTION", event_bag(e, OVERRIDE_BODY));
	lines_add(&c->l, "SEQUENCE:%lld",
	        (long long)MAX(bag_int(e->b, (bag_key)PidLidAppointmentSequence, 0), 0));
	put_state(
	        c, e, (state & STATE_CANCELED) || (c->method && strcmp(c->method, "CANCEL") == 0));
	put_common(c, e->b);
	put_names(c, e->b, &event_names);
	put_conference(c, e->b);
	put_kept(c, e->own ? e->own : e->x ? NULL : e->b);
	put_people(c, e, state);
	/* the message that an invitation is part of has them itself */
	if (!e->x && !c->method)
		put_attachments(c, e->b);
	else if (e->own)
		put_attachments(c, e->own);
	put_reminder(c, e, summary);
	lines_add(&c->l, "END:VEVENT");
	cover(e->b, covered, COUNT(covered));
	if (e->own)
		cover(e->own, covered, COUNT(covered));
	free(summary);
	free(location);
}

/* Has a series of whole days an instance with times? */
static bool has_timed(const struct conv *c)
{
	for (size_t i = 0; i < c->recur.n_exceptions; i++)
		if (c->recur.exceptions[i].flags & OVERRIDE_ALL_DAY &&
		        !c->recur.exceptions[i].all_day)
			return true;
	return false;
}

void put_zones(struct conv *c)
{
	int64_t start = 0, end;
	int year;

	if (!c->recurs || !series_begin(c, &start, &end))
		if (!bag_time(c->b, (bag_key)PidLidAppointmentStartWhole, &start))
			start = 0;
	year = day_of(start).year;
	if (c->all_day && !has_timed(c))
		return;
	if (clock_of_zone(&c->zone).kind == CLOCK_ZONE)
		zone_write(&c->l, &c->zone, year);
	if (clock_of_zone(&c->end_zone).kind == CLOCK_ZONE)
		zone_write(&c->l, &c->end_zone, year);
}

void put_vevents(struct conv *c)
{
	struct event e = {c->b, NULL, NULL};

	event_put(c, &e);
	if (c->recurs)
		put_overrides(c);
	put_kept_events(c);
}
