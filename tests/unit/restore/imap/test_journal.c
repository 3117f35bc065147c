#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "restore/imap/journal.h"

static char dir[64], path[128];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/valise-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof path, "%s/journal", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static struct kept_journal *open_it(const char *id, bool dry)
{
	struct kept_journal *k = NULL;
	struct err err = {0};

	if (kept_open(path, id, dry, &k, &err) != 0)
		fail_msg("%s", err.text);
	return k;
}

static void put(struct kept_journal *k, const char *box, uint32_t validity, uint32_t uid,
        uint32_t src, unsigned flags, const char *words)
{
	struct kept one = {.uidvalidity = validity,
	        .uid = uid,
	        .src_uid = src,
	        .date_utc = -5,
	        .flags = (uint16_t)flags,
	        .form = src == 1 ? 260 : 0,
	        .octets = src == 1,
	        .lacks = src == 1 ? (char *)(uintptr_t) "$a \\Seen" : NULL,
	        .keywords = (char *)(uintptr_t)words};
	struct err err = {0};

	memset(one.sha256, (int)src, SHA256_LEN);
	assert_int_equal(kept_put(k, box, &one, 1, &err), 0);
}

/*
 * Where a mailbox went: with the first message, the last word counts, and only for this
 * archive. A dry run writes nothing, not even a cut tail.
 */
static void places(void **state)
{
	struct kept_journal *k = open_it("a1", false);
	FILE *f;
	long before;

	(void)state;
	assert_null(kept_place_of(k, "v1.2"));
	kept_place(k, "v1.2", "v1_2");
	put(k, "v1_2", 7, 1, 1, 0, NULL);
	kept_place(k, "v1.2", "v1_2_2");
	kept_place(k, "Gesendet", "Sent \"x\"");
	put(k, "v1_2", 7, 2, 2, 0, NULL);
	kept_place(k, "lost", "before any message");
	kept_free(k);
	f = fopen(path, "a");
	assert_non_null(f);
	fputs("torn", f);
	before = ftell(f);
	fclose(f);
	for (int dry = 1; dry >= 0; dry--) {
		k = open_it("a1", dry);
		assert_string_equal(kept_place_of(k, "v1.2"), "v1_2_2");
		assert_string_equal(kept_place_of(k, "Gesendet"), "Sent \"x\"");
		assert_null(kept_place_of(k, "lost"));
		kept_place(k, "dry", "x");
		kept_free(k);
		f = fopen(path, "r");
		fseek(f, 0, SEEK_END);
		assert_int_equal(ftell(f), dry ? before : before - 4);
		fclose(f);
	}
	k = open_it("a2", false);
	assert_null(kept_place_of(k, "v1.2"));
	kept_free(k);
}

static void what_was_put_is_there_again(void **state)
{
	struct kept_journal *k = open_it("a1", false);
	const struct kept *r;
	size_t n;

	(void)state;
	assert_false(kept_any(k));
	put(k, "B\"\xc3\xa9", 7, 20, 2, 1, "x y");
	put(k, "B\"\xc3\xa9", 7, 10, 1, 0, NULL);
	put(k, "B\"\xc3\xa9", 8, 10, 3, 0, NULL);
	put(k, "A", 7, 10, 4, 0, NULL);
	/* flags added since: the last record stands */
	put(k, "B\"\xc3\xa9", 7, 20, 2, 3, NULL);
	kept_free(k);

	k = open_it("a1", false);
	assert_true(kept_any(k));
	r = kept_of(k, "B\"\xc3\xa9", 7, &n);
	assert_int_equal(n, 2);
	assert_int_equal(r[0].uid, 10);
	assert_int_equal(r[0].src_uid, 1);
	assert_int_equal(r[0].date_utc, -5);
	assert_int_equal(r[0].form, 260);
	assert_int_equal(r[1].form, 0);
	assert_true(r[0].octets);
	assert_string_equal(r[0].lacks, "$a \\Seen");
	assert_false(r[1].octets);
	assert_null(r[1].lacks);
	assert_int_equal(r[0].sha256[31], 1);
	assert_int_equal(r[1].uid, 20);
	assert_int_equal(r[1].flags, 3);
	assert_null(r[1].keywords);
	assert_null(kept_of(k, "B\"\xc3\xa9", 9, &n));
	assert_null(kept_of(k, "C", 7, &n));
	kept_mailboxes(k, &n);
	assert_int_equal(n, 2);
	kept_free(k);
}

/*
 * One record a message of the archive and one of the target, the last one; messages that
 * are known by no UID have a record each.
 */
