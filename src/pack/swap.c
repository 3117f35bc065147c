/* One data/ for another: in one step where the file system can, else in two. */
#include "swap.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include "valise/base/file.h"
#include "valise/base/sys.h"

#define NEW_DATA SWAP_DIR "/data"
#define OLD_DATA SWAP_DIR "/old"

static bool is_there(int dirfd, const char *path)
{
	struct stat st;

	return fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The names in the root, and in .work/forget, last. */
static int sync_both(int rootfd, int workfd, struct err *err)
{
	int fd, rc = dir_open(workfd, SWAP_DIR, &fd, err);

	if (rc < 0)
		return rc;
	rc = dir_sync(fd, err);
	if (rc == 0)
		rc = dir_sync(rootfd, err);
	sys_close(fd);
	return rc;
}

static int rename_one(int from_fd, const char *from, int to_fd, const char *to, struct err *err)
{
	return sys_renameat(from_fd, from, to_fd, to) < 0
	               ? err_sys(err, ERR_WHOLE, "%s to %s", from, to)
	               : 0;
}

bool swap_is_open(int rootfd)
{
	return !is_there(rootfd, "data") && is_there(rootfd, ".work/" OLD_DATA);
}

bool swap_is_left(int rootfd)
{
	return is_there(rootfd, ".work/" SWAP_DIR);
}

int swap_mend(int rootfd, int workfd, bool *mended_out, struct err *err)
{
	int rc;

	*mended_out = swap_is_open(rootfd);
	if (!*mended_out)
		return 0;
	rc = rename_one(workfd, OLD_DATA, rootfd, "data", err);
	return rc ? rc : sync_both(rootfd, workfd, err);
}

/* Each step durable before the next, so that one of them is always to be found. */
static int run_in_two(int rootfd, int workfd, bool *moved_out, struct err *err)
{
	struct err why = {0};
	bool mended;
	int rc = rename_one(rootfd, "data", workfd, OLD_DATA, err);

	*moved_out = rc == 0;
	if (rc == 0)
		rc = sync_both(rootfd, workfd, err);
	if (rc == 0)
		rc = rename_one(workfd, NEW_DATA, rootfd, "data", err);
	if (rc < 0 && swap_mend(rootfd, workfd, &mended, &why) == 0)
		*moved_out = false;
	return rc ? rc : sync_both(rootfd, workfd, err);
}

int swap_run(int rootfd, int workfd, bool *moved_out, struct err *err)
{
	*moved_out = sys_renameat2(rootfd, "data", workfd, NEW_DATA, RENAME_EXCHANGE) == 0;
	if (*moved_out)
		return sync_both(rootfd, workfd, err);
	if (errno == EINVAL || errno == ENOSYS || errno == ENOTSUP)
		return run_in_two(rootfd, workfd, moved_out, err);
	return err_sys(err, ERR_WHOLE, "data");
}
