/*
 * outlook_calendar make DIR: calendar objects of items by hand, DIR/NAME.ics, what did not come
 * over in DIR/NAME.lost. outlook_calendar expand FILE YEAR: the instances of an object from that
 * year on, the first 40, as libical finds them; a line each, "20260302T080000Z/20260302T090000Z".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libical/ical.h>
#include "outlook/calendar/items.h"

enum { SHOWN = 40 };

/* ---- make ---- */

static void save(const char *dir, const char *name, const char *end, const void *p, size_t n)
{
	char *path = xasprintf("%s/%s.%s", dir, name, end);
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
	free(path);
}

static void give(const char *dir, const char *name, struct bag *b)
{
	struct made m;

	/* each its own key, of its name */
	make_octets(b, PidTagSearchKey, BAG_BINARY, name, strlen(name));
	m = items_make(b, false);
	save(dir, name, "ics", m.octets.data, m.octets.len);
	if (m.lost.len)
		save(dir, name, "lost", m.lost.data, m.lost.len);
	items_clear(&m);
	bag_free(b);
}

/* The blob of an example, in the Pacific time zone. */
static void give_example(const char *dir, const char *name, const char *hex)
{
	struct bag *b = items_appointment(name);

	items_hex(b, (bag_key)PidLidAppointmentRecur, hex);
	items_hex(b, (bag_key)PidLidAppointmentTimeZoneDefinitionRecur, BLOB_PACIFIC);
	give(dir, name, b);
}

static const struct pattern {
	const char *name;
	struct recur r;
	struct {
		int year, month, day;
	} start;
} patterns[] = {
        {"every-second-day", {.pattern = RECUR_DAY, .period = 2880, .end = RECUR_NEVER},
                {2026, 3, 20}},
        {"workdays", {.pattern = RECUR_WEEK, .period = 1, .days = 0x3e, .end = RECUR_NEVER},
                {2026, 10, 19}},
        {"fortnight",
                {.pattern = RECUR_WEEK,
                        .period = 2,
                        .days = 0x03,
                        .week_start = 1,
                        .end = RECUR_COUNT,
                        .count = 12},
                {2026, 3, 9}},
        {"day-31", {.pattern = RECUR_MONTH, .period = 1, .day = 31, .end = RECUR_NEVER},
                {2026, 1, 31}},
        {"day-30", {.pattern = RECUR_MONTH, .period = 1, .day = 30, .end = RECUR_NEVER},
                {2026, 1, 30}},
        {"month-end", {.pattern = RECUR_MONTH_END, .period = 3, .day = 31, .end = RECUR_NEVER},
                {2026, 2, 1}},
        {"last-friday",
                {.pattern = RECUR_MONTH_NTH,
                        .period = 1,
                        .days = 0x20,
                        .nth = 5,
                        .end = RECUR_NEVER},
                {2026, 1, 1}},
        {"second-workday",
                {.pattern = RECUR_MONTH_NTH,
                        .period = 2,
                        .days = 0x3e,
                        .nth = 2,
                        .end = RECUR_NEVER},
                {2026, 1, 1}},
        {"leap-day", {.pattern = RECUR_MONTH, .period = 12, .day = 29, .end = RECUR_NEVER},
                {2024, 2, 29}},
        {"fourth-thursday",
                {.pattern = RECUR_MONTH_NTH,
                        .period = 12,
                        .days = 0x10,
                        .nth = 4,
                        .end = RECUR_NEVER},
                {2026, 11, 1}},
        {"ramadan",
                {.pattern = RECUR_HIJRI_MONTH,
                        .calendar = 6,
                        .period = 12,
                        .day = 1,
                        .end = RECUR_COUNT,
                        .count = 10},
                {2026, 2, 17}},
        {"hijri-end",
                {.pattern = RECUR_HIJRI_END,
                        .calendar = 6,
                        .period = 1,
                        .day = 30,
                        .end = RECUR_COUNT,
                        .count = 10},
                {2026, 1, 18}},
        {"hijri-friday",
                {.pattern = RECUR_HIJRI_NTH,
                        .calendar = 6,
                        .period = 1,
                        .days = 0x20,
                        .nth = 1,
                        .end = RECUR_COUNT,
                        .count = 10},
                {2026, 1, 20}},
};

static void give_patterns(const char *dir)
{
	for (size_t i = 0; i < COUNT(patterns); i++) {
		struct bag *b = items_appointment(patterns[i].name);
		struct recur r = patterns[i].r;

		r.start_date = blob_day(
		        patterns[i].start.year, patterns[i].start.month, patterns[i].start.day);
		items_recur(b, &r);
		give(dir, patterns[i].name, b);
	}
}

