/* Time zones of items: reading them, their clocks, and that libical reads the VTIMEZONE alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <libical/ical.h>
#include "outlook/calendar/blobs.h"
#include "outlook/calendar/zone.h"

static char *write_zone(const struct zone *z, int year)
{
	struct lines l;
	struct err err = {0};
	struct buf out = buf_of(1 << 16);
	char *text;

	lines_init(&l, make_put, &out, &err);
	zone_write(&l, z, year);
	assert_int_equal(lines_flush(&l), 0);
	text = buf_take(&out);
	return text;
}

static void read_pacific(struct zone *z)
{
	struct buf octets = blob_of_hex(BLOB_PACIFIC);
	struct err err = {0};

	assert_int_equal(zone_read_definition(octets.data, octets.len, z, &err), 0);
	buf_clear(&octets);
}

static int64_t at(const char *text)
{
	return icaltime_as_timet(icaltime_from_string(text));
}

static void rules_change_by_year(void **state)
{
	static const struct {
		const char *utc, *local;
	} times[] = {
	        {"20060402T095959", "20060402T015959"},
	        {"20060402T100000", "20060402T030000"},
	        {"20061029T085959", "20061029T015959"},
	        {"20061029T090000", "20061029T010000"},
	        {"20070311T095959", "20070311T015959"},
	        {"20070311T100000", "20070311T030000"},
	        {"20070402T000000", "20070401T170000"},
	        {"20071104T085959", "20071104T015959"},
	        {"20071104T090000", "20071104T010000"},
	        {"20260701T120000", "20260701T050000"},
	        {"19900701T120000", "19900701T050000"},
	        {"20070101T020000", "20061231T180000"},
	};
	struct zone z;

	(void)state;
	read_pacific(&z);
	assert_string_equal(z.name, "Pacific Standard Time");
	assert_int_equal(z.n_rules, 2);
	for (size_t i = 0; i < COUNT(times); i++) {
		int64_t utc = at(times[i].utc), local = at(times[i].local);

		assert_int_equal(zone_local(&z, utc), local);
		/* what there is twice is the first one */
		if (strcmp(times[i].local, "20061029T010000") != 0 &&
		        strcmp(times[i].local, "20071104T010000") != 0)
			assert_int_equal(zone_utc(&z, local), utc);
	}
	assert_int_equal(zone_utc(&z, at("20071104T010000")), at("20071104T080000"));
	/* what there is not is by the offset before it */
	assert_int_equal(zone_utc(&z, at("20070311T023000")), at("20070311T103000"));
	zone_clear(&z);
}

/* Every six hours of 30 years, by libical and the VTIMEZONE. */
static void others_read_the_same(const struct zone *z, int first_year)
{
	char *text = write_zone(z, first_year);
	icalcomponent *c = icalcomponent_new_from_string(text);
	icaltimezone *zone = icaltimezone_new();
	struct icaltimetype t = icaltime_null_time();

	assert_non_null(c);
	assert_true(icaltimezone_set_component(zone, c));
	t.year = first_year;
	t.month = t.day = 1;
	for (int64_t utc = icaltime_as_timet(t), i = 0; i < 30 * 1461; i++, utc += 21600) {
		struct icaltimetype u = icaltime_from_timet_with_zone(
		        (time_t)utc, 0, icaltimezone_get_utc_timezone());
		int off = icaltimezone_get_utc_offset_of_utc_time(zone, &u, NULL);

		if (off != zone_local(z, utc) - utc)
			fail_msg("%s: %d, we have %d\n%s", icaltime_as_ical_string(u), off,
			        (int)(zone_local(z, utc) - utc), text);
	}
	icaltimezone_free(zone, 1);
	free(text);
}

