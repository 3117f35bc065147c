/* Calendar objects in one VCALENDAR: time zones once, and no time moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/format/merge.h"

#define EU                                                                                         \
	"BEGIN:DAYLIGHT\nDTSTART:19700329T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\n"        \
	"TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\n"                                     \
	"BEGIN:STANDARD\nDTSTART:19701025T030000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\n"       \
	"TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\n"
/* the same clocks from 2007 on, in other words */
#define EU_CUT                                                                                     \
	"BEGIN:STANDARD\nTZNAME:CET\nDTSTART:20071028T030000\nTZOFFSETFROM:+0200\n"                \
	"TZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n"     \
	"BEGIN:DAYLIGHT\nTZNAME:CEST\nDTSTART:20070325T020000\nTZOFFSETFROM:+0100\n"               \
	"TZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\n"
#define FIXED(offset)                                                                              \
	"BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:" offset "\nTZOFFSETTO:" offset     \
	"\nEND:STANDARD\n"
#define ZONE(name, rules) "BEGIN:VTIMEZONE\nTZID:" name "\n" rules "END:VTIMEZONE\n"
#define EVENT(uid, lines) "BEGIN:VEVENT\nUID:" uid "\n" lines "END:VEVENT\n"
#define CALENDAR(content) "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n" content "END:VCALENDAR\n"
#define AT(name, when) "DTSTART;TZID=" name ":" when "\n"

enum { OBJECTS = 4 };
struct merged {
	char *zones; /* all of them, LF */
	char *texts[OBJECTS], *otherwise[OBJECTS], *undefined[OBJECTS], *left_out[OBJECTS];
	size_t n_zones[OBJECTS]; /* that it needs */
};

static char *without_cr(const struct buf *b)
{
	char *out = xmalloc(b->len + 1);
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++) {
		/* each line ends with CRLF */
		assert_int_equal(b->data[i] == '\n', i && b->data[i - 1] == '\r');
		if (b->data[i] != '\r')
			out[n++] = (char)b->data[i];
	}
	out[n] = '\0';
	return out;
}

static void merge_all(const char *const *objects, struct merged *out)
{
	struct merge *m = merge_new();
	size_t number[OBJECTS], zones = 0;
	struct buf all = buf_of(1 << 20);

	memset(out, 0, sizeof *out);
	for (size_t i = 0; objects[i]; i++)
		assert_int_equal(
		        merge_note(m, objects[i], strlen(objects[i]), &number[i], NULL), 0);
	merge_decide(m);
	for (size_t i = 0; objects[i]; i++) {
		struct merge_piece piece;

		merge_piece_init(&piece, 1 << 20);
		assert_int_equal(
		        merge_piece(m, number[i], objects[i], strlen(objects[i]), &piece, NULL), 0);
		out->texts[i] = without_cr(&piece.text);
		out->otherwise[i] = xstrdup(buf_str(&piece.otherwise));
		out->undefined[i] = xstrdup(buf_str(&piece.undefined));
		out->left_out[i] = xstrdup(buf_str(&piece.left_out));
		out->n_zones[i] = piece.n_zones;
		for (size_t k = 0; k < piece.n_zones; k++)
			zones = MAX(zones, piece.zones[k] + 1);
		merge_piece_clear(&piece);
	}
	for (size_t k = 0; k < zones; k++)
		buf_put(&all, merge_zone(m, k)->data, merge_zone(m, k)->len);
	out->zones = without_cr(&all);
	buf_clear(&all);
	merge_free(m);
}

static void clear_merged(struct merged *r)
{
	free(r->zones);
	for (size_t i = 0; i < OBJECTS; i++) {
		free(r->texts[i]);
		free(r->otherwise[i]);
		free(r->undefined[i]);
		free(r->left_out[i]);
	}
}

