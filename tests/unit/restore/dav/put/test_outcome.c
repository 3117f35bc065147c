#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "restore/dav/put/outcome.h"

static const struct {
	const char *what;
	struct put_reply reply;
	enum put_verdict want;
} cases[] = {
        {"created", {.status = 201}, PUT_STORED},
        {"changed", {.status = 204}, PUT_STORED},
        {"a multistatus without a refusal", {.status = 207}, PUT_STORED},
        {"Xandikos: refused inside a multistatus", {.status = 207, .inner = 403}, PUT_REFUSED},
        {"Xandikos: 412 inside", {.status = 207, .inner = 412}, PUT_EXISTS},
        {"something is there", {.status = 412}, PUT_EXISTS},
        {"UID elsewhere, RFC 4791",
                {.status = 409, .error = "{urn:ietf:params:xml:ns:caldav}no-uid-conflict"},
                PUT_UID},
        {"UID elsewhere as 403",
                {.status = 403, .error = "{urn:ietf:params:xml:ns:carddav}no-uid-conflict"},
                PUT_UID},
        {"Cyrus",
                {.status = 403,
                        .error =
                                "{urn:ietf:params:xml:ns:caldav}unique-scheduling-object-resource"},
                PUT_UID},
        {"SOGo", {.status = 409, .text = "Event UID already in use (x)"}, PUT_UID},
        {"Nextcloud", {.status = 400, .text = "Calendar object with uid already exists"}, PUT_UID},
        {"Nextcloud's trash bin",
                {.status = 400, .text = "Deleted calendar object with uid already exists"},
                PUT_REFUSED},
        {"sabre, strict", {.status = 415, .strict = true}, PUT_LENIENT},
        {"sabre, lenient", {.status = 415}, PUT_REFUSED},
        {"component",
                {.status = 403,
                        .error = "{urn:ietf:params:xml:ns:caldav}supported-calendar-component",
                        .strict = true},
                PUT_REFUSED},
        {"too large", {.status = 413}, PUT_REFUSED},
        {"quota", {.status = 507}, PUT_FULL},
        {"quota as 403", {.status = 403, .error = "{DAV:}quota-not-exceeded"}, PUT_FULL},
        {"rate", {.status = 429}, PUT_LATER},
        {"waited in vain", {.busy = true}, PUT_LATER},
        {"no answer", {.status = 0}, PUT_UNKNOWN},
        {"a gateway's", {.status = 504}, PUT_UNKNOWN},
        {"an error", {.status = 500}, PUT_REFUSED},
};

static void judges(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (put_judge(&cases[i].reply) != cases[i].want)
			fail_msg("%s: %d", cases[i].what, (int)put_judge(&cases[i].reply));
}

static void reasons(void **state)
{
	const struct put_reply r = {.status = 403,
	        .error = "{urn:ietf:params:xml:ns:caldav}no-uid-conflict {DAV:}x",
	        .text = "no"};
	const struct put_reply long_words = {.status = 500, .text = "no\x1b\n\nmore"};
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	put_reason(&r, &b);
	assert_string_equal(buf_str(&b), "HTTP 403 forbidden: no-uid-conflict, x: no");
	buf_reset(&b);
	put_reason(&long_words, &b);
	assert_string_equal(buf_str(&b), "HTTP 500 server error: no\\x1b");
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(judges), cmocka_unit_test(reasons)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
