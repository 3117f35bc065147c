#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/hash.h"

struct text {
	const char *s;
	size_t n;
};
#define T(literal)                                                                                 \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

static void utf8_accepts_and_refuses(void **state)
{
	(void)state;
	static const struct text good[] = {T(""), T("a"), T("\x7f"), T("\xc2\x80"), T("\xdf\xbf"),
	        T("\xe0\xa0\x80"), T("\xed\x9f\xbf"), T("\xee\x80\x80"), T("\xef\xbf\xbf"),
	        T("\xf0\x90\x80\x80"), T("\xf4\x8f\xbf\xbf"), T("\0")};
	static const struct text bad[] = {T("\x80"), T("\xbf"), T("\xc0\x80"), T("\xc1\xbf"),
	        T("\xc2"), T("\xc2 "), T("\xe0\x9f\xbf"), T("\xe0\xa0"), T("\xed\xa0\x80"),
	        T("\xed\xbf\xbf"), T("\xf0\x8f\xbf\xbf"), T("\xf4\x90\x80\x80"),
	        T("\xf5\x80\x80\x80"), T("\xff"), T("ok\xfe"), T("\xf0\x90\x80")};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(utf8_valid(good[i].s, good[i].n));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(utf8_valid(bad[i].s, bad[i].n));
}

static void utf8_put_is_read_back(void **state)
{
	(void)state;
	for (uint32_t point = 0; point <= 0x10ffff; point += point < 0x3000 ? 1 : 251) {
		char out[4];
		uint32_t again;
		size_t len = utf8_put(point, out);

		if (point >= 0xd800 && point <= 0xdfff)
			continue;
		assert_int_equal(utf8_next(out, len, &again), len);
		assert_int_equal(again, point);
		assert_int_equal(utf8_next(out, len - 1, NULL), 0);
	}
}

static void term_shows_controls(void **state)
{
	(void)state;
	static const struct {
		struct text in;
		const char *want;
	} rows[] = {
	        {T("plain \xc3\xa9\xe2\x82\xac"), "plain \xc3\xa9\xe2\x82\xac"},
	        {T("\x1b[2J\x07"), "\\x1b[2J\\x07"},
	        {T("a\0b"), "a\\x00b"},
	        {T("\t\r\n\x7f"), "\\x09\\x0d\\x0a\\x7f"},
	        {T("\xc2\x9b"), "\\u009b"},
	        {T("a\xe2\x80\xae"
	           "b\xe2\x81\xa6"),
	                "a\\u202eb\\u2066"},
	        {T("\xe2\x80\xa8\xd8\x9c"), "\\u2028\\u061c"},
	        {T("\xff\xc3"), "\\xff\\xc3"},
	        {T("back\\slash"), "back\\slash"},
	};
	char out[100], *dup;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(
		        term_escape(rows[i].in.s, rows[i].in.n, out, sizeof out), rows[i].want);
	dup = term_escape_dup("\x01\xff\xe2\x80\xae");
	assert_string_equal(dup, "\\x01\\xff\\u202e");
	free(dup);
}

static void term_cuts_at_a_border(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		size_t size;
		const char *want;
	} rows[] = {
	        {"abcdef", 7, "abcdef"},
	        {"abcdefg", 7, "abc..."},
	        {"ab\xc3\xa9"
	         "def",
	                7, "ab..."},
	        {"a\x1b"
	         "bcdef",
	                8, "a..."},
	        {"abcdef", 3, ".."},
	        {"abcdef", 1, ""},
	        {"abc", 4, "abc"},
	        {"abcd", 4, "..."},
	};
	char out[16];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(term_escape(rows[i].in, strlen(rows[i].in), out, rows[i].size),
		        rows[i].want);
	out[0] = 'x';
	term_escape("abc", 3, out, 0);
	assert_int_equal(out[0], 'x');
}

