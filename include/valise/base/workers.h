#ifndef VALISE_BASE_WORKERS_H
#define VALISE_BASE_WORKERS_H

#include <pthread.h>
#include <stdbool.h>
#include "valise/base/err.h"

/*
 * Threads that share one piece of work. The first error ends the run: each worker asks
 * for it before it takes more, and all that wait are woken. A thread that cannot be
 * started is one helper less, as the calling thread works, too.
 */
struct workers {
	pthread_mutex_t lock; /* the owner's, too: for what the workers share */
	pthread_cond_t wake; /* something of that changed, or the run failed */
	bool failed; /* read with the lock held, or when all have ended */
	struct err fatal; /* of a failed run: the first error */

	/* private */
	pthread_mutex_t threads_lock;
	struct worker_thread *threads; /* not joined yet */
};

/* An error that it returns is one that ends the run. */
typedef int worker_fn(void *arg, struct err *err);

void workers_init(struct workers *ws);
void workers_clear(struct workers *ws); /* all have ended */

/*
 * A further thread on ${fn}, with or without the lock held, also by a worker; false: it
 * cannot be started.
 */
bool workers_start(struct workers *ws, worker_fn *fn, void *arg);

/* Wait for all threads, those started meanwhile, too; 0, or the first error. */
int workers_join(struct workers *ws, struct err *err) MUST_CHECK;

/* ${fn} by up to ${n} threads, of which the calling one is the first, to their end. */
int workers_run(struct workers *ws, size_t n, worker_fn *fn, void *arg, struct err *err) MUST_CHECK;

/* Note an error that ends the run, widened to ERR_WHOLE; returns err->code. */
int workers_fail(struct workers *ws, const struct err *err);
/* The same with the lock held. */
int workers_fail_held(struct workers *ws, const struct err *err);
bool workers_failed(struct workers *ws);

/* Processors that are there, at least 1. */
unsigned workers_cores(void);

#endif
