/* Calendar objects as items, and back: MS-OXCICAL 2.1, MS-OXOCAL, MS-OXOTASK, MS-OXOJRNL,
 * MS-OXONOTE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "outlook/calendar/blobs.h"
#include "outlook/calendar/zone.h"
#include "outlook/make/back.h"
#include "valise/base/date.h"

#define BERLIN                                                                                     \
	"BEGIN:VTIMEZONE\nTZID:Europe/Berlin\n"                                                    \
	"BEGIN:STANDARD\nDTSTART:19701025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"          \
	"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\n"                                  \
	"BEGIN:DAYLIGHT\nDTSTART:19700329T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n"          \
	"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
#define HEAD "UID:u@example.org\nDTSTAMP:20260101T000000Z\n"

static int64_t time_of(struct bag *b, int lid)
{
	int64_t t = 0;

	assert_true(bag_time(b, (bag_key)lid, &t));
	return t;
}

static void an_event_has_its_times_in_utc(void **state)
{
	struct back k = back_calendar(
	        BERLIN "BEGIN:VEVENT\n" HEAD "DTSTART;TZID=Europe/Berlin:20260701T100000\n"
	               "DTEND;TZID=Europe/Berlin:20260701T113000\nSUMMARY:Ein\\, zwei\n"
	               "LOCATION:Köln\nDESCRIPTION:a\\nb\nEND:VEVENT\n");
	struct zone z;
	struct err err = {0};
	size_t n;
	const uint8_t *p;

	(void)state;
	assert_string_equal(bag_text(k.b, PidTagMessageClass), "IPM.Appointment");
	assert_int_equal(time_of(k.b, PidLidAppointmentStartWhole), 1782892800); /* 8:00 UTC */
	assert_int_equal(time_of(k.b, PidLidAppointmentEndWhole), 1782892800 + 5400);
	assert_int_equal(bag_int(k.b, (bag_key)PidLidAppointmentDuration, 0), 90);
	assert_string_equal(bag_text(k.b, PidTagSubject), "Ein, zwei");
	assert_string_equal(bag_text(k.b, PidTagBody), "a\r\nb");
	assert_string_equal(bag_text(k.b, (bag_key)PidLidLocation), "Köln");
	assert_int_equal(bag_int(k.b, (bag_key)PidLidBusyStatus, -1), 2);
	assert_false(bag_bool(k.b, (bag_key)PidLidReminderSet));
	p = bag_octets(k.b, (bag_key)PidLidAppointmentTimeZoneDefinitionStartDisplay, 4096, &n);
	make_check(zone_read_definition(p, n, &z, &err), &err);
	assert_string_equal(z.name, "Europe/Berlin");
	assert_int_equal(z.n_rules, 1);
	assert_int_equal(z.rules->standard, 3600);
	assert_int_equal(z.rules->daylight, 7200);
	assert_int_equal(z.rules->to_daylight.nth, 5);
	assert_int_equal(z.rules->to_daylight.month, 3);
	zone_clear(&z);
	assert_string_equal(buf_str(&k.lost), "");
	back_clear(&k);
}

static void a_uid_is_an_id_and_comes_back(void **state)
{
	static const char *const uids[] = {"a@example.org", "Ännchen", "x",
	        /* of Exchange: decoded, as it comes back the same */
	        "040000008200E00074C5B7101A82E0080000000025D461E473C8010000000000000000100000002A5844"
	        "B3A444F74A9C246C60886F116B",
	        /* not so: of an instance, and in small letters */
	        "040000008200E00074C5B7101A82E00807D8031925D461E473C8010000000000000000100000002A5844"
	        "B3A444F74A9C246C60886F116B",
	        "040000008200e00074c5b7101a82e0080000000025d461e473c801000000000000000010000000"};
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(uids); i++) {
		char *text = xasprintf("BEGIN:VEVENT\nUID:%s\nDTSTAMP:20260101T000000Z\n"
		                       "DTSTART:20260701T100000Z\nEND:VEVENT\n",
		             uids[i]),
		     *line = xasprintf("\nUID:%s\n", uids[i]);
		struct back k = back_calendar(text);
		const uint8_t *id = bag_octets(k.b, (bag_key)PidLidCleanGlobalObjectId, 4096, &n);

		assert_int_equal(id[0], 4);
		assert_int_equal(memcmp(id + 40, "vCal-Uid", 8) == 0, i != 3);
		back_has(&k, line);
		free(text);
		free(line);
		back_clear(&k);
	}
}

