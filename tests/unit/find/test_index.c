#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "find/internal.h"

/* Texts of items; the hits of a search are told by their letters. */
static const struct {
	char name;
	const char *text;
} items[] = {
        {'a', "Annual report 2024 for Ann Example <ann@example.org>"},
        {'b', "The report of this year is annual"},
        {'c', "Stra\u00dfe, Caf\u00e9, M\u00fcller; Telefonrechnung RE-4711"},
        {'d', "\u6765\u9031\u306e\u4f1a\u8b70\u306f\u6708\u66dc\u65e5\u3067\u3059"},
        {'e', "\ud68c\uc758\ub97c \uc900\ube44"},
        {'f', "\u0e1b\u0e23\u0e30\u0e0a\u0e38\u0e21\u0e27\u0e31\u0e19\u0e08\u0e31\u0e19\u0e17\u0e23\u0e4c"},
        {'g', "AND OR NOT NEAR text: body 'quoted' \"double\" (brackets)"},
        {'h', "\u0438\u0442\u043e\u0433\u0438 \u0437\u0430 \u0433\u043e\u0434"},
        {'i', "x"},
        {'j', ""},
};

static void fill(struct find_index *x)
{
	assert_int_equal(find_index_new(x, NULL), 0);
	for (size_t i = 0; i < COUNT(items); i++) {
		struct buf text = buf_of(SIZE_MAX);
		uint8_t key[FIND_KEY_LEN] = {0, (uint8_t)items[i].name};

		buf_puts(&text, items[i].text);
		assert_int_equal(find_index_has(x, key, NULL), 0);
		assert_int_equal(find_index_add(x, key, &text, NULL), 0);
		assert_int_equal(find_index_add(x, key, &text, NULL), 0);
		assert_int_equal(find_index_has(x, key, NULL), 1);
		buf_clear(&text);
	}
	assert_int_equal(find_index_save(x, NULL), 0);
}

static void search(struct find_index *x, const char *words, char *out)
{
	const char *list[] = {words, NULL};
	struct find_hits h = {0};
	struct find_query *q;
	struct err err = {0};

	*out = '\0';
	if (find_query_new(list, x->tokens, &q, &err) < 0) {
		assert_int_equal(err.code, ERR_USAGE);
		strcpy(out, "none");
		return;
	}
	assert_int_equal(find_search(x, q, &h, &err), 0);
	find_hits_sort(&h);
	for (size_t i = 0; i < h.n; i++, *out = '\0')
		*out++ = (char)h.keys[i][1];
	free(h.keys);
	find_query_free(q);
}

static void test_search(void **state)
{
	static const struct {
		const char *words, *found;
	} cases[] = {
	        {"report", "ab"},
	        {"REPORT Annual", "ab"},
	        {"\"annual report\"", "a"},
	        {"report -ann", "b"},
	        {"report -\"annual report\"", "b"},
	        {"-report -x", "cdefghj"},
	        {"ann@example.org", "a"},
	        {"example.org ann", "a"},
	        {"rep*", "ab"},
	        {"\"annual rep*\"", "a"},
	        {"rep", ""},
	        {"strasse", "c"},
	        {"STRA\u1e9eE", "c"},
	        {"cafe", "c"},
	        {"caf\u00e9", "c"},
	        {"muller", "c"},
	        {"rechnung", ""},
	        {"*rechnung", "c"},
	        {"*rechnung*", "c"},
	        {"*fonrech*", "c"},
	        {"*fonrech", ""},
	        {"-*rechnung -*rep*", "defghij"},
	        {"\"*rechnung re\"", "c"},
	        {"*\"rechnung re\"", "c"},
	        {"\"telefonrechnung * re\"", "c"}, /* inside it parts words, as any other sign */
	        {"*-4711", "c"},
	        {"re-4711", "c"},
	        {"\u4f1a\u8b70", "d"},
	        {"\u8b70\u4f1a", ""},
	        {"\u9031\u306e\u4f1a", "d"},
	        {"\ud68c\uc758", "e"},
	        {"\u1112\u116c\u110b\u1174", "e"}, /* the same, decomposed */
	        {"\uc758\ub97c", "e"},
	        {"\u0e1b\u0e23\u0e30\u0e0a\u0e38\u0e21", "f"},
	        {"\u0418\u0422\u041e\u0413\u0418", "h"},
	        /* nothing of it is syntax */
	        {"AND", "g"},
	        {"NOT", "g"},
	        {"near(a b)", ""},
	        {"text:", "g"},
	        {"report OR x", ""},
	        {"^report", "ab"},
	        {"{text}: report", ""},
	        {"(brackets)", "g"},
	        {"'quoted'", "g"},
	        {"a\"\"b", ""},
	        {"report\" OR body:\"x", ""},
	        {"%", "none"},
	        {"", "none"},
	        {"* - \"\" ...", "none"},
	        {"report *", "ab"},
	        {"report \u20ac", "ab"},
	        {"[rep]*", "ab"},
	        {"*[a-z]*", ""},
	};
	struct find_index x;

	(void)state;
	fill(&x);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char found[COUNT(items) + 5];

		search(&x, cases[i].words, found);
		if (strcmp(found, cases[i].found) != 0)
			fail_msg("%s: %s, not %s", cases[i].words, found, cases[i].found);
	}
	find_index_close(&x);
}

/* A word counts to its 64th byte, cut at a character. */
static void test_long_words(void **state)
{
	char word[201], found[16];
	struct find_index x;
	uint8_t key[FIND_KEY_LEN] = {0, 'k'};
	struct buf text = buf_of(SIZE_MAX);

	(void)state;
	fill(&x);
	memset(word, 'w', 200);
	word[200] = '\0';
	buf_putf(&text, "%s ", word);
	for (unsigned i = 0; i < 50; i++)
		buf_puts(&text, "\u0439");
	assert_int_equal(find_index_add(&x, key, &text, NULL), 0);
	search(&x, word, found);
	assert_string_equal(found, "k");
	word[FIND_WORD_MAX] = '\0';
	search(&x, word, found);
	assert_string_equal(found, "k");
	word[FIND_WORD_MAX - 1] = '\0';
	search(&x, word, found);
	assert_string_equal(found, "");
	search(&x, strchr(buf_str(&text), ' '), found);
	assert_string_equal(found, "k");
	buf_clear(&text);
	find_index_close(&x);
}

static void test_empty(void **state)
{
	struct find_index x;
	char found[16];

	(void)state;
	fill(&x);
	assert_int_equal(find_index_empty(&x, NULL), 0);
	search(&x, "report", found);
	assert_string_equal(found, "");
	search(&x, "-report", found);
	assert_string_equal(found, "");
	find_index_close(&x);
}

static void test_done(void **state)
{
	uint8_t one[SHA256_LEN] = {1}, two[SHA256_LEN] = {2};
	struct find_index x;

	(void)state;
	assert_int_equal(find_index_new(&x, NULL), 0);
	assert_int_equal(find_index_done(&x, one, NULL), 0);
	assert_int_equal(find_index_set_done(&x, one, NULL), 0);
	assert_int_equal(find_index_done(&x, one, NULL), 1);
	assert_int_equal(find_index_done(&x, two, NULL), 0);
	find_index_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_search),
	        cmocka_unit_test(test_long_words),
	        cmocka_unit_test(test_empty),
	        cmocka_unit_test(test_done),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
