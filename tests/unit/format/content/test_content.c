#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "sanitized.h"
#include "valise/base/mem.h"
#include "valise/format/content.h"

static int dump(void *ctx, const struct content_line *l, struct err *err)
{
	struct buf *b = ctx;

	(void)err;
	buf_putf(b, "%d %s%s%s", l->depth, l->group ? l->group : "", l->group ? "." : "", l->name);
	for (size_t i = 0; i < l->n_params; i++)
		buf_putf(b, ";%s=<%s>", l->params[i].name, l->params[i].value);
	buf_putf(b, ":%.*s|", (int)l->value_len, l->value);
	return 0;
}

static void test_lines(void **state)
{
	static const struct {
		const char *in, *out;
		unsigned wrong;
	} cases[] = {
	        {"", "", 0},
	        {"A:1\r\nB:2\nC:3\rD:4", "0 A:1|0 B:2|0 C:3|0 D:4|", 0},
	        {"\xef\xbb\xbf"
	         "A:1\n",
	                "0 A:1|", 0},
	        {"a;x=1:v\r\n  w\r\n\tx\r\n", "0 A;X=<1>:v wx|", 0},
	        {"SUM\r\n MARY;LANG\n UAGE=de:\xc3\r\n \xa4\n", "0 SUMMARY;LANGUAGE=<de>:\xc3\xa4|",
	                0},
	        {"item1.tel;TYPE=home,\"a:b;c\";pref=1:5",
	                "0 item1.TEL;TYPE=<home,a:b;c>;PREF=<1>:5|", 0},
	        {"A;CN=^'x^'^n^^^q:1", "0 A;CN=<\"x\"\n^^q>:1|", 0},
	        {"A;CN=\"open:1", "0 A;CN=<\"open>:1|", 0},
	        {"A;CN=\"in:side\"out:1", "0 A;CN=<in:sideout>:1|", 0},
	        {"A;CN=mid\"dle:1", "0 A;CN=<mid\"dle>:1|", 0},
	        {"TEL;HOME;VOICE:5", "0 TEL;TYPE=<HOME>;TYPE=<VOICE>:5|", 0},
	        {"A;;B=:", "0 A;B=<>:|", 0},
	        {"NOTE;QUOTED-PRINTABLE:a=\r\n b=\r\nc\r\nD:1",
	                "0 NOTE;TYPE=<QUOTED-PRINTABLE>:a bc|0 D:1|", 0},
	        {"NOTE;ENCODING=QUOTED-PRINTABLE:a=\n", "0 NOTE;ENCODING=<QUOTED-PRINTABLE>:a=|",
	                0},
	        {"PHOTO;BASE64:AAA\r\nBBB=\r\n\r\nD:1", "0 PHOTO;TYPE=<BASE64>:AAABBB=|0 D:1|", 0},
	        {"PHOTO;ENCODING=BASE64:AA\n BB\nEND:X\n", "0 PHOTO;ENCODING=<BASE64>:AABB|", 1},
	        {"\n\n  \nA:1\n\nB:2\n", "0 A:1|0 B:2|", 0},
	        {"stray text\n:x\n;y:1\nA B:1\n.A:1\ng.:1\nA\n", "", 7},
	        {"BEGIN:vcalendar\nBEGIN:VEVENT \nX:1\nEND:VEVENT\nEND:VCALENDAR\n",
	                "0 BEGIN:vcalendar|1 BEGIN:VEVENT |2 X:1|1 END:VEVENT|0 END:VCALENDAR|", 0},
	        {"BEGIN:A\nBEGIN:B\nEND:A\nX:1\nEND:B\n", "0 BEGIN:A|1 BEGIN:B|0 END:A|0 X:1|", 2},
	        {"BEGIN:A\nX:1", "0 BEGIN:A|1 X:1|", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf out;
		unsigned wrong = 99;

		buf_init(&out, 4096);
		assert_int_equal(
		        content_read(cases[i].in, strlen(cases[i].in), dump, &out, &wrong, NULL),
		        0);
		assert_string_equal(buf_str(&out), cases[i].out);
		assert_int_equal(wrong, cases[i].wrong);
		buf_clear(&out);
	}
}

static void test_caps(void **state)
{
	enum content_grade grade;
	struct buf in, out;
	struct err err;

	(void)state;
	buf_init(&in, SIZE_MAX);
	buf_init(&out, SIZE_MAX);
	for (int i = 0; i < 17; i++)
		buf_puts(&in, "BEGIN:A\n");
	assert_int_equal(content_read(in.data, in.len, dump, &out, NULL, &err), ERR_LIMIT);
	buf_reset(&in);
	buf_puts(&in, "A");
	for (int i = 0; i < 201; i++)
		buf_puts(&in, ";B=1");
	buf_puts(&in, ":1");
	assert_int_equal(content_read(in.data, in.len, dump, &out, NULL, &err), ERR_LIMIT);
	buf_reset(&in);
	buf_puts(&in, "CATEGORIES:");
	for (int i = 0; i < 2000000; i++)
		buf_putc(&in, ',');
	assert_int_equal(content_compare(in.data, in.len, "", 0, &grade, NULL, &err), ERR_LIMIT);
	buf_clear(&in);
	buf_clear(&out);
}

static int count(void *ctx, const struct content_line *l, struct err *err)
{
	(void)err;
	*(size_t *)ctx += l->value_len + 1;
	return 0;
}

/*
 * Two million octets of what makes careless readers quadratic: they would not end within
 * the time that a test has.
 */
static void test_linear(void **state)
{
#define LONG_HEAD "CATEGORIES;X="
	static const struct {
		const char *head, *unit;
	} cases[] = {
	        {"A:", "x"},
	        {"A:", "\n x"},
	        {"A:", "\r"},
	        {"A:", "\rB:1"},
	        {"A;B=", "\"x\","},
	        {"A;B=", "\","},
	        {"A", "\n x"},
	        {"NOTE;QUOTED-PRINTABLE:", "=\n"},
	        {"PHOTO;BASE64:", "AA\n"},
	        {"", "BEGIN:A\nEND:A\n"},
	        {"BEGIN:VEVENT\n", "X;TZID=a:1\nY;TZID=b:1\n"},
	        {"EXDATE:", "20200101,"},
	        {"RRULE:", "BYDAY=MO,TU;"},
	        {"N:", "a;b,"},
	        {LONG_HEAD, "b,"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct content_summary s;
		struct buf in;
		size_t n = 0;
		enum content_grade grade;

		buf_init(&in, SIZE_MAX);
		buf_puts(&in, cases[i].head);
		if (strcmp(cases[i].head, LONG_HEAD) == 0) {
			for (int k = 0; k < 1 << 18; k++)
				buf_puts(&in, "xxxx");
			buf_putc(&in, ':');
		}
		while (in.len < (SANITIZED ? 1u << 19 : 2u << 20))
			buf_puts(&in, cases[i].unit);
		assert_int_equal(content_read(in.data, in.len, count, &n, NULL, NULL), 0);
		assert_int_equal(content_summarize(in.data, in.len, &s, NULL), 0);
		content_summary_clear(&s);
		assert_int_equal(
		        content_compare(in.data, in.len, in.data, in.len - 1, &grade, NULL, NULL),
		        0);
		buf_clear(&in);
	}
}

#define CAL(x) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" x "END:VCALENDAR\r\n"
#define EVENT(lines) "BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\n" lines "END:VEVENT\r\n"
#define EV(x) CAL("BEGIN:VEVENT\r\nUID:u1\r\n" x "END:VEVENT\r\n")
#define ZONE(n, o)                                                                                 \
	"BEGIN:VTIMEZONE\r\nTZID:" n "\r\nBEGIN:STANDARD\r\nTZOFFSETTO:" o                         \
	"\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
#define CARD(x) "BEGIN:VCARD\r\n" x "END:VCARD\r\n"

static void test_summary(void **state)
{
	struct content_summary s;
	const char *in;

	(void)state;
	in = CAL("METHOD:REQUEST\r\n" ZONE(
	        "Z", "+0100") "BEGIN:VEVENT\r\nUID:a\\,b\r\nSUMMARY:x\\ny\r\n"
	                      "DTSTART;TZID=Z:20200101T000000\r\nORGANIZER:mailto:a\r\nBEGIN:"
	                      "VALARM\r\nUID:no\r\nSUMMARY:no\r\n"
	                      "ATTENDEE:mailto:b\r\nEND:VALARM\r\nEND:VEVENT\r\n"
	                      "BEGIN:VEVENT\r\nUID:a,b\r\nRECURRENCE-ID;TZID=Q:1\r\nATTACH:https://"
	                      "x/y\r\nEND:VEVENT\r\n");
	assert_int_equal(content_summarize(in, strlen(in), &s, NULL), 0);
	assert_true(s.calendar && !s.card && s.master && s.organizer && !s.attendees);
	assert_string_equal(s.missing_zone, "Q");
	assert_true(!s.several_uids);
	assert_string_equal(s.uid, "a,b");
	assert_string_equal(s.component, "VEVENT");
	assert_string_equal(s.title, "x\ny");
	assert_string_equal(s.start, "20200101T000000");
	assert_string_equal(s.method, "REQUEST");
	assert_int_equal(s.components, 2);
	assert_int_equal(s.overrides, 1);
	content_summary_clear(&s);

	in = "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:M=FCller;Jo\nUID:c1\n"
	     "PHOTO;VALUE=uri:http://x/\nAGENT:\nBEGIN:VCARD\nFN:Agent\nEND:VCARD\nEND:VCARD\n";
	assert_int_equal(content_summarize(in, strlen(in), &s, NULL), 0);
	assert_true(s.card && !s.calendar && !s.missing_zone);
	assert_string_equal(s.title, "Jo M\xc3\xbcller");
	assert_int_equal(s.components, 1);
	assert_int_equal(s.wrong, 0);
	content_summary_clear(&s);

	in = CAL("BEGIN:VTODO\r\nUID:a\r\nDUE:1\r\nEND:VTODO\r\nBEGIN:VTODO\r\nUID:b\r\nRECURRENCE-"
	         "ID:1\r\n");
	assert_int_equal(content_summarize(in, strlen(in), &s, NULL), 0);
	assert_true(s.several_uids);
	assert_string_equal(s.start, "1");
	assert_int_equal(s.components, 2);
	assert_int_equal(s.wrong, 1);
	content_summary_clear(&s);

	assert_int_equal(content_summarize("\0<html>", 7, &s, NULL), 0);
	assert_true(!s.calendar && !s.card && !s.component && s.wrong == 1);
	content_summary_clear(&s);
}

static void on_link(void *ctx, const char *name, const char *url)
{
	buf_putf(ctx, "%s %s|", name, url);
}

static void test_links(void **state)
{
	static const char in[] =
	        CAL("BEGIN:VEVENT\r\nUID:a\r\nATTACH;FMTTYPE=a/b:https://a.example/\r\n x%20y\r\n"
	            "ATTACH;VALUE=BINARY;ENCODING=BASE64:aHR0cDovLw==\r\nATTACH:cid:1@x\r\n"
	            "URL:https://no\r\nBEGIN:VALARM\r\nATTACH:ftp://b/\r\nEND:VALARM\r\n"
	            "END:VEVENT\r\n") "BEGIN:VCARD\nPHOTO;VALUE=uri:https\\://c/\nLOGO:data:x\n"
	                              "END:VCARD\n";
	struct buf b;

	(void)state;
	buf_init(&b, SIZE_MAX);
	assert_int_equal(content_links(in, strlen(in), on_link, &b, NULL), 0);
	assert_string_equal(
	        buf_str(&b), "ATTACH https://a.example/x%20y|ATTACH ftp://b/|PHOTO https://c/|");
	buf_clear(&b);
}

static void on_member(void *ctx, const char *uid)
{
	buf_putf(ctx, "%s|", uid);
}

static void test_members(void **state)
{
	static const char in[] = CARD("KIND:group\r\nMEMBER:urn:uuid:a\r\nMEMBER:mailto:b\r\n"
	                              "item1.x-addressbookserver-member:URN:UUID:c\r\n"
	                              "X-MEMBER:urn:uuid:d\r\nMEMBER:urn:uuid:\r\n");
	struct buf b;

	(void)state;
	buf_init(&b, SIZE_MAX);
	assert_int_equal(content_members(in, strlen(in), on_member, &b, NULL), 0);
	assert_string_equal(buf_str(&b), "a|c|");
	buf_clear(&b);
}

static void on_problem(void *ctx, enum content_problem what, const char *text)
{
	assert_true(text[0]);
	buf_putf(ctx, "%s ", content_problem_word(what));
}

static void test_check(void **state)
{
#define WHOLE(lines) CAL("PRODID:x\r\n" lines)
	static const struct {
		const char *in, *out;
	} rows[] = {
	        {WHOLE(EVENT("DTSTART:20260101T000000Z\r\n")), ""},
	        {WHOLE(EVENT("DTSTART:20260101T000000Z\r\nLOCATION:\r\nSTYLED-DESCRIPTION:x\r\n")),
	                ""},
	        {"BEGIN:VCARD\nVERSION:4.0\nUID:a\nFN:x\nEND:VCARD\n", ""},
	        {"<html>", "unreadable "},
	        {"", "unreadable "},
	        {"BEGIN:VCARD\nVERSION:4.0\nFN:x\nEND:VCARD\n", "no-uid "},
	        {"BEGIN:VCARD\nVERSION:4.0\nUID:a\nFN:x\n", "malformed "},
	        {"BEGIN:VCARD\nVERSION:4.0\nUID:a\nFN:\xe4\nEND:VCARD\n", "malformed "},
	        {"BEGIN:VCARD\nVERSION:4.0\nUID:a\nPHOTO:https://a/\nEND:VCARD\n", "link "},
	        {WHOLE(EVENT("RECURRENCE-ID:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\n")),
	                "no-master "},
	        {WHOLE(EVENT("DTSTART;TZID=Nowhere:20260101T000000\r\n")), "no-zone "},
	        {WHOLE(EVENT("DTSTART:20260101T000000Z\r\nGEO:abc\r\n")), "second-opinion "},
	        {WHOLE(EVENT("DTSTART:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\n")),
	                "second-opinion "},
	        /* a journal entry may have several, an event not */
	        {WHOLE("BEGIN:VJOURNAL\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\nDESCRIPTION:x\r\n"
	               "DESCRIPTION:y\r\nEND:VJOURNAL\r\n"),
	                ""},
	        {WHOLE(EVENT("DTSTART:20260101T000000Z\r\nDESCRIPTION:x\r\nDESCRIPTION:y\r\n")),
	                "second-opinion "},
	        {WHOLE(""), "empty "},
	        {WHOLE(ZONE("A", "+0100\r\nTZOFFSETFROM:+0100\r\nDTSTART:16010101T000000")),
	                "empty "},
	        {WHOLE(EVENT("")), "date "},
	        {WHOLE(EVENT("DTSTART:\r\n")), "date "},
	        {WHOLE(EVENT("DTSTART:tomorrow\r\n")), "date "},
	        {WHOLE(EVENT("DTSTART:20260101\r\n")), "date "},
	        {WHOLE(EVENT("DTSTART;VALUE=DATE:20260101T000000\r\n")), "date "},
	        {WHOLE(EVENT("DTSTART;VALUE=DATE:20260101\r\n")), ""},
	        {WHOLE(EVENT("DTSTART:20260230T000000Z\r\n")), "date "},
	        {WHOLE(EVENT("DTSTART:20260101T250000\r\n")), "date "},
	        {WHOLE(EVENT("DTSTART:20260101 000000\r\n")), "date "},
	        {WHOLE(EVENT("DTSTART:20240229T235960Z\r\nCREATED:00010101T000000Z\r\n")), ""},
	        {WHOLE(EVENT("DTSTART:20240229T000000Z\r\nEXDATE:20240229T000000Z,,x,y,z\r\n")),
	                "date date date date "},
	        {WHOLE(EVENT("DTSTART:20240229T000000Z\r\n"
	                     "RDATE;VALUE=PERIOD:20240229T000000Z/PT1H\r\n")),
	                ""},
	};
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		buf_init(&b, SIZE_MAX);
		content_check(rows[i].in, strlen(rows[i].in), on_problem, &b);
		assert_string_equal(buf_str(&b), rows[i].out);
		buf_clear(&b);
	}
}

static void count_problems(void *ctx, enum content_problem what, const char *text)
{
	(void)what;
	(void)text;
	++*(size_t *)ctx;
}

/* What libical takes minutes for: it would not end within the time that a test has. */
static void test_check_linear(void **state)
{
	size_t n = 0;
	struct buf in;

	(void)state;
	buf_init(&in, SIZE_MAX);
	buf_puts(&in, "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:a\nDTSTART:"
	              "20260101T000000Z\n");
	for (int i = 0; i < 100000; i++)
		buf_puts(&in, "EXDATE:x\nGEO:x\n");
	buf_puts(&in, "END:VEVENT\nEND:VCALENDAR\n");
	content_check(in.data, in.len, count_problems, &n);
	assert_int_equal(n, 4); /* three dates, and how many more */
	buf_clear(&in);
}

static int add(void *ctx, const void *p, size_t n, struct err *e)
{
	(void)e;
	return buf_add(ctx, p, n);
}

static void test_whole(void **state)
{
	static const struct {
		const char *in;
		bool whole;
	} cases[] = {
	        {"BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n", true},
	        {"BEGIN:VCARD\r\nFN:x\r\nEND:VCARD", true},
	        {"\xef\xbb\xbf\r\nbegin:vCard\rFN:x\rend:VCARD\r\r \n", true},
	        {"BEGIN:VCARD\nEND:VCARD\nBEGIN:VCARD\nEND:VCARD\n", true},
	        {"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\n", false},
	        {"BEGIN:VCARD\r\nFN:x\r\nEND:VCAR", false},
	        {"BEGIN:VCARD\r\nNOTE:xEND:VCARD\r\n", false},
	        {"BEGIN:VCARD\r\nFN:x\r\n", false},
	        {"BEGIN:VCARD", false},
	        {"BEGIN:\r\nEND:\r\n", false},
	        {"END:VCARD\r\n", false},
	        {"<html>END:VCARD\r\n", false},
	        {"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n = strlen(cases[i].in), tail = n < 30 ? n : 30;

		if (content_is_whole(cases[i].in, n, cases[i].in, n) != cases[i].whole ||
		        content_is_whole(cases[i].in, n, cases[i].in + n - tail, tail) !=
		                cases[i].whole)
			fail_msg("case %zu", i);
	}
}

static void test_crlf(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {{"", ""}, {"a", "a"}, {"a\nb\r\nc\rd", "a\r\nb\r\nc\r\nd"},
	        {"\n\r\n\r\r", "\r\n\r\n\r\n\r\n"}};
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_init(&b, 64);
		assert_int_equal(content_crlf(cases[i].in, strlen(cases[i].in), add, &b, NULL), 0);
		assert_string_equal(buf_str(&b), cases[i].out);
		buf_clear(&b);
	}
	buf_init(&b, 3);
	assert_int_equal(content_crlf("\n\n", 2, add, &b, NULL), ERR_LIMIT);
	buf_clear(&b);
	/* longer than a piece, a CRLF at each place of its border */
	for (size_t n = 16300; n < 16400; n++) {
		char *in = xcalloc(n + 3, 1);

		memset(in, 'x', n);
		strcpy(in + n, "\ny");
		buf_init(&b, n + 3);
		assert_int_equal(content_crlf(in, n + 2, add, &b, NULL), 0);
		assert_int_equal(b.len, n + 3);
		assert_string_equal((const char *)b.data + n - 1, "x\r\ny");
		buf_clear(&b);
		free(in);
	}
}

static void test_compare(void **state)
{
	static const struct {
		const char *a, *b;
		enum content_grade grade;
		const char *diff;
	} cases[] = {
	        {EV("A:1\r\n"), EV("A:1\r\n"), CONTENT_IDENTICAL, ""},
	        {EV("A:1\r\nB:2\r\n"), EV("B:\r\n 2\r\na:1\n"), CONTENT_CANONICAL, ""},
	        {EV("A;X=1;Y=\"2\":1\r\n"), EV("A;Y=2;X=1:1\r\n"), CONTENT_CANONICAL, ""},
	        {EV("CATEGORIES:a,b\r\n"), EV("CATEGORIES:b\r\nCATEGORIES:a\r\n"),
	                CONTENT_CANONICAL, ""},
	        {EV("CATEGORIES:a\\,b\r\n"), EV("CATEGORIES:a,b\r\n"), CONTENT_ALTERED,
	                "~CATEGORIES"},
	        {EV("EXDATE;VALUE=DATE-TIME:1,2\r\n"), EV("EXDATE:2\r\nEXDATE:1\r\n"),
	                CONTENT_CANONICAL, ""},
	        {EV("EXDATE;VALUE=DATE:1\r\n"), EV("EXDATE:1\r\n"), CONTENT_ALTERED, "~EXDATE"},
	        {EV("RRULE:FREQ=DAILY;INTERVAL=1;BYDAY=MO,TU\r\n"),
	                EV("RRULE:BYDAY=TU,MO;FREQ=daily\r\n"), CONTENT_CANONICAL, ""},
	        {EV("RRULE:FREQ=DAILY;INTERVAL=2\r\n"), EV("RRULE:FREQ=DAILY\r\n"), CONTENT_ALTERED,
	                "~RRULE"},
	        {EV("RRULE:FREQ=DAILY;WKST=MO\r\n"), EV("RRULE:FREQ=DAILY\r\n"), CONTENT_CANONICAL,
	                ""},
	        {EV("RRULE:FREQ=DAILY;WKST=SU\r\n"), EV("RRULE:FREQ=DAILY\r\n"), CONTENT_ALTERED,
	                "~RRULE"},
	        {EV("DURATION:PT60M\r\nTRIGGER:P0D\r\n"),
	                EV("DURATION:+PT1H0S\r\nTRIGGER:-PT0S\r\n"), CONTENT_CANONICAL, ""},
	        {EV("DURATION:P1W\r\n"), EV("DURATION:P7DT0H\r\n"), CONTENT_CANONICAL, ""},
	        {EV("DURATION:P1D\r\n"), EV("DURATION:PT24H\r\n"), CONTENT_ALTERED, "~DURATION"},
	        {EV("TRIGGER:-PT5M\r\n"), EV("TRIGGER:PT5M\r\n"), CONTENT_ALTERED, "~TRIGGER"},
	        {EV("TRIGGER:PT5M\r\n"), EV("TRIGGER:PT5H\r\n"), CONTENT_ALTERED, "~TRIGGER"},
	        {EV("DURATION:P1M\r\n"), EV("DURATION:PT1M\r\n"), CONTENT_ALTERED, "~DURATION"},
	        {EV("DURATION:P\r\n"), EV("DURATION:PT\r\n"), CONTENT_ALTERED, "~DURATION"},
	        {EV("DURATION:PT1000000000S\r\n"), EV("DURATION:PT1S\r\n"), CONTENT_ALTERED,
	                "~DURATION"},
	        {EV("TRIGGER;VALUE=DATE-TIME:20260101T000000Z\r\n"),
	                EV("TRIGGER:20260101T000000Z\r\n"), CONTENT_ALTERED, "~TRIGGER"},
	        {EV("DTSTART;VALUE=DATE:20260101\r\n"), EV("DTSTART:20260101\r\n"), CONTENT_ALTERED,
	                "~DTSTART"},
	        {EV("DTSTART;TZID=Europe/Rome:20260101T010000\r\n"),
	                EV("DTSTART:20260101T000000Z\r\n"), CONTENT_ALTERED, "~DTSTART"},
	        {EV("RDATE;VALUE=PERIOD:20260101T000000Z/PT1H\r\n"),
	                EV("RDATE:20260101T000000Z\r\n"), CONTENT_ALTERED, "~RDATE"},
	        {EV("ATTENDEE;PARTSTAT=ACCEPTED:mailto:a\r\n"),
	                EV("ATTENDEE;PARTSTAT=DECLINED:mailto:a\r\n"), CONTENT_ALTERED,
	                "~ATTENDEE"},
	        {EV("EXDATE:1,1\r\n"), EV("EXDATE:1\r\n"), CONTENT_ALTERED, "-EXDATE"},
	        {EV("RECURRENCE-ID;TZID=A:1\r\n"), EV("RECURRENCE-ID;TZID=B:1\r\n"),
	                CONTENT_ALTERED, NULL},
	        {EV("X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:1\r\n"), EV(""), CONTENT_ALTERED,
	                "-X-APPLE-TRAVEL-ADVISORY-BEHAVIOR"},
	        {EV("X-0123456789-0123456789-0123456789-0123456789-0123456789:1\r\n"), EV(""),
	                CONTENT_ALTERED, "-X-0123456789-0123456789-0123456789-0123456789-0"},
	        {EV("URL:https://x/?a\\,b\r\n"), EV("URL:https://x/?a,b\r\n"), CONTENT_ALTERED,
	                "~URL"},
	        {CARD("URL:https\\://x/\r\n"), CARD("URL:https://x/\r\n"), CONTENT_CANONICAL, ""},
	        {CARD("BDAY;VALUE=date:1980-02-29\r\n"), CARD("BDAY:1980-02-29\r\n"),
	                CONTENT_CANONICAL, ""},
	        {CARD("BDAY;VALUE=text:circa 1800\r\n"), CARD("BDAY:circa 1800\r\n"),
	                CONTENT_ALTERED, "~BDAY"},
	        {CARD("PHOTO;VALUE=uri:https://x/\r\n"), CARD("PHOTO:https://x/\r\n"),
	                CONTENT_ALTERED, "~PHOTO"},
	        {CARD("PHOTO;ENCODING=b:AAAA\r\n"), CARD("PHOTO;ENCODING=b:AAAB\r\n"),
	                CONTENT_ALTERED, "~PHOTO"},
	        {CARD("GENDER:F;x\r\n"), CARD("GENDER:F\\;x\r\n"), CONTENT_ALTERED, "~GENDER"},
	        {CARD("ORG:a;b\r\n"), CARD("ORG:b;a\r\n"), CONTENT_ALTERED, "~ORG"},
	        {CARD("ADR:;;a,b\r\n"), CARD("ADR:;;b,a\r\n"), CONTENT_ALTERED, "~ADR"},
	        {CARD("item1.X-ABLABEL:a\r\n"), CARD("X-ABLABEL:a\r\n"), CONTENT_ALTERED,
	                "~X-ABLABEL"},
	        {CARD("item1.X-ABLABEL:a\r\n"), CARD("item2.X-ABLABEL:a\r\n"), CONTENT_ALTERED,
	                "~X-ABLABEL"},
	        {EV("GEO:1.50;-0.0\r\n"), EV("GEO:+1.5;0\r\n"), CONTENT_CANONICAL, ""},
	        {EV("GEO:10;2\r\n"), EV("GEO:1;2\r\n"), CONTENT_ALTERED, "~GEO"},
	        {EV("GEO:10;2\r\n"), EV("GEO:10\\;2\r\n"), CONTENT_ALTERED, "~GEO"},
	        {EV(""), EV("CLASS:PUBLIC\r\n"), CONTENT_EQUIVALENT, ""},
	        {CARD("CLASS:PUBLIC\r\n"), CARD(""), CONTENT_ALTERED, "-CLASS"},
	        {EV("CLASS:PRIVATE\r\n"), EV("CLASS:PUBLIC\r\n"), CONTENT_ALTERED, "-CLASS"},
	        {EV("SUMMARY:a\\,b\\;\r\n"), EV("SUMMARY:a,b;\r\n"), CONTENT_CANONICAL, ""},
	        {EV("SUMMARY:a\\nb\r\n"), EV("SUMMARY:a\\\\nb\r\n"), CONTENT_ALTERED, "~SUMMARY"},
	        {EV("X-G:geo:1,2\r\n"), EV("X-G:geo:1\r\n"), CONTENT_ALTERED, "~X-G"},
	        {EV("ATTENDEE;PARTSTAT=accepted:MAILTO:a\r\n"),
	                EV("ATTENDEE;PARTSTAT=ACCEPTED;SCHEDULE-STATUS=2.0:mailto:a\r\n"),
	                CONTENT_EQUIVALENT, ""},
	        {EV("DTSTAMP:1\r\nA:1\r\n"), EV("DTSTAMP:2\r\nCREATED:1\r\nA:1\r\n"),
	                CONTENT_EQUIVALENT, ""},
	        {CAL("CALSCALE:GREGORIAN\r\n"), CAL("METHOD:PUBLISH\r\n"), CONTENT_EQUIVALENT, ""},
	        {CAL("CALSCALE:CHINESE\r\n"), CAL(""), CONTENT_ALTERED, "-CALSCALE"},
	        {CAL(ZONE("Europe/Rome", "+0100")), CAL(""), CONTENT_ALTERED, "-VTIMEZONE"},
	        {CAL(ZONE("Europe/Rome", "+0100")), CAL(ZONE("Europe/Rome", "+0200")),
	                CONTENT_EQUIVALENT, ""},
	        {CAL(ZONE("Mine", "+0100")), CAL(""), CONTENT_ALTERED, "-VTIMEZONE"},
	        {CAL(ZONE("US/Pacific", "-0800") EVENT("")), CAL(EVENT("")), CONTENT_EQUIVALENT,
	                ""},
	        {CAL(ZONE("Japan", "+0900") EVENT("")), CAL(EVENT("")), CONTENT_EQUIVALENT, ""},
	        {CAL(ZONE("CET", "+0100") EVENT("")), CAL(EVENT("")), CONTENT_EQUIVALENT, ""},
	        {CAL(ZONE("Brazil/Acre", "-0500") EVENT("")), CAL(EVENT("")), CONTENT_EQUIVALENT,
	                ""},
	        {CAL(ZONE("Zulu", "+0000") EVENT("")), CAL(EVENT("")), CONTENT_EQUIVALENT, ""},
	        {CAL(ZONE("US", "-0800") EVENT("")), CAL(EVENT("")), CONTENT_ALTERED, "-VTIMEZONE"},
	        {CAL(ZONE("Zulus", "+0000") EVENT("")), CAL(EVENT("")), CONTENT_ALTERED,
	                "-VTIMEZONE"},
	        {CAL(ZONE("Mine", "+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=3")),
	                CAL(ZONE("Mine", "+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=4")), CONTENT_ALTERED,
	                "~VTIMEZONE"},
	        {CAL(ZONE("Mine", "+0100\r\nTZOFFSETFROM:+0200")),
	                CAL(ZONE("Mine", "+0100\r\nTZOFFSETFROM:+0300")), CONTENT_ALTERED,
	                "~VTIMEZONE"},
	        {CAL(ZONE("Europe/Rome", "+0100")), CAL(ZONE("Asia/Tokyo", "+0900")),
	                CONTENT_ALTERED, "~VTIMEZONE"},
	        {CAL(ZONE("Europe/Rome", "+0100") EVENT("")), CAL(EVENT("")), CONTENT_EQUIVALENT,
	                ""},
	        {CAL(ZONE("Mine", "+0100") EVENT("")), CAL(EVENT("")), CONTENT_ALTERED,
	                "-VTIMEZONE"},
	        {CAL(ZONE("Mine", "+0100")), CAL(ZONE("Mine", "+0200")), CONTENT_ALTERED,
	                "~VTIMEZONE"},
	        {CAL(ZONE("Mine", "+0100\r\nTZNAME:A")), CAL(ZONE("Mine", "+0100")),
	                CONTENT_EQUIVALENT, ""},
	        {EV("SUMMARY:a\r\nX-A:1\r\n"), EV("SUMMARY:b\r\nX-B:1\r\n"), CONTENT_ALTERED,
	                "~SUMMARY -X-A +X-B"},
	        {EV("BEGIN:VALARM\r\nACTION:audio\r\nEND:VALARM\r\n"),
	                EV("BEGIN:VALARM\r\nACTION:AUDIO\r\nEND:VALARM\r\n"), CONTENT_CANONICAL,
	                ""},
	        {EV("BEGIN:VALARM\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\n"), EV(""), CONTENT_ALTERED,
	                "-VALARM"},
	        {CAL("BEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-"
	             "ID:1\r\nX:1\r\nEND:VEVENT\r\n"),
	                CAL("BEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID:1\r\nX:1\r\nEND:"
	                    "VEVENT\r\nBEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\n"),
	                CONTENT_CANONICAL, ""},
	        {CAL("BEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-"
	             "ID:1\r\nX:1\r\nEND:VEVENT\r\n"),
	                CAL("BEGIN:VEVENT\r\nUID:a\r\nX:1\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:"
	                    "a\r\nRECURRENCE-ID:1\r\nEND:VEVENT\r\n"),
	                CONTENT_ALTERED, NULL},
	        /* twins: their properties do not change places unnoticed */
	        {CAL("BEGIN:VEVENT\r\nUID:a\r\nX:1\r\nY:1\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:"
	             "a\r\nX:2\r\nY:2\r\nEND:VEVENT\r\n"),
	                CAL("BEGIN:VEVENT\r\nUID:a\r\nX:1\r\nY:2\r\nEND:VEVENT\r\nBEGIN:"
	                    "VEVENT\r\nUID:a\r\nX:2\r\nY:1\r\nEND:VEVENT\r\n"),
	                CONTENT_ALTERED, "~VEVENT"},
	        {EV("A:1\r\n"), CAL("BEGIN:VEVENT\r\nUID:u2\r\nA:1\r\nEND:VEVENT\r\n"),
	                CONTENT_ALTERED, "~UID"},
	        {EV("A:1\r\n"), CAL(""), CONTENT_ALTERED, "-VEVENT"},
	        {EV("stray\r\n"), EV(""), CONTENT_ALTERED, "-?"},
	        /* cut off, though nothing but an END is missing */
	        {"BEGIN:VCARD\r\nFN:a\r\nEND:VCARD\r\n", "BEGIN:VCARD\r\nFN:a\r\n", CONTENT_ALTERED,
	                "-END"},
	        {EV("BEGIN:VALARM\r\n"), EV("BEGIN:VALARM\r\nEND:VALARM\r\n"), CONTENT_ALTERED,
	                "+END"},
	        {EV("END:VALARM\r\n"), EV(""), CONTENT_ALTERED, "-?"},
	        {CARD("TEL;TYPE=home;TYPE=VOICE:5\r\n"), CARD("TEL;VOICE;HOME:5\r\n"),
	                CONTENT_CANONICAL, ""},
	        {CARD("TEL;TYPE=home:5\r\n"), CARD("TEL:5\r\n"), CONTENT_ALTERED, "~TEL"},
	        {CARD("N:Doe;Jane;;;\r\n"), CARD("N:Doe;Jane\r\n"), CONTENT_CANONICAL, ""},
	        {CARD("N:Doe;Jane\r\n"), CARD("N:Doe\\;Jane\r\n"), CONTENT_ALTERED, "~N"},
	        {CARD("N:a,b;c\r\n"), CARD("N:a\\,b;c\r\n"), CONTENT_ALTERED, "~N"},
	        {CARD("N:;\r\n"), CARD("N:\r\n"), CONTENT_CANONICAL, ""},
	        {CARD("NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:=C3=A4\r\n"),
	                CARD("NOTE:\xc3\xa4\r\n"), CONTENT_CANONICAL, ""},
	        {CARD("PHOTO;ENCODING=b:AA BB\r\n"), CARD("PHOTO;BASE64:\r\n AABB\r\n\r\n"),
	                CONTENT_CANONICAL, ""},
	        {CARD("item1.TEL:1\r\nitem1.X-ABLABEL:a\r\n"),
	                CARD("ITEM1.X-ABLABEL:a\r\nitem1.TEL:1\r\n"), CONTENT_CANONICAL, ""},
	        {CARD("REV:1\r\n"), CARD("REV:2\r\nPRODID:x\r\n"), CONTENT_EQUIVALENT, ""},
	        {CARD("NOTE:\r\n"), CARD(""), CONTENT_ALTERED, "-NOTE"},
	        {CARD("X:1\r\nX:1\r\n"), CARD("X:1\r\n"), CONTENT_ALTERED, "-X"},
	        {"", "x", CONTENT_ALTERED, "+?"},
	        {"RECURRENCE-ID:1\n", "x:1\n", CONTENT_ALTERED, "-RECURRENCE-ID +X"},
	};
	struct buf diff;

	(void)state;
	buf_init(&diff, 256);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum content_grade grade;

		assert_int_equal(content_compare(cases[i].a, strlen(cases[i].a), cases[i].b,
		                         strlen(cases[i].b), &grade, &diff, NULL),
		        0);
		if (grade != cases[i].grade)
			fail_msg("%s\n%s: grade %d, %s", cases[i].a, cases[i].b, grade,
			        buf_str(&diff));
		if (cases[i].diff)
			assert_string_equal(buf_str(&diff), cases[i].diff);
	}
	buf_clear(&diff);
	buf_init(&diff, 4); /* too small: said as far as it goes */
	{
		enum content_grade grade;

		assert_int_equal(
		        content_compare(CARD("AA:1\r\nBB:1\r\n"), strlen(CARD("AA:1\r\nBB:1\r\n")),
		                CARD(""), strlen(CARD("")), &grade, &diff, NULL),
		        0);
		assert_string_equal(buf_str(&diff), "-AA");
	}
	buf_clear(&diff);
}

