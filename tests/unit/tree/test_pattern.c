#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "valise/tree/pattern.h"
#include "valise/tree/use.h"

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

/* --exclude-use: announced uses, then names; INBOX never. */
static void uses(void **state)
{
	static const struct {
		const char *list, *full, *content, *uses;
		bool mail;
		const char *use; /* for which it is left out */
		bool announced;
	} cases[] = {
	        {"junk,trash", "Junk", "Junk", "\\Junk", true, "\\Junk", true},
	        {"junk,trash", "Junk", "Junk", NULL, true, "\\Junk", false},
	        {"junk,trash", "INBOX.Papierkorb", "Papierkorb", "", true, "\\Trash", false},
	        {"junk", "Old", "Old", "\\Junk \\Noselect", true, "\\Junk", true},
	        {"junk", "[Gmail]/Spam", "[Gmail]/Spam", "\\Junk", true, "\\Junk", true},
	        {"trash", "[Gmail]/Spam", "[Gmail]/Spam", "\\Junk", true, NULL, true},
	        /* what is announced is asked first */
	        {"trash", "Trash", "Trash", "\\Archive", true, NULL, true},
	        {"trash", "Trash", "Trash", "\\Flagged", true, NULL, true},
	        {"all", "a", "a", "\\All \\Archive", true, "\\All", true},
	        {"archive", "a", "a", "\\All \\Archive", true, "\\Archive", true},
	        {"important", "a", "a", "\\Important", true, "\\Important", true},
	        {"flagged", "a", "a", "\\Flagged", true, "\\Flagged", true},
	        {"sent,drafts", "Sent", "Sent", NULL, true, "\\Sent", false},
	        {"drafts", "Trash/Drafts", "Trash/Drafts", NULL, true, NULL, false},
	        {"junk", "INBOX", "INBOX", "\\Junk", true, NULL, false},
	        {"junk", "inbox", "INBOX", "\\Junk", true, NULL, false},
	        {"junk", "Junk", "Junk", NULL, false, NULL, false}, /* a calendar */
	        {"junk", "Work", NULL, NULL, true, NULL, false},
	};
	static const char *const wrong[] = {
	        "", "junk,", ",junk", "jnuk", "junk trash", "Junk,spamspamspamspamspam"};
	const char *bad;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pattern_choice c = {0};
		const struct pattern_name name = {.full = cases[i].full,
		        .content = cases[i].content,
		        .mail = cases[i].mail,
		        .uses = cases[i].uses};
		bool announced = false;
		const char *use;

		assert_true(use_set_read(cases[i].list, &c.exclude_uses, &bad, &n));
		use = pattern_use(&c, &name, &announced);
		if ((use ? !cases[i].use || strcmp(use, cases[i].use) != 0
		         : cases[i].use != NULL) ||
		        announced != cases[i].announced || pattern_chooses(&c, &name) != !use)
			fail_msg("%s: \"%s\" (%s)", cases[i].list, cases[i].full, use ? use : "-");
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(use_set_read(wrong[i], &(unsigned){0}, &bad, &n));
	assert_false(use_set_read("junk,trahs,all", &(unsigned){0}, &bad, &n));
	assert_int_equal(n, 5);
	assert_memory_equal(bad, "trahs", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(names_and_patterns),
	        cmocka_unit_test(calendars), cmocka_unit_test(delimiters),
	        cmocka_unit_test(near_names), cmocka_unit_test(uses)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
