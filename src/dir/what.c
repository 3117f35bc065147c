/*
 * What names the items of a collection that is written: it came with their octets or stood in
 * the last catalog; else, where an older version wrote that or a run was interrupted, the
 * files are read.
 */
#include "internal.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <stdlib.h>

enum { CHUNK = 64 << 10 };

/* A file that is open: closed in any case. */
static int name_file(struct dir_sink *d, enum coll_kind kind, const struct tree_item *it, int fd,
        struct err *err)
{
	struct about_scan *scan = about_scan_new(kind);
	uint8_t *chunk = xmalloc(CHUNK);
	uint64_t off = 0;
	size_t n;
	int rc;

	do {
		rc = fd_pread(fd, chunk, CHUNK, off, &n, err);
		if (rc == 0)
			about_scan_add(scan, chunk, n);
		off += n;
	} while (rc == 0 && n == CHUNK);
	if (rc == 0)
		rc = abouts_take(d->abouts, kind, it->sha256, scan, err);
	about_scan_free(scan);
	free(chunk);
	sys_close(fd);
	return rc;
}

/* Its file in .work, else in the tree, under whatever flags; -1: there is none. */
static int open_file(struct dir_sink *d, const struct tree_coll *c, const struct tree_item *it,
        const struct listing *files)
{
	char file[OBJECT_FILE_SIZE];
	struct buf unique = buf_of(SIZE_MAX);
	const struct object *o;
	const char *have;
	char *path;
	int fd = -1;

	pthread_mutex_lock(&d->lock);
	o = objects_find(&d->objects, it->sha256);
	if (o)
		object_file(o->file, file);
	pthread_mutex_unlock(&d->lock);
	if (o)
		return beneath_file(d->workfd, file, &fd, NULL, NULL) == 0 ? fd : -1;
	item_unique_name(c, it, &unique);
	have = listing_find(files, buf_str(&unique));
	path = have ? xasprintf("%s/%s", c->path, have) : NULL;
	if (path && beneath_file(d->files.treefd, path, &fd, NULL, NULL) < 0)
		fd = -1;
	free(path);
	buf_clear(&unique);
	return fd;
}

int dir_name_items(struct dir_sink *d, const struct tree_coll *c, struct err *err)
{
	struct listing files = {0};
	bool listed = false;
	int rc = 0;

	if (coll_is_beside(c->kind))
		return 0;
	for (size_t i = 0; rc >= 0 && i < c->n_items + c->n_gone; i++) {
		const struct tree_item *it = tree_coll_any(c, i);
		int fd = -1;

		rc = abouts_get(d->abouts, c->kind, it->sha256, NULL, err);
		if (rc != 0)
			continue;
		if (!listed)
			rc = listing_read(d->files.treefd, c->kind, c->path, &files, err);
		listed = true;
		if (rc == 0)
			fd = open_file(d, c, it, &files);
		if (fd >= 0)
			rc = name_file(d, c->kind, it, fd, err);
	}
	listing_clear(&files);
	return rc < 0 ? rc : 0;
}
