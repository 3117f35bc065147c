#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "valise/base/mem.h"
#include "valise/tree/select.h"

/* 29 Feb 2024, a day that most years lack */
static const struct day leap = {2024, 2, 29};

static void days_and_ages(void **state)
{
	static const struct {
		const char *text;
		struct day begin, after;
	} rows[] = {
	        {"2024-01-31", {2024, 1, 31}, {2024, 2, 1}},
	        {"2023-12-31", {2023, 12, 31}, {2024, 1, 1}},
	        {"2024-02", {2024, 2, 1}, {2024, 3, 1}},
	        {"2024-12", {2024, 12, 1}, {2025, 1, 1}},
	        {"2023", {2023, 1, 1}, {2024, 1, 1}},
	        {"0d", {2024, 2, 29}, {2024, 3, 1}},
	        {"30d", {2024, 1, 30}, {2024, 1, 31}},
	        {"1w", {2024, 2, 22}, {2024, 2, 23}},
	        {"1m", {2024, 1, 29}, {2024, 1, 30}},
	        {"3m", {2023, 11, 29}, {2023, 11, 30}},
	        {"12m", {2023, 2, 28}, {2023, 3, 1}},
	        {"18m", {2022, 8, 29}, {2022, 8, 30}},
	        {"1y", {2023, 2, 28}, {2023, 3, 1}},
	        {"1y6m", {2022, 8, 29}, {2022, 8, 30}},
	        {"1m1w", {2024, 1, 22}, {2024, 1, 23}},
	        {"99999y", {1, 1, 1}, {1, 1, 2}},
	        {"4y", {2020, 2, 29}, {2020, 3, 1}},
	        {"9999y", {1, 1, 1}, {1, 1, 2}},
	        {"99999w", {107, 8, 25}, {107, 8, 26}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t begin, after;

		if (!select_date(rows[i].text, &leap, false, &begin) ||
		        !select_date(rows[i].text, &leap, true, &after))
			fail_msg("%s is no date", rows[i].text);
		if (begin != day_start(&rows[i].begin) || after != day_start(&rows[i].after))
			fail_msg("%s: %lld to %lld", rows[i].text, (long long)begin,
			        (long long)after);
	}
}

static void no_dates(void **state)
{
	static const char *const rows[] = {"", "2024-02-30", "2023-02-29", "2024-13", "2024-00",
	        "2024-1-1", "24-01-01", "20240101", "2024-01-01T10:00", "1h", "m", "1y6", "1y-6m",
	        "9999y9999y9999y9999y", "-1d", "1.5y", "1dd", "18M", "100000d", "yesterday", "0000",
	        "2024-01-", " 2024", "2024 "};
	int64_t out;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (select_date(rows[i], &leap, false, &out))
			fail_msg("\"%s\" is a date", rows[i]);
}

static int64_t at(int year, int month, int day)
{
	return day_start(&(struct day){year, month, day});
}

/* A selection of all that is in 2023. */
static struct selection of_2023(void)
{
	struct selection s;

	selection_all(&s);
	s.since = at(2023, 1, 1);
	s.until = at(2024, 1, 1);
	return s;
}

static void listed(void **state)
{
	struct selection s;
	struct tree_item it = {.size = 1000, .date_utc = at(2023, 1, 1), .flags = FLAG_SEEN};

	(void)state;
	selection_all(&s);
	assert_false(selection_by_item(&s));
	assert_true(selection_listed(&s, COLL_MAIL, &it));

	/* The day that the message shows, in its own zone. */
	s = of_2023();
	assert_true(selection_by_item(&s));
	assert_true(selection_listed(&s, COLL_MAIL, &it));
	it.date_utc--;
	assert_false(selection_listed(&s, COLL_MAIL, &it));
	it.zone_min = 60;
	assert_true(selection_listed(&s, COLL_MAIL, &it));
	it.date_utc = at(2024, 1, 1) - 1;
	assert_false(selection_listed(&s, COLL_MAIL, &it));
	it.zone_min = 0;
	assert_true(selection_listed(&s, COLL_MAIL, &it));
	/* What has no date is left out by none. */
	it.date_utc = 0;
	assert_true(selection_listed(&s, COLL_MAIL, &it));
	it.date_utc = at(2010, 1, 1);
	assert_true(selection_listed(&s, COLL_CONTACTS, &it));

	selection_all(&s);
	s.larger = 1000;
	assert_false(selection_listed(&s, COLL_MAIL, &it));
	s.larger = 999;
	s.smaller = 1001;
	assert_true(selection_listed(&s, COLL_CALENDAR, &it));
	s.smaller = 1000;
	assert_false(selection_listed(&s, COLL_CALENDAR, &it));

	/* Flags has mail alone. */
	selection_all(&s);
	s.unseen = true;
	assert_false(selection_listed(&s, COLL_MAIL, &it));
	assert_false(selection_listed(&s, COLL_CONTACTS, &it));
	it.flags = FLAG_FLAGGED;
	assert_true(selection_listed(&s, COLL_MAIL, &it));
	s.flagged = true;
	assert_true(selection_listed(&s, COLL_MAIL, &it));
	it.flags = 0;
	assert_false(selection_listed(&s, COLL_MAIL, &it));
}

static void in_words(void **state)
{
	struct selection s = of_2023();
	struct buf b = buf_of(1000);

	(void)state;
	s.larger = 1;
	s.smaller = 20000000;
	s.flagged = s.unseen = true;
	selection_words(&s, &b);
	assert_string_equal(buf_str(&b), "--since 2023-01-01 --until 2023-12-31 --larger 1 "
	                                 "--smaller 20000000 --flagged --unseen");
	buf_reset(&b);
	selection_all(&s);
	selection_words(&s, &b);
	assert_string_equal(buf_str(&b), "");
	buf_clear(&b);
}

#define A_512 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG                                                                                       \
	A_512 A_512 A_512 A_512 A_512 A_512 A_512 A_512 A_512 A_512 A_512 A_512 A_512 A_512 A_512  \
	        A_512
static const char *const ann[] = {"Bob@", "ann Example <ANN@example.org>", NULL};
static const char *const muller[] = {"M\xc3\xbcller", NULL};
static const char *const angle[] = {"<a>", NULL};

static void by_names(void **state)
{
	static const struct {
		enum coll_kind kind;
		enum about_field field;
		const char *text;
		const char *const *from, *const *to, *const *subject;
		enum select_answer want;
	} rows[] = {
	        {COLL_MAIL, ABOUT_FROM, "Ann <ann@Example.ORG>", ann, NULL, NULL, SELECT_YES},
	        {COLL_MAIL, ABOUT_FROM, "joann@example.org", ann, NULL, NULL, SELECT_YES},
	        {COLL_MAIL, ABOUT_FROM, "bob@x", ann, NULL, NULL, SELECT_YES},
	        {COLL_MAIL, ABOUT_FROM, "Ann <ann@x>", ann, NULL, NULL, SELECT_NO},
	        {COLL_MAIL, ABOUT_TO, "ann@example.org", ann, NULL, NULL, SELECT_NO},
	        {COLL_MAIL, ABOUT_TO, "ann@example.org", NULL, ann, NULL, SELECT_YES},
	        {COLL_MAIL, ABOUT_CC, "ann@example.org", NULL, ann, NULL, SELECT_YES},
	        {COLL_MAIL, ABOUT_CC, "x", NULL, ann, NULL, SELECT_NO},
	        {COLL_MAIL, ABOUT_TO, LONG, NULL, ann, NULL, SELECT_ASK},
	        {COLL_MAIL, ABOUT_SUBJECT, "an MULLER", NULL, NULL, muller, SELECT_YES},
	        {COLL_MAIL, ABOUT_SUBJECT, "a mu\xcc\x88ller", NULL, NULL, muller, SELECT_YES},
	        {COLL_MAIL, ABOUT_SUBJECT, LONG, NULL, NULL, muller, SELECT_ASK},
	        {COLL_MAIL, ABOUT_SUBJECT, "a", NULL, NULL, angle, SELECT_NO},
	        {COLL_MAIL, ABOUT_SUBJECT, "a", ann, NULL, NULL, SELECT_NO},
	        {COLL_CALENDAR, ABOUT_ORGANIZER, "bob@x", ann, NULL, NULL, SELECT_YES},
	        {COLL_CALENDAR, ABOUT_SUMMARY, "M\xc3\x9cLLER", NULL, NULL, muller, SELECT_YES},
	        {COLL_CALENDAR, ABOUT_SUMMARY, "bob@", NULL, ann, NULL, SELECT_NO},
	        {COLL_CONTACTS, ABOUT_NAME, "A. M\xc3\xbcller", NULL, NULL, muller, SELECT_YES},
	        {COLL_CONTACTS, ABOUT_MAIL, "x@x\nbob@x", ann, NULL, NULL, SELECT_YES},
	        {COLL_CONTACTS, ABOUT_MAIL, "x@x\ny@x", ann, NULL, NULL, SELECT_NO},
	        {COLL_CONTACTS, ABOUT_MAIL, "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np", ann,
	                NULL, NULL, SELECT_ASK},
	        {COLL_LINKED, ABOUT_NAME, "bob@", ann, NULL, NULL, SELECT_NO},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct item_about a = {0};
		struct selection s;

		selection_all(&s);
		s.from = rows[i].from;
		s.to = rows[i].to;
		s.subject = rows[i].subject;
		a.text[rows[i].field] = xstrdup(rows[i].text);
		if (selection_named(&s, rows[i].kind, &a, true) != rows[i].want)
			fail_msg("row %zu", i);
		if (rows[i].kind != COLL_LINKED)
			assert_int_equal(selection_named(&s, rows[i].kind, &a, false), SELECT_ASK);
		about_clear(&a);
	}
}

static void by_start(void **state)
{
	static const struct {
		const char *start;
		enum select_answer want;
	} rows[] = {
	        {"2023-01-01", SELECT_YES},
	        {"2023-12-31T23:59:59 Europe/Berlin", SELECT_YES},
	        {"2023-06-01T10:00:00Z", SELECT_YES},
	        {"2024-01-01", SELECT_NO},
	        {"2022-12-31T23:59:59Z", SELECT_ASK}, /* it may go on */
	        {"tomorrow", SELECT_YES},
	        {"2023-02-30", SELECT_YES},
	        {NULL, SELECT_YES},
	};
	struct selection s = of_2023();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct item_about a = {0};

		a.text[ABOUT_START] = xstrdup(rows[i].start);
		if (selection_named(&s, COLL_CALENDAR, &a, true) != rows[i].want)
			fail_msg("row %zu", i);
		assert_int_equal(selection_named(&s, COLL_CONTACTS, &a, true), SELECT_YES);
		about_clear(&a);
	}
}

