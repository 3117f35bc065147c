/* Parts of messages as they are met, and as nobody should send them. */
#include "mime/read.h"
#include <fcntl.h>

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"
#define LEAF(type) "--b\nContent-Type: " type "\n\n"

static void test_shapes(void **state)
{
	static const struct {
		const char *message, *want;
	} cases[] = {
	        {"", "1 text/plain *"},
	        {"Subject: x\n\nhello\n", "1 text/plain *"},
	        {"hello\n", "1 text/plain *"},
	        {MIXED LEAF("text/plain") "x\n" LEAF("image/png; name=a.png") "y\n--b--\n",
	                "- multipart/mixed; 1 text/plain *; 2 image/png (a.png) +"},
	        /* as CRLF, blanks behind the delimiter, a preamble and an epilogue */
	        {"Content-Type: multipart/mixed;\r\n\tboundary=\"b\"\r\n\r\npre\r\n--b \t\r\n\r\nx\r\n"
	         "--b--\r\nepilogue\r\n--b\r\n\r\nno part\r\n",
	                "- multipart/mixed; 1 text/plain *"},
	        {MIXED LEAF(
	                 "multipart/alternative; boundary=c") "--c\nContent-Type: text/plain\n\nx\n--c\nContent-Type: text/html\n\ny\n"
	                                                      "--c--\n" LEAF(
	                                                              "application/pdf") "--b--\n",
	                "- multipart/mixed; 1 multipart/alternative; 1.1 text/plain *; "
	                "1.2 text/html; 2 application/pdf +"},
	        {MIXED LEAF(
	                 "message/rfc822") "Subject: in\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n"
	                                   "--c\nContent-Type: image/gif\n\ny\n--c--\n" LEAF(
	                                           "message/rfc822") "Subject: two\n\ntext\n--b--\n",
	                "- multipart/mixed; 1 message/rfc822 * +; 1 multipart/mixed; "
	                "1.1 text/plain *; 1.2 image/gif +; 2 message/rfc822 * +; "
	                "2.1 text/plain *"},
	        {"Content-Type: message/rfc822\n\nSubject: in\n\nx\n",
	                "1 message/rfc822 * +; 1.1 text/plain *"},
	        /* RFC 2046 5.1.5 */
	        {"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: in\n\nx\n--b--\n",
	                "- multipart/digest; 1 message/rfc822 * +; 1.1 text/plain *"},
	        /* an encoded message is a file */
	        {"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3Vi\n",
	                "1 message/rfc822 +"},
	        /* the delimiter of what is around ends what is within */
	        {MIXED LEAF("multipart/mixed; boundary=c") "--c\n\nx\n" LEAF(
	                 "text/plain") "y\n--b--",
	                "- multipart/mixed; 1 multipart/mixed; 1.1 text/plain *; 2 text/plain *"},
	        /* one boundary begins with the other */
	        {MIXED LEAF("multipart/mixed; boundary=bb") "--bb\n\nx\n--bb--\n--b\n\ny\n--b--\n",
	                "- multipart/mixed; 1 multipart/mixed; 1.1 text/plain *; 2 text/plain *"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_parts(cases[i].message, cases[i].want);
}

static void test_chosen(void **state)
{
#define ALTERNATIVE "Content-Type: multipart/alternative; boundary=b\n\n"
	static const struct {
		const char *message, *want;
	} cases[] = {
	        {ALTERNATIVE LEAF("text/plain") " \r\n\r\n" LEAF("text/html") "x\n--b--\n",
	                "- multipart/alternative; 1 text/plain; 2 text/html *"},
	        {ALTERNATIVE LEAF("text/plain") LEAF("text/html") "x\n--b--\n",
	                "- multipart/alternative; 1 text/plain; 2 text/html *"},
	        {ALTERNATIVE LEAF("text/plain") "x\n" LEAF("text/html") "x\n" LEAF(
	                 "text/calendar; method=REQUEST") "BEGIN:VCALENDAR\n--b--\n",
	                "- multipart/alternative; 1 text/plain *; 2 text/html; 3 text/calendar *"},
	        {ALTERNATIVE LEAF("image/png") "x\n" LEAF("application/x") "x\n--b--\n",
	                "- multipart/alternative; 1 image/png +; 2 application/x +"},
	        {"Content-Type: multipart/related; boundary=b; start=\"<r>\"\n\n" LEAF(
	                 "image/png") "x\n" LEAF("text/html\nContent-ID: <r>") "y\n--b--\n",
	                "- multipart/related; 1 image/png +; 2 text/html *"},
	        {ALTERNATIVE LEAF("text/plain") "x\n" LEAF(
	                 "multipart/related; boundary=c") "--c\nContent-Type: text/html\n\ny\n--c\nContent-Type: image/png\n"
	                                                  "Content-ID: <i>\n\nz\n--c--\n--b--\n",
	                "- multipart/alternative; 1 text/plain *; 2 multipart/related; "
	                "2.1 text/html; 2.2 image/png +"},
	        {MIXED LEAF("text/plain") "x\n" LEAF("text/plain; name=log.txt") "y\n" LEAF(
	                 "text/plain\nContent-Disposition: attachment") "z\n" LEAF("text/plain\nContent-Disposition: inline; filename=p.diff") "z\n--b--",
	                "- multipart/mixed; 1 text/plain *; 2 text/plain (log.txt) +; "
	                "3 text/plain +; 4 text/plain (p.diff) *"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_parts(cases[i].message, cases[i].want);
}

static void test_broken(void **state)
{
	static const struct {
		const char *message, *want;
	} cases[] = {
	        {"Content-Type: multipart/mixed\n\nno boundary\n", "1 text/plain *"},
	        {MIXED "no delimiter\n", "1 text/plain *"},
	        {MIXED "--b", "- multipart/mixed; 1 text/plain *"},
	        {MIXED "--b\nno empty line\n--b--", "- multipart/mixed; 1 text/plain *"},
	        {MIXED "--b\nContent-Type: image/png\n--b--", "- multipart/mixed; 1 image/png +"},
	        {"Content-Type: no type\n\nx\n", "1 text/plain *"},
	        {"Content-Type: /\n\nx\n", "1 text/plain *"},
	        {"From me Mon Jan  1 00:00:00 2024\nContent-Type: text/html\n\nx\n",
	                "1 text/html *"},
	        {"Subject: x\nno field\nContent-Type: text/html\n\nx\n", "1 text/html *"},
	        {"Content-Type: text/html\nContent-Type: image/png\n\nx\n", "1 text/html *"},
	        {"Content-Type: message/rfc822", "1 message/rfc822 * +; 1.1 text/plain *"},
	        {"\n\n\n--b\n", "1 text/plain *"},
	        {"Content-Type: multipart/mixed; boundary=\"\"\n\n--\n--\n", "1 text/plain *"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_parts(cases[i].message, cases[i].want);
}

static void test_names(void **state)
{
#define NAMED(param) "Content-Type: application/x\nContent-Disposition: attachment; " param "\n\nx"
	static const struct {
		const char *message, *want;
	} cases[] = {
	        {NAMED("filename*=utf-8''M%C3%BCller.pdf"), "1 application/x (M\u00fcller.pdf) +"},
	        {NAMED("filename*0*=iso-8859-1'de'M%FCl;\n filename*1=\"ler.pdf\""),
	                "1 application/x (M\u00fcller.pdf) +"},
	        {NAMED("filename=\"=?utf-8?B?TcO8bGxlci5wZGY=?=\""),
	                "1 application/x (M\u00fcller.pdf) +"},
	        {NAMED("filename=\"../../etc/passwd\""), "1 application/x (../../etc/passwd) +"},
	        {NAMED("filename=\"a\x1b[2J\u202eb\""), "1 application/x (a [2Jb) +"},
	        {NAMED("filename=\"M\xfcller\""), "1 application/x (M\u00fcller) +"},
	        {NAMED("filename="), "1 application/x +"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_parts(cases[i].message, cases[i].want);
}

static void test_octets(void **state)
{
#define CODED(encoding, text)                                                                      \
	"Content-Type: application/x\nContent-Transfer-Encoding: " encoding "\n\n" text
	static const struct {
		const char *message, *want;
	} cases[] = {
	        {CODED("base64", "aGVsbG8gd29ybGQ=\n"), "hello world"},
	        {CODED("BASE64 ", "aGVs bG8g\n!d29y\nbGQ\n"), "hello world"}, /* no padding */
	        {CODED("base64", "aGVsbG8=\nmailing list footer\n"), "hello"},
	        {CODED("quoted-printable", "a=3Db=\r\nc=\nd=ZZ=C3=A4\r\n"), "a=bcd=ZZ\u00e4\r\n"},
	        {CODED("x-uuencode", "text\nbegin 644 a.txt\n+:&5L;&\\@=V]R;&0 \n`\nend\n"),
	                "hello world"},
	        {CODED("x-uuencode", "nothing begins\n"), "nothing begins\n"},
	        {CODED("gzip64", "aGVs\n"), "aGVs\n"},
	        {CODED("7bit", "x\r\ny"), "x\r\ny"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mime_message *m = open_text(cases[i].message);
		char *got = part_of(m, 0, false);

		assert_string_equal(got, cases[i].want);
		free(got);
		mime_free(m);
	}
}

/* The line end before a delimiter belongs to that. */
static void test_ends(void **state)
{
	struct mime_message *m = open_text(
	        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n\r\n--b\r\n\r\n"
	        "--b\n\ny\n--b--\r\n");
	static const char *const want[] = {"", "x\r\n", "", "y"};

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		char *got = part_of(m, i, false);

		assert_string_equal(got, want[i]);
		free(got);
	}
	mime_free(m);
}

static void test_fields(void **state)
{
	struct mime_message *m = open_text(
	        "subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n =?utf-8?Q?_an_alle?=\nFrom: M\xfcller <a@b>\n"
	        "Content-Type: multipart/mixed; boundary=b\n\n" LEAF(
	                "message/rfc822") "Subject: inner\n\nx\n--b--\n");
	struct buf b = buf_of(1000);

	(void)state;
	assert_true(mime_field(m, "Subject", &b));
	assert_string_equal(buf_str(&b), "Gr\u00fc\u00dfe an alle");
	buf_reset(&b);
	assert_true(mime_field(m, "From", &b));
	assert_string_equal(buf_str(&b), "M\u00fcller <a@b>");
	buf_reset(&b);
	assert_false(mime_field(m, "To", &b));
	assert_false(mime_message_field(m, 0, "Subject", &b));
	assert_true(mime_message_field(m, 1, "Subject", &b));
	assert_string_equal(buf_str(&b), "inner");
	buf_clear(&b);
	mime_free(m);
}

static char *repeated(const char *head, const char *body, size_t n, const char *tail)
{
	struct buf b = buf_of(SIZE_MAX);

	buf_puts(&b, head);
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, body);
	buf_puts(&b, tail);
	return buf_take(&b);
}

/* More parts and levels than anybody needs: as many are shown as the caps have room for. */
static void test_bombs(void **state)
{
	static const struct {
		const char *head, *body, *tail;
		size_t n, parts;
		const char *cut;
	} cases[] = {
	        {MIXED, LEAF("text/plain") "x\n", "--b--", 10000, MIME_PARTS_MAX,
	                "it has more than 1000 parts: the others are left out"},
	        {"", "Content-Type: message/rfc822\n\n", "Subject: x\n\ny", 1000,
	                MIME_DEPTH_MAX + 1,
	                "parts that are deeper than 50 levels are left as they are"},
	        {"", MIXED "--b\n", "\nx", 1000, 1000,
	                "parts that are deeper than 50 levels are left as they are"},
	        {"X: ", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy ", "\n\nx", 200000, 1,
	                NULL},
	        {"To: ", "a@example.org,\n ", "b@example.org\n\nx", 500000, 1, NULL},
	        {"", "X: y\n", "\nx", 2000000, 1, NULL},
	        {MIXED, "--b\n\n--c\n", "", 1, 2, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = repeated(cases[i].head, cases[i].body, cases[i].n, cases[i].tail);
		struct mime_message *m = open_text(text);
		const struct mime_part *parts;

		assert_int_equal(mime_parts(m, &parts), cases[i].parts);
		if (cases[i].cut)
			assert_string_equal(mime_cut(m), cases[i].cut);
		else
			assert_null(mime_cut(m));
		mime_free(m);
		free(text);
	}
}

/* The same by a file, which the reader's window cuts anywhere. */
static void test_file(void **state)
{
	char *text = repeated(MIXED LEAF("text/plain"), "a line of some text\r\n", 20000,
	        LEAF("image/png; name=\"a b.png\"\nContent-Transfer-Encoding: base64") "aGVsbG8=\n--b--\n");
	struct mime_spool *s = mime_spool_new();
	struct mime_message *m, *same = open_text(text);
	struct buf one = buf_of(SIZE_MAX), two = buf_of(SIZE_MAX);
	struct err err = {0};

	(void)state;
	for (int copies = 0; copies < 4; copies++) /* beyond what a spool holds in memory */
		assert_int_equal(mime_spool_write(s, text, strlen(text), &err), 0);
	assert_int_equal(mime_spool_open(s, &m, &err), 0);
	tell_parts(m, &one);
	tell_parts(same, &two);
	assert_string_equal(buf_str(&one), buf_str(&two));
	for (size_t i = 0; i < 3; i++) {
		char *a = part_of(m, i, false), *b = part_of(same, i, false);

		assert_string_equal(a, b);
		free(a);
		free(b);
	}
	buf_clear(&one);
	buf_clear(&two);
	mime_free(m);
	mime_free(same);
	mime_spool_free(s);
	free(text);
}

static void test_search(void **state)
{
	struct mime_message *m = open_text(
	        "Subject: outer\nFrom: Ann\nContent-Type: multipart/mixed; boundary=b\n\n" LEAF("text/html") "<p>some <b>html</b>\n" LEAF(
	                "application/pdf; name=plan.pdf") "%PDF\n" LEAF("message/rfc822") "Subject: inner\n\nforwarded\n" LEAF("text/calendar") "SUMMARY:party\n--b--\n");
	struct buf b = buf_of(SIZE_MAX);
	struct err err = {0};

	(void)state;
	assert_int_equal(mime_search_text(m, UINT64_MAX, to_buf, &b, &err), 0);
	assert_string_equal(buf_str(&b),
	        "Ann\nouter\n\nsome html\n\nplan.pdf\n\ninner\n\nforwarded\n"
	        "SUMMARY:party\n");
	buf_reset(&b);
	assert_int_equal(mime_search_text(m, 5, to_buf, &b, &err), 0);
	assert_string_equal(buf_str(&b), "Ann\no");
	buf_clear(&b);
	mime_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_shapes),
	        cmocka_unit_test(test_chosen),
	        cmocka_unit_test(test_broken),
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_octets),
	        cmocka_unit_test(test_ends),
	        cmocka_unit_test(test_fields),
	        cmocka_unit_test(test_bombs),
	        cmocka_unit_test(test_file),
	        cmocka_unit_test(test_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
