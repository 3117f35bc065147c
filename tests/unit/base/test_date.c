#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "valise/base/date.h"
#include "valise/base/mem.h"

static void imap_valid(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t utc;
		int zone;
	} rows[] = {
	        {"17-Jul-1996 02:44:25 -0700", 837596665, -420},
	        {" 1-Jan-1970 00:00:00 +0000", 0, 0},
	        {"31-Dec-1969 23:59:59 +0000", -1, 0},
	        {"29-Feb-2000 12:00:00 +0530", 951805800, 330},
	        {" 1-Mar-1900 00:00:00 +0000", -2203891200, 0},
	        {" 1-Jan-0001 00:00:00 +0000", -62135596800, 0},
	        {"31-Dec-9999 23:59:59 +0000", 253402300799, 0},
	        {" 1-Jan-0001 00:00:00 +2359", -62135683140, 1439},
	        {"31-Dec-9999 23:59:59 -2359", 253402387139, -1439},
	        {"19-Jan-2038 03:14:08 +0000", 2147483648, 0},
	};
	char out[DATE_TEXT_SIZE];
	struct date d;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(date_parse_imap(rows[i].text, &d));
		assert_true(d.known);
		assert_int_equal(d.utc, rows[i].utc);
		assert_int_equal(d.zone_min, rows[i].zone);
		assert_string_equal(date_format_imap(&d, out), rows[i].text);
	}
	/* Other spellings of the same. */
	assert_true(date_parse_imap("07-jul-1996 02:44:25 -0000", &d));
	assert_string_equal(date_format_imap(&d, out), " 7-Jul-1996 02:44:25 +0000");
	assert_true(date_parse_imap("30-Jun-2015 23:59:60 +0000", &d));
	assert_int_equal(d.utc, 1435708800);
}

static void imap_invalid(void **state)
{
	(void)state;
	static const char *const rows[] = {"", "17-Jul-1996", "7-Jul-1996 02:44:25 -0700",
	        "17-Jul-1996 02:44:25 -070", "17-Jul-1996 02:44:25 -07000",
	        "17-Jul-1996 02:44:25  0700", "17-Jux-1996 02:44:25 -0700",
	        "32-Jul-1996 02:44:25 -0700", "31-Jun-1996 02:44:25 -0700",
	        "29-Feb-1999 02:44:25 -0700", "29-Feb-1900 02:44:25 -0700",
	        " 0-Jul-1996 02:44:25 -0700", "17-Jul-0000 02:44:25 -0700",
	        "17-Jul-1996 24:44:25 -0700", "17-Jul-1996 02:60:25 -0700",
	        "17-Jul-1996 02:44:61 -0700", "17-Jul-1996 02:44:25 -2400",
	        "17-Jul-1996 02:44:25 -0760", "1 -Jul-1996 02:44:25 -0700",
	        "17-Jul-1996T02:44:25 -0700", "-1-Jul-1996 02:44:25 -0700"};
	struct date d;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_false(date_parse_imap(rows[i], &d));
}

static void formats_are_clamped(void **state)
{
	(void)state;
	static const int64_t ends[] = {INT64_MIN, INT64_MAX};
	static const char *const imap[] = {
	        " 1-Jan-0001 00:00:00 -0100", "31-Dec-9999 23:59:59 -0100"};
	static const char *const iso[] = {"0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"};
	char out[DATE_TEXT_SIZE];

	for (size_t i = 0; i < 2; i++) {
		struct date d = {ends[i], -60, true};

		assert_string_equal(date_format_imap(&d, out), imap[i]);
		assert_string_equal(date_format_iso(ends[i], out), iso[i]);
	}
}

static void every_day_once(void **state)
{
	(void)state;
	char out[DATE_TEXT_SIZE], before[DATE_TEXT_SIZE] = "";
	int64_t again;

	for (int64_t utc = -62135596800; utc <= 253402300799; utc += 86400) {
		date_format_iso(utc, out);
		assert_true(strcmp(before, out) < 0);
		assert_true(date_parse_iso(out, &again));
		assert_int_equal(again, utc);
		memcpy(before, out, sizeof before);
	}
}

