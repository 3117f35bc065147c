/* Flat records: what is read of one without a parser is what a parser reads. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "restore/journal_file.h"

static void reads(void **state)
{
	/* ${text} and ${number} are of the member "a", ${number} -1: none */
	static const struct {
		const char *json, *text;
		int64_t number;
		bool is_true, good;
	} cases[] = {
	        {"{\"a\":\"x\"}", "x", -1, false, true},
	        {"{\"a\":\"\"}", "", -1, false, true},
	        {"{\"a\":\"say \\\"x\\\" \\u00e9\\\\\"}", "say \"x\" \xc3\xa9\\", -1, false, true},
	        {"{\"a\":\"\xc3\xa9\",\"b\":1}", "\xc3\xa9", -1, false, true},
	        {"{\"a\":5}", NULL, 5, false, true},
	        {"{\"a\":-7}", NULL, -7, false, true},
	        {"{\"a\":9223372036854775807}", NULL, INT64_MAX, false, true},
	        {"{\"a\":9223372036854775808}", NULL, -1, false, false},
	        {"{\"a\":true}", NULL, -1, true, true},
	        {"{\"a\":false,\"b\":null}", NULL, -1, false, true},
	        {"{\"b\":\"x\",\"z\":3}", NULL, -1, false, true},
	        {"{\"other\":\"x\",\"a\":3,\"more\":\"y\"}", NULL, 3, false, true},
	        {"{\"a\":\"x\\u0000y\"}", NULL, -1, false, false},
	        {"{\"a\":[1]}", NULL, -1, false, false},
	        {"{\"a\":1.5}", NULL, -1, false, false},
	        {"{\"a\":}", NULL, -1, false, false},
	        {"{\"a\":1", NULL, 1, false, false},
	        {"{\"a\":1}x", NULL, 1, false, false},
	        {"{\"a\":\"x}", NULL, -1, false, false},
	        {"{\"a\":\"x\\", NULL, -1, false, false},
	        {"{\"a\"", NULL, -1, false, false},
	        {"[1]", NULL, -1, false, false},
	        {"", NULL, -1, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct flat_record r;
		bool good = flat_read(cases[i].json, strlen(cases[i].json), &r);

		if (good != cases[i].good)
			fail_msg("%s", cases[i].json);
		if (good) {
			assert_int_equal(r.text[0] != NULL, cases[i].text != NULL);
			if (cases[i].text)
				assert_string_equal(r.text[0], cases[i].text);
			assert_int_equal(r.has_number[0] ? r.number[0] : -1, cases[i].number);
			assert_int_equal(r.is_true[0], cases[i].is_true);
		}
		flat_clear(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reads)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
