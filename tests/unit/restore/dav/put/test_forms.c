#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "restore/dav/put/put.h"

static const struct {
	const char *what;
	struct put_reply reply;
	bool allowed, name;
	int learnt;
	enum amend first;
} cases[] = {
        {"nothing is said", {.status = 403}, true, true, -1, AMEND_TEXT},
        {"what helped before", {.status = 400}, true, true, AMEND_END, AMEND_END},
        {"Cyrus", {.status = 403, .error = "{c}valid-managed-id"}, true, false, -1, AMEND_MANAGED},
        {"the answer counts more than what helped",
                {.status = 403, .error = "{c}valid-calendar-data", .text = "DTEND must occur"},
                true, false, AMEND_TEXT, AMEND_END},
        {"inside a multistatus", {.status = 207, .inner = 422, .text = "FN is missing"}, true,
                false, -1, AMEND_NEEDED},
        {"version", {.status = 415, .text = "vCard 2.1 is not supported"}, true, false, -1,
                AMEND_CARD3},
        {"a name", {.status = 409, .text = "UID and name"}, true, true, -1, AMEND_TEXT},
        {"too large", {.status = 403, .error = "{c}max-resource-size"}, false, true, -1,
                AMEND_TEXT},
        {"component", {.status = 403, .error = "{c}supported-calendar-component"}, false, false, -1,
                AMEND_TEXT},
        {"UID elsewhere", {.status = 403, .error = "{c}no-uid-conflict"}, false, true, -1,
                AMEND_TEXT},
        {"sign-in", {.status = 401}, false, false, -1, AMEND_TEXT},
        {"too large", {.status = 413}, false, false, -1, AMEND_TEXT},
        {"full", {.status = 507}, false, false, -1, AMEND_TEXT},
        {"its own trouble", {.status = 500}, false, false, -1, AMEND_TEXT},
};

static void which(void **state)
{
	const struct target_opts plain = {0}, strict = {.strict = true};
	struct drun r = {.opts = &plain}, s = {.opts = &strict};
	struct tcoll t = {0}, vain = {.forms_failed = 10},
	             took = {.forms_failed = 10, .took = true};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct put_reply *p = &cases[i].reply;
		unsigned char order[AMENDS];
		unsigned seen = 0;

		form_order(p, cases[i].learnt, order);
		for (unsigned k = 0; k < AMENDS; k++)
			seen |= 1u << order[k];
		if (form_allowed(&r, &t, p) != cases[i].allowed ||
		        form_about_name(p) != cases[i].name || order[0] != cases[i].first ||
		        seen != (1u << AMENDS) - 1)
			fail_msg("%s", cases[i].what);
		assert_false(form_allowed(&s, &t, p));
		/* A collection that takes nothing: only what the answer asks for. */
		assert_int_equal(form_allowed(&r, &vain, p),
		        cases[i].allowed && cases[i].first != AMEND_TEXT &&
		                (int)cases[i].first != cases[i].learnt);
		assert_int_equal(form_allowed(&r, &took, p), cases[i].allowed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(which)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
