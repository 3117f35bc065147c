#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/format/header.h"

static void lengths(void **state)
{
	(void)state;
	static const struct {
		const char *msg;
		size_t want;
	} rows[] = {{"", 0}, {"\n", 1}, {"\r\n", 2}, {"A: b\n\nbody\n\n", 6},
	        {"A: b\r\n\r\nbody", 8}, {"A: b\n", 5}, {"A: b", 4}, {"A: b\r\rx", 7},
	        {"A: b\n \n\nx", 8}, {"\nA: b\n\n", 1}, {"\r\r\n\nx", 4}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(header_length(rows[i].msg, strlen(rows[i].msg)), rows[i].want);
}

static void params(void **state)
{
	(void)state;
	static const struct {
		const char *value, *want; /* of the boundary; NULL: none */
	} rows[] = {
	        {"multipart/mixed; boundary=abc", "abc"},
	        {"multipart/mixed;BOUNDARY=\"a b;c\"; x=y", "a b;c"},
	        {"multipart/mixed; x=\"boundary=no\"; boundary = yes ;z", "yes"},
	        {"multipart/mixed; x=\"; boundary=no\"; boundary=\"q\\\"q\\\\\"", "q\"q\\"},
	        {"multipart/mixed; boundary=", ""},
	        {"multipart/mixed; boundary=\"open", "open"},
	        {"multipart/mixed; xboundary=no; boundaryx=no", NULL},
	        {"multipart/mixed; boundary", NULL},
	        {"multipart/mixed;", NULL},
	        {";;;=;boundary=x", "x"},
	        {"multipart/mixed;; ; boundary=x", "x"},
	        {"boundary=x", NULL},
	        {"", NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out;

		buf_init(&out, 100);
		assert_int_equal(
		        header_param(rows[i].value, strlen(rows[i].value), "boundary", &out),
		        rows[i].want != NULL);
		assert_string_equal(buf_str(&out), rows[i].want ? rows[i].want : "");
		buf_clear(&out);
	}
}

static void fields(void **state)
{
	(void)state;
	static const struct {
		const char *msg, *name, *want; /* NULL: not there */
	} rows[] = {
	        {"Subject: hello\n\n", "Subject", "hello"},
	        {"subject:hello\r\n\r\n", "Subject", "hello"},
	        {"Subject \t:  hello \t \n\n", "subject", "hello"},
	        {"Subject: a\r\n b\r\n\tc\r\n\r\n", "Subject", "a b\tc"},
	        {"Subject:\r\n a\r\nX: y", "Subject", "a"},
	        {"Subject:\n", "Subject", ""},
	        {"Subject:", "Subject", ""},
	        {"Subject: a\nSubject: b\n\n", "Subject", "a"},
	        {"Subject-X: a\nSubject: b\n\n", "Subject", "b"},
	        {"From alice Mon Jan  1 00:00:00 2000\nno colon\nFrom: bob\n\n", "From", "bob"},
	        {"X: y\n\nSubject: body\n", "Subject", NULL},
	        {"\nSubject: body\n", "Subject", NULL},
	        {"X: y\n Subject: folded\n\n", "Subject", NULL},
	        {"Sub", "Subject", NULL},
	        {"Subject", "Subject", NULL},
	        {"", "Subject", NULL},
	        {"Subject: caf\xe9\n\n", "Subject", "caf\xe9"},
	        {"Subject: last", "Subject", "last"},
	};
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_reset(&out);
		assert_int_equal(header_find(rows[i].msg, strlen(rows[i].msg), rows[i].name, &out),
		        rows[i].want != NULL);
		assert_string_equal(buf_str(&out), rows[i].want ? rows[i].want : "");
	}
	buf_clear(&out);
}

static void value_is_cut_to_the_cap(void **state)
{
	(void)state;
	static const char msg[] = "Subject: abc\n def\n ghi\n\n";
	struct buf out;

	buf_init(&out, 5);
	assert_int_equal(header_find(msg, strlen(msg), "Subject", &out), 1);
	assert_string_equal(buf_str(&out), "abc d");
	buf_clear(&out);
}

static void encoded_words(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
	        {"", ""},
	        {"plain text", "plain text"},
	        /* RFC 2047 8. */
	        {"=?ISO-8859-1?Q?a?=", "a"},
	        {"=?ISO-8859-1?Q?a?= b", "a b"},
	        {"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"},
	        {"=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab"},
	        {"=?ISO-8859-1?Q?a_b?=", "a b"},
	        {"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"},
	        {"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"},
	        {"=?iso-8859-1?q?caf=E9?=", "caf\xc3\xa9"},
	        {"=?utf-8?B?Y2Fmw6k=?=", "caf\xc3\xa9"},
	        {"=?utf-8?B?Y2Fmw6k?=", "caf\xc3\xa9"},
	        {"=?UTF-8?B?Y2Fmww==?= =?UTF-8?B?qQ==?=",
	                "caf\xc3\xa9"}, /* cut inside a character */
	        {"x =?utf-8?q?y?= z", "x y z"},
	        {"=?utf-8?q?"
	         "?=",
	                ""},
	        {"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac"},
	        {"=?koi8-r?B?0NLJ18XU?=", "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82"},
	        {"=?windows-1255?Q?=E0?=", "\xd7\x90"},
	        {"=?ks_c_5601-1987?B?x9GxuQ==?=", "\xed\x95\x9c\xea\xb5\xad"},
	        /* Not words. */
	        {"=?utf-8?q?open", "=?utf-8?q?open"},
	        {"=?utf-8?x?a?=", "=?utf-8?x?a?="},
	        {"=?utf-8?q?a b?=", "=?utf-8?q?a b?="},
	        {"=?x-unknown?q?a=20b?=", "=?x-unknown?q?a=20b?="},
	        {"=?iso-8859-1//translit?q?a?=", "=?iso-8859-1//translit?q?a?="},
	        {"=?iso-8859-77?q?a?=", "a"},
	        {"=?"
	         "?q?a?=",
	                "=?"
	                "?q?a?="},
	        {"=?=?=?=", "=?=?=?="},
	        {"1=2 =? x", "1=2 =? x"},
	        /* Nothing raw comes out. */
	        {"=?utf-8?q?=1b[2J=00?=", "\\x1b[2J\\x00"},
	        {"=?utf-8?q?=e2=80=ae?=", "\\u202e"},
	        {"=?utf-8?q?=e9?=", "\\xe9"},
	        {"=?gb2312?q?=ff=ff?=", "\xef\xbf\xbd\xef\xbf\xbd"},
	        {"caf\xe9\x1b\ttab", "caf\\xe9\\x1b tab"},
	};
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_reset(&out);
		header_decode_text(rows[i][0], strlen(rows[i][0]), &out);
		assert_string_equal(buf_str(&out), rows[i][1]);
	}
	buf_clear(&out);
	buf_init(&out, 6);
	header_decode_text("abcdefgh", 8, &out);
	assert_string_equal(buf_str(&out), "abc...");
	header_decode_text("more", 4, &out);
	assert_string_equal(buf_str(&out), "abc...");
	buf_clear(&out);
}

