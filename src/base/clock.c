/* The monotonic clock, and sleep that a stop ends. */
#include "valise/base/clock.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include <time.h>

enum { STEP_MS = 100 };

int64_t clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_ms(void)
{
	return clock_us() / 1000;
}

int64_t clock_pause_ms(int64_t first_ms, unsigned nth, int64_t most_ms)
{
	int64_t ms = first_ms;

	while (nth-- && ms < most_ms)
		ms *= 2;
	return MIN(ms, most_ms);
}

int clock_sleep(int64_t ms, struct err *err)
{
	int64_t until = clock_ms() + ms;
	int rc = stop_check(err);

	for (int64_t left = ms; rc == 0 && left > 0; rc = stop_check(err)) {
		const struct timespec t = {0, MIN(left, STEP_MS) * 1000000L};

		nanosleep(&t, NULL);
		left = until - clock_ms();
	}
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}
