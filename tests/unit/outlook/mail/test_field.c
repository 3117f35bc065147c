/* Header fields made of any text: encoded words, folding, addresses, parameters. */
#include "outlook/mail/mailed.h"
#include "valise/format/header.h"

static void test_text(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	        {"Hello", "S: Hello\r\n"},
	        {"  a\tb\r\nc ", "S: a b  c\r\n"},
	        {"", ""},
	        {" \n ", ""},
	        {"M\u00fcller", "S: =?utf-8?Q?M=C3=BCller?=\r\n"},
	        {"\u4f60\u597d", "S: =?utf-8?B?5L2g5aW9?=\r\n"},
	        /* what would be read as an encoded word */
	        {"=?x?", "S: =?utf-8?B?PT94Pw==?=\r\n"},
	        {"0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789",
	                "S: 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789\r\n"
	                " 0123456789\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf h = buf_of(SIZE_MAX);

		field_text(&h, "S", cases[i].text);
		assert_string_equal(buf_str(&h), cases[i].want);
		buf_clear(&h);
	}
}

/* Texts of any length come back as they were, in lines that every server takes. */
static void test_long_text(void **state)
{
	static const char *const pieces[] = {
	        "a", "\u00e4", "\u4f60", "\U0001f600", "word ", "=?", "=", "_"};

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		for (size_t n = 1; n < 1500; n += 37) {
			struct buf text = buf_of(SIZE_MAX), h = buf_of(SIZE_MAX);
			struct buf value = buf_of(SIZE_MAX), back = buf_of(SIZE_MAX);
			size_t column = 0, want;

			for (size_t k = 0; k < n; k++)
				buf_puts(&text, pieces[i]);
			want = text.len - (i == 4 ? 1 : 0); /* no blank at the end */
			field_text(&h, "Subject", buf_str(&text));
			for (size_t k = 0; k < h.len; k++) {
				column = h.data[k] == '\n' ? 0 : column + 1;
				assert_true(column <= (strchr("a=_", *pieces[i]) ? 998 : 77));
			}
			assert_int_equal(header_find(buf_str(&h), h.len, "subject", &value), 1);
			header_whole_text(buf_str(&value), value.len, SIZE_MAX, &back);
			assert_int_equal(back.len, want);
			assert_memory_equal(back.data, text.data, want);
			buf_clear(&text);
			buf_clear(&h);
			buf_clear(&value);
			buf_clear(&back);
		}
	}
}

/* A URL may be long; one that no line holds is left out. */
static void test_urls(void **state)
{
	char url[1000];

	(void)state;
	for (size_t n = 600; n < sizeof url; n += 399) {
		struct buf h = buf_of(SIZE_MAX);

		memset(url, 'u', n);
		url[n] = '\0';
		field_tokens(&h, "List-Help", url);
		assert_int_equal(h.len, n == 600 ? 613 : 0);
		buf_clear(&h);
	}
}

/* Blanks between two words fill no line over 998 octets. */
static void test_blanks(void **state)
{
	struct buf h = buf_of(SIZE_MAX);
	char text[1200];

	(void)state;
	memset(text, ' ', sizeof text);
	text[0] = text[sizeof text - 2] = 'x';
	text[sizeof text - 1] = '\0';
	field_text(&h, "Subject", text);
	for (const char *s = buf_str(&h); *s; s += strcspn(s, "\n") + 1)
		assert_true(strcspn(s, "\r") <= 78);
	buf_clear(&h);
}

static void test_spec(void **state)
{
	static const char *const good[] = {"a@b", "a.b@c.d", "o'neil+x@example.org", "=?@x",
	        "a@[1.2.3.4]", "\"a\"@b", "\"a \\\" b\"@c"};
	static const char *const bad[] = {"", "a", "@b", "a@", "a@b@c", "a b@c", ".a@b", "a.@b",
	        "a..b@c", "a@b.", "<a@b>", "\u00fc@b", "a@[1", "\"a@b", "\"a\"b@c", "\"\r\n\"@b",
	        "\"a\\", "/o=X/cn=Y"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(field_is_spec(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(field_is_spec(bad[i]));
}

static void test_addresses(void **state)
{
	static char mail[] = "a@example.org", ann[] = "ann@example.org", ann_lee[] = "Ann Lee",
	            quoted[] = "Lee, \"Ann\"", umlaut[] = "\u00c4nne", anne[] = "anne@example.org";
	static const struct field_address list[] = {
	        {NULL, mail}, {mail, mail}, {ann_lee, ann}, {quoted, ann}, {umlaut, anne}};
	struct buf h = buf_of(SIZE_MAX);

	(void)state;
	field_addresses(&h, "To", list, 0);
	assert_string_equal(buf_str(&h), "");
	field_addresses(&h, "To", list, COUNT(list));
	assert_string_equal(buf_str(&h),
	        "To: a@example.org, a@example.org, Ann Lee <ann@example.org>,\r\n"
	        " \"Lee, \\\"Ann\\\"\" <ann@example.org>, "
	        "=?utf-8?Q?=C3=84nne?= <anne@example.org>\r\n");
	buf_clear(&h);
}

static void test_params(void **state)
{
	static const char *const names[] = {"a.txt", "a\"b\\c.txt", "Gr\u00fc\u00dfe.pdf",
	        "a very long name of a file that does not fit into one line of a header.docx",
	        "\u4f60\u597d\u4f60\u597d\u4f60\u597d\u4f60\u597d\u4f60\u597d\u4f60\u597d.txt",
	        "50% 'off'*.txt"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct buf h = buf_of(SIZE_MAX), value = buf_of(SIZE_MAX), back = buf_of(SIZE_MAX);

		buf_puts(&h, "Content-Disposition: attachment");
		field_param(&h, "filename", names[i]);
		buf_puts(&h, "\r\n");
		for (const char *s = buf_str(&h); *s; s = strchr(s, '\n') + 1)
			assert_true(strchr(s, '\n') - s <= 80);
		assert_int_equal(header_find(buf_str(&h), h.len, "Content-Disposition", &value), 1);
		assert_int_equal(
		        header_param_text(buf_str(&value), value.len, "filename", SIZE_MAX, &back),
		        1);
		assert_string_equal(buf_str(&back), names[i]);
		buf_clear(&h);
		buf_clear(&value);
		buf_clear(&back);
	}
}

static void test_dates(void **state)
{
	static const struct {
		int64_t utc;
		const char *want;
	} cases[] = {
	        {0, "Thu, 01 Jan 1970 00:00:00 +0000"},
	        {1772439300, "Mon, 02 Mar 2026 08:15:00 +0000"},
	        {-1, "Wed, 31 Dec 1969 23:59:59 +0000"},
	        {951782399, "Mon, 28 Feb 2000 23:59:59 +0000"},
	        {-11644473600, "Mon, 01 Jan 1601 00:00:00 +0000"},
	        {253402300799, "Fri, 31 Dec 9999 23:59:59 +0000"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[FIELD_DATE_SIZE];

		assert_string_equal(field_date_text(cases[i].utc, text), cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_text),
	        cmocka_unit_test(test_long_text),
	        cmocka_unit_test(test_urls),
	        cmocka_unit_test(test_blanks),
	        cmocka_unit_test(test_spec),
	        cmocka_unit_test(test_addresses),
	        cmocka_unit_test(test_params),
	        cmocka_unit_test(test_dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
