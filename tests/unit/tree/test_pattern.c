#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "valise/tree/pattern.h"

static void names_and_patterns(void **state)
{
	static const struct {
		const char *pattern, *full, *content;
		bool itself, below;
	} cases[] = {
	        {"[Gmail]/Spam", "[Gmail]/Spam", "[Gmail]/Spam", true, true},
	        {"[Gmail]/*", "[Gmail]/Spam", "[Gmail]/Spam", true, true},
	        {"[[]Gmail]/*", "[Gmail]/Spam", "[Gmail]/Spam", true, true},
	        {"[[]Gmail]/*", "G/Spam", "G/Spam", false, false},
	        {"[Gmail]/*", "G/Spam", "G/Spam", false, false},
	        {"[Gmail]", "[Gmail]/Spam", "[Gmail]/Spam", false, true},
	        {"Work", "INBOX.Work.2024", "Work/2024", false, true},
	        {"INBOX.Work", "INBOX.Work.2024", "Work/2024", false, true},
	        {"Work/2024", "INBOX.Work.2024", "Work/2024", true, true},
	        {"Work", "Workshop", "Workshop", false, false},
	        {"W*k", "Work.a.b", "Work/a/b", false, true},
	        {"*", "a", "a", true, true},
	        {"a?c",
	                "a\xc3\xa4"
	                "c",
	                "a\xc3\xa4"
	                "c",
	                true, true},
	        {"a?c", "ac", "ac", false, false},
	        {"a\\*c", "a*c", "a*c", true, true},
	        {"a\\*c", "abc", "abc", false, false},
	        {"a\\?c", "a?c", "a?c", true, true},
	        {"a\\\\c", "a\\c", "a\\c", true, true},
	        {"a\\b", "a\\b", "a/b", true, true},
	        {"inbox", "INBOX", "INBOX", true, true},
	        {"Inbox", "INBOX.Sub", "INBOX/Sub", false, true},
	        {"INBOX", "INBOX.Sub", "Sub", false,
	                false}, /* of a server with the prefix INBOX. */
	        {"INBOX", "INBOX.Sub.a=b", "Sub/a=3Db", false, false},
	        {"INBOX.*", "INBOX.Sub", "Sub", true, true},
	        {"INBOX/sub", "INBOX.Sub", "INBOX/Sub", false, false},
	        {"INBOX/Sub", "Inbox.Sub", "INBOX/Sub", true, true},
	        {"inboxes", "INBOXes", "INBOXes", false, false},
	        {"work", "Work", "Work", false, false},
	        {"Entw&APw-rfe", "Entw\xc3\xbcrfe", "Entw\xc3\xbcrfe", true, true},
	        {"R&D", "R&D", "R&D", true, true},
	        {"*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	                "x", false, false},
	        {"", "a", "a", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct pattern_name n = {.full = cases[i].full,
		        .content = cases[i].content,
		        .delimiter = pattern_delimiter(cases[i].full, cases[i].content),
		        .mail = true};

		if (pattern_matches(cases[i].pattern, &n, false) != cases[i].itself ||
		        pattern_matches(cases[i].pattern, &n, true) != cases[i].below)
			fail_msg("\"%s\" on \"%s\"", cases[i].pattern, cases[i].full);
	}
}

/* A calendar has no levels, and INBOX means nothing there. */
static void calendars(void **state)
{
	const struct pattern_name n = {.full = "alice/inbox"};

	(void)state;
	assert_false(pattern_matches("alice", &n, true));
	assert_true(pattern_matches("alice/inbox", &n, false));
	assert_false(pattern_matches("INBOX", &(struct pattern_name){.full = "inbox"}, true));
}

static void delimiters(void **state)
{
	(void)state;
	assert_int_equal(pattern_delimiter("INBOX.Work.a", "Work/a"), '.');
	assert_int_equal(pattern_delimiter("a=b/c/d", "a=3Db/c/d"), '/');
	assert_int_equal(pattern_delimiter("a/b.c", "a=2Fb/c"), '.');
	assert_int_equal(pattern_delimiter("Work", "Work"), 0);
	assert_int_equal(pattern_delimiter("x", "a/b/c"), 0);
	assert_int_equal(pattern_delimiter("x", NULL), 0);
}

static void near_names(void **state)
{
	static const char *const near[][2] = {{"work", "Work"}, {"Alpha", "Projects/Alpha"},
	        {"Invoicez", "Invoices"}, {"INBOX/3", "INBOX"}};

	(void)state;
	for (size_t i = 0; i < sizeof near / sizeof *near; i++)
		assert_true(pattern_nearness(near[i][0], near[i][1]) > 0);
	assert_int_equal(pattern_nearness("Invoices", "Sent"), 0);
	assert_int_equal(pattern_nearness("ab", "xy"), 0);
	assert_true(pattern_nearness("work", "Work") < pattern_nearness("work", "Works"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(names_and_patterns),
	        cmocka_unit_test(calendars), cmocka_unit_test(delimiters),
	        cmocka_unit_test(near_names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
