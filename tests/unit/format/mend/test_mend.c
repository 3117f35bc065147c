#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/buf.h"
#include "valise/format/mend.h"

static int into_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(ctx, p, n);
	return 0;
}

/*
 * The other form of ${in}, given in pieces of ${piece} octets; *flaws_out as seen on the
 * way.
 */
static void mend(
        unsigned what, const void *in, size_t n, size_t piece, struct buf *out, unsigned *flaws_out)
{
	uint8_t sha[SHA256_LEN];
	struct mend *m;
	const uint8_t *p = in;

	sha256_of(in, n, sha);
	m = mend_new(what, sha);
	for (size_t i = 0; i < n; i += piece)
		mend_look(m, p + i, n - i < piece ? n - i : piece);
	*flaws_out = mend_flaws(m);
	for (int twice = 0; twice < 2; twice++) {
		buf_reset(out);
		mend_start(m, into_buf, out);
		for (size_t i = 0; i < n; i += piece)
			assert_int_equal(
			        mend_add(m, p + i, n - i < piece ? n - i : piece, NULL), 0);
		assert_int_equal(mend_end(m, NULL), 0);
	}
	mend_free(m);
}

#define X100                                                                                       \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	"xxxxxxxxxxxx"
#define X1000 X100 X100 X100 X100 X100 X100 X100 X100 X100 X100
#define Q73 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define T(s) s, sizeof s - 1

static const struct {
	const char *what;
	unsigned mend;
	const char *in;
	size_t in_len;
	unsigned flaws;
	const char *want;
} rows[] = {
        {"nothing to do", MEND_ALL, T("A: b\r\n\r\nc\r\n"), 0, "A: b\r\n\r\nc\r\n"},
        {"no end", MEND_END, T("A: b\r\n\r\nc"), MEND_END, "A: b\r\n\r\nc\r\n"},
        {"half an end", MEND_END, T("A: b\r\n\r\nc\r"), MEND_END | MEND_LINES, "A: b\r\n\r\nc\r\n"},
        {"nothing at all", MEND_END, T(""), MEND_END, "\r\n"},
        {"bare LF", MEND_LINES, T("A: b\n\nc\nd\r\n"), MEND_LINES, "A: b\r\n\r\nc\r\nd\r\n"},
        {"bare CR, and CR CR LF", MEND_LINES, T("A: b\r\n\r\nc\rd\r\r\ne\r"), MEND_LINES | MEND_END,
                "A: b\r\n\r\nc\r\nd\r\n\r\ne\r\n"},
        {"what is not asked for stays", MEND_LINES, T("A: \xfc\r\n\r\nc"), MEND_8BIT | MEND_END,
                "A: \xfc\r\n\r\nc"},
        {"NUL in the body: lossless", MEND_NUL, T("A: b\r\n\r\nc\0= d \r\n"), MEND_NUL,
                "A: b\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: "
                "quoted-printable\r\n\r\nc=00=3D d=20\r\n"},
        {"NUL in the header: left out", MEND_NUL, T("A: b\0c\r\n\r\nd\r\n"), MEND_NUL,
                "A: bc\r\n\r\nd\r\n"},
        {"a bare LF where it is not to be changed", MEND_NUL, T("A: b\r\n\r\nc\0\nd\re"),
                MEND_NUL | MEND_LINES | MEND_END,
                "A: b\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: "
                "quoted-printable\r\n\r\nc=00=0Ad=0De"},
        {"lines that are no field", MEND_FIELDS, T("no field 1\r\n more\r\nA: b\r\n\r\nc d\r\n"),
                MEND_FIELDS, "X-Invalid-Header: no field 1\r\n more\r\nA: b\r\n\r\nc d\r\n"},
        {"a blank before the colon", MEND_FIELDS, T("A : b\r\n\r\n"), MEND_FIELDS,
                "X-Invalid-Header: A : b\r\n\r\n"},
        {"no blank line", MEND_FIELDS, T("A: b\r\n"), 0, "A: b\r\n"},
        {"no header", MEND_FIELDS, T("\r\njust a body\r\n"), 0, "\r\njust a body\r\n"},
        {"latin-1", MEND_8BIT, T("Subject: Gr\xfc\xdf e aus K\xf6ln 4 you\r\n\r\n\xfc\r\n"),
                MEND_8BIT,
                "Subject: =?unknown-8bit?Q?Gr=FC=DF?= e aus =?unknown-8bit?Q?K=F6ln?= 4 "
                "you\r\n\r\n\xfc\r\n"},
        {"words in a row keep their blanks", MEND_8BIT, T("Subject: \xc3\xbc \xc3\xbc\r\n\r\n"),
                MEND_8BIT, "Subject: =?utf-8?Q?=C3=BC_=C3=BC?=\r\n\r\n"},
        {"in an address", MEND_8BIT,
                T("From: \"Zo\xc3\xab \\\"X\\\"\" <z@x.example>, \xc3\xbc<u@x>\r\n\r\n"), MEND_8BIT,
                "From: =?utf-8?Q?Zo=C3=AB_=22X=22?= <z@x.example>, =?utf-8?Q?=C3=BC?= "
                "<u@x>\r\n\r\n"},
        {"in a parameter", MEND_8BIT,
                T("Content-Disposition: attachment; filename=\"\xc3\xbc.pdf\"\r\n\r\n"), MEND_8BIT,
                "Content-Disposition: attachment; filename=\"=?utf-8?Q?=C3=BC=2Epdf?=\"\r\n\r\n"},
        {"in the name of a field", MEND_8BIT | MEND_FIELDS, T("\xfc: b\r\n\r\n"),
                MEND_8BIT | MEND_FIELDS, "X-Invalid-Header: =?unknown-8bit?Q?=FC=3A?= b\r\n\r\n"},
        {"a long line", MEND_LONG,
                T("A: b\r\nContent-Transfer-Encoding: 8bit\r\nX: y\r\n\r\n" X1000 "\r\ne\xfc\r\n"),
                MEND_LONG, NULL},
        {"a long line of a signed part stays", MEND_LONG,
                T("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n" X1000
                  "\r\n--b--\r\n"),
                0,
                "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n" X1000
                "\r\n--b--\r\n"},
        {"one part of two", MEND_LONG | MEND_NUL,
                T("Content-Type: multipart/mixed;\r\n boundary=\"b c\"\r\n\r\npre\0\r\n--b "
                  "c\r\n\r\nfirst\xfc\r\n--b c\r\nContent-Transfer-Encoding: "
                  "7bit\r\nA: b\r\n\r\n\0\r\n\r\n--b c--\r\nend\r\n"),
                MEND_NUL,
                "Content-Type: multipart/mixed;\r\n boundary=\"b c\"\r\n\r\npre\r\n--b "
                "c\r\n\r\nfirst\xfc\r\n--b c\r\nA: b\r\nContent-Transfer-Encoding: "
                "quoted-printable\r\n\r\n=00\r\n\r\n--b c--\r\nend\r\n"},
        {"inside a message in a digest", MEND_NUL,
                T("Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nSubject: "
                  "s\r\n\r\nx\0\r\n--d--\r\n"),
                MEND_NUL,
                "Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nSubject: "
                "s\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nx=00\r\n--d--\r\n"},
        {"base64 on one line", MEND_LONG,
                T("Content-Transfer-Encoding: base64\r\n\r\n" X1000 "\r\n"), MEND_LONG, NULL},
        {"a long field", MEND_LONG,
                T("References: <" X100 X100 X100 X100 X100 "> <" X100 X100 X100 X100 X100
                  ">\r\n\r\nx\r\n"),
                MEND_LONG,
                "References: <" X100 X100 X100 X100 X100 ">\r\n <" X100 X100 X100 X100 X100
                ">\r\n\r\nx\r\n"},
        {"a long field without a blank stays", MEND_LONG, T("A: " X1000 "\r\n\r\nx\r\n"), MEND_LONG,
                "A:\r\n " X1000 "\r\n\r\nx\r\n"},
};

