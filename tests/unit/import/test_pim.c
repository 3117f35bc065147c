#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "import/give_help.h"
#include "import/pim/colors.h"
#include "valise/format/content.h"

#define CAL "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//\r\n"
#define END "END:VCALENDAR\r\n"
#define ZONE(name)                                                                                 \
	"BEGIN:VTIMEZONE\r\nTZID:" name "\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\n"        \
	"TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
#define EVENT(uid, more) "BEGIN:VEVENT\r\nUID:" uid "\r\n" more "END:VEVENT\r\n"
#define CARD(uid, more) "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" uid "\r\n" more "END:VCARD\r\n"

typedef int reader(struct import_file *f, struct import_box *b, struct err *err);

static struct import_box *read_text(reader *fn, const char *text, size_t n, size_t piece)
{
	struct import_box *b = box_new();
	struct text_file t;
	struct err err = {0};

	text_file(&t, text, n, piece);
	assert_int_equal(fn(&t.file, b, &err), 0);
	return b;
}

struct row {
	const char *what, *in;
	const char *out[4]; /* the items' octets, in the order in which they are given */
	const char *said;
};

static const struct row calendars[] = {
        {"one event is kept octet for octet", CAL ZONE("A") EVENT("1", "X:y\r\n") END "\r\n",
                {CAL ZONE("A") EVENT("1", "X:y\r\n") END "\r\n"}, ""},
        {"LF, folds in a character, no line end at the end",
                "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUI\n D:1\nSUMMARY:\xc3\n \xa4\nEND:VEVENT\nEND:VCALENDAR",
                {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUI\n D:1\nSUMMARY:\xc3\n \xa4\nEND:VEVENT\nEND:"
                 "VCALENDAR"},
                ""},
        {"split, each with the zones that it uses, one of them behind it",
                CAL ZONE("A") EVENT("1", "DTSTART;TZID=A:1\r\nDTEND;TZID=\"B\":2\r\n")
                        EVENT("2", "DTSTART;TZID=A:1\r\n") EVENT("3", "") ZONE("B") END,
                {CAL ZONE("A") ZONE("B") EVENT("1", "DTSTART;TZID=A:1\r\nDTEND;TZID=\"B\":2\r\n")
                                END,
                        CAL ZONE("A") EVENT("2", "DTSTART;TZID=A:1\r\n") END,
                        CAL EVENT("3", "") END},
                ""},
        {"overrides go with their master, wherever it is",
                CAL EVENT("1", "RECURRENCE-ID:2\r\n") EVENT("2", "") EVENT("1", "RRULE:X\r\n") END,
                {CAL EVENT("1", "RECURRENCE-ID:2\r\n") EVENT("1", "RRULE:X\r\n") END,
                        CAL EVENT("2", "") END},
                ""},
        {"tasks and journals",
                CAL "BEGIN:VTODO\r\nUID:t\r\nEND:VTODO\r\nBEGIN:VJOURNAL\r\nUID:j"
                    "\r\nEND:VJOURNAL\r\n" END,
                {CAL "BEGIN:VTODO\r\nUID:t\r\nEND:VTODO\r\n" END,
                        CAL "BEGIN:VJOURNAL\r\nUID:j\r\nEND:VJOURNAL\r\n" END},
                ""},
        {"what is the calendar's",
                CAL "X-WR-CALNAME:A\\, b\r\nNAME:c\r\nCOLOR:turquoise\r\nX-WR-CALDESC:About it\r\n"
                    "METHOD:PUBLISH\r\nX-WR-TIMEZONE:A\r\n" EVENT("1", "") END,
                {CAL "X-WR-TIMEZONE:A\r\n" EVENT("1", "") END},
                "called A, b #40e0d0 About it\nnote METHOD:PUBLISH is left out: what is stored has none "
                "(RFC 4791 4.1)\n"},
        {"a zone that is nowhere, one of a registry",
                CAL EVENT("1", "DTSTART;TZID=Nowhere:1\r\n")
                        EVENT("2", "DTSTART;TZID=Nowhere:1\r\nDTEND;TZID=/x.org/A:1\r\n") END,
                {CAL EVENT("1", "DTSTART;TZID=Nowhere:1\r\n") END,
                        CAL EVENT("2", "DTSTART;TZID=Nowhere:1\r\nDTEND;TZID=/x.org/A:1\r\n") END},
                "note it uses time zones that it does not define: Nowhere\n"},
        {"twice the same, and another version",
                CAL EVENT("1", "SEQUENCE:1\r\n") EVENT("1", "SEQUENCE:2\r\n")
                        EVENT("1", "SEQUENCE:1\r\n") END,
                {CAL EVENT("1", "SEQUENCE:2\r\n") END, CAL EVENT("1", "SEQUENCE:1\r\n") END},
                "note 1 stand there twice, octet for octet: kept once\n"
                "note 1 are other versions of a UID that is there: kept beside the newest\n"},
        {"two calendars, each with its own zone of one name",
                CAL ZONE("A") EVENT("1", "DTSTART;TZID=A:1\r\n") END
                "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:A\r\nX:2\r\nEND:VTIMEZONE\r\n" EVENT(
                        "2", "DTSTART;TZID=A:1\r\n") END,
                {CAL ZONE("A") EVENT("1", "DTSTART;TZID=A:1\r\n") END,
                        "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:A\r\nX:2\r\nEND:VTIMEZONE\r\n" EVENT(
                                "2", "DTSTART;TZID=A:1\r\n") END},
                ""},
        {"cut off", CAL EVENT("1", "") "BEGIN:VEVENT\r\nUID:2\r\nSUMM", {CAL EVENT("1", "") END},
                "error it ends before its END (UID 2)\n"},
        {"an END that is missing", CAL "BEGIN:VEVENT\r\nUID:2\r\n" END CAL EVENT("1", "") END,
                {CAL EVENT("1", "") END}, "error it ends before its END (UID 2)\n"},
        {"an alarm's UID is not the event's",
                CAL
                "BEGIN:VEVENT\r\nBEGIN:VALARM\r\nUID:a\r\nEND:VALARM\r\nUID:1\r\nEND:VEVENT\r\n" EVENT(
                        "2", "") END,
                {CAL "BEGIN:VEVENT\r\nBEGIN:VALARM\r\nUID:a\r\nEND:VALARM\r\nUID:1\r\nEND:VEVENT\r\n" END,
                        CAL EVENT("2", "") END},
                ""},
        {"no calendar around it", EVENT("1", ""),
                {"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//valise//EN\r\n" EVENT("1", "") END},
                ""},
        {"text that is none", "hello\r\n" CAL EVENT("1", "") END, {CAL EVENT("1", "") END},
                "error 1 lines belong to no event, and are left out\n"},
        {"octets of a UID count, its escapes do not",
                CAL EVENT("1\f", "") EVENT("1", "RECURRENCE-ID:2\r\n") EVENT("a\\,b", "")
                        EVENT("a,b", "RECURRENCE-ID:2\r\n") END,
                {CAL EVENT("1\f", "") END, CAL EVENT("1", "RECURRENCE-ID:2\r\n") END,
                        CAL EVENT("a\\,b", "") EVENT("a,b", "RECURRENCE-ID:2\r\n") END},
                ""},
        {"blanks are no UID, a second one is none either",
                CAL EVENT(" \t", "UID:1\r\nUID:2\r\n") EVENT("1", "RECURRENCE-ID:2\r\n") END,
                {CAL EVENT(" \t", "UID:1\r\nUID:2\r\n") EVENT("1", "RECURRENCE-ID:2\r\n") END}, ""},
        {"quotes that nothing closes, and those within a word, are text",
                CAL "BEGIN;X=\":VEVENT\r\nUID;X=a\":1\r\nEND:VEVENT\r\n" EVENT(
                        "1", "RECURRENCE-ID:2\r\n") END,
                {CAL "BEGIN;X=\":VEVENT\r\nUID;X=a\":1\r\nEND:VEVENT\r\n" EVENT(
                        "1", "RECURRENCE-ID:2\r\n") END},
                ""},
        {"a name with two dots, or nothing before one, is no name",
                CAL EVENT("1", "") "BEGIN:VEVENT\r\n.UID:9\r\na.b.UID:8\r\nUID:1\r\n"
                                   "RECURRENCE-ID:2\r\nEND:VEVENT\r\n" END,
                {CAL EVENT("1", "") "BEGIN:VEVENT\r\n.UID:9\r\na.b.UID:8\r\nUID:1\r\n"
                                    "RECURRENCE-ID:2\r\nEND:VEVENT\r\n" END},
                ""},
        {"zones whose names have commas, blanks and parameters of other cases",
                CAL ZONE("(UTC) A\\, B") ZONE("C ")
                        EVENT("1", "DTSTART;x=\"y;z\";tzid=\"(UTC) A, B\":1\r\n")
                                EVENT("2", "DTSTART;TZID=C:1\r\n") END,
                {CAL ZONE("(UTC) A\\, B") EVENT("1", "DTSTART;x=\"y;z\";tzid=\"(UTC) A, B\":1\r\n")
                                END,
                        CAL ZONE("C ") EVENT("2", "DTSTART;TZID=C:1\r\n") END},
                ""},
        {"a line that begins with a blank, and goes on with none, ends no other line",
                "BEGIN:VCALENDAR\r\n\r\n X:y\r\n" EVENT("1", "") EVENT("2", "") END,
                {"BEGIN:VCALENDAR\r\n" EVENT("1", "") END,
                        "BEGIN:VCALENDAR\r\n" EVENT("2", "") END},
                "error 1 lines belong to no event, and are left out\n"},
        {"names of components may be long",
                CAL "BEGIN:X-PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP-1\r\nUID:1\r\n"
                    "END:X-PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP-2\r\nUID:2\r\n"
                    "END:X-PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP-1\r\n" EVENT("2", "") END,
                {CAL "BEGIN:X-PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP-1\r\nUID:1\r\n"
                     "END:X-PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP-2\r\nUID:2\r\n"
                     "END:X-PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP-1\r\n" END,
                        CAL EVENT("2", "") END},
                "error 1 lines belong to no event, and are left out\n"},
        {"nothing", "", {NULL}, ""},
        {"an empty calendar", CAL "X-WR-CALNAME:n\r\n" END, {NULL}, "called n - -\n"},
};

