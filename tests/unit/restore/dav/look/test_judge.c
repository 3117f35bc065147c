/* What a look at the target makes of one item. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "restore/dav/look/judge.h"

static void judges(void **state)
{
	static const struct {
		const char *what;
		struct look_facts f;
		enum look_state want;
	} cases[] = {
	        {"as it was", {.there = true, .home = true}, LOOK_SAME},
	        {"altered", {.there = true, .home = true, .altered = true}, LOOK_OTHER},
	        {"altered and twice", {.there = true, .home = true, .altered = true, .again = true},
	                LOOK_OTHER},
	        {"altered elsewhere", {.there = true, .altered = true}, LOOK_OTHER},
	        {"elsewhere", {.there = true}, LOOK_ELSEWHERE},
	        {"elsewhere and twice", {.there = true, .again = true}, LOOK_ELSEWHERE},
	        {"twice", {.there = true, .home = true, .again = true}, LOOK_TWICE},
	        {"there, not in the archive", {.there = true, .home = true, .unreadable = true},
	                LOOK_UNREADABLE},
	        {"nowhere, nor in the archive", {.unreadable = true, .asked = LOOK_GONE},
	                LOOK_UNREADABLE},
	        {"a new collection", {.asked = LOOK_NOT_ASKED}, LOOK_MISSING},
	        {"a new collection, if it is one", {.hidden = true}, LOOK_UNSEEN},
	        {"gone", {.asked = LOOK_GONE}, LOOK_MISSING},
	        {"gone, or not listed", {.asked = LOOK_GONE, .hidden = true}, LOOK_UNSEEN},
	        {"another in its place", {.asked = LOOK_ANOTHER}, LOOK_MISSING},
	        {"no answer", {.asked = LOOK_FAILED}, LOOK_UNSEEN},
	        {"no answer, held back", {.asked = LOOK_FAILED, .held = true}, LOOK_UNSEEN},
	        {"held back", {.asked = LOOK_GONE, .held = true}, LOOK_HELD_BACK},
	        {"was held back, is there", {.there = true, .home = true, .held = true}, LOOK_SAME},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (look_judge(&cases[i].f) != cases[i].want)
			fail_msg("%s: %d", cases[i].what, look_judge(&cases[i].f));
}

static void joins(void **state)
{
	static const enum look_state cases[][3] = {
	        {LOOK_SAME, LOOK_SAME, LOOK_SAME},
	        {LOOK_SAME, LOOK_OTHER, LOOK_OTHER},
	        {LOOK_SAME, LOOK_MISSING, LOOK_OTHER},
	        {LOOK_SAME, LOOK_HELD_BACK, LOOK_OTHER},
	        {LOOK_SAME, LOOK_ELSEWHERE, LOOK_ELSEWHERE},
	        {LOOK_ELSEWHERE, LOOK_MISSING, LOOK_OTHER},
	        {LOOK_TWICE, LOOK_MISSING, LOOK_OTHER},
	        {LOOK_TWICE, LOOK_ELSEWHERE, LOOK_ELSEWHERE},
	        {LOOK_SAME, LOOK_TWICE, LOOK_TWICE},
	        {LOOK_MISSING, LOOK_MISSING, LOOK_MISSING},
	        {LOOK_MISSING, LOOK_HELD_BACK, LOOK_MISSING},
	        {LOOK_OTHER, LOOK_UNSEEN, LOOK_UNSEEN},
	        {LOOK_MISSING, LOOK_UNSEEN, LOOK_UNSEEN},
	        {LOOK_UNSEEN, LOOK_UNREADABLE, LOOK_UNREADABLE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(look_join(cases[i][0], cases[i][1]), cases[i][2]);
		assert_int_equal(look_join(cases[i][1], cases[i][0]), cases[i][2]);
	}
}

static void hides(void **state)
{
	static const struct {
		bool gone, unlisted;
		size_t holes;
		enum look_asked asked;
		bool by_journal, want;
	} cases[] = {
	        {false, false, 0, LOOK_GONE, false, false},
	        {false, false, 1, LOOK_GONE, true, true},
	        {false, true, 0, LOOK_GONE, false, true},
	        {false, true, 0, LOOK_GONE, true, false},
	        {false, true, 0, LOOK_ANOTHER, true, true},
	        {false, true, 1, LOOK_GONE, true, true},
	        {true, false, 0, LOOK_NOT_ASKED, false, false},
	        {true, true, 1, LOOK_NOT_ASKED, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(look_hidden(cases[i].gone, cases[i].unlisted, cases[i].holes,
		                         cases[i].asked, cases[i].by_journal),
		        cases[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(judges), cmocka_unit_test(joins), cmocka_unit_test(hides)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