/* Each line of it comes back; what stands for it is a property. */
static const struct {
	const char *line;
	int key;
	int64_t value; /* INT64_MIN: a text */
	const char *text;
} lines[] = {
        {"CLASS:CONFIDENTIAL", PidTagSensitivity, 3, NULL},
        {"PRIORITY:1", PidTagImportance, 2, NULL},
        {"PRIORITY:7", PidTagImportance, 0, NULL},
        {"TRANSP:TRANSPARENT", PidLidBusyStatus, 0, NULL},
        {"STATUS:TENTATIVE", PidLidBusyStatus, 1, NULL},
        {"X-MICROSOFT-CDO-BUSYSTATUS:OOF", PidLidBusyStatus, 3, NULL},
        {"X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY", PidLidIntendedBusyStatus, 2, NULL},
        {"X-MICROSOFT-CDO-OWNERAPPTID:12345", PidTagOwnerAppointmentId, 12345, NULL},
        {"X-MICROSOFT-DISALLOW-COUNTER:TRUE", PidLidAppointmentNotAllowPropose, 1, NULL},
        {"X-OUTLOOK-COLOR:4", PidLidAppointmentColor, 4, NULL},
        {"X-OUTLOOK-BILLING:a\\, b", PidLidBilling, INT64_MIN, "a, b"},
        {"X-OUTLOOK-MILEAGE:7", PidLidMileage, INT64_MIN, "7"},
        {"X-MS-OLK-MWSURL:https://x/", PidLidDirectory, INT64_MIN, "https://x/"},
        {"SEQUENCE:3", PidLidAppointmentSequence, 3, NULL},
        {"CONFERENCE;VALUE=URI:https://x/y", BAG_PLACE_PidNameSkypeTeamsMeetingUrl, INT64_MIN,
                NULL},
        {"CATEGORIES:a\\,b,c", 0, 0, NULL},
        {"CATEGORIES:a\nCATEGORIES:b", 0, 0, NULL},
        {"CONTACT:Ann", 0, 0, NULL},
        {"X-ALT-DESC;FMTTYPE=text/html:<p>x</p>", 0, 0, NULL},
        {"ATTACH;FMTTYPE=text/plain;FILENAME=a.txt;ENCODING=BASE64;VALUE=BINARY:YWJj", 0, 0, NULL},
        {"ATTACH:https://example.org/x", 0, 0, NULL},
        {"ATTACH;FILENAME=a:file://server/share/a%20b", 0, 0, NULL},
        {"BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT30M\nDESCRIPTION:x\nEND:VALARM",
                PidLidReminderDelta, 30, NULL},
        /* for which MAPI has nothing: kept as it was */
        {"GEO:1;2", 0, 0, NULL},
        {"COLOR:red", 0, 0, NULL},
        {"X-FOO;BAR=\"a:b\":c", 0, 0, NULL},
        {"RELATED-TO:x", 0, 0, NULL},
        {"BEGIN:VALARM\nACTION:EMAIL\nTRIGGER:-PT5M\nSUMMARY:a\nDESCRIPTION:b\n"
         "ATTENDEE:mailto:a@b\nEND:VALARM",
                0, 0, NULL},
        {"BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;RELATED=END:PT5M\nDESCRIPTION:b\nEND:VALARM", 0, 0,
                NULL},
        {"ORGANIZER;CN=Bob:mailto:bob@example.org\n"
         "ATTENDEE;CN=Ann;PARTSTAT=ACCEPTED;ROLE=CHAIR;X-NUM=1:mailto:ann@example.org\n"
         "ATTENDEE;CUTYPE=ROOM;ROLE=NON-PARTICIPANT:mailto:room@example.org",
                PidLidAppointmentStateFlags, 3, NULL},
};

