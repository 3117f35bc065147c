#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/account/protocols.h"
#include "valise/net/guard.h"

static void every_row_is_whole(void **state)
{
	(void)state;
	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		const struct protocol *p = &protocols[k];

		assert_int_equal(p->kind, k);
		assert_true(p->name && *p->name && p->example && p->url_help);
		assert_true(p->kinds && !(p->kinds & 1u << COLL_LINKED));
		assert_false(p->kinds & ~((1u << COLL_KINDS) - 1));
		assert_true(!p->own_key == !p->own_key_arg && !p->own_key == !p->own_key_help);
		assert_int_equal(p->schemes[0].security, SECURITY_TLS);
		assert_int_not_equal(p->schemes[1].security, SECURITY_TLS);
		assert_memory_equal(p->example, p->schemes[0].name, strlen(p->schemes[0].name));
		for (size_t i = 0; i < 2; i++)
			assert_true(p->schemes[i].name && p->schemes[i].port);
		for (unsigned l = 0; l < k; l++)
			assert_string_not_equal(p->name, protocols[l].name);
	}
}

/* They stand in manifests, and in the names of restore journals. */
static void names_stay(void **state)
{
	(void)state;
	assert_string_equal(protocols[SERVICE_IMAP].name, "imap");
	assert_string_equal(protocols[SERVICE_POP3].name, "pop3");
	assert_string_equal(protocols[SERVICE_CALDAV].name, "caldav");
	assert_string_equal(protocols[SERVICE_CARDDAV].name, "carddav");
}

static void options_are_found(void **state)
{
	static const struct {
		enum service_kind kind;
		const char *name;
		unsigned when;
		bool found;
	} cases[] = {
	        {SERVICE_IMAP, "strict", PROTOCOL_FETCH, true},
	        {SERVICE_IMAP, "strict", PROTOCOL_RESTORE, false},
	        {SERVICE_IMAP, "labels", PROTOCOL_RESTORE, true},
	        {SERVICE_IMAP, "exact", PROTOCOL_FETCH, false},
	        {SERVICE_POP3, "pop3-end", PROTOCOL_FETCH, true},
	        {SERVICE_CALDAV, "with-attendees", PROTOCOL_RESTORE, true},
	        {SERVICE_CARDDAV, "with-attendees", PROTOCOL_RESTORE, false},
	        {SERVICE_CARDDAV, "exact", PROTOCOL_FETCH | PROTOCOL_RESTORE, true},
	        {SERVICE_CARDDAV, "", PROTOCOL_FETCH, false},
	};
	static const struct protocol none = {.name = "none"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct protocol_option *o =
		        protocol_option(&protocols[cases[i].kind], cases[i].name, cases[i].when);

		if (!o != !cases[i].found || (o && strcmp(o->name, cases[i].name) != 0))
			fail_msg("%zu: %s", i, cases[i].name);
	}
	assert_null(protocol_option(&none, "strict", PROTOCOL_FETCH));
}

/* Under the role of its source no protocol can write; under GUARD_NONE nobody can speak. */
static void roles_hold(void **state)
{
	static const char *const writes[] = {"A1 APPEND INBOX {1}\r\n", "A1 CREATE x\r\n",
	        "A1 UID STORE 1 +FLAGS (\\Seen)\r\n", "A1 EXPUNGE\r\n", "DELE 1\r\n"};
	struct guard *g = malloc(sizeof *g);

	(void)state;
	assert_non_null(g);
	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		assert_int_not_equal(protocols[k].reads_as, GUARD_NONE);
		assert_int_not_equal(protocols[k].reads_as, protocols[k].stores_as);
		for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
			guard_init(g, protocols[k].reads_as);
			assert_int_equal(
			        guard_check(g, writes[i], strlen(writes[i]), NULL), ERR_GUARD);
		}
	}
	guard_init(g, GUARD_NONE);
	assert_int_equal(guard_check(g, "A1 NOOP\r\n", 9, NULL), ERR_GUARD);
	free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_row_is_whole),
	        cmocka_unit_test(names_stay),
	        cmocka_unit_test(options_are_found),
	        cmocka_unit_test(roles_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
