#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "valise/base/file.h"
#include "valise/base/hash.h"

static char dir[64];
static int root = -1;

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/valise-file-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct err err;

	(void)state;
	close(root);
	return dir_remove(AT_FDCWD, dir, &err);
}

static void write_and_read(void **state)
{
	(void)state;
	struct err err;
	struct stat st;
	struct buf b;

	assert_int_equal(file_write(root, "f", "hello", 5, &err), 0);
	assert_int_equal(file_write(root, "f", "world!", 6, &err), 0);
	buf_init(&b, 8);
	buf_puts(&b, "<");
	assert_int_equal(file_read(root, "f", &b, &err), 0);
	assert_string_equal(buf_str(&b), "<world!");
	assert_int_equal(file_read(root, "f", &b, &err), ERR_LIMIT);
	assert_string_equal(buf_str(&b), "<world!");
	assert_int_equal(file_read(root, "none", &b, &err), ERR_NOTFOUND);
	assert_int_equal(file_read(root, ".", &b, &err), ERR_DAMAGED);
	buf_clear(&b);
	assert_int_equal(fstatat(root, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_write(root, "empty", NULL, 0, &err), 0);
	assert_int_equal(fstatat(root, "empty", &st, 0), 0);
	assert_int_equal(st.st_size, 0);
}

/*
 * Beneath a directory only plain files are read: neither the end of a link nor a FIFO
 * that nobody writes to.
 */
static void only_plain_files_are_read(void **state)
{
	static const char *const names[] = {"p-fifo", "p-link", "p-dir"};
	uint8_t sum[32];
	struct err err = {0};
	struct buf b;
	int fd;

	(void)state;
	assert_int_equal(mkfifoat(root, "p-fifo", 0600), 0);
	assert_int_equal(symlinkat("/etc/passwd", root, "p-link"), 0);
	assert_int_equal(mkdirat(root, "p-dir", 0700), 0);
	buf_init(&b, 1000);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(file_read(root, names[i], &b, &err), ERR_DAMAGED);
		assert_int_equal(file_sha256(root, names[i], sum, NULL, &err), ERR_DAMAGED);
		assert_int_equal(file_open_plain(root, names[i], &fd, &err), ERR_DAMAGED);
		assert_non_null(strstr(err.text, "is not a plain file"));
		assert_int_equal(fd, -1);
	}
	assert_int_equal(file_open_plain(root, "none", &fd, &err), ERR_NOTFOUND);
	buf_clear(&b);
}

