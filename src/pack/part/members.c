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
	/* an older file of the same kind; what of it comes again is copied */
	bool has_like;
	struct member_file like;
	uint64_t like_at;
	/* of each member: it is one of the other file, which was inflated in this run */
	bool *copied;
	size_t n_copied, copied_cap;
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

void members_writer_like(struct members_writer *w, int dirfd, const char *name)
{
	w->has_like = member_file_open(&w->like, dirfd, name, NULL) == 0;
}

/*
 * Does the other file have just this member at this place? One that is damaged or at its end
 * is of no use any more.
 */
static bool is_like(struct members_writer *w)
{
	const struct member_head *h = &w->like.head;
	bool same;

	if (!w->has_like)
		return false;
	if (member_read(&w->like, w->like_at, NULL) < 0 || h->end || h->seq != w->seq) {
		member_file_close(&w->like);
		w->has_like = false;
		return false;
	}
	same = h->plain == w->plain_len && memcmp(w->like.plain.p, w->plain.p, w->plain_len) == 0;
	w->like_at += h->size;
	return same;
}

/* What was collected becomes a member of the file. */
static int close_member(struct members_writer *w, struct err *err)
{
	bool same = is_like(w);
	size_t n = same ? (size_t)w->like.head.size
	                : member_make(w->maker, w->seq, w->plain.p, w->plain_len, w->out.p);

	*ARR_PUSH(w->copied, w->n_copied, w->copied_cap) = same;
	w->seq++;
	w->total += w->plain_len;
	w->plain_len = 0;
	return put_octets(w, same ? w->like.raw.p : w->out.p, n, err);
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
	if (w->has_like)
		member_file_close(&w->like);
	free(w->copied);
	member_maker_free(w->maker);
	pages_clear(&w->plain);
	pages_clear(&w->out);
	free(w->name);
	free(w);
}

/*
 * What was written comes back from the disk as it was. All of it is read; what was copied was
 * inflated when it was found equal, and is the same octets if the sum is right.
 */
static int read_back(struct members_writer *w, const uint8_t sum[SHA256_LEN], struct err *err)
{
	struct member_stream in;
	int rc = member_stream_open(&in, w->dirfd, w->name, err);

	if (rc != 0)
		return rc;
	while (rc == 0 && !in.ended) {
		in.load_only = in.seq < w->n_copied && w->copied[in.seq];
		rc = member_stream_next(&in, err);
	}
	if (rc == 0 && (in.off != w->size || memcmp(in.sum, sum, SHA256_LEN) != 0))
		rc = err_set(err, ERR_DAMAGED, ERR_WHOLE, "%s does not read back as it was written",
		        w->name);
	else if (rc != 0)
		(void)err_widen(err, ERR_COLLECTION);
	member_stream_close(&in);
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
