/* Instances of a series that were modified. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "outlook/calendar/items.h"
#include "outlook/calendar/when.h"

/* Mondays at nine; that of 30 March, behind the change to summer time, is another one. */
static struct bag *series(struct recur *r, struct recur_exception *x, uint32_t *days)
{
	struct bag *b = items_appointment("Weekly");

	*r = (struct recur){
	        .pattern = RECUR_WEEK, .period = 1, .days = 2, .end = RECUR_COUNT, .count = 10};
	days[0] = blob_day(2026, 3, 9);
	days[1] = blob_day(2026, 3, 30);
	days[2] = x->start - x->start % RECUR_DAY_MINUTES;
	x->original = days[1] + 540;
	r->deleted = days;
	r->n_deleted = 2;
	r->modified = days + 2;
	r->n_modified = 1;
	r->exceptions = x;
	r->n_exceptions = 1;
	make_text(b, (bag_key)PidLidLocation, "Köln");
	make_text(b, PidTagBody, "of the series");
	make_bool(b, (bag_key)PidLidReminderSet, true);
	make_int(b, (bag_key)PidLidReminderDelta, 15);
	items_recur(b, r);
	return b;
}

/* The embedded item of an exception, as Outlook puts it into an attachment. */
static struct bag *embed(struct bag *b, const struct recur_exception *x)
{
	struct bag *in = make_embedded(b), *at = b->attachments[b->n_attachments - 1];

	make_time(at, PidTagExceptionStartTime, when_of_minutes(x->start));
	make_time(at, PidTagExceptionEndTime, when_of_minutes(x->end));
	make_bool(at, PidTagAttachmentHidden, true);
	make_text(in, PidTagMessageClass, "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}");
	make_time(in, PidTagLastModificationTime, 1767398400);
	return in;
}

/* From its RECURRENCE-ID to its end. */
static char *override_of(const struct made *m)
{
	char *at = strstr(m->text, "RECURRENCE-ID");

	if (!at)
		fail_msg("no instance in\n%s", m->text);
	return at;
}

static void what_is_not_named_is_as_in_the_series(void **state)
{
	struct recur r;
	struct recur_exception x = {
	        .start = blob_day(2026, 3, 31) + 660, .end = blob_day(2026, 3, 31) + 720};
	uint32_t days[3];
	struct bag *b = series(&r, &x, days);
	struct made m = items_make(b, false);

	(void)state;
	/* the other deleted day is gone, this one is not */
	has(&m, "\nEXDATE;TZID=W. Europe Standard Time:20260309T090000\n");
	assert_string_equal(override_of(&m),
	        "RECURRENCE-ID;TZID=W. Europe Standard Time:20260330T090000\n"
	        "DTSTAMP:20260102T000000Z\nCREATED:20260101T000000Z\n"
	        "LAST-MODIFIED:20260102T000000Z\n"
	        "DTSTART;TZID=W. Europe Standard Time:20260331T110000\n"
	        "DTEND;TZID=W. Europe Standard Time:20260331T120000\n"
	        "SUMMARY:Weekly\nLOCATION:Köln\nDESCRIPTION:of the series\nSEQUENCE:0\n"
	        "STATUS:CONFIRMED\nTRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY\nCLASS:PUBLIC\n"
	        "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nDESCRIPTION:Weekly\nEND:VALARM\n"
	        "END:VEVENT\nEND:VCALENDAR\n");
	assert_int_equal(m.lost.len, 0);
	items_clear(&m);
	bag_free(b);
}

static void what_is_named_is_its_own(void **state)
{
	struct recur r;
	struct recur_exception x = {.start = blob_day(2026, 3, 30) + 600,
	        .end = blob_day(2026, 3, 30) + 640,
	        .flags = 0xff & ~OVERRIDE_ALL_DAY,
	        .subject = (const uint8_t *)"Moved",
	        .location = (const uint8_t *)"Bonn",
	        .meeting = 5,
	        .reminder_set = 1,
	        .reminder_delta = 5,
	        .busy = 1,
	        .attachment = 1};
	uint32_t days[3];
	struct bag *b = series(&r, &x, days), *in;
	struct made m;

	(void)state;
	make_attachment(b, "series.txt", "s", 1);
	make_recipient(b, 1, "Anne", "anne@example.org");
	in = embed(b, &x);
	make_recipient(in, 1, "Carl", "carl@example.org");
	make_attachment(in, "own.txt", "o", 1);
	make_text(in, PidTagBody, "not its own: the flag is not there");
	m = items_make(b, false);
	has(&m, "ATTACH;FMTTYPE=application/octet-stream;FILENAME=series.txt");
	assert_string_equal(override_of(&m),
	        "RECURRENCE-ID;TZID=W. Europe Standard Time:20260330T090000\n"
	        "DTSTAMP:20260103T000000Z\nLAST-MODIFIED:20260103T000000Z\n"
	        "DTSTART;TZID=W. Europe Standard Time:20260330T100000\n"
	        "DTEND;TZID=W. Europe Standard Time:20260330T104000\n"
	        "SUMMARY:Moved\nLOCATION:Bonn\nDESCRIPTION:of the series\nSEQUENCE:0\n"
	        "STATUS:CANCELLED\nTRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\n"
	        "CLASS:PUBLIC\n"
	        "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;CN=Carl:"
	        "mailto:carl@example.org\n"
	        "ATTACH;FMTTYPE=application/octet-stream;FILENAME=own.txt;X-FILENAME=own.txt;"
	        "ENCODING=BASE64;VALUE=BINARY:bw==\n"
	        "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nDESCRIPTION:Moved\nEND:VALARM\n"
	        "END:VEVENT\nEND:VCALENDAR\n");
	items_clear(&m);
	bag_free(b);
}

