/* Threads that share one piece of work, and the first error of them. */
#include "valise/base/workers.h"
#include <unistd.h>
#include <stdlib.h>
#include "valise/base/mem.h"

struct worker_thread {
	struct workers *workers;
	worker_fn *fn;
	void *arg;
	pthread_t thread;
	struct worker_thread *next;
};

void workers_init(struct workers *ws)
{
	*ws = (struct workers){0};
	pthread_mutex_init(&ws->lock, NULL);
	pthread_cond_init(&ws->wake, NULL);
	pthread_mutex_init(&ws->threads_lock, NULL);
}

void workers_clear(struct workers *ws)
{
	pthread_mutex_destroy(&ws->lock);
	pthread_cond_destroy(&ws->wake);
	pthread_mutex_destroy(&ws->threads_lock);
}

int workers_fail_held(struct workers *ws, const struct err *err)
{
	if (!ws->failed) {
		ws->failed = true;
		ws->fatal = *err;
		ws->fatal.scope = ERR_WHOLE;
	}
	pthread_cond_broadcast(&ws->wake);
	return err->code;
}

int workers_fail(struct workers *ws, const struct err *err)
{
	pthread_mutex_lock(&ws->lock);
	workers_fail_held(ws, err);
	pthread_mutex_unlock(&ws->lock);
	return err->code;
}

bool workers_failed(struct workers *ws)
{
	bool failed;

	pthread_mutex_lock(&ws->lock);
	failed = ws->failed;
	pthread_mutex_unlock(&ws->lock);
	return failed;
}

static void work_on(struct workers *ws, worker_fn *fn, void *arg)
{
	struct err err = {0};

	if (fn(arg, &err) < 0)
		workers_fail(ws, &err);
}

static void *thread_main(void *arg)
{
	const struct worker_thread *t = arg;

	work_on(t->workers, t->fn, t->arg);
	return NULL;
}

bool workers_start(struct workers *ws, worker_fn *fn, void *arg)
{
	struct worker_thread *t = xcalloc(1, sizeof *t);
	bool started;

	*t = (struct worker_thread){.workers = ws, .fn = fn, .arg = arg};
	pthread_mutex_lock(&ws->threads_lock);
	started = pthread_create(&t->thread, NULL, thread_main, t) == 0;
	if (started) {
		t->next = ws->threads;
		ws->threads = t;
	}
	pthread_mutex_unlock(&ws->threads_lock);
	if (!started)
		free(t);
	return started;
}

static struct worker_thread *take_thread(struct workers *ws)
{
	struct worker_thread *t;

	pthread_mutex_lock(&ws->threads_lock);
	t = ws->threads;
	if (t)
		ws->threads = t->next;
	pthread_mutex_unlock(&ws->threads_lock);
	return t;
}

int workers_join(struct workers *ws, struct err *err)
{
	struct worker_thread *t;

	while ((t = take_thread(ws))) {
		pthread_join(t->thread, NULL);
		free(t);
	}
	if (!ws->failed)
		return 0;
	return err_copy(err, &ws->fatal);
}

int workers_run(struct workers *ws, size_t n, worker_fn *fn, void *arg, struct err *err)
{
	while (n > 1 && workers_start(ws, fn, arg))
		n--;
	work_on(ws, fn, arg);
	return workers_join(ws, err);
}

unsigned workers_cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}
