/* Numbers by keys. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "restore/dav/keys.h"

static void numbers(void **state)
{
	enum { MANY = 1000 };
	struct keys k = {0};
	uint32_t value;

	(void)state;
	assert_false(keys_find(&k, 1, &value));
	for (uint32_t i = 0; i < MANY; i++)
		assert_true(keys_add(&k, (uint64_t)i * 64 + 2, i)); /* they meet in the table */
	assert_false(keys_add(&k, 2, 77));
	for (uint32_t i = 0; i < MANY; i++) {
		assert_true(keys_find(&k, (uint64_t)i * 64 + 2, &value));
		assert_int_equal(value, i);
	}
	assert_false(keys_find(&k, 3, NULL));
	/* a key of 0 is one, too */
	assert_true(keys_add(&k, 0, 5));
	assert_true(keys_find(&k, 0, &value));
	assert_int_equal(value, 5);
	keys_clear(&k);
	assert_false(keys_find(&k, 2, NULL));
	assert_true(key_of("a") != key_of("b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(numbers)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
