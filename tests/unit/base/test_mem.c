#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "valise/base/mem.h"

static void nothing_is_not_null(void **state)
{
	(void)state;
	void *p = xmalloc(0), *q = xcalloc(0, 8), *r = xmemdup("", 0);

	assert_non_null(p);
	assert_non_null(q);
	assert_non_null(r);
	free(p);
	free(q);
	free(r);
	assert_null(xstrdup(NULL));
}

static void text_is_copied(void **state)
{
	(void)state;
	char *a = xstrdup("abc"), *b = xstrndup("abcdef", 4), *c = xstrndup("ab", 9);
	char *d = xasprintf("%s-%d", "x", 7);

	assert_string_equal(a, "abc");
	assert_string_equal(b, "abcd");
	assert_string_equal(c, "ab");
	assert_string_equal(d, "x-7");
	free(a);
	free(b);
	free(c);
	free(d);
}

static void array_grows_and_zeroes(void **state)
{
	(void)state;
	struct item {
		int value, zero;
	} *items = NULL;
	size_t n = 0, cap = 0;

	for (int i = 0; i < 1000; i++)
		ARR_PUSH(items, n, cap)->value = i;
	assert_int_equal(n, 1000);
	assert_true(cap >= n && cap < 2 * n);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(items[i].value, i);
		assert_int_equal(items[i].zero, 0);
	}
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(nothing_is_not_null),
	        cmocka_unit_test(text_is_copied),
	        cmocka_unit_test(array_grows_and_zeroes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
