#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "valise/format/mutf7.h"

struct text {
	const char *s;
	size_t n;
};
#define T(literal)                                                                                 \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

static void both_ways(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
	        {"", ""},
	        {"INBOX", "INBOX"},
	        {"a&-b", "a&b"},
	        {"&-", "&"},
	        {"&--", "&-"},
	        {"~peter/mail/&U,BTFw-/&ZeVnLIqe-",
	                /* RFC 3501 */
	                "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/"
	                "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},
	        {"Entw&APw-rfe", "Entw\xc3\xbcrfe"},
	        {"&AOkA6Q-", "\xc3\xa9\xc3\xa9"},
	        {"&2D3eAA-", "\xf0\x9f\x98\x80"},
	        {"&2D3eAA-x&AOk-", "\xf0\x9f\x98\x80x\xc3\xa9"},
	        {"&AAoAfw-", "\n\x7f"},
	        {"&,,8-", "\xef\xbf\xbf"},
	        {"&2,,f,w-", "\xf4\x8f\xbf\xbf"},
	};
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_reset(&out);
		assert_true(mutf7_decode(rows[i][0], strlen(rows[i][0]), &out));
		assert_string_equal(buf_str(&out), rows[i][1]);
		buf_reset(&out);
		assert_true(mutf7_encode(rows[i][1], strlen(rows[i][1]), &out));
		assert_string_equal(buf_str(&out), rows[i][0]);
	}
	buf_clear(&out);
}

static void decode_refuses(void **state)
{
	(void)state;
	static const struct text rows[] = {
	        T("&"),
	        T("a&"),
	        T("&AOk"),
	        T("&AOk "),
	        T("&/-"),
	        T("&AO/-"),
	        T("caf\xc3\xa9"),
	        T("\x01"),
	        T("a\0b"),
	        T("\x7f"),
	        T("&AGE-"), /* "a" stands for itself */
	        T("&ACY-"), /* and so does "&-" */
	        T("&AOk-&AOk-"), /* one run, not two */
	        T("&AOl-"), /* bits left over that are not zero */
	        T("&AOkA-"), /* a unit too short */
	        T("&A-"),
	        T("&AO-"),
	        T("&AOkAA-"),
	        T("&2AA-"), /* half a surrogate pair */
	        T("&2ADYAA-"),
	        T("&3AA-"),
	        T("&2D0AYQ-"),
	        T("&AAA-"), /* NUL */
	        T("&AOk=-"),
	        T("&-&"),
	        T("&AOk-&"),
	};
	struct buf out;

	buf_init(&out, 1000);
	buf_puts(&out, "kept");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (mutf7_decode(rows[i].s, rows[i].n, &out))
			fail_msg("%s was taken as %s", rows[i].s, buf_str(&out));
		assert_string_equal(buf_str(&out), "kept");
	}
	buf_clear(&out);
}

static void encode_refuses(void **state)
{
	(void)state;
	static const struct text rows[] = {T("\xff"), T("ok\xc3"), T("\xed\xa0\x80"), T("a\0b")};
	struct buf out;

	buf_init(&out, 1000);
	buf_puts(&out, "kept");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_false(mutf7_encode(rows[i].s, rows[i].n, &out));
		assert_string_equal(buf_str(&out), "kept");
	}
	buf_clear(&out);
}

static void caps_hold(void **state)
{
	(void)state;
	struct buf out;

	buf_init(&out, 4);
	assert_false(mutf7_decode("abcde", 5, &out));
	assert_false(mutf7_encode("\xc3\xa9", 2, &out));
	assert_int_equal(out.len, 0);
	assert_true(mutf7_decode("abcd", 4, &out));
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(both_ways),
	        cmocka_unit_test(decode_refuses),
	        cmocka_unit_test(encode_refuses),
	        cmocka_unit_test(caps_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
