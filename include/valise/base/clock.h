#ifndef VALISE_BASE_CLOCK_H
#define VALISE_BASE_CLOCK_H

/* Time that passes: no date, and never set back. */

#include <stdint.h>
#include "valise/base/err.h"

int64_t clock_ms(void);
int64_t clock_us(void);

/*
 * The ${nth} of growing pauses, from 0: ${first_ms}, then twice as long each time,
 * ${most_ms} at most.
 */
int64_t clock_pause_ms(int64_t first_ms, unsigned nth, int64_t most_ms);

/*
 * Sleep ${ms} milliseconds; 0, or ERR_STOPPED (scope ERR_WHOLE) at once when a stop is
 * requested.
 */
int clock_sleep(int64_t ms, struct err *err) MUST_CHECK;

#endif
