/* mbox: where messages begin, what is in them, their flags. */
#include "kept.h"

#define FROM "From a@example.org Sat Nov  3 10:00:00 2018\n"
#define HEAD "From: a@example.org\nSubject: x\n"
#define HEAD_CR "From: a@example.org\r\nSubject: x\r\n"

/* ${messages}: parted by \1 */
static const struct {
	const char *what, *text, *messages;
	unsigned flags; /* of the first one */
	const char *keywords;
} cases[] = {
        {"two", FROM HEAD "\nbody\n\n" FROM HEAD "\nsecond\n\n",
                HEAD_CR "\r\nbody\r\n\1" HEAD_CR "\r\nsecond\r\n", 0, ""},
        {"CRLF", "From a@b Sat Nov  3 10:00:00 2018\r\n" HEAD_CR "\r\nbody\r\n\r\n",
                HEAD_CR "\r\nbody\r\n", 0, ""},
        {"no empty line at the end", FROM HEAD "\nbody", HEAD_CR "\r\nbody", 0, ""},
        {"two empty lines at the end are one", FROM HEAD "\nbody\n\n\n", HEAD_CR "\r\nbody\r\n\r\n",
                0, ""},
        {"empty lines before", "\n\n" FROM HEAD "\nbody\n", HEAD_CR "\r\nbody\r\n", 0, ""},
        {"From in the text", FROM HEAD "\nFrom here on\n\nFrom now on it is Sat Nov 2018\nend\n",
                HEAD_CR "\r\nFrom here on\r\n\r\nFrom now on it is Sat Nov 2018\r\nend\r\n", 0, ""},
        {"a From line in the text without a header behind it",
                FROM HEAD "\nhe wrote\n\nFrom bob Sat Nov  3 10:00:00 2018\nhello there\n",
                HEAD_CR "\r\nhe wrote\r\n\r\nFrom bob Sat Nov  3 10:00:00 2018\r\nhello there\r\n",
                0, ""},
        {"no empty line between", FROM HEAD "\nbody\n" FROM HEAD "\nsecond\n",
                HEAD_CR "\r\nbody\r\n\1" HEAD_CR "\r\nsecond\r\n", 0, ""},
        {"a header alone", FROM HEAD "\n" FROM HEAD "\n\n", HEAD_CR "\1" HEAD_CR "\r\n", 0, ""},
        {"escaped", FROM HEAD "\n>From me\n>>From you\n> From us\n>Fromage\n",
                HEAD_CR "\r\nFrom me\r\n>From you\r\n> From us\r\n>Fromage\r\n", 0, ""},
        {"not in the header", FROM ">From uucp Sat Nov  3 10:00:00 2018\n" HEAD "\nx\n",
                ">From uucp Sat Nov  3 10:00:00 2018\r\n" HEAD_CR "\r\nx\r\n", 0, ""},
        {"a length that lies", FROM HEAD "Content-Length: 3\n\n>From x\n\n" FROM HEAD "\nsecond\n",
                HEAD_CR "Content-Length: 3\r\n\r\nFrom x\r\n\1" HEAD_CR "\r\nsecond\r\n", 0, ""},
        {"a length beyond the end", FROM HEAD "Content-Length: 999999\n\nx\n\n" FROM HEAD "\ny\n",
                HEAD_CR "Content-Length: 999999\r\n\r\nx\r\n\1" HEAD_CR "\r\ny\r\n", 0, ""},
        {"a length that swallows a message",
                FROM HEAD "Content-Length: 5\n\nbody\n\n" FROM HEAD "Content-Length: 2\n\nx\n\n",
                HEAD_CR "Content-Length: 5\r\n\r\nbody\r\n\1" HEAD_CR
                        "Content-Length: 2\r\n\r\nx\r\n",
                0, ""},
        {"flags", FROM HEAD "Status: RO\nX-Status: AF\nX-Keywords: work $Label1\n\nx\n",
                HEAD_CR "Status: RO\r\nX-Status: AF\r\nX-Keywords: work $Label1\r\n\r\nx\r\n",
                FLAG_SEEN | FLAG_ANSWERED | FLAG_FLAGGED, "$Label1 work"},
        {"Thunderbird",
                "From - Sat Nov 03 10:00:00 2018\nX-Mozilla-Status: 1007\nX-Mozilla-Status2: "
                "00800000\nX-Mozilla-Keys: $label1 todo               \n" HEAD "\nx\n",
                "X-Mozilla-Status: 1007\r\nX-Mozilla-Status2: 00800000\r\nX-Mozilla-Keys: $label1 "
                "todo               \r\n" HEAD_CR "\r\nx\r\n",
                FLAG_SEEN | FLAG_ANSWERED | FLAG_FLAGGED, "$Forwarded $MDNSent $label1 todo"},
        {"deleted by Thunderbird",
                "From - Sat Nov 03 10:00:00 2018\nX-Mozilla-Status: 0009\n" HEAD "\nx\n\n" FROM HEAD
                "\ny\n",
                HEAD_CR "\r\ny\r\n", 0, ""},
        {"of c-client",
                FROM "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1 "
                     "2\n\nx\n\n" FROM HEAD "\ny\n",
                HEAD_CR "\r\ny\r\n", 0, ""},
        {"of valise export",
                FROM "Status: RO\nX-Status: F\nX-Keywords: a\n>From x\nX-Original-Status: "
                     "odd\n" HEAD "\n>From me\n\n",
                "From x\r\nStatus: odd\r\n" HEAD_CR "\r\nFrom me\r\n", FLAG_SEEN | FLAG_FLAGGED,
                "a"},
        {"a carriage return of its own", FROM HEAD "\na\rb\r\nc\n", HEAD_CR "\r\na\rb\r\nc\r\n", 0,
                ""},
        {"nothing", "\n\n", "", 0, ""},
};

