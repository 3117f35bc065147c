/* Appointments and meetings as VEVENTs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "outlook/calendar/items.h"

static void an_appointment_is_this(void **state)
{
	struct bag *b = items_appointment("Lunch; with \\ and, Ä");
	struct made m;

	(void)state;
	make_text(b, (bag_key)PidLidLocation, "Köln");
	make_text(b, PidTagBody, "one\r\ntwo\ttabs");
	make_bool(b, (bag_key)PidLidReminderSet, true);
	make_int(b, (bag_key)PidLidReminderDelta, 30);
	make_int(b, PidTagSensitivity, 2);
	make_int(b, PidTagImportance, 2);
	make_texts(b, PidNameKeywords, (const char *const[]){"Red", "A, B", NULL});
	make_texts(b, (bag_key)PidLidContacts, (const char *const[]){"Jane", NULL});
	make_text(b, (bag_key)PidLidBilling, "12");
	make_text(b, PidNameSkypeTeamsMeetingUrl, "https://example.org/join?a=1");
	m = items_make(b, false);
	assert_string_equal(m.text,
	        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//valise//Outlook//EN\n"
	        "BEGIN:VTIMEZONE\nTZID:W. Europe Standard Time\n"
	        "BEGIN:STANDARD\nDTSTART:19701025T030000\nTZOFFSETFROM:+0200\n"
	        "TZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\n"
	        "BEGIN:DAYLIGHT\nDTSTART:19700329T020000\nTZOFFSETFROM:+0100\n"
	        "TZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\n"
	        "END:VTIMEZONE\n"
	        "BEGIN:VEVENT\nUID:30313233343536373839616263646566\nDTSTAMP:20260102T000000Z\n"
	        "CREATED:20260101T000000Z\nLAST-MODIFIED:20260102T000000Z\n"
	        "DTSTART;TZID=W. Europe Standard Time:20260302T090000\n"
	        "DTEND;TZID=W. Europe Standard Time:20260302T100000\n"
	        "SUMMARY:Lunch\\; with \\\\ and\\, Ä\nLOCATION:Köln\n"
	        "DESCRIPTION:one\\ntwo\ttabs\nSEQUENCE:0\nSTATUS:CONFIRMED\nTRANSP:OPAQUE\n"
	        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY\nCLASS:PRIVATE\nPRIORITY:1\n"
	        "CATEGORIES:Red,A\\, B\nCONTACT:Jane\nX-OUTLOOK-BILLING:12\n"
	        "CONFERENCE;VALUE=URI:https://example.org/join?a=1\n"
	        "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT30M\n"
	        "DESCRIPTION:Lunch\\; with \\\\ and\\, Ä\nEND:VALARM\n"
	        "END:VEVENT\nEND:VCALENDAR\n");
	assert_int_equal(m.lost.len, 0);
	assert_string_equal(m.made.uid, "30313233343536373839616263646566");
	assert_int_equal(m.made.form, OUTLOOK_CALENDAR);
	/* all of it has a home */
	for (size_t i = 0; i < b->n_props; i++)
		if (!b->props[i].used)
			fail_msg("property 0x%x (0x%x) has no home", b->props[i].id,
			        b->props[i].name ? b->props[i].name->lid : 0);
	items_clear(&m);
	bag_free(b);
}

/* Long lines, in characters of several octets: items_unfold looks at each fold. */
static void lines_are_folded_between_characters(void **state)
{
	struct buf long_one = buf_of(1 << 20);
	struct bag *b;
	struct made m;

	(void)state;
	for (int i = 0; i < 300; i++)
		buf_puts(&long_one, i % 3 ? "ä€" : "𝄞,");
	b = items_appointment(buf_str(&long_one));
	m = items_make(b, false);
	has(&m, "SUMMARY:𝄞\\,ä€");
	items_clear(&m);
	bag_free(b);
	buf_clear(&long_one);
}