static void path_components(void **state)
{
	(void)state;
	static const struct {
		struct text in;
		const char *want;
	} rows[] = {
	        {T("INBOX"), "INBOX"},
	        {T(""), "="},
	        {T("a/b\\c:d"), "a=2Fb=5Cc=3Ad"},
	        {T("a=b"), "a=3Db"},
	        {T("a\0\n\x7f"), "a=00=0A=7F"},
	        {T(".hidden"), "=2Ehidden"},
	        {T("."), "=2E"},
	        {T(".."), "=2E=2E"},
	        {T("-rf"), "=2Drf"},
	        {T("end."), "end=2E"},
	        {T("end "), "end=20"},
	        {T(" a.b-c "), " a.b-c=20"},
	        {T("cur"), "=63ur"},
	        {T("New"), "=4Eew"},
	        {T("TMP"), "=54MP"},
	        {T("curl"), "curl"},
	        {T("Fragen?"), "Fragen=3F"},
	        {T("\"*?<>|"), "=22=2A=3F=3C=3E=7C"},
	        {T("Aux"), "=41ux"},
	        {T("con"), "=63on"},
	        {T("PRN.2024"), "=50RN.2024"},
	        {T("nul .x"), "=6Eul .x"},
	        {T("CONIN$"), "=43ONIN$"},
	        {T("conout$.a.b"), "=63onout$.a.b"},
	        {T("COM1"), "=43OM1"},
	        {T("lpt0"), "=6Cpt0"},
	        {T("LPT\xc2\xb3"), "=4CPT\xc2\xb3"},
	        {T("COM10"), "COM10"},
	        {T("COM\xc2\xb4"), "COM\xc2\xb4"},
	        {T("Console"), "Console"},
	        {T("auxiliary"), "auxiliary"},
	        {T("a.con"), "a.con"},
	        {T("x\xef\x80\xa2"), "x=EF=80=A2"}, /* U+F022, a colon on some shares */
	        {T("\xef\xbf\xbe"), "=EF=BF=BE"}, /* U+FFFE */
	        {T("Entw\xc3\xbcrfe"), "Entw\xc3\xbcrfe"},
	        {T("\xc2\x85x"), "=C2=85x"},
	        {T("caf\xe9"), "caf=E9"},
	        {T("\xe2\x80\xaegpj.exe"), "=E2=80=AEgpj.exe"},
	        {T("a\xe2\x81\xa6\xe2\x80\xa9"), "a=E2=81=A6=E2=80=A9"},
	        {T("\xe2\x80\x8f\xd7\x90"), "\xe2\x80\x8f\xd7\x90"},
	};
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_reset(&out);
		assert_int_equal(path_escape(rows[i].in.s, rows[i].in.n, &out), 0);
		assert_string_equal(buf_str(&out), rows[i].want);
		assert_true(path_is_safe(buf_str(&out)));
	}
	buf_clear(&out);
	buf_init(&out, 3);
	assert_int_equal(path_escape("abcd", 4, &out), ERR_LIMIT);
	buf_clear(&out);
}

static void long_components_get_a_hash(void **state)
{
	(void)state;
	char name[300];
	struct buf a, b;

	buf_init(&a, 1000);
	buf_init(&b, 1000);
	memset(name, 'x', sizeof name);
	assert_int_equal(path_escape(name, 200, &a), 0);
	assert_int_equal(a.len, 200);
	assert_int_equal(buf_str(&a)[199], 'x');
	buf_reset(&a);
	assert_int_equal(path_escape(name, 201, &a), 0);
	assert_int_equal(a.len, 200);
	assert_int_equal(buf_str(&a)[191], '~');
	name[200] = 'y';
	assert_int_equal(path_escape(name, 201, &b), 0);
	assert_string_not_equal(buf_str(&a), buf_str(&b));
	/* A border inside an escape or a character is not one. */
	for (size_t i = 0; i < 300; i += 3)
		memcpy(name + i, "\xe2\x82\xac", 3);
	buf_reset(&a);
	assert_int_equal(path_escape(name, 300, &a), 0);
	assert_int_equal(a.len, 189 + 9);
	memset(name, '/', sizeof name);
	buf_reset(&a);
	assert_int_equal(path_escape(name, 300, &a), 0);
	assert_int_equal(a.len, 189 + 9);
	assert_memory_equal(buf_str(&a) + 186, "=2F~", 4);
	buf_clear(&a);
	buf_clear(&b);
}

static void what_travels(void **state)
{
	static const char *const yes[] = {"INBOX", "=41ux", "a b", "a=3Ab", "COM10", ".x", "=2E"},
	                         *const no[] = {"", "a:b", "x?", "AUX", "aux.eml", "a.", "a ",
	                                 "a\tb", "q\"", "\xff", "lpt1.x", "com\xc2\xb9",
	                                 "a\xe2\x80\xae"};

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		assert_true(path_travels(yes[i], strlen(yes[i])));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(path_travels(no[i], strlen(no[i])));
}