static const struct row cards[] = {
        {"one card is kept octet for octet", "\xef\xbb\xbf" CARD("1", "X:y\r\n") "\r\n",
                {"\xef\xbb\xbf" CARD("1", "X:y\r\n") "\r\n"}, ""},
        {"several, a group in front of UID, a card in a card",
                CARD("1", "") "BEGIN:VCARD\r\nitem1.UID:2\r\nEND:VCARD\r\nBEGIN:VCARD\r\nAGENT:\r\n" CARD(
                        "x", "") "UID:3\r\nEND:VCARD\r\n",
                {CARD("1", ""), "BEGIN:VCARD\r\nitem1.UID:2\r\nEND:VCARD\r\n",
                        "BEGIN:VCARD\r\nAGENT:\r\n" CARD("x", "") "UID:3\r\nEND:VCARD\r\n"},
                ""},
        {"2.1: text behind a soft line end is no line",
                "BEGIN:VCARD\r\nUID:1\r\nNOTE;ENCODING=QUOTED-PRINTABLE:a=\r\nEND:VCARD=\r\n b\r\n"
                "END:VCARD\r\n" CARD("2", ""),
                {"BEGIN:VCARD\r\nUID:1\r\nNOTE;ENCODING=QUOTED-PRINTABLE:a=\r\nEND:VCARD=\r\n b\r\n"
                 "END:VCARD\r\n",
                        CARD("2", "")},
                ""},
        {"what is folded before its first colon is no quoted-printable",
                "BEGIN:VCARD\r\nUID:1\r\nNOTE;ENCODING=QUOTED-\r\n PRINTABLE:a=\r\nEND:VCARD\r\n" CARD(
                        "2", ""),
                {"BEGIN:VCARD\r\nUID:1\r\nNOTE;ENCODING=QUOTED-\r\n PRINTABLE:a=\r\nEND:VCARD\r\n",
                        CARD("2", "")},
                ""},
        {"CR alone", "BEGIN:VCARD\rUID:1\rEND:VCARD\rBEGIN:VCARD\rUID:2\rEND:VCARD\r",
                {"BEGIN:VCARD\rUID:1\rEND:VCARD\r", "BEGIN:VCARD\rUID:2\rEND:VCARD\r"}, ""},
        {"versions by REV", CARD("1", "REV:2024-01-02T00:00:00Z\r\n") CARD("1", "REV:20231231\r\n"),
                {CARD("1", "REV:2024-01-02T00:00:00Z\r\n"), CARD("1", "REV:20231231\r\n")},
                "note 1 are other versions of a UID that is there: kept beside the newest\n"},
        {"a calendar among cards", CARD("1", "") CAL EVENT("2", "") END, {CARD("1", "")},
                "error something other than a card is among the cards\n"},
        {"cut off", CARD("1", "") "BEGIN:VCARD\r\nUID:2\r\nPHOTO:", {CARD("1", "")},
                "error it ends before its END (UID 2)\n"},
};

