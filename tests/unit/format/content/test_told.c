/* What people read in calendar objects and cards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "format/content/tell.h"
#include "valise/base/mem.h"
#include "valise/format/content.h"

static void put(void *ctx, const char *label, const char *text)
{
	buf_putf(ctx, "%s|%s\n", label ? label : "", text);
}

static void assert_told(const char *resource, const char *want)
{
	struct buf got = buf_of(SIZE_MAX);

	content_told(resource, strlen(resource), put, &got);
	assert_string_equal(buf_str(&got), want);
	buf_clear(&got);
}

static void test_told(void **state)
{
#define EVENT(lines) "BEGIN:VCALENDAR\nBEGIN:VEVENT\n" lines "END:VEVENT\nEND:VCALENDAR\n"
	static const struct {
		const char *resource, *want;
	} cases[] = {
	        {"", ""},
	        {"no such thing", ""},
	        {EVENT(""), "|Event\n"},
	        {EVENT("DTEND:20240102T100000Z\nDTSTART:20240101T100000Z\nSUMMARY:a\\, b\n"),
	                "|Event\nTitle|a, b\nStart|Mon, 1 Jan 2024 10:00 UTC\nEnd|Tue, 2 Jan 2024 "
	                "10:00 UTC\n"},
	        {"BEGIN:VCALENDAR\nMETHOD:CANCEL\nBEGIN:VTIMEZONE\nTZID:x\nEND:VTIMEZONE\n"
	         "BEGIN:VEVENT\nSTATUS:CANCELLED\nEND:VEVENT\nBEGIN:VTODO\nDUE;VALUE=DATE:20240101\n"
	         "END:VTODO\n",
	                "|Cancellation of an event\nStatus|CANCELLED\n|Cancellation\nDue|Sun, 31 Dec "
	                "2023\n"},
	        {EVENT("DESCRIPTION:a\\nb\\;\nEXDATE;TZID=X:20240101T100000,20240102T100000\n"
	               "ATTACH:http://a.example/b\nBEGIN:VALARM\nDESCRIPTION:c\nEND:VALARM\n"),
	                "|Event\nNot on|Mon, 1 Jan 2024 10:00 X; Tue, 2 Jan 2024 10:00 X\n"
	                "Attached|http://a.example/b\nNotes|a\nb;\n"},
	        {EVENT("ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=TENTATIVE:mailto:a@b\n"
	               "ORGANIZER;CN=a@b:mailto:a@b\n"),
	                "|Event\nOrganizer|a@b\nAttendee|a@b (TENTATIVE)\n"},
	        {"BEGIN:VCARD\nVERSION:4.0\nFN:Ann\nTEL;VALUE=uri;TYPE=\"home,voice\":tel:+1\n"
	         "ADR:;;x;;;;\nPHOTO:data:image/png;base64,AAAA\nEND:VCARD\n",
	                "|Contact\nName|Ann\nPhone|+1 (home,voice)\nAddress|x\nPhoto|26 characters of "
	                "data in it\n"},
	        {EVENT("SUMMARY:cut"), "|Event\nTitle|cutEND:VEVENT\n"},
	        {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:cut", "|Event\nTitle|cut\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_told(cases[i].resource, cases[i].want);
}

static void test_words(void **state)
{
	static const struct {
		void (*tell)(const char *value, struct buf *out);
		const char *value, *want;
	} cases[] = {
	        {tell_rule, "FREQ=DAILY", "every day"},
	        {tell_rule, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=1",
	                "every 2 weeks on Mon, Wed, 1 time"},
	        {tell_rule, "FREQ=MONTHLY;BYDAY=2TU,-1FR",
	                "every month on the second Tue, the last Fri"},
	        {tell_rule, "FREQ=MONTHLY;BYMONTHDAY=15,-1", "every month on day 15, the last day"},
	        {tell_rule, "freq=yearly;BYMONTH=3;BYDAY=-1SU;UNTIL=20251231",
	                "every year in Mar on the last Sun, until Wed, 31 Dec 2025"},
	        {tell_rule, "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-1;WKST=SU",
	                "every month on Mon (BYSETPOS=-1)"},
	        {tell_rule, "FREQ=ODDLY", "FREQ=ODDLY"},
	        {tell_rule, "FREQ=YEARLY;BYMONTH=5L;BYDAY=XX,7;INTERVAL=",
	                "every year in 5L on XX, the 7. "},
	        {tell_rule, "", ""},
	        {tell_duration, "PT90M", "90 minutes"},
	        {tell_duration, "P1DT2H1M", "1 day 2 hours 1 minute"},
	        {tell_duration, "P2W", "2 weeks"},
	        {tell_duration, "PT0S", "PT0S"},
	        {tell_duration, "P99999999999D", "P99999999999D"},
	        {tell_duration, "long", "long"},
	};
	static const struct {
		const char *value, *zone;
		bool last;
		const char *want;
	} times[] = {
	        {"20240229", NULL, false, "Thu, 29 Feb 2024"},
	        {"20240301", NULL, true, "Thu, 29 Feb 2024"},
	        {"20240301T000000", "Europe/Berlin", true, "Fri, 1 Mar 2024 00:00 Europe/Berlin"},
	        {"20240301T000000", NULL, false, "Fri, 1 Mar 2024 00:00"},
	        {"20241399", NULL, false, "20241399"},
	        {"soon", NULL, false, "soon"},
	        {"", NULL, false, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf got = buf_of(SIZE_MAX);

		cases[i].tell(cases[i].value, &got);
		assert_string_equal(buf_str(&got), cases[i].want);
		buf_clear(&got);
	}
	for (size_t i = 0; i < COUNT(times); i++) {
		struct buf got = buf_of(SIZE_MAX);

		tell_time(times[i].value, times[i].zone, times[i].last, &got);
		assert_string_equal(buf_str(&got), times[i].want);
		buf_clear(&got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_told),
	        cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
