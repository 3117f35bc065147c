/*
 * What the tests of parts share: a scratch directory, made-up objects, a writer driven to
 * its end.
 */
#ifndef VALISE_TEST_PACK_PART_PARTS_HELP_H
#define VALISE_TEST_PACK_PART_PARTS_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "pack/part/part.h"
#include "pack/part/member.h"
#include "pack/part/tarhead.h"

#define UNUSED __attribute__((unused))

struct scratch {
	char path[64];
	int fd;
};

UNUSED static void scratch_open(struct scratch *s)
{
	struct err err;

	snprintf(s->path, sizeof s->path, "/tmp/valise-pack-XXXXXX");
	assert_non_null(mkdtemp(s->path));
	assert_int_equal(dir_open(AT_FDCWD, s->path, &s->fd, &err), 0);
}

UNUSED static void scratch_close(struct scratch *s)
{
	struct err err;

	close(s->fd);
	assert_int_equal(dir_remove(AT_FDCWD, s->path, &err), 0);
}

/* An object: what its bytes are follows from seed and size. */
struct object {
	enum coll_kind kind;
	uint64_t size;
	uint32_t seed;
	uint8_t sha256[SHA256_LEN];
	struct part_place place;
};

/* Lines of base64-like text between lines of words: something to deflate. */
UNUSED static uint8_t *object_bytes(const struct object *o)
{
	static const char digits[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t *p = xmalloc(o->size + 1);
	uint32_t x = o->seed * 2654435761u + 1;

	for (uint32_t i = 0, column = 0; i < o->size; i++, column = column == 77 ? 0 : column + 1) {
		x = x * 1664525u + 1013904223u;
		if (column > 75)
			p[i] = column == 76 ? '\r' : '\n';
		else if (i / 4096 % 2)
			p[i] = (uint8_t) "the quick brown fox is out today"[(i + (x >> 31)) % 32];
		else
			p[i] = (uint8_t)digits[x >> 26];
	}
	return p;
}

UNUSED static struct object object_make(uint64_t size, uint32_t seed)
{
	struct object o = {.kind = (enum coll_kind)(seed % COLL_KINDS), .size = size, .seed = seed};
	uint8_t *p = object_bytes(&o);

	sha256_of(p, size, o.sha256);
	free(p);
	return o;
}

UNUSED static int object_add(struct part_writer *w, struct object *o, struct err *err)
{
	uint8_t *p = object_bytes(o);
	int rc = part_writer_add(w, o->kind, o->sha256, o->size, p, -1, &o->place, err);

	free(p);
	return rc;
}

UNUSED static struct part_writer *writer_open(
        const struct scratch *s, unsigned workers, uint64_t part_size)
{
	struct part_opts opts = {
	        .snapshot = 1, .part_size = part_size, .workers = workers, .first_part = 1};
	struct part_writer *w = NULL;
	struct err err = {0};

	assert_int_equal(part_writer_open(s->fd, &opts, &w, &err), 0);
	return w;
}

UNUSED static unsigned writer_finish(struct part_writer *w)
{
	unsigned parts = 0;
	struct err err = {0};
	int rc = part_writer_finish(w, &parts, &err);

	if (rc != 0)
		fail_msg("%s", err.text);
	return parts;
}

UNUSED static void add_all(struct part_writer *w, struct object *o, size_t n)
{
	struct err err = {0};

	for (size_t i = 0; i < n; i++)
		if (object_add(w, &o[i], &err) != 0)
			fail_msg("%s", err.text);
}

/* A whole archive of parts of these objects. */
UNUSED static unsigned write_all(
        const struct scratch *s, struct object *o, size_t n, unsigned workers, uint64_t part_size)
{
	struct part_writer *w = writer_open(s, workers, part_size);
	unsigned parts;

	add_all(w, o, n);
	parts = writer_finish(w);
	for (size_t i = 0; i < n; i++) {
		uint64_t member = UINT64_MAX;

		assert_true(part_writer_resolve(w, &o[i].place, NULL, &member));
	}
	part_writer_free(w);
	return parts;
}

struct seen {
	struct object o[4096];
	uint64_t member[4096], offset[4096];
	size_t n;
	uint64_t gaps, gap_bytes;
};

UNUSED static int see(void *ctx, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        uint64_t size, uint64_t member, uint64_t offset, struct err *err)
{
	struct seen *s = ctx;

	(void)err;
	assert_true(s->n < 4096);
	s->o[s->n].kind = kind;
	s->o[s->n].size = size;
	memcpy(s->o[s->n].sha256, sha256, SHA256_LEN);
	s->member[s->n] = member;
	s->offset[s->n++] = offset;
	return 0;
}

UNUSED static void see_gap(void *ctx, uint64_t from, uint64_t to)
{
	struct seen *s = ctx;

	s->gaps++;
	s->gap_bytes += to - from;
}

UNUSED static bool seen_has(const struct seen *s, const struct object *o)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->o[i].kind == o->kind && s->o[i].size == o->size &&
		        memcmp(s->o[i].sha256, o->sha256, SHA256_LEN) == 0)
			return true;
	return false;
}

/* A checker over a whole file, by so many threads beside it; its result. */
UNUSED static int check_file_by(const struct scratch *s, const char *name, unsigned threads,
        struct seen *seen, uint8_t sum[SHA256_LEN], uint64_t *size, struct err *err)
{
	struct part_checker *c = NULL;
	int rc = part_checker_open(s->fd, name, seen ? see : NULL, seen, &c, err);

	if (rc == 0) {
		part_checker_ahead(c, threads);
		rc = part_checker_run(c, UINT64_MAX, err);
	}
	if (rc == 0)
		part_checker_sum(c, sum, size);
	part_checker_free(c);
	return rc;
}

/* The same alone; with other threads it finds the very same. */
UNUSED static int check_file(const struct scratch *s, const char *name, struct seen *seen,
        uint8_t sum[SHA256_LEN], uint64_t *size, struct err *err)
{
	int rc = check_file_by(s, name, 0, seen, sum, size, err), rc2;
	uint8_t sum2[SHA256_LEN] = {0};
	struct err err2 = {0};
	uint64_t size2 = 0;

	rc2 = check_file_by(s, name, 2, NULL, sum2, &size2, &err2);
	assert_int_equal(rc, rc2);
	if (rc == 0) {
		assert_memory_equal(sum, sum2, SHA256_LEN);
		assert_int_equal(*size, size2);
	} else {
		assert_string_equal(err->text, err2.text);
	}
	return rc;
}

UNUSED static void read_whole(const struct scratch *s, const char *name, struct buf *out)
{
	struct err err = {0};

	buf_init(out, 512u << 20);
	if (file_read(s->fd, name, out, &err) != 0)
		fail_msg("%s", err.text);
}

/* Overwrite a file in place, without syncs. */
UNUSED static void put_file_bytes(
        const struct scratch *s, const char *name, const void *p, size_t n)
{
	int fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

#endif
