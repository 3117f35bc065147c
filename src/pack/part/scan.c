/*
 * Salvage: members are taken as they come; what is no whole member is skipped to the next
 * member header. Each member stands for itself, so that a damaged one costs the objects
 * in it and no others.
 */
#include "part.h"
#include "member.h"
#include "tarhead.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <sys/stat.h>

#define WINDOW (64u << 10)
/*
 * Objects beyond their member that are followed on suspicion alone, after a gap: a mail
 * may hold forged headers.
 */
#define TRIES_MAX 16

struct scan {
	struct member_file file, ahead;
	part_object_fn fn;
	void (*gap)(void *ctx, uint64_t from, uint64_t to);
	void *ctx;
	uint64_t off; /* of the member at hand */
	uint64_t next; /* of the one to go on with */
	size_t pos; /* in its plain bytes */
	bool moved; /* next and pos are behind an object that left its member */
	bool in_step; /* a tar header is known to be at pos */
	unsigned tries;
};

static void report_gap(struct scan *s, uint64_t from, uint64_t to)
{
	if (s->gap && to > from)
		s->gap(s->ctx, from, to);
}

/*
 * The offset of the next thing that looks like a member, from ${off} on; ${size} if there
 * is none.
 */
static uint64_t find_member(struct scan *s, uint64_t off, uint64_t size)
{
	static const uint8_t magic[4] = {0x1f, 0x8b, 8, 4};
	uint8_t *window = xmalloc(WINDOW);
	struct member_head head;
	struct err err = {0};
	uint64_t found = size;
	size_t got = 0;

	while (off < size && found == size) {
		const uint8_t *p = window;

		/* unreadable: skip the window */
		if (fd_pread(s->file.fd, window, WINDOW, off, &got, &err) != 0)
			got = 0;
		while ((p = memmem(p, got - (size_t)(p - window), magic, sizeof magic)) != NULL) {
			size_t at = (size_t)(p - window);

			if (member_parse(p, got - at, &head)) {
				found = off + at;
				break;
			}
			p++;
		}
		/* The windows overlap by what a head may need. */
		off += WINDOW - MEMBER_END_SIZE;
	}
	free(window);
	return found;
}

struct entry {
	enum coll_kind kind;
	uint8_t sha256[SHA256_LEN];
	uint64_t size;
};

/*
 * The object goes on behind its member: hash on. True if it is whole; then s->next and
 * s->pos are behind it.
 */
static bool follow_object(struct scan *s, const struct entry *e, struct sha256 *hash)
{
	const struct member_head *h = &s->file.head;
	uint64_t have = h->plain - s->pos - TAR_BLOCK, left = e->size - have;
	uint64_t rest = tar_entry_size(e->size) - TAR_BLOCK - have; /* with padding */
	uint64_t off = s->off + h->size;
	uint8_t sum[SHA256_LEN];
	uint32_t seq = h->seq;
	struct err err = {0};

	while (rest > 0) {
		bool good = member_read(&s->ahead, off, &err) == 0;

		h = &s->ahead.head;
		if (!good || h->end || h->seq != ++seq) {
			if (left > 0)
				return false;
			rest = 0; /* only zeros are cut off: the object is whole */
			break;
		}
		sha256_add(
		        hash, s->ahead.plain.p, left < h->plain ? (size_t)left : (size_t)h->plain);
		left -= MIN(left, h->plain);
		if (rest < h->plain)
			break;
		rest -= h->plain;
		off += h->size;
	}
	sha256_end(hash, sum);
	if (left > 0 || memcmp(sum, e->sha256, SHA256_LEN) != 0)
		return false;
	s->next = off;
	s->pos = (size_t)rest;
	s->moved = true;
	return true;
}

static int give_object(struct scan *s, const struct entry *e, size_t pos, struct err *err)
{
	s->in_step = true;
	s->tries = 0;
	return s->fn(s->ctx, e->kind, e->sha256, e->size, s->off, pos, err);
}

