/* What a CalDAV or CardDAV server may refuse or write otherwise, by a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "restore/dav/foresee.h"
#include "valise/base/mem.h"

#define BIT(x) (1u << FORESEE_##x)
#define EVENT(lines)                                                                               \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n"                  \
	"DTSTAMP:20260101T000000Z\r\nDTSTART:20260101T100000Z\r\nDTEND:20260101T110000Z\r\n" lines \
	"END:VEVENT\r\nEND:VCALENDAR\r\n"
#define CARD(version, lines)                                                                       \
	"BEGIN:VCARD\r\nVERSION:" version "\r\nUID:1\r\nFN:A\r\nN:A;;;;\r\n" lines "END:VCARD\r\n"

static void test_resource(void **state)
{
	static const struct {
		const char *name, *text;
		bool v4;
		unsigned bits;
	} rows[] = {
	        {"a sound event", EVENT("SUMMARY:Lunch\\, late\r\nX-A:b\r\n"), false, 0},
	        {"a sound card", CARD("3.0", "URL:https://a.example/\r\n"), false, 0},
	        {"no value", EVENT("LOCATION:\r\n"), false, BIT(EMPTY)},
	        {"a blank at the end", EVENT("SUMMARY:Lunch \r\n"), false, BIT(BLANK)},
	        {"a comma in a list", EVENT("CATEGORIES:one\\, two,three\r\n"), false, BIT(COMMA)},
	        {"an escaped URI", CARD("3.0", "URL:https\\://a.example/\r\n"), false, BIT(ESCAPE)},
	        {"an escape that is none", EVENT("SUMMARY:a\\:b\r\n"), false, BIT(ESCAPE)},
	        {"METHOD",
	                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:PUBLISH\r\n"
	                "BEGIN:VTODO\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nEND:VTODO\r\n"
	                "END:VCALENDAR\r\n",
	                false, BIT(METHOD)},
	        {"no FN", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nN:A;;;;\r\nEND:VCARD\r\n", false,
	                BIT(NEEDED)},
	        {"vCard 4.0", CARD("4.0", ""), false, BIT(VERSION)},
	        {"vCard 4.0 where it is taken", CARD("4.0", ""), true, 0},
	        {"octets that are no UTF-8", EVENT("SUMMARY:\xfc\r\n"), false, BIT(UTF8)},
	        {"twice", EVENT("SUMMARY:a\r\nSUMMARY:b\r\n"), false, BIT(ONCE)},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned bits = foresee_resource(rows[i].text, strlen(rows[i].text), rows[i].v4);

		if (bits != rows[i].bits)
			fail_msg("%s: %x instead of %x", rows[i].name, bits, rows[i].bits);
	}
	for (unsigned i = 0; i < FORESEES; i++) {
		assert_non_null(foresee_word((enum foresee)i));
		assert_int_equal(foresee_is_form((enum foresee)i), i < FORESEE_EMPTY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_resource)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
