#ifndef VALISE_NET_RATE_H
#define VALISE_NET_RATE_H

#include <stddef.h>
#include <stdint.h>
#include "valise/base/err.h"

/*
 * How much may cross the wire, both directions together: bytes a second (a token bucket)
 * and bytes in all. One is shared by all connections of a process that are given it
 * (struct endpoint); thread-safe. NULL is no limit at all.
 */
struct rate;

struct rate_opts {
	uint64_t per_second; /* 0: as fast as it goes */
	uint64_t total; /* bytes that may still be moved; UINT64_MAX: any number */
	/*
	 * Told now and then, and at the end, how much was moved since the last time; may
	 * be NULL. One call at a time.
	 */
	void (*spent)(void *ctx, uint64_t bytes);
	void *ctx;
};

struct rate *rate_new(const struct rate_opts *o);
void rate_free(struct rate *r);

/**
 * rate_wait(r, n, err): before up to *n bytes are moved: waits until some may be, and
 * lowers *n to how many at once.
 * Errors: ERR_BUDGET (none are left), ERR_STOPPED.
 */
int rate_wait(struct rate *r, size_t *n, struct err *err) MUST_CHECK;
/* ${n} bytes were moved. */
void rate_spend(struct rate *r, size_t n);

#endif