static void days_are_dates_of_the_zone(void **state)
{
	struct bag *b = items_appointment("Days");
	struct made m;

	(void)state;
	make_bool(b, (bag_key)PidLidAppointmentSubType, true);
	/* 1 to 3 May, midnight in Berlin: 22:00 of UTC */
	make_time(b, (bag_key)PidLidAppointmentStartWhole, 1777586400);
	make_time(b, (bag_key)PidLidAppointmentEndWhole, 1777586400 + 2 * 86400);
	make_int(b, (bag_key)PidLidBusyStatus, 0);
	m = items_make(b, false);
	has(&m, "\nDTSTART;VALUE=DATE:20260501\nDTEND;VALUE=DATE:20260503\n");
	has(&m, "\nTRANSP:TRANSPARENT\n");
	has_not(&m, "VTIMEZONE");
	items_clear(&m);
	bag_free(b);
	/* without a zone the nearest midnight is meant */
	b = items_appointment("Days");
	b->props[bag_peek(b, (bag_key)PidLidAppointmentTimeZoneDefinitionStartDisplay) - b->props]
	        .len = 0;
	make_bool(b, (bag_key)PidLidAppointmentSubType, true);
	make_time(b, (bag_key)PidLidAppointmentStartWhole, 1777586400);
	make_time(b, (bag_key)PidLidAppointmentEndWhole, 1777586400);
	m = items_make(b, false);
	has(&m, "\nDTSTART;VALUE=DATE:20260501\nDTEND;VALUE=DATE:20260502\n");
	items_clear(&m);
	bag_free(b);
}

static void a_time_without_a_zone_is_of_utc(void **state)
{
	struct bag *b = bag_new();
	struct made m;

	(void)state;
	make_text(b, PidTagMessageClass, "IPM.Appointment");
	make_time(b, (bag_key)PidLidAppointmentStartWhole, ITEMS_MARCH);
	make_int(b, (bag_key)PidLidAppointmentDuration, 90);
	m = items_make(b, false);
	has(&m, "\nDTSTART:20260302T080000Z\nDTEND:20260302T093000Z\n");
	/* it has no name of its own: what it says is its name, the same in each run */
	assert_non_null(strstr(m.made.uid, "@outlook.invalid"));
	items_clear(&m);
	bag_free(b);
}

static void an_end_may_have_a_zone_of_its_own(void **state)
{
	struct bag *b = items_appointment("Flight");
	struct made m;

	(void)state;
	items_hex(b, (bag_key)PidLidAppointmentTimeZoneDefinitionEndDisplay, BLOB_PACIFIC);
	m = items_make(b, false);
	has(&m, "TZID:W. Europe");
	has(&m, "TZID:Pacific");
	has(&m, "\nDTEND;TZID=Pacific Standard Time:20260302T010000\n");
	items_clear(&m);
	bag_free(b);
}

/* From winter to summer it stays at nine. */
static void a_series_keeps_its_clock(void **state)
{
	struct bag *b = items_appointment("Weekly");
	struct recur r = {.pattern = RECUR_WEEK, .period = 1, .days = 2, .end = RECUR_UNTIL};
	uint32_t gone[1] = {blob_day(2026, 3, 9)};
	struct made m;

	(void)state;
	r.end_date = blob_day(2026, 4, 27);
	r.deleted = gone;
	r.n_deleted = 1;
	items_recur(b, &r);
	m = items_make(b, false);
	has(&m, "\nDTSTART;TZID=W. Europe Standard Time:20260302T090000\n"
	        "DTEND;TZID=W. Europe Standard Time:20260302T100000\n"
	        "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260427T215959Z\n"
	        "EXDATE;TZID=W. Europe Standard Time:20260309T090000\n");
	assert_int_equal(m.lost.len, 0);
	items_clear(&m);
	bag_free(b);
}

/* Neither the definition nor the struct: the pattern's clock and UTC tell the offset. */
static void a_series_without_a_zone_keeps_its_offset(void **state)
{
	struct bag *b = bag_new();
	struct recur r = {.pattern = RECUR_DAY, .period = 1440, .end = RECUR_COUNT, .count = 3};
	struct made m;

	(void)state;
	make_text(b, PidTagMessageClass, "IPM.Appointment");
	make_time(b, (bag_key)PidLidAppointmentStartWhole, ITEMS_MARCH);
	r.appointment = true;
	r.start_date = blob_day(2026, 3, 2);
	r.start_minute = 540;
	r.end_minute = 600;
	items_blob(b, (bag_key)PidLidAppointmentRecur, blob_of(&r));
	m = items_make(b, false);
	has(&m, "TZID:UTC+01:00\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0100\n");
	has(&m, "\nDTSTART;TZID=\"UTC+01:00\":20260302T090000\n");
	items_clear(&m);
	bag_free(b);
}

