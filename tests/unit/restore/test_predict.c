/* How long a restore takes, and what counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "valise/base/mem.h"
#include "valise/restore/predict.h"

static void test_seconds(void **state)
{
	static const struct {
		const char *name;
		struct predict_cost c;
		uint64_t low, high;
	} rows[] = {
	        {"nothing to do", {0}, 0, 1},
	        {"round trips", {.trips = 100, .idle_us = 100000}, 10, 21},
	        {"octets", {.bytes = 125000000}, 1, 101},
	        {"items of a slow server", {.items = 1000, .item_us = 10000}, 0, 11},
	        {"all of it",
	                {.items = 1000,
	                        .bytes = 125000000,
	                        .trips = 100,
	                        .idle_us = 100000,
	                        .item_us = 10000},
	                11, 131},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t low, high;

		predict_seconds(&rows[i].c, &low, &high);
		if (low != rows[i].low || high != rows[i].high)
			fail_msg("%s: %llu to %llu", rows[i].name, (unsigned long long)low,
			        (unsigned long long)high);
	}
}

/* Each kind has a word of its own; a name and a property make no restore incomplete. */
static void test_kinds(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PREDICTS; i++) {
		assert_non_null(predict_word((enum predict)i));
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(
			        predict_word((enum predict)i), predict_word((enum predict)k));
		assert_int_equal(predict_counts((enum predict)i),
		        i != PREDICT_NAME && i != PREDICT_PROPERTY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_seconds), cmocka_unit_test(test_kinds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
