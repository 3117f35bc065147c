/* Octets that are to be a message: in memory, or in a file without a name. */
#include "mime/internal.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include <stdlib.h>

enum { IN_MEMORY = 1 << 20 };

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

int mime_spool_write(void *spool, const void *p, size_t n, struct err *err)
{
	struct mime_spool *s = spool;
	int rc = 0;

	if (s->fd < 0 && s->held.len + n <= IN_MEMORY)
		return buf_add(&s->held, p, n);
	if (s->fd < 0) {
		rc = file_temporary(&s->fd, err);
		if (rc == 0)
			rc = fd_write_all(s->fd, s->held.data, s->held.len, err);
	}
	return rc < 0 ? rc : fd_write_all(s->fd, p, n, err);
}

int mime_spool_open(struct mime_spool *s, struct mime_message **out, struct err *err)
{
	return s->fd >= 0 ? mime_open(s->fd, out, err)
	                  : mime_open_octets(s->held.data, s->held.len, out, err);
}
