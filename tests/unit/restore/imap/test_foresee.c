/* What an IMAP server may refuse or change, by tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "restore/imap/foresee.h"
#include "valise/base/mem.h"
#include "valise/format/mend.h"

#define NOW 1700000000
#define BIT(x) (1u << PREDICT_##x)
#define WHOLE "Subject: x\r\n\r\nbody\r\n"

static void test_message(void **state)
{
	static const struct {
		const char *name;
		struct tree_item it;
		unsigned flaws;
		const char *head;
		bool cut;
		unsigned bits;
	} rows[] = {
	        {"a sound one", {.date_utc = NOW}, 0, WHOLE, false, 0},
	        {"NUL by the catalog", {.date_utc = NOW, .warn = WARN_NUL}, 0, WHOLE, false,
	                BIT(NUL)},
	        {"all flaws", {.date_utc = NOW}, MEND_ALL, WHOLE, false,
	                BIT(NUL) | BIT(LINE_ENDS) | BIT(FINAL_CRLF) | BIT(HEADER) | BIT(8BIT) |
	                        BIT(LONG_LINES)},
	        {"of the future", {.date_utc = NOW + 2 * 86400}, 0, WHOLE, false, BIT(DATE)},
	        {"in a zone that is ahead", {.date_utc = NOW + 50000}, 0, WHOLE, false, 0},
	        {"before 1970", {.date_utc = -5}, 0, WHOLE, false, BIT(DATE)},
	        {"no header", {.date_utc = NOW}, 0, "\r\nbody\r\n", false, BIT(HEADER)},
	        {"a header without end", {.date_utc = NOW}, 0, "Subject: x\r\nTo: y\r\n", false,
	                BIT(HEADER)},
	        {"a header and no body", {.date_utc = NOW}, 0, "Subject: x\r\n\r\n", false, 0},
	        {"the same with LF", {.date_utc = NOW}, 0, "Subject: x\n\n", false, 0},
	        {"a long header, of which more follows", {.date_utc = NOW}, 0, "Subject: x\r\n",
	                true, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned bits = foresee_message(&rows[i].it, rows[i].flaws, rows[i].head,
		        strlen(rows[i].head), !rows[i].cut, NOW);

		if (bits != rows[i].bits)
			fail_msg("%s: %x", rows[i].name, bits);
		for (unsigned k = 0; k < PREDICTS; k++)
			assert_true(!(bits & 1u << k) || foresee_text((enum predict)k));
	}
}

static void test_name(void **state)
{
	static const struct {
		const char *name;
		char delimiter;
		bool odd;
	} rows[] = {
	        {"Work", '/', false},
	        {"Work/2024 (old)/a.b_c-d", '/', false},
	        {"M\xc3\xbcller", '/', false},
	        {"\xe6\x97\xa5\xe6\x9c\xac", '/', false},
	        {" lead", '/', true},
	        {"trail ", '/', true},
	        {"two  blanks", '/', true},
	        {"100% *", '/', true},
	        {"a\\b", '/', true},
	        {"a & b", '/', true},
	        {"bell\x07", '/', true},
	        {"e\xcc\x81 not NFC", '/', true},
	        {"\xf0\x9f\x93\xac box", '/', true},
	};
	char level[200];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if ((foresee_name(rows[i].name, rows[i].delimiter) != NULL) != rows[i].odd)
			fail_msg("%s", rows[i].name);
	memset(level, 'x', sizeof level);
	level[100] = '\0';
	assert_null(foresee_name(level, '/'));
	level[100] = 'x';
	level[101] = '\0';
	assert_non_null(foresee_name(level, '/'));
}

static void test_keyword(void **state)
{
	static const struct {
		const char *word;
		bool odd;
	} rows[] = {{"$Forwarded", false}, {"work_2024.a-b", false}, {"~tilde'", true},
	        {"x=y", true}, {"caf\xc3\xa9", true},
	        {"a2345678901234567890123456789012345678901234567890", false},
	        {"a23456789012345678901234567890123456789012345678901", true}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if ((foresee_keyword(rows[i].word) != NULL) != rows[i].odd)
			fail_msg("%s", rows[i].word);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_message),
	        cmocka_unit_test(test_name), cmocka_unit_test(test_keyword)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
