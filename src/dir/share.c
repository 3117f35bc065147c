/*
 * Messages that were fetched although the tree has them (copied or moved to another
 * mailbox on the server): before the commit their object in .work becomes a link to the
 * file that is there, so that the new place will be one, too.
 */
#include "internal.h"
#include "valise/base/file.h"
#include "valise/base/sys.h"
#include <sys/stat.h>

/* If the file ${name} has the object's bytes, and room for a link more. */
static int link_object(
        const struct commit *c, struct object *o, int dirfd, const char *name, struct err *err)
{
	char path[OBJECT_FILE_SIZE];
	struct stat st;
	uint64_t size;
	int file = -1, object = -1, rc;
	bool same = false;

	/* a client renamed or removed it */
	if (beneath_file(dirfd, name, &file, &size, NULL) != 0)
		return 0;
	rc = beneath_file(c->workfd, object_file(o->file, path), &object, NULL, err);
	if (rc == 0 && size == o->size && fstat(file, &st) == 0 && st.st_nlink < c->links_max)
		rc = fd_same(file, object, &same, err);
	sys_close(file);
	fd_close(object);
	if (rc != 0 || !same)
		return rc;
	(void)!sys_unlinkat(c->workfd, "share", 0);
	/* A file system without links: the object stays a file of its own. */
	if (sys_linkat(dirfd, name, c->workfd, "share") == 0 &&
	        sys_renameat(c->workfd, "share", c->workfd, path) == 0)
		o->shared = true;
	return 0;
}

/* All messages of one mailbox of the last state. */
static int share_coll(const struct commit *c, const struct tree_coll *old, struct err *err)
{
	struct buf name = buf_of(SIZE_MAX);
	int dirfd, rc = 0;

	if (beneath_dir(c->treefd, old->path, &dirfd, NULL) != 0)
		return 0;
	for (size_t i = 0; rc == 0 && i < old->n_items; i++) {
		struct object *o = objects_find(c->objects, old->items[i].sha256);

		if (!o || o->shared)
			continue;
		buf_reset(&name);
		dir_local_path(old, &old->items[i], c->sep, &name);
		rc = link_object(c, o, dirfd, buf_str(&name), err);
	}
	buf_clear(&name);
	sys_close(dirfd);
	return rc;
}

int commit_share(const struct commit *c, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->before->n_heads; i++) {
		const struct tree_head *h = &c->before->heads[i];
		struct tree_coll *old = NULL;

		if (h->kind != COLL_MAIL || h->roots.items == 0 || !h->catalog)
			continue;
		if (catalog_load(c->treefd, h->catalog, NULL, &old, NULL, NULL) == 0)
			rc = share_coll(c, old, err);
		tree_coll_free(old);
	}
	return rc;
}
