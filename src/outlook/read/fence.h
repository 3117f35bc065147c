#ifndef VALISE_OUTLOOK_READ_FENCE_H
#define VALISE_OUTLOOK_READ_FENCE_H

#include <sys/types.h>
#include "outlook/read/frames.h"

/* The reading process, and what it may do. */

/* Sanitizers take memory, signals and calls of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FENCE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
        __has_feature(memory_sanitizer)
#define FENCE_SANITIZED 1
#endif
#endif
#ifndef FENCE_SANITIZED
#define FENCE_SANITIZED 0
#endif

/* What a reader is given, in its process. */
struct reading {
	int fd; /* the file */
	uint64_t size;
	const struct outlook_read_opts *opts;
	struct send *to;
	/* Of steps: what was done already, and where others died. */
	uint32_t from;
	const uint32_t *dead;
	size_t n_dead;
	uint32_t step; /* the last one that was given out */
};
typedef void (*reading_fn)(struct reading *r);

struct fence_job {
	int fd;
	const struct outlook_read_opts *opts;
	const struct outlook_visit *visit;
	reading_fn read;
	unsigned patience_ms; /* so long the process may say nothing; 0: FENCE_PATIENCE_MS */
};
enum { FENCE_PATIENCE_MS = 120000 };
/* As outlook_read. */
int fence_read(const struct fence_job *job, struct err *err) MUST_CHECK;

/*
 * A new step, of ${n}, the first of which is told of: may it be gone into? False: it was done,
 * or somebody died of it.
 */
bool reading_step(struct reading *r);

/* What it may take. */
struct fence_limits {
	uint64_t data; /* octets of memory more than it has now */
	uint64_t cpu_s;
};
/*
 * In the new process, before a hostile octet is read: it keeps ${fd[0]} (the file) and
 * ${fd[1]} (the pipe) and closes all else; it makes no core and no file, and the system calls
 * that reading takes, and no others, where the kernel can be told so. It ends with its parent.
 */
void fence_close(const int fd[2], const struct fence_limits *most, pid_t parent);

#endif
