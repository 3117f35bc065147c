/* Which collections --include and --exclude mean. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "fetch/dav/run.h"

static void add_coll(struct dav_run *r, const char *href, const char *name)
{
	struct davcoll *c = ARR_PUSH(r->colls, r->n_colls, r->cap);

	c->url = xasprintf("https://h%s", href);
	c->coll = tree_coll_new(COLL_CALENDAR, name);
}

/* The collections: work, work's one below it, and home. */
static void test_wanted(void **state)
{
	static const struct {
		const char *include, *exclude;
		bool wanted[3];
		bool missed; /* a pattern matches nothing, or nothing is left */
		bool inside; /* what lies in others is looked for */
	} cases[] = {
	        {NULL, NULL, {true, true, true}, false, true},
	        {"work", NULL, {true, true, false}, false, false},
	        {"w*", NULL, {true, true, false}, false, true},
	        {"below", NULL, {false, true, false}, false, false},
	        {"other", NULL, {false, false, false}, true, true},
	        {NULL, "work", {false, true, true}, false, true},
	        {NULL, "*", {false, false, false}, true, true},
	        {"work", "below", {true, false, false}, false, false},
	        {NULL, "other", {true, true, true}, true, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct source_opts opts = {
		        .choice = {&cases[i].include, cases[i].include != NULL, &cases[i].exclude,
		                cases[i].exclude != NULL, 0}};
		struct dav_run r = {.base.opts = &opts};
		struct err err = {0};

		add_coll(&r, "/c/work/", "work");
		add_coll(&r, "/c/work/sub/", "below");
		add_coll(&r, "/c/home/", "home");
		dav_mark_below(&r, 0);
		for (size_t k = 0; k < 3; k++)
			if (dav_is_wanted(&r, &r.colls[k]) != cases[i].wanted[k])
				fail_msg("case %zu, collection %zu", i, k);
		assert_int_equal(dav_is_missed(&r), cases[i].missed);
		/* without a last snapshot nothing says where else to look */
		assert_int_equal(dav_decide_inside(&r, &err), 0);
		if (r.inside != cases[i].inside)
			fail_msg("case %zu: inside", i);
		for (size_t k = 0; k < 3; k++)
			dav_coll_clear(&r.colls[k]);
		free(r.colls);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_wanted)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