#define EVENT(lines) "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" lines "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define CARD(lines) "BEGIN:VCARD\r\n" lines "END:VCARD\r\n"

/* Beside 2023. */
static void by_span(void **state)
{
	static const struct {
		const char *octets;
		bool want;
	} rows[] = {
	        {EVENT("DTSTART:20230601T100000Z\r\n"), true},
	        {EVENT("DTSTART:20221231T100000Z\r\n"), false},
	        {EVENT("DTSTART:20240101T000000Z\r\n"), false},
	        {EVENT("DTSTART:20221220T100000Z\r\nDTEND:20230110T100000Z\r\n"), true},
	        /* an end is not part of it */
	        {EVENT("DTSTART;VALUE=DATE:20221231\r\nDTEND;VALUE=DATE:20230101\r\n"), false},
	        {EVENT("DTSTART;VALUE=DATE:20221231\r\nDTEND;VALUE=DATE:20230102\r\n"), true},
	        {EVENT("DTSTART:20150101T100000\r\nRRULE:FREQ=WEEKLY\r\n"), true},
	        {EVENT("RRULE:FREQ=WEEKLY\r\nDTSTART:20150101T100000\r\n"), true},
	        {EVENT("DTSTART:20150101T100000\r\nRRULE:FREQ=DAILY;COUNT=9\r\n"), true},
	        {EVENT("DTSTART:20150101T100000\r\nRRULE:FREQ=DAILY;UNTIL=20221231T230000Z\r\n"),
	                false},
	        {EVENT("DTSTART:20150101T100000\r\nRRULE:FREQ=DAILY;UNTIL=20230101\r\n"), true},
	        {EVENT("DTSTART:20240101T100000\r\nRRULE:FREQ=WEEKLY\r\n"), false},
	        {EVENT("DTSTART:20200101T100000\r\nRDATE:20210101T100000,20230101T100000\r\n"),
	                true},
	        {EVENT("DTSTART:20200101\r\nRDATE:20210101\r\n"), false},
	        /* what lasts, wherever that stands */
	        {EVENT("DTSTART:20221231T230000Z\r\nDURATION:PT1H\r\n"), false},
	        {EVENT("DTSTART:20221231T230000Z\r\nDURATION:PT1H1S\r\n"), true},
	        {EVENT("DURATION:P1W\r\nDTSTART;VALUE=DATE:20221226\r\n"), true},
	        {EVENT("DURATION:P6D\r\nDTSTART;VALUE=DATE:20221226\r\n"), false},
	        {EVENT("DTSTART:20221231T230000Z\r\nDURATION:-P2D\r\n"), false},
	        {EVENT("DTSTART:20221231T230000Z\r\nDURATION:P99999999W\r\n"), true},
	        {EVENT("DTSTART:20221231T230000Z\r\nDURATION:P999999999999999W\r\n"), false},
	        {EVENT("DTSTART:20221201T230000Z\r\nDURATION:PT2H\r\n"
	               "RRULE:FREQ=DAILY;UNTIL=20221231T230000Z\r\n"),
	                true},
	        {EVENT("DTSTART:20221201T230000Z\r\nRDATE;VALUE=PERIOD:20221231T220000Z/PT3H\r\n"),
	                true},
	        {EVENT("DTSTART:20221201T230000Z\r\n"
	               "RDATE;VALUE=PERIOD:20221231T220000Z/20230101T000001Z,20221202/PT1H\r\n"),
	                true},
	        {EVENT("DTSTART:20221201T100000\r\nBEGIN:VALARM\r\nDURATION:P90D\r\n"
	               "END:VALARM\r\n"),
	                false},
	        {EVENT("SUMMARY:no date\r\n"), true},
	        {EVENT("DTSTART:20200101T100000\r\nBEGIN:VALARM\r\nDUE:20230601T100000\r\n"
	               "END:VALARM\r\n"),
	                false},
	        {"BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:x\r\nBEGIN:STANDARD\r\n"
	         "DTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	         "BEGIN:VEVENT\r\nDTSTART;TZID=x:20200101T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
	                false},
	        {"BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nDUE:20230601T100000\r\nEND:VTODO\r\n"
	         "END:VCALENDAR\r\n",
	                true},
	        {"", true},
	        {"no calendar", true},
	};
	struct selection s = of_2023();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (selection_octets(&s, COLL_CALENDAR, rows[i].octets, strlen(rows[i].octets)) !=
		        rows[i].want)
			fail_msg("row %zu", i);
}

