/*
 * Bodies on their way into .work, items that use them, and the batches in which both
 * become durable.
 */
#include "internal.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <string.h>

struct tree_body {
	struct dir_sink *d;
	enum coll_kind kind;
	struct sha256 hash;
	struct buf mem; /* what is not in the file yet */
	int fd; /* -1: all of it is in memory */
	uint32_t file;
	uint64_t size;
	bool has_nul;
	struct about_scan *scan;
};

int dir_body_open(struct tree_sink *s, enum coll_kind kind, struct tree_body **out, struct err *err)
{
	struct tree_body *b = xcalloc(1, sizeof *b);

	(void)err;
	b->d = (struct dir_sink *)s;
	b->kind = kind;
	b->fd = -1;
	buf_init(&b->mem, DIR_MEM_MAX);
	sha256_start(&b->hash);
	b->scan = about_scan_new(kind);
	*out = b;
	return 0;
}

/* b->fd and b->file: the next object in .work. */
static int create_file(struct tree_body *b, struct err *err)
{
	int rc;

	pthread_mutex_lock(&b->d->lock);
	b->file = b->d->objects.next_file++;
	rc = object_create(b->d->workfd, b->file, &b->fd, err);
	pthread_mutex_unlock(&b->d->lock);
	return rc;
}

/* What is in memory, to the file. */
static int spill_body(struct tree_body *b, struct err *err)
{
	int rc = b->fd < 0 ? create_file(b, err) : 0;

	if (rc == 0)
		rc = fd_write_all(b->fd, b->mem.data, b->mem.len, err);
	buf_reset(&b->mem);
	return rc;
}

int dir_body_write(struct tree_body *b, const void *p, size_t n, struct err *err)
{
	int rc = 0;

	sha256_add(&b->hash, p, n);
	about_scan_add(b->scan, p, n);
	b->size += n;
	if (!b->has_nul && memchr(p, 0, n))
		b->has_nul = true;
	if (buf_add(&b->mem, p, n) == 0)
		return 0;
	rc = spill_body(b, err);
	if (rc == 0 && buf_add(&b->mem, p, n) != 0)
		rc = fd_write_all(b->fd, p, n, err);
	return rc;
}

static void body_free(struct tree_body *b)
{
	fd_close(b->fd);
	buf_clear(&b->mem);
	about_scan_free(b->scan);
	free(b);
}

/* The file in .work is not needed. */
static void drop_file(struct tree_body *b)
{
	char path[OBJECT_FILE_SIZE];

	if (b->fd >= 0)
		(void)!sys_unlinkat(b->d->workfd, object_file(b->file, path), 0);
}

void dir_body_abort(struct tree_body *b)
{
	if (!b)
		return;
	drop_file(b);
	body_free(b);
}

/* Does the file hold what was just received? Bytes are compared, not only their hash. */
static int is_same(const struct tree_body *b, uint32_t file, bool *same_out, struct err *err)
{
	char path[OBJECT_FILE_SIZE];
	uint64_t size;
	int fd, rc;

	*same_out = false;
	/* one that cannot be opened is written again */
	if (beneath_file(b->d->workfd, object_file(file, path), &fd, &size, NULL) != 0)
		return 0;
	if (size != b->size) {
		rc = 0;
	} else if (b->fd >= 0) {
		rc = fd_same(fd, b->fd, same_out, err);
	} else {
		uint8_t *have = xmalloc(b->mem.len + 1);
		size_t got;

		rc = fd_pread(fd, have, b->mem.len, 0, &got, err);
		*same_out = rc == 0 && got == b->mem.len && memcmp(have, b->mem.data, got) == 0;
		free(have);
	}
	sys_close(fd);
	return rc;
}

/* Resources are never shared: each keeps a file of its own. */
static int find_same(
        struct tree_body *b, const uint8_t sha256[SHA256_LEN], bool *same_out, struct err *err)
{
	struct object *o;
	uint32_t file = 0;

