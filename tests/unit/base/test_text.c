#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

static void null_is_the_empty_text(void **state)
{
	const char *a = "a", *b = "b";

	(void)state;
	assert_int_equal(text_cmp(NULL, NULL), 0);
	assert_int_equal(text_cmp(NULL, ""), 0);
	assert_true(text_cmp(NULL, "a") < 0);
	assert_true(text_cmp("b", NULL) > 0);
	assert_true(text_by_bytes(&a, &b) < 0);
}

static void an_end_has_any_case(void **state)
{
	(void)state;
	assert_true(text_ends_with("INVITE.ICS", ".ics"));
	assert_true(text_ends_with(".ics", ".ics"));
	assert_true(text_ends_with("a", ""));
	assert_false(text_ends_with("ics", ".ics"));
	assert_false(text_ends_with("a.ics ", ".ics"));
}

static void the_place_is_that_of_the_whole_word(void **state)
{
	static const struct {
		const char *word, *words;
		int place;
	} table[] = {
	        {"close", "close|quit", 0},
	        {"quit", "close|quit", 1},
	        {"quit", "close|quits", -1},
	        {"clos", "close|quit", -1},
	        {"close|quit", "close|quit", -1},
	        {"", "close|quit", -1},
	        {"", "", -1},
	        {"", "close||quit", 1},
	        {"Close", "close|quit", -1},
	        {"one", "one", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(text_place(table[i].word, table[i].words), table[i].place);
}

static void octets_are_of_two_digits(void **state)
{
	(void)state;
	assert_int_equal(hex_octet("00"), 0);
	assert_int_equal(hex_octet("fF~"), 255);
	assert_int_equal(hex_octet("A0"), 160);
	assert_int_equal(hex_octet("g0"), -1);
	assert_int_equal(hex_octet("0"), -1);
	assert_int_equal(hex_octet(""), -1);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void what_is_sorted_is_found(void **state)
{
	int list[] = {5, 1, 9, 3}, key = 9, none = 4, *nothing = NULL;
	size_t i;

	(void)state;
	SORT(list, COUNT(list), by_number);
	assert_int_equal(list[0], 1);
	assert_ptr_equal(FIND(&key, list, COUNT(list), by_number), &list[3]);
	assert_null(FIND(&none, list, COUNT(list), by_number));
	SORT(nothing, 0, by_number);
	assert_null(FIND(&key, nothing, 0, by_number));
	for (int wanted = 0; wanted < 11; wanted++) {
		LOOKUP_FIRST(i, COUNT(list), list[i] < wanted);
		assert_true(i == COUNT(list) || list[i] >= wanted);
		assert_true(i == 0 || list[i - 1] < wanted);
	}
	LOOKUP_FIRST(i, 0, false);
	assert_int_equal(i, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(null_is_the_empty_text),
	        cmocka_unit_test(an_end_has_any_case),
	        cmocka_unit_test(the_place_is_that_of_the_whole_word),
	        cmocka_unit_test(octets_are_of_two_digits),
	        cmocka_unit_test(what_is_sorted_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
