#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "valise/base/clock.h"

static void pauses_grow(void **state)
{
	static const struct {
		unsigned nth;
		int64_t first, most, ms;
	} table[] = {{0, 250, 4000, 250}, {1, 250, 4000, 500}, {4, 250, 4000, 4000},
	        {5, 250, 4000, 4000}, {6, 1000, 60000, 60000}, {5, 1000, 60000, 32000},
	        {UINT32_MAX, 250, 30000, 30000}, {0, 500, 100, 100}};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(
		        clock_pause_ms(table[i].first, table[i].nth, table[i].most), table[i].ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(pauses_grow)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
