#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "oauth/redirect.h"
#include "valise/base/mem.h"

#define HOST "Host: 127.0.0.1:4711\r\n"

static const struct row {
	const char *line, *head; /* NULL: the right Host */
	const char *issuer;
	bool iss_needed;
	enum redirect want;
	const char *text; /* the code, or of the error */
} rows[] = {
        {"GET /?code=c%2Fd&state=S HTTP/1.1", NULL, NULL, false, REDIRECT_CODE, "c/d"},
        {"GET /?state=S&code=a%2Bb+c&x=y&iss=https%3A%2F%2Fas.example HTTP/1.1", NULL,
                "https://as.example", true, REDIRECT_CODE, "a+b c"},
        {"GET /?state=S&code=c HTTP/1.1", "host:127.0.0.1:4711\r\nCookie: x\r\n", NULL, false,
                REDIRECT_CODE, "c"},
        {"GET /?state=S&code=c HTTP/1.1", NULL, "https://as.example", false, REDIRECT_CODE, "c"},
        /* of another server (RFC 9207) */
        {"GET /?state=S&code=c&iss=https%3A%2F%2Fevil.example HTTP/1.1", NULL, "https://as.example",
                false, REDIRECT_ERROR, "another server"},
        {"GET /?state=S&code=c HTTP/1.1", NULL, "https://as.example", true, REDIRECT_ERROR,
                "does not say"},
        {"GET /?state=S&error=access_denied&error_description=no%1b%5B2J HTTP/1.1", NULL, NULL,
                false, REDIRECT_ERROR, "access_denied (no\\x1b[2J)"},
        {"GET /?state=S HTTP/1.1", NULL, NULL, false, REDIRECT_ERROR, "no code"},
        {"GET /?state=S&code= HTTP/1.1", NULL, NULL, false, REDIRECT_ERROR, "no code"},
        /* not of this sign-in */
        {"GET /?code=c&state=T HTTP/1.1", NULL, NULL, false, REDIRECT_FORGED, NULL},
        {"GET /?code=c HTTP/1.1", NULL, NULL, false, REDIRECT_FORGED, NULL},
        {"GET /?error=access_denied HTTP/1.1", NULL, NULL, false, REDIRECT_FORGED, NULL},
        {"GET /?state=S&state=S&code=c HTTP/1.1", NULL, NULL, false, REDIRECT_FORGED, NULL},
        {"GET /?state=S&code=c&code=d HTTP/1.1", NULL, NULL, false, REDIRECT_FORGED, NULL},
        {"GET /?state=S&code=c%00 HTTP/1.1", NULL, NULL, false, REDIRECT_FORGED, NULL},
        {"GET /?state=S&code=%zz HTTP/1.1", NULL, NULL, false, REDIRECT_FORGED, NULL},
        /* something else */
        {"GET /favicon.ico HTTP/1.1", NULL, NULL, false, REDIRECT_OTHER, NULL},
        {"GET / HTTP/1.1", NULL, NULL, false, REDIRECT_OTHER, NULL},
        {"GET /x?code=c&state=S HTTP/1.1", NULL, NULL, false, REDIRECT_OTHER, NULL},
        {"POST /?code=c&state=S HTTP/1.1", NULL, NULL, false, REDIRECT_OTHER, NULL},
        {"HEAD /?code=c&state=S HTTP/1.1", NULL, NULL, false, REDIRECT_OTHER, NULL},
        {"GET /?code=c&state=S HTTP/1.1", "Host: evil.example:4711\r\n", NULL, false,
                REDIRECT_OTHER, NULL},
        {"GET /?code=c&state=S HTTP/1.1", "Host: 127.0.0.1:47111\r\n", NULL, false, REDIRECT_OTHER,
                NULL},
        {"GET /?code=c&state=S HTTP/1.1", HOST "Host: evil.example\r\n", NULL, false,
                REDIRECT_OTHER, NULL},
        {"GET /?code=c&state=S HTTP/1.1", "X: y\r\n", NULL, false, REDIRECT_OTHER, NULL},
        {"\x16\x03\x01", NULL, NULL, false, REDIRECT_OTHER, NULL},
};

static void requests_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		struct redirect_want want = {.port = 4711,
		        .state = "S",
		        .issuer = r->issuer,
		        .iss_needed = r->iss_needed};
		char *text = xasprintf("%s\r\n%s\r\n", r->line, r->head ? r->head : HOST);
		struct secret code = {0};
		struct err err = {0};
		enum redirect got = redirect_read(text, strlen(text), &want, &code, &err);

		if (got != r->want)
			fail_msg("row %zu: %d, %s", i, got, err.text);
		if (r->want == REDIRECT_CODE)
			assert_string_equal(code.data, r->text);
		else
			assert_null(code.data);
		if (r->want == REDIRECT_ERROR && !strstr(err.text, r->text))
			fail_msg("row %zu: %s", i, err.text);
		secret_clear(&code);
		/* and no octet earlier */
		for (size_t n = 0; n < strlen(text); n++)
			assert_int_equal(redirect_read(text, n, &want, &code, &err), REDIRECT_MORE);
		free(text);
	}
	secret_forget_all();
}

static void a_head_without_end_is_none(void **state)
{
	struct redirect_want want = {.port = 4711, .state = "S"};
	struct secret code = {0};
	struct err err = {0};
	char *text = xmalloc(REQUEST_MAX);

	(void)state;
	memset(text, 'x', REQUEST_MAX);
	assert_int_equal(redirect_read(text, REQUEST_MAX, &want, &code, &err), REDIRECT_OTHER);
	assert_int_equal(redirect_read("GET\0", 4, &want, &code, &err), REDIRECT_OTHER);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(requests_are_judged),
	        cmocka_unit_test(a_head_without_end_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
