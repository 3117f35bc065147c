/*
 * What names many items: a hash table of numbers in memory, and records one after the other,
 * the older ones in a file.
 */
#include "valise/tree/abouts.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"

enum {
	UNIT = 16, /* records begin at multiples of it, so that 32 bits reach 64 GiB */
	CHUNK = 64 << 10, /* to the file, and from it in a row */
	PIECE = 4 << 10, /* from it anywhere */
	IN_MEMORY = 2 << 20, /* before a temporary file is worth it */
	FIRST_SLOTS = 1024
};

struct record {
	uint8_t sha256[SHA256_LEN];
	uint16_t len;
	uint8_t kind;
};

struct slot {
	uint32_t tag; /* of the hash */
	uint32_t at; /* its record, in units, from 1 on; 0: free */
};

struct abouts {
	pthread_mutex_t lock;
	int dirfd, fd; /* fd -1: no file yet */
	/* a file without a name; IN_MEMORY_ONLY: there can be none, or no more in it */
	enum { NAMED, TEMPORARY, IN_MEMORY_ONLY } kind;
	char *name;
	struct slot *slots;
	size_t n, n_slots;
	uint64_t flushed; /* octets that are in the file */
	struct buf tail; /* what follows them */
	struct buf window; /* of the file, from window_at on */
	uint64_t window_at;
};

struct abouts *abouts_new(int dirfd, const char *name)
{
	struct abouts *a = xcalloc(1, sizeof *a);

	pthread_mutex_init(&a->lock, NULL);
	a->dirfd = dirfd;
	a->fd = -1;
	a->name = xstrdup(name);
	buf_init(&a->tail, SIZE_MAX);
	buf_init(&a->window, CHUNK);
	return a;
}

struct abouts *abouts_new_temporary(void)
{
	struct abouts *a = abouts_new(-1, NULL);

	a->kind = TEMPORARY;
	return a;
}

