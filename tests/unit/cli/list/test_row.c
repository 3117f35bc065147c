/* Items as lines of a table. */
#include "cli/list/list.h" /* first: cmocka has a fail() of its own */
#include "valise/base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct item_about mail = {.text = {[ABOUT_FROM] = (char *)"Ann Lee <ann@example.org>",
                                         [ABOUT_TO] = (char *)"\"Bob\" <bob@example.org>",
                                         [ABOUT_SUBJECT] = (char *)"Lunch on Sunday, or later?"}};
static struct item_about event = {
        .text = {[ABOUT_START] = (char *)"2024-11-03T10:00:00 Europe/Berlin",
                [ABOUT_SUMMARY] = (char *)"Dinner"}};
static struct item_about card = {
        .text = {[ABOUT_NAME] = (char *)"Ann Lee", [ABOUT_MAIL] = (char *)"a@b\nc@d"}};
static struct item_about nothing;

static void test_lines(void **state)
{
	static const struct {
		struct list_row row;
		size_t columns;
		const char *want;
	} cases[] = {
	        {{.kind = COLL_MAIL,
	                 .uid = 7,
	                 .date = {86400, 90, true},
	                 .size = 999,
	                 .about = &mail},
	                0,
	                "         7  1970-01-02 01:30:00 +0130  N           999  Ann Lee "
	                "<ann@example.org>       Lunch on Sunday, or later?"},
	        {{.kind = COLL_MAIL,
	                 .uid = 7,
	                 .date = {86400, -90, true},
	                 .size = 1000,
	                 .flags = FLAG_SEEN | FLAG_FLAGGED,
	                 .about = &mail,
	                 .gone = true,
	                 .warn = WARN_DATE | WARN_EXACT},
	                80,
	                "     7  1970-01-01  F       1.0 kB  Ann Lee           Lunch o...  [gone]  [date]"},
	        {{.kind = COLL_MAIL, .uid = 123456789, .about = &mail, .sent = true}, 100,
	                "123456789  1970-01-01 00:00  N          0 B  To: Bob               Lunch on Sunday, or "
	                "later?"},
	        {{.kind = COLL_MAIL, .uid = 1, .warn = WARN_EXACT | WARN_SIZE, .about = &nothing},
	                0,
	                "         1  1970-01-01 00:00:00 +0000  N             0  -                               "
	                "  [size, exact]"},
	        {{.kind = COLL_CALENDAR, .key = "dinner.ics", .size = 12, .about = &event}, 60,
	                "2024-11-03       12 B  Dinner                   dinner.ics"},
	        {{.kind = COLL_CALENDAR, .key = "dinner.ics", .size = 12, .about = &event}, 0,
	                "2024-11-03T10:00:00 Europe/Berlin          12  Dinner                          "
	                "dinner.ics"},
	        {{.kind = COLL_CONTACTS, .key = "a.vcf", .size = 12, .about = &card}, 0,
	                "        12  Ann Lee                         a@b                             a.vcf"},
	        {{.kind = COLL_CONTACTS, .key = "a\x1b.vcf", .size = 12, .about = &nothing}, 40,
	                "     12 B                       a\\x1b.vcf"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf got = buf_of(SIZE_MAX);

		list_line(&cases[i].row, cases[i].columns, &got);
		assert_string_equal(buf_str(&got), cases[i].want);
		buf_clear(&got);
	}
}

static void test_subjects(void **state)
{
	(void)state;
	assert_string_equal(list_base_subject("Re: Fwd:  AW: lunch"), "lunch");
	assert_string_equal(list_base_subject("Report"), "Report");
	assert_string_equal(list_base_subject("re:"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_lines),
	        cmocka_unit_test(test_subjects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
