#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>
#include "tree/journal_scan.h"
#include "valise/base/file.h"

struct seen {
	int n, last, fail_at;
};

static int see(void *ctx, const json_t *record, struct err *err)
{
	struct seen *s = ctx;

	s->n++;
	s->last = (int)json_get_int(record, "n", -1);
	if (s->n == s->fail_at)
		return err_set(err, ERR_DAMAGED, ERR_WHOLE, "no more");
	return 0;
}

static int scratch(char dir[64])
{
	int fd;

	strcpy(dir, "/tmp/valise-journal-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(dir_open(AT_FDCWD, dir, &fd, NULL), 0);
	return fd;
}

static void done(int fd, const char *dir)
{
	close(fd);
	assert_int_equal(dir_remove(AT_FDCWD, dir, NULL), 0);
}

static struct journal *open_journal(int fd, struct seen *s)
{
	struct journal *j;
	struct err err = {0};

	memset(s, 0, sizeof *s);
	if (journal_open(fd, "journal", see, s, &j, &err) != 0)
		fail_msg("%s", err.text);
	return j;
}

static void crc_is_that_of_gzip(void **state)
{
	(void)state;
	assert_int_equal(journal_crc32("123456789", 9), 0xcbf43926);
	assert_int_equal(journal_crc32("", 0), 0);
}

static void batches_count_only_whole(void **state)
{
	struct journal *j;
	struct seen s;
	struct buf all;
	char dir[64];
	int fd = scratch(dir);

	(void)state;
	j = open_journal(fd, &s);
	assert_int_equal(s.n, 0);
	assert_int_equal(journal_commit(j, NULL), 0); /* empty: nothing is written */
	journal_add(j, "{\"n\":1}");
	journal_add(j, "{\"n\":2}");
	assert_int_equal(journal_commit(j, NULL), 0);
	journal_add(j, "{\"n\":3}");
	assert_int_equal(journal_commit(j, NULL), 0);
	journal_add(j, "{\"n\":4}"); /* dropped */
	journal_free(j);

	buf_init(&all, 10000);
	assert_int_equal(file_read(fd, "journal", &all, NULL), 0);
	for (size_t cut = all.len; cut-- > 0;) {
		int want =
		        cut == all.len ? 3
		        : strstr(buf_str(&all), "{\"commit\":2}") + 13 - buf_str(&all) <= (long)cut
		                ? 2
		                : 0;
		int f = open(dir, O_DIRECTORY | O_RDONLY);

		assert_int_equal(file_write(f, "journal", all.data, cut, NULL), 0);
		j = open_journal(f, &s);
		assert_int_equal(s.n, want);
		/* what is added after the cut is found again */
		journal_add(j, "{\"n\":9}");
		assert_int_equal(journal_commit(j, NULL), 0);
		journal_free(j);
		j = open_journal(f, &s);
		assert_int_equal(s.n, want + 1);
		assert_int_equal(s.last, 9);
		journal_free(j);
		close(f);
		cut -= cut > 3 ? 2 : 0;
	}
	buf_clear(&all);
	done(fd, dir);
}

static void any_changed_bit_ends_it(void **state)
{
	struct journal *j;
	struct seen s;
	struct buf all;
	char dir[64];
	int fd = scratch(dir);

	(void)state;
	j = open_journal(fd, &s);
	journal_add(j, "{\"n\":1}");
	assert_int_equal(journal_commit(j, NULL), 0);
	journal_free(j);
	buf_init(&all, 10000);
	assert_int_equal(file_read(fd, "journal", &all, NULL), 0);
	for (size_t i = 0; i < all.len; i++) {
		struct journal_parsing parsing = {see, &s};
		struct journal_scan scan;

		all.data[i] ^= 4;
		memset(&s, 0, sizeof s);
		journal_scan_init(&scan, journal_parse, &parsing);
		assert_int_equal(journal_scan_add(&scan, all.data, all.len, NULL), 0);
		assert_int_equal(s.n, 0);
		assert_int_equal(scan.good, 0);
		journal_scan_clear(&scan);
		all.data[i] ^= 4;
	}
	buf_clear(&all);
	done(fd, dir);
}

static void an_error_of_replay_is_passed_on(void **state)
{
	struct seen s = {.fail_at = 1};
	struct journal *j;
	struct err err = {0};
	char dir[64];
	int fd = scratch(dir);

	(void)state;
	assert_int_equal(journal_open(fd, "journal", see, &s, &j, NULL), 0);
	journal_add(j, "{\"n\":1}");
	assert_int_equal(journal_commit(j, NULL), 0);
	journal_free(j);
	assert_int_equal(journal_open(fd, "journal", see, &s, &j, &err), ERR_DAMAGED);
	assert_null(j);
	assert_string_equal(err.text, "no more");
	done(fd, dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(crc_is_that_of_gzip),
	        cmocka_unit_test(batches_count_only_whole),
	        cmocka_unit_test(any_changed_bit_ends_it),
	        cmocka_unit_test(an_error_of_replay_is_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