static void the_last_word_stands(void **state)
{
	static const struct {
		uint32_t uid, from, to, src;
		const char *source;
		bool stands;
	} put_in[] = {
	        {10, 0, 0, 1, "A", false}, /* learnt again: 12 */
	        {11, 0, 0, 2, "A", false}, /* another's now */
	        {12, 0, 0, 1, "A", true}, {11, 0, 0, 3, "A", true}, {0, 20, 22, 4, "A", true},
	        {0, 20, 22, 5, "A", false}, /* found later */
	        {21, 0, 0, 5, "A", true}, {22, 0, 0, 6, "A", false}, /* not believed any more */
	        {0, 23, 24, 6, "A", true},
	        {30, 0, 0, 1, "B", true}, /* of another mailbox of the archive */
	        {31, 0, 0, 1, NULL, true}, /* as older versions wrote it */
	};
	struct kept_journal *k = open_it("a1", false);
	const struct kept *r;
	struct err err = {0};
	size_t n, found = 0, stand = 0;

	(void)state;
	for (size_t i = 0; i < sizeof put_in / sizeof put_in[0]; i++) {
		struct kept one = {.uidvalidity = 7,
		        .uid = put_in[i].uid,
		        .from = put_in[i].from,
		        .to = put_in[i].to,
		        .src_uid = put_in[i].src,
		        .source = put_in[i].source};

		memset(one.sha256, (int)put_in[i].src, SHA256_LEN);
		assert_int_equal(kept_put(k, "X", &one, 1, &err), 0);
		stand += put_in[i].stands;
	}
	put(k, "Y", 7, 1, 1, 0, NULL);
	kept_free(k);
	k = open_it("a1", true);
	r = kept_of(k, "X", 7, &n);
	assert_int_equal(n, stand);
	for (size_t i = 0; i < sizeof put_in / sizeof put_in[0]; i++)
		for (size_t j = 0; j < n; j++)
			found += r[j].uid == put_in[i].uid && r[j].src_uid == put_in[i].src &&
			         r[j].from == put_in[i].from && r[j].to == put_in[i].to &&
			         (r[j].source == NULL) == (put_in[i].source == NULL) &&
			         (!r[j].source || strcmp(r[j].source, put_in[i].source) == 0) &&
			         put_in[i].stands;
	assert_int_equal(found, stand);
	for (size_t j = 1; j < n; j++)
		assert_true(r[j - 1].uid <= r[j].uid);
	assert_int_equal(kept_first(k, "X", 7), 11);
	assert_null(kept_source_of(k, "X"));
	assert_null(kept_source_of(k, "Z"));
	kept_free(k);
}

static void another_archive_is_not_believed(void **state)
{
	struct kept_journal *k = open_it("a1", false);
	size_t n;

	(void)state;
	put(k, "A", 7, 10, 1, 0, NULL);
	kept_free(k);
	k = open_it("a2", false);
	assert_null(kept_of(k, "A", 7, &n));
	put(k, "A", 7, 11, 1, 0, NULL);
	kept_free(k);
	k = open_it("a1", false);
	assert_non_null(kept_of(k, "A", 7, &n));
	assert_int_equal(n, 1);
	kept_free(k);
}

static void a_dry_run_makes_no_file(void **state)
{
	struct kept_journal *k = open_it("a1", true);

	(void)state;
	put(k, "A", 7, 10, 1, 0, NULL);
	kept_free(k);
	assert_int_not_equal(access(path, F_OK), 0);
	k = open_it("a1", false); /* the teardown wants one */
	kept_free(k);
}

static void none_is_kept_without_a_path(void **state)
{
	struct kept_journal *k = NULL;
	struct err err = {0};
	size_t n;

	(void)state;
	assert_int_equal(kept_open(NULL, NULL, false, &k, &err), 0);
	put(k, "A", 7, 10, 1, 0, NULL);
	assert_null(kept_of(k, "A", 7, &n));
	kept_free(k);
	k = open_it("a1", false);
	kept_free(k);
}

/*
 * What went out is to be looked at until somebody has; an older version noted only that
 * it is known what came of it.
 */
static void what_nobody_has_looked_at(void **state)
{
	(void)state;
	struct kept_journal *k = open_it("one", false);
	struct err err = {0};

	assert_false(kept_unseen(k, "INBOX"));
	assert_int_equal(kept_out(k, "INBOX", 1000, false, &err), 0);
	assert_int_equal(kept_out(k, "Work", 1000, false, &err), 0);
	assert_int_equal(kept_out(k, "Old", 1000, false, &err), 0);
	assert_int_equal(kept_out(k, "Old", 0, false, &err), 0);
	assert_int_equal(kept_out(k, "Work", 0, true, &err), 0);
	kept_free(k);
	k = open_it("one", true);
	assert_true(kept_unseen(k, "INBOX") && kept_unseen(k, "Old"));
	assert_false(kept_unseen(k, "Work") || kept_unseen(k, "Other"));
	assert_true(kept_out_since(k, "INBOX") == 1000 && kept_out_since(k, "Old") == 0 &&
	            kept_out_since(k, "Work") == 0);
	kept_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(places, setup, teardown),
	        cmocka_unit_test_setup_teardown(what_was_put_is_there_again, setup, teardown),
	        cmocka_unit_test_setup_teardown(the_last_word_stands, setup, teardown),
	        cmocka_unit_test_setup_teardown(another_archive_is_not_believed, setup, teardown),
	        cmocka_unit_test_setup_teardown(a_dry_run_makes_no_file, setup, teardown),
	        cmocka_unit_test_setup_teardown(what_nobody_has_looked_at, setup, teardown),
	        cmocka_unit_test_setup_teardown(none_is_kept_without_a_path, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
