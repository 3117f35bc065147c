/* A part read from end to end: members, tar entries, hashes of objects and file. */
#include "pack/part/part.h"
#include "pack/part/member.h"
#include "pack/part/tarwalk.h"
#include "valise/base/mem.h"
#include <stdlib.h>

struct part_checker {
	struct member_stream in;
	struct tar_walk walk;
};

int part_checker_open(int dirfd, const char *name, part_object_fn fn, void *ctx,
        struct part_checker **out, struct err *err)
{
	struct part_checker *c = xcalloc(1, sizeof *c);
	int rc = member_stream_open(&c->in, dirfd, name, err);

	*out = NULL;
	if (rc != 0) {
		free(c);
		return rc;
	}
	c->walk.name = c->in.file.name;
	c->walk.fn = fn;
	c->walk.ctx = ctx;
	*out = c;
	return 0;
}

void part_checker_ahead(struct part_checker *c, unsigned threads)
{
	if (!threads)
		return;
	member_drop_cache(c->in.file.fd, c->in.off, c->in.off);
	member_stream_ahead(&c->in, threads);
}

/* One member, or the end, where the tar file must have ended and be counted right. */
static int check_member(struct part_checker *c, uint64_t limit, struct err *err)
{
	const struct member_head *h = &c->in.file.head;
	uint64_t at = c->in.off;
	int rc = member_stream_next(&c->in, err);

	if (rc != 0)
		return rc;
	if (!c->in.ended && c->in.off > limit)
		return member_stream_fail(&c->in, "a member goes beyond where one should end", err);
	if (!c->in.ended)
		return tar_walk_add(&c->walk, at, c->in.file.plain.p, (size_t)h->plain, err);
	if (c->walk.state != WALK_ENDED)
		return member_stream_fail(
		        &c->in, "the end member comes before the end of the tar file", err);
	if (h->entries != c->walk.entries)
		return member_stream_fail(&c->in, "the end member counts other entries", err);
	return 0;
}

int part_checker_run(struct part_checker *c, uint64_t limit, struct err *err)
{
	int rc = 0;

	/* length 0 of the system call: to the end */
	if (!c->in.ahead && !c->in.ended && c->in.off < limit)
		member_drop_cache(
		        c->in.file.fd, c->in.off, limit == UINT64_MAX ? c->in.off : limit);
	while (rc == 0 && !c->in.ended && c->in.off < limit)
		rc = check_member(c, limit, err);
	return rc;
}

void part_checker_sum(const struct part_checker *c, uint8_t sum_out[SHA256_LEN], uint64_t *size_out)
{
	memcpy(sum_out, c->in.sum, SHA256_LEN);
	*size_out = c->in.off;
}

void part_checker_free(struct part_checker *c)
{
	if (!c)
		return;
	member_stream_close(&c->in);
	free(c);
}