static void check(reader *fn, const struct row *rows, size_t n)
{
	static const size_t pieces[] = {1, 3, 7, 65536};

	for (size_t i = 0; i < n; i++) {
		print_message("%s\n", rows[i].what);
		for (size_t k = 0; k < COUNT(pieces); k++) {
			struct import_box *b =
			        read_text(fn, rows[i].in, strlen(rows[i].in), pieces[k]);
			size_t want = 0;

			for (; want < 4 && rows[i].out[want]; want++) {
				assert_true(want < b->n);
				assert_string_equal(b->items[want].text, rows[i].out[want]);
			}
			assert_int_equal(b->n, want);
			assert_string_equal(buf_str(&b->said), rows[i].said);
			box_free(b);
		}
	}
}

static void test_calendars(void **state)
{
	(void)state;
	check(read_ics, calendars, COUNT(calendars));
}

static void test_cards(void **state)
{
	(void)state;
	check(read_vcf, cards, COUNT(cards));
}

/* Who has no UID gets the same one each time. */
static void test_no_uid(void **state)
{
	static const char ics[] = CAL "BEGIN:VEVENT\r\nSUMMARY:a\r\nEND:VEVENT\r\n"
	                              "BEGIN:VEVENT\r\nSUMMARY:b\r\nEND:VEVENT\r\n"
	                              "BEGIN:VEVENT\r\nSUMMARY:a\r\nEND:VEVENT\r\n" END;
	static const char vcf[] = "BEGIN:VCARD\nFN:a\nEND:VCARD\n";
	struct content_summary s;
	struct err err;

	(void)state;
	for (int twice = 0; twice < 2; twice++) {
		struct import_box *a = read_text(read_ics, ics, strlen(ics), 100);
		struct import_box *b = read_text(read_ics, ics, strlen(ics), 1);
		struct import_box *c = read_text(read_vcf, vcf, strlen(vcf), 2);

		assert_int_equal(a->n, 2);
		assert_string_equal(a->items[0].text, b->items[0].text);
		assert_string_equal(a->items[0].uid, b->items[0].uid);
		assert_string_not_equal(a->items[0].uid, a->items[1].uid);
		assert_int_equal(content_summarize(a->items[0].text, a->items[0].len, &s, &err), 0);
		assert_string_equal(s.uid, a->items[0].uid);
		assert_string_equal(s.title, "a");
		content_summary_clear(&s);
		assert_int_equal(c->n, 1);
		assert_non_null(strstr(c->items[0].text, "FN:a\nUID:valise-"));
		assert_non_null(strstr(c->items[0].text, "\nEND:VCARD\n"));
		assert_null(strchr(c->items[0].text, '\r'));
		box_free(a);
		box_free(b);
		box_free(c);
	}
}

