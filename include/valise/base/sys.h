#ifndef VALISE_BASE_SYS_H
#define VALISE_BASE_SYS_H

#include <stdint.h>
#include <stdbool.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <poll.h>

/*
 * The seam: every file and network call of the program that changes something, or brings
 * bytes in, goes through here. Results and errno are those of the system call of the same
 * name; EINTR is retried inside (but for sys_poll, and but for opening, reading and
 * connecting once a stop was requested: one signal ends what waits).
 *
 * A build with VALISE_FAULTS (all but release) reads the environment variable
 * VALISE_FAULT once:
 *   kill:N         SIGKILL to itself just before the N-th call of the seam (counted over
 *                  all threads)
 *   fail:N:ERRNO   the N-th call fails with that errno name (ENOSPC EIO EDQUOT ECONNRESET
 *                  EINVAL EACCES)
 *   failfrom:N:ERRNO   every call from the N-th on whose kind can give that errno fails
 *   short:N        the N-th read or write moves one byte only
 * and VALISE_FAULT_COUNT=FILE: the number of calls is written there at a normal exit. A
 * suffix ":NAME" (as in kill:3:renameat) counts only calls of that name; short counts
 * only what reads or writes; poll is counted only by name, for how often it is called is
 * a matter of time. N = 0 is never (to count alone). A plan that is not understood ends
 * the process with exit code 2.
 */
int sys_openat(int dirfd, const char *path, int flags, mode_t mode); /* adds O_CLOEXEC */
ssize_t sys_read(int fd, void *buf, size_t n);
ssize_t sys_pread(int fd, void *buf, size_t n, off_t off);
ssize_t sys_write(int fd, const void *buf, size_t n);
ssize_t sys_pwrite(int fd, const void *buf, size_t n, off_t off);
int sys_fsync(int fd);
int sys_fdatasync(int fd);
int sys_syncfs(int fd);
int sys_ftruncate(int fd, off_t len);
int sys_close(int fd);
int sys_renameat(int from_fd, const char *from, int to_fd, const char *to);
/* RENAME_EXCHANGE is EINVAL on file systems that do not have it (NFS, exFAT) */
int sys_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int sys_linkat(int from_fd, const char *from, int to_fd, const char *to);
int sys_unlinkat(int dirfd, const char *path, int flags);
int sys_mkdirat(int dirfd, const char *path, mode_t mode);
int sys_fchmod(int fd, mode_t mode);
int sys_utimensat(int dirfd, const char *path, int64_t seconds);
int sys_connect(int fd, const struct sockaddr *addr, socklen_t len);
ssize_t sys_recv(int fd, void *buf, size_t n);
ssize_t sys_send(int fd, const void *buf, size_t n); /* MSG_NOSIGNAL */
int sys_poll(struct pollfd *p, nfds_t n, int timeout_ms);

#endif
