/* What a restore to MAPI remembers, read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "restore/mapi/journal.h"
#include "valise/base/mem.h"

static const uint8_t one[SHA256_LEN] = {1}, two[SHA256_LEN] = {2};

static struct mapi_journal *open_it(const char *path, const char *archive, bool dry)
{
	struct mapi_journal *j;
	struct err err = {0};

	assert_int_equal(mapi_journal_open(path, archive, dry, &j, &err), 0);
	return j;
}

static void test_kept(void **state)
{
	char path[] = "/tmp/valise-journal-XXXXXX";
	struct mapi_journal *j;
	const struct noted *list;
	struct err err = {0};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	j = open_it(path, "a", false);
	assert_true(mapi_journal_is_new(j));
	mapi_journal_add_place(j, "mail: INBOX", 0x10001);
	mapi_journal_add(j, "mail: INBOX", two, 0xfedcba9876543210, NULL);
	mapi_journal_add(j, "mail: INBOX", one, 7, "PidTagImportance: \"2\", was 1");
	mapi_journal_add(j, "mail: \"x\"", one, 8, NULL);
	mapi_journal_add_had(j, 99);
	assert_int_equal(mapi_journal_commit(j, &err), 0);
	/* The later one stands. */
	mapi_journal_add(j, "mail: INBOX", two, 0xfedcba9876543210, "other");
	assert_int_equal(mapi_journal_commit(j, &err), 0);
	mapi_journal_add(j, "mail: INBOX", one, 9, NULL); /* not committed */
	mapi_journal_free(j);
	j = open_it(path, "a", true);
	assert_false(mapi_journal_is_new(j));
	assert_true(mapi_journal_place(j, "mail: INBOX") == 0x10001);
	assert_true(mapi_journal_place(j, "mail: Other") == 0);
	assert_true(mapi_journal_had(j, 99) && !mapi_journal_had(j, 98));
	assert_int_equal(mapi_journal_items(j, "mail: INBOX", &list), 2);
	assert_memory_equal(list[0].sha256, one, SHA256_LEN);
	assert_true(list[0].id == 7 && list[1].id == 0xfedcba9876543210);
	assert_string_equal(list[0].differs, "PidTagImportance: \"2\", was 1");
	assert_string_equal(list[1].differs, "other");
	assert_int_equal(mapi_journal_items(j, "mail: \"x\"", &list), 1);
	assert_int_equal(mapi_journal_items(j, "mail: none", &list), 0);
	mapi_journal_free(j);
	/* Of another archive nothing is known. */
	j = open_it(path, "b", true);
	assert_true(mapi_journal_is_new(j));
	mapi_journal_free(j);
	unlink(path);
}

static void test_none(void **state)
{
	struct mapi_journal *j = open_it(NULL, NULL, false);
	const struct noted *list;
	struct err err = {0};

	(void)state;
	mapi_journal_add_place(j, "mail: INBOX", 1);
	mapi_journal_add(j, "mail: INBOX", one, 7, NULL);
	mapi_journal_add_had(j, 1);
	assert_int_equal(mapi_journal_commit(j, &err), 0);
	assert_int_equal(mapi_journal_items(j, "mail: INBOX", &list), 0);
	mapi_journal_free(j);
	mapi_journal_free(NULL);
}

/* Records that are none: a damaged journal, which the run then goes without. */
static void test_damaged(void **state)
{
	static const char *const records[] = {"{\"c\":\"mail: a\"}",
	        "{\"c\":\"mail: a\",\"u\":\"12\"}",
	        "{\"c\":\"mail: a\",\"h\":\"00\",\"m\":\"0000000000000001\"}",
	        "{\"o\":\"0000000000000000\"}", "{\"o\":\"zzzzzzzzzzzzzzzz\"}"};

	(void)state;
	for (size_t i = 0; i < COUNT(records); i++) {
		char path[] = "/tmp/valise-journal-XXXXXX";
		struct journal_file f = {.archive_id = "a"};
		struct mapi_journal *j;
		struct err err = {0};
		int fd = mkstemp(path);

		assert_true(fd >= 0);
		close(fd);
		assert_int_equal(journal_file_open(&f, path, "a", false, &err), 0);
		journal_add(f.journal, records[i]);
		assert_int_equal(journal_commit(f.journal, &err), 0);
		journal_free(f.journal);
		assert_int_equal(mapi_journal_open(path, "a", true, &j, &err), ERR_DAMAGED);
		assert_null(j);
		unlink(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_kept),
	        cmocka_unit_test(test_none),
	        cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
