/*
 * Any bytes as a part: check, scan, read. The first byte says how they become a file: 0
 * as they are; 1 with the CRCs of member heads put right; 2 as the plain tar bytes of
 * small members that are made here (checksums of headers put right), so that mutations
 * get past the outer checks.
 * Whatever happens, no object is given out whose bytes do not have the hash that is its
 * name.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "pack/part/member.h"
#include "pack/part/part.h"
#include "pack/part/tarhead.h"
#include "valise/base/buf.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"

#define CHECK(x) ((x) ? (void)0 : abort())
#define FILE_NAME "part"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[] = "/tmp/valise-fuzz-XXXXXX";

static void remove_scratch(void)
{
	(void)rmdir(path);
}

static int scratch(void)
{
	static int fd = -1;

	if (fd >= 0)
		return fd;
	CHECK(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY);
	CHECK(fd >= 0 && atexit(remove_scratch) == 0);
	return fd;
}

static uint32_t crc32_of(const uint8_t *p, size_t n, uint32_t crc)
{
	crc = ~crc;
	while (n-- > 0) {
		crc ^= *p++;
		for (int b = 0; b < 8; b++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void fix_heads(uint8_t *p, size_t n)
{
	for (size_t i = 0; i + MEMBER_END_SIZE <= n; i++) {
		size_t len = p[i + 13] == 'E' ? 32 : 20;
		uint32_t crc;

		if (memcmp(p + i, "\x1f\x8b\x08\x04", 4) != 0)
			continue;
		crc = crc32_of(p + i + 16, len, crc32_of(p + i + 12, 2, 0));
		for (size_t b = 0; b < 4; b++)
			p[i + 16 + len + b] = (uint8_t)(crc >> (8 * b));
	}
}

static void fix_tar(uint8_t *p, size_t n)
{
	for (size_t i = 0; i + TAR_BLOCK <= n; i += TAR_BLOCK) {
		unsigned sum = 0;
		char text[8];

		if (memcmp(p + i, "objects/", 8) != 0)
			continue;
		memset(p + i + 148, ' ', 8);
		for (size_t k = 0; k < TAR_BLOCK; k++)
			sum += p[i + k];
		snprintf(text, sizeof text, "%06o", sum & 0777777);
		memcpy(p + i + 148, text, 7);
	}
}

/* ${p} as members of at most ${step} bytes and the right end member. */
static void wrap(const uint8_t *p, size_t n, size_t step, struct buf *out)
{
	struct member_maker *maker = member_maker_new(MEMBER_PARTS);
	struct member_head h = {.end = true, .plain = n};
	uint8_t *member = xmalloc(MEMBER_SIZE_MAX(step)), end[MEMBER_END_SIZE];

	for (size_t i = 0; i < n; i += step) {
		size_t now = n - i < step ? n - i : step;

		buf_put(out, member, member_make(maker, h.seq++, p + i, now, member));
	}
	for (size_t i = 0; i + TAR_BLOCK <= n; i += TAR_BLOCK)
		h.entries += memcmp(p + i, "objects/", 8) == 0;
	h.size = out->len + MEMBER_END_SIZE;
	member_put_end(&h, end);
	buf_put(out, end, sizeof end);
	free(member);
	member_maker_free(maker);
}

struct given {
	struct part_reader *reader;
	struct sha256 hash;
	uint64_t size, objects;
};

static int hash_bytes(void *ctx, const void *p, size_t n, struct err *err)
{
	struct given *g = ctx;

	(void)err;
	sha256_add(&g->hash, p, n);
	g->size += n;
	return 0;
}

static int object(void *ctx, enum coll_kind kind, const uint8_t sha256[SHA256_LEN], uint64_t size,
        uint64_t member, uint64_t offset, struct err *err)
{
	const struct object_place place = {1, 1, member, offset};
	struct given *g = ctx;
	uint8_t sum[SHA256_LEN];

	if (++g->objects > 20)
		return 0;
	g->size = 0;
	sha256_start(&g->hash);
	CHECK(part_reader_object(
	              g->reader, FILE_NAME, &place, sha256, size, kind, hash_bytes, g, err) == 0);
	sha256_end(&g->hash, sum);
	CHECK(g->size == size && memcmp(sum, sha256, SHA256_LEN) == 0);
	return 0;
}

static void gap(void *ctx, uint64_t from, uint64_t to)
{
	(void)ctx;
	CHECK(from < to);
}

static void use_file(int dirfd, size_t size)
{
	struct part_reader *reader = part_reader_new(dirfd);
	struct given checked = {.reader = reader}, scanned = checked;
	struct part_checker *c = NULL;
	struct members_reader *r = NULL;
	struct err err = {0};
	uint8_t sum[SHA256_LEN], chunk[4096];
	uint64_t end = 0;
	size_t got = 1;

	CHECK(part_checker_open(dirfd, FILE_NAME, object, &checked, &c, &err) == 0);
	if (part_checker_run(c, UINT64_MAX, &err) == 0) {
		part_checker_sum(c, sum, &end);
		CHECK(end == size);
	} else {
		CHECK(err.code == ERR_DAMAGED);
		end = 0;
	}
	part_checker_free(c);
	CHECK(part_scan(dirfd, FILE_NAME, object, gap, &scanned, &err) == 0);
	CHECK(scanned.objects >= checked.objects);
	CHECK(end == 0 || scanned.objects == checked.objects);
	CHECK(members_reader_open(dirfd, FILE_NAME, &r, &err) == 0);
	while (got > 0 && members_reader_read(r, chunk, sizeof chunk, &got, &err) == 0)
		;
	members_reader_free(r);
	part_reader_free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int dirfd = scratch(), fd;
	uint8_t *copy;
	struct buf b;

	if (size < 2 || size > 300000)
		return 0;
	copy = xmemdup(data + 2, size - 2);
	buf_init(&b, 1u << 20);
	switch (data[0]) {
	case 1:
		fix_heads(copy, size - 2);
		buf_put(&b, copy, size - 2);
		break;
	case 2:
		fix_tar(copy, size - 2);
		wrap(copy, size - 2, (size_t)(data[1] + 1) * TAR_BLOCK, &b);
		break;
	default:
		buf_put(&b, copy, size - 2);
		break;
	}
	fd = openat(dirfd, FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	CHECK(fd >= 0 && write(fd, b.data, b.len) == (ssize_t)b.len);
	close(fd);
	use_file(dirfd, b.len);
	CHECK(unlinkat(dirfd, FILE_NAME, 0) == 0);
	buf_clear(&b);
	free(copy);
	return 0;
}
