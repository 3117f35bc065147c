/* Which collections --map and --folder name. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/restore/restore.h"

static void maps(void **state)
{
	static const struct {
		const char *what, *from, *name, *content;
		enum coll_kind kind;
		const char *rest; /* NULL: it is not named */
	} cases[] = {
	        {"itself", "Work", "Work", "Work", COLL_MAIL, ""},
	        {"by its full name", "INBOX.Work", "INBOX.Work", "Work", COLL_MAIL, ""},
	        {"what is below it", "Work", "Work/2024", "Work/2024", COLL_MAIL, "/2024"},
	        {"below, by the full name", "INBOX.Work", "INBOX.Work.2024.May", "Work/2024/May",
	                COLL_MAIL, "/2024/May"},
	        {"only the same beginning", "Work", "Workshop", "Workshop", COLL_MAIL, NULL},
	        {"another", "Work", "Home", "Home", COLL_MAIL, NULL},
	        {"all is below INBOX", "INBOX", "INBOX.Work", "Work", COLL_MAIL, NULL},
	        {"calendars have none below", "Work", "Work/2024", "Work/2024", COLL_CALENDAR,
	                NULL},
	        {"a calendar", "Work", "Work", "Work", COLL_CALENDAR, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct target_map m = {cases[i].from, "x"};
		const struct tree_head h = {.kind = cases[i].kind,
		        .name = (char *)(uintptr_t)cases[i].name,
		        .content_name = (char *)(uintptr_t)cases[i].content};
		const char *rest;
		bool named = target_map_names(&m, &h, h.content_name, &rest);

		if (named != (cases[i].rest != NULL) || (named && strcmp(rest, cases[i].rest) != 0))
			fail_msg("%s: %s", cases[i].what, named ? rest : "not named");
	}
}

static void adds(void **state)
{
	struct target_result s = {.items = 1, .added = 2, .rescues = {[RESCUE_NUL] = 1}};
	const struct target_result r = {.collections = 1,
	        .items = 5,
	        .added = 7,
	        .failed = 3,
	        .unattached = 2,
	        .rescues = {[RESCUE_NUL] = 2}};

	(void)state;
	target_result_add(&s, &r);
	assert_int_equal(s.collections, 1);
	assert_int_equal(s.items, 6);
	assert_int_equal(s.added, 9);
	assert_int_equal(s.failed, 3);
	assert_int_equal(s.unattached, 2);
	assert_int_equal(s.rescues[RESCUE_NUL], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(maps), cmocka_unit_test(adds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
