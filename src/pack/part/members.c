/* Catalogs and links: small files of members, written and read as streams. */
#include "part.h"
#include "member.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <fcntl.h>
#include <stdlib.h>

struct members_writer {
	int dirfd, fd;
	char *name;
	struct member_maker *maker;
	struct pages plain, out;
	size_t plain_len;
	uint32_t seq;
	uint64_t size, total; /* written to the file; plain bytes */
	struct sha256 hash;
};

int members_writer_open(int dirfd, const char *name, struct members_writer **out, struct err *err)
{
	struct members_writer *w;
	int fd = sys_openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);

	*out = NULL;
	if (fd < 0)
		return err_sys(err, ERR_WHOLE, "cannot create %s", name);
	w = xcalloc(1, sizeof *w);
	w->dirfd = dirfd;
	w->fd = fd;
	w->name = xstrdup(name);
	w->maker = member_maker_new(MEMBER_TEXT);
	pages_init(&w->plain, MEMBER_MAX);
	pages_init(&w->out, MEMBER_BUF_SIZE);
	sha256_start(&w->hash);
	*out = w;
	return 0;
}

static int put_octets(struct members_writer *w, const uint8_t *p, size_t n, struct err *err)
{
	if (fd_write_all(w->fd, p, n, err) != 0)
		return err_wrap(err, "%s", w->name);
	sha256_add(&w->hash, p, n);
	w->size += n;
	return 0;
}

/* What was collected becomes a member of the file. */
static int close_member(struct members_writer *w, struct err *err)
{
	size_t n = member_make(w->maker, w->seq++, w->plain.p, w->plain_len, w->out.p);

	w->total += w->plain_len;
	w->plain_len = 0;
	return put_octets(w, w->out.p, n, err);
}

int members_writer_add(void *members_writer, const void *p, size_t n, struct err *err)
{
	struct members_writer *w = members_writer;
	const uint8_t *from = p;
	int rc = 0;

	while (n > 0 && rc == 0) {
		size_t now = n < MEMBER_MAX - w->plain_len ? n : MEMBER_MAX - w->plain_len;

		memcpy(w->plain.p + w->plain_len, from, now);
		w->plain_len += now;
		from += now;
		n -= now;
		if (w->plain_len == MEMBER_MAX || (n == 0 && w->plain_len >= MEMBER_MIN))
			rc = close_member(w, err);
	}
	return rc;
}

void members_writer_abort(struct members_writer *w)
{
	if (!w)
		return;
	/* the file does not count */
	fd_close(w->fd);
	member_maker_free(w->maker);
	pages_clear(&w->plain);
	pages_clear(&w->out);
	free(w->name);
	free(w);
}

/* What was written comes back from the disk as it was. */
static int read_back(struct members_writer *w, const uint8_t sum[SHA256_LEN], struct err *err)
{
	struct members_reader *r = NULL;
	uint8_t again[SHA256_LEN], *chunk = xmalloc(MEMBER_MIN);
	uint64_t size = 0;
	size_t got = 1;
	int rc = members_reader_open(w->dirfd, w->name, &r, err);

	while (rc == 0 && got > 0)
		rc = members_reader_read(r, chunk, MEMBER_MIN, &got, err);
	if (rc == 0) {
		members_reader_sum(r, again, &size);
		if (size != w->size || memcmp(again, sum, SHA256_LEN) != 0)
			rc = err_set(err, ERR_DAMAGED, ERR_WHOLE,
			        "%s does not read back as it was written", w->name);
	}
	members_reader_free(r);
	free(chunk);
	return rc;
}

/* The end member, fsync, close, and all read back. */
static int finish_writer(
        struct members_writer *w, uint64_t entries, uint8_t sum_out[SHA256_LEN], struct err *err)
{
	struct member_head h = {.end = true, .entries = entries};
	uint8_t end[MEMBER_END_SIZE];
	int rc = w->plain_len > 0 ? close_member(w, err) : 0;

	if (rc != 0)
		return rc;
	h.seq = w->seq;
	h.size = w->size + MEMBER_END_SIZE;
	h.plain = w->total;
	member_put_end(&h, end);
	if ((rc = put_octets(w, end, sizeof end, err)) != 0)
		return rc;
	sha256_end(&w->hash, sum_out);
	if (sys_fsync(w->fd) != 0)
		return err_sys(err, ERR_WHOLE, "cannot sync %s", w->name);
	member_drop_cache(w->fd, 0, 0);
	rc = sys_close(w->fd);
	w->fd = -1;
	if (rc != 0)
		return err_sys(err, ERR_WHOLE, "cannot close %s", w->name);
	return read_back(w, sum_out, err);
}

int members_writer_finish(struct members_writer *w, uint64_t entries, uint8_t sum_out[SHA256_LEN],
        uint64_t *size_out, struct err *err)
{
	int rc = finish_writer(w, entries, sum_out, err);

	*size_out = w->size;
	members_writer_abort(w);
	return rc;
}

struct members_reader {
	struct member_stream in;
	size_t at, have; /* in the member at hand */
};

int members_reader_open(int dirfd, const char *name, struct members_reader **out, struct err *err)
{
	struct members_reader *r = xcalloc(1, sizeof *r);
	int rc = member_stream_open(&r->in, dirfd, name, err);

	if (rc != 0) {
		free(r);
		r = NULL;
	}
	*out = r;
	return rc;
}

int members_reader_read(void *members_reader, void *p, size_t n, size_t *got_out, struct err *err)
{
	struct members_reader *r = members_reader;
	int rc = 0;

	*got_out = 0;
	while (rc == 0 && !r->in.ended && r->at == r->have) {
		rc = member_stream_next(&r->in, err);
		r->at = 0;
		r->have = rc == 0 && !r->in.ended ? (size_t)r->in.file.head.plain : 0;
	}
	if (rc != 0)
		(void)err_widen(err, ERR_COLLECTION);
	if (rc != 0 || r->in.ended)
		return rc;
	*got_out = MIN(n, r->have - r->at);
	memcpy(p, r->in.file.plain.p + r->at, *got_out);
	r->at += *got_out;
	return 0;
}

uint64_t members_reader_entries(const struct members_reader *r)
{
	return r->in.file.head.entries;
}

void members_reader_sum(
        const struct members_reader *r, uint8_t sum_out[SHA256_LEN], uint64_t *size_out)
{
	memcpy(sum_out, r->in.sum, SHA256_LEN);
	*size_out = r->in.off;
}

void members_reader_free(struct members_reader *r)
{
	if (!r)
		return;
	member_file_close(&r->in.file);
	free(r);
}