/* The object lies in the member whole. */
static int take_inside(struct scan *s, const struct entry *e, struct err *err)
{
	size_t pos = s->pos;
	uint8_t sum[SHA256_LEN];

	sha256_of(s->file.plain.p + pos + TAR_BLOCK, (size_t)e->size, sum);
	if (memcmp(sum, e->sha256, SHA256_LEN) == 0) {
		s->pos += (size_t)tar_entry_size(e->size);
		return give_object(s, e, pos, err);
	}
	if (s->in_step)
		report_gap(s, s->off, s->off + s->file.head.size);
	s->pos += s->in_step ? (size_t)tar_entry_size(e->size) : TAR_BLOCK;
	return 0;
}

/* The object goes on in the next member: followed, a few times on suspicion alone. */
static int take_spanning(struct scan *s, const struct entry *e, struct err *err)
{
	size_t pos = s->pos;
	struct sha256 hash;

	if (!s->in_step && s->tries++ >= TRIES_MAX) {
		s->pos += TAR_BLOCK;
		return 0;
	}
	sha256_start(&hash);
	sha256_add(&hash, s->file.plain.p + pos + TAR_BLOCK,
	        (size_t)s->file.head.plain - pos - TAR_BLOCK);
	if (follow_object(s, e, &hash))
		return give_object(s, e, pos, err);
	if (s->in_step) {
		/* What follows are its remains: the next header is somewhere behind. */
		report_gap(s, s->off, s->off + s->file.head.size);
		s->in_step = false;
		s->pos = (size_t)s->file.head.plain;
	} else {
		s->pos += TAR_BLOCK;
	}
	return 0;
}

/* All of one member, from s->pos on. */
static int scan_objects(struct scan *s, struct err *err)
{
	size_t n = (size_t)s->file.head.plain;
	struct entry e;
	int rc = 0;

	s->moved = false;
	while (rc == 0 && !s->moved && s->pos < n) {
		const uint8_t *p = s->file.plain.p + s->pos;

		if (n - s->pos < TAR_BLOCK)
			break;
		if (!tarhead_parse(p, &e.kind, e.sha256, &e.size)) {
			if (s->in_step && !tar_is_zero(p, TAR_BLOCK)) {
				report_gap(s, s->off, s->off + s->file.head.size);
				s->in_step = false;
			}
			s->pos += TAR_BLOCK;
		} else if (e.size <= n - s->pos - TAR_BLOCK) {
			rc = take_inside(s, &e, err);
		} else {
			rc = take_spanning(s, &e, err);
		}
	}
	/* Zeros after an object may go on in the next member. */
	if (!s->moved)
		s->pos = s->in_step && s->pos > n ? s->pos - n : 0;
	return rc;
}

/* All of the file; what is no whole member is a gap. */
static int scan_members(struct scan *s, struct err *err)
{
	uint64_t bad = UINT64_MAX, size;
	struct err ignored = {0};
	struct stat st;
	int rc = 0;

	if (fstat(s->file.fd, &st) != 0)
		return err_sys(err, ERR_WHOLE, "cannot look at %s", s->file.name);
	size = (uint64_t)st.st_size;
	for (s->off = 0, s->in_step = true; rc == 0 && s->off < size; s->off = s->next) {
		if (member_read(&s->file, s->off, &ignored) != 0) {
			if (bad == UINT64_MAX)
				bad = s->off;
			s->next = find_member(s, s->off + 1, size);
			s->in_step = false;
			s->tries = 0;
			s->pos = 0;
			continue;
		}
		if (bad != UINT64_MAX)
			report_gap(s, bad, s->off);
		bad = UINT64_MAX;
		s->next = s->off + (s->file.head.end ? MEMBER_END_SIZE : s->file.head.size);
		if (!s->file.head.end)
			rc = scan_objects(s, err);
	}
	if (bad != UINT64_MAX)
		report_gap(s, bad, size);
	return rc;
}

int part_scan(int dirfd, const char *name, part_object_fn fn,
        void (*gap)(void *ctx, uint64_t from, uint64_t to), void *ctx, struct err *err)
{
	struct scan s = {.fn = fn, .gap = gap, .ctx = ctx};
	int rc = member_file_open(&s.file, dirfd, name, err);

	if (rc != 0)
		return rc;
	member_file_init(&s.ahead, s.file.fd, name);
	rc = scan_members(&s, err);
	member_file_clear(&s.ahead);
	member_file_close(&s.file);
	return rc;
}