static void forms(void **state)
{
	(void)state;
	struct buf out;

	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t piece = 1; piece <= rows[i].in_len || piece == 1; piece++) {
			unsigned flaws;

			if (piece > 40 && piece < rows[i].in_len)
				continue;
			mend(rows[i].mend, rows[i].in, rows[i].in_len, piece, &out, &flaws);
			if (flaws != rows[i].flaws ||
			        (rows[i].want &&
			                (out.len != strlen(rows[i].want) ||
			                        memcmp(out.data, rows[i].want, out.len) != 0)))
				fail_msg("%s, in pieces of %zu: flaws %u\n%s", rows[i].what, piece,
				        flaws, buf_str(&out));
		}
	buf_clear(&out);
}

static size_t longest(const struct buf *b)
{
	size_t most = 0, n = 0;

	for (size_t i = 0; i < b->len; i++) {
		n = b->data[i] == '\n' ? 0 : n + 1;
		if (n > most)
			most = n;
	}
	return most;
}

static void encodings(void **state)
{
	(void)state;
	static const char quoted[] =
	        "A: b\r\nX: y\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: "
	        "quoted-printable\r\n\r\nxxx";
	struct buf out;
	unsigned flaws;

	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].want)
			continue;
		mend(rows[i].mend, rows[i].in, rows[i].in_len, 7, &out, &flaws);
		assert_true(longest(&out) <= 77);
		if (strstr(rows[i].what, "base64"))
			continue;
		assert_memory_equal(out.data, quoted, sizeof quoted - 1);
		assert_non_null(strstr(buf_str(&out), "x=\r\nx"));
		assert_non_null(strstr(buf_str(&out), "x\r\ne=FC\r\n"));
	}
	buf_clear(&out);
}

static void cover(void **state)
{
	(void)state;
	static const char in[] = "Subject: Gr\xfc\xdf"
	                         "e\nTo: a@b\nX: y\nFrom: \"A\" <a@b>\nSubject: second\n\nNUL\0";
	struct buf out;
	unsigned flaws;

	buf_init(&out, 1 << 20);
	for (size_t piece = 1; piece < sizeof in; piece++) {
		mend(MEND_WRAP, in, sizeof in - 1, piece, &out, &flaws);
		assert_int_equal(strncmp(buf_str(&out),
		                         "Subject: =?unknown-8bit?Q?Gr=FC=DFe?=\r\nTo: "
		                         "a@b\r\nFrom: \"A\" <a@b>\r\n"
		                         "X-Valise-Original: sha256=",
		                         90),
		        0);
		assert_non_null(
		        strstr(buf_str(&out), "base64\r\n\r\nU3ViamVjdDogR3L832UKVG86IGFAYgpYOiB5Ck"
		                              "Zyb206ICJBIiA8YUBiPgpTdWJqZWN0OiBzZWNv\r\n"
		                              "bmQKCk5VTAA=\r\n--valise-"));
	}
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(forms), cmocka_unit_test(encodings), cmocka_unit_test(cover)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
