#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include <fcntl.h>
#include <unistd.h>
#include "valise/tree/abouts.h"

#define M "Content-Type: multipart/mixed; boundary=b\n\n"
#define FILE1 "--b\nContent-Disposition: attachment; "
#define ICS "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
#define VCF "BEGIN:VCARD\r\n"
#define REPLACED "\xef\xbf\xbd"

/* What each of these octets gives, as the JSON of a catalog. */
static const struct {
	enum coll_kind kind;
	const char *octets, *want;
} rows[] = {
        {COLL_MAIL, "", ""},
        {COLL_MAIL, "\n", ""},
        {COLL_MAIL, "no header at all", ""},
        {COLL_MAIL, "\nSubject: text\n", ""},
        {COLL_MAIL, "Subject: plain\r\nFrom: Ann <ann@example.org>\r\n\r\ntext",
                "{\"from\":\"Ann <ann@example.org>\",\"subject\":\"plain\"}"},
        {COLL_MAIL,
                "Date: Sun, 3 Nov 2024 10:00:00 +0100\nTo: a@x,\n\tb@x\nCC: c@x\n"
                "Message-ID: <1@x>\n\n",
                "{\"cc\":\"c@x\",\"date\":\"Sun, 3 Nov 2024 10:00:00 +0100\","
                "\"message-id\":\"<1@x>\",\"to\":\"a@x, b@x\"}"},
        /* the first one, without end, blanks before the colon, an empty one */
        {COLL_MAIL, "Subject: one\nSubject: two\n\n", "{\"subject\":\"one\"}"},
        {COLL_MAIL, "SUBJECT : one", "{\"subject\":\"one\"}"},
        {COLL_MAIL, "Subject:\nFrom:  \n\n", ""},
        {COLL_MAIL, "Subject: a \"quoted\\\" one\n\n",
                "{\"subject\":\"a \\\"quoted\\\\\\\" one\"}"},
        /* RFC 2047: words of one charset in a row, cut inside a character */
        {COLL_MAIL, "Subject: =?utf-8?Q?Gr=C3=BC=C3?=\n =?utf-8?Q?=9Fe?= da\n\n",
                "{\"subject\":\"Gr\xc3\xbc\xc3\x9f"
                "e da\"}"},
        {COLL_MAIL, "Subject: =?iso-8859-1?B?R3L832U=?=\n\n",
                "{\"subject\":\"Gr\xc3\xbc\xc3\x9f"
                "e\"}"},
        {COLL_MAIL, "From: =?ISO-2022-JP?B?GyRCOzNFRBsoQg==?= <y@x>\n\n",
                "{\"from\":\"\xe5\xb1\xb1\xe7\x94\xb0 <y@x>\"}"},
        /* broken: as far as it goes */
        {COLL_MAIL, "Subject: =?utf-8?Q?a=FFb?=\n\n", "{\"subject\":\"a" REPLACED "b\"}"},
        {COLL_MAIL, "Subject: =?nobody-knows?Q?a=FFb?=\n\n",
                "{\"subject\":\"=?nobody-knows?Q?a=FFb?=\"}"},
        {COLL_MAIL, "Subject: =?utf-8?Q?a\n\n", "{\"subject\":\"=?utf-8?Q?a\"}"},
        {COLL_MAIL,
                "Subject: Gr\xfc\xdf"
                "e \x93"
                "ja\x94\n\n",
                "{\"subject\":\"Gr\xc3\xbc\xc3\x9f"
                "e \xe2\x80\x9cja\xe2\x80\x9d\"}"},
        {COLL_MAIL,
                "Subject: Gr\xc3\xbc\xc3\x9f"
                "e\n\n",
                "{\"subject\":\"Gr\xc3\xbc\xc3\x9f"
                "e\"}"},
        /* what would act on a terminal */
        {COLL_MAIL, "Subject: a\x1b[31m\x7f=?utf-8?Q?=00=0A=C2=9B=E2=80=AEb?=\n\n",
                "{\"subject\":\"a [31m    b\"}"},
        {COLL_MAIL, "Subject: \xe2\x80\xae\xe2\x80\xa8\n\n", ""},
        /* attachments: RFC 2183, RFC 2045, RFC 2231, and what is met */
        {COLL_MAIL, M FILE1 "filename=a.pdf\n\nx\n--b--\n", "{\"attachments\":[\"a.pdf\"]}"},
        {COLL_MAIL, M "--b\nContent-Type: image/png;\n name=\"a b.png\"\n\nx\n--b--\n",
                "{\"attachments\":[\"a b.png\"]}"},
        {COLL_MAIL, M FILE1 "filename*=utf-8'de'Gr%C3%BC.txt; filename=\"Gru.txt\"\n\n\n--b--\n",
                "{\"attachments\":[\"Gr\xc3\xbc.txt\"]}"},
        {COLL_MAIL,
                M FILE1 "filename*0*=iso-8859-1''Gr%FC;\n filename*1=\"-and-\";\n"
                        " filename*2*=%DF.txt\n\n\n--b--\n",
                "{\"attachments\":[\"Gr\xc3\xbc-and-\xc3\x9f.txt\"]}"},
        {COLL_MAIL, M FILE1 "filename=\"=?utf-8?B?R3LDvC50eHQ=?=\"\n\n\n--b--\n",
                "{\"attachments\":[\"Gr\xc3\xbc.txt\"]}"},
        {COLL_MAIL, "Content-Type: application/pdf; name=a.pdf\n\nx",
                "{\"attachments\":[\"a.pdf\"]}"},
        /* two, the second in a multipart within, the third in a message within */
        {COLL_MAIL,
                M FILE1 "filename=1\n\nx\n--b \nContent-Type: multipart/mixed; boundary=\"c c\""
                        "\n\n--c c\nContent-Disposition: x; filename=2\n\n--c c--\n--b\n"
                        "Content-Type: message/rfc822\n\nSubject: within\n"
                        "Content-Type: text/plain; name=3\n\n--b--\n" FILE1 "filename=no\n\n",
                "{\"attachments\":[\"1\",\"2\",\"3\"]}"},
        /* no boundary, one that is not a line of its own, a header that is cut */
        {COLL_MAIL, "Content-Type: multipart/mixed\n\n" FILE1 "filename=a\n\n", ""},
        {COLL_MAIL, M "--bb\nContent-Disposition: x; filename=a\n\n", ""},
        {COLL_MAIL, M FILE1 "filename=a", "{\"attachments\":[\"a\"]}"},
        {COLL_MAIL, M FILE1 "filename=a\n--b\nSubject: not this\n\n", "{\"attachments\":[\"a\"]}"},
        {COLL_CALENDAR,
                "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Z\nBEGIN:STANDARD\nDTSTART:16010101T000000"
                "\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;TZID=Europe/Berlin:"
                "20241103T100000\nSUMMARY:Lunch\\, \n  late\nLOCATION:Caf\xc3\xa9\n"
                "ORGANIZER;CN=\"Ann A\":mailto:ann@x\nBEGIN:VALARM\nSUMMARY:no\nEND:VALARM\n"
                "END:VEVENT\nBEGIN:VEVENT\nSUMMARY:second\nEND:VEVENT\nEND:VCALENDAR\n",
                "{\"location\":\"Caf\xc3\xa9\",\"organizer\":\"Ann A <ann@x>\","
                "\"start\":\"2024-11-03T10:00:00 Europe/Berlin\",\"summary\":\"Lunch, "
                " late\"}"},
        {COLL_CALENDAR, ICS "DTSTART;VALUE=DATE:20241103\r\nORGANIZER:mailto:a@x\r\n",
                "{\"organizer\":\"a@x\",\"start\":\"2024-11-03\"}"},
        {COLL_CALENDAR, ICS "DTSTART:20241103T100000Z\r\nSUMMARY:Gr\xfc\x1b\\na\r\n",
                "{\"start\":\"2024-11-03T10:00:00Z\",\"summary\":\"Gr\xc3\xbc  a\"}"},
        {COLL_CALENDAR, "BEGIN:VCALENDAR\nBEGIN:VTODO\nDUE:soon\nSUMMARY:\n",
                "{\"start\":\"soon\"}"},
        {COLL_CALENDAR, "no calendar", ""},
        {COLL_CONTACTS,
                VCF "N:Example;Ann\r\nFN:Ann\r\nEMAIL;TYPE=home:a@x\r\nitem1.EMAIL:b@x\r\n"
                    "TEL;VALUE=uri:tel:+1\r\nEND:VCARD\r\n",
                "{\"mail\":[\"a@x\",\"b@x\"],\"name\":\"Ann\",\"phone\":[\"+1\"]}"},
        {COLL_CONTACTS, VCF "N:Example;Ann;;;\r\nORG:X\r\nEND:VCARD\r\n",
                "{\"name\":\"Ann Example\"}"},
        {COLL_CONTACTS, VCF "ORG:X\r\n", "{\"name\":\"X\"}"},
        {COLL_LINKED, "Subject: no\n\n", ""},
};

