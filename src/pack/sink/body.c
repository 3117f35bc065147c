/* Bodies: collected, hashed on the way, stored once. */
#include "sink.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"

/*
 * Whoever brings the octets of an object of a part that is not what was sealed gives them
 * a better place.
 */
static bool is_replaced(const struct archive_sink *s, const struct object *o)
{
	struct object_place w;

	if (o->flags & OBJECT_NEW)
		return false;
	object_get_place(o, &w);
	return sink_heal_is_rotten(s, &w);
}

/* A body that was used before, or a new one; its fields are old. */
static struct tree_body *pool_take(struct archive_sink *s)
{
	struct tree_body *b = NULL;

	pthread_mutex_lock(&s->lock);
	if (s->pool.n)
		b = s->pool.free[--s->pool.n];
	pthread_mutex_unlock(&s->lock);
	if (!b) {
		b = xcalloc(1, sizeof *b);
		buf_init(&b->mem, BODY_MEMORY);
	}
	return b;
}

static void body_free(struct tree_body *b)
{
	buf_clear(&b->mem);
	about_scan_free(b->scan);
	free(b);
}

/* Back to the pool, which keeps a few; what it held in memory counts no more. */
static void pool_give(struct tree_body *b)
{
	struct archive_sink *s = b->sink;

	fd_close(b->fd);
	about_scan_end(b->scan, NULL); /* what was dropped on its way names nothing */
	pthread_mutex_lock(&s->lock);
	s->pool.memory -= b->charged;
	if (s->pool.n < BODY_POOL) {
		s->pool.free[s->pool.n++] = b;
		b = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	if (b)
		body_free(b);
}

void body_pool_clear(struct body_pool *p)
{
	while (p->n)
		body_free(p->free[--p->n]);
}

int sink_body_open(
        struct tree_sink *t, enum coll_kind kind, struct tree_body **out, struct err *err)
{
	struct archive_sink *s = (struct archive_sink *)t;
	struct tree_body *b;
	int rc = sink_failed(s, err);

	*out = NULL;
	if (rc < 0)
		return rc;
	b = pool_take(s);
	b->sink = s;
	b->kind = kind;
	b->fd = -1;
	b->size = b->charged = 0;
	b->has_nul = false;
	buf_reset(&b->mem);
	sha256_start(&b->hash);
	if (!b->scan || b->scan_kind != kind) {
		about_scan_free(b->scan);
		b->scan = about_scan_new(kind);
		b->scan_kind = kind;
	}
	*out = b;
	return 0;
}

/* A nameless file in .work for what is too large for memory. */
static int spill_body(struct tree_body *b, struct err *err)
{
	struct archive_sink *s = b->sink;
	char name[32];
	unsigned number;

	pthread_mutex_lock(&s->lock);
	number = ++s->pool.spools;
	pthread_mutex_unlock(&s->lock);
	snprintf(name, sizeof name, "spool-%u", number);
	b->fd = sys_openat(s->workfd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (b->fd < 0)
		return err_sys(err, ERR_WHOLE, "%s/.work/%s", s->path, name);
	if (sys_unlinkat(s->workfd, name, 0) < 0)
		return err_sys(err, ERR_WHOLE, "%s/.work/%s", s->path, name);
	return fd_write_all(b->fd, b->mem.data, b->mem.len, err);
}

/* May the body hold ${n} bytes more in memory? */
static bool charge_memory(struct tree_body *b, size_t n)
{
	struct archive_sink *s = b->sink;
	bool ok = n <= BODY_MEMORY - b->mem.len;

	pthread_mutex_lock(&s->lock);
	ok = ok && s->pool.memory + n <= BODIES_MEMORY;
	if (ok) {
		s->pool.memory += n;
		b->charged += n;
	}
	pthread_mutex_unlock(&s->lock);
	return ok;
}

int sink_body_write(struct tree_body *b, const void *p, size_t n, struct err *err)
{
	int rc = 0;

	if (n == 0)
		return 0;
	sha256_add(&b->hash, p, n);
	about_scan_add(b->scan, p, n);
	b->size += n;
	b->has_nul = b->has_nul || memchr(p, 0, n);
	if (b->size >= OBJECT_SIZE_LIMIT)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "an item of more than 256 TiB");
	if (b->fd < 0 && charge_memory(b, n))
		return buf_add(&b->mem, p, n);
	if (b->fd < 0)
		rc = spill_body(b, err);
	if (rc == 0)
		rc = fd_write_all(b->fd, p, n, err);
	return rc < 0 ? sink_fail(b->sink, err) : 0;
}

/* Into the part being written; then it waits for its member to be on disk. */
static int store_object(
        struct archive_sink *s, struct tree_body *b, struct object *o, struct err *err)
{
	struct pending_object *p;
	struct part_place place;
	const void *mem = b->fd < 0 ? b->mem.data : NULL;
	int rc = sink_start(s, err);

	if (rc == 0)
		rc = part_writer_add(
		        s->writer, b->kind, o->sha256, b->size, mem, b->fd, &place, err);
	if (rc < 0)
		return sink_fail(s, err);
	pthread_mutex_lock(&s->lock);
	p = ARR_PUSH(s->objects_waiting, s->n_objects_waiting, s->objects_waiting_cap);
	p->object = o;
	p->place = place;
	s->batch += b->size + OBJECT_WEIGHT;
	if (s->batch >= s->opts.batch_bytes)
		pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

int sink_body_close(struct tree_body *b, struct tree_object *out, struct err *err)
{
	struct archive_sink *s = b->sink;
	struct object *o = NULL;
	bool is_new = false;
	int rc = sink_failed(s, err);

	sha256_end(&b->hash, out->sha256);
	out->size = b->size;
	out->has_nul = b->has_nul;
	if (rc == 0) {
		pthread_mutex_lock(&s->lock);
		rc = sink_load_known(s, b->size, err);
		if (rc == 0)
			o = object_map_add(&s->objects, b->kind, out->sha256, b->size, &is_new);
		is_new = rc == 0 && (is_new || is_replaced(s, o));
		if (is_new) {
			/*
			 * From here on it is known: whoever brings the same bytes
			 * meanwhile does not store them again.
			 */
			o->flags = OBJECT_NEW;
			s->objects_new++;
			s->bytes_new += b->size;
		}
		pthread_mutex_unlock(&s->lock);
	}
	if (rc == 0 && is_new)
		rc = store_object(s, b, o, err);
	if (rc == 0 && abouts_take(s->abouts, b->kind, out->sha256, b->scan, err) < 0)
		rc = sink_fail(s, err);
	pool_give(b);
	return rc;
}

void sink_body_abort(struct tree_body *b)
{
	if (b)
		pool_give(b);
}