static void each_line_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		char *text = xasprintf(
		        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\n" HEAD
		        "DTSTART:20260701T100000Z\nDTEND:20260701T110000Z\n%s\nEND:VEVENT\n"
		        "END:VCALENDAR\n",
		        lines[i].line);
		struct back k = back_of(OUTLOOK_CALENDAR, text);

		back_equal(text, strlen(text), &k);
		if (lines[i].key > 0x100 && lines[i].text)
			assert_string_equal(bag_text(k.b, (bag_key)lines[i].key), lines[i].text);
		else if (lines[i].key > 0x100 && lines[i].value != INT64_MIN)
			assert_int_equal(bag_int(k.b, (bag_key)lines[i].key, -1), lines[i].value);
		free(text);
		back_clear(&k);
	}
}

static void people_are_recipients(void **state)
{
	struct back k = back_calendar(
	        "BEGIN:VEVENT\n" HEAD "DTSTART:20260701T100000Z\n"
	        "ORGANIZER;CN=Bob;SENT-BY=\"mailto:eve@example.org\":mailto:bob@example.org\n"
	        "ATTENDEE;CN=Ann;PARTSTAT=DECLINED;RSVP=TRUE:mailto:ann@example.org\n"
	        "ATTENDEE;ROLE=OPT-PARTICIPANT:mailto:c%2Bd@example.org\n"
	        "ATTENDEE;CUTYPE=RESOURCE;ROLE=NON-PARTICIPANT:mailto:beamer@example.org\n"
	        "ATTENDEE;CN=Dora;X-OUTLOOK-ADDRESS=\"/o=x/cn=dora\":invalid:nomail\n"
	        "ATTENDEE:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1\nEND:VEVENT\n");
	struct bag **r = k.b->recipients + 1;

	(void)state;
	assert_int_equal(
	        k.b->n_recipients, 5); /* the organizer, who is none of them, is the first */
	assert_string_equal(bag_text(k.b, PidTagSentRepresentingEmailAddress), "bob@example.org");
	assert_string_equal(bag_text(k.b, PidTagSenderEmailAddress), "eve@example.org");
	assert_int_equal(bag_int(r[0], PidTagRecipientTrackStatus, 0), 4);
	assert_int_equal(bag_int(r[0], PidTagRecipientType, 0), 1);
	assert_string_equal(bag_text(r[1], PidTagSmtpAddress), "c+d@example.org");
	assert_int_equal(bag_int(r[1], PidTagRecipientType, 0), 2);
	assert_int_equal(bag_int(r[2], PidTagRecipientType, 0), 3);
	assert_string_equal(bag_text(r[3], PidTagAddressType), "EX");
	assert_int_equal(bag_int(r[-1], PidTagRecipientFlags, 0), 3);
	assert_true(bag_bool(k.b, PidTagResponseRequested));
	/* nobody's own meeting, as nobody says so: who changes it writes to nobody */
	assert_int_equal(bag_int(k.b, (bag_key)PidLidAppointmentStateFlags, 0), 3);
	back_has(&k, "\nATTENDEE:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1\n");
	back_has_not(&k, "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT:mailto:bob");
	back_clear(&k);
	k = back_calendar(
	        "BEGIN:VEVENT\n" HEAD "DTSTART:20260701T100000Z\n"
	        "ORGANIZER:mailto:b@example.org\nX-OUTLOOK-RESPONSESTATUS:1\nEND:VEVENT\n");
	assert_int_equal(bag_int(k.b, (bag_key)PidLidAppointmentStateFlags, 0), 1);
	back_clear(&k);
}

/* A time of its own becomes one before the start. */
static void an_alarm_at_a_time_is_a_reminder(void **state)
{
	struct back k = back_calendar(
	        "BEGIN:VEVENT\n" HEAD "DTSTART:20260701T100000Z\nBEGIN:VALARM\nACTION:AUDIO\n"
	        "TRIGGER;VALUE=DATE-TIME:20260701T090000Z\n"
	        "X-WR-ALARMUID:a\nEND:VALARM\nEND:VEVENT\n");

	(void)state;
	assert_true(bag_bool(k.b, (bag_key)PidLidReminderSet));
	assert_int_equal(bag_int(k.b, (bag_key)PidLidReminderDelta, 0), 60);
	back_has(&k, "\nACTION:AUDIO\nTRIGGER:-PT60M\n");
	back_tells(&k, "X-WR-ALARMUID of its reminder");
	back_clear(&k);
}

