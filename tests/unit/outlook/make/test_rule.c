/* RRULE as recurrences of MAPI: RFC 5545 3.3.10, the examples of MS-OXOCAL 4.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "outlook/calendar/blobs.h"
#include "outlook/calendar/rule.h"
#include "outlook/make/back.h"

static struct back series(const char *start, const char *end, const char *more)
{
	char *text = xasprintf("BEGIN:VEVENT\nUID:u\nDTSTAMP:20260101T000000Z\n"
	                       "DTSTART;TZID=Pacific Standard Time:%s\n"
	                       "DTEND;TZID=Pacific Standard Time:%s\nSUMMARY:s\n%s",
	        start, end, more);
	struct back k = back_calendar(text);

	free(text);
	return k;
}

static void example(const char *start, const char *end, const char *more, const char *hex)
{
	struct back k = series(start, end, more);
	struct buf want = blob_of_hex(hex);
	size_t n;
	const uint8_t *p = bag_octets(k.b, (bag_key)PidLidAppointmentRecur, RECUR_BLOB_MAX, &n);

	assert_non_null(p);
	assert_int_equal(n, want.len);
	assert_memory_equal(p, want.data, n);
	assert_string_equal(buf_str(&k.lost), "");
	buf_clear(&want);
	back_clear(&k);
}

static void the_examples_come_out_octet_for_octet(void **state)
{
	(void)state;
	example("20070326T100000", "20070326T103000",
	        "RRULE:FREQ=WEEKLY;COUNT=12;BYDAY=MO,TH,FR\nEND:VEVENT\n", BLOB_WEEKLY);
	example("20070326T100000", "20070326T103000",
	        "RRULE:FREQ=WEEKLY;COUNT=12;BYDAY=MO,TH,FR\nEND:VEVENT\n"
	        "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID;TZID=Pacific Standard Time:20070416T100000\n"
	        "DTSTART;TZID=Pacific Standard Time:20070416T110000\n"
	        "DTEND;TZID=Pacific Standard Time:20070416T113000\n"
	        "SUMMARY:Simple Recurrence with exceptions\nLOCATION:34/4141\nEND:VEVENT\n",
	        BLOB_WEEKLY_CHANGED);
	example("20110407T080000", "20110407T083000",
	        "RRULE:FREQ=DAILY;INTERVAL=3;UNTIL=20110504T150000Z\n"
	        "EXDATE;TZID=Pacific Standard Time:20110422T080000,20110419T080000\nEND:VEVENT\n",
	        BLOB_DAILY);
	example("20080209T140000", "20080209T170000",
	        "RRULE:FREQ=MONTHLY;INTERVAL=3;COUNT=10;BYDAY=SA,SU;BYSETPOS=3\nEND:VEVENT\n"
	        "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20080809T210000Z\nSUMMARY:s\n"
	        "DTSTART:20080809T210000Z\nDTEND:20080810T000000Z\nLOCATION:new location\nEND:VEVENT\n"
	        "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID;TZID=Pacific Standard Time:20080510T140000\n"
	        "DTSTART;TZID=Pacific Standard Time:20080511T140000\nSUMMARY:s\n"
	        "DURATION:PT3H\nEND:VEVENT\n",
	        BLOB_NTH);
}

/* A rule, its first day, and what it is read back as; NULL: MAPI has no such recurrence. */
static const struct {
	const char *rule, *start, *back;
} rules[] = {
        {"FREQ=DAILY", "20260302", "FREQ=DAILY"},
        {"FREQ=DAILY;INTERVAL=2;COUNT=5", "20260302", "FREQ=DAILY;INTERVAL=2;COUNT=5"},
        {"FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "20260302", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"},
        {"FREQ=DAILY;INTERVAL=2;BYDAY=MO", "20260302", NULL},
        {"FREQ=DAILY;BYMONTH=3", "20260302", NULL},
        {"FREQ=WEEKLY", "20260302", "FREQ=WEEKLY;BYDAY=MO"},
        {"FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;COUNT=4", "20260303",
                "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=MO;COUNT=4"},
        {"FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", "20260303",
                "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=SU"},
        {"FREQ=WEEKLY;BYDAY=1MO", "20260302", NULL},
        {"FREQ=MONTHLY", "20260315", "FREQ=MONTHLY;BYMONTHDAY=15"},
        {"FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=28", "20260228",
                "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=28"},
        {"FREQ=MONTHLY;BYMONTHDAY=-1", "20260331", "FREQ=MONTHLY;BYMONTHDAY=-1"},
        {"FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", "20260330",
                "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"},
        {"FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", "20260331",
                "FREQ=MONTHLY;BYMONTHDAY=-1"},
        {"FREQ=MONTHLY;BYMONTHDAY=31", "20260331", NULL}, /* February has none */
        {"FREQ=MONTHLY;BYMONTHDAY=1,15", "20260301", NULL},
        {"FREQ=MONTHLY;BYMONTHDAY=-2", "20260330", NULL},
        {"FREQ=MONTHLY;BYDAY=2TU", "20260310", "FREQ=MONTHLY;BYDAY=2TU"},
        {"FREQ=MONTHLY;BYDAY=-1FR", "20260327", "FREQ=MONTHLY;BYDAY=-1FR"},
        {"FREQ=MONTHLY;BYDAY=5FR", "20260529", NULL},
        {"FREQ=MONTHLY;BYDAY=FR", "20260306", NULL},
        {"FREQ=MONTHLY;BYDAY=SU;BYMONTHDAY=8,9,10,11,12,13,14", "20260308",
                "FREQ=MONTHLY;BYDAY=2SU"},
        {"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "20260331",
                "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"},
        {"FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=5", "20260317", NULL},
        {"FREQ=MONTHLY;BYDAY=1MO,3MO", "20260302", NULL},
        {"FREQ=YEARLY", "20260302", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=2"},
        {"FREQ=YEARLY;INTERVAL=2;BYMONTH=12;BYMONTHDAY=31", "20261231",
                "FREQ=YEARLY;INTERVAL=2;BYMONTH=12;BYMONTHDAY=31"},
        {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1", "20240229",
                "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"},
        {"FREQ=YEARLY", "20240229", NULL}, /* in leap years alone */
        {"FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "20261126", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"},
        {"FREQ=YEARLY;BYDAY=20MO", "20260518", NULL},
        {"FREQ=YEARLY;BYMONTH=3,9", "20260302", NULL},
        {"FREQ=YEARLY;BYWEEKNO=20", "20260511", NULL},
        {"FREQ=HOURLY", "20260302", NULL},
        {"FREQ=DAILY;BYHOUR=9;BYMINUTE=0", "20260302", "FREQ=DAILY"},
        {"FREQ=DAILY;BYHOUR=9,17", "20260302", NULL},
        {"FREQ=MONTHLY;RSCALE=HEBREW", "20260302", NULL},
        {"FREQ=DAILY;COUNT=0", "20260302", NULL},
        {"FREQ=DAILY;UNTIL=nonsense", "20260302", NULL},
        {"nonsense", "20260302", NULL},
};

static struct back series_at_nine(const char *rule, const char *day)
{
	char *start = xasprintf("%sT090000", day), *end = xasprintf("%sT100000", day),
	     *more = xasprintf("RRULE:%s\nEND:VEVENT\n", rule);
	struct back k = series(start, end, more);

	free(start);
	free(end);
	free(more);
	return k;
}

/* What the blob says, as our own reader reads it. */
static char *rule_of(struct bag *b)
{
	struct buf text = buf_of(4096);
	struct recur r;
	struct err err = {0};
	size_t n;
	const uint8_t *p = bag_octets(b, (bag_key)PidLidAppointmentRecur, RECUR_BLOB_MAX, &n);
	uint32_t first;
	char *out;

	if (!p)
		return NULL;
	make_check(recur_read(p, n, true, &r, &err), &err);
	assert_true(rule_first(&r, &first));
	assert_int_equal(r.start_minute, 540);
	assert_int_equal(r.end_minute, 600);
	rule_text(&r, first, "X", &text);
	recur_clear(&r);
	out = buf_take(&text);
	buf_clear(&text);
	return out;
}

static void each_rule_is_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rules); i++) {
		struct back k = series_at_nine(rules[i].rule, rules[i].start);
		char *back = rule_of(k.b), *line = xasprintf("\nRRULE:%s\n", rules[i].rule);

		if (!rules[i].back)
			assert_null(back);
		else
			assert_string_equal(back ? back : "none", rules[i].back);
		if (!rules[i].back)
			back_tells(&k, "its recurrence");
		/* whatever of it MAPI has, the object comes back with its own rule */
		back_has(&k, line);
		free(back);
		free(line);
		back_clear(&k);
	}
}

