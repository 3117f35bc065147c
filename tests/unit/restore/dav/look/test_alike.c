#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "restore/dav/run.h"

static const struct {
	const char *differences;
	bool want;
} cases[] = {
        {"~UID", true},
        {"-UID", true},
        {"+UID +STATUS +VALARM", true},
        {"~UID ~SEQUENCE -X-ALT-DESC", true},
        {"~UID -X-", true},
        {"", true},
        {NULL, true},
        {"~UID ~SUMMARY", false},
        {"~UID -DESCRIPTION", false},
        {"-UIDS", false},
        {"~UI", false},
        {"-", false},
        {"-VEVENT +VEVENT", false},
};

static void holds(void **state)
{
	char *many = xstrdup("+A");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (alike_holds(cases[i].differences) != cases[i].want)
			fail_msg("\"%s\"", cases[i].differences);
	for (int i = 0; i < 8; i++) {
		char *twice = xasprintf("%s %s", many, many);

		free(many);
		many = twice;
	}
	/* it may have been cut */
	assert_false(alike_holds(many));
	free(many);
}

static void keys_of_content(void **state)
{
	struct content_summary a = {.component = (char *)"VEVENT",
	                               .title = (char *)"Lunch",
	                               .start = (char *)"20260101"},
	                       b = a, none = {.component = (char *)"VCARD"};

	(void)state;
	b.uid = (char *)"another";
	assert_true(alike_key(&a) == alike_key(&b) && alike_key(&a) != 0);
	b.start = (char *)"20260102";
	assert_true(alike_key(&a) != alike_key(&b));
	assert_true(alike_key(&none) == 0);
}

static void lacks(void **state)
{
	static const struct {
		const char *differences;
		enum content_grade grade;
		bool want;
	} table[] = {{"-VEVENT", CONTENT_ALTERED, true}, {"~SUMMARY -VCARD", CONTENT_ALTERED, true},
	        {"~SUMMARY +VEVENT", CONTENT_ALTERED, false}, {NULL, CONTENT_ALTERED, false},
	        {"-VEVENT", CONTENT_EQUIVALENT, false}};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct res x = {.grade = table[i].grade,
		        .differences = (char *)(uintptr_t)table[i].differences};

		assert_int_equal(alike_lacks(&x), table[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(holds),
	        cmocka_unit_test(keys_of_content), cmocka_unit_test(lacks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
