/* Which messages of a listing may be there more often than in the archive. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "restore/imap/mailbox.h"

static const struct {
	const char *what, *items, *there;
	uint32_t from;
	bool gmail, any;
} cases[] = {
        {"each once", "10.1=1 20.2=2", "1:10.1 2:20.2", 1, false, false},
        {"one twice", "10.1=1", "1:10.1 2:10.1", 1, false, true},
        {"twice before", "10.1=2", "1:10.1 2:10.1", 2, false, false},
        {"of another size", "10.1=1", "1:10.1 2:30.1", 1, false, false},
        {"of another date", "10.1=1", "1:10.1 2:10.9", 1, false, true},
        {"as the server rewrote it", "10.1=1", "1:12.1 2:12.1", 1, false, true},
        {"of what is still to be sent", "10.1", "1:10.1", 1, false, false},
        {"Gmail keeps a content once", "10.1=1", "1:10.1 2:10.1", 1, true, false},
        {"nothing is there", "10.1=1", "", 1, false, false},
};

static void copies(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mailbox m;

		mailbox_init(&m, cases[i].items, cases[i].there);
		m.run.plan.gmail = cases[i].gmail;
		if (count_any(&m.box, cases[i].from) != cases[i].any)
			fail_msg("%s", cases[i].what);
		mailbox_clear(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(copies)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
