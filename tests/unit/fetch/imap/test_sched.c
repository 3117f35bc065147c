/* Which records become which jobs, and what comes back of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "fetch/imap/run.h"

enum { RECS = 6 };

static const struct source_opts opts = {0};

static void begin(struct run *r, struct mbox *mb)
{
	static struct imap_mailbox box;

	memset(r, 0, sizeof *r);
	run_begin(&r->base, NULL, NULL, &opts, NULL, COLL_MAIL);
	*mb = (struct mbox){.box = &box, .state = MB_BODIES, .n_recs = RECS};
	mb->recs = xcalloc(RECS, sizeof *mb->recs);
	for (uint32_t i = 0; i < RECS; i++)
		mb->recs[i] = (struct rec){.uid = i + 1, .size = 10};
	plan_weigh(mb);
	assert_int_equal(mb->bytes_left, 10 * RECS);
	r->plan.boxes = mb;
	r->plan.n_boxes = 1;
	r->sched.phase = 2;
}

static void end(struct run *r, struct mbox *mb)
{
	workers_clear(&r->base.workers);
	mbox_reset(mb);
}

/* Jobs as "first+n " in the order in which they are given out, all or one message at a time. */
static void list_jobs(struct run *r, struct mbox *mb, bool one, char *out, size_t size)
{
	struct job j;

	out[0] = '\0';
	while (sched_take(r, mb, one, &j))
		snprintf(out + strlen(out), size - strlen(out), "%zu+%zu ", j.first, j.n);
}

static void test_jobs(void **state)
{
	/* What a job of all records gives back: which are done, which are not asked for plainly. */
	static const struct {
		const char *done, *special;
		bool one;
		const char *jobs;
	} cases[] = {
	        {"......", "......", false, "0+6 "},
	        {"......", "......", true, "0+1 1+1 2+1 3+1 4+1 5+1 "},
	        {"......", "..x...", false, "0+2 2+1 3+3 "},
	        {"......", "x....x", false, "0+1 1+4 5+1 "},
	        {"......", "xx....", false, "0+1 1+1 2+4 "},
	        {"..d...", "..x...", false, "0+6 "}, /* done: it is not asked for at all */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct run r;
		struct mbox mb;
		struct job j;
		char jobs[100];

		begin(&r, &mb);
		assert_ptr_equal(sched_try_bodies(&r), &mb);
		assert_true(sched_take(&r, &mb, false, &j));
		assert_int_equal(j.n, RECS);
		assert_int_equal(mb.bytes_left, 0);
		assert_null(sched_try_bodies(&r));
		for (size_t k = 0; k < RECS; k++) {
			mb.recs[k].done = cases[i].done[k] == 'd';
			mb.recs[k].rung = cases[i].special[k] == 'x' ? RUNG_PIECES : RUNG_PLAIN;
		}
		sched_return(&r, &mb, &j);
		assert_int_equal(mb.bytes_left, 10 * RECS);
		list_jobs(&r, &mb, cases[i].one, jobs, sizeof jobs);
		if (strcmp(jobs, cases[i].jobs) != 0)
			fail_msg("case %zu: %s", i, jobs);
		end(&r, &mb);
	}
}

/* The mailbox with the fewest workers, of these the one with most left; the first to be listed
 * again. */
static void test_choice(void **state)
{
	struct mbox boxes[3];
	struct run r;

	(void)state;
	begin(&r, &boxes[0]);
	for (size_t i = 1; i < 3; i++) {
		boxes[i] = boxes[0];
		boxes[i].recs = xmemdup(boxes[0].recs, RECS * sizeof *boxes[0].recs);
	}
	boxes[1].bytes_left = 100;
	boxes[2].relist = true;
	r.plan.boxes = boxes;
	r.plan.n_boxes = 3;
	assert_ptr_equal(sched_try_bodies(&r), &boxes[1]);
	assert_ptr_equal(sched_try_bodies(&r), &boxes[0]);
	assert_ptr_equal(sched_try_bodies(&r), &boxes[1]);
	assert_null(sched_try_listing(&r));
	boxes[0].status.ok = true;
	r.sched.list_from = 3;
	sched_unlist(&r, &boxes[0]);
	assert_ptr_equal(sched_try_listing(&r), &boxes[0]);
	assert_int_equal(boxes[0].state, MB_LISTING);
	for (size_t i = 1; i < 3; i++)
		mbox_reset(&boxes[i]);
	end(&r, &boxes[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_jobs),
	        cmocka_unit_test(test_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
