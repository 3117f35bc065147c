#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/json.h"

/*
 * Each right side is what Python's json.dumps gives with the options that json.h names.
 */
static void golden(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
	        {"{}", "{}"},
	        {"[ ]", "[]"},
	        {"null", "null"},
	        {" [true, false , null]", "[true,false,null]"},
	        {"[0, -1, 9223372036854775807, -9223372036854775808]",
	                "[0,-1,9223372036854775807,-9223372036854775808]"},
	        {"{\"b\": 1, \"a\": {\"d\": [], \"c\": \"x\"}, \"\": 2, \"B\": 3, \"aa\": 4}",
	                "{\"\":2,\"B\":3,\"a\":{\"c\":\"x\",\"d\":[]},\"aa\":4,\"b\":1}"},
	        {"\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\\u007f\"",
	                "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\x7f\""},
	        {"\"\\\"\\\\\\/ \\u00e9 \\u20ac \\ud83d\\ude00 \\u2028\"",
	                "\"\\\"\\\\/ \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xe2\x80\xa8\""},
	        {"{\"\\u00e9\": 1, \"z\": 2, \"\\ud83d\\ude00\": 3, \"\\uffff\": 4}",
	                "{\"z\":2,\"\xc3\xa9\":1,\"\xef\xbf\xbf\":4,\"\xf0\x9f\x98\x80\":3}"},
	};
	struct buf out;
	json_t *v;

	buf_init(&out, 10000);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(json_read(rows[i][0], strlen(rows[i][0]), 1000, &v, NULL), 0);
		buf_reset(&out);
		json_put(&out, v);
		assert_string_equal(buf_str(&out), rows[i][1]);
		json_decref(v);
	}
	buf_clear(&out);
}

static void strings_stay_utf8(void **state)
{
	(void)state;
	struct buf out;

	buf_init(&out, 100);
	json_put_string(&out, "a\xff\xc3\xa9\xc3", 5);
	assert_string_equal(buf_str(&out), "\"a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\"");
	buf_reset(&out);
	json_put_string(&out, "", 0);
	assert_string_equal(buf_str(&out), "\"\"");
	buf_clear(&out);
}

static void refused(void **state)
{
	(void)state;
	static const char *const rows[] = {"", "{", "{\"a\":1,\"a\":2}", "{} x", "[1,]",
	        "{\"a\":1.0}", "[[1e3]]", "[9223372036854775808]", "\"\xff\"", "\"\xed\xa0\x80\"",
	        "\"\\ud800\"", "nul", "\"a\nb\"", "{a:1}"};
	struct err err;
	json_t *v;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(json_read(rows[i], strlen(rows[i]), 1000, &v, &err), ERR_DAMAGED);
		assert_int_equal(err.code, ERR_DAMAGED);
		assert_null(v);
	}
	assert_int_equal(json_read("[1,2]", 5, 4, &v, &err), ERR_DAMAGED);
}

static void deep_nesting_is_refused(void **state)
{
	(void)state;
	size_t n = 100000;
	char *text = malloc(n);
	struct err err;
	json_t *v;

	assert_non_null(text);
	memset(text, '[', n);
	assert_int_equal(json_read(text, n, n, &v, &err), ERR_DAMAGED);
	free(text);
}

static void members(void **state)
{
	(void)state;
	static const char text[] =
	        "{\"s\":\"x\",\"i\":7,\"b\":true,\"f\":false,\"z\":\"a\\u0000b\"}";
	json_t *v;

	assert_int_equal(json_read(text, strlen(text), 1000, &v, NULL), 0);
	assert_string_equal(json_get_str(v, "s"), "x");
	assert_null(json_get_str(v, "i"));
	assert_null(json_get_str(v, "none"));
	assert_null(json_get_str(v, "z"));
	assert_int_equal(json_get_int(v, "i", -1), 7);
	assert_int_equal(json_get_int(v, "s", -1), -1);
	assert_int_equal(json_get_int(v, "none", -2), -2);
	assert_true(json_get_bool(v, "b"));
	assert_false(json_get_bool(v, "f"));
	assert_false(json_get_bool(v, "s"));
	assert_null(json_get_str(NULL, "s"));
	json_decref(v);
}

/*
 * For eyes: nothing that a terminal or a splitter of lines obeys; and it reads back the
 * same.
 */
static void shown(void **state)
{
	static const char raw[] =
	        "{\"a\\n\":[\"\xc2\x9b \x7f \xe2\x80\xa8\xe2\x80\xae\xc2\x85 \xc3\xa4 "
	        "\xf0\x9f\x98\x80\"]}";
	struct buf b, canonical;
	json_t *v, *again;

	(void)state;
	buf_init(&b, 1000);
	buf_init(&canonical, 1000);
	assert_int_equal(json_read(raw, sizeof raw - 1, 1000, &v, NULL), 0);
	json_put(&canonical, v);
	assert_string_equal(buf_str(&canonical), raw);
	json_put_shown(&b, v);
	assert_string_equal(buf_str(&b),
	        "{\"a\\n\":[\"\\u009b \\u007f \\u2028\\u202e\\u0085 \xc3\xa4 "
	        "\xf0\x9f\x98\x80\"]}");
	assert_int_equal(json_read(buf_str(&b), b.len, 1000, &again, NULL), 0);
	assert_true(json_equal(v, again));
	json_decref(v);
	json_decref(again);
	buf_clear(&b);
	buf_clear(&canonical);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(golden),
	        cmocka_unit_test(strings_stay_utf8),
	        cmocka_unit_test(refused),
	        cmocka_unit_test(deep_nesting_is_refused),
	        cmocka_unit_test(members),
	        cmocka_unit_test(shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