static const char changed[] =
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n" BERLIN "BEGIN:VEVENT\n" HEAD
        "SUMMARY:Series\nDTSTART;TZID=Europe/Berlin:20260302T090000\n"
        "DTEND;TZID=Europe/Berlin:20260302T100000\nRRULE:FREQ=WEEKLY;COUNT=8\n"
        "EXDATE;TZID=Europe/Berlin:20260309T090000\nCATEGORIES:a\n"
        "DESCRIPTION:all\nX-FOO:1\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\n"
        "DESCRIPTION:x\nEND:VALARM\nEND:VEVENT\n"
        "BEGIN:VEVENT\n" HEAD "RECURRENCE-ID;TZID=Europe/Berlin:20260330T090000\n"
        "SUMMARY:Moved\nDTSTART;TZID=Europe/Berlin:20260331T110000\n"
        "DTEND;TZID=Europe/Berlin:20260331T120000\nCATEGORIES:b\nX-FOO:2\n"
        "DESCRIPTION:own\nSTATUS:CANCELLED\nEND:VEVENT\n"
        "BEGIN:VEVENT\n" HEAD "RECURRENCE-ID:20260316T080000Z\nSUMMARY:Series\n"
        "DTSTART:20260316T080000Z\nDTEND:20260316T100000Z\nATTACH;ENCODING=BASE64;VALUE=BINARY:YQ==\n"
        "DESCRIPTION:all\nEND:VEVENT\n"
        "BEGIN:VEVENT\n" HEAD "RECURRENCE-ID;RANGE=THISANDFUTURE:20260406T070000Z\nSUMMARY:On\n"
        "DTSTART:20260406T080000Z\nEND:VEVENT\n"
        "BEGIN:VEVENT\n" HEAD "RECURRENCE-ID:20300101T000000Z\nSUMMARY:Of nothing\n"
        "DTSTART:20300101T000000Z\nEND:VEVENT\nEND:VCALENDAR\n";

static void modified_instances_are_exceptions(void **state)
{
	struct back k = back_of(OUTLOOK_CALENDAR, changed);
	struct recur r;
	struct err err = {0};
	size_t n;
	const uint8_t *p = bag_octets(k.b, (bag_key)PidLidAppointmentRecur, 4096, &n);
	struct bag *own = k.b->attachments[0]->embedded;

	(void)state;
	make_check(recur_read(p, n, true, &r, &err), &err);
	assert_int_equal(r.n_exceptions, 2);
	assert_int_equal(r.n_deleted, 3);
	assert_int_equal(r.exceptions[0].original, blob_day(2026, 3, 16) + 540);
	assert_int_equal(r.exceptions[0].end, blob_day(2026, 3, 16) + 660);
	assert_int_equal(r.exceptions[1].start, blob_day(2026, 3, 31) + 660);
	assert_true(r.exceptions[1].flags & OVERRIDE_SUBJECT);
	assert_true(r.exceptions[1].flags & OVERRIDE_BODY);
	assert_true(r.exceptions[1].flags & OVERRIDE_REMINDER);
	assert_true(r.exceptions[1].flags & OVERRIDE_MEETING);
	recur_clear(&r);
	assert_int_equal(k.b->n_attachments, 2);
	assert_string_equal(bag_text(own, PidTagBody), "own");
	assert_int_equal(time_of(k.b->attachments[0], PidTagExceptionStartTime),
	        1774954800); /* 11:00 on the clock of the series */
	back_tells(&k, "it is of all that follow it, too");
	back_tells(&k, "the series has no such instance");
	back_equal(changed, sizeof changed - 1, &k);
	back_clear(&k);
}

