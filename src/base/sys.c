/* The seam: system calls for files and network, EINTR retried, faults injected. */
#include "valise/base/sys.h"
#include "valise/base/progress.h"
#include "fault.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Repeat a call that a signal interrupted. */
#define RETRY(rc, call)                                                                            \
	do                                                                                         \
		(rc) = (call);                                                                     \
	while ((rc) < 0 && errno == EINTR)

/*
 * The same for what may wait for ever, as for the other end of a FIFO: not once a stop
 * was requested.
 */
#define RETRY_UNLESS_STOPPED(rc, call)                                                             \
	do                                                                                         \
		(rc) = (call);                                                                     \
	while ((rc) < 0 && errno == EINTR && !stop_requested())

int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	int fd;

	if (fault_hit(flags & O_CREAT ? FAULT_CREATE : FAULT_OPEN, "openat", NULL))
		return -1;
	RETRY_UNLESS_STOPPED(fd, openat(dirfd, path, flags | O_CLOEXEC, mode));
	return fd;
}

ssize_t sys_read(int fd, void *buf, size_t n)
{
	ssize_t rc;

	if (fault_hit(FAULT_READ, "read", &n))
		return -1;
	RETRY_UNLESS_STOPPED(rc, read(fd, buf, n));
	return rc;
}

ssize_t sys_pread(int fd, void *buf, size_t n, off_t off)
{
	ssize_t rc;

	if (fault_hit(FAULT_READ, "pread", &n))
		return -1;
	RETRY(rc, pread(fd, buf, n, off));
	return rc;
}

ssize_t sys_write(int fd, const void *buf, size_t n)
{
	ssize_t rc;

	if (fault_hit(FAULT_WRITE, "write", &n))
		return -1;
	RETRY(rc, write(fd, buf, n));
	return rc;
}

ssize_t sys_pwrite(int fd, const void *buf, size_t n, off_t off)
{
	ssize_t rc;

	if (fault_hit(FAULT_WRITE, "pwrite", &n))
		return -1;
	RETRY(rc, pwrite(fd, buf, n, off));
	return rc;
}

int sys_fsync(int fd)
{
	int rc;

	if (fault_hit(FAULT_SYNC, "fsync", NULL))
		return -1;
	RETRY(rc, fsync(fd));
	return rc;
}

int sys_fdatasync(int fd)
{
	int rc;

	if (fault_hit(FAULT_SYNC, "fdatasync", NULL))
		return -1;
	RETRY(rc, fdatasync(fd));
	return rc;
}

int sys_syncfs(int fd)
{
	int rc;

	if (fault_hit(FAULT_SYNC, "syncfs", NULL))
		return -1;
	RETRY(rc, syncfs(fd));
	return rc;
}

int sys_ftruncate(int fd, off_t len)
{
	int rc;

	if (fault_hit(FAULT_SYNC, "ftruncate", NULL))
		return -1;
	RETRY(rc, ftruncate(fd, len));
	return rc;
}

int sys_close(int fd)
{
	int failed = fault_hit(FAULT_SYNC, "close", NULL);
	int number = errno;

	/*
	 * Linux has freed the descriptor even when it says EINTR: a second close could
	 * hit another's.
	 */
	if (close(fd) != 0 && errno != EINTR)
		return -1;
	if (failed)
		errno = number;
	return failed ? -1 : 0;
}

int sys_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	int rc;

	if (fault_hit(FAULT_NAME, "renameat", NULL))
		return -1;
	RETRY(rc, renameat(from_fd, from, to_fd, to));
	return rc;
}

int sys_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	int rc;

	if (fault_hit(FAULT_NAME, "renameat2", NULL))
		return -1;
	RETRY(rc, renameat2(from_fd, from, to_fd, to, flags));
	return rc;
}

int sys_linkat(int from_fd, const char *from, int to_fd, const char *to)
{
	int rc;

	if (fault_hit(FAULT_NAME, "linkat", NULL))
		return -1;
	RETRY(rc, linkat(from_fd, from, to_fd, to, 0));
	return rc;
}

int sys_unlinkat(int dirfd, const char *path, int flags)
{
	int rc;

	if (fault_hit(FAULT_REMOVE, "unlinkat", NULL))
		return -1;
	RETRY(rc, unlinkat(dirfd, path, flags));
	return rc;
}

int sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	int rc;

	if (fault_hit(FAULT_NAME, "mkdirat", NULL))
		return -1;
	RETRY(rc, mkdirat(dirfd, path, mode));
	return rc;
}

int sys_fchmod(int fd, mode_t mode)
{
	int rc;

	if (fault_hit(FAULT_REMOVE, "fchmod", NULL))
		return -1;
	RETRY(rc, fchmod(fd, mode));
	return rc;
}

int sys_utimensat(int dirfd, const char *path, int64_t seconds)
{
	struct timespec times[2] = {{0, UTIME_OMIT}, {seconds, 0}};
	int rc;

	if (fault_hit(FAULT_REMOVE, "utimensat", NULL))
		return -1;
	RETRY(rc, utimensat(dirfd, path, times, AT_SYMLINK_NOFOLLOW));
	return rc;
}

int sys_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t number_len = sizeof(int);
	int rc, number = 0;

	if (fault_hit(FAULT_NET, "connect", NULL))
		return -1;
	rc = connect(fd, addr, len);
	if (rc == 0 || errno != EINTR)
		return rc;
	/*
	 * It goes on in the background and must not be called again: wait for its
	 * outcome.
	 */
	RETRY_UNLESS_STOPPED(rc, poll(&p, 1, -1));
	if (rc < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &number_len) != 0)
		return -1;
	errno = number;
	return number ? -1 : 0;
}

ssize_t sys_recv(int fd, void *buf, size_t n)
{
	ssize_t rc;

	if (fault_hit(FAULT_RECV, "recv", &n))
		return -1;
	RETRY_UNLESS_STOPPED(rc, recv(fd, buf, n, 0));
	return rc;
}

ssize_t sys_send(int fd, const void *buf, size_t n)
{
	ssize_t rc;

	if (fault_hit(FAULT_SEND, "send", &n))
		return -1;
	RETRY(rc, send(fd, buf, n, MSG_NOSIGNAL));
	return rc;
}

int sys_poll(struct pollfd *p, nfds_t n, int timeout_ms)
{
	if (fault_hit(FAULT_POLL, "poll", NULL))
		return -1;
	return poll(p, n, timeout_ms);
}
