/* Paths inside an archive: made, parsed, and opened only in the shapes that it has. */
#include "layout.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include "valise/base/escape.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include "swap.h"

/* Exactly six digits, not 000000; 0 for anything else. */
static unsigned six_digits(const char *s)
{
	unsigned v = 0;

	for (int i = 0; i < 6; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		v = v * 10 + (unsigned)(s[i] - '0');
	}
	return v;
}

/* "NNNNNN", 1 to SNAPSHOT_MAX; 0 if it is something else. */
static unsigned snapshot_number(const char *name)
{
	unsigned v = six_digits(name);

	return v && name[6] == '\0' ? v : 0;
}

void snapshot_dir(unsigned snapshot, char out[LAYOUT_PATH])
{
	snprintf(out, LAYOUT_PATH, "data/%06u", snapshot);
}

int part_id_cmp(const void *a, const void *b)
{
	const struct part_id *x = a, *y = b;

	if (x->snapshot != y->snapshot)
		return x->snapshot < y->snapshot ? -1 : 1;
	return x->part < y->part ? -1 : x->part > y->part;
}

int object_place_cmp(const struct object_place *x, const struct object_place *y)
{
	int d = part_id_cmp(
	        &(struct part_id){x->snapshot, x->part}, &(struct part_id){y->snapshot, y->part});

	if (d == 0 && x->member != y->member)
		d = x->member < y->member ? -1 : 1;
	if (d == 0 && x->offset != y->offset)
		d = x->offset < y->offset ? -1 : 1;
	return d;
}

void part_id_format(struct part_id id, char out[LAYOUT_PATH])
{
	snprintf(out, LAYOUT_PATH, "%06u/part-%06u.tar.gz", id.snapshot, id.part);
}

bool part_id_parse(const char *s, struct part_id *out)
{
	char again[LAYOUT_PATH];

	if (strlen(s) != strlen("000001/part-000001.tar.gz"))
		return false;
	out->snapshot = six_digits(s);
	out->part = six_digits(s + strlen("000001/part-"));
	if (!out->snapshot || !out->part)
		return false;
	part_id_format(*out, again);
	return strcmp(s, again) == 0;
}

void part_path_format(struct part_id id, char out[LAYOUT_PATH])
{
	snprintf(out, LAYOUT_PATH, "data/%06u/part-%06u.tar.gz", id.snapshot, id.part);
}

bool part_path_parse(const char *s, struct part_id *out)
{
	return strncmp(s, "data/", 5) == 0 && part_id_parse(s + 5, out);
}

/* Does it end so, with something before? */
static bool has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n > m && strcmp(s + n - m, suffix) == 0;
}

/* Is the path below mail/, calendars/ and so on? */
static bool below_kind_dir(const char *rest)
{
	for (unsigned k = 0; k < COLL_KINDS; k++) {
		size_t n = strlen(coll_kind_dir(k));

		if (strncmp(rest, coll_kind_dir(k), n) == 0 && rest[n] == '/')
			return true;
	}
	return false;
}

const char *const bag_tag_names[BAG_TAGS] = {"bagit.txt", "README.txt", "FORMAT.txt"};

int bag_tag_index(const char *path)
{
	for (int i = 0; i < BAG_TAGS; i++)
		if (strcmp(path, bag_tag_names[i]) == 0)
			return i;
	return -1;
}

enum layout_kind layout_kind(const char *path, unsigned *snapshot_out)
{
	const char *rest;
	struct part_id id;
	unsigned snapshot;

	if (snapshot_out)
		*snapshot_out = 0;
	if (bag_tag_index(path) >= 0)
		return LAYOUT_TAG;
	if (strncmp(path, "data/", 5) != 0 || !(snapshot = six_digits(path + 5)) || path[11] != '/')
		return LAYOUT_OTHER;
	if (snapshot_out)
		*snapshot_out = snapshot;
	rest = path + 12;
	if (part_path_parse(path, &id))
		return LAYOUT_PART;
	if (strcmp(rest, "seal.json") == 0)
		return LAYOUT_SEAL;
	if (strcmp(rest, "seal.sha256") == 0)
		return LAYOUT_SEAL_SUM;
	if (!below_kind_dir(rest) || !path_is_safe(path))
		return LAYOUT_OTHER;
	return has_suffix(rest, CATALOG_SUFFIX) ? LAYOUT_CATALOG
	       : has_suffix(rest, LINKS_SUFFIX) ? LAYOUT_LINKS
	                                        : LAYOUT_OTHER;
}

