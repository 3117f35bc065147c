/* Recurrences as octets: the examples of MS-OXOCAL 4.1.1, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "outlook/calendar/blobs.h"
#include "outlook/calendar/recur.h"

static int read_hex(const char *hex, struct buf *octets, struct recur *r)
{
	struct err err = {0};

	*octets = blob_of_hex(hex);
	return recur_read(octets->data, octets->len, true, r, &err);
}

static void the_weekly_example_is_read(void **state)
{
	struct buf octets;
	struct recur r;

	(void)state;
	assert_int_equal(read_hex(BLOB_WEEKLY, &octets, &r), 0);
	assert_int_equal(r.pattern, RECUR_WEEK);
	assert_int_equal(r.period, 1);
	assert_int_equal(r.days, 0x32);
	assert_int_equal(r.end, RECUR_COUNT);
	assert_int_equal(r.count, 12);
	assert_int_equal(r.start_date, blob_day(2007, 3, 26));
	assert_int_equal(r.start_minute, 600);
	assert_int_equal(r.end_minute, 630);
	assert_int_equal(r.n_deleted + r.n_exceptions, 0);
	recur_clear(&r);
	buf_clear(&octets);
}

static void an_exception_is_read(void **state)
{
	struct buf octets;
	struct recur r;
	const struct recur_exception *x;

	(void)state;
	assert_int_equal(read_hex(BLOB_WEEKLY_CHANGED, &octets, &r), 0);
	assert_int_equal(r.n_exceptions, 1);
	x = r.exceptions;
	assert_int_equal(x->start, blob_day(2007, 4, 16) + 660);
	assert_int_equal(x->end, blob_day(2007, 4, 16) + 690);
	assert_int_equal(x->original, blob_day(2007, 4, 16) + 600);
	assert_int_equal(x->flags, OVERRIDE_SUBJECT | OVERRIDE_LOCATION);
	assert_true(x->wide_subject && x->wide_location);
	assert_int_equal(x->location_len, 14);
	assert_memory_equal(x->location, "3\0004\0/\0004\0001\0004\0001", 14);
	assert_int_equal(x->subject_len, 66);
	/* its day is among the deleted ones, but was moved */
	assert_int_equal(r.n_deleted, 1);
	assert_false(recur_is_gone(&r, blob_day(2007, 4, 16)));
	recur_clear(&r);
	buf_clear(&octets);
}

static void days_that_are_gone_are_read(void **state)
{
	struct buf octets;
	struct recur r;

	(void)state;
	assert_int_equal(read_hex(BLOB_DAILY, &octets, &r), 0);
	assert_int_equal(r.pattern, RECUR_DAY);
	assert_int_equal(r.period, 3 * RECUR_DAY_MINUTES);
	assert_int_equal(r.end, RECUR_UNTIL);
	assert_true(recur_is_gone(&r, blob_day(2011, 4, 19)));
	assert_true(recur_is_gone(&r, blob_day(2011, 4, 22) + 480));
	assert_false(recur_is_gone(&r, blob_day(2011, 4, 25)));
	recur_clear(&r);
	buf_clear(&octets);
}

static void the_monthly_example_is_read(void **state)
{
	struct buf octets;
	struct recur r;

	(void)state;
	assert_int_equal(read_hex(BLOB_NTH, &octets, &r), 0);
	assert_int_equal(r.pattern, RECUR_MONTH_NTH);
	assert_int_equal(r.days, 0x41);
	assert_int_equal(r.nth, 3);
	assert_int_equal(r.n_exceptions, 2);
	assert_int_equal(r.exceptions[0].start, blob_day(2008, 5, 11) + 14 * 60);
	assert_int_equal(r.exceptions[0].original, blob_day(2008, 5, 10) + 14 * 60);
	assert_int_equal(r.exceptions[1].original, blob_day(2008, 8, 9) + 14 * 60);
	assert_int_equal(r.exceptions[1].location_len, 24);
	recur_clear(&r);
	buf_clear(&octets);
	assert_int_equal(read_hex(BLOB_HEBREW, &octets, &r), 0);
	assert_int_equal(r.calendar, 8);
	assert_int_equal(r.end, RECUR_NEVER);
	assert_int_equal(r.exceptions[0].reminder_delta, 60);
	assert_int_equal(r.exceptions[0].busy, 1);
	assert_int_equal(r.exceptions[0].flags, OVERRIDE_DELTA | OVERRIDE_BUSY | OVERRIDE_BODY);
	recur_clear(&r);
	buf_clear(&octets);
}

