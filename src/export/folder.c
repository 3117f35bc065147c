/* Exported files as files of a folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "outkind.h"
#include "staging.h"

struct folder {
	int dirfd, fd; /* fd: of the file that is open, -1: none */
	char *path;
	int64_t mtime;
	uint64_t untimed;
};

static int folder_open(int stagefd, unsigned mode, void **state, struct err *err)
{
	struct folder *f = xcalloc(1, sizeof *f);
	int rc = dir_make(stagefd, STAGING_OUT, err);

	*state = f;
	f->dirfd = f->fd = -1;
	if (rc == 0)
		rc = dir_open(stagefd, STAGING_OUT, &f->dirfd, err);
	/* as the folder had it that is there already, where the file system knows modes */
	if (rc == 0 && mode)
		(void)!sys_fchmod(f->dirfd, mode | 0700);
	return rc;
}

static int folder_dir(void *state, const char *path, struct err *err)
{
	struct folder *f = state;

	return dir_make(f->dirfd, path, err);
}

/* A name that is taken is none of ours to replace. */
static int open_file(struct folder *f, const char *path)
{
	return sys_openat(f->dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
}

static int folder_begin(void *state, const struct out_file *file, struct err *err)
{
	struct folder *f = state;
	const char *slash = strrchr(file->path, '/');
	int rc = 0;

	f->fd = open_file(f, file->path);
	if (f->fd < 0 && errno == ENOENT && slash) {
		char *dir = xstrndup(file->path, (size_t)(slash - file->path));

		rc = dir_make(f->dirfd, dir, err);
		free(dir);
		if (rc == 0)
			f->fd = open_file(f, file->path);
	}
	if (rc == 0 && f->fd < 0)
		rc = err_sys(err, ERR_WHOLE, "cannot make %s", file->path);
	free(f->path);
	f->path = xstrdup(file->path);
	f->mtime = file->mtime;
	return rc;
}

static int folder_write(void *state, const void *p, size_t n, struct err *err)
{
	return fd_write_all(((struct folder *)state)->fd, p, n, err);
}

static int folder_end(void *state, struct err *err)
{
	struct folder *f = state;
	int fd = f->fd;

	f->fd = -1;
	if (sys_close(fd) != 0)
		return err_sys(err, ERR_WHOLE, "cannot write %s", f->path);
	f->untimed += sys_utimensat(f->dirfd, f->path, f->mtime) != 0;
	return 0;
}

static int folder_finish(void *state, struct err *err)
{
	/* one barrier for all: an fsync each would take longer than the export */
	if (sys_syncfs(((struct folder *)state)->dirfd) != 0)
		return err_sys(err, ERR_WHOLE, "cannot sync the file system of the folder");
	return 0;
}

static uint64_t folder_untimed(const void *state)
{
	return ((const struct folder *)state)->untimed;
}

static void folder_free(void *state)
{
	struct folder *f = state;

	fd_close(f->fd);
	fd_close(f->dirfd);
	free(f->path);
	free(f);
}

const struct out_kind out_folder = {
        .open = folder_open,
        .dir = folder_dir,
        .begin = folder_begin,
        .write = folder_write,
        .end = folder_end,
        .finish = folder_finish,
        .untimed = folder_untimed,
        .free = folder_free,
};