	*same_out = false;
	if (b->kind != COLL_MAIL)
		return 0;
	pthread_mutex_lock(&b->d->lock);
	o = objects_find(&b->d->objects, sha256);
	if (o)
		file = o->file;
	pthread_mutex_unlock(&b->d->lock);
	return o && is_same(b, file, same_out, err) != 0 ? err_widen(err, ERR_WHOLE) : 0;
}

int dir_body_close(struct tree_body *b, struct tree_object *out, struct err *err)
{
	struct dir_sink *d = b->d;
	bool same = false;
	int rc = 0;

	memset(out, 0, sizeof *out);
	sha256_end(&b->hash, out->sha256);
	out->size = b->size;
	out->has_nul = b->has_nul;
	if (b->fd >= 0)
		rc = spill_body(b, err);
	if (rc == 0)
		rc = find_same(b, out->sha256, &same, err);
	if (rc == 0 && !same && b->fd < 0)
		rc = spill_body(b, err);
	if (rc != 0 || same) {
		drop_file(b);
		goto out;
	}
	if (sys_close(b->fd) != 0)
		rc = err_sys(err, ERR_WHOLE, "cannot write an object");
	b->fd = -1;
	if (rc == 0) {
		pthread_mutex_lock(&d->lock);
		objects_put(&d->objects, out->sha256, out->size, b->file);
		d->objects_new++;
		d->bytes_new += out->size;
		d->pending_bytes += out->size;
		pthread_mutex_unlock(&d->lock);
	}
out:
	if (rc == 0)
		rc = abouts_take(d->abouts, b->kind, out->sha256, b->scan, err);
	body_free(b);
	return rc;
}

/* Make all bodies closed so far durable, then say so in the journal. */
int dir_flush(struct dir_sink *d, struct err *err)
{
	char **records;
	size_t n;
	int rc = 0;

	pthread_mutex_lock(&d->batch_lock);
	pthread_mutex_lock(&d->lock);
	records = d->pending;
	n = d->n_pending;
	d->pending = NULL;
	d->n_pending = d->pending_cap = 0;
	d->pending_bytes = 0;
	pthread_mutex_unlock(&d->lock);
	if (d->sync_failed)
		rc = err_set(err, ERR_IO, ERR_WHOLE, "an earlier sync of the tree failed");
	else if (n > 0)
		rc = fs_barrier(d->workfd, err);
	/* After a failed sync nothing is known of what was written: this run is over. */
	d->sync_failed |= rc != 0;
	if (rc == 0 && n > 0) {
		if (!d->journal_has_account) {
			char *text = run_account_text(&d->account);

			journal_add(d->journal, text);
			d->journal_has_account = true;
			free(text);
		}
	}
	for (size_t i = 0; i < n; i++)
		if (rc == 0)
			journal_add(d->journal, records[i]);
	texts_free(records, n);
	if (rc == 0)
		rc = journal_commit(d->journal, err);
	pthread_mutex_unlock(&d->batch_lock);
	return rc;
}

int dir_sync_batch(struct tree_sink *s, struct err *err)
{
	return dir_flush((struct dir_sink *)s, err);
}

int dir_item(struct tree_sink *s, struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	struct dir_sink *d = (struct dir_sink *)s;
	struct tree_item *added = tree_coll_add(c, it);
	const struct object *o;
	bool full;

	added->gone = 0;
	added->where = (struct object_place){0};
	pthread_mutex_lock(&d->lock);
	o = objects_find(&d->objects, it->sha256);
	if (o && !o->old)
		*ARR_PUSH(d->pending, d->n_pending, d->pending_cap) = run_item_text(c, it, o->file);
	full = d->n_pending >= DIR_BATCH_ITEMS ||
	       (d->n_pending > 0 && d->pending_bytes >= DIR_BATCH_BYTES);
	pthread_mutex_unlock(&d->lock);
	return full ? dir_flush(d, err) : 0;
}
