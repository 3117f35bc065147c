/* Files and directories: opened, made, listed, read, replaced durably. */
#include "valise/base/file.h"
#include "valise/base/hash.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define CHUNK_SIZE (64 * 1024)
#define TEMP_TRIES 1000
#define REMOVE_DEPTH_MAX 200

int dir_open(int dirfd, const char *path, int *fd_out, struct err *err)
{
	*fd_out = sys_openat(dirfd, path, O_RDONLY | O_DIRECTORY, 0);
	if (*fd_out < 0)
		return err_sys(err, ERR_WHOLE, "cannot open directory %s", path);
	return 0;
}

static int make_one(int dirfd, const char *path, struct err *err)
{
	struct stat st;

	if (sys_mkdirat(dirfd, path, 0700) == 0)
		return 0;
	if (errno == EEXIST && fstatat(dirfd, path, &st, 0) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		errno = EEXIST;
	}
	return err_sys(err, ERR_WHOLE, "cannot create directory %s", path);
}

int dir_make(int dirfd, const char *path, struct err *err)
{
	char *part = xstrdup(path);
	struct stat st;
	int rc = 0;

	if (fstatat(dirfd, path, &st, 0) == 0 && S_ISDIR(st.st_mode))
		goto out;
	for (char *p = part + 1; *part && *p && rc == 0; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		rc = make_one(dirfd, part, err);
		*p = '/';
	}
	if (rc == 0)
		rc = make_one(dirfd, path, err);
out:
	free(part);
	return rc;
}

int dir_sync(int dirfd, struct err *err)
{
	if (sys_fsync(dirfd) == 0 || errno == EINVAL || errno == ENOTSUP || errno == ENOSYS)
		return 0;
	return err_sys(err, ERR_WHOLE, "cannot sync a directory");
}

/* Takes ${fd}. */
static int list_fd(int fd, const char *path, char ***names_out, size_t *n_out, struct err *err)
{
	DIR *dir = fdopendir(fd);
	char **names = NULL;
	size_t n = 0, cap = 0;
	struct dirent *e;
	int rc = 0;

	if (!dir) {
		rc = err_sys(err, ERR_WHOLE, "cannot list directory %s", path);
		sys_close(fd);
		return rc;
	}
	for (errno = 0; (e = readdir(dir)) != NULL; errno = 0)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			*ARR_PUSH(names, n, cap) = xstrdup(e->d_name);
	if (errno != 0)
		rc = err_sys(err, ERR_WHOLE, "cannot list directory %s", path);
	closedir(dir);
	if (rc != 0) {
		texts_free(names, n);
		return rc;
	}
	SORT(names, n, text_by_bytes);
	*names_out = names;
	*n_out = n;
	return 0;
}

int dir_list(int dirfd, const char *path, char ***names_out, size_t *n_out, struct err *err)
{
	int fd, rc;

	*names_out = NULL;
	*n_out = 0;
	rc = dir_open(dirfd, path, &fd, err);
	return rc ? rc : list_fd(fd, path, names_out, n_out, err);
}

static int remove_below(int dirfd, const char *name, int depth, struct err *err);

static int remove_entry(int dirfd, const char *name, int depth, struct err *err)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : err_sys(err, ERR_WHOLE, "cannot look at %s", name);
	if (S_ISDIR(st.st_mode))
		return remove_below(dirfd, name, depth + 1, err);
	if (sys_unlinkat(dirfd, name, 0) != 0 && errno != ENOENT)
		return err_sys(err, ERR_WHOLE, "cannot remove %s", name);
	return 0;
}