static char *json_of(enum coll_kind kind, const char *p, size_t n)
{
	struct buf out = buf_of(ABOUT_JSON_MAX);
	struct item_about a, again;

	about_of_octets(kind, p, n, &a);
	about_put(&a, &out);
	about_clear(&a);
	if (out.len > 0) { /* what is written is read */
		struct buf twice = buf_of(ABOUT_JSON_MAX);

		assert_true(utf8_valid(buf_str(&out), out.len));
		assert_true(about_parse(buf_str(&out), out.len, &again));
		about_put(&again, &twice);
		assert_string_equal(buf_str(&twice), buf_str(&out));
		about_clear(&again);
		buf_clear(&twice);
	}
	return buf_take(&out);
}

static void found(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *json = json_of(rows[i].kind, rows[i].octets, strlen(rows[i].octets));

		assert_string_equal(json, rows[i].want);
		free(json);
	}
}

/* However the octets are cut, and after another item. */
static void in_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct about_scan *s = about_scan_new(rows[i].kind);
		struct buf out = buf_of(ABOUT_JSON_MAX);
		struct item_about a;

		about_scan_add(s, rows[0].octets, strlen(rows[0].octets));
		about_scan_add(
		        s, "Subject: dropped\nContent-Type: multipart/x; boundary=q\n\n--q", 60);
		about_scan_end(s, NULL);
		for (const char *p = rows[i].octets; *p; p++)
			about_scan_add(s, p, 1);
		about_scan_end(s, &a);
		about_put(&a, &out);
		assert_string_equal(buf_str(&out), rows[i].want);
		about_clear(&a);
		buf_clear(&out);
		about_scan_free(s);
	}
}

