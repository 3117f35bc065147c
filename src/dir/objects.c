/* The objects of a run that is not committed: by SHA-256, and their files in .work. */
#include "internal.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void objects_clear(struct objects *o)
{
	free(o->list);
	free(o->index);
	memset(o, 0, sizeof *o);
}

/*
 * The slot that holds the number (from 1) of this content, or the free one where it
 * belongs.
 */
static size_t find_slot(const struct objects *o, const uint8_t sha256[SHA256_LEN])
{
	size_t i;

	memcpy(&i, sha256, sizeof i);
	for (i &= o->index_size - 1; o->index[i] != 0; i = (i + 1) & (o->index_size - 1))
		if (memcmp(o->list[o->index[i] - 1].sha256, sha256, SHA256_LEN) == 0)
			break;
	return i;
}

struct object *objects_find(const struct objects *o, const uint8_t sha256[SHA256_LEN])
{
	size_t slot;

	if (o->n == 0)
		return NULL;
	slot = find_slot(o, sha256);
	return o->index[slot] ? &o->list[o->index[slot] - 1] : NULL;
}

static void grow_index(struct objects *o)
{
	o->index_size = o->index_size ? o->index_size * 2 : 1024;
	free(o->index);
	o->index = xcalloc(o->index_size, sizeof *o->index);
	for (size_t i = 0; i < o->n; i++)
		o->index[find_slot(o, o->list[i].sha256)] = (uint32_t)(i + 1);
}

struct object *objects_put(
        struct objects *o, const uint8_t sha256[SHA256_LEN], uint64_t size, uint32_t file)
{
	struct object *e = objects_find(o, sha256);

	if (!e) {
		if (o->n * 2 >= o->index_size)
			grow_index(o);
		e = ARR_PUSH(o->list, o->n, o->cap);
		memcpy(e->sha256, sha256, SHA256_LEN);
		o->index[find_slot(o, sha256)] = (uint32_t)o->n;
	}
	e->size = size;
	e->file = file;
	e->old = false;
	e->shared = false;
	if (file >= o->next_file)
		o->next_file = file + 1;
	return e;
}

char *object_file(uint32_t file, char out[OBJECT_FILE_SIZE])
{
	snprintf(out, OBJECT_FILE_SIZE, "o%03u/%03u", file / 1000, file % 1000);
	return out;
}

int object_create(int workfd, uint32_t file, int *fd_out, struct err *err)
{
	char path[OBJECT_FILE_SIZE], dir[OBJECT_FILE_SIZE];
	int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;

	object_file(file, path);
	*fd_out = sys_openat(workfd, path, flags, 0600);
	if (*fd_out < 0 && errno == EEXIST) {
		/*
		 * Left by a run that was cut. It may be linked into the tree: never write
		 * to it.
		 */
		if (sys_unlinkat(workfd, path, 0) == 0)
			*fd_out = sys_openat(workfd, path, flags, 0600);
	} else if (*fd_out < 0 && errno == ENOENT) {
		snprintf(dir, sizeof dir, "o%03u", file / 1000);
		if (sys_mkdirat(workfd, dir, 0700) == 0 || errno == EEXIST)
			*fd_out = sys_openat(workfd, path, flags, 0600);
	}
	return *fd_out < 0 ? err_sys(err, ERR_WHOLE, "cannot create .work/%s", path) : 0;
}
