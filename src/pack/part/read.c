/* Single objects out of parts, by seeking; the members last inflated are kept. */
#include "part.h"
#include "member.h"
#include "tarhead.h"
#include "valise/base/mem.h"
#include <pthread.h>
#include <stdlib.h>

#define SLOTS 8
#define LARGE_MEMBER (1u << 20) /* of idle members above this one is kept */
#define KEEP (2 * MEMBER_MIN)

/* One inflated member. Its bytes stay while ${users} > 0. */
struct slot {
	char *name; /* of the file; NULL: holds nothing */
	uint64_t off;
	struct member_head head;
	struct pages plain;
	unsigned users;
	uint64_t used; /* r->clock at the last use */
};

struct part_reader {
	int dirfd;
	pthread_mutex_t lock; /* guards the slots but not their bytes */
	pthread_cond_t freed;
	struct slot slots[SLOTS];
	uint64_t clock;
	pthread_mutex_t load; /* guards file: one member is read and inflated at a time */
	struct member_file file;
	bool open;
};

struct part_reader *part_reader_new(int dirfd)
{
	struct part_reader *r = xcalloc(1, sizeof *r);

	r->dirfd = dirfd;
	pthread_mutex_init(&r->lock, NULL);
	pthread_mutex_init(&r->load, NULL);
	pthread_cond_init(&r->freed, NULL);
	return r;
}

