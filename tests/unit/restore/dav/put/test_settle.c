/* What becomes of an item after the answer to its PUT and what was read back. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "restore/dav/put/request.h"

static const struct {
	const char *what;
	enum put_verdict verdict;
	bool looked, seen, fits;
	int status;
	unsigned tries, agains;
	bool pending;
	enum entry_state state;
} cases[] = {
        {"stored, and there", PUT_STORED, true, true, true, 200, 0, 0, false, ENTRY_ADDED},
        {"stored, and not to be read", PUT_STORED, true, false, false, 404, 0, 0, false,
                ENTRY_UNSEEN},
        {"stored, and not looked at", PUT_STORED, false, false, false, 0, 0, 0, false,
                ENTRY_UNSEEN},
        {"stored, and another is there", PUT_STORED, true, true, false, 200, 0, 0, false,
                ENTRY_UNSEEN},
        {"no answer, but it is there", PUT_UNKNOWN, true, true, true, 200, 0, 0, false,
                ENTRY_ADDED},
        {"no answer, and it is not", PUT_UNKNOWN, true, false, false, 404, 0, 0, true, ENTRY_NEW},
        {"not for the third time", PUT_UNKNOWN, true, false, false, 404, 2, 0, false, ENTRY_FAILED},
        {"no answer to the look, either", PUT_UNKNOWN, true, false, false, 0, 0, 0, false,
                ENTRY_FAILED},
        {"there before", PUT_EXISTS, true, true, true, 200, 0, 0, false, ENTRY_THERE},
        {"the UID is elsewhere", PUT_UID, true, true, true, 200, 0, 0, false, ENTRY_THERE},
        {"once more without Prefer", PUT_LENIENT, false, false, false, 0, 0, 0, true, ENTRY_NEW},
        {"locked", PUT_AGAIN, false, false, false, 0, 0, 0, true, ENTRY_NEW},
        {"locked for too long", PUT_AGAIN, false, false, false, 0, 0, 6, false, ENTRY_FAILED},
        {"no room", PUT_FULL, false, false, false, 0, 0, 0, false, ENTRY_FAILED},
        {"enough for now", PUT_LATER, false, false, false, 0, 0, 0, false, ENTRY_FAILED},
        {"refused", PUT_REFUSED, false, false, false, 0, 0, 0, false, ENTRY_FAILED},
};

static int no_body(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        tree_write_fn write, void *ctx, struct err *err)
{
	(void)r;
	(void)c;
	(void)it;
	(void)write;
	(void)ctx;
	return err_set(err, ERR_NOTFOUND, ERR_ITEM, "no archive");
}

static void settles(void **state)
{
	static const struct tree_reader_ops ops = {.body = no_body};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct target_opts opts = {.strict = true}; /* no other forms */
		struct tree_reader reader = {.ops = &ops};
		struct progress progress;
		struct tree_head head = {.name = (char *)(uintptr_t) "c"};
		struct acoll a = {.head = &head, .coll = tree_coll_new(COLL_CALENDAR, "c")};
		struct tcoll t = {.url = (char *)(uintptr_t) "https://h/c/"};
		struct entry e = {.segment = (char *)(uintptr_t) "a.ics"};
		struct drun r = {.opts = &opts,
		        .reader = &reader,
		        .progress = &progress,
		        .acolls = &a,
		        .tcolls = &t,
		        .entries = &e,
		        .n_entries = 1};
		struct put p = {.e = &e,
		        .verdict = cases[i].verdict,
		        .tries = cases[i].tries,
		        .agains = cases[i].agains,
		        .pending = true,
		        .sent = {.strict = true}};
		const struct res x = {.url = (char *)(uintptr_t) "https://h/c/a.ics",
		        .seen = cases[i].seen,
		        .fits = cases[i].fits,
		        .status = cases[i].status};
		struct err err = {0};

		progress_init(&progress);
		assert_int_equal(put_journal_open(NULL, NULL, true, &r.journal, &err), 0);
		tree_coll_add(a.coll, &(struct tree_item){.size = 10});
		put_settle(&r, &p, cases[i].looked ? &x : NULL);
		if (p.pending != cases[i].pending || e.state != cases[i].state)
			fail_msg("%s: %d", cases[i].what, (int)e.state);
		assert_int_equal(r.outcome.sum.failed, e.state == ENTRY_FAILED);
		assert_int_equal(r.outcome.sum.added, e.state == ENTRY_ADDED);
		assert_int_equal(r.outcome.sum.already, e.state == ENTRY_THERE);
		/* what is full takes no more, what is enough ends it for all */
		assert_int_equal(t.full != NULL, cases[i].verdict == PUT_FULL);
		assert_int_equal(r.outcome.stopped != NULL, cases[i].verdict == PUT_LATER);
		free(t.full);
		free(r.outcome.stopped);
		keys_clear(&r.outcome.counted);
		free(e.url);
		free(e.why);
		put_clear(&p);
		put_journal_free(r.journal);
		tree_coll_free(a.coll);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(settles)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
