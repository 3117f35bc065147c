/* RRULEs of recurrences: their words, and that libical finds the days that we find. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <libical/ical.h>
#include "outlook/calendar/blobs.h"
#include "outlook/calendar/hebrew.h"
#include "outlook/calendar/hijri.h"
#include "outlook/calendar/rule.h"
#include "outlook/calendar/when.h"

static const struct {
	struct recur r;
	struct {
		int year, month, day;
	} start;
	const char *rule;
} cases[] = {
        {{.pattern = RECUR_DAY, .period = 1440, .end = RECUR_NEVER}, {2026, 3, 2}, "FREQ=DAILY"},
        {{.pattern = RECUR_DAY, .period = 3 * 1440, .end = RECUR_COUNT, .count = 5}, {2026, 3, 2},
                "FREQ=DAILY;INTERVAL=3;COUNT=5"},
        {{.pattern = RECUR_WEEK, .period = 1, .days = 0x3e, .end = RECUR_NEVER}, {2026, 3, 2},
                "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"},
        /* a Sunday is the first or the last day of its week */
        {{.pattern = RECUR_WEEK, .period = 2, .days = 0x05, .week_start = 0, .end = RECUR_NEVER},
                {2026, 3, 3}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=SU"},
        {{.pattern = RECUR_WEEK, .period = 2, .days = 0x05, .week_start = 1, .end = RECUR_NEVER},
                {2026, 3, 3}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=MO"},
        /* it begins on a day that is none of its own */
        {{.pattern = RECUR_WEEK,
                 .period = 2,
                 .days = 0x02,
                 .week_start = 1,
                 .end = RECUR_COUNT,
                 .count = 7},
                {2026, 3, 4}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;WKST=MO;COUNT=7"},
        {{.pattern = RECUR_MONTH, .period = 1, .day = 15, .end = RECUR_NEVER}, {2026, 3, 20},
                "FREQ=MONTHLY;BYMONTHDAY=15"},
        {{.pattern = RECUR_MONTH, .period = 1, .day = 31, .end = RECUR_NEVER}, {2026, 1, 31},
                "FREQ=MONTHLY;BYMONTHDAY=-1"},
        {{.pattern = RECUR_MONTH, .period = 1, .day = 30, .end = RECUR_NEVER}, {2026, 1, 30},
                "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"},
        {{.pattern = RECUR_MONTH, .period = 5, .day = 29, .end = RECUR_NEVER}, {2026, 4, 29},
                "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=28,29;BYSETPOS=-1"},
        {{.pattern = RECUR_MONTH_END, .period = 2, .day = 31, .end = RECUR_NEVER}, {2026, 1, 1},
                "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=-1"},
        {{.pattern = RECUR_MONTH_NTH, .period = 1, .days = 0x10, .nth = 2, .end = RECUR_NEVER},
                {2026, 3, 1}, "FREQ=MONTHLY;BYDAY=2TH"},
        {{.pattern = RECUR_MONTH_NTH, .period = 1, .days = 0x20, .nth = 5, .end = RECUR_NEVER},
                {2026, 3, 30}, "FREQ=MONTHLY;BYDAY=-1FR"},
        {{.pattern = RECUR_MONTH_NTH,
                 .period = 3,
                 .days = 0x41,
                 .nth = 3,
                 .end = RECUR_COUNT,
                 .count = 10},
                {2008, 2, 1}, "FREQ=MONTHLY;INTERVAL=3;BYDAY=SU,SA;BYSETPOS=3;COUNT=10"},
        {{.pattern = RECUR_MONTH_NTH, .period = 2, .days = 0x3e, .nth = 5, .end = RECUR_NEVER},
                {2026, 3, 1}, "FREQ=MONTHLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"},
        {{.pattern = RECUR_MONTH_NTH, .period = 1, .days = 0x7f, .nth = 4, .end = RECUR_NEVER},
                {2026, 3, 1}, "FREQ=MONTHLY;BYDAY=SU,MO,TU,WE,TH,FR,SA;BYSETPOS=4"},
        {{.pattern = RECUR_MONTH, .period = 12, .day = 29, .end = RECUR_NEVER}, {2024, 2, 29},
                "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"},
        {{.pattern = RECUR_MONTH, .period = 12, .day = 30, .end = RECUR_NEVER}, {2026, 4, 30},
                "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=30"},
        {{.pattern = RECUR_MONTH, .period = 24, .day = 1, .end = RECUR_NEVER}, {2026, 5, 2},
                "FREQ=YEARLY;INTERVAL=2;BYMONTH=5;BYMONTHDAY=1"},
        {{.pattern = RECUR_MONTH_NTH, .period = 12, .days = 0x10, .nth = 4, .end = RECUR_NEVER},
                {2026, 11, 1}, "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"},
        {{.pattern = RECUR_MONTH_END, .period = 12, .day = 31, .end = RECUR_NEVER}, {2026, 2, 1},
                "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"},
        /* calendars whose years alone are called otherwise (Thai) */
        {{.pattern = RECUR_MONTH, .calendar = 7, .period = 1, .day = 3, .end = RECUR_NEVER},
                {2026, 2, 1}, "FREQ=MONTHLY;BYMONTHDAY=3"},
};

static void compare_days(const struct recur *r, const char *rule, int number)
{
	struct rule_walk w;
	struct icalrecurrencetype parsed = icalrecurrencetype_from_string(rule);
	icalrecur_iterator *it;
	uint32_t day;
	char text[WHEN_SIZE];

	rule_walk_init(&w, r);
	assert_true(rule_first(r, &day));
	when_text(&(struct clock){CLOCK_DATE, NULL}, when_of_minutes(day), text);
	it = icalrecur_iterator_new(parsed, icaltime_from_string(text));
	assert_non_null(it);
	for (int i = 0; i < 60; i++) {
		struct icaltimetype t = icalrecur_iterator_next(it);
		bool more = rule_walk_next(&w, &day);

		if (more == icaltime_is_null_time(t))
			fail_msg("case %d, %s: instance %d", number, rule, i);
		if (!more)
			break;
		when_text(&(struct clock){CLOCK_DATE, NULL}, when_of_minutes(day), text);
		if (strcmp(text, icaltime_as_ical_string(t)) != 0)
			fail_msg("case %d, %s: instance %d is %s, libical has %s", number, rule, i,
			        text, icaltime_as_ical_string(t));
	}
	icalrecur_iterator_free(it);
}

static void every_pattern_has_its_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct recur r = cases[i].r;
		struct buf out = buf_of(512);
		uint32_t first;

		r.start_date =
		        blob_day(cases[i].start.year, cases[i].start.month, cases[i].start.day);
		assert_int_equal(rule_form(&r), RULE_RRULE);
		assert_true(rule_first(&r, &first));
		rule_text(&r, first, "", &out);
		assert_string_equal(buf_str(&out), cases[i].rule);
		compare_days(&r, cases[i].rule, (int)i);
		buf_clear(&out);
	}
}

