#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "valise/base/workers.h"

struct work {
	struct workers workers;
	unsigned next, most; /* pieces */
	unsigned fail_at; /* the piece that cannot be done; 0: none */
	unsigned done;
	unsigned more; /* workers that are still to be started, by those at work */
};

static void work_init(struct work *w)
{
	workers_init(&w->workers);
}

static unsigned take_piece(struct work *w)
{
	unsigned piece = 0;

	pthread_mutex_lock(&w->workers.lock);
	if (!w->workers.failed && w->next < w->most)
		piece = ++w->next;
	pthread_mutex_unlock(&w->workers.lock);
	return piece;
}

static int do_pieces(void *arg, struct err *err)
{
	struct work *w = arg;
	unsigned piece;

	while ((piece = take_piece(w))) {
		if (piece == w->fail_at)
			return err_set(err, ERR_DAMAGED, ERR_ITEM, "piece %u", piece);
		pthread_mutex_lock(&w->workers.lock);
		w->done++;
		pthread_mutex_unlock(&w->workers.lock);
	}
	return 0;
}

static void each_piece_is_done_once(void **state)
{
	(void)state;
	for (size_t n = 0; n < 6; n++) {
		struct work w = {.most = 1000};
		struct err err = {0};

		work_init(&w);
		assert_int_equal(workers_run(&w.workers, n, do_pieces, &w, &err), 0);
		assert_int_equal(err.code, 0);
		assert_int_equal(w.done, 1000);
		workers_clear(&w.workers);
	}
}

static void an_error_ends_all(void **state)
{
	struct work w = {.most = UINT32_MAX, .fail_at = 1000};
	struct err err = {0};

	(void)state;
	work_init(&w);
	assert_int_equal(workers_run(&w.workers, 4, do_pieces, &w, &err), ERR_DAMAGED);
	assert_string_equal(err.text, "piece 1000");
	assert_int_equal(err.scope, ERR_WHOLE);
	workers_clear(&w.workers);
}

static void the_first_error_wins(void **state)
{
	struct workers ws;
	struct err a = {0}, b = {0}, err = {0};

	(void)state;
	workers_init(&ws);
	assert_false(workers_failed(&ws));
	err_set(&a, ERR_SPACE, ERR_ITEM, "first");
	err_set(&b, ERR_STOPPED, ERR_WHOLE, "second");
	assert_int_equal(workers_fail(&ws, &a), ERR_SPACE);
	assert_int_equal(workers_fail(&ws, &b), ERR_STOPPED);
	assert_true(workers_failed(&ws));
	assert_int_equal(workers_join(&ws, &err), ERR_SPACE);
	assert_string_equal(err.text, "first");
	assert_int_equal(workers_join(&ws, NULL), ERR_SPACE);
	workers_clear(&ws);
}

/* Waits for what never comes, but that the run fails. */
static int wait_for_ever(void *arg, struct err *err)
{
	struct work *w = arg;

	(void)err;
	pthread_mutex_lock(&w->workers.lock);
	w->done++;
	pthread_cond_broadcast(&w->workers.wake);
	while (!w->workers.failed)
		pthread_cond_wait(&w->workers.wake, &w->workers.lock);
	pthread_mutex_unlock(&w->workers.lock);
	return 0;
}

static void a_failure_wakes_all(void **state)
{
	struct work w = {0};
	struct err why = {0};

	(void)state;
	work_init(&w);
	for (unsigned i = 0; i < 3; i++)
		assert_true(workers_start(&w.workers, wait_for_ever, &w));
	pthread_mutex_lock(&w.workers.lock);
	while (w.done < 3)
		pthread_cond_wait(&w.workers.wake, &w.workers.lock);
	pthread_mutex_unlock(&w.workers.lock);
	err_set(&why, ERR_NET, ERR_WHOLE, "lost");
	workers_fail(&w.workers, &why);
	assert_int_equal(workers_join(&w.workers, NULL), ERR_NET);
	workers_clear(&w.workers);
}

/* Starts the next one, with the lock held. */
static int start_another(void *arg, struct err *err)
{
	struct work *w = arg;

	(void)err;
	pthread_mutex_lock(&w->workers.lock);
	w->done++;
	if (w->more && workers_start(&w->workers, start_another, w))
		w->more--;
	pthread_mutex_unlock(&w->workers.lock);
	return 0;
}

static void those_started_meanwhile_are_waited_for(void **state)
{
	struct work w = {.more = 20};

	(void)state;
	work_init(&w);
	assert_true(workers_start(&w.workers, start_another, &w));
	assert_int_equal(workers_join(&w.workers, NULL), 0);
	assert_int_equal(w.done, 21);
	workers_clear(&w.workers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(each_piece_is_done_once),
	        cmocka_unit_test(an_error_ends_all),
	        cmocka_unit_test(the_first_error_wins),
	        cmocka_unit_test(a_failure_wakes_all),
	        cmocka_unit_test(those_started_meanwhile_are_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
