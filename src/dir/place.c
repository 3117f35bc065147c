/*
 * One item of a decided commit to its place in the tree. Each step may have been done
 * before.
 */
#include "internal.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* An object that cannot be opened ends the commit. */
static int open_object(const struct commit *c, const struct object *o, int *fd_out, struct err *err)
{
	char path[OBJECT_FILE_SIZE];
	int rc = beneath_file(c->workfd, object_file(o->file, path), fd_out, NULL, err);

	return rc ? err_widen(err, ERR_WHOLE) : 0;
}

/* Is the file at ${name} what the object says? The same inode is, without reading. */
static int holds_object(const struct placing *p, const struct object *o, const char *name,
        bool *same_out, struct err *err)
{
	struct stat a, b;
	uint64_t size;
	int object = -1, file = -1, rc;

	*same_out = false;
	rc = beneath_file(p->dirfd, name, &file, &size, err);
	if (rc != 0) { /* not a plain file: not ours */
		err_clear(err);
		return 0;
	}
	rc = size == o->size ? open_object(p->commit, o, &object, err) : 0;
	if (rc == 0 && object >= 0) {
		if (fstat(file, &a) == 0 && fstat(object, &b) == 0 && a.st_ino == b.st_ino &&
		        a.st_dev == b.st_dev)
			*same_out = true;
		/* what cannot be read is written again */
		else if (fd_same(object, file, same_out, NULL) != 0)
			*same_out = false;
	}
	fd_close(object);
	sys_close(file);
	return rc;
}

/*
 * A new file ${name} with the object's bytes. It becomes durable with the barrier that
 * ends the commit's files.
 */
static int copy_object(const struct placing *p, const struct object *o, int dirfd, const char *name,
        struct err *err)
{
	int from, to, rc = open_object(p->commit, o, &from, err);

	if (rc != 0)
		return rc;
	(void)!sys_unlinkat(dirfd, name, 0);
	to = sys_openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (to < 0) {
		rc = err_sys(err, ERR_WHOLE, "%s/%s", p->now->path, name);
	} else {
		rc = fd_copy(from, to, err);
		if (sys_close(to) != 0 && rc == 0)
			rc = err_sys(err, ERR_WHOLE, "%s/%s", p->now->path, name);
	}
	sys_close(from);
	return rc;
}

/* How many names its file has. */
static nlink_t link_count(const struct commit *c, const struct object *o)
{
	char path[OBJECT_FILE_SIZE];
	struct stat st;

	return fstatat(c->workfd, object_file(o->file, path), &st, AT_SYMLINK_NOFOLLOW) == 0
	               ? st.st_nlink
	               : 1;
}

/* The object has as many links as a file may have: go on with a copy of it. */
static int renew_object(const struct placing *p, struct object *o, struct err *err)
{
	uint32_t file = p->commit->objects->next_file;
	int from, to = -1, rc = open_object(p->commit, o, &from, err);

	if (rc != 0)
		return rc;
	rc = object_create(p->commit->workfd, file, &to, err);
	if (rc == 0)
		rc = fd_copy(from, to, err);
	if (to >= 0 && sys_close(to) != 0 && rc == 0)
		rc = err_sys(err, ERR_WHOLE, "cannot write a copy of an object");
	sys_close(from);
	if (rc == 0)
		objects_put(p->commit->objects, o->sha256, o->size, file);
	return rc;
}

static int rename_in(const struct placing *p, const char *from, const char *to, struct err *err)
{
	if (sys_renameat(p->dirfd, from, p->dirfd, to) != 0)
		return err_sys(err, ERR_WHOLE, "cannot rename %s/%s", p->now->path, from);
	return 0;
}

/*
 * Through a file that no reader takes for an item: tmp of a Maildir, a hidden name
 * elsewhere.
 */
static int copy_in(const struct placing *p, const struct object *o, const char *name, int64_t date,
        struct err *err)
{
	char *temp = p->now->kind == COLL_MAIL ? xasprintf("tmp/%s", name + 4)
	                                       : xasprintf(".%s.tmp", name);
	int rc = copy_object(p, o, p->dirfd, temp, err);

	/* a help for readers, no more */
	if (rc == 0 && date != 0)
		(void)!sys_utimensat(p->dirfd, temp, date);
	if (rc == 0)
		rc = rename_in(p, temp, name, err);
	free(temp);
	return rc;
}