static void test_names(void **state)
{
	static const char vcf[] = CARD("urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1", "")
	        CARD("../../etc/passwd", "") CARD("a b", "") CARD("x@example.org", "");
	struct import_box *b = read_text(read_vcf, vcf, strlen(vcf), 1000);

	(void)state;
	assert_int_equal(b->n, 4);
	assert_string_equal(b->items[0].path, "4fbe8971-0bc3-424c-9c26-36c3e1eff6b1");
	assert_int_equal(strncmp(b->items[1].path, "valise-", 7), 0);
	assert_string_equal(b->items[1].uid, "../../etc/passwd");
	assert_int_equal(strncmp(b->items[2].path, "valise-", 7), 0);
	assert_string_equal(b->items[3].path, "x@example.org");
	box_free(b);
}

/* UIDs longer than what is looked at of a line, folded or not, and one that is none. */
static void test_long_uids(void **state)
{
	static const struct {
		size_t len;
		char last;
		const char *more;
		bool folded;
	} rows[] = {{5000, 'a', "", false}, {5000, 'b', "", false},
	        {5000, 'a', "RECURRENCE-ID:1\r\n", true},
	        {CONTENT_UID_MAX + 1, 'a', "UID:1\r\n", false}};
	struct buf in = buf_of(SIZE_MAX);
	struct import_box *b;

	(void)state;
	buf_puts(&in, CAL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_puts(&in, "BEGIN:VEVENT\r\nUID:");
		for (size_t k = 1; k < rows[i].len; k++)
			buf_puts(&in, rows[i].folded && k % 70 == 0 ? "\r\n x" : "x");
		buf_putf(&in, "%c\r\n%sEND:VEVENT\r\n", rows[i].last, rows[i].more);
	}
	buf_puts(&in, EVENT("1", "RECURRENCE-ID:1\r\n") END);
	b = read_text(read_ics, buf_str(&in), in.len, 333);
	assert_int_equal(b->n, 3);
	for (size_t i = 0; i < b->n; i++) {
		struct content_summary s;
		struct err err;

		assert_int_equal(content_summarize(b->items[i].text, b->items[i].len, &s, &err), 0);
		assert_int_equal(s.components, i == 1 ? 1 : 2);
		assert_false(s.several_uids);
		assert_int_equal(strlen(s.uid), i == 2 ? 1 : 5000);
		content_summary_clear(&s);
	}
	box_free(b);
	buf_clear(&in);
}

