/* Where an export is made, and how it gets its name. */
#include "staging.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"

#define LOCK_FILE "lock"

/* The folder at ${path} that is there already must be empty, and replaceable. */
static int look_at_folder(struct staging *p, const struct stat *there, struct err *err)
{
	struct stat parent, here;
	char **names = NULL;
	size_t n = 0;
	int rc;

	if (stat(".", &here) == 0 && here.st_dev == there->st_dev && here.st_ino == there->st_ino)
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s is the folder that you are in: name a new one", p->path);
	if (fstat(p->parentfd, &parent) == 0 && parent.st_dev != there->st_dev)
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s is where a file system is mounted: name a new folder in it", p->path);
	rc = dir_list(p->parentfd, p->name, &names, &n, err);
	texts_free(names, n);
	if (rc == 0 && n > 0)
		rc = err_set(
		        err, ERR_EXISTS, ERR_WHOLE, "%s is not empty: name a new folder", p->path);
	p->mode = there->st_mode & 07777;
	return rc;
}

static int look_at_place(struct staging *p, bool folder, struct err *err)
{
	struct stat there;

	if (fstatat(p->parentfd, p->name, &there, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : err_sys(err, ERR_WHOLE, "%s", p->path);
	if (!S_ISDIR(there.st_mode) || !folder)
		return err_set(err, ERR_EXISTS, ERR_WHOLE, "%s is there already: give another name",
		        p->path);
	return look_at_folder(p, &there, err);
}

/* The directory that it is in, made if it is not there, and its name. */
static int find_parent(struct staging *p, struct err *err)
{
	char *path = xstrdup(p->path), *end = path + strlen(path), *slash;
	const char *parent = ".";
	int rc = 0;

	while (end > path + 1 && end[-1] == '/')
		*--end = '\0';
	slash = strrchr(path, '/');
	p->name = xstrdup(slash ? slash + 1 : path);
	if (slash) {
		slash[slash == path] = '\0';
		parent = path;
	}
	if (!*p->name || strcmp(p->name, ".") == 0 || strcmp(p->name, "..") == 0)
		rc = err_set(err, ERR_USAGE, ERR_WHOLE, "%s: name a new folder", p->path);
	if (rc == 0 && slash)
		rc = dir_make(AT_FDCWD, parent, err);
	if (rc == 0)
		rc = dir_open(AT_FDCWD, parent, &p->parentfd, err);
	free(path);
	return rc;
}

/* A file or a folder, as it was to become. */
static int remove_out(struct staging *p, struct err *err)
{
	if (sys_unlinkat(p->stagefd, STAGING_OUT, 0) == 0 || errno == ENOENT)
		return 0;
	return dir_remove(p->stagefd, STAGING_OUT, err);
}

static int take_stage(struct staging *p, struct err *err)
{
	int rc;

	p->stage = xasprintf(".%s.valise-export", p->name);
	if (sys_mkdirat(p->parentfd, p->stage, 0700) != 0 && errno != EEXIST)
		return err_sys(err, ERR_WHOLE, "%s: cannot make anything beside it", p->path);
	rc = dir_open(p->parentfd, p->stage, &p->stagefd, err);
	if (rc == 0)
		rc = lock_take(
		        p->stagefd, LOCK_FILE, "another export is at work there", &p->lock, err);
	if (rc < 0)
		return rc == ERR_LOCKED ? err_wrap(err, "%s", p->path) : rc;
	return remove_out(p, err);
}

int staging_open(struct staging *p, const char *path, bool folder, struct err *err)
{
	int rc;

	*p = (struct staging){
	        .path = xstrdup(path), .parentfd = -1, .stagefd = -1, .lock = LOCK_NONE};
	rc = find_parent(p, err);
	if (rc == 0)
		rc = take_stage(p, err);
	return rc == 0 ? look_at_place(p, folder, err) : rc;
}

int staging_take(struct staging *p, struct err *err)
{
	struct stat there;

	/* rename takes an empty folder's place, but also a file's */
	if (!p->mode && fstatat(p->parentfd, p->name, &there, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(
		        err, ERR_EXISTS, ERR_WHOLE, "%s is there now: give another name", p->path);
	if (sys_renameat(p->stagefd, STAGING_OUT, p->parentfd, p->name) != 0)
		return err_sys(err, ERR_WHOLE, "%s", p->path);
	return dir_sync(p->parentfd, err);
}

void staging_clear(struct staging *p)
{
	struct err none = {0};

	if (p->lock.fd >= 0) {
		/* what stays, as the disk fails, the next run takes away */
		if (remove_out(p, &none) == 0 &&
		        lock_remove(p->stagefd, LOCK_FILE, &p->lock, &none) == 0)
			(void)sys_unlinkat(p->parentfd, p->stage, AT_REMOVEDIR);
		lock_drop(p->stagefd, LOCK_FILE, &p->lock);
	}
	fd_close(p->stagefd);
	fd_close(p->parentfd);
	free(p->stage);
	free(p->name);
	free(p->path);
}
