/* The limit of bytes a second (a token bucket) and in all, shared by connections. */
#include "valise/net/rate.h"
#include "valise/base/clock.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include <pthread.h>
#include <stdlib.h>

#define SLICE_US 100000 /* how soon a request to stop is noticed */
#define BURST_US 250000 /* what was not used for so long may be used at once */
#define AT_ONCE_MIN 512
#define TELL_EVERY ((uint64_t)1 << 20)

struct rate {
	struct rate_opts o;
	pthread_mutex_t lock;
	int64_t paid_us; /* all that was moved is paid for at this time */
	uint64_t spent, told;
};

struct rate *rate_new(const struct rate_opts *o)
{
	struct rate *r = xcalloc(1, sizeof *r);

	r->o = *o;
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

/* With the lock held. */
static void tell_spent(struct rate *r)
{
	if (r->o.spent && r->spent > r->told)
		r->o.spent(r->o.ctx, r->spent - r->told);
	r->told = r->spent;
}

void rate_free(struct rate *r)
{
	if (!r)
		return;
	tell_spent(r);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* When all that was moved is paid for; *left: what may still be moved in all. */
static int64_t look_at(struct rate *r, uint64_t *left)
{
	int64_t paid;

	pthread_mutex_lock(&r->lock);
	*left = r->o.total - MIN(r->spent, r->o.total);
	paid = r->paid_us;
	pthread_mutex_unlock(&r->lock);
	return paid;
}

int rate_wait(struct rate *r, size_t *n, struct err *err)
{
	uint64_t left, at_once;
	int64_t us;
	int rc;

	if (!r)
		return 0;
	while ((us = look_at(r, &left) - clock_us()) > 0 && left) {
		const struct timespec pause = {0, MIN(us, SLICE_US) * 1000};

		if ((rc = stop_check(err)) != 0)
			return rc;
		nanosleep(&pause, NULL);
	}
	if (!left)
		return err_set(err, ERR_BUDGET, ERR_WHOLE,
		        "the daily limit is reached: run this again tomorrow, it goes on from "
		        "here");
	at_once = r->o.per_second ? r->o.per_second / 8 : UINT64_MAX;
	if (at_once < AT_ONCE_MIN)
		at_once = AT_ONCE_MIN;
	if (at_once > left)
		at_once = left;
	if (*n > at_once)
		*n = (size_t)at_once;
	return 0;
}

void rate_spend(struct rate *r, size_t n)
{
	int64_t now;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->spent += n;
	if (r->o.per_second) {
		now = clock_us();
		if (r->paid_us < now - BURST_US)
			r->paid_us = now - BURST_US;
		r->paid_us += (int64_t)((double)n * 1e6 / (double)r->o.per_second);
	}
	if (r->spent - r->told >= TELL_EVERY)
		tell_spent(r);
	pthread_mutex_unlock(&r->lock);
}