/* UTF-16, both ways round, with a pair. */
static void test_wide(void **state)
{
	static const char want[] =
	        "BEGIN:VCARD\r\nUID:1\r\nFN:\xc3\xa4\xf0\x9f\x98\x80\r\nEND:VCARD\r\n";
	static const uint16_t tail[] = {'F', 'N', ':', 0xe4, 0xd83d, 0xde00, '\r', '\n'};

	(void)state;
	for (int big = 0; big < 2; big++) {
		struct buf in = buf_of(SIZE_MAX);
		struct import_box *b;
		uint16_t units[64];
		size_t n = 0;

		units[n++] = 0xfeff;
		for (const char *s = "BEGIN:VCARD\r\nUID:1\r\n"; *s; s++)
			units[n++] = (uint16_t)*s;
		for (size_t i = 0; i < COUNT(tail); i++)
			units[n++] = tail[i];
		for (const char *s = "END:VCARD\r\n"; *s; s++)
			units[n++] = (uint16_t)*s;
		for (size_t i = 0; i < n; i++) {
			buf_putc(&in, (char)(big ? units[i] >> 8 : units[i] & 0xff));
			buf_putc(&in, (char)(big ? units[i] & 0xff : units[i] >> 8));
		}
		b = read_text(read_vcf, buf_str(&in), in.len, 5);
		assert_int_equal(b->n, 1);
		assert_string_equal(b->items[0].text, want);
		assert_string_equal(buf_str(&b->said), "note it is UTF-16, and kept as UTF-8\n");
		box_free(b);
		buf_clear(&in);
	}
}