/* A link to the object, or where that is not possible a copy. */
static int link_in(
        const struct placing *p, struct object *o, const char *name, int64_t date, struct err *err)
{
	int workfd = p->commit->workfd, rc = 0;
	char path[OBJECT_FILE_SIZE];

	if (link_count(p->commit, o) > p->commit->links_max)
		rc = renew_object(p, o, err);
	for (int again = 0; rc == 0; again++) {
		object_file(o->file, path);
		/*
		 * Before it is linked, so that no cut between the two leaves another
		 * time.
		 */
		if (date != 0 && link_count(p->commit, o) == 1)
			(void)!sys_utimensat(workfd, path, date);
		if (sys_linkat(workfd, path, p->dirfd, name) == 0)
			return 0;
		if (errno == EMLINK && again == 0)
			rc = renew_object(p, o, err);
		/* a socket or so of that name */
		else if (errno == EEXIST && again == 0)
			(void)!sys_unlinkat(p->dirfd, name, 0);
		else if (errno == EMLINK || errno == EPERM || errno == EXDEV || errno == ENOTSUP ||
		         errno == EACCES)
			return copy_in(p, o, name, date, err);
		else
			rc = err_sys(err, ERR_WHOLE, "cannot make %s/%s", p->now->path, name);
	}
	return rc;
}

/* One message: made, replaced or renamed; flags that a client set stay. */
static int place_mail(struct placing *p, const struct tree_item *it, struct object *o,
        const char *have, const char *want, struct err *err)
{
	const struct tree_item *was = p->old ? places_find(&p->old_places, p->now, it) : NULL;
	bool same = true;
	struct buf old = buf_of(SIZE_MAX);
	int rc = 0;

	if (have && o) {
		rc = holds_object(p, o, have, &same, err);
		if (rc == 0 && !same && sys_unlinkat(p->dirfd, have, 0) != 0 && errno != ENOENT)
			rc = err_sys(err, ERR_WHOLE, "cannot replace %s/%s", p->now->path, have);
	}
	if (rc != 0)
		return rc;
	if (!have || !same) {
		/* a client took it away just now: the next run sees that it is missing */
		if (!o)
			return 0;
		return link_in(p, o, want, it->date_utc, err);
	}
	/* The client's flags stay unless the server's have changed. */
	if (was)
		dir_local_path(p->old, was, p->commit->sep, &old);
	if (strcmp(buf_str(&old), want) != 0 && strcmp(have, want) != 0)
		rc = rename_in(p, have, want, err);
	buf_clear(&old);
	return rc;
}

/* One file of a vdir; the same bytes are left alone. */
static int place_resource(
        struct placing *p, struct object *o, const char *have, const char *want, struct err *err)
{
	char path[OBJECT_FILE_SIZE], *temp;
	bool same = false;
	int rc = 0;

	if (!o)
		return 0;
	if (have)
		rc = holds_object(p, o, have, &same, err);
	if (rc != 0 || same)
		return rc;
	/*
	 * Never shared: programs write to these files. The object's own inode is free as
	 * long as nothing else has it.
	 */
	if (link_count(p->commit, o) > 1)
		return copy_in(p, o, want, 0, err);
	temp = xasprintf(".%s.tmp", want);
	(void)!sys_unlinkat(p->dirfd, temp, 0);
	if (sys_linkat(p->commit->workfd, object_file(o->file, path), p->dirfd, temp) == 0)
		rc = rename_in(p, temp, want, err);
	else
		rc = copy_in(p, o, want, 0, err);
	free(temp);
	return rc;
}

int place_item(struct placing *p, const struct tree_item *it, struct err *err)
{
	struct object *o = objects_find(p->commit->objects, it->sha256);
	struct buf want = buf_of(SIZE_MAX);
	struct buf unique = buf_of(SIZE_MAX);
	const char *have;
	int rc;

	item_unique_name(p->now, it, &unique);
	dir_local_path(p->now, it, p->commit->sep, &want);
	have = listing_find(&p->listing, buf_str(&unique));
	if (p->now->kind == COLL_MAIL)
		rc = place_mail(p, it, o, have, buf_str(&want), err);
	else
		rc = place_resource(p, o, have, buf_str(&want), err);
	buf_clear(&unique);
	buf_clear(&want);
	return rc;
}
