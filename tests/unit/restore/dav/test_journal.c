#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "valise/proto/dav/discover.h"
#include "restore/dav/journal.h"

#define URL "https://x.example/a/b%40c.ics"

static void put(const char *path, const char *archive, const char *etag, int grade)
{
	struct put_record r = {.url = (char *)URL,
	        .etag = (char *)etag,
	        .uid = (char *)"u \"1\"",
	        .grade = grade,
	        .differences = (char *)"~SUMMARY"};
	struct put_journal *j = NULL;
	struct err err = {0};

	memset(r.archived, 1, sizeof r.archived);
	assert_int_equal(put_journal_open(path, archive, false, &j, &err), 0);
	put_journal_add(j, &r);
	assert_int_equal(put_journal_commit(j, &err), 0);
	put_journal_free(j);
}

static void remembers(void **state)
{
	char path[] = "/tmp/valise-test-XXXXXX";
	const struct put_record *r;
	struct put_journal *j = NULL;
	struct err err = {0};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	put(path, "one", "\"1\"", 1);
	put(path, "one", "\"2\"", 3);
	assert_int_equal(put_journal_open(path, "one", true, &j, &err), 0);
	r = put_journal_find(j, dav_key("https://x.example/a/b@c.ics"));
	assert_non_null(r);
	assert_string_equal(r->etag, "\"2\""); /* the later one stands */
	assert_string_equal(r->uid, "u \"1\"");
	assert_string_equal(r->differences, "~SUMMARY");
	assert_int_equal(r->grade, 3);
	assert_int_equal(r->archived[5], 1);
	assert_null(put_journal_find(j, dav_key("https://x.example/a/other.ics")));
	put_journal_free(j);
	/* another archive's records are not ours */
	assert_int_equal(put_journal_open(path, "two", true, &j, &err), 0);
	assert_null(put_journal_find(j, dav_key(URL)));
	put_journal_free(j);
	unlink(path);
}

/* By the number of the snapshot; one that is older than what was restored last is none. */
static void ages(void **state)
{
	static const struct {
		unsigned restored, version_of, snapshot;
		bool known, older;
	} table[] = {
	        {1, 1, 2, true, true},
	        {1, 1, 2, false, false},
	        {2, 1, 2, true, true},
	        {2, 2, 2, true, false},
	        {3, 1, 2, true, false},
	        {3, 1, 0, true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		char path[] = "/tmp/valise-test-XXXXXX";
		struct put_record r = {
		        .has_version = table[i].known, .version_of = table[i].version_of};
		struct put_journal *j = NULL;
		struct err err = {0};
		int fd = mkstemp(path);

		assert_true(fd >= 0);
		close(fd);
		assert_int_equal(put_journal_open(path, "one", false, &j, &err), 0);
		put_journal_begin(j, table[i].restored);
		assert_int_equal(put_journal_commit(j, &err), 0);
		put_journal_free(j);
		assert_int_equal(put_journal_open(path, "one", true, &j, &err), 0);
		put_journal_begin(j, table[i].snapshot);
		assert_int_equal(put_journal_is_older(j, &r, table[i].snapshot), table[i].older);
		put_journal_free(j);
		unlink(path);
	}
}

static void places_and_copies(void **state)
{
	char path[] = "/tmp/valise-test-XXXXXX";
	struct put_record r = {.url = (char *)URL,
	        .etag = (char *)"1",
	        .uid = (char *)"a",
	        .held_uid = (char *)"b"};
	struct put_journal *j = NULL;
	struct err err = {0};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(put_journal_open(path, "one", false, &j, &err), 0);
	assert_true(put_journal_is_new(j));
	put_journal_add(j, &r);
	put_journal_add_place(j, "Work", "https://x.example/a/");
	put_journal_add_place(j, "Work", "https://x.example/b/");
	put_journal_add_had(j, URL);
	assert_int_equal(put_journal_commit(j, &err), 0);
	put_journal_free(j);
	assert_int_equal(put_journal_open(path, "one", true, &j, &err), 0);
	assert_false(put_journal_is_new(j));
	assert_string_equal(put_journal_place(j, "Work"), "https://x.example/b/");
	assert_null(put_journal_place(j, "Home"));
	assert_string_equal(put_journal_find(j, dav_key(URL))->held_uid, "b");
	assert_true(put_journal_had(j, dav_key(URL)));
	assert_false(put_journal_had(j, dav_key("https://x.example/a/")));
	put_journal_free(j);
	unlink(path);
}

static void without_file(void **state)
{
	struct put_record r = {.url = (char *)URL, .etag = (char *)"x"};
	struct put_journal *j = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(put_journal_open(NULL, "one", false, &j, &err), 0);
	put_journal_add(j, &r);
	assert_int_equal(put_journal_commit(j, &err), 0);
	put_journal_free(j);
	assert_int_equal(put_journal_open("/tmp/valise-test-none", "one", true, &j, &err), 0);
	put_journal_free(j);
	assert_int_not_equal(access("/tmp/valise-test-none", F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(remembers), cmocka_unit_test(ages),
	        cmocka_unit_test(places_and_copies), cmocka_unit_test(without_file)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