int layout_open(const char *path, int *rootfd_out, struct err *err)
{
	*rootfd_out = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	if (*rootfd_out >= 0) {
		(void)flock(*rootfd_out, LOCK_SH | LOCK_NB); /* courtesy: layout_is_read */
		return 0;
	}
	if (errno == ENOENT || errno == ENOTDIR)
		return err_set(err, ERR_NO_ARCHIVE, ERR_WHOLE, "%s is not an archive: %s", path,
		        strerror(errno));
	return err_sys(err, ERR_WHOLE, "cannot open directory %s", path);
}

bool layout_is_read(int rootfd)
{
	return flock(rootfd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

void layout_may_be_read(int rootfd)
{
	(void)flock(rootfd, LOCK_UN);
}

int layout_snapshots(int rootfd, unsigned **out, size_t *n_out, struct err *err)
{
	char **names = NULL;
	size_t n = 0, cap = 0;
	struct stat st;

	*out = NULL;
	*n_out = 0;
	if (fstatat(rootfd, "data", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(err, ERR_WHOLE, "data");
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_EXISTS, ERR_WHOLE, "data is not a directory");
	if (dir_list(rootfd, "data", &names, &n, err) < 0)
		return err_wrap(err, "data");
	/* The names are sorted, and six digits sort by value. */
	for (size_t i = 0; i < n; i++) {
		unsigned v = snapshot_number(names[i]);

		if (v)
			*ARR_PUSH(*out, *n_out, cap) = v;
	}
	texts_free(names, n);
	return 0;
}

int layout_none(int rootfd, const char *path, struct err *err)
{
	if (swap_is_open(rootfd))
		return err_set(err, ERR_DAMAGED, ERR_WHOLE,
		        "%s: valise forget was interrupted while it put the new snapshots in "
		        "place; nothing is lost: run it again, or a backup, which puts the old "
		        "ones back",
		        path);
	return err_set(err, ERR_NO_ARCHIVE, ERR_WHOLE,
	        "%s is not an archive, or nothing was sealed in it yet", path);
}

bool layout_is_empty(int rootfd, unsigned snapshot)
{
	char dir[LAYOUT_PATH], **names = NULL;
	size_t n = 0;
	int rc;

	snapshot_dir(snapshot, dir);
	rc = dir_list(rootfd, dir, &names, &n, NULL);
	texts_free(names, n);
	return rc == 0 && n == 0;
}

int layout_stat(int rootfd, const char *path, struct stat *st, struct err *err)
{
	char *part = xstrdup(path);
	int rc = 0;

	for (char *p = strchr(part, '/'); rc == 0; p = p ? strchr(p + 1, '/') : NULL) {
		if (p)
			*p = '\0';
		if (fstatat(rootfd, part, st, AT_SYMLINK_NOFOLLOW) < 0)
			rc = errno == ENOENT || errno == ENOTDIR
			             ? err_set(err, ERR_NOTFOUND, ERR_COLLECTION, "%s is missing",
			                       path)
			             : err_sys(err, ERR_COLLECTION, "%s", path);
		else if (p ? !S_ISDIR(st->st_mode) : !S_ISREG(st->st_mode))
			rc = err_set(
			        err, ERR_DAMAGED, ERR_COLLECTION, "%s is not a plain file", path);
		if (!p)
			break;
		*p = '/';
	}
	free(part);
	return rc;
}

int layout_read(int rootfd, const char *path, struct buf *out, struct err *err)
{
	struct stat st;
	int rc = layout_stat(rootfd, path, &st, err);

	return rc ? rc : file_read(rootfd, path, out, err);
}