void part_reader_free(struct part_reader *r)
{
	if (!r)
		return;
	for (int i = 0; i < SLOTS; i++) {
		pages_clear(&r->slots[i].plain);
		free(r->slots[i].name);
	}
	if (r->open)
		member_file_close(&r->file);
	pthread_cond_destroy(&r->freed);
	pthread_mutex_destroy(&r->load);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* Under ${lock}: */

static void empty_slot(struct slot *s)
{
	free(s->name);
	s->name = NULL;
	pages_trim(&s->plain, (size_t)s->head.plain, KEEP);
	s->head = (struct member_head){0};
}

/* The one that holds the member, or NULL. */
static struct slot *find_slot(struct part_reader *r, const char *name, uint64_t off)
{
	for (int i = 0; i < SLOTS; i++) {
		struct slot *s = &r->slots[i];

		if (s->name && s->off == off && strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

/* The slot that nobody uses and that was used longest ago. */
static struct slot *oldest_slot(struct part_reader *r)
{
	struct slot *best = NULL;

	for (int i = 0; i < SLOTS; i++) {
		struct slot *s = &r->slots[i];

		if (s->users == 0 && (!best || !s->name || (best->name && s->used < best->used)))
			best = s;
	}
	return best;
}

/* Nobody uses it now; of idle large members one stays. */
static void release_slot(struct part_reader *r, struct slot *s)
{
	pthread_mutex_lock(&r->lock);
	s->users--;
	s->used = ++r->clock;
	for (int i = 0; i < SLOTS && s->head.plain > LARGE_MEMBER; i++)
		if (&r->slots[i] != s && r->slots[i].users == 0 &&
		        r->slots[i].head.plain > LARGE_MEMBER)
			empty_slot(&r->slots[i]);
	pthread_cond_signal(&r->freed);
	pthread_mutex_unlock(&r->lock);
}

/* Read the member into a slot that is ours alone. */
static int load_member(
        struct part_reader *r, struct slot *s, const char *name, uint64_t off, struct err *err)
{
	struct pages swap;
	int rc = 0;

	pthread_mutex_lock(&r->load);
	if (r->open && strcmp(r->file.name, name) != 0) {
		member_file_close(&r->file);
		r->open = false;
	}
	if (!r->open) {
		rc = member_file_open(&r->file, r->dirfd, name, err);
		r->open = rc == 0;
	}
	if (rc == 0)
		rc = member_read(&r->file, off, err);
	if (rc == 0) {
		if (!s->plain.p)
			pages_init(&s->plain, MEMBER_MAX);
		swap = s->plain;
		s->plain = r->file.plain;
		r->file.plain = swap;
		s->head = r->file.head;
	}
	pthread_mutex_unlock(&r->load);
	return rc;
}

/* The member at ${off}, to be released. */
static int get_member(
        struct part_reader *r, const char *name, uint64_t off, struct slot **out, struct err *err)
{
	struct slot *s;
	int rc = 0;

	pthread_mutex_lock(&r->lock);
	while (!(s = find_slot(r, name, off)) && !(s = oldest_slot(r)))
		pthread_cond_wait(&r->freed, &r->lock);
	s->users++;
	if (s->name && s->off == off && strcmp(s->name, name) == 0) {
		pthread_mutex_unlock(&r->lock);
		*out = s;
		return 0;
	}
	empty_slot(s);
	pthread_mutex_unlock(&r->lock);
	rc = load_member(r, s, name, off, err);
	if (rc != 0) {
		release_slot(r, s);
		return rc;
	}
	pthread_mutex_lock(&r->lock);
	s->name = xstrdup(name);
	s->off = off;
	pthread_mutex_unlock(&r->lock);
	*out = s;
	return 0;
}

/* One object being read. */
struct want {
	struct part_reader *r;
	const char *name;
	const struct object_place *place;
	const uint8_t *sha256;
	uint64_t size;
	enum coll_kind kind;
};

static int fail_object(const struct want *q, const char *what, struct err *err)
{
	char hex[SHA256_HEX_SIZE];

	hex_format(q->sha256, SHA256_LEN, hex);
	return err_set(err, ERR_DAMAGED, ERR_ITEM, "%s: object %.16s at member %ju, offset %ju: %s",
	        q->name, hex, (uintmax_t)q->place->member, (uintmax_t)q->place->offset, what);
}

static int check_head(const struct want *q, const struct slot *s, struct err *err)
{
	uint8_t head[TAR_BLOCK];

	if (s->head.end || q->place->offset > s->head.plain ||
	        s->head.plain - q->place->offset < TAR_BLOCK)
		return fail_object(q, "no such place", err);
	tarhead_make(q->kind, q->sha256, q->size, head);
	if (memcmp(s->plain.p + q->place->offset, head, TAR_BLOCK) != 0)
		return fail_object(q, "its tar header is not there", err);
	return 0;
}

/* The next member of the object's data. Releases *s in any case. */
static int next_member(const struct want *q, struct slot **s, uint64_t *off, struct err *err)
{
	uint32_t seq = (*s)->head.seq + 1;
	int rc;

	*off += (*s)->head.size;
	release_slot(q->r, *s);
	*s = NULL;
	if ((rc = get_member(q->r, q->name, *off, s, err)) != 0)
		return rc;
	if ((*s)->head.end || (*s)->head.seq != seq)
		return fail_object(q, "a member is missing or out of order", err);
	return 0;
}

/*
 * All bytes of the object into ${write} (NULL: hashed alone), member by member; then the
 * hash must be right.
 */
static int read_pass(const struct want *q, tree_write_fn write, void *ctx, struct err *err)
{
	uint64_t off = q->place->member, left = q->size;
	uint8_t sum[SHA256_LEN];
	struct slot *s = NULL;
	struct sha256 hash;
	size_t at, now;
	int rc = get_member(q->r, q->name, off, &s, err);

	if (rc == 0)
		rc = check_head(q, s, err);
	at = (size_t)q->place->offset + TAR_BLOCK;
	sha256_start(&hash);
	while (rc == 0) {
		now = s->head.plain - at < left ? (size_t)s->head.plain - at : (size_t)left;
		sha256_add(&hash, s->plain.p + at, now);
		if (write && now > 0)
			rc = write(ctx, s->plain.p + at, now, err);
		left -= now;
		if (rc != 0 || left == 0)
			break;
		rc = next_member(q, &s, &off, err);
		at = 0;
	}
	if (rc == 0) {
		sha256_end(&hash, sum);
		if (memcmp(sum, q->sha256, SHA256_LEN) != 0)
			rc = fail_object(q, "its bytes do not match its name", err);
	}
	if (s)
		release_slot(q->r, s);
	return rc;
}

/* The whole object lies in its first member, as most do: one look at it is enough. */
static int in_one(
        const struct want *q, tree_write_fn write, void *ctx, bool *done_out, struct err *err)
{
	uint8_t sum[SHA256_LEN];
	const uint8_t *data;
	struct slot *s = NULL;
	int rc = get_member(q->r, q->name, q->place->member, &s, err);

	*done_out = false;
	if (rc != 0)
		return rc;
	if ((rc = check_head(q, s, err)) != 0)
		goto out;
	if (q->size > s->head.plain - q->place->offset - TAR_BLOCK)
		goto out;
	*done_out = true;
	data = s->plain.p + q->place->offset + TAR_BLOCK;
	sha256_of(data, (size_t)q->size, sum);
	if (memcmp(sum, q->sha256, SHA256_LEN) != 0)
		rc = fail_object(q, "its bytes do not match its name", err);
	else if (q->size > 0)
		rc = write(ctx, data, (size_t)q->size, err);
out:
	release_slot(q->r, s);
	return rc;
}

int part_reader_object(struct part_reader *r, const char *name, const struct object_place *place,
        const uint8_t sha256[SHA256_LEN], uint64_t size, enum coll_kind kind, tree_write_fn write,
        void *ctx, struct err *err)
{
	const struct want q = {r, name, place, sha256, size, kind};
	struct err local = {0};
	bool done = false;
	int rc;

	if (size >= TAR_SIZE_MAX)
		return fail_object(&q, "an impossible size", err);
	rc = in_one(&q, write, ctx, &done, &local);
	if (rc == 0 && !done)
		rc = read_pass(&q, NULL, NULL, &local);
	if (rc == 0 && !done)
		rc = read_pass(&q, write, ctx, &local);
	/* A file that is not there costs this item; others may lie elsewhere. */
	if (rc == ERR_NOTFOUND)
		local.scope = ERR_ITEM;
	return err_copy(err, &local);
}
