#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "valise/base/err.h"

static void set_escapes_what_came_in(void **state)
{
	(void)state;
	struct err e;

	assert_int_equal(
	        err_set(&e, ERR_PROTO, ERR_COLLECTION, "server said %s", "a\x1b[31m\r\n\xff"),
	        ERR_PROTO);
	assert_int_equal(e.code, ERR_PROTO);
	assert_int_equal(e.scope, ERR_COLLECTION);
	assert_string_equal(e.text, "server said a\\x1b[31m\\x0d\\x0a\\xff");
	assert_int_equal(err_set(NULL, ERR_AUTH, ERR_WHOLE, "x"), ERR_AUTH);
}

static void long_text_is_cut(void **state)
{
	(void)state;
	struct err e;
	char big[5000];

	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	err_set(&e, ERR_NET, ERR_ITEM, "%s", big);
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
	assert_string_equal(e.text + sizeof e.text - 4, "...");
}

static void sys_follows_errno(void **state)
{
	(void)state;
	static const struct {
		int number;
		enum err_code code;
	} rows[] = {{ENOSPC, ERR_SPACE}, {EDQUOT, ERR_SPACE}, {EFBIG, ERR_SPACE},
	        {ENOENT, ERR_NOTFOUND}, {EEXIST, ERR_EXISTS}, {EIO, ERR_IO}, {EACCES, ERR_IO}};
	struct err e;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		errno = rows[i].number;
		assert_int_equal(err_sys(&e, ERR_WHOLE, "cannot open %s", "f"), rows[i].code);
		assert_memory_equal(e.text, "cannot open f: ", 15);
		assert_string_equal(e.text + 15, strerror(rows[i].number));
	}
}

static void wrap_and_widen(void **state)
{
	(void)state;
	struct err e;

	err_set(&e, ERR_LIMIT, ERR_ITEM, "too big\n");
	assert_int_equal(err_wrap(&e, "UID %d", 7), ERR_LIMIT);
	assert_string_equal(e.text, "UID 7: too big\\x0a");
	assert_int_equal(err_widen(&e, ERR_COLLECTION), ERR_LIMIT);
	assert_int_equal(e.scope, ERR_COLLECTION);
	err_widen(&e, ERR_ITEM);
	assert_int_equal(e.scope, ERR_COLLECTION);
	assert_int_equal(err_wrap(NULL, "x"), ERR_IO);
	assert_int_equal(err_widen(NULL, ERR_ITEM), ERR_IO);
	err_clear(&e);
	assert_int_equal(e.code, ERR_OK);
	assert_string_equal(e.text, "");
	err_clear(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(set_escapes_what_came_in),
	        cmocka_unit_test(long_text_is_cut),
	        cmocka_unit_test(sys_follows_errno),
	        cmocka_unit_test(wrap_and_widen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
