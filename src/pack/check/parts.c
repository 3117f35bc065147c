/* A part read from end to end: members, tar entries, hashes of objects and file. */
#include "pack/part/part.h"
#include "pack/part/member.h"
#include "pack/part/tarwalk.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <sys/stat.h>

struct part_checker {
	struct member_file file;
	struct tar_walk walk;
	struct sha256 hash;
	uint64_t off;
	uint32_t seq;
	bool ended;
	uint8_t sum[SHA256_LEN];
};

int part_checker_open(int dirfd, const char *name, part_object_fn fn, void *ctx,
        struct part_checker **out, struct err *err)
{
	struct part_checker *c = xcalloc(1, sizeof *c);
	int rc = member_file_open(&c->file, dirfd, name, err);

	*out = NULL;
	if (rc != 0) {
		free(c);
		return rc;
	}
	c->walk.name = c->file.name;
	c->walk.fn = fn;
	c->walk.ctx = ctx;
	sha256_start(&c->hash);
	*out = c;
	return 0;
}

static int fail_part(struct part_checker *c, const char *what, struct err *err)
{
	return err_set(err, ERR_DAMAGED, ERR_ITEM, "%s: %s at offset %ju", c->file.name, what,
	        (uintmax_t)c->off);
}

static int check_end(struct part_checker *c, struct err *err)
{
	const struct member_head *h = &c->file.head;
	struct stat st;

	if (c->walk.state != WALK_ENDED)
		return fail_part(c, "the end member comes before the end of the tar file", err);
	if (h->size != c->off + MEMBER_END_SIZE || h->plain != c->walk.plain ||
	        h->entries != c->walk.entries)
		return fail_part(c, "the end member counts other sizes or entries", err);
	if (fstat(c->file.fd, &st) != 0)
		return err_sys(err, ERR_WHOLE, "cannot look at %s", c->file.name);
	if ((uint64_t)st.st_size != h->size)
		return fail_part(c, "bytes after the end member", err);
	sha256_add(&c->hash, c->file.raw.p, MEMBER_END_SIZE);
	sha256_end(&c->hash, c->sum);
	c->off = h->size;
	c->ended = true;
	return 0;
}

static int check_member(struct part_checker *c, uint64_t limit, struct err *err)
{
	const struct member_head *h = &c->file.head;
	int rc = member_read(&c->file, c->off, err);

	if (rc != 0)
		return rc;
	if (h->seq != c->seq)
		return fail_part(c, "a member is missing or out of order", err);
	if (h->end)
		return check_end(c, err);
	if (h->size > limit - c->off)
		return fail_part(c, "a member goes beyond where one should end", err);
	sha256_add(&c->hash, c->file.raw.p, (size_t)h->size);
	rc = tar_walk_add(&c->walk, c->off, c->file.plain.p, (size_t)h->plain, err);
	c->off += h->size;
	c->seq++;
	return rc;
}

int part_checker_run(struct part_checker *c, uint64_t limit, struct err *err)
{
	int rc = 0;

	if (!c->ended && c->off < limit) /* length 0 of the system call: to the end */
		member_drop_cache(c->file.fd, c->off, limit == UINT64_MAX ? c->off : limit);
	while (rc == 0 && !c->ended && c->off < limit)
		rc = check_member(c, limit, err);
	return rc;
}

void part_checker_sum(const struct part_checker *c, uint8_t sum_out[SHA256_LEN], uint64_t *size_out)
{
	memcpy(sum_out, c->sum, SHA256_LEN);
	*size_out = c->off;
}

void part_checker_free(struct part_checker *c)
{
	if (!c)
		return;
	member_file_close(&c->file);
	free(c);
}