/* Mondays over the change to summer time: one is gone, one moved, one is a day. */
static void give_changed(const char *dir)
{
	struct recur r = {.pattern = RECUR_WEEK, .period = 1, .days = 2, .end = RECUR_UNTIL};
	uint32_t deleted[] = {blob_day(2026, 3, 9), blob_day(2026, 3, 16), blob_day(2026, 3, 30)};
	uint32_t modified[] = {blob_day(2026, 3, 17), blob_day(2026, 4, 1)};
	struct recur_exception x[] = {
	        {.start = modified[0] + 660,
	                .end = modified[0] + 720,
	                .original = deleted[1] + 540,
	                .flags = OVERRIDE_SUBJECT,
	                .subject = (const uint8_t *)"Moved"},
	        {.start = modified[1],
	                .end = modified[1] + 1440,
	                .original = deleted[2] + 540,
	                .flags = OVERRIDE_ALL_DAY,
	                .all_day = 1},
	};
	struct bag *b = items_appointment("Mondays");

	r.end_date = blob_day(2026, 4, 13);
	r.deleted = deleted;
	r.n_deleted = COUNT(deleted);
	r.modified = modified;
	r.n_modified = r.n_exceptions = COUNT(modified);
	r.exceptions = x;
	items_recur(b, &r);
	give(dir, "changed", b);
}

static void give_days(const char *dir)
{
	struct recur r = {
	        .pattern = RECUR_WEEK, .period = 1, .days = 0x40, .end = RECUR_COUNT, .count = 6};
	struct bag *b = items_appointment("Weekends");

	r.appointment = true;
	r.start_date = blob_day(2026, 3, 14);
	r.end_minute = 2880;
	make_bool(b, (bag_key)PidLidAppointmentSubType, true);
	items_blob(b, (bag_key)PidLidAppointmentRecur, blob_of(&r));
	give(dir, "weekends", b);
}

static void give_meeting(const char *dir)
{
	struct bag *b = items_appointment("Meeting, with people; and \\ files");
	struct bag *r;

	make_int(b, (bag_key)PidLidAppointmentStateFlags, 1);
	make_text(b, PidTagSentRepresentingName, "Bob");
	make_text(b, PidTagSentRepresentingAddressType, "SMTP");
	make_text(b, PidTagSentRepresentingEmailAddress, "bob@example.org");
	r = make_recipient(b, 1, "Ännchen \"A\"", "anne@example.org");
	make_int(r, PidTagRecipientTrackStatus, 3);
	r = make_recipient(b, 2, "Dora", "/o=Example/cn=dora");
	make_text(r, PidTagAddressType, "EX");
	make_attachment(b, "plan.txt", "some octets\n", 12);
	make_text(b, PidTagBody, "Words,\r\nmore words.\r\n");
	make_octets(b, PidTagHtml, BAG_BINARY, "<p>Words</p>", 12);
	make_bool(b, (bag_key)PidLidReminderSet, true);
	make_int(b, PidTagSensitivity, 1);
	make_text(b, PidNameSkypeTeamsMeetingUrl, "https://example.org/join?a=1&b=2");
	/* no comma in them: Xandikos takes it for the border of two */
	make_texts(b, PidNameKeywords, (const char *const[]){"Red", "A B", NULL});
	items_hex(b, (bag_key)PidLidAppointmentTimeZoneDefinitionEndDisplay, BLOB_PACIFIC);
	make_time(b, (bag_key)PidLidAppointmentEndWhole, ITEMS_MARCH + 36000);
	give(dir, "meeting", b);
}

static void give_others(const char *dir)
{
	struct recur r = {.pattern = RECUR_MONTH,
	        .frequency = 0x200c,
	        .period = 1,
	        .day = 15,
	        .end = RECUR_COUNT,
	        .count = 5};
	struct bag *b = bag_new();

	make_text(b, PidTagMessageClass, "IPM.Task");
	make_text(b, PidTagSubject, "Report");
	make_time(b, (bag_key)PidLidTaskDueDate, ITEMS_MARCH - 28800 + 13 * 86400);
	make_int(b, (bag_key)PidLidTaskStatus, 1);
	make_bool(b, (bag_key)PidLidReminderSet, true);
	make_time(b, (bag_key)PidLidReminderTime, ITEMS_MARCH);
	r.start_date = blob_day(2026, 3, 15);
	items_blob(b, (bag_key)PidLidTaskRecurrence, blob_of(&r));
	give(dir, "task", b);
	b = bag_new();
	make_text(b, PidTagMessageClass, "IPM.StickyNote");
	make_text(b, PidTagSubject, "Milk");
	make_int(b, (bag_key)PidLidNoteColor, 3);
	give(dir, "note", b);
	b = bag_new();
	make_text(b, PidTagMessageClass, "IPM.Activity");
	make_text(b, PidTagSubject, "Call");
	make_time(b, (bag_key)PidLidLogStart, ITEMS_MARCH);
	make_text(b, (bag_key)PidLidLogType, "Phone call");
	give(dir, "journal", b);
}