static void by_octets(void **state)
{
	static const struct {
		enum coll_kind kind;
		const char *octets;
		const char *const *from, *const *to, *const *subject;
		bool want;
	} rows[] = {
	        {COLL_MAIL, "From: =?utf-8?Q?M=C3=BCller?= <m@x>\r\n\r\n", muller, NULL, NULL,
	                true},
	        {COLL_MAIL, "From: x@x\r\n\r\nFrom: bob@x\r\n", ann, NULL, NULL, false},
	        {COLL_MAIL, "To: x@x,\r\n " LONG "@x, bob@x\r\n\r\n", NULL, ann, NULL, true},
	        {COLL_MAIL, "Cc: bob@x\r\n", NULL, ann, NULL, true},
	        {COLL_MAIL, "Subject: Mr M\xfcller\r\n\r\n", NULL, NULL, muller, true},
	        {COLL_MAIL, "", NULL, NULL, muller, false},
	        {COLL_CALENDAR, EVENT("SUMMARY:M\xc3\xbcller\r\n"), NULL, NULL, muller, true},
	        {COLL_CALENDAR, EVENT("SUMMARY:" LONG " M\xc3\xbcller\r\n"), NULL, NULL, muller,
	                true},
	        {COLL_CALENDAR, EVENT("ORGANIZER:mailto:bob@x\r\n"), ann, NULL, NULL, true},
	        {COLL_CALENDAR, EVENT("ATTENDEE:mailto:bob@x\r\n"), NULL, ann, NULL, false},
	        {COLL_CONTACTS, CARD("FN:A\r\nEMAIL:x@x\r\nEMAIL:bob@x\r\n"), ann, NULL, NULL,
	                true},
	        {COLL_CONTACTS, CARD("FN:A\r\n"), ann, NULL, NULL, false},
	        {COLL_CONTACTS, CARD("FN:M\xc3\xbcller\r\n"), NULL, NULL, muller, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct selection s;

		selection_all(&s);
		s.from = rows[i].from;
		s.to = rows[i].to;
		s.subject = rows[i].subject;
		if (selection_octets(&s, rows[i].kind, rows[i].octets, strlen(rows[i].octets)) !=
		        rows[i].want)
			fail_msg("row %zu", i);
	}
}

/* A field of 20,000 addresses, of which the last one counts; a word at each border of a piece. */
static void a_long_field(void **state)
{
	struct buf b = buf_of(1u << 20);
	struct selection s;

	(void)state;
	selection_all(&s);
	s.to = ann;
	buf_puts(&b, "To: ");
	for (int i = 0; i < 20000; i++)
		buf_putf(&b, "%05d@example.net,\r\n ", i);
	buf_puts(&b, "Bob@example.net\r\n\r\n");
	assert_true(selection_octets(&s, COLL_MAIL, buf_str(&b), b.len));
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(days_and_ages),
	        cmocka_unit_test(no_dates),
	        cmocka_unit_test(listed),
	        cmocka_unit_test(in_words),
	        cmocka_unit_test(by_names),
	        cmocka_unit_test(by_start),
	        cmocka_unit_test(by_span),
	        cmocka_unit_test(by_octets),
	        cmocka_unit_test(a_long_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
