#ifndef VALISE_BASE_CHILD_H
#define VALISE_BASE_CHILD_H

#include <sys/types.h>

/* Child processes that are other programs. */

/*
 * Start the program at ${path} (looked for in PATH without a slash) with the signals as usual,
 * whatever this program ignores or its threads block. ${streams}: descriptors that become its
 * standard ones, -1 for /dev/null. 0, or an errno.
 */
int child_start(const char *path, char *const argv[], char *const *env, const int streams[3],
        pid_t *pid_out);
/* Wait for its end, and hand out the status of waitpid. 0, or -1 and errno. */
int child_wait(pid_t pid, int *status_out);

#endif
