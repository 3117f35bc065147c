/*
 * The upper half of the part writer: tar entries are copied into the open member; a
 * member is closed at the first border of entries at or after MEMBER_MIN, or where a
 * flush asks for it, and in the middle of an entry only when it holds MEMBER_MAX.
 */
#include "queue.h"
#include "tarhead.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct part_writer {
	struct part_queue *queue;
	int dirfd;
	uint64_t part_size;
	pthread_mutex_t lock; /* guards all below: one entry at a time */
	struct part_job *open; /* NULL: the next byte takes a fresh one */
	uint32_t part, seq;
	uint64_t plain, entries; /* of the part, the open member included */
};

/* Hand the open member over; ${border}: it ends with an entry. */
static void close_member(struct part_writer *w, bool border, bool last)
{
	struct part_job *j = w->open;

	w->open = NULL;
	j->part = w->part;
	j->seq = w->seq++;
	j->border = border;
	j->last = last;
	j->part_plain = w->plain;
	j->part_entries = w->entries;
	part_queue_put(w->queue, j);
}

/*
 * How many of ${want} bytes, at least 1, the open member takes (a fresh one if none is
 * open).
 */
static int member_room(struct part_writer *w, uint64_t want, size_t *n_out, struct err *err)
{
	uint64_t left;
	int rc;

	if (!w->open && (rc = part_queue_take(w->queue, &w->open, err)) != 0)
		return rc;
	if ((rc = part_queue_charge(w->queue, w->open, w->open->plain_len + want, err)) != 0)
		return rc;
	left = MEMBER_MAX - w->open->plain_len;
	*n_out = (size_t)MIN(want, left);
	return 0;
}

/* ${n} bytes were put into the open member; ${more} of the entry are to come. */
static void note_filled(struct part_writer *w, size_t n, uint64_t more)
{
	w->open->plain_len += n;
	w->plain += n;
	if (w->open->plain_len == MEMBER_MAX && more > 0)
		close_member(w, false, false);
}

/*
 * ${n} bytes of an entry, ${mem} or when that is NULL zeros; ${more} of the entry come
 * after them.
 */
static int put_bytes(
        struct part_writer *w, const uint8_t *mem, uint64_t n, uint64_t more, struct err *err)
{
	size_t now;
	int rc;

	for (; n > 0; n -= now) {
		if ((rc = member_room(w, n + more, &now, err)) != 0)
			return rc;
		if (now > n)
			now = (size_t)n;
		if (mem) {
			memcpy(w->open->plain.p + w->open->plain_len, mem, now);
			mem += now;
		} else {
			memset(w->open->plain.p + w->open->plain_len, 0, now);
		}
		note_filled(w, now, n - now + more);
	}
	return 0;
}

/* As put_bytes, from a file. */
static int put_file(struct part_writer *w, int fd, uint64_t size, uint64_t more, struct err *err)
{
	size_t now, got;
	int rc;

	for (uint64_t off = 0; off < size; off += now) {
		if ((rc = member_room(w, size - off + more, &now, err)) != 0)
			return rc;
		if (now > size - off)
			now = (size_t)(size - off);
		rc = fd_pread(fd, w->open->plain.p + w->open->plain_len, now, off, &got, err);
		if (rc != 0)
			return rc;
		if (got < now)
			return err_set(err, ERR_IO, ERR_WHOLE, "a temporary file became shorter");
		note_filled(w, now, size - off - now + more);
	}
	return 0;
}

/* The zeros at its end; what follows goes to the next part. */
static int end_part(struct part_writer *w, struct err *err)
{
	int rc = put_bytes(w, NULL, TAR_END, 0, err);

	if (rc != 0)
		return rc;
	close_member(w, true, true);
	w->part++;
	w->seq = 0;
	w->plain = 0;
	w->entries = 0;
	return 0;
}

struct content {
	uint64_t size;
	const void *mem;
	int fd;
};

/* Header, data, padding; a part that is full ends before. */
static int put_entry(struct part_writer *w, const uint8_t head[TAR_BLOCK], const struct content *c,
        struct part_place *place_out, struct err *err)
{
	uint64_t padding = tar_padding(c->size);
	int rc = 0;