static void its_body_is_in_the_embedded_item(void **state)
{
	struct recur r;
	struct recur_exception x = {.start = blob_day(2026, 3, 30) + 540,
	        .end = blob_day(2026, 3, 30) + 600,
	        .flags = OVERRIDE_BODY};
	uint32_t days[3];
	struct bag *b = series(&r, &x, days), *in;
	struct made m = items_make(b, false);

	(void)state;
	assert_non_null(strstr(buf_str(&m.lost), "body or attachments of a modified instance"));
	items_clear(&m);
	/* known by the time that it replaces, where the attachment does not say its own */
	in = make_embedded(b);
	make_text(in, PidTagMessageClass, "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}");
	make_time(in, (bag_key)PidLidExceptionReplaceTime, 1774854000); /* 30 March, 7:00 UTC */
	make_text(in, PidTagBody, "its own");
	m = items_make(b, false);
	if (!strstr(override_of(&m), "\nDESCRIPTION:its own\n"))
		fail_msg("%s", m.text);
	assert_int_equal(m.lost.len, 0);
	items_clear(&m);
	/* one that the series does not name */
	in = make_embedded(b);
	make_text(in, PidTagMessageClass, "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}");
	m = items_make(b, false);
	assert_non_null(strstr(buf_str(&m.lost), "attachment 2: a modified instance"));
	items_clear(&m);
	bag_free(b);
}

/* Attachments come in any order. */
static void each_instance_has_its_own(void **state)
{
	struct recur r = {.pattern = RECUR_DAY, .period = 1440, .end = RECUR_NEVER};
	uint32_t days[2] = {blob_day(2026, 3, 3), blob_day(2026, 3, 5)};
	struct recur_exception x[2] = {
	        {.start = days[0] + 540, .end = days[0] + 600, .original = days[0] + 540},
	        {.start = days[1] + 540, .end = days[1] + 600, .original = days[1] + 540},
	};
	struct bag *b = items_appointment("Daily");
	struct made m;

	(void)state;
	r.deleted = r.modified = days;
	r.n_deleted = r.n_modified = r.n_exceptions = 2;
	r.exceptions = x;
	x[0].flags = x[1].flags = OVERRIDE_BODY;
	items_recur(b, &r);
	make_text(embed(b, &x[1]), PidTagBody, "second");
	make_text(embed(b, &x[0]), PidTagBody, "first");
	m = items_make(b, false);
	has(&m, "DESCRIPTION:first");
	has(&m, "DESCRIPTION:second");
	if (strstr(m.text, "DESCRIPTION:first") > strstr(m.text, "DESCRIPTION:second"))
		fail_msg("%s", m.text);
	items_clear(&m);
	bag_free(b);
}

/* Texts of a blob in the item's code page, where nothing else has them. */
static void its_texts_may_be_octets(void **state)
{
	static const char head[] = "04300430"
	                           "0a20"
	                           "0000"
	                           "0000"
	                           "00000000"
	                           "a0050000"
	                           "00000000"
	                           "23200000"
	                           "0a000000"
	                           "00000000";
	struct bag *b = items_appointment("Series");
	struct buf octets = blob_of_hex(head);
	uint32_t day = blob_day(2026, 3, 2);
	struct made m;

	(void)state;
	b->code_page = 1252;
	for (int i = 0; i < 2; i++) { /* deleted, modified */
		blob_put(&octets, 1, 4);
		blob_put(&octets, day, 4);
	}
	blob_put(&octets, day, 4);
	blob_put(&octets, RECUR_END_OF_TIME, 4);
	blob_put(&octets, 0x3006, 4);
	blob_put(&octets, 0x3008, 4);
	blob_put(&octets, 540, 4);
	blob_put(&octets, 600, 4);
	blob_put(&octets, 1, 2);
	blob_put(&octets, day + 540, 4);
	blob_put(&octets, day + 600, 4);
	blob_put(&octets, day + 540, 4);
	blob_put(&octets, OVERRIDE_SUBJECT, 2);
	blob_put(&octets, 2, 2);
	blob_put(&octets, 1, 2);
	blob_put(&octets, 0xe4, 1);
	items_blob(b, (bag_key)PidLidAppointmentRecur, octets);
	m = items_make(b, false);
	if (!strstr(override_of(&m), "\nSUMMARY:ä\n"))
		fail_msg("%s%s", m.text, buf_str(&m.lost));
	items_clear(&m);
	bag_free(b);
}

