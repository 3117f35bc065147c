#ifndef VALISE_BASE_FILE_H
#define VALISE_BASE_FILE_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"

/*
 * Files, on top of the seam. Paths in messages are the ones given. Directories are opened
 * O_DIRECTORY.
 */

/* Open a directory for use as a dirfd; *fd_out is the caller's. */
int dir_open(int dirfd, const char *path, int *fd_out, struct err *err) MUST_CHECK;

/**
 * file_open_plain(dirfd, path, fd_out, err): open a file for reading whose place is known
 * from outside: a symbolic link at its end is not followed, and nothing that would keep a
 * reader waiting (a FIFO) is opened. ERR_NOTFOUND, ERR_IO; ERR_DAMAGED if it is not a
 * plain file.
 */
int file_open_plain(int dirfd, const char *path, int *fd_out, struct err *err) MUST_CHECK;

/*
 * mkdir with parents (mode 0700), relative to ${dirfd} or AT_FDCWD; an existing directory
 * is fine.
 */
int dir_make(int dirfd, const char *path, struct err *err) MUST_CHECK;

/*
 * fsync of a directory; EINVAL, ENOTSUP and ENOSYS of odd file systems are taken as done.
 */
int dir_sync(int dirfd, struct err *err) MUST_CHECK;

/* Remove a directory and all below it; no symlink is followed; a missing one is fine. */
int dir_remove(int dirfd, const char *path, struct err *err) MUST_CHECK;

/*
 * The names in a directory, without "." and "..", sorted by bytes; free each and the
 * array.
 */
int dir_list(
        int dirfd, const char *path, char ***names_out, size_t *n_out, struct err *err) MUST_CHECK;

/* All n bytes or an error, which names the path where /proc knows it. */
int fd_write_all(int fd, const void *p, size_t n, struct err *err) MUST_CHECK;

/* Read up to n bytes at ${off}, looping; *got_out < n only at the end of the file. */
int fd_pread(int fd, void *p, size_t n, uint64_t off, size_t *got_out, struct err *err) MUST_CHECK;

/**
 * file_write(dirfd, path, p, n, err):
 * Replace ${path} by ${n} bytes: a temporary name beside it, write, fsync, rename, fsync
 * of its directory. Nothing is left behind on failure.
 */
int file_write(int dirfd, const char *path, const void *p, size_t n, struct err *err) MUST_CHECK;
/* Could file_write do so? Its temporary name is made and taken away again. */
int file_try_write(int dirfd, const char *path, struct err *err) MUST_CHECK;

/**
 * file_open_given(path, fd_out, err): for reading, a file that a person named. Links are
 * followed, and what is below /dev (process substitution) is taken as it is; else it must
 * be a regular file: a FIFO would be waited for without end. ERR_USAGE, ERR_NOTFOUND,
 * ERR_IO.
 */
int file_open_given(const char *path, int *fd_out, struct err *err) MUST_CHECK;

/*
 * Of the two below: a path beneath a directory is opened as by file_open_plain, one from
 * AT_FDCWD as by file_open_given.
 */

/*
 * The whole file appended to ${out}, whose cap bounds it. ERR_NOTFOUND, ERR_LIMIT,
 * ERR_IO.
 */
int file_read(int dirfd, const char *path, struct buf *out, struct err *err) MUST_CHECK;

/* SHA-256 (32 bytes) and size of a file, streamed. */
int file_sha256(int dirfd, const char *path, uint8_t sum_out[32], uint64_t *size_out,
        struct err *err) MUST_CHECK;

/*
 * Bytes free for an ordinary user at the file system of ${path}; UINT64_MAX when unknown.
 */
uint64_t disk_free(int dirfd, const char *path);

/*
 * A file without a name, for reading and writing, in $TMPDIR, else in /var/tmp (/tmp may be
 * memory): it is gone with its descriptor. ERR_IO, ERR_SPACE.
 */
int file_temporary(int *fd_out, struct err *err) MUST_CHECK;

/* Of the file descriptor *(int *)${fd}: what comes next, *got_out 0 at the end. */
int fd_read_next(void *fd, void *p, size_t n, size_t *got_out, struct err *err) MUST_CHECK;
/* Of a file that nothing was written to; -1 is fine. */
void fd_close(int fd);

#endif