static void arrival(void **state)
{
	(void)state;
	static const struct {
		const char *msg, *source; /* NULL: none */
		int64_t utc;
	} rows[] = {
	        {"Received: from a by b; x;\r\n Fri, 21 Nov 1997 09:55:06 -0600\r\nReceived: y; 1 "
	         "Jan 2000 "
	         "00:00 Z\r\nDate: 1 Jan 1990 00:00 Z\r\n\r\n",
	                "received", 880127706},
	        {"Date: 1 Jan 2000 00:00 Z\n\n", "date", 946684800},
	        {"Received: nonsense\nDate: 1 Jan 2000 00:00 Z\n\n", "date", 946684800},
	        {"Received: a; nonsense\nDate: 1 Jan 2000 00:00 Z\n\n", "date", 946684800},
	        {"Received: a;\nDate: nonsense\n\n", NULL, 0},
	        {"Subject: x\n\nDate: 1 Jan 2000 00:00 Z\n", NULL, 0},
	        {"", NULL, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *source = NULL;
		struct date d;
		int found = header_arrival_date(rows[i].msg, strlen(rows[i].msg), &d, &source);

		assert_int_equal(found, rows[i].source != NULL);
		if (!found)
			continue;
		assert_string_equal(source, rows[i].source);
		assert_int_equal(d.utc, rows[i].utc);
	}
}

/*
 * Hostile shapes of a megabyte must not take more than linear time; the test's time-out
 * is the check.
 */
static void hostile_shapes_are_linear(void **state)
{
	(void)state;
	static const char *const shapes[] = {
	        "=?", "=?a?q?", "\n ", "Received", "Received:;\n", "(", "\r\n", "=?utf-8?q?a?= "};
	size_t n = 1 << 20;
	char *msg = malloc(n);
	struct buf out;
	struct date d;

	assert_non_null(msg);
	buf_init(&out, 4096);
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		for (size_t k = 0; k < n; k++)
			msg[k] = shapes[i][k % strlen(shapes[i])];
		buf_reset(&out);
		header_length(msg, n);
		header_find(msg, n, "Subject", &out);
		header_arrival_date(msg, n, &d, NULL);
		buf_reset(&out);
		header_decode_text(msg, n, &out);
	}
	buf_clear(&out);
	free(msg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(lengths),
	        cmocka_unit_test(fields),
	        cmocka_unit_test(value_is_cut_to_the_cap),
	        cmocka_unit_test(encoded_words),
	        cmocka_unit_test(params),
	        cmocka_unit_test(arrival),
	        cmocka_unit_test(hostile_shapes_are_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