static void days_have_overrides_that_are_days(void **state)
{
	struct recur r;
	struct recur_exception x = {.start = blob_day(2026, 4, 1), .end = blob_day(2026, 4, 2)};
	uint32_t days[3];
	struct bag *b = series(&r, &x, days);
	struct made m;

	(void)state;
	make_bool(b, (bag_key)PidLidAppointmentSubType, true);
	m = items_make(b, false);
	has(&m, "\nEXDATE;VALUE=DATE:20260309\n");
	has(&m, "\nRECURRENCE-ID;VALUE=DATE:20260330\n");
	has(&m, "\nDTSTART;VALUE=DATE:20260401\nDTEND;VALUE=DATE:20260402\n");
	items_clear(&m);
	bag_free(b);
	/* one instance alone is all day */
	x.flags = OVERRIDE_ALL_DAY;
	x.all_day = 1;
	b = series(&r, &x, days);
	m = items_make(b, false);
	has(&m, "\nRECURRENCE-ID;TZID=W. Europe Standard Time:20260330T090000\n");
	has(&m, "\nDTSTART;VALUE=DATE:20260401\nDTEND;VALUE=DATE:20260402\n");
	items_clear(&m);
	bag_free(b);
	/* one instance alone is not: its zone is there, too */
	x = (struct recur_exception){.start = blob_day(2026, 4, 1) + 600,
	        .end = blob_day(2026, 4, 1) + 660,
	        .flags = OVERRIDE_ALL_DAY};
	b = series(&r, &x, days);
	make_bool(b, (bag_key)PidLidAppointmentSubType, true);
	m = items_make(b, false);
	has(&m, "\nRECURRENCE-ID;VALUE=DATE:20260330\n");
	has(&m, "\nDTSTART;TZID=W. Europe Standard Time:20260401T100000\n");
	has(&m, "\nBEGIN:VTIMEZONE\nTZID:W. Europe Standard Time\n");
	items_clear(&m);
	bag_free(b);
}

/* Two of one instance: the first counts, the other is named. */
static void an_instance_is_modified_once(void **state)
{
	struct recur r;
	struct recur_exception x[2] = {
	        {.start = blob_day(2026, 3, 31) + 660, .end = blob_day(2026, 3, 31) + 720},
	        {.start = blob_day(2026, 4, 1) + 660, .end = blob_day(2026, 4, 1) + 720}};
	uint32_t days[3], modified[2];
	struct bag *b = series(&r, x, days);
	struct made m;

	(void)state;
	bag_free(b);
	x[1].original = x[0].original;
	modified[0] = modified[1] = blob_day(2026, 3, 31);
	r.modified = modified;
	r.n_modified = r.n_exceptions = 2;
	b = items_appointment("Twice");
	items_recur(b, &r);
	m = items_make(b, false);
	has(&m, "\nDTSTART;TZID=W. Europe Standard Time:20260331T110000\n");
	has_not(&m, "20260401T110000");
	assert_string_equal(
	        buf_str(&m.lost), "modified instance 2: it is one that was modified already\n");
	items_clear(&m);
	bag_free(b);
}

/* A body that each of many instances repeats: from a size on they are named instead. */
static void instances_have_a_cap(void **state)
{
	enum { N = 60 };
	struct recur r = {.pattern = RECUR_DAY, .period = 1440, .end = RECUR_NEVER};
	struct recur_exception x[N];
	uint32_t days[N];
	struct bag *b = items_appointment("Long");
	char *body = xcalloc(1, (1 << 20) + 1);
	struct made m;

	(void)state;
	memset(body, 'x', 1 << 20);
	memset(x, 0, sizeof x);
	for (uint32_t i = 0; i < N; i++) {
		days[i] = blob_day(2026, 3, 2) + i * RECUR_DAY_MINUTES;
		x[i].start = x[i].original = days[i] + 540;
		x[i].end = days[i] + 700;
	}
	r.deleted = r.modified = days;
	r.n_deleted = r.n_modified = r.n_exceptions = N;
	r.exceptions = x;
	items_recur(b, &r);
	make_text(b, PidTagBody, body);
	m = items_make(b, false);
	assert_non_null(strstr(buf_str(&m.lost), " modified instances: the object is too large"));
	assert_in_range(m.octets.len, 32 << 20, 36 << 20);
	items_clear(&m);
	bag_free(b);
	free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_is_not_named_is_as_in_the_series),
	        cmocka_unit_test(what_is_named_is_its_own),
	        cmocka_unit_test(its_body_is_in_the_embedded_item),
	        cmocka_unit_test(each_instance_has_its_own),
	        cmocka_unit_test(its_texts_may_be_octets),
	        cmocka_unit_test(days_have_overrides_that_are_days),
	        cmocka_unit_test(an_instance_is_modified_once),
	        cmocka_unit_test(instances_have_a_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
