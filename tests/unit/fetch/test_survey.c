/* Which items a survey takes as its sample, and the estimates that follow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "valise/base/mem.h"
#include "valise/fetch/survey.h"

static void test_pick(void **state)
{
	static const struct {
		const char *name;
		uint64_t sizes[6];
		size_t n, by_size, by_count;
		uint8_t marks[6];
	} rows[] = {
	        {"none", {0}, 0, 3, 2, {0}},
	        {"one is all", {7}, 1, 3, 2, {3 * SURVEY_WEIGHT + 1}},
	        {"equal ones: evenly", {1, 1, 1, 1, 1, 1}, 6, 3, 0,
	                {0, SURVEY_WEIGHT, 0, SURVEY_WEIGHT, 0, SURVEY_WEIGHT}},
	        {"by number alone", {9, 9, 9, 9, 9, 9}, 6, 0, 2, {0, 1, 0, 0, 1, 0}},
	        {"a large one stands for what it holds", {1, 1, 96, 1, 1, 0}, 6, 4, 1,
	                {0, 0, 4 * SURVEY_WEIGHT, 1, 0, 0}},
	        {"without sizes", {0, 0, 0, 0}, 4, 3, 4, {1, 1, 1, 1}},
	        {"sums beyond 32 bits", {1ull << 40, 1ull << 40}, 2, 2, 0,
	                {SURVEY_WEIGHT, SURVEY_WEIGHT}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t marks[6] = {0};

		survey_pick(rows[i].sizes, rows[i].n, rows[i].by_size, rows[i].by_count, marks);
		if (memcmp(marks, rows[i].marks, rows[i].n) != 0)
			fail_msg("%s", rows[i].name);
	}
}

static void test_seconds(void **state)
{
	/* 10 items of 100 kB in all take a second, 1 MB in one piece takes another one */
	static const struct survey_round rounds[] = {{10, 100000, 1100000}, {1, 1000000, 1100000}},
	                                 small = {10, 1000, 1100000};
	static const struct {
		const char *name;
		struct estimate e;
		uint64_t low, high;
	} rows[] = {
	        {"nothing was measured", {.items = 9, .bytes = 9}, 0, 0},
	        {"there is nothing", {.connections = 4, .idle_us = 100000}, 0, 2},
	        {"round trips alone", {.collections = 45, .connections = 1, .idle_us = 100000}, 10,
	                11},
	        {"large ones: by octets", {100, 1000000000, 1, 1, 100000, rounds, COUNT(rounds)},
	                1009, 2018},
	        {"several connections at best",
	                {100, 1000000000, 1, 4, 100000, rounds, COUNT(rounds)}, 252, 2018},
	        {"small ones: by number", {1000, 100000, 1, 1, 100000, &small, 1}, 101, 202},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct estimate_range r = estimate_seconds(&rows[i].e);

		if (r.low != rows[i].low || r.high != rows[i].high)
			fail_msg("%s: %llu to %llu", rows[i].name, (unsigned long long)r.low,
			        (unsigned long long)r.high);
	}
}

static void test_archive(void **state)
{
	static const struct estimate_piece none = {0, 0, 0}, half = {100000, 50000, 4},
	                                   spread[] = {{100000, 90000, 1}, {100000, 10000, 1}},
	                                   small[] = {{1000, 600, 1}, {2000, 1200, 1}},
	                                   together = {3000, 900, 0};
	static const struct {
		const char *name;
		const struct estimate_piece *pieces;
		size_t n;
		const struct estimate_piece *together;
		uint64_t middle, low, high;
	} rows[] = {
	        {"no sample", NULL, 0, &none, 0, 0, 0},
	        {"one piece says little", &half, 1, &none, 500000, 125000, 1100000},
	        {"pieces that differ: the range is wide", spread, 2, &none, 500000, 125000,
	                1065685},
	        {"small ones are packed together", small, 2, &together, 300000, 270000, 329999},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct estimate_range r;
		uint64_t m = estimate_archive(&(struct estimate){.bytes = 1000000}, rows[i].pieces,
		        rows[i].n, rows[i].together, &r);

		if (m != rows[i].middle || r.low != rows[i].low || r.high != rows[i].high)
			fail_msg("%s: %llu, %llu to %llu", rows[i].name, (unsigned long long)m,
			        (unsigned long long)r.low, (unsigned long long)r.high);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_pick),
	        cmocka_unit_test(test_seconds), cmocka_unit_test(test_archive)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
