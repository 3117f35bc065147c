/* Transfer encodings: what others decode is what was put in, however it was cut. */
#include "outlook/mail/mailed.h"

/* Octets in an encoding, given in pieces of ${piece}. */
static char *coded(const char *text, size_t n, enum mail_coding coding, size_t piece)
{
	struct buf octets = buf_of(SIZE_MAX);
	struct mail_out out = {.write = mail_to_buf, .ctx = &octets};
	struct mail_code c;

	mail_code_start(&c, &out, coding);
	for (size_t at = 0; at < n; at += piece)
		assert_int_equal(mail_code_write(&c, text + at, MIN(piece, n - at), NULL), 0);
	mail_code_end(&c);
	return buf_take(&octets);
}

static void test_quoted(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	        {"", ""},
	        {"plain\r\ntext\r\n", "plain\r\ntext\r\n"},
	        {"a \r\nb\t\r\n", "a=20\r\nb=09\r\n"},
	        {"end ", "end=20"},
	        {"a b", "a b"},
	        {"\r", "=0D"},
	        {"a\rb\nc", "a=0Db=0Ac"},
	        {"\303\274=", "=C3=BC=3D"},
	        {".\r\nFrom x\r\n-- \r\n", "=2E\r\n=46rom x\r\n=2D-=20\r\n"},
	        {"012345678901234567890123456789012345678901234567890123456789012345678901234567",
	                "012345678901234567890123456789012345678901234567890123456789012345678901234"
	                "=\r\n567"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t piece = 1; piece < 5; piece++) {
			char *got =
			        coded(cases[i].text, strlen(cases[i].text), CODING_QUOTED, piece);

			assert_string_equal(got, cases[i].want);
			free(got);
		}
}

static void test_base64(void **state)
{
	uint8_t octets[200];

	(void)state;
	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)(i * 37);
	for (size_t n = 0; n <= sizeof octets; n++)
		for (size_t piece = 1; piece < 60; piece += 19) {
			char *want = base64_encode(octets, n);
			char *got = coded((const char *)octets, n, CODING_BASE64, piece), *to = got;

			assert_int_equal(
			        strlen(got), strlen(want) + 2 * ((strlen(want) + 75) / 76));
			for (const char *s = got; *s; s++)
				if (*s != '\r' && *s != '\n')
					*to++ = *s;
			*to = '\0';
			assert_string_equal(got, want);
			free(want);
			free(got);
		}
}

static void test_lines(void **state)
{
	static const char text[] = "a\rb\nc\r\nd\r\r\n\n";

	(void)state;
	for (size_t piece = 1; piece < sizeof text; piece++) {
		struct buf octets = buf_of(SIZE_MAX);
		struct mail_lines l = {mail_to_buf, &octets, false};

		for (size_t at = 0; at < strlen(text); at += piece)
			assert_int_equal(mail_lines_write(&l, text + at,
			                         MIN(piece, strlen(text) - at), NULL),
			        0);
		assert_string_equal(buf_str(&octets), "a\r\nb\r\nc\r\nd\r\n\r\n\r\n");
		buf_clear(&octets);
	}
}

static void test_choice(void **state)
{
	char longest[1002] = "";
	static const struct {
		const char *text;
		enum mail_coding want;
	} cases[] = {
	        {"", CODING_7BIT},
	        {"text\r\n", CODING_7BIT},
	        {"a\nb", CODING_QUOTED},
	        {"caf\303\251, and so on\r\n", CODING_QUOTED},
	        {"\344\275\240\345\245\275\r\n", CODING_BASE64},
	        {"x\001 is a control\r\n", CODING_QUOTED},
	        {"--=_ is how a delimiter begins\r\n", CODING_QUOTED},
	        {"x --=_ is none\r\n", CODING_7BIT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mail_look k = {0};

		mail_look_write(&k, cases[i].text, strlen(cases[i].text), NULL);
		assert_int_equal(mail_look_coding(&k), cases[i].want);
	}
	for (size_t n = 998; n <= 999; n++) {
		struct mail_look k = {0};

		memset(longest, 'x', n);
		mail_look_write(&k, longest, n, NULL);
		mail_look_write(&k, "\r\n", 2, NULL);
		assert_int_equal(mail_look_coding(&k), n == 998 ? CODING_7BIT : CODING_QUOTED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_quoted),
	        cmocka_unit_test(test_base64),
	        cmocka_unit_test(test_lines),
	        cmocka_unit_test(test_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