/* ---- expand ---- */

struct span {
	time_t start, end;
};
struct spans {
	struct span list[4000];
	size_t n;
};

static void add_span(icalcomponent *c, struct icaltime_span *s, void *ctx)
{
	struct spans *all = ctx;
	struct icaltimetype begin = icalcomponent_get_dtstart(c);
	time_t end = s->end;

	/* days end a second before midnight there, a day later */
	if (begin.is_date)
		end = s->start + icaltime_as_timet(icalcomponent_get_dtend(c)) -
		      icaltime_as_timet(begin);
	if (all->n < COUNT(all->list))
		all->list[all->n++] = (struct span){s->start, end};
}

static time_t time_of(icalcomponent *c, icalproperty_kind kind)
{
	icalproperty *p = icalcomponent_get_first_property(c, kind);
	struct icaltimetype t = icalproperty_get_datetime_with_component(p, c);

	return icaltime_as_timet_with_zone(t, t.zone);
}

static void replace(struct spans *all, icalcomponent *c)
{
	time_t was = time_of(c, ICAL_RECURRENCEID_PROPERTY);

	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].start == was) {
			all->list[i].start = time_of(c, ICAL_DTSTART_PROPERTY);
			all->list[i].end = time_of(c, ICAL_DTEND_PROPERTY);
			return;
		}
	printf("an override of nothing\n");
}

static int by_start(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void expand(const char *text, int year)
{
	static struct spans all;
	icalcomponent *cal = icalcomponent_new_from_string(text), *c;
	struct icaltimetype from = {.year = year, .month = 1, .day = 1}, to = from;

	to.year += 45;
	for (c = icalcomponent_get_first_component(cal, ICAL_VEVENT_COMPONENT); c;
	        c = icalcomponent_get_next_component(cal, ICAL_VEVENT_COMPONENT))
		if (!icalcomponent_get_first_property(c, ICAL_RECURRENCEID_PROPERTY))
			icalcomponent_foreach_recurrence(c, from, to, add_span, &all);
	for (c = icalcomponent_get_first_component(cal, ICAL_VEVENT_COMPONENT); c;
	        c = icalcomponent_get_next_component(cal, ICAL_VEVENT_COMPONENT))
		if (icalcomponent_get_first_property(c, ICAL_RECURRENCEID_PROPERTY))
			replace(&all, c);
	qsort(all.list, all.n, sizeof *all.list, by_start);
	for (size_t i = 0; i < MIN(all.n, (size_t)SHOWN); i++) {
		char start[32], end[32];

		strftime(start, sizeof start, "%Y%m%dT%H%M%SZ", gmtime(&all.list[i].start));
		strftime(end, sizeof end, "%Y%m%dT%H%M%SZ", gmtime(&all.list[i].end));
		printf("%s/%s\n", start, end);
	}
	icalcomponent_free(cal);
}

int main(int argc, char **argv)
{
	static char text[1 << 20];
	FILE *f;

	if (argc == 3 && strcmp(argv[1], "make") == 0) {
		give_example(argv[2], "example-weekly", BLOB_WEEKLY);
		give_example(argv[2], "example-weekly-changed", BLOB_WEEKLY_CHANGED);
		give_example(argv[2], "example-daily", BLOB_DAILY);
		give_example(argv[2], "example-nth", BLOB_NTH);
		give_example(argv[2], "example-hebrew", BLOB_HEBREW);
		give_patterns(argv[2]);
		give_changed(argv[2]);
		give_days(argv[2]);
		give_meeting(argv[2]);
		give_others(argv[2]);
		return 0;
	}
	if (argc != 4 || strcmp(argv[1], "expand") != 0 || !(f = fopen(argv[2], "rb"))) {
		fprintf(stderr, "usage: outlook_calendar make DIR | expand FILE YEAR\n");
		return 2;
	}
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	expand(text, atoi(argv[3]));
	return 0;
}