static void zones(void **state)
{
	static const struct {
		const char *objects[OBJECTS + 1];
		const char *zones;
		const char *texts[OBJECTS]; /* NULL: not looked at */
		const char *otherwise[OBJECTS]; /* NULL: nothing */
	} cases[] = {
	        /* one definition */
	        {{CALENDAR(ZONE("Europe/Berlin", EU)
	                          EVENT("1", AT("Europe/Berlin", "20240101T100000"))),
	                 CALENDAR(EVENT("2", AT("Europe/Berlin", "20240101T100000"))
	                                 ZONE("Europe/Berlin", EU))},
	                ZONE("Europe/Berlin", EU),
	                {EVENT("1", AT("Europe/Berlin", "20240101T100000")),
	                        EVENT("2", AT("Europe/Berlin", "20240101T100000"))},
	                {0}},
	        /* other words for the same: both suit both, the first of equal ones stays */
	        {{CALENDAR(ZONE("X", EU) EVENT("1", AT("X", "20240101T100000"))),
	                 CALENDAR(ZONE("X", EU_CUT) EVENT("2", AT("X", "20240101T100000")))},
	                ZONE("X", EU), {NULL, EVENT("2", AT("X", "20240101T100000"))}, {0}},
	        /* a definition that begins later says nothing of what is before */
	        {{CALENDAR(ZONE("X", EU_CUT) EVENT("1", AT("X", "20240101T100000"))),
	                 CALENDAR(ZONE("X", EU) EVENT("2", AT("X", "19990701T100000")))},
	                ZONE("X", EU), {NULL, EVENT("2", AT("X", "19990701T100000"))}, {0}},
	        /* others: renamed with their references, in quotes and folds and lists */
	        {{CALENDAR(ZONE("My Zone", FIXED("+0100"))
	                          EVENT("1", AT("My Zone", "20240101T100000"))),
	                 CALENDAR(ZONE("My Zone", FIXED("+0500")) EVENT("2",
	                         "DTSTART;X-A=\"TZID=:;\";TZID=\"My Zone\":2024\n"
	                         " 0101T100000\n"
	                         "EXDATE;TZI\n D=My Zone:20240102T100000,\n"
	                         "\t20240103T100000\n"
	                         "DTEND;tzid=My Zone;VALUE=DATE-TIME:"
	                         "20240101T110000\nX-Y;A=\"b:My Zone\n")),
	                 CALENDAR(ZONE("My Zone", FIXED("+0100"))
	                                 EVENT("3", AT("My Zone", "20240101T100000")))},
	                ZONE("My Zone", FIXED("+0100")) ZONE("My Zone (2)", FIXED("+0500")),
	                {EVENT("1", AT("My Zone", "20240101T100000")),
	                        EVENT("2",
	                                "DTSTART;X-A=\"TZID=:;\";TZID=\"My Zone (2)\":"
	                                "20240101T100000\n"
	                                "EXDATE;TZID=My Zone (2):20240102T100000,20240103T100000\n"
	                                "DTEND;tzid=My Zone (2);VALUE=DATE-TIME:20240101T110000\n"
	                                "X-Y;A=\"b:My Zone\n")},
	                {0}},
	        /* the name is taken already */
	        {{CALENDAR(
	                  ZONE("Z (2)", FIXED("+0100")) EVENT("1", AT("Z (2)", "20240101T100000"))),
	                 CALENDAR(ZONE("Z", FIXED("+0500")) EVENT("2", AT("Z", "20240101T100000"))),
	                 CALENDAR(
	                         ZONE("Z", FIXED("+0600")) EVENT("3", AT("Z", "20240101T100000")))},
	                ZONE("Z (2)", FIXED("+0100")) ZONE("Z", FIXED("+0500"))
	                        ZONE("Z (3)", FIXED("+0600")),
	                {NULL, NULL, EVENT("3", AT("Z (3)", "20240101T100000"))}, {0}},
	        /* what everybody knows keeps its name, by the definition that suits the most */
	        {{CALENDAR(ZONE("Europe/Berlin", FIXED("+0500"))
	                          EVENT("1", AT("Europe/Berlin", "20240101T100000"))),
	                 CALENDAR(ZONE("Europe/Berlin", EU)
	                                 EVENT("2", AT("Europe/Berlin", "20240101T100000"))),
	                 CALENDAR(ZONE("Europe/Berlin", EU_CUT)
	                                 EVENT("3", AT("Europe/Berlin", "20240101T100000"))),
	                 CALENDAR(ZONE("Europe/Berlin", EU_CUT)
	                                 EVENT("4", AT("Europe/Berlin", "19900701T100000")))},
	                ZONE("Europe/Berlin", EU_CUT),
	                {EVENT("1", AT("Europe/Berlin", "20240101T100000"))},
	                {"Europe/Berlin", NULL, NULL, NULL}},
	        /* a rule that goes on meets what a single time does not */
	        {{CALENDAR(ZONE("X", EU) EVENT("1", AT("X", "20240701T100000"))),
	                 CALENDAR(ZONE("X", EU) EVENT("2", AT("X", "20240701T100000"))),
	                 CALENDAR(ZONE("X", FIXED("+0100")) EVENT("3",
	                         AT("X", "20240101T100000") "RRULE:FREQ=WEEKLY;UNTIL=20240201T000000Z\n")),
	                 CALENDAR(ZONE("X", FIXED("+0100")) EVENT(
	                         "4", AT("X", "20240101T100000") "RRULE:FREQ=WEEKLY\n"))},
	                ZONE("X", EU) ZONE("X (2)", FIXED("+0100")),
	                {NULL, NULL,
	                        EVENT("3",
	                                AT("X", "20240101T100000") "RRULE:FREQ=WEEKLY;UNTIL=20240201T000000Z\n"),
	                        EVENT("4", AT("X (2)", "20240101T100000") "RRULE:FREQ=WEEKLY\n")},
	                {0}},
	        /* what cannot be reckoned with is another one unless it is the same octets */
	        {{CALENDAR(ZONE("X", EU) EVENT("1", AT("X", "20240101T100000"))),
	                 CALENDAR(
	                         ZONE("X", EU "BEGIN:STANDARD\nRRULE:FREQ=SECONDLY\nEND:STANDARD\n")
	                                 EVENT("2", AT("X", "20240101T100000")))},
	                ZONE("X", EU "BEGIN:STANDARD\nRRULE:FREQ=SECONDLY\nEND:STANDARD\n")
	                        ZONE("X (2)", EU),
	                {EVENT("1", AT("X (2)", "20240101T100000"))}, {0}},
	        /* who defines nothing is left with the name */
	        {{CALENDAR(EVENT("1", AT("X", "20240101T100000"))),
	                 CALENDAR(ZONE("X", EU) EVENT("2", AT("X", "20240101T100000")))},
	                ZONE("X", EU), {EVENT("1", AT("X", "20240101T100000"))}, {0}},
	        /* escapes in the name of one, none in the parameter; nobody needs it */
	        {{CALENDAR(ZONE("(UTC+1)\\, B", FIXED("+0100"))
	                          EVENT("1", AT("\"(UTC+1), B\"", "20240101T100000"))),
	                 CALENDAR(ZONE("(UTC+1)\\, B", FIXED("+0200"))
	                                 EVENT("2", AT("\"(UTC+1), B\"", "20240101T100000"))),
	                 CALENDAR(ZONE("Unused", FIXED("+0300")) EVENT("3", ""))},
	                ZONE("(UTC+1)\\, B", FIXED("+0100")) ZONE(
	                        "(UTC+1)\\, B (2)", FIXED("+0200")) ZONE("Unused", FIXED("+0300")),
	                {NULL, EVENT("2", AT("\"(UTC+1), B (2)\"", "20240101T100000"))}, {0}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct merged r;

		merge_all(cases[i].objects, &r);
		assert_string_equal(r.zones, cases[i].zones);
		for (size_t k = 0; k < OBJECTS && cases[i].objects[k]; k++) {
			const char *otherwise = cases[i].otherwise[k];

			if (cases[i].texts[k])
				assert_string_equal(r.texts[k], cases[i].texts[k]);
			assert_string_equal(r.otherwise[k], otherwise ? otherwise : "");
			assert_int_equal(r.n_zones[k], 1);
		}
		clear_merged(&r);
	}
}

/* Who defines no time zone goes by that of others; it is told where no table has the name. */
static void undefined(void **state)
{
	static const char *const objects[] = {
	        CALENDAR(ZONE("X", EU) EVENT("1", AT("X", "20240101T100000"))),
	        CALENDAR(EVENT("2", AT("X", "20240101T100000") "DTEND;TZID=X:20240101T110000\n")),
	        CALENDAR(ZONE("Europe/Berlin", EU)
	                        EVENT("3", AT("Europe/Berlin", "20240101T100000"))),
	        CALENDAR(EVENT("4",
	                AT("Europe/Berlin", "20240101T100000") "EXDATE;TZID=Y:20240101T100000\n")),
	        NULL};
	static const char *const want[] = {"", "X", "", ""};
	struct merged r;

	(void)state;
	merge_all(objects, &r);
	for (size_t i = 0; i < OBJECTS; i++)
		assert_string_equal(r.undefined[i], want[i]);
	clear_merged(&r);
}

static void components(void **state)
{
	static const char *const objects[] = {
	        "\xef\xbb\xbf"
	        "begin:vcalendar\r\nVERSION:2.0\r\nPRODID:a\r\nMETHOD:PUBLISH\r\n"
	        "CALSCALE:GREGORIAN\r\nX-WR-TIMEZONE:Europe/Berlin\r\nNAME:n\r\nX-A:1\r\nX-A:2\r\n"
	        "begin:vevent\r\nUID:1\r\n\r\nDESCRIPTION:a\r\n b\r\n\tc\r\nBEGIN:VALARM\r\n"
	        "END:VALARM\r\nend:vevent\r\nBEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:20240101T000000Z\r\n"
	        "END:VEVENT\r\nX-B:3\r\nend:vcalendar",
	        CALENDAR("BEGIN:VTODO\nUID:2\n \nEND:VTODO\nBEGIN:VJOURNAL\nUID:2\nEND:VJOURNAL\n"),
	        NULL};
	struct merged r;

	(void)state;
	merge_all(objects, &r);
	assert_string_equal(r.texts[0],
	        "begin:vevent\nUID:1\nDESCRIPTION:a\n b\n\tc\nBEGIN:VALARM\nEND:VALARM\n"
	        "end:vevent\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20240101T000000Z\nEND:VEVENT\n");
	assert_string_equal(r.left_out[0], "X-WR-TIMEZONE, X-A, X-B");
	assert_string_equal(r.texts[1],
	        "BEGIN:VTODO\nUID:2\n \nEND:VTODO\nBEGIN:VJOURNAL\nUID:2\nEND:VJOURNAL\n");
	assert_string_equal(r.left_out[1], "");
	assert_int_equal(r.n_zones[0], 0);
	clear_merged(&r);
}

/* What would damage others in the same file. */
static void broken(void **state)
{
	static const char *const cases[] = {"", "hello\n", "BEGIN:VCALENDAR\nVERSION:2.0\n",
	        CALENDAR("BEGIN:VEVENT\nUID:1\n"), CALENDAR(EVENT("1", "")) "X:1\nEND:VCALENDAR\n",
	        CALENDAR(EVENT("1", "a line that is none\n")),
	        CALENDAR(EVENT("1", "")) CALENDAR(EVENT("2", "")),
	        "BEGIN:VCARD\nVERSION:3.0\nFN:x\nEND:VCARD\n",
	        "BEGIN:VCALENDAR\nVERSION:1.0\n" EVENT("1", "") "END:VCALENDAR\n",
	        CALENDAR("BEGIN:VTIMEZONE\n" EU "END:VTIMEZONE\n" EVENT("1", ""))};
	struct merge *m = merge_new();
	size_t object;
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(merge_note(m, cases[i], strlen(cases[i]), &object, &err) < 0);
		assert_int_equal(err.scope, ERR_ITEM);
	}
	merge_decide(m);
	merge_free(m);
}

/* A definition for each object is no reason to do without an end. */
static void many(void **state)
{
	struct merge *m = merge_new();
	size_t object, noted = 0;
	struct err err;

	(void)state;
	for (int i = 0; i < 400; i++) {
		char *text =
		        xasprintf(CALENDAR("BEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\n"
		                           "DTSTART:19700101T000000\nTZOFFSETFROM:+0000\n"
		                           "TZOFFSETTO:+%02d%02d\nEND:STANDARD\nEND:VTIMEZONE\n"
		                           "%s"),
		                i / 60, i % 60, EVENT("1", AT("X", "20240101T100000")));

		if (merge_note(m, text, strlen(text), &object, &err) == 0)
			noted++;
		else
			assert_int_equal(err.code, ERR_LIMIT);
		free(text);
	}
	assert_int_equal(noted, 256);
	merge_decide(m);
	merge_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(zones), cmocka_unit_test(undefined),
	        cmocka_unit_test(components), cmocka_unit_test(broken), cmocka_unit_test(many)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