/* What is kept in another zone has that, too. */
static void zones_of_what_is_kept_come_back(void **state)
{
	struct back k = back_calendar(
	        BERLIN "BEGIN:VTIMEZONE\nTZID:Elsewhere\nBEGIN:STANDARD\n"
	               "DTSTART:19700101T000000\nTZOFFSETFROM:+0300\n"
	               "TZOFFSETTO:+0300\nEND:STANDARD\nEND:VTIMEZONE\n"
	               "BEGIN:VEVENT\n" HEAD "DTSTART;TZID=Europe/Berlin:20260302T090000\n"
	               "DTEND;TZID=Europe/Berlin:20260302T100000\n"
	               "RRULE:FREQ=DAILY;COUNT=3\n"
	               "RDATE;TZID=Elsewhere:20260401T090000\nEND:VEVENT\n");
	struct content_summary s;
	struct err err = {0};

	(void)state;
	back_has(&k, "\nRDATE;TZID=Elsewhere:20260401T090000\n");
	make_check(content_summarize(k.text.data, k.text.len, &s, &err), &err);
	assert_null(s.missing_zone);
	content_summary_clear(&s);
	back_clear(&k);
}

static void an_instance_alone_keeps_its_day(void **state)
{
	struct back k = back_calendar("BEGIN:VEVENT\n" HEAD "RECURRENCE-ID:20260330T090000Z\n"
	                              "DTSTART:20260331T110000Z\nSUMMARY:a\nEND:VEVENT\n");
	size_t n;
	const uint8_t *id = bag_octets(k.b, (bag_key)PidLidGlobalObjectId, 4096, &n);

	(void)state;
	assert_memory_equal(id + 16, "\x07\xea\x03\x1e", 4); /* 2026-03-30 */
	back_has(&k, "\nRECURRENCE-ID:20260330T090000Z\n");
	back_clear(&k);
}

static void days_and_times_of_no_zone_come_back(void **state)
{
	static const char *const times[] = {
	        "DTSTART;VALUE=DATE:20260701\nDTEND;VALUE=DATE:20260703\n",
	        "DTSTART;VALUE=DATE:20260701\n", "DTSTART:20260701T100000\nDTEND:20260701T110000\n",
	        "DTSTART:20260701T100000Z\nDURATION:P1DT1H\n",
	        "DTSTART;VALUE=DATE:20260701\nRRULE:FREQ=DAILY;COUNT=3\n",
	        "DTSTART:20260701T100000\nDTEND:20260701T110000\nRRULE:FREQ=DAILY;COUNT=3\n",
	        "DTSTART:20260701T100000Z\nDTEND:20260701T110000Z\nRRULE:FREQ=DAILY;COUNT=3\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		char *text = xasprintf("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\n" HEAD
		                       "%sEND:VEVENT\nEND:VCALENDAR\n",
		        times[i]);
		struct back k = back_of(OUTLOOK_CALENDAR, text);

		/* an end is written where there was none: nothing, or a day */
		if (i != 1 && i != 3 && i != 4)
			back_equal(text, strlen(text), &k);
		assert_int_equal(bag_bool(k.b, (bag_key)PidLidAppointmentSubType), i < 2 || i == 4);
		free(text);
		back_clear(&k);
	}
}