static void check_case(size_t i, size_t step)
{
	struct reading r = {.run = {0}};
	const char *want = cases[i].messages;
	size_t n = 0;

	read_text(&r, "Box.mbox", cases[i].text, strlen(cases[i].text), step, read_mbox);
	for (const char *p = want; p && *p; n++) {
		const char *end = strchrnul(p, '\1');

		assert_true(n < r.kept.n);
		if (r.kept.list[n]->octets.len != (size_t)(end - p) ||
		        memcmp(r.kept.list[n]->octets.data, p, (size_t)(end - p)) != 0)
			fail_msg("%s, step %zu, message %zu:\n%s", cases[i].what, step, n,
			        buf_str(&r.kept.list[n]->octets));
		p = *end ? end + 1 : end;
	}
	if (want && r.kept.n != n)
		fail_msg("%s: %zu messages", cases[i].what, r.kept.n);
	if (want && n) {
		const struct tree_coll *c = r.run.list[0].coll;

		if (c->items[0].flags != cases[i].flags ||
		        strcmp(tree_coll_keyword_text(c, c->items[0].keywords),
		                cases[i].keywords) != 0)
			fail_msg("%s: flags %x, keywords \"%s\"", cases[i].what, c->items[0].flags,
			        tree_coll_keyword_text(c, c->items[0].keywords));
	}
	reading_clear(&r);
}

static void mbox_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t step = 1; step < 200; step += step < 4 ? 1 : 97)
			check_case(i, step);
}

/* With a length that is right, what looks like a message is text, and nothing was escaped. */
static void right_length(void **state)
{
	static const char body[] = ">From x\n\n" FROM HEAD "\nquoted\n";
	char *text = xasprintf(FROM HEAD "Content-Length: %zu\n\n%s\n" FROM HEAD "\nsecond\n",
	        sizeof body - 1, body);
	struct reading r = {.run = {0}};

	(void)state;
	read_text(&r, "Box.mbox", text, strlen(text), 4096, read_mbox);
	assert_int_equal(r.kept.n, 2);
	assert_non_null(strstr(buf_str(&r.kept.list[0]->octets), "\r\n>From x\r\n\r\nFrom a@"));
	assert_string_equal(buf_str(&r.kept.list[1]->octets), HEAD_CR "\r\nsecond\r\n");
	reading_clear(&r);
	free(text);
}

/* A body that is larger than what is held, with its length, in a file that can be looked ahead. */
static void long_body(void **state)
{
	struct buf text = buf_of(SIZE_MAX);
	struct reading r = {.run = {0}};
	size_t n = 1000000;

	(void)state;
	buf_putf(&text, FROM HEAD "Content-Length: %zu\n\n", n);
	for (size_t i = 0; i < n / 10; i++)
		buf_puts(&text, i == 5 ? "\nFrom x y\n" : "123456789\n");
	buf_puts(&text, "\n" FROM HEAD "\nsecond\n");
	read_text(&r, "Box.mbox", buf_str(&text), text.len, 70000, read_mbox);
	assert_int_equal(r.kept.n, 2);
	assert_int_equal(r.kept.list[0]->octets.len,
	        strlen(HEAD_CR) + strlen("Content-Length: 1000000\r\n\r\n") + n + n / 10 + 1);
	reading_clear(&r);
	buf_clear(&text);
}