static void the_struct_wins_where_they_differ(void **state)
{
	struct bag *b = items_appointment("Old");
	struct recur r = {.pattern = RECUR_DAY, .period = 1440, .end = RECUR_COUNT, .count = 3};
	struct made m;

	(void)state;
	items_recur(b, &r);
	items_hex(b, (bag_key)PidLidTimeZoneStruct, BLOB_PACIFIC_STRUCT);
	make_text(b, (bag_key)PidLidTimeZoneDescription, "(UTC-08:00) Pacific; Tijuana");
	m = items_make(b, false);
	has(&m, "\nTZID:(UTC-08:00) Pacific\\; Tijuana\n");
	has(&m, "\nDTSTART;TZID=\"(UTC-08:00) Pacific; Tijuana\":20260302T090000\n");
	items_clear(&m);
	bag_free(b);
}

/* The first day of the pattern counts, not a start that is none of its days. */
static void the_first_instance_is_the_rules(void **state)
{
	struct bag *b = items_appointment("Mondays, from a Wednesday on");
	struct recur r = {.pattern = RECUR_WEEK,
	        .period = 2,
	        .days = 2,
	        .week_start = 1,
	        .end = RECUR_COUNT,
	        .count = 4};
	struct made m;

	(void)state;
	r.start_date = blob_day(2026, 3, 4);
	items_recur(b, &r);
	m = items_make(b, false);
	has(&m, "\nDTSTART;TZID=W. Europe Standard Time:20260316T090000\n");
	has(&m, "\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;WKST=MO;COUNT=4\n");
	items_clear(&m);
	bag_free(b);
}

static void hijri_days_are_given_one_by_one(void **state)
{
	struct bag *b = items_appointment("Muharram");
	struct recur r = {.pattern = RECUR_HIJRI_MONTH,
	        .calendar = 6,
	        .period = 12,
	        .day = 1,
	        .end = RECUR_COUNT,
	        .count = 3};
	uint32_t gone[1];
	struct made m;

	(void)state;
	r.start_date = blob_day(2023, 7, 18);
	gone[0] = blob_day(2024, 7, 7);
	r.deleted = gone;
	r.n_deleted = 1;
	items_recur(b, &r);
	m = items_make(b, false);
	has(&m, "\nDTSTART;TZID=W. Europe Standard Time:20230718T090000\n");
	has(&m, "\nRDATE:20250626T070000Z\n");
	has_not(&m, "RRULE:FREQ=YEARLY;BYMONTH=7");
	items_clear(&m);
	bag_free(b);
}

static void what_has_no_rule_is_named(void **state)
{
	struct bag *b = items_appointment("Lunar");
	struct recur r = {
	        .pattern = RECUR_MONTH, .calendar = 15, .period = 12, .day = 3, .end = RECUR_NEVER};
	struct made m;

	(void)state;
	items_recur(b, &r);
	m = items_make(b, false);
	has(&m, "\nDTSTART;TZID=W. Europe Standard Time:20260302T090000\n");
	assert_non_null(strstr(buf_str(&m.lost), "calendar 15"));
	items_clear(&m);
	bag_free(b);
	b = items_appointment("Nisan");
	items_hex(b, (bag_key)PidLidAppointmentRecur, BLOB_HEBREW);
	m = items_make(b, false);
	has(&m, "\nRDATE:20090328T070000Z,20100318T070000Z,20110407T060000Z,");
	assert_non_null(strstr(buf_str(&m.lost), "months of the Hebrew calendar"));
	items_clear(&m);
	bag_free(b);
	b = items_appointment("Damaged");
	items_hex(b, (bag_key)PidLidAppointmentRecur, "043004300b20");
	m = items_make(b, false);
	has(&m, "BEGIN:VEVENT");
	assert_non_null(strstr(buf_str(&m.lost), "recurrence: "));
	items_clear(&m);
	bag_free(b);
}

