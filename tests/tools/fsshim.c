/*
 * LD_PRELOAD: a file system as odd as SHIM_REFUSE says (words, separated by commas), and
 * a record of what reached it in SHIM_LOG.
 *   flock  enolck chmod utime link dirsync the call is refused, as NFS, SMB and FUSE do
 *   exchange two names at once, as NFS and exFAT do
 *   names    names that exFAT and NTFS refuse
 *   linger   a file that is removed while it is open stays under another name until it is
 *            closed, as on FUSE and NFS
 * The record has a line for each call: "create P", "write P", "sync P", "syncfs", "mkdir
 * P", "rename P Q", "unlink P".
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))(intptr_t)dlsym(RTLD_NEXT, #name))

static int on(const char *word)
{
	const char *all = getenv("SHIM_REFUSE"), *at = all ? strstr(all, word) : NULL;
	size_t n = strlen(word);

	return at && (at == all || at[-1] == ',') && (at[n] == '\0' || at[n] == ',');
}

static int refuse(int number)
{
	errno = number;
	return -1;
}

/* Where a descriptor leads, "" if that cannot be known. */
static void where(int fd, char out[PATH_MAX])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = fd == AT_FDCWD ? 0 : readlink(link, out, PATH_MAX - 1);
	out[n > 0 ? n : 0] = '\0';
	if (fd == AT_FDCWD && !getcwd(out, PATH_MAX))
		out[0] = '\0';
}

static void whole(int dirfd, const char *path, char out[2 * PATH_MAX])
{
	char dir[PATH_MAX];

	where(dirfd, dir);
	snprintf(out, 2 * PATH_MAX, "%s%s%s", *path == '/' ? "" : dir, *path == '/' ? "" : "/",
	        path);
}

static void note(const char *fmt, ...)
{
	const char *log = getenv("SHIM_LOG");
	int number = errno, fd;
	char line[5 * PATH_MAX];
	va_list ap;
	int n;

	if (!log || (fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) < 0)
		return;
	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (NEXT(write)(fd, line, (size_t)n) != n)
		abort();
	NEXT(close)(fd);
	errno = number;
}

static int bad_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	return on("names") && strpbrk(name, "\":*?<>|\\") != NULL;
}

/* ---- files that linger ---- */
#define LINGER_MAX 64
static struct {
	ino_t ino;
	char path[PATH_MAX + 64];
} lingering[LINGER_MAX];

static int is_open(const struct stat *file, int but)
{
	for (int fd = 0; fd < 256; fd++) {
		struct stat st;

		if (fd != but && fstat(fd, &st) == 0 && st.st_ino == file->st_ino &&
		        st.st_dev == file->st_dev)
			return 1;
	}
	return 0;
}

static int linger(int dirfd, const char *path, const struct stat *st)
{
	char dir[PATH_MAX], hidden[64];

	for (unsigned i = 0; i < LINGER_MAX; i++) {
		if (lingering[i].ino)
			continue;
		snprintf(hidden, sizeof hidden, ".fuse_hidden%08lx", (unsigned long)st->st_ino);
		where(dirfd, dir);
		snprintf(lingering[i].path, sizeof lingering[i].path, "%s/%s", dir, hidden);
		lingering[i].ino = st->st_ino;
		return NEXT(renameat)(dirfd, path, dirfd, hidden);
	}
	return NEXT(unlinkat)(dirfd, path, 0);
}

int close(int fd)
{
	struct stat st;

	if (on("linger") && fstat(fd, &st) == 0 && !is_open(&st, fd))
		for (unsigned i = 0; i < LINGER_MAX; i++)
			if (lingering[i].ino == st.st_ino) {
				NEXT(unlinkat)(AT_FDCWD, lingering[i].path, 0);
				lingering[i].ino = 0;
			}
	return NEXT(close)(fd);
}

int unlinkat(int dirfd, const char *path, int flags)
{
	char full[2 * PATH_MAX];
	struct stat st;
	int rc;

	whole(dirfd, path, full);
	if (on("linger") && !flags && fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	        S_ISREG(st.st_mode) && is_open(&st, -1))
		rc = linger(dirfd, path, &st);
	else
		rc = NEXT(unlinkat)(dirfd, path, flags);
	if (rc == 0)
		note("unlink %s\n", full);
	return rc;
}

/* ---- the rest ---- */
int openat(int dirfd, const char *path, int flags, ...)
{
	char full[2 * PATH_MAX];
	mode_t mode = 0;
	va_list ap;
	int fd, is_new;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if (bad_name(path))
		return refuse(flags & O_CREAT ? EINVAL : ENOENT);
	is_new = flags & O_CREAT && faccessat(dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
	fd = NEXT(openat)(dirfd, path, flags, mode);
	whole(dirfd, path, full);
	if (fd >= 0 && is_new)
		note("create %s\n", full);
	return fd;
}

int openat64(int dirfd, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return openat(dirfd, path, flags, mode);
}

static void note_fd(const char *what, int fd)
{
	char path[PATH_MAX];

	where(fd, path);
	if (path[0] == '/' && strncmp(path, "/dev/", 5) != 0)
		note("%s %s\n", what, path);
}

ssize_t write(int fd, const void *p, size_t n)
{
	note_fd("write", fd);
	return NEXT(write)(fd, p, n);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t off)
{
	note_fd("write", fd);
	return NEXT(pwrite64)(fd, p, n, off);
}

static int sync_fd(int fd)
{
	struct stat st;

	if (on("dirsync") && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return refuse(ENOSYS);
	note_fd("sync", fd);
	return 0;
}

int fsync(int fd)
{
	return sync_fd(fd) ? -1 : NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
	return sync_fd(fd) ? -1 : NEXT(fdatasync)(fd);
}

int syncfs(int fd)
{
	note("syncfs\n");
	return NEXT(syncfs)(fd);
}

int mkdirat(int dirfd, const char *path, mode_t mode)
{
	char full[2 * PATH_MAX];
	int rc = bad_name(path) ? refuse(EINVAL) : NEXT(mkdirat)(dirfd, path, mode);

	whole(dirfd, path, full);
	if (rc == 0)
		note("mkdir %s\n", full);
	return rc;
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	char a[2 * PATH_MAX], b[2 * PATH_MAX];
	int rc = bad_name(to) ? refuse(EINVAL) : NEXT(renameat)(from_fd, from, to_fd, to);

	whole(from_fd, from, a);
	whole(to_fd, to, b);
	if (rc == 0)
		note("rename %s %s\n", a, b);
	return rc;
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	char a[2 * PATH_MAX], b[2 * PATH_MAX];
	int rc = on("exchange") ? refuse(EINVAL) : NEXT(renameat2)(from_fd, from, to_fd, to, flags);

	whole(from_fd, from, a);
	whole(to_fd, to, b);
	if (rc == 0)
		note("exchange %s %s\n", a, b);
	return rc;
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	return on("link") ? refuse(EPERM) : NEXT(linkat)(from_fd, from, to_fd, to, flags);
}

int flock(int fd, int op)
{
	return on("flock")    ? refuse(EOPNOTSUPP)
	       : on("enolck") ? refuse(ENOLCK)
	                      : NEXT(flock)(fd, op);
}

int fchmod(int fd, mode_t mode)
{
	return on("chmod") ? refuse(EPERM) : NEXT(fchmod)(fd, mode);
}

int utimensat(int dirfd, const char *path, const struct timespec t[2], int flags)
{
	return on("utime") ? refuse(EPERM) : NEXT(utimensat)(dirfd, path, t, flags);
}
