#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include "valise/base/mem.h"
#include "find/internal.h"

static void test_fold(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	        {"", ""},
	        {"Plain TEXT 12", "Plain TEXT 12"}, /* of ASCII FTS5 makes small letters */
	        {"Stra\u00dfe CAF\u00c9", "Strasse CAFe"},
	        {"Cafe\u0301", "Cafe"},
	        {"\u041f\u0440\u0438\u0432\u0435\u0422", "\u043f\u0440\u0438\u0432\u0435\u0442"},
	        {"Rech\u00adnung a\u200bb", "Rechnung ab"},
	        {"\uff21\uff42\uff13", "ab3"},
	        {"\u4f1a\u8b70", " \u4f1a  \u8b70 "},
	        {"iPhone\u8cb7\u3046", "iPhone \u8cb7  \u3046 "},
	        {"\xff a\x80z", "  a z"},
	        {"\ufb01n", "fin"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = buf_of(SIZE_MAX);

		find_fold(cases[i].in, strlen(cases[i].in), &out);
		assert_string_equal(buf_str(&out), cases[i].out);
		buf_clear(&out);
	}
}

static void test_fold_nul(void **state)
{
	struct buf out = buf_of(SIZE_MAX);

	(void)state;
	find_fold("a\0b", 3, &out);
	assert_string_equal(buf_str(&out), "a b");
	buf_clear(&out);
}

/* "-*text*|" of each word. */
static void dump(const struct find_words *w, struct buf *out)
{
	for (size_t i = 0; i < w->n; i++)
		buf_putf(out, "%s%s%s%s|", w->v[i].without ? "-" : "",
		        w->v[i].more_before ? "*" : "", w->v[i].text,
		        w->v[i].more_after ? "+" : "");
}

static void test_words(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	        {"", ""},
	        {"  \t\n", ""},
	        {"one two\tthree", "one|two|three|"},
	        {"invoi*", "invoi*+|"},
	        {"*rechnung", "*rechnung|"},
	        {"*rechnung*", "*rechnung*+|"},
	        {"-draft", "-draft|"},
	        {"e-mail", "e-mail|"},
	        {"- a", "-|a|"},
	        {"-", "-|"},
	        {"\"annual report\" 2024", "annual report|2024|"},
	        {"-\"annual report\"", "-annual report|"},
	        {"\"annual rep\"*", "annual rep+|"},
	        {"\"annual rep*\"", "annual rep*+|"},
	        {"\"*nual rep\"", "**nual rep|"},
	        {"\"not closed", "not closed|"},
	        {"a\"b c\"d", "a|b c|d|"},
	        {"\"\"", "|"},
	        {"--x", "--x|"},
	        {"*", "*|"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct find_words w = {0};
		struct buf out = buf_of(SIZE_MAX);

		find_words_add(&w, cases[i].in);
		dump(&w, &out);
		assert_string_equal(buf_str(&out), cases[i].out);
		buf_clear(&out);
		find_words_clear(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_fold),
	        cmocka_unit_test(test_fold_nul),
	        cmocka_unit_test(test_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
