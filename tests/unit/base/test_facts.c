#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/facts.h"
#include "valise/base/secret.h"

static void first_stays(void **state)
{
	struct service_facts *f = facts_new();
	char *text;

	(void)state;
	assert_null(facts_get(f, FACT_TLS));
	facts_set(f, FACT_TLS, NULL);
	facts_set(f, FACT_TLS, "");
	assert_false(facts_has(f, FACT_TLS));
	facts_set(f, FACT_TLS, "TLS1.3");
	facts_set(f, FACT_TLS, "TLS1.2");
	text = facts_get(f, FACT_TLS);
	assert_string_equal(text, "TLS1.3");
	assert_true(facts_has(f, FACT_TLS));
	assert_false(facts_has(f, FACT_DAV));
	free(text);
	facts_free(f);
}

/* Nobody who keeps nothing has to ask. */
static void none(void **state)
{
	(void)state;
	facts_set(NULL, FACT_TLS, "x");
	assert_false(facts_has(NULL, FACT_TLS));
	assert_null(facts_get(NULL, FACT_TLS));
	facts_free(NULL);
}

/* A server's words are cut between characters, and its echo of a secret is masked. */
static void foreign_words(void **state)
{
	struct service_facts *f = facts_new();
	struct secret s = {0};
	char raw[2000] = "", *text;

	(void)state;
	for (unsigned i = 0; i < 600; i++)
		memcpy(raw + 3 * i, "\xe2\x82\xac", 4);
	facts_set(f, FACT_GREETING, raw);
	text = facts_get(f, FACT_GREETING);
	assert_int_equal(strlen(text), FACT_MAX / 3 * 3);
	free(text);
	assert_int_equal(secret_set(&s, "sesame-open-4711", 16, NULL), 0);
	secret_learn(&s);
	facts_set(f, FACT_SOFTWARE, "hello sesame-open-4711");
	text = facts_get(f, FACT_SOFTWARE);
	assert_null(strstr(text, "sesame"));
	free(text);
	secret_clear(&s);
	secret_forget_all();
	facts_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(first_stays),
	        cmocka_unit_test(none),
	        cmocka_unit_test(foreign_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