static int remove_below(int dirfd, const char *name, int depth, struct err *err)
{
	char **names = NULL;
	size_t n = 0;
	int fd, rc = 0;

	if (depth > REMOVE_DEPTH_MAX)
		return err_set(
		        err, ERR_LIMIT, ERR_WHOLE, "cannot remove %s: nested too deep", name);
	fd = sys_openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, ERR_WHOLE, "cannot remove %s", name);
	/* The list takes a descriptor of its own; ${fd} stays for the removals. */
	rc = dir_list(fd, ".", &names, &n, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = remove_entry(fd, names[i], depth, err);
	texts_free(names, n);
	sys_close(fd);
	if (rc == 0 && sys_unlinkat(dirfd, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
		rc = err_sys(err, ERR_WHOLE, "cannot remove %s", name);
	return rc;
}

int dir_remove(int dirfd, const char *path, struct err *err)
{
	return remove_below(dirfd, path, 0, err);
}

/* errno of a write, with the path behind ${fd}: who knows it is far away. */
static int write_failed(int fd, struct err *err)
{
	int number = errno;
	char link[40], path[4096];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path);
	errno = number;
	if (n <= 0 || path[0] != '/')
		return err_sys(err, ERR_WHOLE, "cannot write");
	return err_sys(err, ERR_WHOLE, "cannot write %.*s", (int)n, path);
}

int fd_write_all(int fd, const void *p, size_t n, struct err *err)
{
	const char *from = p;

	while (n > 0) {
		ssize_t done = sys_write(fd, from, n);

		if (done < 0)
			return write_failed(fd, err);
		from += done;
		n -= (size_t)done;
	}
	return 0;
}

int fd_pread(int fd, void *p, size_t n, uint64_t off, size_t *got_out, struct err *err)
{
	char *to = p;

	*got_out = 0;
	if (off > (uint64_t)INT64_MAX - n)
		return err_set(err, ERR_DAMAGED, ERR_ITEM, "cannot read at offset %ju: too large",
		        (uintmax_t)off);
	while (*got_out < n) {
		ssize_t done = sys_pread(fd, to + *got_out, n - *got_out, (off_t)(off + *got_out));

		if (done < 0)
			return err_sys(err, ERR_WHOLE, "cannot read");
		if (done == 0)
			break;
		*got_out += (size_t)done;
	}
	return 0;
}

/* Open a new file next to ${path}; *temp_out is its name, the caller's. */
static int temp_open(int dirfd, const char *path, char **temp_out, int *fd_out, struct err *err)
{
	for (unsigned i = 0;; i++) {
		char *temp = xasprintf("%s.%ld.%u.tmp", path, (long)getpid(), i);
		int fd = sys_openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);

		if (fd >= 0) {
			*temp_out = temp;
			*fd_out = fd;
			return 0;
		}
		if (errno != EEXIST || i + 1 == TEMP_TRIES) {
			int rc = err_sys(
			        err, ERR_WHOLE, "cannot create a temporary file next to %s", path);

			free(temp);
			return rc;
		}
		free(temp);
	}
}

static int sync_parent(int dirfd, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *parent =
	        slash ? xstrndup(path, slash == path ? 1 : (size_t)(slash - path)) : xstrdup(".");
	int fd, rc = dir_open(dirfd, parent, &fd, err);

	if (rc == 0) {
		rc = dir_sync(fd, err);
		sys_close(fd);
	}
	free(parent);
	return rc;
}

int file_write(int dirfd, const char *path, const void *p, size_t n, struct err *err)
{
	char *temp = NULL;
	int fd = -1, rc;

	rc = temp_open(dirfd, path, &temp, &fd, err);
	if (rc != 0)
		return rc;
	rc = fd_write_all(fd, p, n, err);
	if (rc != 0)
		rc = err_wrap(err, "%s", path);
	else if (sys_fsync(fd) != 0)
		rc = err_sys(err, ERR_WHOLE, "cannot sync %s", path);
	if (sys_close(fd) != 0 && rc == 0)
		rc = err_sys(err, ERR_WHOLE, "cannot write %s", path);
	if (rc == 0 && sys_renameat(dirfd, temp, dirfd, path) != 0)
		rc = err_sys(err, ERR_WHOLE, "cannot replace %s", path);
	if (rc != 0)
		sys_unlinkat(dirfd, temp, 0);
	else
		rc = sync_parent(dirfd, path, err);
	free(temp);
	return rc;
}

int file_try_write(int dirfd, const char *path, struct err *err)
{
	char *temp = NULL;
	int fd = -1, rc = temp_open(dirfd, path, &temp, &fd, err);

	if (rc != 0)
		return rc;
	if (sys_close(fd) != 0)
		rc = err_sys(err, ERR_WHOLE, "cannot write %s", path);
	if (sys_unlinkat(dirfd, temp, 0) != 0 && rc == 0)
		rc = err_sys(err, ERR_WHOLE, "cannot remove %s", temp);
	free(temp);
	return rc;
}