static void zones_that_change_are_rules_by_year(void **state)
{
	/* one that ended its summer times in 2016 (of Turkey), written year by year */
	struct back k = back_calendar(
	        "BEGIN:VTIMEZONE\nTZID:T\n"
	        "BEGIN:STANDARD\nDTSTART:20071028T040000\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0200\n"
	        "RDATE:20081026T040000,20131027T040000,20141026T040000,20151108T040000\nEND:STANDARD\n"
	        "BEGIN:DAYLIGHT\nDTSTART:20080330T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0300\n"
	        "RDATE:20130331T030000,20140331T030000,20150329T030000,20160327T030000\nEND:DAYLIGHT\n"
	        "BEGIN:STANDARD\nDTSTART:20160907T000000\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0300\n"
	        "END:STANDARD\nEND:VTIMEZONE\n"
	        "BEGIN:VEVENT\n" HEAD "DTSTART;TZID=T:20140701T100000\n"
	        "RRULE:FREQ=YEARLY\nEND:VEVENT\n");
	struct zone z;
	struct err err = {0};
	size_t n;
	const uint8_t *p =
	        bag_octets(k.b, (bag_key)PidLidAppointmentTimeZoneDefinitionRecur, 4096, &n);
	static const struct {
		struct day day;
		int offset;
	} clocks[] = {{{2014, 1, 15}, 2}, {{2014, 7, 1}, 3}, {{2014, 12, 1}, 2}, {{2015, 7, 1}, 3},
	        {{2015, 11, 1}, 3}, {{2015, 12, 1}, 2}, {{2016, 2, 1}, 2}, {{2016, 7, 1}, 3},
	        {{2016, 12, 1}, 3}, {{2026, 1, 1}, 3}};

	(void)state;
	make_check(zone_read_definition(p, n, &z, &err), &err);
	for (size_t i = 0; i < COUNT(clocks); i++) {
		int64_t t = day_start(&clocks[i].day);

		assert_int_equal(zone_local(&z, t) - t, clocks[i].offset * 3600);
	}
	zone_clear(&z);
	back_clear(&k);
}

static void tasks_journals_and_notes(void **state)
{
	static const char task
	        [] = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VTODO\n" HEAD
	             "SUMMARY:t\nDTSTART;VALUE=DATE:20260601\nDUE;VALUE=DATE:20260603\nSTATUS:IN-PROCESS\n"
	             "PERCENT-COMPLETE:30\nRRULE:FREQ=WEEKLY;COUNT=3\nX-OUTLOOK-OWNER:Ann\n"
	             "X-OUTLOOK-ACTUAL-WORK:PT90M\nEND:VTODO\nEND:VCALENDAR\n",
	    timed[] = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VTODO\n" HEAD
	              "DUE:20260601T120000Z\nSTATUS:CANCELLED\nEND:VTODO\nEND:VCALENDAR\n",
	    entry[] =
	            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VJOURNAL\n" HEAD
	            "DTSTART;VALUE=DATE:20260601\nSUMMARY:j\nX-OUTLOOK-TYPE:Phone call\n"
	            "X-OUTLOOK-DURATION:PT5M\nX-OUTLOOK-END:20260601T000500Z\nEND:VJOURNAL\nEND:VCALENDAR\n",
	    note[] = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VJOURNAL\n" HEAD
	             "SUMMARY:n\nDESCRIPTION:n\\nm\nCOLOR:pink\nX-OUTLOOK-NOTE-X:0\nEND:VJOURNAL\n"
	             "END:VCALENDAR\n";
	struct back k = back_of(OUTLOOK_CALENDAR, task);

	(void)state;
	assert_string_equal(bag_text(k.b, PidTagMessageClass), "IPM.Task");
	assert_int_equal(time_of(k.b, PidLidTaskDueDate), 1780444800);
	assert_int_equal(bag_int(k.b, (bag_key)PidLidTaskStatus, 0), 1);
	assert_true(bag_double(k.b, (bag_key)PidLidPercentComplete, 0) == 0.3);
	assert_int_equal(bag_int(k.b, (bag_key)PidLidTaskActualEffort, 0), 90);
	assert_true(bag_bool(k.b, (bag_key)PidLidTaskFRecurring));
	back_equal(task, sizeof task - 1, &k);
	back_clear(&k);
	k = back_of(OUTLOOK_CALENDAR, timed);
	back_equal(timed, sizeof timed - 1, &k);
	back_clear(&k);
	k = back_of(OUTLOOK_CALENDAR, entry);
	assert_string_equal(bag_text(k.b, PidTagMessageClass), "IPM.Activity");
	assert_int_equal(bag_int(k.b, (bag_key)PidLidLogDuration, 0), 5);
	back_equal(entry, sizeof entry - 1, &k);
	back_clear(&k);
	k = back_of(OUTLOOK_CALENDAR, note);
	assert_string_equal(bag_text(k.b, PidTagMessageClass), "IPM.StickyNote");
	assert_int_equal(bag_int(k.b, (bag_key)PidLidNoteColor, -1), 2);
	back_equal(note, sizeof note - 1, &k);
	back_clear(&k);
}

