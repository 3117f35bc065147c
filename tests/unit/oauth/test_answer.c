#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "oauth/answer.h"
#include "valise/base/mem.h"

static void token_answers(void **state)
{
	static const struct {
		int status;
		const char *text;
		enum answer_next next;
		int rc;
		const char *access, *refresh, *says;
		int64_t expires_ms;
	} rows[] = {
	        {200,
	                "{\"access_token\":\"at\",\"token_type\":\"Bearer\",\"expires_in\":3600,"
	                "\"refresh_token\":\"rt\",\"scope\":\"x\"}",
	                NEXT_DONE, 0, "at", "rt", NULL, 1000 + 3600000},
	        {200, "{\"access_token\":\"at\",\"token_type\":\"bearer\",\"expires_in\":\"60\"}",
	                NEXT_DONE, 0, "at", NULL, NULL, 61000},
	        {200, "{\"access_token\":\"at\",\"token_type\":\"Bearer\",\"expires_in\":59.9}",
	                NEXT_DONE, 0, "at", NULL, NULL, 60000},
	        {200, "{\"access_token\":\"at\",\"token_type\":\"Bearer\",\"expires_in\":-1}",
	                NEXT_DONE, 0, "at", NULL, NULL, INT64_MAX},
	        {200, "{\"access_token\":\"at\",\"token_type\":\"Bearer\",\"expires_in\":1e300}",
	                NEXT_DONE, 0, "at", NULL, NULL, INT64_MAX},
	        {200, "{\"access_token\":\"at\",\"refresh_token\":\"\"}", NEXT_DONE, 0, "at", NULL,
	                NULL, INT64_MAX},
	        /* what is none */
	        {200, "{\"access_token\":\"a\\u0001t\",\"token_type\":\"Bearer\"}", NEXT_FAIL,
	                ERR_PROTO, NULL, NULL, "no access token", 0},
	        {200, "{\"access_token\":\"a\\u0000t\",\"token_type\":\"Bearer\"}", NEXT_FAIL,
	                ERR_PROTO, NULL, NULL, "no access token", 0},
	        {200, "{\"access_token\":\"a\\r\\nX: y\",\"token_type\":\"Bearer\"}", NEXT_FAIL,
	                ERR_PROTO, NULL, NULL, "no access token", 0},
	        {200, "{\"access_token\":7,\"token_type\":\"Bearer\"}", NEXT_FAIL, ERR_PROTO, NULL,
	                NULL, "no access token", 0},
	        {200, "{\"access_token\":\"at\",\"token_type\":\"DPoP\"}", NEXT_FAIL,
	                ERR_UNSUPPORTED, NULL, NULL, "DPoP", 0},
	        /* the refresh token is not lost with what is odd beside it */
	        {200,
	                "{\"access_token\":\"at\",\"refresh_token\":\"rt\",\"expires_in\":"
	                "99999999999999999999}",
	                NEXT_DONE, 0, "at", "rt", NULL, INT64_MAX},
	        {200, "{\"access_token\":\"at\",\"refresh_token\":\"rt\",\"error\":null}",
	                NEXT_DONE, 0, "at", "rt", NULL, INT64_MAX},
	        {200, "{\"access_token\":\"at\",\"refresh_token\":\"rt\",\"error\":\"\"}",
	                NEXT_DONE, 0, "at", "rt", NULL, INT64_MAX},
	        {200, "{\"access_token\":\"at\",\"refresh_token\":\"rt\",\"x\":\"\\u0000\"}",
	                NEXT_DONE, 0, "at", "rt", NULL, INT64_MAX},
	        {200,
	                "{\"access_token\":\"at\",\"refresh_token\":\"rt\",\"token_type\":"
	                "\"DPoP\"}",
	                NEXT_FAIL, ERR_UNSUPPORTED, NULL, "rt", "DPoP", 0},
	        {200, "{\"refresh_token\":\"rt\"}", NEXT_FAIL, ERR_PROTO, NULL, "rt",
	                "no access token", 0},
	        /* busy, in words and without */
	        {429, "slow", NEXT_FAIL, ERR_BUSY, NULL, NULL, "HTTP 429", 0},
	        {503, "{\"error\":\"temporarily_unavailable\"}", NEXT_FAIL, ERR_BUSY, NULL, NULL,
	                "temporarily_unavailable", 0},
	        {429, "{\"error\":\"slow_down\"}", NEXT_SLOWER, 0, NULL, NULL, NULL, 0},
	        {200, "{\"access_token\":\"at\",\"access_token\":\"bt\"}", NEXT_FAIL, ERR_PROTO,
	                NULL, NULL, "not one of OAuth", 0},
	        {200, "[]", NEXT_FAIL, ERR_PROTO, NULL, NULL, "not one of OAuth", 0},
	        {200, "", NEXT_FAIL, ERR_PROTO, NULL, NULL, "not one of OAuth", 0},
	        {502, "<html>", NEXT_FAIL, ERR_BUSY, NULL, NULL, "HTTP 502", 0},
	        /* a refusal with 200, as GitHub has it */
	        {200, "{\"error\":\"authorization_pending\",\"access_token\":\"x\"}", NEXT_WAIT, 0,
	                NULL, NULL, NULL, 0},
	        {400, "{\"error\":\"authorization_pending\"}", NEXT_WAIT, 0, NULL, NULL, NULL, 0},
	        {400, "{\"error\":\"slow_down\"}", NEXT_SLOWER, 0, NULL, NULL, NULL, 0},
	        {400, "{\"error\":\"expired_token\"}", NEXT_FAIL, ERR_AUTH, NULL, NULL, "too old",
	                0},
	        {400, "{\"error\":\"access_denied\"}", NEXT_FAIL, ERR_AUTH, NULL, NULL, "refused",
	                0},
	        {400, "{\"error\":\"invalid_grant\",\"error_description\":\"gr\\u001b[2Jant\"}",
	                NEXT_SIGN_IN, ERR_AUTH, NULL, NULL, "invalid_grant (gr\\x1b[2Jant)", 0},
	        {401, "{\"error\":\"invalid_client\"}", NEXT_FAIL, ERR_AUTH, NULL, NULL,
	                "oauth-client-id", 0},
	        {400, "{\"error\":\"new_one\",\"error_description\":7}", NEXT_FAIL, ERR_AUTH, NULL,
	                NULL, "new_one", 0},
	        {400, "{\"error\":7}", NEXT_FAIL, ERR_PROTO, NULL, NULL, "HTTP 400", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct oauth_tokens t = {0};
		enum answer_next next;
		struct err err = {0};
		int rc = answer_tokens(
		        rows[i].status, rows[i].text, strlen(rows[i].text), 1000, &t, &next, &err);

		if (rc != rows[i].rc || next != rows[i].next)
			fail_msg("row %zu: %d, next %d: %s", i, rc, next, err.text);
		if (rows[i].says && !strstr(err.text, rows[i].says))
			fail_msg("row %zu: %s", i, err.text);
		if (rows[i].access)
			assert_string_equal(t.access.data, rows[i].access);
		else
			assert_null(t.access.data);
		if (rows[i].refresh)
			assert_string_equal(t.refresh.data, rows[i].refresh);
		else
			assert_null(t.refresh.data);
		assert_true(t.expires_ms == rows[i].expires_ms);
		oauth_tokens_clear(&t);
	}
	secret_forget_all();
}

static void an_answer_without_end_is_none(void **state)
{
	size_t n = ANSWER_MAX + 1;
	char *text = xmalloc(n);
	struct oauth_tokens t = {0};
	enum answer_next next;
	struct err err = {0};

	(void)state;
	memset(text, ' ', n);
	memcpy(text, "{}", 2);
	assert_int_equal(answer_tokens(200, text, n, 0, &t, &next, &err), ERR_PROTO);
	free(text);
}

static void an_access_token_without_end_leaves_the_other(void **state)
{
	static const char head[] = "{\"refresh_token\":\"rt\",\"access_token\":\"";
	size_t n = sizeof head - 1 + SECRET_MAX + 1;
	char *text = xmalloc(n + 2);
	struct oauth_tokens t = {0};
	enum answer_next next;
	struct err err = {0};

	(void)state;
	memset(text, 'a', n);
	memcpy(text, head, sizeof head - 1);
	memcpy(text + n, "\"}", 2);
	assert_int_equal(answer_tokens(200, text, n + 2, 0, &t, &next, &err), ERR_LIMIT);
	assert_null(t.access.data);
	assert_string_equal(t.refresh.data, "rt");
	oauth_tokens_clear(&t);
	free(text);
}

static void device_answers(void **state)
{
	static const struct {
		int status;
		const char *text;
		int rc;
		const char *url, *whole;
		unsigned interval_s, expires_s;
	} rows[] = {
	        {200,
	                "{\"device_code\":\"d\",\"user_code\":\"WDJB\",\"verification_uri\":\"https://"
	                "as.example/device\",\"verification_uri_complete\":\"https://as.example/"
	                "device?c=WDJB\",\"expires_in\":1800,\"interval\":2}",
	                0, "https://as.example/device", "https://as.example/device?c=WDJB", 2,
	                1800},
	        {200,
	                "{\"device_code\":\"d\",\"user_code\":\"u\",\"verification_url\":\"https://"
	                "as.example/d\",\"expires_in\":99999999,\"interval\":0}",
	                0, "https://as.example/d", NULL, 1, DEVICE_MAX_S},
	        {200,
	                "{\"device_code\":\"d\",\"user_code\":\"u\",\"verification_uri\":\"https://"
	                "as.example/d\",\"verification_uri_complete\":\"file:///x\"}",
	                0, "https://as.example/d", NULL, INTERVAL_DEFAULT_S, DEVICE_MAX_S},
	        {200,
	                "{\"device_code\":\"d\",\"user_code\":\"u\",\"verification_uri\":"
	                "\"javascript:x\"}",
	                ERR_PROTO, NULL, NULL, 0, 0},
	        {200, "{\"user_code\":\"u\",\"verification_uri\":\"https://as.example/d\"}",
	                ERR_PROTO, NULL, NULL, 0, 0},
	        {400, "{\"error\":\"invalid_scope\"}", ERR_AUTH, NULL, NULL, 0, 0},
	        {404, "not here", ERR_PROTO, NULL, NULL, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct device_answer a = {0};
		struct err err = {0};
		int rc =
		        answer_device(rows[i].status, rows[i].text, strlen(rows[i].text), &a, &err);

		if (rc != rows[i].rc)
			fail_msg("row %zu: %d %s", i, rc, err.text);
		if (rows[i].url)
			assert_string_equal(a.url, rows[i].url);
		if (rows[i].whole)
			assert_string_equal(a.whole, rows[i].whole);
		else
			assert_null(a.whole);
		assert_int_equal(a.interval_s, rows[i].interval_s);
		assert_int_equal(a.expires_s, rows[i].expires_s);
		device_answer_clear(&a);
	}
}

static void metadata_is_of_its_issuer(void **state)
{
	static const char good[] =
	        "{\"issuer\":\"https://as.example\",\"authorization_endpoint\":\"https://as.example/"
	        "a\",\"token_endpoint\":\"https://as.example/t\",\"revocation_endpoint\":\"https://"
	        "as.example/r\",\"device_authorization_endpoint\":\"https://as.example/d\","
	        "\"authorization_response_iss_parameter_supported\":true,\"x\":[1.5]}";
	struct oauth_client c = {
	        .issuer = xstrdup("https://as.example"), .token = xstrdup("https://mine.example/")};
	struct err err = {0};

	(void)state;
	assert_int_equal(answer_metadata(good, sizeof good - 1, &c, &err), 0);
	assert_string_equal(c.authorize, "https://as.example/a");
	assert_string_equal(c.device, "https://as.example/d");
	assert_string_equal(c.revoke, "https://as.example/r");
	assert_string_equal(c.token, "https://mine.example/"); /* given */
	assert_true(c.iss_comes);
	free(c.issuer);
	c.issuer = xstrdup("https://as.example/other");
	assert_int_equal(answer_metadata(good, sizeof good - 1, &c, &err), ERR_PROTO);
	assert_int_equal(answer_metadata("x", 1, &c, &err), ERR_PROTO);
	oauth_client_clear(&c);
}

static void revoked_is_any_2xx(void **state)
{
	static const char no[] = "{\"error\":\"unsupported_token_type\"}";
	struct err err = {0};

	(void)state;
	assert_int_equal(answer_revoked(200, "", 0, &err), 0);
	assert_int_equal(answer_revoked(400, no, sizeof no - 1, &err), ERR_AUTH);
	assert_non_null(strstr(err.text, "unsupported_token_type"));
	assert_int_equal(answer_revoked(503, "x", 1, &err), ERR_BUSY);
	assert_int_equal(answer_revoked(404, "x", 1, &err), ERR_PROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(token_answers),
	        cmocka_unit_test(an_answer_without_end_is_none),
	        cmocka_unit_test(an_access_token_without_end_leaves_the_other),
	        cmocka_unit_test(device_answers),
	        cmocka_unit_test(metadata_is_of_its_issuer),
	        cmocka_unit_test(revoked_is_any_2xx),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
