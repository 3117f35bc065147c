#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/secret.h"
#include "valise/base/service.h"

static void set_and_clear(void **state)
{
	(void)state;
	struct secret s = {NULL, 0};
	struct err err;

	assert_int_equal(secret_set(&s, "pa ss", 5, &err), 0);
	assert_string_equal(s.data, "pa ss");
	assert_int_equal(secret_set(&s, s.data + 3, 2, &err), 0);
	assert_string_equal(s.data, "ss");
	assert_int_equal(s.len, 2);
	assert_int_equal(secret_set(&s, "", 0, &err), 0);
	assert_string_equal(s.data, "");
	secret_clear(&s);
	assert_null(s.data);
	secret_clear(&s);
}

static void bounds(void **state)
{
	(void)state;
	struct secret s = {NULL, 0};
	struct err err;
	char *big = malloc(SECRET_MAX + 1);

	assert_non_null(big);
	memset(big, 'x', SECRET_MAX + 1);
	assert_int_equal(secret_set(&s, big, SECRET_MAX, &err), 0);
	assert_int_equal(secret_set(&s, big, SECRET_MAX + 1, &err), ERR_LIMIT);
	assert_int_equal(s.len, SECRET_MAX);
	assert_int_equal(secret_set(&s, "a\0b", 3, &err), ERR_USAGE);
	secret_clear(&s);
	wipe(big, SECRET_MAX + 1);
	assert_int_equal(big[77], 0);
	wipe(NULL, 0);
	free(big);
}

static void service_strings_are_freed(void **state)
{
	(void)state;
	struct service s = {0};

	s.at.host = strdup("host");
	s.at.pin = strdup("00");
	s.login.user = strdup("alice");
	service_clear(&s);
	assert_null(s.at.host);
	assert_null(s.login.user);
	service_clear(&s);
	assert_string_equal(service_name(SERVICE_IMAP), "imap");
	assert_string_equal(service_name(SERVICE_POP3), "pop3");
	assert_string_equal(service_name(SERVICE_CALDAV), "caldav");
	assert_string_equal(service_name(SERVICE_CARDDAV), "carddav");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(set_and_clear),
	        cmocka_unit_test(bounds),
	        cmocka_unit_test(service_strings_are_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
