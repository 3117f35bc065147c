/* What a move does next, and what it tells a person to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "given.h"
#include "cli/move/steps.h"

static void steps_of_a_round(void **state)
{
	static const struct {
		bool copy;
		struct move_wish wish;
		const char *steps;
	} table[] = {
	        {true, {false, false}, "sign-in backup verify check restore "},
	        {true, {true, false}, "sign-in backup verify check restore dns "},
	        {true, {false, true}, "sign-in backup verify check restore audit "},
	        {false, {false, false}, "backup verify restore audit "},
	        {false, {true, true}, "backup verify restore dns audit "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct move_round r = {.number = 1, .copy = table[i].copy};
		struct buf did = buf_of(1000);
		enum move_step s;

		while ((s = move_next(&r, &table[i].wish)) < MOVE_STEPS) {
			assert_int_equal(move_step_of(move_step_word(s)), s);
			buf_putf(&did, "%s ", move_step_word(s));
			r.done[s] = true;
		}
		assert_string_equal(buf_str(&did), table[i].steps);
		buf_clear(&did);
	}
	assert_int_equal(move_step_of("delete"), MOVE_STEPS);
}

static void rounds_begin_and_go_on(void **state)
{
	enum { NOW = 1000000, DAY = 86400 };
	static const struct {
		struct move_round last;
		bool goes_on, copy;
		unsigned number;
	} table[] = {
	        {{.number = 0}, false, true, 1},
	        /* stopped: at once, the next day, and by a clock that went back */
	        {{.number = 1, .copy = true, .began = NOW - 60}, true, true, 1},
	        {{.number = 1, .copy = true, .began = NOW - DAY}, false, true, 2},
	        {{.number = 1, .copy = true, .began = NOW + 60}, false, true, 2},
	        {{.number = 1, .copy = true, .over = true, .began = NOW - 60}, false, false, 2},
	        {{.number = 3, .began = NOW - DAY + 1}, true, false, 3},
	        {{.number = 3, .began = NOW - DAY}, false, false, 4},
	        {{.number = 3, .over = true, .safe = true, .began = NOW - 5}, false, false, 4},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct move_round last = table[i].last, r;

		last.done[MOVE_BACKUP] = last.done[MOVE_DNS] = true;
		last.done[MOVE_AUDIT] = last.safe = true;
		assert_int_equal(move_begin(&last, NOW, &r), table[i].goes_on);
		assert_int_equal(r.copy, table[i].copy);
		assert_int_equal(r.number, table[i].number);
		assert_int_equal(r.done[MOVE_BACKUP], table[i].goes_on);
		assert_false(r.over && !table[i].goes_on);
		assert_false(r.safe || r.done[MOVE_DNS] || r.done[MOVE_AUDIT]);
	}
}

static void exit_codes_are_judged(void **state)
{
	(void)state;
	for (unsigned s = 0; s < MOVE_STEPS; s++) {
		static const int ends[] = {
		        EXIT_USAGE, EXIT_NO_ARCHIVE, EXIT_LOCKED, EXIT_SIGN_IN, EXIT_INTERRUPTED};

		assert_int_equal(move_judge((enum move_step)s, EXIT_DONE), MOVE_ON);
		assert_int_equal(move_judge((enum move_step)s, EXIT_INCOMPLETE),
		        s == MOVE_CHECK ? MOVE_ASK : MOVE_ON);
		assert_int_equal(move_judge((enum move_step)s, EXIT_FAILED),
		        s == MOVE_DNS ? MOVE_ON : MOVE_STOP);
		for (size_t i = 0; i < COUNT(ends); i++)
			assert_int_equal(move_judge((enum move_step)s, ends[i]), MOVE_STOP);
	}
}

static void advice_follows(void **state)
{
	struct move_round r = {.number = 1, .copy = true};

	(void)state;
	assert_int_equal(move_advise(&r), MOVE_NOW_AGAIN);
	r.over = true;
	assert_int_equal(move_advise(&r), MOVE_NOW_SWITCH);
	r.done[MOVE_AUDIT] = true;
	assert_int_equal(move_advise(&r), MOVE_NOW_RESOLVE);
	r.safe = true;
	assert_int_equal(move_advise(&r), MOVE_NOW_CLOSE);
	r.over = false; /* of an older audit in a round that is not done */
	assert_int_equal(move_advise(&r), MOVE_NOW_AGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(steps_of_a_round),
	        cmocka_unit_test(rounds_begin_and_go_on),
	        cmocka_unit_test(exit_codes_are_judged),
	        cmocka_unit_test(advice_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
