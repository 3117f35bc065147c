/*
 * Files beneath a directory, reached step by step without following a symlink: names in
 * catalogs are from outside.
 */
#include "internal.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (64u << 10)

static int fail_path(const char *path, struct err *err)
{
	if (errno == ELOOP || errno == ENOTDIR)
		return err_set(err, ERR_EXISTS, ERR_ITEM, "%s is a symlink or no directory", path);
	return err_sys(err, ERR_ITEM, "%s", path);
}

static int open_dir(int dirfd, const char *name)
{
	return sys_openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
}

/* Walk down the components of ${path}; ${make}: create what is missing. */
static int walk_path(int dirfd, const char *path, bool make, int *fd_out, struct err *err)
{
	char *copy = xstrdup(path), *rest = copy, *part;
	int fd = dirfd, rc = 0;

	while (rc == 0 && (part = strsep(&rest, "/")) != NULL) {
		int next = open_dir(fd, part);

		if (next < 0 && errno == ENOENT && make) {
			if (sys_mkdirat(fd, part, 0700) == 0 || errno == EEXIST)
				next = open_dir(fd, part);
		}
		if (next < 0)
			rc = fail_path(path, err);
		if (fd != dirfd)
			sys_close(fd);
		fd = next;
	}
	free(copy);
	*fd_out = fd;
	return rc;
}

int beneath_dir(int dirfd, const char *path, int *fd_out, struct err *err)
{
	return walk_path(dirfd, path, false, fd_out, err);
}

int beneath_make(int dirfd, const char *path, int *fd_out, struct err *err)
{
	return walk_path(dirfd, path, true, fd_out, err);
}

int beneath_file(int dirfd, const char *path, int *fd_out, uint64_t *size_out, struct err *err)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	int dir = dirfd, rc = 0;

	*fd_out = -1;
	if (slash) {
		char *parent = xstrndup(path, (size_t)(slash - path));

		rc = beneath_dir(dirfd, parent, &dir, err);
		free(parent);
	}
	if (rc != 0)
		return rc;
	/* O_NONBLOCK: a FIFO must not hold us up. */
	*fd_out = sys_openat(dir, slash ? slash + 1 : path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (*fd_out < 0 || fstat(*fd_out, &st) != 0)
		rc = fail_path(path, err);
	else if (!S_ISREG(st.st_mode))
		rc = err_set(err, ERR_EXISTS, ERR_ITEM, "%s is not a plain file", path);
	else if (size_out)
		*size_out = (uint64_t)st.st_size;
	if (rc != 0 && *fd_out >= 0) {
		sys_close(*fd_out);
		*fd_out = -1;
	}
	if (slash)
		sys_close(dir);
	return rc;
}

int beneath_unlink(int dirfd, const char *path, int flags, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *parent = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	int fd, rc = beneath_dir(dirfd, parent, &fd, err);

	free(parent);
	if (rc == ERR_NOTFOUND) {
		err_clear(err);
		return 0;
	}
	if (rc != 0)
		return rc;
	if (sys_unlinkat(fd, slash ? slash + 1 : path, flags) != 0 && errno != ENOENT)
		rc = err_sys(err, ERR_WHOLE, "cannot remove %s", path);
	sys_close(fd);
	return rc;
}

int beneath_verify(int dirfd, const char *path, const uint8_t sha256[SHA256_LEN], uint64_t size,
        struct err *err)
{
	uint8_t chunk[CHUNK], sum[SHA256_LEN];
	struct sha256 h;
	uint64_t have;
	ssize_t n;
	int fd, rc = beneath_file(dirfd, path, &fd, &have, err);

	if (rc != 0)
		return rc;
	if (have != size) {
		sys_close(fd);
		return err_set(err, ERR_DAMAGED, ERR_ITEM, "%s has %llu bytes, not %llu", path,
		        (unsigned long long)have, (unsigned long long)size);
	}
	sha256_start(&h);
	while ((n = sys_read(fd, chunk, sizeof chunk)) > 0)
		sha256_add(&h, chunk, (size_t)n);
	if (n < 0)
		rc = err_sys(err, ERR_ITEM, "%s", path);
	sys_close(fd);
	sha256_end(&h, sum);
	if (rc == 0 && memcmp(sum, sha256, SHA256_LEN) != 0)
		rc = err_set(err, ERR_DAMAGED, ERR_ITEM,
		        "%s does not have the bytes that were fetched", path);
	return rc;
}

int fd_same(int a, int b, bool *same_out, struct err *err)
{
	uint8_t x[CHUNK / 2], y[CHUNK / 2];
	uint64_t off = 0;
	size_t n, m;
	int rc;

	*same_out = false;
	do {
		rc = fd_pread(a, x, sizeof x, off, &n, err);
		if (rc == 0)
			rc = fd_pread(b, y, sizeof y, off, &m, err);
		if (rc != 0)
			return rc;
		if (n != m || memcmp(x, y, n) != 0)
			return 0;
		off += n;
	} while (n == sizeof x);
	*same_out = true;
	return 0;
}

int fd_copy(int from, int to, struct err *err)
{
	uint8_t chunk[CHUNK];
	uint64_t off = 0;
	size_t n;
	int rc;

	do {
		rc = fd_pread(from, chunk, sizeof chunk, off, &n, err);
		if (rc == 0 && n > 0)
			rc = fd_write_all(to, chunk, n, err);
		off += n;
	} while (rc == 0 && n == sizeof chunk);
	return rc;
}

int fs_barrier(int fd, struct err *err)
{
	/*
	 * One barrier for thousands of small files; an fsync each would take longer than
	 * fetching them.
	 */
	if (sys_syncfs(fd) != 0)
		return err_sys(err, ERR_WHOLE, "cannot sync the tree's file system");
	return 0;
}

bool is_there(int dirfd, const char *path)
{
	struct stat st;

	return fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int catalog_load(int dirfd, const char *path, struct abouts *names, struct tree_coll **out,
        struct tree_roots *roots_out, struct err *err)
{
	int fd, rc;

	*out = NULL;
	rc = beneath_file(dirfd, path, &fd, NULL, err);
	if (rc == 0) {
		rc = catalog_read(fd_read_next, &fd, names, out, roots_out, err);
		if (rc != 0)
			err_wrap(err, "%s", path);
		sys_close(fd);
	}
	if (rc == ERR_EXISTS) /* a link or a FIFO is no catalog */
		rc = err ? err_set(err, ERR_DAMAGED, ERR_COLLECTION, "%s is not a plain file", path)
		         : ERR_DAMAGED;
	if (rc != 0 && err)
		err_widen(err, ERR_COLLECTION);
	return rc;
}

int json_load(int dirfd, const char *path, json_t **out, struct err *err)
{
	struct buf text = buf_of(DIR_JSON_MAX);
	int rc;

	*out = NULL;
	rc = file_read(dirfd, path, &text, err);
	if (rc == 0) {
		rc = json_read(buf_str(&text), text.len, DIR_JSON_MAX, out, err);
		if (rc != 0)
			err_wrap(err, "%s", path);
	}
	buf_clear(&text);
	return rc;
}
