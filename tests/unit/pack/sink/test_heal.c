/* Which files a backup reads to see whether they are what was sealed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "valise/base/mem.h"
#include "pack/sink/heal.h"

#define FILES 4

static void as_many_as_fit(void **state)
{
	static const struct {
		uint64_t sizes[FILES], budget, turn;
		size_t n;
		unsigned chosen; /* bit i: file i */
	} table[] = {
	        {{0}, 10, 7, 0, 0},
	        {{1, 2, 3, 4}, 10, 0, 4, 15}, /* all, whatever the turn */
	        {{1, 2, 3, 4}, 10, 3, 4, 15},
	        {{1, 2, 3, 4}, 9, 0, 4, 7},
	        {{1, 2, 3, 4}, 9, 1, 4, 14},
	        {{1, 2, 3, 4}, 9, 3, 4, 11}, /* round about */
	        {{1, 2, 3, 4}, 9, 7, 4, 11},
	        {{50, 60, 1, 70}, 10, 0, 4, 1}, /* one in any case */
	        {{50, 60, 1, 70}, 10, 1, 4, 2},
	        {{50, 60, 1, 70}, 10, 2, 4, 4},
	        {{50, 60, 1, 70}, 10, UINT64_MAX, 4, 8},
	        {{0, 0, 0, 50}, 10, 0, 4, 15}, /* nothing is spent before it */
	        {{UINT64_MAX, UINT64_MAX, 1, 1}, UINT64_MAX, 0, 2, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		bool chosen[FILES];
		unsigned have = 0;

		heal_choose(table[i].sizes, table[i].n, table[i].budget, table[i].turn, chosen);
		for (size_t k = 0; k < table[i].n; k++)
			have |= (unsigned)chosen[k] << k;
		assert_int_equal(have, table[i].chosen);
	}
}

/* A turn a day: each has been read after as many days as there are files. */
static void each_has_its_day(void **state)
{
	static const uint64_t sizes[FILES] = {900, 5, 7000, 1};
	bool seen[FILES] = {false};

	(void)state;
	for (uint64_t day = 20000; day < 20000 + FILES; day++) {
		bool chosen[FILES];

		heal_choose(sizes, FILES, 10, day, chosen);
		for (size_t k = 0; k < FILES; k++)
			seen[k] = seen[k] || chosen[k];
	}
	for (size_t k = 0; k < FILES; k++)
		assert_true(seen[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(as_many_as_fit),
	        cmocka_unit_test(each_has_its_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
