#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "export/lines.h"
#include "export/mail.h"

static void senders(void **state)
{
	static const char *const rows[][2] = {
	        {"Ann <ann@example.org>", "ann@example.org"},
	        {"ann@example.org", "ann@example.org"},
	        {"ann@example.org, bob@example.org", "ann@example.org"},
	        {"\"A <b> c\" <ann@example.org>", "MAILER-DAEMON"},
	        {"Ann", "MAILER-DAEMON"},
	        {"<>", "MAILER-DAEMON"},
	        {"Ann <ann @example.org>", "MAILER-DAEMON"},
	        {"<\xc3\xa4nn@example.org>", "MAILER-DAEMON"},
	        {NULL, "MAILER-DAEMON"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out = buf_of(400);

		export_mail_sender(rows[i][0], &out);
		assert_string_equal(buf_str(&out), rows[i][1]);
		buf_clear(&out);
	}
}

static void from_lines(void **state)
{
	static const struct {
		int64_t utc;
		const char *text;
	} rows[] = {
	        {0, "From a@b Thu Jan  1 00:00:00 1970\n"},
	        {-1, "From a@b Wed Dec 31 23:59:59 1969\n"},
	        {837596665, "From a@b Wed Jul 17 09:44:25 1996\n"},
	        {1709251199, "From a@b Thu Feb 29 23:59:59 2024\n"},
	        {4102444800, "From a@b Fri Jan  1 00:00:00 2100\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out = buf_of(400);

		mail_from_line("<a@b>", rows[i].utc, &out);
		assert_string_equal(buf_str(&out), rows[i].text);
		buf_clear(&out);
	}
}

static void maildir_flags(void **state)
{
	static const struct {
		unsigned flags;
		bool forwarded;
		const char *letters, *text;
	} rows[] = {
	        {0, false, "", ""},
	        {FLAG_SEEN, false, "", "S"},
	        {31, true, "abz", "DFPRSTabz"},
	        {FLAG_DELETED | FLAG_DRAFT, false, "c", "DTc"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out = buf_of(100);

		mail_maildir_flags(rows[i].flags, rows[i].forwarded, rows[i].letters, &out);
		assert_string_equal(buf_str(&out), rows[i].text);
		buf_clear(&out);
	}
}

#define LONG_50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LONG_200 LONG_50 LONG_50 LONG_50 LONG_50

static void maildir_folders(void **state)
{
	static const char *const rows[][3] = {
	        {"Work", ".Work", "Work"},
	        {"Work/2023/Q1", ".Work.2023.Q1", "Work/2023/Q1"},
	        {"INBOX/under inbox", ".INBOX.under inbox", "INBOX/under inbox"},
	        {"Entw\xc3\xbcrfe & mehr", ".Entw&APw-rfe &- mehr", "Entw\xc3\xbcrfe & mehr"},
	        {"v1.2", ".v1_2", "v1_2"},
	        {"either=2For", ".either_or", "either_or"},
	        {"a=3Db=2", ".a=b=2", "a=b=2"},
	        {"a//b", ".a._.b", "a/_/b"},
	        {"a\tb\x7f", ".a_b_", "a_b_"},
	        {LONG_200, "." LONG_200, LONG_200},
	        {"../x", ".__.x", "__/x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf name = buf_of(1000), called = buf_of(1000);

		mail_maildir_folder(rows[i][0], &name, &called);
		assert_string_equal(buf_str(&name), rows[i][1]);
		assert_string_equal(buf_str(&called), rows[i][2]);
		buf_clear(&name);
		buf_clear(&called);
	}
}

/* A name that is too long for a file stays unlike others, and whole in its encoding. */
static void maildir_long(void **state)
{
	static const char *const rows[] = {
	        LONG_200 LONG_50,
	        "Work/" LONG_200 LONG_50,
	        LONG_200 LONG_50 "/b",
	        "\xe6\x97\xa5\xe6\x97\xa5" LONG_200 LONG_50 "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5",
	        "a/" LONG_50 "/\xe6\x97\xa5" LONG_200 "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5",
	};
	struct buf last = buf_of(1000);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf name = buf_of(1000), called = buf_of(1000);

		mail_maildir_folder(rows[i], &name, &called);
		assert_true(name.len <= 240 && name.data[0] == '.');
		assert_non_null(strchr(buf_str(&called), '~'));
		assert_string_not_equal(buf_str(&name), buf_str(&last));
		buf_swap(&last, &name);
		buf_clear(&name);
		buf_clear(&called);
	}
	buf_clear(&last);
}

static int into_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	return buf_add(ctx, p, n);
}

static void lines_of_messages(void **state)
{
	static const struct {
		const char *in, *mh, *mbox;
		unsigned seen;
	} rows[] = {
	        {"", "", "\n", 0},
	        {"A: b\r\n\r\nc\r\n", "A: b\n\nc\n", "A: b\n\nc\n\n", 0},
	        {"A: b\r\n\r\nc", "A: b\n\nc", "A: b\n\nc\n\n", LINES_NO_END},
	        {"A: b\r\n\r\nc\r", "A: b\n\nc\r", "A: b\n\nc\r\n\n", LINES_NO_END},
	        {"A: b\n\nc\n", "A: b\n\nc\n", "A: b\n\nc\n\n", LINES_NOT_CRLF},
	        {"a\rb\r\r\n", "a\rb\r\n", "a\rb\r\n\n", LINES_NOT_CRLF},
	        {"From x\r\n>From y\r\n\r\n>>From z\r\nFrom\r\n>\r\n",
	                "From x\n>From y\n\n>>From z\nFrom\n>\n",
	                ">From x\n>>From y\n\n>>>From z\nFrom\n>\n\n", 0},
	        {"Status: RO\r\nstatus : x\r\n\tStatus: y\r\nStatus2: z\r\n\r\nStatus: RO\r\n",
	                "Status: RO\nstatus : x\n\tStatus: y\nStatus2: z\n\nStatus: RO\n",
	                "X-Original-Status: RO\nX-Original-status : x\n\tStatus: y\nStatus2: z\n\n"
	                "Status: RO\n\n",
	                LINES_RENAMED},
	        {"X-Original-X-Keywords: a\r\n", "X-Original-X-Keywords: a\n",
	                "X-Original-X-Original-X-Keywords: a\n\n", LINES_RENAMED},
	        {" a\r\n", " a\n", " a\n\n", LINES_BLANK_FIRST},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (unsigned mbox = 0; mbox < 2; mbox++) {
			struct buf out = buf_of(1000);
			struct lines l = {.write = into_buf, .ctx = &out, .mbox = mbox};

			assert_int_equal(
			        export_lines_add(&l, rows[i].in, strlen(rows[i].in), NULL), 0);
			assert_int_equal(export_lines_end(&l, NULL), 0);
			assert_string_equal(buf_str(&out), mbox ? rows[i].mbox : rows[i].mh);
			assert_int_equal(l.seen,
			        mbox ? rows[i].seen : rows[i].seen & ~(unsigned)LINES_RENAMED);
			buf_clear(&out);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(senders),
	        cmocka_unit_test(from_lines),
	        cmocka_unit_test(maildir_flags),
	        cmocka_unit_test(maildir_folders),
	        cmocka_unit_test(maildir_long),
	        cmocka_unit_test(lines_of_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
