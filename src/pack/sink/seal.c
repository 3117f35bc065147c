/*
 * Sealing: the seal's list of files, its two texts, and the one rename that makes the
 * snapshot part of the archive.
 */
#include "sink.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include "pack/bag.h"

#define PARENTS_MAX 16

/* A file of an older snapshot, as the newest seal that names it says. */
static const struct seal_file *old_file(const struct archive_sink *s, const char *path)
{
	for (size_t i = s->n_seals; i-- > 0;) {
		const struct seal_file *f = seal_find(&s->seals[i], path);

		if (f)
			return f;
	}
	return NULL;
}

/* A file that the new seal takes over from an older one. */
static int add_old(
        const struct archive_sink *s, struct seal *seal, const char *path, struct err *err)
{
	const struct seal_file *f = old_file(s, path);

	if (!f)
		return err_set(err, ERR_DAMAGED, ERR_WHOLE, "%s: no seal names %s", s->path, path);
	seal_add(seal, f->path, f->size, f->sum, f->parts, f->n_parts);
	return 0;
}

/* Catalog and links of one collection. */
static int add_slot(
        const struct archive_sink *s, struct seal *seal, const struct slot *slot, struct err *err)
{
	unsigned snapshot;

	if (slot->state == SLOT_GONE)
		return 0;
	if (slot->state != SLOT_GIVEN) {
		int rc = add_old(s, seal, slot->prev->catalog, err);

		return rc ? rc : add_old(s, seal, slot->prev->links, err);
	}
	seal_add(seal, slot->head.catalog, slot->catalog_file.size, slot->catalog_file.sum,
	        slot->parts, slot->n_parts);
	layout_kind(slot->head.links, &snapshot);
	if (snapshot != s->snapshot)
		return add_old(s, seal, slot->head.links, err);
	seal_add(seal, slot->head.links, slot->links_file.size, slot->links_file.sum, NULL, 0);
	return 0;
}

/* Parts that a catalog needs, and all of this snapshot. */
static int add_parts(const struct archive_sink *s, struct seal *seal, struct err *err)
{
	struct part_id *ids = NULL;
	size_t n = 0, cap = 0;
	char path[LAYOUT_PATH];
	int rc = 0;

	for (size_t i = 0; i < seal->n_files; i++)
		for (size_t k = 0; k < seal->files[i].n_parts; k++)
			if (seal->files[i].parts[k].snapshot != s->snapshot)
				*ARR_PUSH(ids, n, cap) = seal->files[i].parts[k];
	SORT(ids, n, part_id_cmp);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (i > 0 && part_id_cmp(&ids[i], &ids[i - 1]) == 0)
			continue;
		part_path_format(ids[i], path);
		rc = add_old(s, seal, path, err);
	}
	free(ids);
	for (size_t i = 0; i < s->n_part_sums && rc == 0; i++) {
		part_path_format((struct part_id){s->snapshot, (uint32_t)i + 1}, path);
		seal_add(seal, path, s->part_sums[i].size, s->part_sums[i].sum, NULL, 0);
	}
	return rc;
}

/*
 * Tag files are written with the first snapshot; every later seal names the same bytes.
 */
static int add_tags(const struct archive_sink *s, struct seal *seal, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < BAG_TAGS && rc == 0; i++) {
		uint8_t sum[SHA256_LEN];
		const uint8_t *text;
		size_t n;

		if (s->like) {
			const struct seal_file *f = seal_find(s->like->tags, bag_tag_names[i]);

			seal_add(seal, f->path, f->size, f->sum, NULL, 0);
			continue;
		}
		if (s->prev && !sink_past_is_bad(s, bag_tag_names[i])) {
			rc = add_old(s, seal, bag_tag_names[i], err);
			continue;
		}
		text = bag_tag_text(i, &n);
		sha256_of(text, n, sum);
		seal_add(seal, bag_tag_names[i], n, sum, NULL, 0);
		rc = file_write(s->rootfd, bag_tag_names[i], text, n, err);
	}
	return rc;
}

/* Both texts written, and *${seal} as it was read back. */
static int write_seal(struct archive_sink *s, struct seal *seal, struct err *err)
{
	struct seal again;
	struct buf sums = buf_of(SEAL_CAP);
	struct buf json = buf_of(SEAL_CAP);
	char dir[LAYOUT_PATH];
	int rc;

	seal_order(seal);
	seal_format(seal, &json, &sums);
	rc = file_write(s->snapfd, "seal.json", json.data, json.len, err);
	if (rc == 0)
		rc = file_write(s->snapfd, "seal.sha256", sums.data, sums.len, err);
	buf_clear(&json);
	buf_clear(&sums);
	/*
	 * Read as every reader will: a seal that is not understood must not become the
	 * newest.
	 */
	snprintf(dir, sizeof dir, ".work/%06u", s->snapshot);
	if (rc == 0)
		rc = seal_load(s->rootfd, dir, s->snapshot, &again, err);
	if (rc < 0)
		return rc;
	if (memcmp(again.hash, seal->hash, SHA256_LEN) != 0)
		rc = err_set(err, ERR_DAMAGED, ERR_WHOLE,
		        "%s: the seal could not be read back unchanged", s->path);
	free(seal->by_path);
	seal->by_path = NULL;
	seal_clear(seal);
	*seal = again;
	return rc;
}