/* Days that short months do not have are taken out, where the rule ends. */
static void a_rule_that_passes_over_months_loses_them(void **state)
{
	struct back k = series_at_nine("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", "20260131");
	char *back = rule_of(k.b);
	struct recur r;
	struct err err = {0};
	size_t n;
	const uint8_t *p = bag_octets(k.b, (bag_key)PidLidAppointmentRecur, RECUR_BLOB_MAX, &n);

	(void)state;
	assert_string_equal(back, "FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=X");
	make_check(recur_read(p, n, true, &r, &err), &err);
	assert_int_equal(r.end_date, blob_day(2026, 5, 31));
	assert_int_equal(r.n_deleted, 2);
	assert_int_equal(r.deleted[0], blob_day(2026, 2, 28));
	assert_int_equal(r.deleted[1], blob_day(2026, 4, 30));
	recur_clear(&r);
	free(back);
	back_clear(&k);
}

static void the_end_is_the_day_of_its_last_instance_at_most(void **state)
{
	static const struct {
		const char *until;
		int day;
	} ends[] = {
	        {"20260310", 10}, {"20260310T170000Z", 10}, /* 9:00 in Seattle, from the 8th on */
	        {"20260310T160000Z", 10}, {"20260310T155959Z", 9},
	        {"20260301T000000Z", 2}, /* before it begins: it begins */
	};
	(void)state;
	for (size_t i = 0; i < COUNT(ends); i++) {
		char *rule = xasprintf("FREQ=DAILY;UNTIL=%s", ends[i].until);
		struct back k = series_at_nine(rule, "20260302");
		struct recur r;
		struct err err = {0};
		size_t n;
		const uint8_t *p = bag_octets(k.b, (bag_key)PidLidAppointmentRecur, 1 << 20, &n);

		make_check(recur_read(p, n, true, &r, &err), &err);
		assert_int_equal(r.end_date, blob_day(2026, 3, ends[i].day));
		recur_clear(&r);
		free(rule);
		back_clear(&k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_examples_come_out_octet_for_octet),
	        cmocka_unit_test(each_rule_is_read_back),
	        cmocka_unit_test(a_rule_that_passes_over_months_loses_them),
	        cmocka_unit_test(the_end_is_the_day_of_its_last_instance_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
