/* Octets in memory, and in a file without a name when they are many. */
#include "valise/base/spool.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"

enum { PIECE = 65536 };

void spool_init(struct spool *s)
{
	buf_init(&s->memory, SPOOL_MEMORY + PIECE);
	s->fd = -1;
	s->len = 0;
}

void spool_clear(struct spool *s)
{
	fd_close(s->fd);
	buf_clear(&s->memory);
}

int spool_add(struct spool *s, const void *p, size_t n, struct err *err)
{
	const char *from = p;

	while (n && s->fd < 0) {
		size_t k = MIN(n, PIECE);

		if (s->memory.len < SPOOL_MEMORY) {
			buf_put(&s->memory, from, k);
			from += k;
			n -= k;
			s->len += k;
		} else if (file_temporary(&s->fd, err) < 0 ||
		           fd_write_all(s->fd, s->memory.data, s->memory.len, err) < 0) {
			return err_widen(err, ERR_WHOLE);
		}
	}
	if (n && fd_write_all(s->fd, from, n, err) < 0)
		return err_widen(err, ERR_WHOLE);
	s->len += n;
	return 0;
}

int spool_read(struct spool *s, uint64_t off, void *p, size_t n, struct err *err)
{
	size_t got = n;

	if (s->fd < 0)
		memcpy(p, s->memory.data + off, n);
	else if (fd_pread(s->fd, p, n, off, &got, err) < 0)
		return err_widen(err, ERR_WHOLE);
	if (got < n)
		return err_set(err, ERR_IO, ERR_WHOLE, "a temporary file became shorter");
	return 0;
}

int spool_copy(struct spool *s, uint64_t from, uint64_t to,
        int (*write)(void *ctx, const void *p, size_t n, struct err *err), void *ctx,
        struct err *err)
{
	uint8_t piece[PIECE];
	int rc = 0;

	while (from < to && rc == 0) {
		size_t n = (size_t)MIN((uint64_t)PIECE, to - from);

		rc = spool_read(s, from, piece, n, err);
		if (rc == 0)
			rc = write(ctx, piece, n, err);
		from += n;
	}
	return rc;
}