static int close_tree(
        struct archive_sink *s, int dirfd, const char *name, unsigned depth, struct err *err);

/* Files are final now: 0400, where the file system knows modes; directories: synced. */
static int close_entry(
        struct archive_sink *s, int dirfd, const char *name, unsigned depth, struct err *err)
{
	struct stat st;
	int fd, rc = 0;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, ERR_WHOLE, "%s", name);
	if (S_ISDIR(st.st_mode))
		return close_tree(s, dirfd, name, depth + 1, err);
	fd = sys_openat(dirfd, name, O_RDONLY | O_NOFOLLOW, 0);
	if (fd < 0)
		return err_sys(err, ERR_WHOLE, "%s", name);
	if (sys_fchmod(fd, 0400) < 0) {
		if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)
			rc = err_sys(err, ERR_WHOLE, "%s", name);
		else if (!s->no_chmod)
			progress_say(s->progress, SAY_NOTE,
			        "%s: the file system knows no modes (chmod): sealed files stay "
			        "writable",
			        s->path);
		s->no_chmod = true;
	}
	sys_close(fd);
	return rc;
}

/* Everything in the directory, then the directory itself. */
static int close_tree(
        struct archive_sink *s, int dirfd, const char *name, unsigned depth, struct err *err)
{
	char **names = NULL;
	size_t n = 0;
	int fd, rc;

	if (depth > 1000)
		return err_set(err, ERR_LIMIT, ERR_WHOLE, "%s: nested too deep", name);
	rc = dir_open(dirfd, name, &fd, err);
	if (rc < 0)
		return rc;
	rc = dir_list(fd, ".", &names, &n, err);
	for (size_t i = 0; i < n; i++)
		if (rc == 0)
			rc = close_entry(s, fd, names[i], depth, err);
	texts_free(names, n);
	if (rc == 0)
		rc = dir_sync(fd, err);
	sys_close(fd);
	return rc;
}

/* Into data/, with all that it needs durable before and after. */
static int rename_snapshot(struct archive_sink *s, struct err *err)
{
	char from[16], to[LAYOUT_PATH];
	int datafd, rc;

	snprintf(from, sizeof from, "%06u", s->snapshot);
	snapshot_dir(s->snapshot, to);
	if (sys_mkdirat(s->rootfd, "data", 0700) < 0 && errno != EEXIST)
		return err_sys(err, ERR_WHOLE, "%s/data", s->path);
	rc = dir_sync(s->rootfd, err);
	if (rc < 0)
		return rc;
	datafd = sys_openat(s->rootfd, "data", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (datafd < 0)
		return err_sys(err, ERR_WHOLE, "%s/data", s->path);
	/* The commit point. */
	if (sys_renameat(s->workfd, from, datafd, from) < 0)
		rc = err_sys(err, ERR_WHOLE, "%s/%s", s->path, to);
	else
		rc = dir_sync(datafd, err);
	sys_close(datafd);
	return rc;
}

/*
 * The names of the root and of what was made above it must last, too. Which those are an
 * interrupted run did not write down: all, up to where this user or the file system ends.
 */
static int sync_root_parents(const struct archive_sink *s, struct err *err)
{
	char *path = xasprintf("%s/..", s->path);
	struct stat below, st;
	int fd, rc = fstat(s->rootfd, &below) < 0 ? err_sys(err, ERR_WHOLE, "%s", s->path) : 0;

	for (unsigned i = 0; i < PARENTS_MAX && rc == 0; i++) {
		char *up = xasprintf("%s/..", path);

		if (dir_open(AT_FDCWD, path, &fd, NULL) < 0) {
			free(up);
			break;
		}
		if (fstat(fd, &st) < 0 || st.st_dev != below.st_dev || st.st_ino == below.st_ino)
			i = PARENTS_MAX;
		else
			rc = dir_sync(fd, err);
		below = st;
		sys_close(fd);
		free(path);
		path = up;
	}
	free(path);
	return rc;
}

int sink_seal(struct archive_sink *s, struct seal *seal, struct err *err)
{
	char dir[16];
	int rc = 0;

	for (size_t i = 0; i < s->n_slots && rc == 0; i++)
		rc = add_slot(s, seal, &s->slots[i], err);
	if (rc == 0)
		rc = add_parts(s, seal, err);
	if (rc == 0)
		rc = add_tags(s, seal, err);
	if (rc == 0)
		rc = write_seal(s, seal, err);
	snprintf(dir, sizeof dir, "%06u", s->snapshot);
	if (rc == 0)
		rc = close_tree(s, s->workfd, dir, 0, err);
	if (rc == 0 && !s->prev)
		rc = sync_root_parents(s, err);
	return rc ? rc : rename_snapshot(s, err);
}