static void an_end_by_date_is_the_last_day(void **state)
{
	struct recur r = {.pattern = RECUR_WEEK, .period = 1, .days = 2, .end = RECUR_UNTIL};
	struct buf out = buf_of(512);
	struct rule_walk w;
	uint32_t day, n = 0;

	(void)state;
	r.start_date = blob_day(2026, 3, 2);
	r.end_date = blob_day(2026, 4, 1);
	rule_walk_init(&w, &r);
	while (rule_walk_next(&w, &day))
		n++;
	assert_int_equal(n, 5);
	rule_text(&r, r.start_date, "20260401T080000Z", &out);
	assert_string_equal(buf_str(&out), "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260401T080000Z");
	r.end_date = r.start_date = blob_day(2026, 3, 3);
	assert_false(rule_first(&r, &day));
	buf_clear(&out);
}

/* 1 Muharram of 1445: 19 July 2023 by the civil table, a day earlier by that of Windows. */
static void hijri_months_are_counted(void **state)
{
	struct recur r = {.pattern = RECUR_HIJRI_MONTH,
	        .period = 1,
	        .day = 1,
	        .end = RECUR_COUNT,
	        .count = 25};
	struct rule_walk w;
	uint32_t day, last = 0, days[25];
	size_t n = 0;

	(void)state;
	assert_int_equal(hijri_start(1445, 1), blob_day(2023, 7, 18) / RECUR_DAY_MINUTES);
	for (int y = 1000; y < 1600; y++)
		for (unsigned m = 1; m <= 12; m++)
			assert_int_equal(hijri_month(hijri_start(y, m)), y * 12 + (int)m - 1);
	assert_int_equal(rule_form(&r), RULE_DATES);
	/* the item's own first day says by which table it goes */
	for (int shift = 0; shift < 3; shift++) {
		r.start_date = blob_day(2023, 7, 18 + shift);
		rule_walk_init(&w, &r);
		for (n = 0, last = 0; rule_walk_next(&w, &day); n++) {
			if (n && day - last != 29 * 1440u && day - last != 30 * 1440u)
				fail_msg("a month of %u days", (day - last) / 1440);
			days[n] = last = day;
		}
		assert_int_equal(n, 25);
		assert_int_equal(days[0], r.start_date);
		assert_int_equal(days[12] - days[0], 355 * 1440); /* 1445 is a leap year */
		assert_int_equal(days[24] - days[12], 354 * 1440);
	}
	r = (struct recur){.pattern = RECUR_HIJRI_END, .period = 12, .day = 30, .end = RECUR_NEVER};
	r.start_date = blob_day(2023, 8, 17);
	rule_walk_init(&w, &r);
	assert_true(rule_walk_next(&w, &day));
	assert_int_equal(day, blob_day(2023, 8, 17));
}

