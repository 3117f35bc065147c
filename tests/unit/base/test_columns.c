#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "valise/base/columns.h"
#include "valise/base/mem.h"

static void characters_take_columns(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
	} table[] = {
	        {"", 0},
	        {"INBOX", 5},
	        {"Entwürfe", 8},
	        {"e\xcc\x81", 1}, /* an accent of its own */
	        {"日本", 4},
	        {"한국", 4},
	        {"\xf0\x9f\x93\xa7", 2}, /* an envelope */
	        {"a\xff", 2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(text_columns(table[i].text), table[i].columns);
}

static void text_is_cut_between_characters(void **state)
{
	static const struct {
		const char *text;
		size_t columns, size;
		const char *cut;
	} table[] = {
	        {"INBOX", 5, 100, "INBOX"},
	        {"INBOX", 4, 100, "I..."},
	        {"INBOX", 3, 100, "..."},
	        {"INBOX", 2, 100, ".."},
	        {"INBOX", 0, 100, ""},
	        {"", 0, 1, ""},
	        {"日本語", 6, 100, "日本語"},
	        {"日本語", 5, 100, "日..."},
	        {"日本語", 4, 100, "..."},
	        {"e\xcc\x81tat", 4, 100, "e\xcc\x81tat"},
	        {"e\xcc\x81tats", 4, 100, "e\xcc\x81..."},
	        {"日本語", 6, 7, "日..."},
	        {"INBOX", 9, 1, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char out[100];

		assert_ptr_equal(
		        text_cut(table[i].text, table[i].columns, out, table[i].size), out);
		assert_string_equal(out, table[i].cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(characters_take_columns),
	        cmocka_unit_test(text_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