static void a_meeting_has_its_people(void **state)
{
	struct bag *b = items_appointment("Meeting"), *r;
	struct made m;

	(void)state;
	make_int(b, (bag_key)PidLidAppointmentStateFlags, 1);
	make_bool(b, PidTagResponseRequested, true);
	make_text(b, PidTagSentRepresentingName, "Bob \"B\" O'Hara");
	make_text(b, PidTagSentRepresentingAddressType, "SMTP");
	make_text(b, PidTagSentRepresentingEmailAddress, "bob@example.org");
	r = make_recipient(b, 1, "Bob", "bob@example.org");
	make_int(r, PidTagRecipientFlags, 3);
	make_recipient(b, 0, "Bob, too", "bob@example.org"); /* the originator */
	r = make_recipient(b, 1, "Anne, A.", "anne@example.org");
	make_int(r, PidTagRecipientTrackStatus, 3);
	r = make_recipient(b, 2, "Carl", "carl@example.org");
	make_int(r, PidTagRecipientTrackStatus, 4);
	make_recipient(b, 1, "Eve", "eve%x@example.org"); /* in a URI: RFC 6068 2 */
	r = make_recipient(b, 3, "Room 1", "room@example.org");
	make_int(r, PidTagDisplayTypeEx, 7);
	r = make_recipient(b, 1, "Dora", "/o=Example/cn=dora");
	make_text(r, PidTagAddressType, "EX");
	m = items_make(b, false);
	has(&m, "\nORGANIZER;CN=\"Bob ^'B^' O'Hara\":mailto:bob@example.org\n");
	has(&m, "\nATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE;"
	        "CN=\"Anne, A.\":mailto:anne@example.org\n");
	has(&m, "\nATTENDEE;CUTYPE=INDIVIDUAL;ROLE=OPT-PARTICIPANT;PARTSTAT=DECLINED;RSVP=TRUE;"
	        "CN=Carl:mailto:carl@example.org\n");
	has(&m, ";CN=Eve:mailto:eve%25x@example.org\n");
	has(&m, "\nATTENDEE;CUTYPE=ROOM;ROLE=NON-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;"
	        "CN=Room 1:mailto:room@example.org\n");
	has(&m, ";CN=Dora;X-OUTLOOK-ADDRESS=/o=Example/cn=dora:invalid:nomail\n");
	has_not(&m, "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;"
	            "RSVP=TRUE;CN=Bob:");
	has_not(&m, "Bob, too");
	items_clear(&m);
	bag_free(b);
	b = items_appointment("Off");
	make_int(b, (bag_key)PidLidAppointmentStateFlags, 7);
	m = items_make(b, false);
	has(&m, "\nSTATUS:CANCELLED\n");
	items_clear(&m);
	bag_free(b);
}

static void the_uid_is_the_ids(void **state)
{
	struct bag *b = items_appointment("Instance");
	struct made m;

	(void)state;
	items_hex(b, (bag_key)PidLidGlobalObjectId, BLOB_ID);
	m = items_make(b, false);
	/* without the instance's date, as its series */
	assert_string_equal(m.made.uid,
	        "040000008200E00074C5B7101A82E008000000005025D461E473C801000000000000000010000000"
	        "2A5844B3A444F74A9C246C60886F116B");
	/* but it is not the whole of the series */
	has(&m, "\nRECURRENCE-ID;TZID=W. Europe Standard Time:20080325T090000\n");
	items_clear(&m);
	bag_free(b);
	b = items_appointment("Foreign");
	items_hex(b, (bag_key)PidLidCleanGlobalObjectId,
	        "040000008200e00074c5b7101a82e00800000000000000000000000000000000000000001b000000"
	        "7643616c2d55696401000000"
	        "6531406578616d706c652e6f726700");
	m = items_make(b, false);
	assert_string_equal(m.made.uid, "e1@example.org");
	items_clear(&m);
	bag_free(b);
}