/* 3 Nisan, twelve days before the first one of Passover; the example of MS-OXOCAL 4.1.1.6. */
static void hebrew_months_keep_their_names(void **state)
{
	static const struct {
		int year, month, day;
	} nisan[] = {{2008, 4, 8}, {2009, 3, 28}, {2010, 3, 18}, {2011, 4, 7}, {2012, 3, 26},
	        {2013, 3, 14}, {2014, 4, 3}, {2015, 3, 23}, {2016, 4, 11}, {2017, 3, 30},
	        {2018, 3, 19}, {2019, 4, 8}, {2020, 3, 28}, {2021, 3, 16}, {2022, 4, 4},
	        {2023, 3, 25}, {2024, 4, 11}};
	struct buf octets = blob_of_hex(BLOB_HEBREW);
	struct recur r;
	struct rule_walk w;
	struct err err = {0};
	uint32_t day;

	(void)state;
	assert_int_equal(recur_read(octets.data, octets.len, true, &r, &err), 0);
	assert_int_equal(rule_form(&r), RULE_DATES);
	rule_walk_init(&w, &r);
	for (size_t i = 0; i < COUNT(nisan); i++) {
		assert_true(rule_walk_next(&w, &day));
		assert_int_equal(day, blob_day(nisan[i].year, nisan[i].month, nisan[i].day));
	}
	recur_clear(&r);
	buf_clear(&octets);
	/* each month follows the one before, and has 29 or 30 days */
	for (int64_t m = 60000, begin = hebrew_start(m); m < 80000; m++) {
		int64_t next = hebrew_start(m + 1);

		assert_in_range(next - begin, 29, 30);
		assert_int_equal(hebrew_month(begin), m);
		assert_int_equal(hebrew_month(next - 1), m);
		begin = next;
	}
}

static void months_of_other_calendars_have_no_rule(void **state)
{
	struct recur r = {.pattern = RECUR_MONTH, .calendar = 15, .period = 12, .day = 3};
	uint32_t day;

	(void)state;
	assert_int_equal(rule_form(&r), RULE_NONE);
	assert_false(rule_first(&r, &day));
	/* weeks are weeks in any calendar */
	r.pattern = RECUR_WEEK;
	r.days = 1;
	assert_int_equal(rule_form(&r), RULE_RRULE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_pattern_has_its_rule),
	        cmocka_unit_test(an_end_by_date_is_the_last_day),
	        cmocka_unit_test(hijri_months_are_counted),
	        cmocka_unit_test(hebrew_months_keep_their_names),
	        cmocka_unit_test(months_of_other_calendars_have_no_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