static void twins_have_one_key(void **state)
{
	(void)state;
	static const char *const twins[][2] = {
	        /* Été */
	        {"Inbox", "INBOX"}, {"\xc3\x89t\xc3\xa9", "e\xcc\x81te\xcc\x81"},
	        {"stra\xc3\x9f"
	         "e",
	                "STRASSE"}, /* ß */
	        {"\xce\x91\xce\xb8\xce\xae\xce\xbd\xce\xb1",
	                "\xce\xb1\xce\xb8\xce\xb7\xcc\x81\xce\xbd\xce\xb1"},
	        {"\xd0\x99", "\xd0\xb8\xcc\x86"}, /* Й */
	        {"\xe1\xbb\x87", "E\xcc\xa3\xcc\x82"}, /* ệ */
	        {"\xed\x95\x9c", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"}, /* Hangul */
	        {"\xe3\x81\x8c", "\xe3\x81\x8b\xe3\x82\x99"}, /* ga */
	        {"\xd4\xb1", "\xd5\xa1"}, /* Armenian */
	        {"\xe2\xb1\xa5", "\xc8\xba"}, /* Latin Extended-C */
	        {"\xf0\x90\x90\x80", "\xf0\x90\x90\xa8"}, /* Deseret: APFS folds it */
	        {"\xe1\xb2\x90", "\xe1\x83\x90"}, /* Georgian */
	        {"\xef\xbc\xa1", "\xef\xbd\x81"}, /* fullwidth A */
	        {"\xef\xac\x81x", "FIX"}, /* the ligature fi */
	        {"\xe2\x93\x90", "\xe2\x92\xb6"}, /* circled a */
	        {"\xd7\xa9\xd7\x81", "\xef\xac\xaa"}, /* Hebrew, composed or not */
	        {"a\xe2\x80\x8d", "a"}, /* a joiner, which HFS+ ignores */
	};
	static const char *const others[][2] = {{"a", "b"}, {"INBOX", "INBOX "}, {"\xff", "\xfe"}};
	struct buf a, b;

	buf_init(&a, 1000);
	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
		buf_reset(&a);
		buf_reset(&b);
		path_fold(twins[i][0], &a);
		path_fold(twins[i][1], &b);
		assert_string_equal(buf_str(&a), buf_str(&b));
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		buf_reset(&a);
		buf_reset(&b);
		path_fold(others[i][0], &a);
		path_fold(others[i][1], &b);
		assert_string_not_equal(buf_str(&a), buf_str(&b));
	}
	buf_clear(&a);
	buf_clear(&b);
}

/* Names of files in trees hang on it: no character may ever get another key. */
static void keys_stay_as_they_are(void **state)
{
	static const char all[] =
	        "17bfb1fdf9024e260e8f75a4e2cd2754f3ce5a9be2dd50044ce1243c91f0b93b";
	struct buf key = buf_of(100);
	struct sha256 h;
	uint8_t sum[SHA256_LEN];
	char text[5], hex[SHA256_HEX_SIZE];

	(void)state;
	sha256_start(&h);
	for (uint32_t point = 1; point < 0x110000; point++) {
		if (point >= 0xd800 && point < 0xe000) /* surrogates */
			continue;
		text[utf8_put(point, text)] = '\0';
		buf_reset(&key);
		path_fold(text, &key);
		sha256_add(&h, buf_str(&key), key.len + 1);
	}
	sha256_end(&h, sum);
	hex_format(sum, SHA256_LEN, hex);
	assert_string_equal(hex, all);
	buf_clear(&key);
}

static void safe_paths(void **state)
{
	(void)state;
	static const char *const safe[] = {"a", "a/b", "mail/INBOX/cur/1.V2.valise:2,S", "...",
	        "a../b", ".hidden", "\xc3\xa9", "a b", "\xff"};
	static const char *const unsafe[] = {"", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a",
	        "a/./b", "a\\b", "a\nb", "\x7f", "a\xc2\x85"};

	for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
		assert_true(path_is_safe(safe[i]));
	for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++)
		assert_false(path_is_safe(unsafe[i]));
}

/* What fits stays, with its blanks; what does not is cut near its cap, whatever stands there. */
static void one_line(void **state)
{
	static const struct {
		const char *in, *out;
		size_t cap;
	} rows[] = {{"", "", 8}, {"  a  b ", "a  b", 8}, {"a\t\nb", "a  b", 4},
	        {"a    bc", "a bc", 4}, {"a        b", "a b", 4}, {"abc    d", "abc", 4},
	        {"abc\xe2\x82\xac", "abc", 5}, {"a\xff", "a\xef\xbf\xbd", 4},
	        {"a\xe2\x80\xae"
	         "b",
	                "ab", 4},
	        {"          ", "", 4}, {"\xe2\x82\xac", "", 2}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out = buf_of(SIZE_MAX);

		buf_puts(&out, "x");
		text_one_line(rows[i].in, strlen(rows[i].in), rows[i].cap, &out);
		assert_string_equal(buf_str(&out) + 1, rows[i].out);
		assert_int_equal(out.len, 1 + strlen(rows[i].out));
		buf_clear(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(utf8_accepts_and_refuses),
	        cmocka_unit_test(utf8_put_is_read_back),
	        cmocka_unit_test(term_shows_controls),
	        cmocka_unit_test(term_cuts_at_a_border),
	        cmocka_unit_test(path_components),
	        cmocka_unit_test(long_components_get_a_hash),
	        cmocka_unit_test(what_travels),
	        cmocka_unit_test(twins_have_one_key),
	        cmocka_unit_test(keys_stay_as_they_are),
	        cmocka_unit_test(safe_paths),
	        cmocka_unit_test(one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
