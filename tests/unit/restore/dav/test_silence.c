#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "restore/dav/silence.h"

static const struct {
	const char *what, *dav, *url;
	bool cyrus, assured;
	enum family family;
} cases[] = {
        {"no scheduling", "1, 2, 3, calendar-access", "https://x.example/", false, true,
                FAMILY_UNKNOWN},
        {"Xandikos announces a word of its own", "1, calendar-access, calendar-auto-scheduling",
                "https://x.example/", false, true, FAMILY_UNKNOWN},
        {"unknown, and it schedules", "1, calendar-access, calendar-auto-schedule",
                "https://x.example/", false, false, FAMILY_UNKNOWN},
        {"nothing is said", NULL, "https://x.example/", false, false, FAMILY_UNKNOWN},
        {"Cyrus", "1, calendar-auto-schedule", "https://x.example/dav/", true, true, FAMILY_CYRUS},
        {"Cyrus without the property",
                "1, 2, 3, calendar-auto-schedule, calendar-query-extended, calendar-availability",
                "https://x.example/dav/calendars/user/a/", false, true, FAMILY_CYRUS},
        {"Apple's server", "1, calendar-auto-schedule, calendar-query-extended, calendar-proxy",
                "https://x.example/calendars/__uids__/a/", false, false, FAMILY_UNKNOWN},
        {"Nextcloud by path", "1, calendar-auto-schedule",
                "https://x.example/remote.php/dav/calendars/a/", false, true, FAMILY_NEXTCLOUD},
        {"Nextcloud by header", "1, calendar-auto-schedule , nc-calendar-search",
                "https://x.example/c/", false, true, FAMILY_NEXTCLOUD},
        {"Baikal", "1, calendar-auto-schedule", "https://x.example/dav.php/calendars/a/", false,
                true, FAMILY_SABRE},
        {"SOGo", "1, calendar-auto-schedule", "https://x.example/SOGo/dav/a/Calendar/", false,
                false, FAMILY_SOGO},
        {"Google says nothing", "1, calendar-access",
                "https://apidata.googleusercontent.com/caldav/v2/", false, false, FAMILY_GOOGLE},
        {"a name that ends like Google's", "1, calendar-access", "https://notgoogle.com/", false,
                true, FAMILY_UNKNOWN},
};

static void families(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct silence s = silence_of(cases[i].dav, cases[i].url, cases[i].cyrus);

		if (s.family != cases[i].family || s.assured != cases[i].assured)
			fail_msg("%s: family %d, assured %d", cases[i].what, (int)s.family,
			        (int)s.assured);
		if (!s.assured)
			assert_non_null(s.why);
	}
}

static void tokens(void **state)
{
	(void)state;
	assert_true(dav_announces("1,2 , Extended-MKCOL", "extended-mkcol"));
	assert_false(dav_announces("1, extended-mkcol2", "extended-mkcol"));
	assert_false(dav_announces(NULL, "1"));
	assert_false(dav_announces("", "1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(families), cmocka_unit_test(tokens)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
