#ifndef VALISE_PACK_SWAP_H
#define VALISE_PACK_SWAP_H

#include <stdbool.h>
#include "valise/base/err.h"

/*
 * data/ of an archive takes the place of another, made beside it in .work/forget/data
 * (archive_forget). Where the file system exchanges two names at once there is no moment
 * without one; elsewhere the old one goes to .work/forget/old first, and whoever takes the
 * lock next finds it there.
 */
#define SWAP_DIR "forget" /* in .work */

/*
 * With the lock held; both are durable when it returns. What was in place is in .work/forget
 * then. ERR_IO: nothing is changed, or, *moved_out, something may be and .work has to stay for
 * swap_mend.
 */
int swap_run(int rootfd, int workfd, bool *moved_out, struct err *err) MUST_CHECK;
/* An exchange that was interrupted between its two steps is undone; with the lock held. */
int swap_mend(int rootfd, int workfd, bool *mended_out, struct err *err) MUST_CHECK;
bool swap_is_open(int rootfd); /* is there one to mend? */
bool swap_is_left(int rootfd); /* what is in place may be new, the bag's files old */

#endif