static void what_changed_there_is_written_as_it_is_now(void **state)
{
	struct back k = back_calendar(
	        "BEGIN:VEVENT\n" HEAD "DTSTART:20260701T100000Z\n"
	        "DTEND:20260701T110000Z\nPRIORITY:3\nRRULE:FREQ=HOURLY\nEND:VEVENT\n");
	struct outlook_made made = {0};
	struct outlook_to to = {make_put, NULL, &k.text};
	struct err err = {0};

	(void)state;
	back_has(&k, "\nPRIORITY:3\n");
	make_int(k.b, PidTagImportance, 0);
	bag_sort(k.b);
	buf_reset(&k.text);
	make_check(outlook_convert(k.b, &to, &made, &err), &err);
	outlook_made_clear(&made);
	back_has(&k, "\nPRIORITY:9\n");
	back_has_not(&k, "PRIORITY:3");
	back_clear(&k);
}

/* A server may have anything in the texts that are kept: no line of it breaks the object. */
static void kept_lines_do_no_harm(void **state)
{
	static const char *const bad[] = {"END:VEVENT\r\nBEGIN:VEVENT\r\n", "BEGIN:X\r\n",
	        "END:X\r\n", "UID:other\r\n", "no line\r\n", "X\x01:y\r\n",
	        "DTSTART:20260101T000000Z\r\n", "BEGIN:VEVENT\r\nEND:VALARM\r\nEND:VEVENT\r\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct back k = back_calendar("BEGIN:VEVENT\n" HEAD "DTSTART:20260701T100000Z\n"
		                              "DTEND:20260701T110000Z\nSUMMARY:a\nEND:VEVENT\n");
		struct outlook_made made = {0};
		struct outlook_to to = {make_put, NULL, &k.text};
		struct buf before = buf_of(65536);
		struct err err = {0};

		buf_put(&before, k.text.data, k.text.len);
		make_text(k.b, PidNameContentLines, bad[i]);
		bag_sort(k.b);
		buf_reset(&k.text);
		make_check(outlook_convert(k.b, &to, &made, &err), &err);
		outlook_made_clear(&made);
		assert_string_equal(buf_str(&k.text), buf_str(&before));
		buf_clear(&before);
		back_clear(&k);
	}
}

static void what_is_no_calendar_object_is_refused(void **state)
{
	static const char *const none[] = {"", "BEGIN:VCARD\nEND:VCARD\n",
	        "BEGIN:VCALENDAR\nEND:VCALENDAR\n",
	        "BEGIN:VCALENDAR\nBEGIN:VFREEBUSY\nEND:VFREEBUSY\nEND:VCALENDAR\n", "\x01\x02"};

	(void)state;
	for (size_t i = 0; i < COUNT(none); i++) {
		struct back k;
		struct err err = {0};

		assert_int_equal(
		        back_try(OUTLOOK_CALENDAR, none[i], strlen(none[i]), &k, &err), ERR_PROTO);
		back_clear(&k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(an_event_has_its_times_in_utc),
	        cmocka_unit_test(a_uid_is_an_id_and_comes_back),
	        cmocka_unit_test(each_line_comes_back),
	        cmocka_unit_test(people_are_recipients),
	        cmocka_unit_test(an_alarm_at_a_time_is_a_reminder),
	        cmocka_unit_test(modified_instances_are_exceptions),
	        cmocka_unit_test(zones_of_what_is_kept_come_back),
	        cmocka_unit_test(an_instance_alone_keeps_its_day),
	        cmocka_unit_test(days_and_times_of_no_zone_come_back),
	        cmocka_unit_test(zones_that_change_are_rules_by_year),
	        cmocka_unit_test(tasks_journals_and_notes),
	        cmocka_unit_test(what_changed_there_is_written_as_it_is_now),
	        cmocka_unit_test(kept_lines_do_no_harm),
	        cmocka_unit_test(what_is_no_calendar_object_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
