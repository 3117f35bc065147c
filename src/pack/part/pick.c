/* Members of a small file one by one, in any order: what is not asked for is not inflated. */
#include "part.h"
#include "member.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include <stdlib.h>

struct members_picker {
	struct member_file file;
	uint64_t *off;
	size_t n, cap;
};

/* From header to header, up to the end member. */
static int list_members(struct members_picker *k, struct err *err)
{
	struct member_head h = {0};
	uint64_t off = 0;

	for (;;) {
		uint8_t head[MEMBER_END_SIZE];
		size_t got = 0;
		int rc = fd_pread(k->file.fd, head, sizeof head, off, &got, err);

		if (rc < 0)
			return err_wrap(err, "%s", k->file.name);
		if (!member_parse(head, got, &h))
			return err_set(err, ERR_DAMAGED, ERR_COLLECTION,
			        "%s: no member header at offset %ju", k->file.name, (uintmax_t)off);
		if (h.end)
			return 0;
		*ARR_PUSH(k->off, k->n, k->cap) = off;
		off += h.size;
	}
}

int members_picker_open(int dirfd, const char *name, struct members_picker **out, struct err *err)
{
	struct members_picker *k = xcalloc(1, sizeof *k);
	int rc = member_file_open(&k->file, dirfd, name, err);

	*out = NULL;
	if (rc < 0) {
		free(k);
		return rc;
	}
	rc = list_members(k, err);
	if (rc < 0)
		members_picker_free(k);
	else
		*out = k;
	return rc;
}

size_t members_picker_count(const struct members_picker *k)
{
	return k->n;
}

int members_picker_get(
        void *members_picker, size_t i, const char **p_out, size_t *n_out, struct err *err)
{
	struct members_picker *k = members_picker;
	int rc = member_read(&k->file, k->off[i], err);

	if (rc < 0)
		return rc;
	*p_out = (const char *)k->file.plain.p;
	*n_out = (size_t)k->file.head.plain;
	return 0;
}

void members_picker_free(struct members_picker *k)
{
	if (!k)
		return;
	member_file_close(&k->file);
	free(k->off);
	free(k);
}