/* Whatever its length, nothing is read beyond it (ASan looks), and only its end may be away. */
static void what_ends_too_early_is_none(void **state)
{
	struct buf octets = blob_of_hex(BLOB_WEEKLY_CHANGED);
	size_t whole = 0;

	(void)state;
	for (size_t n = 0; n <= octets.len; n++) {
		uint8_t *copy = xmemdup(octets.data, n ? n : 1);
		struct recur r;
		struct err err = {0};
		int rc = recur_read(copy, n, true, &r, &err);

		if (rc < 0)
			assert_int_equal(rc, ERR_DAMAGED);
		whole += rc == 0;
		recur_clear(&r);
		free(copy);
	}
	/* what follows the exceptions are the same texts in Unicode */
	assert_in_range(whole, 100, 140);
	buf_clear(&octets);
}

static void what_says_nonsense_is_none(void **state)
{
	static const struct {
		size_t at;
		uint8_t octet;
	} wrong[] = {
	        {0, 5},
	        {4, 0x0e},
	        {6, 5},
	        {6, 9},
	        {14, 0},
	        {22, 0},
	        {22, 0x80},
	        {26, 0x24},
	        {34, 7},
	        {38, 0xff},
	        {42, 2},
	        {54, 7},
	        {62, 0xff},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct buf octets = blob_of_hex(BLOB_WEEKLY);
		struct recur r;
		struct err err = {0};

		octets.data[wrong[i].at] = wrong[i].octet;
		if (recur_read(octets.data, octets.len, true, &r, &err) == 0)
			fail_msg("octet %zu as 0x%x was taken", wrong[i].at, wrong[i].octet);
		recur_clear(&r);
		buf_clear(&octets);
	}
}

static void too_many_instances_are_a_limit(void **state)
{
	struct recur r = {.pattern = RECUR_DAY, .period = 1440, .end = RECUR_NEVER}, out;
	struct err err = {0};
	struct buf octets;

	(void)state;
	r.n_deleted = RECUR_INSTANCES_MAX + 1;
	r.deleted = xcalloc(r.n_deleted, sizeof *r.deleted);
	octets = blob_of(&r);
	assert_int_equal(recur_read(octets.data, octets.len, false, &out, &err), ERR_LIMIT);
	recur_clear(&out);
	recur_clear(&r);
	buf_clear(&octets);
}

/* What never ends says so by its type, or by an end that is the end of time. */
static void the_end_of_time_is_no_end(void **state)
{
	struct recur r = {.pattern = RECUR_DAY, .period = 1440, .end = RECUR_UNTIL}, out;
	struct err err = {0};
	struct buf octets;

	(void)state;
	r.end_date = RECUR_END_OF_TIME;
	octets = blob_of(&r);
	assert_int_equal(recur_read(octets.data, octets.len, false, &out, &err), 0);
	assert_int_equal(out.end, RECUR_NEVER);
	recur_clear(&out);
	buf_clear(&octets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_weekly_example_is_read),
	        cmocka_unit_test(an_exception_is_read),
	        cmocka_unit_test(days_that_are_gone_are_read),
	        cmocka_unit_test(the_monthly_example_is_read),
	        cmocka_unit_test(what_ends_too_early_is_none),
	        cmocka_unit_test(what_says_nonsense_is_none),
	        cmocka_unit_test(too_many_instances_are_a_limit),
	        cmocka_unit_test(the_end_of_time_is_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
