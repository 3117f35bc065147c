#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "valise/base/textindex.h"

enum { MANY = 50000 };

static size_t only(const struct text_index *x, const char *text)
{
	size_t cursor = 0, at = text_index_next(x, text, &cursor);

	/* Two texts may share a hash. */
	return at;
}

static void finds_what_was_added(void **state)
{
	struct text_index x = {0};
	char text[32];

	(void)state;
	assert_int_equal(only(&x, "nothing"), SIZE_MAX);
	for (size_t i = 0; i < MANY; i++) {
		snprintf(text, sizeof text, "mailbox %zu", i);
		text_index_add(&x, text, i);
	}
	for (size_t i = 0; i < MANY; i++) {
		size_t cursor = 0, at;

		snprintf(text, sizeof text, "mailbox %zu", i);
		while ((at = text_index_next(&x, text, &cursor)) != i)
			assert_true(at != SIZE_MAX);
	}
	assert_int_equal(only(&x, "nothing"), SIZE_MAX);
	assert_int_equal(only(&x, ""), SIZE_MAX);
	text_index_clear(&x);
	assert_int_equal(only(&x, "mailbox 1"), SIZE_MAX);
}

static void equal_texts_in_turn(void **state)
{
	struct text_index x = {0};
	size_t cursor = 0;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		text_index_add(&x, "same", i);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(text_index_next(&x, "same", &cursor), i);
	assert_int_equal(text_index_next(&x, "same", &cursor), SIZE_MAX);
	text_index_clear(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(finds_what_was_added),
	        cmocka_unit_test(equal_texts_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