static void failure_leaves_nothing(void **state)
{
	(void)state;
	struct err err;
	char **names;
	size_t n;

	assert_int_equal(dir_make(root, "d/taken/x", &err), 0);
	/* The rename fails, since the target is a directory that is not empty. */
	assert_int_equal(file_write(root, "d/taken", "x", 1, &err), ERR_IO);
	assert_int_equal(file_write(root, "missing/f", "x", 1, &err), ERR_NOTFOUND);
	assert_int_equal(dir_list(root, "d", &names, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_string_equal(names[0], "taken");
	free(names[0]);
	free(names);
}

static void stale_temporary_is_passed_over(void **state)
{
	(void)state;
	struct err err;
	char name[64];
	int fd;

	snprintf(name, sizeof name, "s.%ld.0.tmp", (long)getpid());
	fd = openat(root, name, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(file_write(root, "s", "x", 1, &err), 0);
	assert_int_equal(faccessat(root, name, F_OK, 0), 0);
}

static void directories(void **state)
{
	(void)state;
	struct err err;
	char **names, path[128];
	size_t n;
	int fd;

	assert_int_equal(dir_make(root, "a/b/c", &err), 0);
	assert_int_equal(dir_make(root, "a/b/c/", &err), 0);
	assert_int_equal(dir_make(root, "a//b/d", &err), 0);
	snprintf(path, sizeof path, "%s/abs/x", dir);
	assert_int_equal(dir_make(AT_FDCWD, path, &err), 0);
	assert_int_equal(file_write(root, "a/file", "x", 1, &err), 0);
	assert_int_equal(dir_make(root, "a/file", &err), ERR_EXISTS);
	assert_true(dir_make(root, "a/file/x", &err) < 0);
	assert_int_equal(dir_list(root, "a", &names, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(names[0], "b");
	assert_string_equal(names[1], "file");
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	assert_int_equal(dir_list(root, "none", &names, &n, &err), ERR_NOTFOUND);
	assert_null(names);
	assert_int_equal(dir_open(root, "a", &fd, &err), 0);
	assert_int_equal(dir_sync(fd, &err), 0);
	close(fd);
	assert_true(dir_open(root, "a/file", &fd, &err) < 0);
	assert_true(dir_sync(-1, &err) < 0);
}

static void remove_follows_no_link(void **state)
{
	(void)state;
	struct err err;

	assert_int_equal(dir_make(root, "victim/sub", &err), 0);
	assert_int_equal(file_write(root, "victim/keep", "x", 1, &err), 0);
	assert_int_equal(dir_make(root, "doomed/deep/er", &err), 0);
	assert_int_equal(file_write(root, "doomed/deep/f", "x", 1, &err), 0);
	assert_int_equal(symlinkat("../victim", root, "doomed/link"), 0);
	assert_int_equal(symlinkat("../../victim/keep", root, "doomed/deep/link"), 0);
	assert_int_equal(symlinkat("victim", root, "link"), 0);
	assert_int_equal(dir_remove(root, "doomed", &err), 0);
	assert_int_equal(faccessat(root, "doomed", F_OK, 0), -1);
	assert_int_equal(dir_remove(root, "doomed", &err), 0);
	assert_true(dir_remove(root, "link", &err) < 0);
	assert_int_equal(faccessat(root, "victim/keep", F_OK, 0), 0);
	assert_int_equal(faccessat(root, "victim/sub", F_OK, 0), 0);
}

static void ranges_and_sums(void **state)
{
	(void)state;
	static char big[200000];
	uint8_t sum[32], want[32];
	uint64_t size;
	struct err err;
	char out[16];
	size_t got;
	int fd;

	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)(i * 7);
	assert_int_equal(file_write(root, "big", big, sizeof big, &err), 0);
	assert_int_equal(file_sha256(root, "big", sum, &size, &err), 0);
	sha256_of(big, sizeof big, want);
	assert_memory_equal(sum, want, 32);
	assert_int_equal(size, sizeof big);
	assert_int_equal(file_sha256(root, "big", sum, NULL, &err), 0);
	assert_int_equal(file_sha256(root, "none", sum, NULL, &err), ERR_NOTFOUND);
	fd = openat(root, "big", O_RDONLY);
	assert_int_equal(fd_pread(fd, out, 10, 100, &got, &err), 0);
	assert_int_equal(got, 10);
	assert_memory_equal(out, big + 100, 10);
	assert_int_equal(fd_pread(fd, out, 10, sizeof big - 3, &got, &err), 0);
	assert_int_equal(got, 3);
	assert_int_equal(fd_pread(fd, out, 10, sizeof big + 3, &got, &err), 0);
	assert_int_equal(got, 0);
	assert_int_equal(fd_pread(fd, out, 10, UINT64_MAX, &got, &err), ERR_DAMAGED);
	assert_int_equal(fd_write_all(fd, "x", 1, &err), ERR_IO);
	close(fd);
}

/* Who hears of a full disk wants to know which one it is. */
static void full_disk(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct err err;

	(void)state;
	assert_int_equal(fd_write_all(fd, "x", 1, &err), ERR_SPACE);
	assert_string_equal(err.text, "cannot write /dev/full: No space left on device");
	close(fd);
}

static void free_space(void **state)
{
	(void)state;
	assert_true(disk_free(root, ".") > 0);
	assert_true(disk_free(root, "none") == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(write_and_read),
	        cmocka_unit_test(only_plain_files_are_read),
	        cmocka_unit_test(failure_leaves_nothing),
	        cmocka_unit_test(stale_temporary_is_passed_over),
	        cmocka_unit_test(directories),
	        cmocka_unit_test(remove_follows_no_link),
	        cmocka_unit_test(ranges_and_sums),
	        cmocka_unit_test(full_disk),
	        cmocka_unit_test(free_space),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
