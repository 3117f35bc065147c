#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "oauth/form.h"
#include "oauth/id_token.h"
#include "valise/base/mem.h"

/* "header.CLAIMS.signature" */
static char *make_token(const char *claims)
{
	char payload[2000];

	base64url_put(claims, strlen(claims), payload, sizeof payload);
	return xasprintf("eyJhbGciOiJSUzI1NiJ9.%s.c2ln", payload);
}

static void who_it_is_of(void **state)
{
	static const struct {
		const char *claims, *user;
		enum oauth_match match;
		const char *name;
	} rows[] = {
	        {"{\"email\":\"Alice@Example.org\",\"sub\":\"17\"}", "alice@example.org",
	                OAUTH_SAME, "Alice@Example.org"},
	        {"{\"email\":\"bob@example.org\"}", "alice@example.org", OAUTH_OTHER,
	                "bob@example.org"},
	        {"{\"preferred_username\":\"alice\",\"email\":\"a@example.org\"}", "alice",
	                OAUTH_SAME, "a@example.org"},
	        {"{\"preferred_username\":\"bob\"}", "alice", OAUTH_OTHER, "bob"},
	        {"{\"sub\":\"alice\"}", "ALICE", OAUTH_SAME, "alice"},
	        {"{\"sub\":\"alice\",\"email\":\"other@example.org\"}", "alice", OAUTH_SAME,
	                "other@example.org"},
	        /* any word: nothing to compare with */
	        {"{\"sub\":\"248289761001\",\"exp\":99999999999999999999}", "alice", OAUTH_UNKNOWN,
	                "248289761001"},
	        {"{\"email\":\"alice@example.org\",\"email_verified\":false,\"sub\":\"1\"}",
	                "alice@example.org", OAUTH_UNKNOWN, "1"},
	        {"{\"email\":\"alice\\u0000@example.org\"}", "alice", OAUTH_UNKNOWN, NULL},
	        {"{\"email\":7,\"preferred_username\":null}", "alice", OAUTH_UNKNOWN, NULL},
	        {"[]", "alice", OAUTH_UNKNOWN, NULL},
	        {"x", "alice", OAUTH_UNKNOWN, NULL},
	        {"", "alice", OAUTH_UNKNOWN, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct oauth_who w = {NULL, NULL, NULL};
		char *token = make_token(rows[i].claims);
		const char *name;

		id_token_read(token, &w);
		name = oauth_who_name(&w);
		if (oauth_who_matches(&w, rows[i].user) != rows[i].match)
			fail_msg("row %zu: %s", i, rows[i].claims);
		if (!name != !rows[i].name || (name && strcmp(name, rows[i].name) != 0))
			fail_msg("row %zu: %s", i, name ? name : "nobody");
		oauth_who_clear(&w);
		free(token);
	}
}

static void what_is_no_token(void **state)
{
	static const char *const rows[] = {"", ".", "..", "a.b", "a.!!!.c", "a.e.c", "a"};
	struct oauth_who w = {NULL, NULL, NULL};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		id_token_read(rows[i], &w);
		assert_null(oauth_who_name(&w));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(who_it_is_of),
	        cmocka_unit_test(what_is_no_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
