/* Items on their way: where they belong, what they are called, which object stands for them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "restore/dav/run.h"

static void at_home(void **state)
{
	static const struct {
		const char *what;
		uint32_t to, tcoll;
		unsigned comps[2];
		bool home;
	} cases[] = {
	        {"where its collection goes", 0, 0, {0, 0}, true},
	        {"elsewhere", 0, 1, {0, 0}, false},
	        {"the tasks beside the events", 0, 1, {COMP_VEVENT, COMP_VTODO}, true},
	        {"both take events", 0, 1, {COMP_VEVENT, COMP_VEVENT | COMP_VTODO}, false},
	        {"one does not say", 0, 1, {COMP_VEVENT, 0}, false},
	        {"nowhere", NONE, 1, {COMP_VEVENT, COMP_VTODO}, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tcoll t[2] = {{.comps = cases[i].comps[0]}, {.comps = cases[i].comps[1]}};
		struct acoll a = {.to = cases[i].to};
		struct drun r = {.acolls = &a, .tcolls = t};

		if (entry_at_home(&r, &(struct entry){0}, cases[i].tcoll) != cases[i].home)
			fail_msg("%s", cases[i].what);
	}
}

static void by_uid(void **state)
{
	struct entry e[] = {{.uid = "b"}, {.uid = NULL}, {.uid = "a"}, {.uid = "b"}};
	struct drun r = {.entries = e, .n_entries = COUNT(e)};
	size_t n, from;

	(void)state;
	for (size_t i = 0; i < COUNT(e); i++)
		e[i].uid_key = e[i].uid ? key_of(e[i].uid) : 0;
	index_uids(&r);
	assert_int_equal(r.n_by_uid, 3);
	from = entries_of(&r, "b", &n);
	assert_int_equal(n, 2);
	assert_int_equal(r.by_uid[from], 0);
	assert_int_equal(r.by_uid[from + 1], 3);
	assert_false(e[0].second);
	assert_true(e[3].second);
	entries_of(&r, "c", &n);
	assert_int_equal(n, 0);
	entries_of(&r, NULL, &n);
	assert_int_equal(n, 0);
	free(r.by_uid);
}

static void names(void **state)
{
	static const struct {
		const char *href, *segment, *url;
		bool more, called;
	} cases[] = {
	        {"/c/a%40b.ics", "x.ics", "https://h/d/a@b.ics", false, true},
	        {"/c/a.ics", "x.ics", "https://h/d/x.ics", false, true},
	        {"/c/a.ics", "x.ics", "https://h/d/b.ics", false, false},
	        {NULL, "x.ics", "https://h/d/x.ics", false, true},
	        {"/c/a.ics", "x.ics", "https://h/d/a.ics", true, false}, /* the item's, not its */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tree_item it = {0};
		struct acoll a = {.coll = tree_coll_new(COLL_CALENDAR, "c")};
		struct drun r = {.acolls = &a, .kind = COLL_CALENDAR};
		struct entry e = {
		        .segment = (char *)(uintptr_t)cases[i].segment, .more = cases[i].more};

		tree_coll_ext(a.coll, &it.ext)->href = xstrdup(cases[i].href);
		tree_coll_add(a.coll, &it);
		if (entry_is_called(&r, &e, cases[i].url) != cases[i].called)
			fail_msg("%s", cases[i].url);
		tree_coll_free(a.coll);
	}
}

#define EVENT(uid) "BEGIN:VEVENT\r\nUID:" uid "\r\nEND:VEVENT\r\n"
#define CALENDAR(events) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" events "END:VCALENDAR\r\n"

static void objects(void **state)
{
	static const struct {
		const char *what, *text, *uid;
		unsigned main, n;
	} cases[] = {
	        {"one", CALENDAR(EVENT("a")), "a", 0, 0},
	        {"overrides of one", CALENDAR(EVENT("a") EVENT("a")), "a", 0, 0},
	        {"the second is its own", CALENDAR(EVENT("a") EVENT("b")), "b", 2, 2},
	        {"none is: the first", CALENDAR(EVENT("a") EVENT("b")), "x", 1, 2},
	        {"no UID: the first", CALENDAR(EVENT("a") EVENT("b") EVENT("c")), NULL, 1, 3},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct entry e = {.uid = cases[i].uid};
		struct buf b = buf_of(SIZE_MAX);
		struct err err = {0};
		unsigned n = 0;

		buf_puts(&b, cases[i].text);
		if (entry_main_object(&e, &b, &n) != cases[i].main ||
		        (cases[i].main && n != cases[i].n))
			fail_msg("%s", cases[i].what);
		e.part = 1; /* it is one of them already */
		assert_int_equal(entry_main_object(&e, &b, &n), 0);
		if (cases[i].main) {
			assert_int_equal(entry_pick_object(&b, 2, &err), 0);
			assert_non_null(strstr(buf_str(&b), "UID:b"));
			assert_null(strstr(buf_str(&b), "UID:a"));
			assert_int_equal(entry_pick_object(&b, 9, &err), ERR_DAMAGED);
		}
		buf_clear(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(at_home), cmocka_unit_test(by_uid),
	        cmocka_unit_test(names), cmocka_unit_test(objects)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
