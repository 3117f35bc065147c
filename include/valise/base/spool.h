#ifndef VALISE_BASE_SPOOL_H
#define VALISE_BASE_SPOOL_H

#include "valise/base/buf.h"
#include "valise/base/err.h"

/*
 * Octets that are read again in any order: the first few MiB in memory, all of them in a
 * temporary file (file_temporary) where there are more. An error is the disk's, and costs the
 * run.
 */
enum { SPOOL_MEMORY = 4 << 20 };
struct spool {
	struct buf memory;
	int fd; /* -1: all is in memory */
	uint64_t len;
};
void spool_init(struct spool *s);
void spool_clear(struct spool *s);
int spool_add(struct spool *s, const void *p, size_t n, struct err *err) MUST_CHECK;
/* Exactly ${n} octets at ${off}, which are there. */
int spool_read(struct spool *s, uint64_t off, void *p, size_t n, struct err *err) MUST_CHECK;
/* Those from ${from} to ${to}, in pieces. */
int spool_copy(struct spool *s, uint64_t from, uint64_t to,
        int (*write)(void *ctx, const void *p, size_t n, struct err *err), void *ctx,
        struct err *err) MUST_CHECK;

#endif
