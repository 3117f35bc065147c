#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/hash.h"

static void sha256_known_answers(void **state)
{
	(void)state;
	/* FIPS 180-4 examples. */
	static const char *const rows[][2] = {
	        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	};
	uint8_t sum[SHA256_LEN], again[SHA256_LEN];
	char hex[SHA256_HEX_SIZE];
	struct sha256 h;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		sha256_of(rows[i][0], strlen(rows[i][0]), sum);
		hex_format(sum, sizeof sum, hex);
		assert_string_equal(hex, rows[i][1]);
		assert_true(hex_parse(hex, again, sizeof again));
		assert_memory_equal(sum, again, sizeof sum);
	}
	sha256_start(&h);
	sha256_add(&h, "a", 1);
	sha256_add(&h, "bc", 2);
	sha256_end(&h, again);
	assert_memory_equal(sum, again, sizeof sum);
}

static void hex_is_strict(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "0", "0a0", "0A0b", "0a0b0", "0g0b", " a0b", "0a0b "};
	uint8_t out[2];

	assert_true(hex_parse("0aff", out, 2));
	assert_int_equal(out[1], 255);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(hex_parse(bad[i], out, 2));
}

static void base64_both_ways(void **state)
{
	(void)state;
	/* RFC 4648 10. */
	static const char *const rows[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
	        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
	        {"foobar", "Zm9vYmFy"}, {"\xff\xfe\xfb", "//77"}};
	uint8_t out[16];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = strlen(rows[i][0]);
		char *text = base64_encode(rows[i][0], n);

		assert_string_equal(text, rows[i][1]);
		assert_int_equal(base64_decode(text, strlen(text), out, n), (long)n);
		assert_memory_equal(out, rows[i][0], n);
		if (n > 0)
			assert_int_equal(base64_decode(text, strlen(text), out, n - 1), -1);
		free(text);
	}
}

static void base64_refuses(void **state)
{
	(void)state;
	static const char *const bad[] = {"Z", "Zg", "Zg=", "=", "====", "Z===", "Zg=a",
	        "Zh==", "Zm9=", "Zm 9v===", "Zm-v", "Zm9v\n\n\n\n"};
	uint8_t out[16];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(base64_decode(bad[i], strlen(bad[i]), out, sizeof out), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(sha256_known_answers),
	        cmocka_unit_test(hex_is_strict),
	        cmocka_unit_test(base64_both_ways),
	        cmocka_unit_test(base64_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