/* More than is kept in memory, and a damaged end. */
static void test_large(void **state)
{
	struct buf in = buf_of(SIZE_MAX);
	struct import_box *b = box_new();
	struct text_file t;
	struct err err = {0};

	(void)state;
	buf_puts(&in, CAL);
	for (int i = 0; i < 1500; i++) {
		buf_putf(&in, "BEGIN:VEVENT\r\nUID:%d\r\nDTSTART;TZID=A:1\r\nATTACH:", i % 1000);
		for (int k = 0; k < 100; k++)
			buf_puts(&in,
			        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n ");
		buf_putf(&in, "\r\nRECURRENCE-ID:%d\r\nEND:VEVENT\r\n", i);
	}
	buf_puts(&in, ZONE("A") END);
	text_file(&t, buf_str(&in), in.len, 65536);
	t.damaged = true;
	assert_int_equal(read_ics(&t.file, b, &err), 0);
	assert_int_equal(b->n, 1000);
	assert_string_equal(buf_str(&b->said), "error bad CRC\n");
	for (size_t i = 0; i < b->n; i++) {
		struct content_summary s;

		assert_int_equal(content_summarize(b->items[i].text, b->items[i].len, &s, &err), 0);
		assert_string_equal(s.uid, b->items[i].uid);
		assert_int_equal(s.components, i < 500 ? 2 : 1);
		assert_null(s.missing_zone);
		assert_int_equal(s.wrong, 0);
		content_summary_clear(&s);
	}
	box_free(b);
	buf_clear(&in);
}

static void test_sink_fails(void **state)
{
	static const char vcf[] = CARD("1", "") CARD("2", "") CARD("3", "");
	struct import_box *b = box_new();
	struct text_file t;
	struct err err = {0};

	(void)state;
	b->fail_at = 2;
	text_file(&t, vcf, strlen(vcf), 10);
	assert_int_equal(read_vcf(&t.file, b, &err), ERR_SPACE);
	assert_int_equal(b->n, 1);
	box_free(b);
}

static void test_colors(void **state)
{
	static const char *const rows[][2] = {{"#aBcDeF", "#aBcDeF"}, {"#12345678", "#123456"},
	        {"Red", "#ff0000"}, {" rebeccapurple ", "#663399"}, {"aliceblue", "#f0f8ff"},
	        {"yellowgreen", "#9acd32"}, {"green", "#008000"}, {"crimson", "#dc143c"},
	        {"indigo", "#4b0082"}, {"re", NULL}, {"", NULL}, {"#12", NULL}, {"#gggggg", NULL},
	        {"f0f8ff", NULL}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *c = color_hex(rows[i][0]);

		if (rows[i][1])
			assert_string_equal(c, rows[i][1]);
		else
			assert_null(c);
		free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_calendars),
	        cmocka_unit_test(test_cards), cmocka_unit_test(test_no_uid),
	        cmocka_unit_test(test_long_uids), cmocka_unit_test(test_names),
	        cmocka_unit_test(test_wide), cmocka_unit_test(test_large),
	        cmocka_unit_test(test_sink_fails), cmocka_unit_test(test_colors)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
