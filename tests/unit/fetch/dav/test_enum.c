#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "fetch/dav/run.h"

static void test_key(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
	        {"https://h/a/b%40c.ics", "https://h/a/b@c.ics", true},
	        {"https://h/a/%C3%A4", "https://h/a/%c3%a4", true},
	        {"https://h/a/", "https://h/a", true},
	        {"https://H:443/a", "https://h/a", true},
	        {"https://h/a", "https://h/A", false},
	        {"https://h/a", "https://i/a", false},
	        {"https://h/a", "https://h/a/b", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_true((dav_key(cases[i].a) == dav_key(cases[i].b)) == cases[i].same);
}

static void test_lies_in(void **state)
{
	static const struct {
		const char *href, *home;
		bool yes;
	} cases[] = {
	        {"/dav/alice/work/", "https://h/dav/alice/", true},
	        {"/dav/alice/work/", "https://h/dav/alice", true},
	        {"https://p7.h/1/cal/x/", "https://p8.h:443/1/cal/", true},
	        {"//internal/dav/alice/work/", "https://h/dav/alice/", true},
	        {"/dav//alice/work/", "https://h/dav/alice/", false},
	        {"/dav/al%69ce/work", "https://h/dav/alice/", true},
	        {"/dav/alice", "https://h/dav/alice/", true},
	        {"/office/", "https://h/", true},
	        {"/dav/bob/work/", "https://h/dav/alice/", false},
	        {"/dav/alice2/work/", "https://h/dav/alice/", false},
	        {"/dav/", "https://h/dav/alice/", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_true(dav_lies_in(cases[i].href, cases[i].home) == cases[i].yes);
}

static void add(struct dav_run *r, const char *href, const char *name)
{
	struct davcoll *c = ARR_PUSH(r->colls, r->n_colls, r->cap);

	c->url = xasprintf("https://h%s", href);
	c->coll = tree_coll_new(COLL_CALENDAR, name);
	c->coll->href = xstrdup(href);
}

static void clear(struct dav_run *r)
{
	for (size_t i = 0; i < r->n_colls; i++)
		dav_coll_clear(&r->colls[i]);
	free(r->colls);
}

/*
 * Twins are told apart by their href, in the same way each time, and a third's own name
 * stays its own.
 */
static void test_names(void **state)
{
	static const struct {
		const char *href, *name, *expect;
	} cases[] = {
	        {"/1/", "Work", "Work"},
	        {"/2/", "Work", "Work_3"},
	        {"/3/", "Work_2", "Work_2"},
	        {"/4/", "Work", "Work_4"},
	        {"/5/", "home", "home"},
	};
	size_t n = sizeof cases / sizeof cases[0];

	(void)state;
	for (size_t turn = 0; turn < n; turn++) {
		struct dav_run r = {.base.kind = COLL_CALENDAR};

		for (size_t i = 0; i < n; i++)
			add(&r, cases[(i + turn) % n].href, cases[(i + turn) % n].name);
		dav_name_all(&r, 0);
		for (size_t i = 0; i < n; i++)
			assert_string_equal(r.colls[i].coll->name, cases[i].expect);
		clear(&r);
	}
}

/* A server that lists ten thousand calendars of one name costs no minutes. */
static void test_many_twins(void **state)
{
	struct dav_run r = {.base.kind = COLL_CALENDAR};
	char href[32], want[32];

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(href, sizeof href, "/%05u/", i);
		add(&r, href, "Work");
	}
	dav_name_all(&r, 0);
	assert_string_equal(r.colls[0].coll->name, "Work");
	for (unsigned i = 1; i < 10000; i++) {
		snprintf(want, sizeof want, "Work_%u", i + 1);
		assert_string_equal(r.colls[i].coll->name, want);
	}
	clear(&r);
}

static void set(char **p, const char *s)
{
	free(*p);
	*p = xstrdup(s);
}

static void test_unchanged(void **state)
{
	struct dav_run r = {.base.kind = COLL_CALENDAR};
	struct davcoll *c;

	(void)state;
	add(&r, "/1/", "a");
	c = &r.colls[0];
	assert_false(dav_unchanged(c));
	c->prev = tree_coll_like(c->coll);
	assert_false(dav_unchanged(c)); /* nothing says so */
	set(&c->coll->sync_token, "t1");
	assert_false(dav_unchanged(c));
	set(&c->prev->sync_token, "t1");
	assert_true(dav_unchanged(c));
	set(&c->coll->sync_token, "t2");
	assert_false(dav_unchanged(c));
	set(&c->coll->sync_token, NULL);
	set(&c->prev->sync_token, NULL);
	set(&c->coll->props, "{\"{http://calendarserver.org/ns/}getctag\":\"5\"}");
	assert_false(dav_unchanged(c));
	set(&c->prev->props, c->coll->props);
	assert_true(dav_unchanged(c));
	set(&c->prev->href, "/2/");
	assert_false(dav_unchanged(c));
	set(&c->prev->href, "/1/");
	tree_coll_error(c->prev, 0, "/1/x", NULL, NULL, "could not be fetched");
	assert_false(dav_unchanged(c)); /* it is tried again */
	clear(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_key),
	        cmocka_unit_test(test_lies_in),
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_many_twins),
	        cmocka_unit_test(test_unchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
