/*
 * Finished collections in .work, as catalogs without places: an account of a million
 * messages need not be in memory at once.
 */
#include "sink.h"
#include <fcntl.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"

#define CHUNK 65536

struct spill {
	int fd;
	struct buf buf;
};

/* What is in the buffer, to the file. */
static int flush_chunk(struct spill *f, struct err *err)
{
	int rc = fd_write_all(f->fd, f->buf.data, f->buf.len, err);

	buf_reset(&f->buf);
	return rc;
}

static int put_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct spill *f = ctx;

	buf_put(&f->buf, p, n);
	return f->buf.len >= CHUNK ? flush_chunk(f, err) : 0;
}

int sink_spill(struct archive_sink *s, const struct tree_coll *c, char **name_out, struct err *err)
{
	struct spill f;
	struct tree_roots roots;
	unsigned number;
	int rc;

	pthread_mutex_lock(&s->lock);
	number = ++s->spills;
	pthread_mutex_unlock(&s->lock);
	*name_out = xasprintf("coll-%u", number);
	f.fd = sys_openat(s->workfd, *name_out, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (f.fd < 0)
		return err_sys(err, ERR_WHOLE, "%s/.work/%s", s->path, *name_out);
	buf_init(&f.buf, SIZE_MAX);
	rc = catalog_write(c, false, NULL, put_octets, &f, &roots, err);
	if (rc == 0)
		rc = flush_chunk(&f, err);
	buf_clear(&f.buf);
	if (sys_close(f.fd) < 0 && rc == 0)
		rc = err_sys(err, ERR_WHOLE, "%s/.work/%s", s->path, *name_out);
	return rc;
}

int sink_unspill(struct archive_sink *s, struct slot *slot, struct err *err)
{
	struct tree_roots roots;
	int fd, rc;

	if (slot->coll || !slot->spill)
		return 0;
	fd = sys_openat(s->workfd, slot->spill, O_RDONLY | O_NOFOLLOW, 0);
	if (fd < 0)
		return err_sys(err, ERR_WHOLE, "%s/.work/%s", s->path, slot->spill);
	rc = catalog_read(fd_read_next, &fd, NULL, &slot->coll, &roots, err);
	sys_close(fd);
	if (rc == 0 && memcmp(roots.state, slot->head.roots.state, SHA256_LEN) != 0)
		rc = err_set(err, ERR_DAMAGED, ERR_WHOLE,
		        "%s/.work/%s changed since it was written", s->path, slot->spill);
	return rc;
}