void abouts_free(struct abouts *a)
{
	if (!a)
		return;
	fd_close(a->fd);
	buf_clear(&a->tail);
	buf_clear(&a->window);
	free(a->slots);
	free(a->name);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static uint32_t tag_of(enum coll_kind kind, const uint8_t sha256[SHA256_LEN])
{
	uint32_t tag;

	memcpy(&tag, sha256 + 16, sizeof tag);
	return tag + (uint32_t)kind;
}

/* The octets at ${at}, of the tail or by way of the window; NULL with an error. */
static const uint8_t *octets_at(struct abouts *a, uint64_t at, size_t n, struct err *err)
{
	size_t got;

	if (at >= a->flushed)
		return a->tail.data + (at - a->flushed);
	if (at < a->window_at || at + n > a->window_at + a->window.len) {
		uint64_t end = a->window_at + a->window.len;
		bool in_a_row = at >= a->window_at && at <= end + PIECE;
		uint64_t most = in_a_row ? (uint64_t)CHUNK : MAX((uint64_t)PIECE, n);
		size_t want = (size_t)MIN(most, a->flushed - at);
		uint8_t *into = xmalloc(want);
		int rc = fd_pread(a->fd, into, want, at, &got, err);

		buf_reset(&a->window);
		if (rc == 0)
			buf_put(&a->window, into, got);
		free(into);
		a->window_at = at;
		if (rc == 0 && got < n)
			err_set(err, ERR_IO, ERR_WHOLE, "%s is cut short", a->name);
		if (rc < 0 || got < n)
			return NULL;
	}
	return a->window.data + (at - a->window_at);
}

/*
 * The slot of the item, or the free one where it would be, in *out; its record in *r_out.
 * Returns 1, 0 if it is not there.
 */
static int find_slot(struct abouts *a, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        struct slot **out, struct record *r_out, struct err *err)
{
	uint32_t tag = tag_of(kind, sha256);

	for (size_t i = tag & (a->n_slots - 1);; i = (i + 1) & (a->n_slots - 1)) {
		struct slot *s = &a->slots[i];
		const uint8_t *p;

		*out = s;
		if (!s->at)
			return 0;
		if (s->tag != tag)
			continue;
		p = octets_at(a, (uint64_t)(s->at - 1) * UNIT, sizeof *r_out, err);
		if (!p)
			return ERR_IO;
		memcpy(r_out, p, sizeof *r_out);
		if (r_out->kind == kind && memcmp(r_out->sha256, sha256, SHA256_LEN) == 0)
			return 1;
	}
}

static void grow_slots(struct abouts *a)
{
	struct slot *old = a->slots;
	size_t n = a->n_slots;

	a->n_slots = n ? 2 * n : FIRST_SLOTS;
	a->slots = xcalloc(a->n_slots, sizeof *a->slots);
	for (size_t i = 0; i < n; i++) {
		size_t at = old[i].tag & (a->n_slots - 1);

		if (!old[i].at)
			continue;
		while (a->slots[at].at)
			at = (at + 1) & (a->n_slots - 1);
		a->slots[at] = old[i];
	}
	free(old);
}

/* Is there enough for a file, and may there be one? */
static bool is_due(const struct abouts *a)
{
	if (a->kind == TEMPORARY)
		return a->tail.len >= (size_t)(a->fd < 0 ? IN_MEMORY : CHUNK);
	return a->kind == NAMED && a->dirfd >= 0 && a->tail.len >= CHUNK;
}

/* The tail to the file. */
static int flush_tail(struct abouts *a, struct err *err)
{
	int rc;

	if (!is_due(a))
		return 0;
	if (a->fd < 0 && a->kind == NAMED)
		a->fd = sys_openat(
		        a->dirfd, a->name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	if (a->fd < 0 && a->kind == NAMED)
		return err_sys(err, ERR_WHOLE, "cannot create %s", a->name);
	if (a->fd < 0 && file_temporary(&a->fd, NULL) < 0) {
		a->kind = IN_MEMORY_ONLY;
		return 0;
	}
	rc = fd_write_all(a->fd, a->tail.data, a->tail.len, a->kind == NAMED ? err : NULL);
	if (rc < 0 && a->kind == TEMPORARY) {
		a->kind = IN_MEMORY_ONLY;
		return 0;
	}
	if (rc < 0)
		return err_widen(err, ERR_WHOLE);
	a->flushed += a->tail.len;
	buf_reset(&a->tail);
	return 0;
}

static int add_record(
        struct abouts *a, struct slot *s, const struct record *r, const char *json, struct err *err)
{
	static const uint8_t zeros[UNIT];
	uint64_t at = a->flushed + a->tail.len;

	if (at / UNIT >= UINT32_MAX) /* 64 GiB of names: enough */
		return 0;
	s->tag = tag_of((enum coll_kind)r->kind, r->sha256);
	s->at = (uint32_t)(at / UNIT) + 1;
	a->n++;
	buf_put(&a->tail, r, sizeof *r);
	buf_put(&a->tail, json, r->len);
	buf_put(&a->tail, zeros, (UNIT - (sizeof *r + r->len) % UNIT) % UNIT);
	return flush_tail(a, err);
}

int abouts_add(struct abouts *a, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        const char *json, size_t n, struct err *err)
{
	struct record r = {.len = (uint16_t)n, .kind = (uint8_t)kind}, have;
	struct slot *s;
	int rc;

	if (n > ABOUT_JSON_MAX) /* not by construction */
		return 0;
	memcpy(r.sha256, sha256, SHA256_LEN);
	pthread_mutex_lock(&a->lock);
	if (4 * (a->n + 1) > 3 * a->n_slots)
		grow_slots(a);
	rc = find_slot(a, kind, sha256, &s, &have, err);
	if (rc == 0)
		rc = add_record(a, s, &r, json, err);
	pthread_mutex_unlock(&a->lock);
	return rc < 0 ? rc : 0;
}

int abouts_get(struct abouts *a, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        struct buf *out, struct err *err)
{
	struct record r;
	struct slot *s;
	int rc = 0;

	pthread_mutex_lock(&a->lock);
	if (a->n_slots)
		rc = find_slot(a, kind, sha256, &s, &r, err);
	if (rc == 1 && out && r.len > 0) {
		uint64_t at = (uint64_t)(s->at - 1) * UNIT + sizeof r;
		const uint8_t *p = octets_at(a, at, r.len, err);

		if (p)
			buf_put(out, p, r.len);
		else
			rc = ERR_IO;
	}
	pthread_mutex_unlock(&a->lock);
	return rc;
}

void abouts_find(struct abouts *a, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        struct item_about *out)
{
	struct buf json = buf_of(SIZE_MAX);

	memset(out, 0, sizeof *out);
	if (a && abouts_get(a, kind, sha256, &json, NULL) == 1 && json.len > 0)
		(void)about_parse(buf_str(&json), json.len, out);
	buf_clear(&json);
}

int abouts_take(struct abouts *a, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        struct about_scan *scan, struct err *err)
{
	struct buf json = buf_of(SIZE_MAX);
	struct item_about found;
	int rc;

	about_scan_end(scan, &found);
	about_put(&found, &json);
	about_clear(&found);
	rc = abouts_add(a, kind, sha256, buf_str(&json), json.len, err);
	buf_clear(&json);
	return rc;
}