static void attachments_are_in_it_up_to_a_size(void **state)
{
	struct bag *b = items_appointment("Files"), *at;
	char *large = xcalloc(1, 11 << 20);
	struct made m;
	struct err err = {0};

	(void)state;
	at = make_attachment(b, "plan; x.pdf", "hello", 5);
	make_text(at, PidTagAttachMimeTag, "application/pdf");
	make_attachment(b, "large.bin", large, 11 << 20);
	at = bag_add_attachment(b, &err);
	make_int(at, PidTagAttachMethod, 7);
	make_text(at, PidTagAttachLongPathname, "https://example.org/a b");
	at = bag_add_attachment(b, &err);
	make_int(at, PidTagAttachMethod, 4);
	make_text(at, PidTagAttachLongPathname, "\\\\server\\share\\a b.doc");
	at = bag_add_attachment(b, &err);
	make_int(at, PidTagAttachMethod, 6);
	m = items_make(b, false);
	has(&m, "\nATTACH;FMTTYPE=application/pdf;FILENAME=\"plan; x.pdf\";"
	        "X-FILENAME=\"plan; x.pdf\";ENCODING=BASE64;VALUE=BINARY:aGVsbG8=\n");
	has(&m, "\nATTACH:https://example.org/a%20b\n");
	has(&m, "\nATTACH:file://server/share/a%20b.doc\n");
	assert_non_null(strstr(buf_str(&m.lost), "attachment 2 (large.bin), 11534336 octets"));
	assert_non_null(strstr(buf_str(&m.lost), "attachment 5 (without a name): an OLE object"));
	/* what did not come over has no home */
	assert_false(bag_peek(b->attachments[1], PidTagAttachDataBinary)->used);
	assert_true(bag_peek(b->attachments[0], PidTagAttachDataBinary)->used);
	items_clear(&m);
	bag_free(b);
	free(large);
}

static void html_is_text_too(void **state)
{
	static const char html[] = "<html><head><style>p{}</style><title>x</title></head>"
	                           "<body><p>One &amp; <b>two</b><br>3 &lt; 4&#252;</p></body>";
	struct bag *b = items_appointment("HTML");
	struct made m;

	(void)state;
	make_octets(b, PidTagHtml, BAG_BINARY, html, sizeof html - 1);
	m = items_make(b, false);
	has(&m, "\nDESCRIPTION:One & two\\n3 < 4ü\n");
	has(&m, "\nX-ALT-DESC;FMTTYPE=text/html:<html><head><style>p{}</style>");
	items_clear(&m);
	bag_free(b);
}

/* HTML that ends anywhere. */
static void html_may_be_cut(void **state)
{
	static const char *const cut[] = {"<p>a<script", "<p>a<script>b</scr", "<p>a<!-- b",
	        "<p>a<b", "<p>a<", "<p>a&#9999999999;", "<p>a&", "<p>a</"};

	(void)state;
	for (size_t i = 0; i < COUNT(cut); i++) {
		struct bag *b = items_appointment("Cut");
		struct made m;

		make_octets(b, PidTagHtml, BAG_BINARY, cut[i], strlen(cut[i]));
		m = items_make(b, false);
		has(&m, "\nDESCRIPTION:a");
		items_clear(&m);
		bag_free(b);
	}
}

static void the_same_item_gives_the_same_octets(void **state)
{
	struct buf first = buf_of(1 << 20);

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bag *b = items_appointment("Same");
		struct made m = items_make(b, false);

		if (i == 0)
			buf_put(&first, m.octets.data, m.octets.len);
		assert_int_equal(first.len, m.octets.len);
		assert_memory_equal(first.data, m.octets.data, first.len);
		items_clear(&m);
		bag_free(b);
	}
	buf_clear(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(an_appointment_is_this),
	        cmocka_unit_test(lines_are_folded_between_characters),
	        cmocka_unit_test(days_are_dates_of_the_zone),
	        cmocka_unit_test(a_time_without_a_zone_is_of_utc),
	        cmocka_unit_test(an_end_may_have_a_zone_of_its_own),
	        cmocka_unit_test(a_series_keeps_its_clock),
	        cmocka_unit_test(a_series_without_a_zone_keeps_its_offset),
	        cmocka_unit_test(the_struct_wins_where_they_differ),
	        cmocka_unit_test(the_first_instance_is_the_rules),
	        cmocka_unit_test(hijri_days_are_given_one_by_one),
	        cmocka_unit_test(what_has_no_rule_is_named),
	        cmocka_unit_test(a_meeting_has_its_people),
	        cmocka_unit_test(the_uid_is_the_ids),
	        cmocka_unit_test(attachments_are_in_it_up_to_a_size),
	        cmocka_unit_test(html_is_text_too),
	        cmocka_unit_test(html_may_be_cut),
	        cmocka_unit_test(the_same_item_gives_the_same_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