static void dates(void **state)
{
	static const struct {
		const char *line;
		long long utc;
		int zone;
		bool warned;
	} table[] = {
	        {"From a@b Sat Nov  3 10:00:00 2018\n", 1541239200, 0, false},
	        {"From 1@xxx Sat Nov 03 10:00:00 +0100 2018\n", 1541235600, 60, false},
	        {"From a Sat Nov  3 10:00:00 2018 -0500\n", 1541257200, -300, false},
	        {"From a Sat Nov  3 10:00 2018\n", 1541239200, 0, false},
	        {"From a b c Sat Nov  3 10:00:00 EST 2018\n", 1541257200, -300, false},
	        {"From - Sat Nov  3 10:00:00 2018\n", 1000000000, 120, true},
	        {"From a@b Sat, 03 Nov 2018 10:00:00 +0100\n", 1541235600, 60, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char *text = xasprintf("%sDate: Sun, 09 Sep 2001 03:46:40 +0200\nSubject: x\n\nx\n",
		        table[i].line);
		struct reading r = {.run = {0}};
		const struct tree_item *it;

		read_text(&r, "Box.mbox", text, strlen(text), 4096, read_mbox);
		assert_int_equal(r.kept.n, 1);
		it = &r.run.list[0].coll->items[0];
		if (it->date_utc != table[i].utc || it->zone_min != table[i].zone ||
		        !(it->warn & WARN_DATE) == table[i].warned)
			fail_msg("%s: %lld %d", table[i].line, (long long)it->date_utc,
			        it->zone_min);
		reading_clear(&r);
		free(text);
	}
}

/* What is read before an error counts; what the error cut is named, and what follows. */
static void broken_disk(void **state)
{
	static const char text[] = FROM HEAD "\nbody\n\n" FROM HEAD "\ncut";
	struct reading r = {.file = {.fails = true}};

	(void)state;
	read_text(&r, "Box.mbox", text, sizeof text - 1, 4096, read_mbox);
	assert_int_equal(r.kept.n, 1);
	assert_int_equal(r.run.result.errors, 1);
	assert_int_equal(r.run.list[0].coll->n_errors, 1);
	assert_string_equal(r.run.list[0].coll->errors[0].href, "Box.mbox: from message 2 on");
	reading_clear(&r);
}

static void emlx(void **state)
{
	static const char message[] = "From: a@b\nSubject: x\n\nbody\n";
	static const char list[] =
	        "<?xml version=\"1.0\"?><plist version=\"1.0\"><dict>\n"
	        "<key>date-received</key>\n<integer>1541239200</integer>\n"
	        "<key>flags</key>\n<integer>8590195717</integer></dict></plist>\n";
	char *text = xasprintf("%-10zu\n%s%s", sizeof message - 1, message, list);
	struct reading r = {.run = {0}};
	const struct tree_item *it;

	(void)state;
	read_text(&r, "Messages/1.emlx", text, strlen(text), 7, read_emlx);
	assert_int_equal(r.kept.n, 1);
	assert_string_equal(
	        buf_str(&r.kept.list[0]->octets), "From: a@b\r\nSubject: x\r\n\r\nbody\r\n");
	it = &r.run.list[0].coll->items[0];
	assert_int_equal(it->date_utc, 1541239200);
	assert_int_equal(it->flags, FLAG_SEEN | FLAG_ANSWERED);
	reading_clear(&r);
	read_text(&r, "Messages/1.emlx", text, 20, 7, read_emlx);
	assert_int_equal(r.kept.n, 0);
	assert_int_equal(r.run.list[0].coll->n_errors, 1);
	reading_clear(&r);
	read_text(&r, "Messages/1.partial.emlx", text, strlen(text), 7, read_emlx);
	assert_int_equal(r.kept.n, 1);
	assert_int_equal(r.run.list[0].coll->n_errors, 1);
	reading_clear(&r);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(mbox_table),
	        cmocka_unit_test(right_length),
	        cmocka_unit_test(long_body),
	        cmocka_unit_test(dates),
	        cmocka_unit_test(broken_disk),
	        cmocka_unit_test(emlx),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
