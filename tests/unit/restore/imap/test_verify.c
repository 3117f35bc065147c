/* Whether a mailbox that was filled looks right by its listing, so that nothing is read. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "restore/imap/mailbox.h"

static const struct {
	const char *what, *items, *there;
	unsigned flags, has;
	uint8_t read_back;
	bool right;
} cases[] = {
        {"as it was sent", "10.1=1 20.2=2", "1:10.1 2:20.2", 0, 0, 0, true},
        {"with more flags", "10.1=1", "1:10.1", FLAG_SEEN, FLAG_SEEN | FLAG_DRAFT, 0, true},
        {"without a flag", "10.1=1", "1:10.1", FLAG_SEEN, 0, 0, false},
        {"of another size", "10.1=1", "1:12.1", 0, 0, 0, false},
        {"not listed", "10.1=1", "2:99.9", 0, 0, 0, false},
        {"one twice", "10.1=1", "1:10.1 2:10.1", 0, 0, 0, false},
        {"with a stranger", "10.1=1", "1:10.1 2:99.9", 0, 0, 0, true},
        {"one of the sample", "10.1=1", "1:10.1", 0, 0, READ_SAMPLE, false},
        {"one that servers change unseen", "10.1=1", "1:10.1", 0, 0, READ_FRAGILE, false},
        {"what was not sent does not count", "10.1=1 20.2", "1:10.1", 0, 0, 0, true},
};

static void looks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mailbox m;

		mailbox_init(&m, cases[i].items, cases[i].there);
		m.box.base = 1;
		m.box.coll->items[0].flags = (uint16_t)cases[i].flags;
		m.there[0].flags = (uint16_t)cases[i].has;
		m.items[0].read_back = cases[i].read_back;
		if (box_looks_right(&m.box) != cases[i].right)
			fail_msg("%s", cases[i].what);
		mailbox_clear(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(looks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