int file_open_plain(int dirfd, const char *path, int *fd_out, struct err *err)
{
	struct stat st;
	int rc = 0;

	*fd_out = sys_openat(dirfd, path, O_RDONLY | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (*fd_out < 0 && errno != ELOOP && errno != ENXIO)
		return err_sys(err, ERR_WHOLE, "cannot open %s", path);
	if (*fd_out >= 0 && fstat(*fd_out, &st) != 0)
		rc = err_sys(err, ERR_WHOLE, "cannot look at %s", path);
	else if (*fd_out < 0 || !S_ISREG(st.st_mode))
		rc = err_set(err, ERR_DAMAGED, ERR_WHOLE, "%s is not a plain file", path);
	if (rc != 0 && *fd_out >= 0) {
		sys_close(*fd_out);
		*fd_out = -1;
	}
	return rc;
}

int file_open_given(const char *path, int *fd_out, struct err *err)
{
	const bool device = strncmp(path, "/dev/", strlen("/dev/")) == 0;
	struct stat st;
	int rc = 0;

	*fd_out = sys_openat(AT_FDCWD, path, O_RDONLY | O_NOCTTY | (device ? 0 : O_NONBLOCK), 0);
	if (*fd_out < 0 && errno != ENXIO)
		return err_sys(err, ERR_WHOLE, "cannot open %s", path);
	if (*fd_out >= 0 && fstat(*fd_out, &st) != 0)
		rc = err_sys(err, ERR_WHOLE, "cannot look at %s", path);
	else if (*fd_out < 0 || (!device && !S_ISREG(st.st_mode)))
		rc = err_set(err, ERR_USAGE, ERR_WHOLE, "%s is no regular file", path);
	if (rc != 0 && *fd_out >= 0) {
		sys_close(*fd_out);
		*fd_out = -1;
	}
	return rc;
}

static int open_reading(int dirfd, const char *path, int *fd_out, struct err *err)
{
	return dirfd == AT_FDCWD ? file_open_given(path, fd_out, err)
	                         : file_open_plain(dirfd, path, fd_out, err);
}

int file_read(int dirfd, const char *path, struct buf *out, struct err *err)
{
	size_t before = out->len;
	char *chunk;
	ssize_t n;
	int fd, rc = open_reading(dirfd, path, &fd, err);

	if (rc != 0)
		return rc;
	chunk = xmalloc(CHUNK_SIZE);
	while (rc == 0 && (n = sys_read(fd, chunk, CHUNK_SIZE)) != 0) {
		if (n < 0)
			rc = err_sys(err, ERR_WHOLE, "cannot read %s", path);
		else if (buf_add(out, chunk, (size_t)n) != 0)
			rc = err_set(err, ERR_LIMIT, ERR_WHOLE,
			        "%s is larger than the %zu bytes allowed", path, out->cap - before);
	}
	if (rc != 0 && out->size) {
		out->len = before;
		out->data[before] = '\0';
	}
	free(chunk);
	sys_close(fd);
	return rc;
}

int file_sha256(
        int dirfd, const char *path, uint8_t sum_out[32], uint64_t *size_out, struct err *err)
{
	struct sha256 h;
	uint64_t size = 0;
	uint8_t *chunk;
	ssize_t n;
	int fd, rc = open_reading(dirfd, path, &fd, err);

	if (rc != 0)
		return rc;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	chunk = xmalloc(CHUNK_SIZE);
	sha256_start(&h);
	while ((n = sys_read(fd, chunk, CHUNK_SIZE)) > 0) {
		sha256_add(&h, chunk, (size_t)n);
		size += (uint64_t)n;
	}
	if (n < 0)
		rc = err_sys(err, ERR_WHOLE, "cannot read %s", path);
	sha256_end(&h, sum_out);
	if (size_out)
		*size_out = size;
	free(chunk);
	sys_close(fd);
	return rc;
}

uint64_t disk_free(int dirfd, const char *path)
{
	struct statvfs st;
	uint64_t unit, bytes = UINT64_MAX;
	int fd = sys_openat(dirfd, path, O_PATH, 0);

	if (fd < 0)
		return UINT64_MAX;
	if (fstatvfs(fd, &st) == 0) {
		unit = st.f_frsize ? st.f_frsize : st.f_bsize;
		if (unit == 0 || st.f_bavail <= UINT64_MAX / unit)
			bytes = st.f_bavail * unit;
	}
	sys_close(fd);
	return bytes;
}

void fd_close(int fd)
{
	if (fd >= 0)
		(void)sys_close(fd);
}

int fd_read_next(void *fd, void *p, size_t n, size_t *got_out, struct err *err)
{
	ssize_t got = sys_read(*(int *)fd, p, n);

	*got_out = got > 0 ? (size_t)got : 0;
	return got < 0 ? err_sys(err, ERR_WHOLE, "cannot read") : 0;
}

/* A file that nobody else can open, where the file system knows no O_TMPFILE. */
static int named_and_gone(const char *dir)
{
	enum { TRIES = 100 };
	int fd = -1;

	for (unsigned i = 0; i < TRIES && fd < 0; i++) {
		char *path = xasprintf("%s/valise-%ld-%u.tmp", dir, (long)getpid(), i);

		fd = sys_openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
		if (fd >= 0 && sys_unlinkat(AT_FDCWD, path, 0) != 0)
			fd_close(fd), fd = -1;
		free(path);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd;
}

int file_temporary(int *fd_out, struct err *err)
{
	const char *dir = getenv("TMPDIR");

	if (!dir || dir[0] != '/')
		dir = "/var/tmp";
	*fd_out = sys_openat(AT_FDCWD, dir, O_TMPFILE | O_RDWR, 0600);
	if (*fd_out < 0)
		*fd_out = named_and_gone(dir);
	return *fd_out < 0 ? err_sys(err, ERR_WHOLE, "no temporary file can be made in %s", dir)
	                   : 0;
}
