#ifndef VALISE_BASE_LOCK_H
#define VALISE_BASE_LOCK_H

#include <stdbool.h>
#include "valise/base/err.h"

/*
 * One writer at a time: flock, which goes with the process. Where a file system has none
 * (some NFS and SMB mounts), a file NAME.held beside the lock file, made by O_EXCL, holds
 * who has it: machine, boot, process. It is taken over only when that process is known to
 * be dead: one of this machine that does not run any more, or from before its last start.
 */

struct lock {
	int fd; /* of the file that is locked; -1: none */
	bool by_file; /* the file system has no flock */
};
#define LOCK_NONE ((struct lock){.fd = -1})

/**
 * lock_take(dirfd, name, what, out, err): open or make ${name} in ${dirfd} and lock it,
 * without waiting. ERR_LOCKED, with ${what} ("another run is at work on it") as its text
 * and, for a NAME.held that nobody can judge, what to do. ERR_NOTFOUND if the directory
 * is gone.
 */
int lock_take(int dirfd, const char *name, const char *what, struct lock *out,
        struct err *err) MUST_CHECK;
/* Give it back; the file of the lock stays, NAME.held goes. */
void lock_drop(int dirfd, const char *name, struct lock *l);
/*
 * The same, and the file of the lock goes, too, before anybody else can have it. Where
 * ${name} is missing already, nothing.
 */
int lock_remove(int dirfd, const char *name, struct lock *l, struct err *err) MUST_CHECK;
/* Does the name belong to the lock ${name}: itself, or a file of its own? */
bool lock_owns(const char *name, const char *file);

#endif
