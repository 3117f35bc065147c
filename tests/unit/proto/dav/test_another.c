#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "valise/proto/dav/discover.h"

static void whose_home(void **state)
{
	static const struct {
		const char *given, *home, *login;
		bool another;
	} cases[] = {
	        {"/carol/", "https://h/admin/", "admin", true},
	        {"/dav/calendars/user/carol/", "https://h/dav/calendars/user/admin", "admin", true},
	        {"/cal/carol/", "https://h/cal/admin/", "admin@h.example", true},
	        {"/admin/", "https://h/admin/", "admin", false},
	        {"/dav/", "https://h/dav/admin/", "admin", false},
	        {"/caldav/", "https://h/calendars/admin/", "admin", false},
	        {"/carol/", "https://h/users/", "admin", false},
	        {"/carol/x/", "https://h/admin/y/", "admin", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (dav_names_another(cases[i].given, cases[i].home, cases[i].login) !=
		        cases[i].another)
			fail_msg("%s, %s", cases[i].given, cases[i].home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(whose_home)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