/* Values and lists have an end, at a character; what comes after them is found all the same. */
static void caps(void **state)
{
	(void)state;
	struct buf m = buf_of(SIZE_MAX);
	struct item_about a;

	buf_puts(&m, "Subject: x");
	for (int i = 0; i < 500000; i++)
		buf_puts(&m, "\xc3\xbc");
	buf_puts(&m, "\nFrom: ann@x\nTo: \"");
	for (int i = 0; i < 600; i++)
		buf_puts(&m, "\"\\");
	buf_puts(&m, "\n" M);
	for (int i = 0; i < 10000; i++)
		buf_putf(&m, FILE1 "filename=\"file %d\\\\\\\"\"\n\n\n", i);
	about_of_octets(COLL_MAIL, m.data, m.len, &a);
	assert_int_equal(strlen(a.text[ABOUT_SUBJECT]), ABOUT_VALUE_MAX - 1);
	assert_true(utf8_valid(a.text[ABOUT_SUBJECT], ABOUT_VALUE_MAX - 1));
	assert_string_equal(a.text[ABOUT_FROM], "ann@x");
	assert_int_equal(strlen(a.text[ABOUT_TO]), ABOUT_VALUE_MAX);
	assert_string_equal(strrchr(a.text[ABOUT_ATTACHMENTS], '\n'), "\nfile 15\\\"");
	about_clear(&a);
	free(json_of(COLL_MAIL, (char *)m.data, m.len));
	buf_reset(&m);
	/* the depth, too */
	for (int i = 0; i < 1000; i++)
		buf_putf(
		        &m, "Content-Type: multipart/x; boundary=b%d; name=%d\n\n--b%d\n", i, i, i);
	about_of_octets(COLL_MAIL, m.data, m.len, &a);
	assert_non_null(a.text[ABOUT_ATTACHMENTS]);
	about_clear(&a);
	buf_clear(&m);
}

static void refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "{}", "{\"subject\":\"\"}", "{\"subject\":1}",
	        "{\"subject\":\"a\"", "{\"subject\":\"a\"} ", "{\"subject\":\" a\"}",
	        "{\"subject\":\"a\\n\"}", "{\"to\":\"a\",\"subject\":\"a\"}", "{\"x\":\"a\"}",
	        "{\"subject\":\"a\\u001bb\"}", "{\"subject\":\"\xe2\x80\xae\"}",
	        "{\"subject\":\"\xff\"}", "{\"attachments\":[]}", "{\"attachments\":\"a\"}",
	        "{\"mail\":[\"a\",\"\"]}", "{\"subject\":\"a\",\"subject\":\"a\"}"};
	struct item_about a;

	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_false(about_parse(texts[i], strlen(texts[i]), &a));
		assert_null(a.text[ABOUT_SUBJECT]);
	}
}

