/*
 * Decisions about single messages: what a refusal of an APPEND is about, and which
 * messages are read back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "restore/imap/run.h"

static void about(void **state)
{
	static const struct {
		const char *code, *text;
		enum about want;
	} cases[] = {
	        {"", "Too many user flags in mailbox", ABOUT_LIMIT}, /* Cyrus */
	        {"LIMIT", "Too many flags", ABOUT_LIMIT}, /* RFC 5530 3 */
	        {"LIMIT", "", ABOUT_LIMIT},
	        {"limit", "Keyword limit reached", ABOUT_LIMIT},
	        {"", "too many keywords", ABOUT_LIMIT},
	        {"", "Too many messages in mailbox", ABOUT_LIMIT},
	        {"", "Message has too many header lines", ABOUT_MESSAGE},
	        {"LIMIT", "Too many MIME parts", ABOUT_MESSAGE},
	        {"", "Out of flag slots", ABOUT_MESSAGE},
	        {"", "", ABOUT_MESSAGE},
	        {"CANNOT", "Message contains bare newlines", ABOUT_MESSAGE},
	        {"LIMIT", "Too many requests, try again later", ABOUT_MAILBOX},
	        {"TOOBIG", "too many octets", ABOUT_MAILBOX},
	        {"", "Request is throttled", ABOUT_MAILBOX},
	        {"OVERQUOTA", "", ABOUT_MAILBOX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (ladder_about(cases[i].code, cases[i].text) != cases[i].want)
			fail_msg("[%s] %s", cases[i].code, cases[i].text);
}

/*
 * A server that alters every n-th message is met within the first few hundred, whatever n
 * up to a hundred, and wherever it begins.
 */
static void sample(void **state)
{
	unsigned all = 0;

	(void)state;
	for (unsigned n = 2; n <= 100; n++)
		for (unsigned first = 0; first < n; first++) {
			unsigned met = 0;

			for (unsigned i = first; i < 800; i += n)
				met += is_sampled(i);
			assert_true(met > 0);
		}
	for (unsigned i = 0; i < 10000; i++)
		all += is_sampled(i);
	assert_in_range(all, 300, 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(about), cmocka_unit_test(sample)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
