/* Folders that change while they are read. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "import/file.h"

struct seen {
	char text[512]; /* places, each ended by a blank */
	const char *dir;
};

static void make(const char *dir, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void move(const char *dir, const char *from, const char *to)
{
	char a[256], b[256];

	snprintf(a, sizeof a, "%s/%s", dir, from);
	snprintf(b, sizeof b, "%s/%s", dir, to);
	assert_int_equal(rename(a, b), 0);
}

/* While the last message of cur is read, one is seen, and another one gets a flag. */
static int see_file(void *ctx, struct import_file *f, struct err *err)
{
	struct seen *s = ctx;

	(void)err;
	strcat(strcat(s->text, f->place), " ");
	if (strcmp(f->place, "cur/2:2,") == 0) {
		move(s->dir, "new/3", "cur/3:2,S");
		move(s->dir, "cur/1:2,", "cur/1:2,F");
	}
	return 0;
}

static int see_dir(void *ctx, const char *place, struct err *err)
{
	(void)ctx;
	(void)place;
	(void)err;
	return 0;
}

static void see_lost(void *ctx, const char *shown, const struct err *err)
{
	(void)ctx;
	(void)shown;
	(void)err;
	fail();
}

static void test_maildir_in_use(void **state)
{
	static const char *const subs[] = {"cur", "new", "tmp"};
	static const char *const left[] = {"cur/1:2,F", "cur/2:2,", "cur/3:2,S", "new/4"};
	char dir[] = "/tmp/valise-XXXXXX", path[256];
	struct seen s = {.dir = dir};
	const struct import_visit v = {&s, see_file, see_dir, see_lost};
	struct import_files *files;
	struct err err = {0};
	bool is_dir;

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, subs[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	make(dir, "cur/1:2,");
	make(dir, "cur/2:2,");
	make(dir, "new/3");
	make(dir, "new/4");
	assert_int_equal(import_files_disk(dir, &is_dir, &files, &err), 0);
	assert_int_equal(files->ops->each(files, &v, &err), 0);
	assert_string_equal(s.text, "cur/1:2, cur/2:2, new/4 cur/3:2,S ");
	files->ops->free(files);
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, left[i]);
		assert_int_equal(unlink(path), 0);
	}
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, subs[i]);
		assert_int_equal(rmdir(path), 0);
	}
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_maildir_in_use)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