static void others_read_our_vtimezone(void **state)
{
	struct zone z;
	struct buf octets;
	struct err err = {0};

	(void)state;
	read_pacific(&z);
	others_read_the_same(&z, 2000);
	others_read_the_same(&z, 2006);
	others_read_the_same(&z, 2007);
	/* Moscow, more or less: summer time, then other offsets without any */
	z.rules[0].standard = 3 * 3600;
	z.rules[0].daylight = 4 * 3600;
	z.rules[1] =
	        (struct zone_rule){.from_year = 2011, .standard = 4 * 3600, .daylight = 4 * 3600};
	others_read_the_same(&z, 2008);
	zone_clear(&z);
	/* the southern half: summer time over New Year */
	octets = blob_of_zone("South", 600, 600);
	assert_int_equal(zone_read_definition(octets.data, octets.len, &z, &err), 0);
	z.rules->daylight = 11 * 3600;
	z.rules->to_daylight = (struct zone_onset){0, 10, 0, 1, 7200};
	z.rules->to_standard = (struct zone_onset){0, 4, 0, 1, 10800};
	others_read_the_same(&z, 2020);
	zone_clear(&z);
	buf_clear(&octets);
}

static void a_vtimezone_has_this_form(void **state)
{
	struct zone z;
	char *text;

	(void)state;
	read_pacific(&z);
	text = write_zone(&z, 2006);
	assert_string_equal(text,
	        "BEGIN:VTIMEZONE\r\nTZID:Pacific Standard Time\r\n"
	        "BEGIN:STANDARD\r\nDTSTART:20051030T020000\r\nTZOFFSETFROM:-0700\r\n"
	        "TZOFFSETTO:-0800\r\nRDATE:20061029T020000\r\nEND:STANDARD\r\n"
	        "BEGIN:DAYLIGHT\r\nDTSTART:20050403T020000\r\nTZOFFSETFROM:-0800\r\n"
	        "TZOFFSETTO:-0700\r\nRDATE:20060402T020000\r\nEND:DAYLIGHT\r\n"
	        "BEGIN:STANDARD\r\nDTSTART:20071104T020000\r\nTZOFFSETFROM:-0700\r\n"
	        "TZOFFSETTO:-0800\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\nEND:STANDARD\r\n"
	        "BEGIN:DAYLIGHT\r\nDTSTART:20070311T020000\r\nTZOFFSETFROM:-0800\r\n"
	        "TZOFFSETTO:-0700\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\nEND:DAYLIGHT\r\n"
	        "END:VTIMEZONE\r\n");
	free(text);
	/* rules that ended before are left out */
	text = write_zone(&z, 2010);
	assert_null(strstr(text, "RDATE"));
	free(text);
	zone_clear(&z);
}

static void the_struct_is_one_rule(void **state)
{
	struct buf octets = blob_of_hex(BLOB_PACIFIC_STRUCT);
	struct zone z, s;
	struct err err = {0};

	(void)state;
	read_pacific(&z);
	assert_int_equal(
	        zone_read_struct(octets.data, octets.len, "(UTC-08:00) Pacific Time", &s, &err), 0);
	assert_string_equal(s.name, "(UTC-08:00) Pacific Time");
	assert_true(zone_agrees(&z, &s));
	s.rules->to_daylight.month = 4;
	assert_false(zone_agrees(&z, &s));
	zone_clear(&s);
	assert_int_equal(zone_read_struct(octets.data, octets.len, NULL, &s, &err), 0);
	assert_string_equal(s.name, "Customized Time Zone");
	zone_clear(&s);
	assert_int_equal(zone_read_struct(octets.data, 47, NULL, &s, &err), ERR_DAMAGED);
	zone_clear(&s);
	zone_clear(&z);
	buf_clear(&octets);
}

static void what_is_cut_is_none(void **state)
{
	struct buf octets = blob_of_hex(BLOB_PACIFIC);

	(void)state;
	for (size_t n = 0; n < octets.len; n++) {
		uint8_t *copy = xmemdup(octets.data, n ? n : 1);
		struct zone z;
		struct err err = {0};

		assert_int_equal(zone_read_definition(copy, n, &z, &err), ERR_DAMAGED);
		zone_clear(&z);
		free(copy);
	}
	buf_clear(&octets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(rules_change_by_year),
	        cmocka_unit_test(others_read_our_vtimezone),
	        cmocka_unit_test(a_vtimezone_has_this_form),
	        cmocka_unit_test(the_struct_is_one_rule),
	        cmocka_unit_test(what_is_cut_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
