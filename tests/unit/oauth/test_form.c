#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "oauth/form.h"
#include "valise/base/mem.h"

/* The example of RFC 7636, appendix B. */
static void pkce_is_that_of_the_rfc(void **state)
{
	static const uint8_t octets[] = {116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125,
	        216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132,
	        141, 121};
	char verifier[WORD_SIZE], challenge[WORD_SIZE];

	(void)state;
	base64url_put(octets, sizeof octets, verifier, sizeof verifier);
	assert_string_equal(verifier, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
	pkce_challenge(verifier, challenge);
	assert_string_equal(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

static void words_are_long_and_differ(void **state)
{
	char a[WORD_SIZE], b[WORD_SIZE];
	struct err err;

	(void)state;
	assert_int_equal(random_word(a, &err), 0);
	assert_int_equal(random_word(b, &err), 0);
	assert_int_equal(strlen(a), 43);
	assert_string_not_equal(a, b);
}

static void urls_are_built(void **state)
{
	static const struct {
		const char *authorize, *scopes, *user, *want;
	} rows[] = {
	        {"https://as.example/auth", "mail", "al ice&x=1@example.org",
	                "https://as.example/auth?response_type=code&client_id=my%20app&redirect_uri="
	                "http%3A%2F%2F127.0.0.1%3A9%2F&scope=mail&state=S&code_challenge=C&code_"
	                "challenge_method=S256&login_hint=al%20ice%26x%3D1%40example.org"},
	        {"https://as.example/auth?tenant=x", NULL, NULL,
	                "https://as.example/auth?tenant=x&response_type=code&client_id=my%20app&"
	                "redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2F&state=S&code_challenge=C&code_"
	                "challenge_method=S256"},
	        {"https://as.example/", "openid offline_access", NULL,
	                "https://as.example/?response_type=code&client_id=my%20app&redirect_uri=http%"
	                "3A%2F%2F127.0.0.1%3A9%2F&scope=openid%20offline_access&state=S&code_"
	                "challenge=C&code_challenge_method=S256&prompt=consent"},
	        {"https://as.example/?prompt=login", "offline_access openid", NULL,
	                "https://as.example/?prompt=login&response_type=code&client_id=my%20app&"
	                "redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2F&scope=offline_access%20openid&"
	                "state=S&code_challenge=C&code_challenge_method=S256"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct oauth_client c = {.authorize = (char *)(uintptr_t)rows[i].authorize,
		        .scopes = (char *)(uintptr_t)rows[i].scopes,
		        .user = (char *)(uintptr_t)rows[i].user,
		        .id = (char *)(uintptr_t) "my app"};
		struct buf b = buf_of(4096);

		authorize_url(&c, "http://127.0.0.1:9/", "S", "C", &b);
		assert_string_equal(buf_str(&b), rows[i].want);
		buf_clear(&b);
	}
}

static void tokens_go_over_tls(void **state)
{
	static const struct {
		const char *url;
		bool cleartext, good;
	} rows[] = {
	        {"https://as.example/token", false, true},
	        {"HTTPS://as.example:8443/token?x=y", false, true},
	        {"http://as.example/token", false, false},
	        {"http://as.example/token", true, false},
	        {"http://127.0.0.1:8080/token", false, false},
	        {"http://127.0.0.1:8080/token", true, true},
	        {"http://localhost:8080/token", true, true},
	        {"http://[::1]:8080/token", true, true},
	        {"http://127.0.0.1.as.example/token", true, false},
	        {"http://localhost@as.example/token", true, false},
	        {"ftp://as.example/", true, false},
	        {"javascript:alert(1)", true, false},
	        {"as.example/token", true, false},
	        {"", true, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if ((why_untrusted(rows[i].url, rows[i].cleartext) == NULL) != rows[i].good)
			fail_msg("%s", rows[i].url);
}

static void metadata_is_found(void **state)
{
	static const struct {
		const char *issuer;
		unsigned nth;
		const char *want;
	} rows[] = {
	        {"https://as.example", 0, "https://as.example/.well-known/openid-configuration"},
	        {"https://as.example/", 0, "https://as.example/.well-known/openid-configuration"},
	        {"https://as.example/t/v2", 0,
	                "https://as.example/t/v2/.well-known/openid-configuration"},
	        {"https://as.example", 1,
	                "https://as.example/.well-known/oauth-authorization-server"},
	        {"https://as.example/", 1,
	                "https://as.example/.well-known/oauth-authorization-server"},
	        {"https://as.example/t/v2", 1,
	                "https://as.example/.well-known/oauth-authorization-server/t/v2"},
	        {"https://as.example", 2, NULL},
	        {"as.example", 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b = buf_of(1024);

		assert_int_equal(metadata_url(rows[i].issuer, rows[i].nth, &b), !!rows[i].want);
		assert_string_equal(buf_str(&b), rows[i].want ? rows[i].want : "");
		buf_clear(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(pkce_is_that_of_the_rfc),
	        cmocka_unit_test(words_are_long_and_differ),
	        cmocka_unit_test(urls_are_built),
	        cmocka_unit_test(tokens_go_over_tls),
	        cmocka_unit_test(metadata_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