static void lines(void **state)
{
	(void)state;
	static const struct {
		enum coll_kind kind;
		const char *folder, *octets, *want;
	} shown[] = {
	        {COLL_MAIL, "INBOX",
	                "Date: Sun, 3 Nov 2024 01:00:00 +0200\nFrom: Ann <a@x>\nSubject: Hi\n\n",
	                "INBOX, 3 Nov 2024, Ann <a@x>, \"Hi\""},
	        {COLL_MAIL, "IN\x1b", "Subject: Hi\nDate: never\n\n",
	                "IN\\x1b, 1 Jan 1970, \"Hi\""},
	        {COLL_MAIL, "INBOX", "", "INBOX, 1 Jan 1970"},
	        {COLL_CALENDAR, "Work", ICS "DTSTART:20241103T100000\nSUMMARY:Hi\n",
	                "Work, 2024-11-03T10:00:00, \"Hi\""},
	        {COLL_CONTACTS, "People", VCF "FN:Ann\nEMAIL:a@x\nEMAIL:b@x\n",
	                "People, 1 Jan 1970, a@x, \"Ann\""},
	};

	for (size_t i = 0; i < COUNT(shown); i++) {
		struct buf out = buf_of(SIZE_MAX);
		struct item_about a;

		about_of_octets(shown[i].kind, shown[i].octets, strlen(shown[i].octets), &a);
		about_line(shown[i].folder, &(struct date){0, 0, true}, &a, &out);
		assert_string_equal(buf_str(&out), shown[i].want);
		buf_clear(&out);
		about_clear(&a);
	}
	struct buf out = buf_of(SIZE_MAX);

	about_line("INBOX", NULL, NULL, &out);
	assert_string_equal(buf_str(&out), "INBOX");
	buf_clear(&out);
}

enum where { IN_MEMORY, TEMPORARY, NO_ROOM, NAMED, WHERES };

static struct abouts *store_in(enum where where, int dirfd)
{
	setenv("TMPDIR", where == NO_ROOM ? "/nonexistent" : "/tmp", 1);
	if (where == TEMPORARY || where == NO_ROOM)
		return abouts_new_temporary();
	return abouts_new(where == NAMED ? dirfd : -1, where == NAMED ? "what" : NULL);
}

/* The number that the next file would get. */
static int next_fd(void)
{
	int fd = dup(STDIN_FILENO);

	close(fd);
	return fd;
}

#define MANY 50000u

/* Many names, in memory and with files; asked for in another order. */
static void stored(void **state)
{
	(void)state;
	char dir[] = "/tmp/valise-abouts-XXXXXX";
	int dirfd;

	assert_non_null(mkdtemp(dir));
	dirfd = open(dir, O_RDONLY | O_DIRECTORY);
	for (enum where where = IN_MEMORY; where < WHERES; where++) {
		int fd = next_fd();
		struct abouts *a = store_in(where, dirfd);
		struct buf out = buf_of(SIZE_MAX);
		uint8_t sum[SHA256_LEN];
		struct err err = {0};
		char text[64] = "";

		memset(sum, 0, sizeof sum);
		assert_int_equal(abouts_get(a, COLL_MAIL, sum, &out, &err), 0);
		for (unsigned i = 0; i < 2 * MANY; i++) { /* each twice: the first one stays */
			unsigned k = i % MANY;
			int n = k % 10 ? snprintf(text, sizeof text, "%u %u", k, i / MANY) : 0;

			sha256_of(&k, sizeof k, sum);
			assert_int_equal(
			        abouts_add(a, (enum coll_kind)(k % 3), sum, text, (size_t)n, &err),
			        0);
		}
		assert_int_equal(faccessat(dirfd, "what", R_OK, 0), where == NAMED ? 0 : -1);
		assert_int_equal(next_fd() - fd, where == TEMPORARY || where == NAMED);
		for (unsigned i = 0; i < MANY + 1; i++) {
			unsigned k = i * 7919 % (MANY + 1);

			sha256_of(&k, sizeof k, sum);
			buf_reset(&out);
			assert_int_equal(
			        abouts_get(a, (enum coll_kind)(k % 3), sum, &out, &err), k < MANY);
			if (k % 10 == 0 || k >= MANY)
				text[0] = '\0';
			else
				snprintf(text, sizeof text, "%u 0", k);
			assert_string_equal(buf_str(&out), text);
			assert_int_equal(
			        abouts_get(a, (enum coll_kind)((k + 1) % 3), sum, NULL, &err), 0);
		}
		buf_clear(&out);
		abouts_free(a);
	}
	unlinkat(dirfd, "what", 0);
	close(dirfd);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(found),
	        cmocka_unit_test(in_pieces),
	        cmocka_unit_test(caps),
	        cmocka_unit_test(refused),
	        cmocka_unit_test(lines),
	        cmocka_unit_test(stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