	if (w->plain > 0 && w->plain + tar_entry_size(c->size) + TAR_END > w->part_size)
		rc = end_part(w, err);
	if (rc != 0)
		return rc;
	place_out->part = w->part;
	place_out->member_seq = w->seq;
	place_out->offset = w->open ? w->open->plain_len : 0;
	w->entries++;
	if ((rc = put_bytes(w, head, TAR_BLOCK, c->size + padding, err)) != 0)
		return rc;
	rc = c->mem ? put_bytes(w, c->mem, c->size, padding, err)
	            : put_file(w, c->fd, c->size, padding, err);
	if (rc == 0)
		rc = put_bytes(w, NULL, padding, 0, err);
	if (rc == 0 && w->open->plain_len >= MEMBER_MIN)
		close_member(w, true, false);
	return rc;
}

int part_writer_add(struct part_writer *w, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        uint64_t size, const void *mem, int fd, struct part_place *place_out, struct err *err)
{
	const struct content c = {size, mem, fd};
	uint8_t head[TAR_BLOCK];
	struct err local = {0};
	int rc;

	if (size >= TAR_SIZE_MAX)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "an item of %ju bytes", (uintmax_t)size);
	tarhead_make(kind, sha256, size, head);
	pthread_mutex_lock(&w->lock);
	rc = part_queue_failed(w->queue, &local);
	/* nothing can follow half an entry */
	if (rc == 0 && (rc = put_entry(w, head, &c, place_out, &local)) != 0)
		part_queue_fail(w->queue, &local);
	pthread_mutex_unlock(&w->lock);
	return err_copy(err, &local);
}

void part_writer_flush(struct part_writer *w)
{
	pthread_mutex_lock(&w->lock);
	if (w->open && w->open->plain_len > 0)
		close_member(w, true, false);
	pthread_mutex_unlock(&w->lock);
}

int part_writer_sync(struct part_writer *w, struct part_mark *mark_out, struct err *err)
{
	return part_queue_sync(w->queue, mark_out, err);
}

bool part_writer_resolve(struct part_writer *w, const struct part_place *p,
        const struct part_mark *mark, uint64_t *member_out)
{
	if (mark && (p->part > mark->part || (p->part == mark->part && p->member_seq >= mark->seq)))
		return false;
	return part_queue_offset(w->queue, p->part, p->member_seq, member_out);
}

int part_writer_finish(struct part_writer *w, unsigned *parts_out, struct err *err)
{
	struct part_mark mark;
	struct err local = {0};
	int rc;

	pthread_mutex_lock(&w->lock);
	rc = part_queue_failed(w->queue, &local);
	if (rc == 0 && w->plain > 0 && (rc = end_part(w, &local)) != 0)
		part_queue_fail(w->queue, &local);
	*parts_out = w->part - 1;
	pthread_mutex_unlock(&w->lock);
	if (rc == 0)
		rc = part_queue_sync(w->queue, &mark, &local);
	if (rc == 0)
		rc = dir_sync(w->dirfd, &local);
	return err_copy(err, &local);
}

int part_writer_open(
        int dirfd, const struct part_opts *opts, struct part_writer **out, struct err *err)
{
	struct part_opts o = *opts;
	struct part_writer *w = NULL;
	int rc;

	*out = NULL;
	if (o.first_part == 0)
		o.first_part = 1;
	w = xcalloc(1, sizeof *w);
	if ((rc = part_queue_open(dirfd, &o, &w->queue, err)) != 0) {
		free(w);
		return rc;
	}
	pthread_mutex_init(&w->lock, NULL);
	w->dirfd = dirfd;
	w->part_size = o.part_size;
	w->part = o.first_part;
	if (o.resume_offset > 0) {
		w->seq = o.resume_seq;
		w->plain = o.resume_plain;
		w->entries = o.resume_entries;
	}
	*out = w;
	return 0;
}

void part_writer_free(struct part_writer *w)
{
	if (!w)
		return;
	part_queue_free(w->queue);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
