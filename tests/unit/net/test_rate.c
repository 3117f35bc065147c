/*
 * What may move, and how much at once. The clock stands still: nothing waits here but
 * what has to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <time.h>
#include "valise/net/rate.h"

static int64_t clock_us = 1000000000;

/* In place of the C library's. */
int clock_gettime(clockid_t id, struct timespec *out)
{
	(void)id;
	*out = (struct timespec){clock_us / 1000000, clock_us % 1000000 * 1000};
	return 0;
}

int nanosleep(const struct timespec *t, struct timespec *left)
{
	(void)left;
	clock_us += t->tv_sec * 1000000 + t->tv_nsec / 1000;
	return 0;
}

static size_t may_move(struct rate *r, size_t want)
{
	struct err err;

	assert_int_equal(rate_wait(r, &want, &err), 0);
	return want;
}

static void no_rate_is_no_limit(void **state)
{
	(void)state;
	assert_int_equal(may_move(NULL, SIZE_MAX), SIZE_MAX);
	rate_spend(NULL, 1);
	rate_free(NULL);
}

/*
 * 8,000 bytes a second: 1,000 at once; 40,000 take 5 s but for the quarter that was saved
 * up.
 */
static void per_second(void **state)
{
	struct rate *r = rate_new(&(struct rate_opts){.per_second = 8000, .total = UINT64_MAX});
	int64_t began = clock_us;

	(void)state;
	for (int i = 0; i < 40; i++) {
		assert_int_equal(may_move(r, 65536), 1000);
		rate_spend(r, 1000);
	}
	(void)may_move(r, 1);
	assert_int_equal(clock_us - began, 5000000 - 250000);
	rate_free(r);
}

/* A pause of an hour does not save up an hour's bytes. */
static void what_is_saved_up_is_bounded(void **state)
{
	struct rate *r = rate_new(&(struct rate_opts){.per_second = 8000, .total = UINT64_MAX});
	int64_t began;

	(void)state;
	rate_spend(r, 1000);
	clock_us += (int64_t)3600 * 1000000;
	began = clock_us;
	rate_spend(r, 8000);
	(void)may_move(r, 1);
	assert_int_equal(clock_us - began, 750000);
	rate_free(r);
}

static void add(void *ctx, uint64_t bytes)
{
	*(uint64_t *)ctx += bytes;
}

static void in_all(void **state)
{
	uint64_t told = 0;
	struct rate *r =
	        rate_new(&(struct rate_opts){.total = 3000000, .spent = add, .ctx = &told});
	struct err err;
	size_t n = 1;

	(void)state;
	assert_int_equal(may_move(r, 5000000), 3000000);
	rate_spend(r, 1000);
	assert_int_equal(told, 0); /* now and then */
	rate_spend(r, 2000000);
	assert_int_equal(told, 2001000);
	assert_int_equal(may_move(r, 5000000), 999000);
	rate_spend(r, 999500); /* what was on the way comes all the same */
	assert_int_equal(rate_wait(r, &n, &err), ERR_BUDGET);
	rate_free(r);
	assert_int_equal(told, 3000500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(no_rate_is_no_limit),
	        cmocka_unit_test(per_second),
	        cmocka_unit_test(what_is_saved_up_is_bounded),
	        cmocka_unit_test(in_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
