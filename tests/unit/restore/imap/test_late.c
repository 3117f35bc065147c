/* How much is sent at once while another restore may be at work. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "restore/imap/mailbox.h"

static void batches(void **state)
{
	static const struct {
		const char *what;
		unsigned felt; /* batches before */
		uint32_t expected, next; /* UID of the first, and after the batch */
		size_t n, known;
		bool others;
		unsigned felt_then;
		size_t max_then, blind;
	} cases[] = {
	        {"the first one", 0, 5, 6, 1, 1, false, 1, 16, 0},
	        {"the second one", 1, 6, 22, 16, 16, false, 2, BATCH_MESSAGES, 0},
	        {"a later one", 2, 22, 422, 400, 400, false, 2, BATCH_MESSAGES, 0},
	        {"a gap: somebody else stores, too", 2, 5, 9, 3, 3, true, 0, 1, 0},
	        {"no UIDs are said", 0, 5, 5, 1, 0, true, 1, 16, 1},
	        {"some are not said", 1, 5, 7, 3, 2, true, 2, BATCH_MESSAGES, 1},
	        {"nothing was taken", 1, 5, 5, 0, 0, false, 2, BATCH_MESSAGES, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mailbox m;

		mailbox_init(&m, "", "");
		m.worker.felt = cases[i].felt;
		m.box.next_uid = cases[i].next;
		late_batch_done(&m.box, cases[i].expected, cases[i].n, cases[i].known);
		if (m.box.late.others != cases[i].others || m.worker.felt != cases[i].felt_then ||
		        late_batch_max(&m.box) != cases[i].max_then ||
		        m.box.late.blind != cases[i].blind || m.box.late.ours != (cases[i].n > 0))
			fail_msg("%s", cases[i].what);
		mailbox_clear(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(batches)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
