#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "valise/proto/imap/pool.h"

static void what_is_tried_again(void **state)
{
	static const struct {
		int rc;
		bool lost, again;
		unsigned counted;
	} table[] = {
	        {ERR_OK, false, false, 0},
	        {ERR_STOPPED, false, false, 0},
	        {ERR_STOPPED, true, false, 0},
	        {ERR_GUARD, false, false, 0},
	        {ERR_GUARD, true, false, 0},
	        {ERR_THROTTLED, false, true, 0},
	        {ERR_THROTTLED, true, true, 0},
	        {ERR_BUSY, false, true, 1},
	        {ERR_BUSY, true, true, 1},
	        {ERR_NET, true, true, 1},
	        {ERR_TLS, true, true, 1},
	        {ERR_PROTO, true, true, 1},
	        {ERR_REFUSED, true, true, 1},
	        {ERR_LIMIT, true, true, 1},
	        {ERR_BUDGET, true, true, 1},
	        {ERR_NET, false, false, 0},
	        {ERR_PROTO, false, false, 0},
	        {ERR_REFUSED, false, false, 0},
	        {ERR_LIMIT, false, false, 0},
	        {ERR_IO, false, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct attempts a = {.limit = ATTEMPTS};

		assert_int_equal(attempt_counts(&a, table[i].rc, table[i].lost), table[i].again);
		assert_int_equal(a.failures, table[i].counted);
	}
}

/* How often one thing is done that always ends so. */
static unsigned count_tries(unsigned limit, int rc, bool lost)
{
	struct attempts a = {.limit = limit};
	unsigned n = 1;

	while (n < 100 && attempt_counts(&a, rc, lost))
		n++;
	return n;
}

static void how_often(void **state)
{
	static const struct {
		unsigned limit;
		int rc;
		bool lost;
		unsigned tries;
	} table[] = {
	        {3, ERR_NET, true, 3},
	        {3, ERR_BUSY, false, 3},
	        {5, ERR_BUSY, false, 5},
	        {1, ERR_BUSY, false, 1},
	        {1, ERR_NET, true, 1},
	        {3, ERR_REFUSED, false, 1},
	        {3, ERR_THROTTLED, false, 100}, /* patience is the pool's */
	        {1, ERR_THROTTLED, true, 100},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(
		        count_tries(table[i].limit, table[i].rc, table[i].lost), table[i].tries);
}

/* The wish to wait between two failures neither counts nor takes any back. */
static void wishes_and_failures(void **state)
{
	struct attempts a = {.limit = 3};

	(void)state;
	assert_true(attempt_counts(&a, ERR_THROTTLED, false));
	assert_true(attempt_counts(&a, ERR_NET, true));
	assert_true(attempt_counts(&a, ERR_THROTTLED, false));
	assert_true(attempt_counts(&a, ERR_THROTTLED, true));
	assert_true(attempt_counts(&a, ERR_BUSY, false));
	assert_true(attempt_counts(&a, ERR_THROTTLED, false));
	assert_false(attempt_counts(&a, ERR_NET, true));
	assert_int_equal(a.failures, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_is_tried_again),
	        cmocka_unit_test(how_often),
	        cmocka_unit_test(wishes_and_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
