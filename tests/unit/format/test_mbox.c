#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "valise/format/mbox.h"

static void top_both_ways(void **state)
{
	static const struct {
		struct mbox_top top;
		const char *text;
	} rows[] = {
	        {{0}, "Status: O\nX-Status: \nX-Keywords: \n"},
	        {{.seen = true}, "Status: RO\nX-Status: \nX-Keywords: \n"},
	        {{.answered = true, .draft = true}, "Status: O\nX-Status: AT\nX-Keywords: \n"},
	        {{true, true, true, true, true, "$Forwarded a.b/c", 16},
	                "Status: RO\nX-Status: AFDT\nX-Keywords: $Forwarded a.b/c\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out = buf_of(1000);
		struct mbox_top got;

		mbox_top_put(&rows[i].top, &out);
		assert_string_equal(buf_str(&out), rows[i].text);
		buf_puts(&out, "Subject: x\n");
		assert_int_equal(mbox_top_read(buf_str(&out), out.len, &got), strlen(rows[i].text));
		assert_int_equal(got.seen, rows[i].top.seen);
		assert_int_equal(got.answered, rows[i].top.answered);
		assert_int_equal(got.flagged, rows[i].top.flagged);
		assert_int_equal(got.deleted, rows[i].top.deleted);
		assert_int_equal(got.draft, rows[i].top.draft);
		assert_int_equal(got.n_keywords, rows[i].top.n_keywords);
		assert_memory_equal(got.keywords,
		        rows[i].text + strlen(rows[i].text) - 1 - got.n_keywords, got.n_keywords);
		buf_clear(&out);
	}
}

static void first_of_a_file(void **state)
{
	struct buf out = buf_of(1000);
	struct mbox_top got;

	(void)state;
	mbox_base_put(17, "$Forwarded work", &out);
	assert_string_equal(buf_str(&out), "X-IMAPbase: 17 0000000000 $Forwarded work\n");
	assert_int_equal(mbox_top_read(buf_str(&out), out.len, &got), 0);
	mbox_top_put(&(struct mbox_top){.flagged = true}, &out);
	assert_int_equal(mbox_top_read(buf_str(&out), out.len, &got), out.len);
	assert_true(got.flagged && !got.seen);
	buf_clear(&out);
}

/* What other programs write is theirs, and stays. */
static void top_of_others(void **state)
{
	static const char *const rows[] = {
	        "",
	        "Status: RO\nX-Status: \nX-Keywords: ",
	        "Status: RO\nX-Status: A\nSubject: x\n",
	        "Status: RO\r\nX-Status: \r\nX-Keywords: \r\n",
	        "Status: R\nX-Status: \nX-Keywords: \n",
	        "Status: OR\nX-Status: \nX-Keywords: \n",
	        "Status: RO\nX-Status: FA\nX-Keywords: \n",
	        "Status: RO\nX-Status: AA\nX-Keywords: \n",
	        "Status: RO\nX-Status:\nX-Keywords: \n",
	        "Subject: x\nStatus: RO\nX-Status: \nX-Keywords: \n",
	};
	struct mbox_top top;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(mbox_top_read(rows[i], strlen(rows[i]), &top), 0);
}

static void fields_of_an_mbox(void **state)
{
	static const struct {
		const char *name;
		bool is;
	} rows[] = {{"Status", true}, {"status", true}, {"X-Status", true}, {"x-keywords", true},
	        {"X-IMAP", true}, {"X-IMAPbase", true}, {"X-Mozilla-Status2", true},
	        {"X-Original-Status", true}, {"X-Original-x-original-STATUS", true}, {"", false},
	        {"X-Original-", false}, {"X-Original-To", false}, {"Statu", false},
	        {"Status2", false}, {"X-UID", false}, {"Content-Length", false}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(mbox_is_field(rows[i].name, strlen(rows[i].name)), rows[i].is);
}

static void quoted(void **state)
{
	(void)state;
	assert_true(mbox_is_quoted(">From x", 7));
	assert_true(mbox_is_quoted(">>>From ", 8));
	assert_false(mbox_is_quoted("From x", 6));
	assert_false(mbox_is_quoted(">From", 5));
	assert_false(mbox_is_quoted("> From x", 8));
	assert_false(mbox_is_quoted("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(top_both_ways),
	        cmocka_unit_test(first_of_a_file),
	        cmocka_unit_test(top_of_others),
	        cmocka_unit_test(fields_of_an_mbox),
	        cmocka_unit_test(quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