static void mail_valid(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t utc;
		int zone;
	} rows[] = {
	        {"Fri, 21 Nov 1997 09:55:06 -0600", 880127706, -360},
	        {"21 Nov 1997 09:55:06 -0600", 880127706, -360},
	        {"Fri,21 Nov 97 09:55:06 CST", 880127706, -360},
	        {"Thu,\r\n\t13\r\n Feb\r\n  1969\r\n  23:32\r\n -0330 (Newfoundland Time)",
	                -27723480, -210},
	        {"21 Nov 97 09:55:06 GMT", 880106106, 0},
	        {"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", 880127706, -360},
	        {"Sat, 1 Jan 00 00:00:00 Z", 946684800, 0},
	        {"Sat, 1 Jan 100 00:00:00 UT", 946684800, 0},
	        {"1 Jan 2000 00:00 EDT", 946699200, -240},
	        {"1 Jan 2000 00:00 PST", 946713600, -480},
	        {"1 Jan 2000 00:00", 946684800, 0},
	        {"1 Jan 2000 00:00 XYZ", 946684800, 0},
	        {"1 Jan 2000 00:00 +9999", 946684800, 0},
	        {"1 Jan 2000 00:00 +00300", 946684800, 0},
	        {"(a (nested \\) one)) 1 January 2000 00:00:00 +0100 (CET)", 946681200, 60},
	        {"1-Jan-2000 00:00:00 +0000", 946684800, 0},
	        {"Mon 01 Jan 2000 00:00:00 GMT", 946684800, 0},
	};
	struct date d;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(date_parse_rfc5322(rows[i].text, strlen(rows[i].text), &d));
		assert_int_equal(d.utc, rows[i].utc);
		assert_int_equal(d.zone_min, rows[i].zone);
	}
}

static void mail_invalid(void **state)
{
	(void)state;
	static const char *const rows[] = {"", "   ", "(open", "Fri,", "Fri, 21", "Fri, 21 Nov",
	        "Fri, 21 Nov 1997", "Fri, 21 Nov 1997 09", "Fri, 21 Nov 1997 09:",
	        "Fri, 21 Nov 1997 09:55:", "Fri, 32 Nov 1997 09:55:06 -0600",
	        "Fri, 31 Nov 1997 09:55:06 -0600", "Fri, 21 Xov 1997 09:55:06 -0600",
	        "Fri, 21 Nov 1997 25:55:06 -0600", "Fri, 21 Nov 1899 09:55:06 -0600",
	        "Fri, 21 Nov 19970 09:55:06 -0600", "Fri, 21 Nov 7 09:55:06 -0600",
	        "1997-11-21T09:55:06Z", "Fri, 123 Nov 1997 09:55:06"};
	struct date d;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_false(date_parse_rfc5322(rows[i], strlen(rows[i]), &d));
}

static void iso_is_strict(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "2026-11-22T17:16:00", "2026-11-22 17:16:00Z",
	        "2026-13-22T17:16:00Z", "2026-11-31T17:16:00Z", "2026-11-22T17:16:00z",
	        "2026-11-22T17:16:00ZZ", "0000-11-22T17:16:00Z", "2026-11-22T-1:16:00Z"};
	int64_t utc;

	assert_true(date_parse_iso("2026-11-22T17:16:00Z", &utc));
	assert_int_equal(utc, 1795367760);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(date_parse_iso(bad[i], &utc));
}

static void test_ages(void **state)
{
	static const char *const bad[] = {
	        "", "7", "d", "-1d", "1.5d", "7 d", "7D", "1y6", "100001d", "99999999999999y"};
	struct age a;

	(void)state;
	assert_true(age_read("1y6m2w3d4h", &a));
	assert_int_equal(a.years, 1);
	assert_int_equal(a.months, 6);
	assert_int_equal(a.days, 17);
	assert_int_equal(a.hours, 4);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (age_read(bad[i], &a))
			fail_msg("\"%s\" is an age", bad[i]);
}

static void test_day_before(void **state)
{
	static const struct {
		struct day from;
		const char *age;
		struct day want;
	} rows[] = {
	        {{2024, 3, 31}, "1m", {2024, 2, 29}},
	        {{2023, 3, 31}, "1m", {2023, 2, 28}},
	        {{2024, 3, 1}, "1d", {2024, 2, 29}},
	        {{2024, 1, 15}, "1y6m", {2022, 7, 15}},
	        {{2024, 2, 29}, "1y", {2023, 2, 28}},
	        {{2024, 1, 1}, "2w", {2023, 12, 18}},
	        {{2024, 1, 1}, "36h", {2024, 1, 1}},
	        {{2024, 1, 1}, "99999y", {1, 1, 1}},
	        {{2024, 1, 1}, "99999w200y", {1, 1, 1}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct age age;
		struct day d;

		assert_true(age_read(rows[i].age, &age));
		d = day_before(&rows[i].from, &age);
		if (d.year != rows[i].want.year || d.month != rows[i].want.month ||
		        d.day != rows[i].want.day)
			fail_msg("row %zu: %d-%d-%d", i, d.year, d.month, d.day);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(imap_valid),
	        cmocka_unit_test(imap_invalid),
	        cmocka_unit_test(formats_are_clamped),
	        cmocka_unit_test(every_day_once),
	        cmocka_unit_test(mail_valid),
	        cmocka_unit_test(mail_invalid),
	        cmocka_unit_test(iso_is_strict),
	        cmocka_unit_test(test_ages),
	        cmocka_unit_test(test_day_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