static void differences_are_words(void **state)
{
	static const struct {
		const char *differences, *done, *seen;
	} table[] = {
	        {"", "", ""},
	        {"-CATEGORIES", "dropped the categories (CATEGORIES)",
	                "missing there: the categories (CATEGORIES)"},
	        {"~SUMMARY -X-A +X-B +VTIMEZONE -DESCRIPTION -N",
	                "dropped X-A, the description (DESCRIPTION) and the name (N), changed the "
	                "title (SUMMARY), added X-B and the time zone (VTIMEZONE)",
	                "missing there: X-A, the description (DESCRIPTION) and the name (N); "
	                "different there: the title (SUMMARY); only there: X-B and the time zone "
	                "(VTIMEZONE)"},
	        {"~UID", "changed UID", "different there: UID"},
	        {"~ - +  x", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct buf b = buf_of(4096);

		content_say_differences(table[i].differences, CONTENT_DONE, &b);
		assert_string_equal(buf_str(&b), table[i].done);
		buf_reset(&b);
		content_say_differences(table[i].differences, CONTENT_SEEN, &b);
		assert_string_equal(buf_str(&b), table[i].seen);
		buf_clear(&b);
	}
}

#define OBJECT(lines) "BEGIN:VCALENDAR\r\n" lines "END:VCALENDAR\r\n"
#define ONE(lines) "BEGIN:VEVENT\r\nUID:1\r\n" lines "END:VEVENT\r\n"
#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define ALARM(t) "BEGIN:VALARM\r\nTRIGGER:" t "\r\nACTION:AUDIO\r\nEND:VALARM\r\n"

static void differences_with_values(void **state)
{
	static const struct {
		const char *a, *b, *want;
		size_t n;
	} table[] = {
	        {OBJECT(ONE("SUMMARY:Lunch\r\n")), OBJECT(ONE("SUMMARY:Lunch\r\nDTSTAMP:1\r\n")),
	                "", 0},
	        {OBJECT(ONE("SUMMARY:Lunch\r\n")), OBJECT(ONE("SUMMARY:Din\r\n ner\r\n")),
	                "the title (SUMMARY) of VEVENT: \"Lunch\" -> \"Dinner\"", 1},
	        {OBJECT(ONE("X-A:1\r\n")), OBJECT(ONE("X-B:\r\n")),
	                "X-A of VEVENT: \"1\" -> none; X-B of VEVENT: none -> \"\"", 2},
	        /* of a list only what differs, of a line that is the same its parameters */
	        {OBJECT(ONE("CATEGORIES:one,two,three\r\n")),
	                OBJECT(ONE("CATEGORIES:three,one,four\r\n")),
	                "the categories (CATEGORIES) of VEVENT: \"two\" -> \"four\"", 1},
	        {OBJECT(ONE("ATTENDEE;PARTSTAT=ACCEPTED:mailto:a\r\n")),
	                OBJECT(ONE("ATTENDEE;PARTSTAT=DECLINED:mailto:a\r\n")),
	                "the attendees (ATTENDEE) of VEVENT: "
	                "\"ATTENDEE;PARTSTAT=ACCEPTED:mailto:a\" -> "
	                "\"ATTENDEE;PARTSTAT=DECLINED:mailto:a\"",
	                1},
	        /* an instance of a series, and one that is missing */
	        {OBJECT(ONE("") ONE("RECURRENCE-ID:20260105\r\nSUMMARY:x\r\n")),
	                OBJECT(ONE("") ONE("RECURRENCE-ID:20260105\r\nSUMMARY:y\r\n")),
	                "the title (SUMMARY) of VEVENT 20260105: \"x\" -> \"y\"", 1},
	        {OBJECT(ONE("") ONE("RECURRENCE-ID:20260105\r\n")), OBJECT(ONE("")),
	                "an event (VEVENT): \"UID:1 RECURRENCE-ID:20260105\" -> none", 1},
	        {OBJECT(ONE(ALARM("-PT15M"))), OBJECT(ONE(ALARM("-PT5M"))),
	                "the reminder (VALARM) of VEVENT: \"TRIGGER:-PT15M ACTION:AUDIO\" -> "
	                "\"TRIGGER:-PT5M ACTION:AUDIO\"",
	                1},
	        /* long values from where they differ */
	        {OBJECT(ONE("DESCRIPTION:" SIXTY SIXTY "a\\nb" SIXTY SIXTY "\r\n")),
	                OBJECT(ONE("DESCRIPTION:" SIXTY SIXTY "z\r\n")),
	                "the description (DESCRIPTION) of VEVENT: \"..." TEN TEN
	                "a\\nb" TEN TEN TEN TEN TEN "012345...\" -> \"..." TEN TEN "z\"",
	                1},
	        {OBJECT(ONE("A:1\r\nB:1\r\nC:1\r\nD:1\r\nE:1\r\nF:1\r\nG:1\r\n")), OBJECT(ONE("")),
	                "A of VEVENT: \"1\" -> none; B of VEVENT: \"1\" -> none; "
	                "C of VEVENT: \"1\" -> none; D of VEVENT: \"1\" -> none; "
	                "E of VEVENT: \"1\" -> none; and 2 more",
	                7},
	        {"BEGIN:VCARD\r\nTEL:1\r\nTEL:2\r\nTEL:3\r\nTEL:4\r\nTEL:5\r\nEND:VCARD\r\n",
	                "BEGIN:VCARD\r\nTEL:1\r\nEND:VCARD\r\n", NULL, 1},
	        {OBJECT(ONE("")), "BEGIN:VCALENDAR\r\n" ONE(""),
	                "a line that ends an object (END): missing", 1},
	        {"", "\xff\xfe no\r\n lines", "?: none -> \"\xff\xfe nolines\"", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct buf b = buf_of(4096);
		size_t n;

		assert_int_equal(content_explain(table[i].a, strlen(table[i].a), table[i].b,
		                         strlen(table[i].b), &b, &n, NULL),
		        0);
		if (n != table[i].n || (table[i].want && strcmp(buf_str(&b), table[i].want) != 0))
			fail_msg("%s\n%s: %zu, %s", table[i].a, table[i].b, n, buf_str(&b));
		if (!table[i].want)
			assert_non_null(strstr(buf_str(&b), " and 1 more -> none"));
		buf_clear(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(differences_are_words),
	        cmocka_unit_test(differences_with_values),
	        cmocka_unit_test(test_lines),
	        cmocka_unit_test(test_caps),
	        cmocka_unit_test(test_linear),
	        cmocka_unit_test(test_summary),
	        cmocka_unit_test(test_links),
	        cmocka_unit_test(test_members),
	        cmocka_unit_test(test_check),
	        cmocka_unit_test(test_check_linear),
	        cmocka_unit_test(test_whole),
	        cmocka_unit_test(test_crlf),
	        cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
