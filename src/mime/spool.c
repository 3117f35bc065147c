/* Octets that are to be a message: in memory, or in a file without a name. */
#include "mime/internal.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { IN_MEMORY = 1 << 20, TRIES = 100 };

struct mime_spool {
	struct buf held;
	int fd; /* -1: all is held */
};

struct mime_spool *mime_spool_new(void)
{
	struct mime_spool *s = xcalloc(1, sizeof *s);

	buf_init(&s->held, IN_MEMORY);
	s->fd = -1;
	return s;
}

void mime_spool_free(struct mime_spool *s)
{
	if (!s)
		return;
	fd_close(s->fd);
	buf_clear(&s->held);
	free(s);
}

/* A file that nobody else can open, where the file system knows no O_TMPFILE. */
static int named_file(const char *dir)
{
	int fd = -1;

	for (unsigned i = 0; i < TRIES && fd < 0; i++) {
		char *path = xasprintf("%s/valise-%ld-%u.tmp", dir, (long)getpid(), i);

		fd = sys_openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
		if (fd >= 0 && sys_unlinkat(AT_FDCWD, path, 0) != 0)
			fd_close(fd), fd = -1;
		free(path);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd;
}

static int open_file(struct mime_spool *s, struct err *err)
{
	const char *dir = getenv("TMPDIR");

	if (!dir || !*dir)
		dir = "/tmp";
	s->fd = sys_openat(AT_FDCWD, dir, O_TMPFILE | O_RDWR, 0600);
	if (s->fd < 0)
		s->fd = named_file(dir);
	if (s->fd < 0)
		return err_sys(err, ERR_WHOLE, "no temporary file in %s", dir);
	return fd_write_all(s->fd, s->held.data, s->held.len, err);
}

int mime_spool_write(void *spool, const void *p, size_t n, struct err *err)
{
	struct mime_spool *s = spool;
	int rc = 0;

	if (s->fd < 0 && s->held.len + n <= IN_MEMORY)
		return buf_add(&s->held, p, n);
	if (s->fd < 0)
		rc = open_file(s, err);
	return rc < 0 ? rc : fd_write_all(s->fd, p, n, err);
}

int mime_spool_open(struct mime_spool *s, struct mime_message **out, struct err *err)
{
	return s->fd >= 0 ? mime_open(s->fd, out, err)
	                  : mime_open_octets(s->held.data, s->held.len, out, err);
}
