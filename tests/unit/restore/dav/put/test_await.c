#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "restore/dav/put/put.h"

static void limits(void **state)
{
	(void)state;
	/* the same URL again is no second resource */
	assert_int_equal(await_limit_ms(true, 10), 10);
	assert_int_equal(await_limit_ms(true, 150000), 150000);
	/* one that the server names is */
	assert_int_equal(await_limit_ms(false, 10), 15000);
	assert_int_equal(await_limit_ms(false, 150000), 150000);
	assert_int_equal(await_limit_ms(false, INT64_MAX), 900000);
}

static void pauses(void **state)
{
	int64_t left = 15000, before = 0;

	(void)state;
	for (unsigned nth = 0; left > 0; nth++) {
		int64_t ms = await_pause_ms(nth, left);

		assert_true(ms > 0 && (ms > before || ms == left));
		assert_true(nth < 8);
		left -= ms;
		before = ms;
	}
	assert_int_equal(left, 0);
	assert_int_equal(await_pause_ms(1000, 100000), 30000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(limits), cmocka_unit_test(pauses)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
