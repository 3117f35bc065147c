/* POP3: is what came all of the message, and how is it asked for next? */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "fetch/pop3/judge.h"

enum { TOP = 1, CHECK = 2, ASTRAY = 4, DOUBTED = 8 };

static const struct {
	const char *name;
	uint64_t listed, octets, lines, doubled, single;
	/* TOP, CHECK; ASTRAY: what followed it is no answer; DOUBTED */
	int how;
	enum pop3_dots dots;
	unsigned before;
	enum pop3_verdict wanted;
} cases[] = {
        {"exact", 100, 100, 5, 0, 0, 0, POP3_STUFFED, 0, POP3_KEEP},
        {"exact by TOP", 100, 100, 5, 2, 0, TOP, POP3_STUFFED, 0, POP3_KEEP},
        {"a CRLF was lent", 100, 102, 5, 0, 0, TOP, POP3_STUFFED, 0, POP3_KEEP},
        {"line ends count as one octet", 95, 100, 5, 0, 0, TOP, POP3_STUFFED, 0, POP3_KEEP},
        {"and one was lent", 95, 101, 5, 0, 0, 0, POP3_STUFFED, 0, POP3_KEEP},
        {"no line ends", 100, 99, 0, 0, 0, 0, POP3_STUFFED, 0, POP3_ASK_CHECKED},
        {"nothing of nothing", 0, 0, 0, 0, 0, 0, POP3_STUFFED, 0, POP3_KEEP},
        {"TOP gives less", 100, 60, 5, 0, 0, TOP, POP3_STUFFED, 0, POP3_ASK_RETR},
        {"less than listed", 100, 60, 5, 0, 0, 0, POP3_STUFFED, 0, POP3_ASK_CHECKED},
        {"more than listed", 100, 160, 5, 0, 0, 0, POP3_STUFFED, 0, POP3_ASK_CHECKED},
        {"stuffing counted", 102, 100, 5, 2, 0, 0, POP3_STUFFED, 0, POP3_ASK_CHECKED},
        {"and in step", 102, 100, 5, 2, 0, CHECK, POP3_STUFFED, 0, POP3_KEEP},
        {"a wrong size, in step", 100, 60, 5, 0, 0, CHECK, POP3_STUFFED, 0, POP3_KEEP},
        {"a wrong size, where the others fit", 100, 160, 5, 0, 0, CHECK | DOUBTED, POP3_STUFFED, 0,
                POP3_ASK_CHECKED},
        {"the right size, where the others fit", 100, 100, 5, 0, 0, CHECK | DOUBTED, POP3_STUFFED,
                0, POP3_KEEP},
        {"no size, in step", 0, 60, 5, 0, 0, CHECK, POP3_STUFFED, 0, POP3_KEEP},
        {"astray", 100, 60, 5, 0, 0, CHECK | ASTRAY, POP3_STUFFED, 0, POP3_ASK_CHECKED},
        {"astray, right size", 100, 100, 5, 0, 0, CHECK | ASTRAY, POP3_STUFFED, 0,
                POP3_ASK_CHECKED},
        {"astray again", 100, 60, 5, 0, 0, CHECK | ASTRAY, POP3_STUFFED, 1, POP3_ASK_BY_SIZE},
        {"astray again, no size", 0, 60, 5, 0, 0, CHECK | ASTRAY, POP3_STUFFED, 1, POP3_NOT_WHOLE},
        {"by its size", 100, 100, 0, 0, 0, CHECK, POP3_BY_SIZE, 2, POP3_KEEP},
        {"by its size, astray", 100, 100, 0, 0, 0, CHECK | ASTRAY, POP3_BY_SIZE, 2, POP3_NOT_WHOLE},
        {"nothing stuffed", 103, 100, 5, 2, 1, 0, POP3_STUFFED, 0, POP3_ASK_BY_SIZE},
        {"nothing stuffed, by TOP", 103, 100, 5, 2, 1, TOP, POP3_STUFFED, 0, POP3_ASK_BY_SIZE},
        {"some stuffed", 101, 100, 5, 2, 1, 0, POP3_STUFFED, 0, POP3_ASK_DOUBLED},
        {"some stuffed, a CRLF was lent", 99, 100, 5, 2, 1, 0, POP3_STUFFED, 0, POP3_ASK_DOUBLED},
        {"single dots alone, wrong size", 300, 100, 5, 0, 4, 0, POP3_STUFFED, 0, POP3_ASK_DOUBLED},
        {"both, wrong size", 300, 100, 5, 2, 4, 0, POP3_STUFFED, 0, POP3_NOT_WHOLE},
        {"single dots kept", 101, 101, 5, 2, 1, 0, POP3_DOUBLED, 0, POP3_KEEP},
        {"single dots kept, wrong size", 300, 104, 5, 0, 4, CHECK, POP3_DOUBLED, 0, POP3_KEEP},
};

static void test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct pop3_shape came = {.octets = cases[i].octets,
		        .lines = cases[i].lines,
		        .doubled = cases[i].doubled,
		        .single = cases[i].single,
		        .astray = (cases[i].how & ASTRAY) != 0};
		const struct pop3_asked asked = {
		        .want = {.size = cases[i].listed,
		                .top = (cases[i].how & TOP) != 0,
		                .check = (cases[i].how & CHECK) != 0,
		                .dots = cases[i].dots},
		        .astray = cases[i].before,
		        .doubted = (cases[i].how & DOUBTED) != 0,
		};

		if (pop3_judge(&came, &asked) != cases[i].wanted)
			fail_msg("%s: %d instead of %d", cases[i].name,
			        (int)pop3_judge(&came, &asked), (int)cases[i].wanted);
	}
}

/* A message at least; else so many, and so many octets. */
static void test_ahead(void **state)
{
	static const struct {
		struct pop3_load ahead;
		uint64_t size;
		bool may;
	} rows[] = {
	        {{0, 0}, 0, true},
	        {{0, 0}, UINT64_MAX, true},
	        {{1, 1}, UINT64_MAX, false},
	        {{1, UINT64_MAX}, 0, false},
	        {{1, POP3_AHEAD_BYTES - 10}, 10, true},
	        {{1, POP3_AHEAD_BYTES - 10}, 11, false},
	        {{1, POP3_AHEAD_BYTES}, 0, false},
	        {{POP3_AHEAD - 1, 0}, 1, true},
	        {{POP3_AHEAD, 0}, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (pop3_may_ask(&rows[i].ahead, rows[i].size) != rows[i].may)
			fail_msg("row %zu", i);
	assert_false(pop3_is_due(&(struct pop3_load){POP3_SYNC - 1, POP3_SYNC_BYTES - 1}));
	assert_true(pop3_is_due(&(struct pop3_load){POP3_SYNC, 0}));
	assert_true(pop3_is_due(&(struct pop3_load){1, POP3_SYNC_BYTES}));
	/* what is synced lets something be asked for */
	assert_true(POP3_SYNC < POP3_AHEAD && (uint64_t)POP3_SYNC_BYTES < POP3_AHEAD_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_verdicts),
	        cmocka_unit_test(test_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
