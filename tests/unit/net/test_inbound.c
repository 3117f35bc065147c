/* What an IMAP server may send in answer to one command, and what it costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>
#include "net/transport_internal.h"
#include "valise/base/mem.h"

static int take(struct inbound *in, const char *text)
{
	struct err err;

	return inbound_take(in, text, strlen(text), &err);
}

/* The first line that is too much; ${max} if none is. */
static size_t flood(const char *line, size_t max)
{
	struct inbound in = {0};

	for (size_t i = 0; i < max; i++)
		if (take(&in, line) != 0)
			return i;
	return max;
}

/*
 * Lines cost more than their octets: libetpan keeps something of each until the tagged
 * one.
 */
static void lines_are_counted(void **state)
{
	(void)state;
	assert_in_range(flood("* 1 EXISTS\r\n", 1000000), 400000, 500000);
	assert_in_range(flood("* OK\r\n", 1000000), 400000, 510000);
	assert_in_range(flood("* LIST () NIL a\r\n", 1000000), 120000, 180000);
	/* What there may be. */
	assert_int_equal(flood("* LIST (\\HasNoChildren \\Subscribed) \"/\" \"Archive/2003/"
	                       "Some customer's name\"\r\n",
	                         100000),
	        100000);
	assert_int_equal(flood("* 12345 FETCH (UID 12345 FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 "
	                       "02:44:25 -0700\" RFC822.SIZE 123456)\r\n",
	                         200000),
	        200000);
}

static void literals(void **state)
{
	static const struct {
		const char *text;
		bool refused;
	} cases[] = {
	        {"* LIST () NIL {1000000}\r\n", false},
	        {"* LIST () NIL {4294967290}\r\n", true},
	        {"* LIST () NIL {4294967290} \r\n", true},
	        {"* LIST () NIL {4294967290}\n", true},
	        /* libetpan takes a bare CR for the end of a line. */
	        {"* LIST () NIL {4294967290}\rX", true},
	        {"* LIST () NIL {4294967290} \rX", true},
	        {"* LIST () NIL {99999999999999999999999999999}\r\r\n", true},
	        {"* LIST () NIL {100}\rX", false},
	        {"* LIST () NIL \"{4294967290}\rX\"\r\n", false},
	        {"* OK text {4294967290}X\r\n", false},
	        {"* 1 FETCH (BODY[] {4294967290}\r\n", false},
	        {"* 1 FETCH (BODY[] {4294967290} \r\n", false},
	        {"* 1 FETCH (BODY[] {4294967290}\rX", true},
	        {"* 1 FETCH (BODY[] {4294967296}\r\n", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct inbound in = {0};
		int rc = take(&in, cases[i].text);

		if ((rc != 0) != cases[i].refused)
			print_error("%s\n", cases[i].text);
		assert_int_equal(rc, cases[i].refused ? ERR_LIMIT : 0);
	}
}

/*
 * What libetpan reads by recursion, though nobody asked for it, must not use up the
 * stack; what is quoted is no nesting.
 */
static void nesting(void **state)
{
	static const struct {
		const char *before, *after;
		size_t n;
		bool refused;
	} cases[] = {
	        {"* 1 FETCH (BODYSTRUCTURE ", " UID 1)\r\n", 100000, true},
	        {"* 1 FETCH (UID 1 ENVELOPE ", "", 3000, true},
	        {"* NAMESPACE ", "\r\n", 3000, true},
	        {"* 1 FETCH (BODYSTRUCTURE ", " UID 1)\r\n", 2000, false},
	        {"* LIST () \"/\" \"", "\"\r\n", 3000, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *deep = xmalloc(cases[i].n + 1), *text;
		struct inbound in = {0};

		memset(deep, '(', cases[i].n);
		deep[cases[i].n] = '\0';
		text = xasprintf("%s%s%s", cases[i].before, deep, cases[i].after);
		assert_int_equal(take(&in, text), cases[i].refused ? ERR_LIMIT : 0);
		free(deep);
		free(text);
	}
	/* Each answer for itself. */
	assert_int_equal(flood("* X ((((\r\n", 1000), 1000);
}

/* "Still here" is no progress. */
static void what_tells_nothing(void **state)
{
	struct inbound in = {0};

	(void)state;
	assert_int_equal(take(&in, "* OK Still here\r\n* ok so\r\n* NO x\r\n* BAD x\r\n"), 0);
	assert_int_equal(in.idle, 17 + 9 + 8 + 9);
	assert_int_equal(take(&in, "* OKAY\r\n* 12 EXISTS\r\n12 OK done\r\n* OK"), 0);
	assert_int_equal(in.idle, 43);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(lines_are_counted),
	        cmocka_unit_test(literals),
	        cmocka_unit_test(nesting),
	        cmocka_unit_test(what_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
