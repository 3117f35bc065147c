/* Which UIDs that a server said are doubted, and what is there more often than it should be. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "restore/imap/mailbox.h"

static const struct {
	const char *what, *items, *there;
	bool doubted;
} cases[] = {
        {"as it was sent", "10.1=1 20.2=2", "1:10.1 2:20.2", false},
        {"what was there before says nothing", "10.1=5", "1:99.9 5:10.1", false},
        {"nothing was sent", "10.1 20.2", "1:10.1", false},
        {"another size alone: it was rewritten", "10.1=1", "1:12.1", false},
        {"another date alone: it was lost", "10.1=1", "1:10.9", false},
        {"another size and date: another message", "10.1=1", "1:12.9", true},
        {"it is not listed", "10.1=7", "1:10.1", true},
        {"two of one UID", "10.1=1 10.1=1", "1:10.1", true},
        {"the sizes are those of each other", "10.1=2 20.1=1", "1:10.1 2:20.1", true},
        {"equal sizes and dates, in another order", "10.1=2 10.1=1", "1:10.1 2:10.1", true},
        {"equal sizes and dates, in order", "10.1=1 10.1=2", "1:10.1 2:10.1", false},
        {"another order, and nothing to take it for", "10.1=2 20.2=1", "1:20.2 2:10.1", false},
};

static void doubts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mailbox m;

		mailbox_init(&m, cases[i].items, cases[i].there);
		if (learn_doubts(&m.box) != cases[i].doubted)
			fail_msg("%s", cases[i].what);
		assert_int_equal(m.box.relearnt, cases[i].doubted);
		mailbox_clear(&m);
	}
}

static void any_unlearned(void **state)
{
	struct mailbox m;

	(void)state;
	mailbox_init(&m, "10.1=1 20.2", "");
	assert_false(learn_any(&m.box));
	m.items[0].got = 0;
	assert_true(learn_any(&m.box));
	mailbox_clear(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(doubts), cmocka_unit_test(any_unlearned)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
