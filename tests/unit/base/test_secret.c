#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/secret.h"
#include "valise/base/service.h"

static void set_and_clear(void **state)
{
	(void)state;
	struct secret s = {NULL, 0};
	struct err err;

	assert_int_equal(secret_set(&s, "pa ss", 5, &err), 0);
	assert_string_equal(s.data, "pa ss");
	assert_int_equal(secret_set(&s, s.data + 3, 2, &err), 0);
	assert_string_equal(s.data, "ss");
	assert_int_equal(s.len, 2);
	assert_int_equal(secret_set(&s, "", 0, &err), 0);
	assert_string_equal(s.data, "");
	secret_clear(&s);
	assert_null(s.data);
	secret_clear(&s);
}

static void bounds(void **state)
{
	(void)state;
	struct secret s = {NULL, 0};
	struct err err;
	char *big = malloc(SECRET_MAX + 1);

	assert_non_null(big);
	memset(big, 'x', SECRET_MAX + 1);
	assert_int_equal(secret_set(&s, big, SECRET_MAX, &err), 0);
	assert_int_equal(secret_set(&s, big, SECRET_MAX + 1, &err), ERR_LIMIT);
	assert_int_equal(s.len, SECRET_MAX);
	assert_int_equal(secret_set(&s, "a\0b", 3, &err), ERR_USAGE);
	secret_clear(&s);
	wipe(big, SECRET_MAX + 1);
	assert_int_equal(big[77], 0);
	wipe(NULL, 0);
	free(big);
}

static void learn(const char *text)
{
	struct secret s = {NULL, 0};

	assert_int_equal(secret_set(&s, text, strlen(text), NULL), 0);
	secret_learn(&s);
	secret_clear(&s);
}

static void masked(void **state)
{
	static const struct {
		const char *secret, *text, *wanted;
	} cases[] = {
	        {"s3cr&t pw", "you said s3cr&t pw.", "you said ***."},
	        {"s3cr&t pw", "S3CR&T PW, s3cr&t pws3cr&t pw", "***, ******"},
	        {"s3cr&t pw", "x?p=s3cr%26t%20pw&y", "x?p=***&y"},
	        {"s3cr&t pw", "%73%33%63%72%2526%74+pw", "***"},
	        {"s3cr&t pw", "<b>s3cr&amp;t pw</b> s3cr=26t=20pw", "<b>***</b> ***"},
	        {"s3cr&t pw", "czNjciZ0IHB3 and AGFsaWNlAHMzY3ImdCBwdw== it", "*** and *** it"},
	        {"s3cr&t pw", "Basic YWxpY2U6czNjciZ0IHB3", "Basic ***"},
	        {"s3cr&t pw", "s3cr&t p\" (cut), s3cr (not)", "***\" (cut), s3cr (not)"},
	        {"s3cr&t pw", "nothing of it", "nothing of it"},
	        {"a\"b\\c\xc3\xa4"
	         "ef",
	                "a\\\"b\\\\c\xc3\xa4"
	                "ef a\"b\\c\\xc3\\xa4ef",
	                "*** ***"},
	        {"%25lit%41", "%25lit%41 and %2525lit%2541", "*** and ***"},
	        {"ya29.token-of-oauth_and-more", "Bearer ya29.token-of-oauth_and-more",
	                "Bearer ***"},
	        {"ya29.token-of-oauth_and-more", "ya29.token-of-oa... cut", "***... cut"},
	        {"Long-before-the-first&odd", "p=Long-before-the-first%26odd!", "p=***!"},
	        {"hund", "hundred hund \"HUND\" ahund", "hundred *** \"***\" ahund"},
	        {"pw", "pw stays", "pw stays"},
	        {"mailbox", "the mailbox; AGFsaWNlAG1haWxib3g=", "the mailbox; ***"},
	        {"passw\xc3\xb6rd", "passw\xc3\xb6rd passw%C3%B6rd", "*** ***"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[200];

		secret_forget_all();
		learn(cases[i].secret);
		assert_true(strlen(cases[i].text) < sizeof text);
		strcpy(text, cases[i].text);
		assert_string_equal(secret_mask(text, NULL), cases[i].wanted);
	}
	secret_forget_all();
}

static void octets_are_masked(void **state)
{
	char text[] = "\0you said\0s3cr&t pw\0\0S3CR&T PW";

	(void)state;
	secret_forget_all();
	learn("s3cr&t pw");
	assert_int_equal(secret_mask_octets(text, sizeof text - 1), 18);
	assert_memory_equal(text, "\0you said\0***\0\0***", 19);
	assert_int_equal(secret_mask_octets(text, 0), 0);
	secret_forget_all();
}

/* Where foreign words become text: an error holds none of any secret that is known. */
static void errors_are_masked(void **state)
{
	struct err err;

	(void)state;
	learn("first-token-1");
	learn("second-token-2");
	learn("second-token-2");
	err_set(&err, ERR_AUTH, ERR_WHOLE, "the server says: %s \x1b",
	        "no first-token-1, SECOND-TOKEN-2");
	assert_string_equal(err.text, "the server says: no ***, *** \\x1b");
	err_wrap(&err, "%s", "first-token-1");
	assert_string_equal(err.text, "***: the server says: no ***, *** \\x1b");
	for (int i = 0; i < 40; i++) { /* the oldest are let go */
		char token[32];

		snprintf(token, sizeof token, "another-token-%02d", i);
		learn(token);
	}
	err_set(&err, ERR_AUTH, ERR_WHOLE, "another-token-39 first-token-1");
	assert_string_equal(err.text, "*** first-token-1");
	learn("file");
	err_set(&err, ERR_AUTH, ERR_WHOLE, "no such file: %s", "file");
	assert_string_equal(err.text, "no such file: file");
	err_set(&err, ERR_AUTH, ERR_WHOLE, "the server says: %s", "file is wrong");
	assert_string_equal(err.text, "the server says: *** is wrong");
	secret_forget_all();
	err_set(&err, ERR_AUTH, ERR_WHOLE, "another-token-39");
	assert_string_equal(err.text, "another-token-39");
}

static void service_strings_are_freed(void **state)
{
	(void)state;
	struct service s = {0};

	s.at.host = strdup("host");
	s.at.pin = strdup("00");
	s.login.user = strdup("alice");
	service_clear(&s);
	assert_null(s.at.host);
	assert_null(s.login.user);
	service_clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(set_and_clear),
	        cmocka_unit_test(bounds),
	        cmocka_unit_test(masked),
	        cmocka_unit_test(octets_are_masked),
	        cmocka_unit_test(errors_are_masked),
	        cmocka_unit_test(service_strings_are_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
