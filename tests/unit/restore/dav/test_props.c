#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "restore/dav/keys.h"
#include "restore/dav/props.h"
#include "valise/proto/dav/discover.h"

static void archived(void **state)
{
	struct props p = {.xml = {NULL}};
	unsigned comps;

	(void)state;
	assert_true(
	        props_of_json("{\"{DAV:}displayname\":\"A &amp; B\",\"{http://apple.com/ns/ical/}"
	                      "calendar-color\":\" #ff2968ff\\n\",\"{urn:ietf:params:xml:ns:caldav}"
	                      "supported-calendar-component-set\":\"<n1:comp xmlns:n1=\\\"urn:ietf:"
	                      "params:xml:ns:caldav\\\" name=\\\"VTODO\\\"/>\"}",
	                &p, &comps));
	assert_string_equal(p.value[PROP_NAME], "A & B");
	assert_string_equal(p.xml[PROP_NAME], "A &amp; B");
	assert_string_equal(p.value[PROP_COLOR], "#FF2968");
	assert_string_equal(p.value[PROP_COMPS], "VTODO");
	assert_int_equal(comps, COMP_VTODO);
	assert_null(p.value[PROP_NOTE]);
	props_clear(&p);
	assert_true(props_of_json(NULL, &p, &comps));
	assert_false(props_of_json("{\"{DAV:}displayname\":\"</x>\"}", &p, &comps));
	props_clear(&p);
	assert_false(props_of_json("[", &p, &comps));
	props_clear(&p);
}

static void equality(void **state)
{
	struct props a = {.xml = {NULL}}, b = {.xml = {NULL}};

	(void)state;
	props_set(&a, PROP_TRANSP, "", "opaque");
	assert_true(props_equal(&a, &b, PROP_TRANSP)); /* the default */
	props_set(&b, PROP_TRANSP, "", "transparent");
	assert_false(props_equal(&a, &b, PROP_TRANSP));
	props_set(&a, PROP_NOTE, "x", "x");
	assert_false(props_equal(&a, &b, PROP_NOTE));
	props_clear(&a);
	props_clear(&b);
}

static void segments(void **state)
{
	static const struct {
		const char *href, *want;
		bool plain;
	} cases[] = {{"/a/b.ics", "b.ics", true}, {"/a/b%40c.ics", "b@c.ics", true},
	        {"/a/with%20blank.ics", "with blank.ics", false}, {"/a/b/", "b", true},
	        {"/a/x%2Fy.ics", "x/y.ics", false}, {"/a/..", "..", false},
	        {"/a/%ff.ics", "%ff.ics", false}, {"/a/b.ics?x=/c#d", "b.ics", true},
	        {"", "", false}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *s = dav_last_segment(cases[i].href);

		assert_string_equal(s, cases[i].want);
		assert_int_equal(segment_is_plain(s), cases[i].plain);
		free(s);
	}
}

static void key_table(void **state)
{
	struct keys k = {.n = 0};
	uint32_t value;

	(void)state;
	assert_false(keys_find(&k, 5, NULL));
	for (uint32_t i = 0; i < 1000; i++)
		assert_true(keys_add(&k, (uint64_t)i * 0x9e3779b97f4a7c15u, i));
	assert_false(keys_add(&k, 0, 7));
	for (uint32_t i = 0; i < 1000; i++) {
		assert_true(keys_find(&k, (uint64_t)i * 0x9e3779b97f4a7c15u, &value));
		assert_int_equal(value, i);
	}
	assert_false(keys_find(&k, 12345, NULL));
	keys_clear(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(archived), cmocka_unit_test(equality),
	        cmocka_unit_test(segments), cmocka_unit_test(key_table)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
