#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/buf.h"

static void content_is_terminated(void **state)
{
	(void)state;
	struct buf b;

	buf_init(&b, 1000);
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(buf_adds(&b, "ab"), 0);
	assert_int_equal(buf_addc(&b, 'c'), 0);
	assert_int_equal(buf_addf(&b, "-%d-%s", 42, "x"), 0);
	buf_puts(&b, "p");
	buf_putc(&b, 'q');
	buf_putf(&b, "%c", 'r');
	buf_put(&b, "s", 1);
	assert_string_equal(buf_str(&b), "abc-42-xpqrs");
	assert_int_equal(b.len, 12);
	buf_reset(&b);
	assert_string_equal(buf_str(&b), "");
	buf_clear(&b);
	buf_clear(&b);
}

static void cap_leaves_the_content(void **state)
{
	(void)state;
	struct buf b;
	char big[600];

	buf_init(&b, 5);
	assert_int_equal(buf_adds(&b, "abcd"), 0);
	assert_int_equal(buf_adds(&b, "ef"), ERR_LIMIT);
	assert_int_equal(buf_addf(&b, "%d", 12), ERR_LIMIT);
	assert_string_equal(buf_str(&b), "abcd");
	assert_int_equal(buf_addc(&b, 'e'), 0);
	assert_int_equal(buf_addc(&b, 'f'), ERR_LIMIT);
	assert_string_equal(buf_str(&b), "abcde");
	buf_clear(&b);

	buf_init(&b, SIZE_MAX);
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	assert_int_equal(buf_addf(&b, "<%s>", big), 0);
	assert_int_equal(b.len, sizeof big + 1);
	assert_int_equal(buf_str(&b)[b.len - 1], '>');
	buf_clear(&b);

	buf_init(&b, 4);
	assert_int_equal(buf_fill(&b, "abc", 3), 3);
	assert_int_equal(buf_fill(&b, "def", 3), 1);
	assert_int_equal(buf_fill(&b, "g", 1), 0);
	assert_string_equal(buf_str(&b), "abcd");
	buf_clear(&b);

	buf_init(&b, 0);
	assert_int_equal(buf_add(&b, "", 0), 0);
	assert_int_equal(buf_addc(&b, 'x'), ERR_LIMIT);
	buf_clear(&b);
}

static void drop_and_take(void **state)
{
	(void)state;
	struct buf b;
	char *p;

	buf_init(&b, 100);
	buf_drop(&b, 3);
	buf_puts(&b, "abcdef");
	buf_drop(&b, 2);
	assert_string_equal(buf_str(&b), "cdef");
	p = buf_take(&b);
	assert_string_equal(p, "cdef");
	free(p);
	assert_int_equal(b.len, 0);
	p = buf_take(&b);
	assert_string_equal(p, "");
	free(p);
	buf_puts(&b, "again");
	buf_drop(&b, 100);
	assert_string_equal(buf_str(&b), "");
	buf_clear(&b);
}

static void bytes_may_be_zero(void **state)
{
	(void)state;
	struct buf b;

	buf_init(&b, 100000);
	for (int i = 0; i < 50000; i++)
		assert_int_equal(buf_add(&b, "\0", 1), 0);
	assert_int_equal(b.len, 50000);
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(content_is_terminated),
	        cmocka_unit_test(cap_leaves_the_content),
	        cmocka_unit_test(drop_and_take),
	        cmocka_unit_test(bytes_may_be_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
