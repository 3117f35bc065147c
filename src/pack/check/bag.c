/* The derived files of the bag, and what is in the archive that no seal names. */
#include "verify.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "pack/bag.h"
#include "pack/swap.h"

#define DEPTH_MAX 1000

typedef void (*bag_text_fn)(const struct seal *seals, size_t n, struct buf *out);

/* Is it what the first ${n} seals say? */
static bool is_text(const struct buf *have, bag_text_fn text, const struct seal *seals, size_t n)
{
	struct buf want = buf_of(SIZE_MAX);
	bool same;

	text(seals, n, &want);
	same = want.len == have->len && memcmp(want.data, have->data, want.len) == 0;
	buf_clear(&want);
	return same;
}

/*
 * What a derived file is: of the newest state, of the one before (missing, for the first
 * snapshot), or nothing.
 */
enum derived { DERIVED_NEW, DERIVED_OLD, DERIVED_WRONG, DERIVED_MISSING };

/* *out: what the derived file is; damage that keeps from reading it is told. */
static int look_at(
        struct verify *v, const char *path, bag_text_fn text, enum derived *out, struct err *err)
{
	struct err why = {0};
	struct buf have;
	int rc;

	*out = DERIVED_WRONG;
	buf_init(&have, SEAL_CAP);
	rc = layout_read(v->rootfd, path, &have, &why);
	if (rc == ERR_NOTFOUND)
		*out = v->n_seals == 1 ? DERIVED_OLD : DERIVED_MISSING;
	else if (rc == 0 && is_text(&have, text, v->seals, v->n_seals))
		*out = DERIVED_NEW;
	else if (rc == 0 && v->n_seals > 1 && is_text(&have, text, v->seals, v->n_seals - 1))
		*out = DERIVED_OLD;
	buf_clear(&have);
	v->out->files++;
	if (rc == 0 || *out == DERIVED_OLD)
		return 0;
	return verify_found(v, path, &why, err);
}

/*
 * A crash right after a commit leaves these files as they were before: no damage, the
 * next run brings them up to date. The manifest is written first: one that is older than
 * bag-info.txt was not left by a crash.
 */
static int check_derived(struct verify *v, struct err *err)
{
	static const char *const paths[] = {"manifest-sha256.txt", "bag-info.txt"};
	static const bag_text_fn texts[] = {bag_manifest, bag_info};
	enum derived is[2];
	int rc = look_at(v, paths[0], texts[0], &is[0], err);

	if (rc == 0)
		rc = look_at(v, paths[1], texts[1], &is[1], err);
	for (unsigned i = 0; i < 2 && rc == 0; i++) {
		if (is[i] == DERIVED_WRONG && swap_is_left(v->rootfd))
			finding_say(&v->findings, false, paths[i], NULL,
			        "valise forget was interrupted: the next backup brings it up to "
			        "date");
		else if (is[i] == DERIVED_WRONG ||
		         (i == 0 && is[0] == DERIVED_OLD && is[1] != DERIVED_OLD))
			finding_say(&v->findings, true, paths[i], NULL, "does not fit the seals");
		else if (is[i] == DERIVED_OLD)
			finding_say(&v->findings, false, paths[i], NULL,
			        v->n_seals == 1 ? "is missing: the next backup writes it"
			                        : "is that of the state before: the next backup "
			                          "brings it up to date");
	}
	return rc;
}

/* Was the file looked at already? */
static bool is_known(const struct verify *v, const char *path)
{
	static const char *const derived[] = {"bag-info.txt", "manifest-sha256.txt"};
	enum layout_kind kind = layout_kind(path, NULL);

	for (unsigned i = 0; i < 2; i++)
		if (strcmp(path, derived[i]) == 0)
			return true;
	return kind == LAYOUT_SEAL || kind == LAYOUT_SEAL_SUM || verify_file(v, path);
}

/* Is anything in .work but what FUSE and NFS keep of removed files? */
static bool has_work(const struct verify *v)
{
	char **names = NULL;
	size_t n = 0;
	bool any = dir_list(v->rootfd, ".work", &names, &n, NULL) < 0;

	for (size_t i = 0; i < n; i++)
		any = any || (strncmp(names[i], ".fuse_hidden", 12) != 0 &&
		                     strncmp(names[i], ".nfs", 4) != 0);
	texts_free(names, n);
	return any;
}

/* Tells what no seal names, below ${path}. */
static int walk_dir(struct verify *v, const char *path, unsigned depth, struct err *err)
{
	char **names = NULL;
	size_t n = 0;
	int rc = depth > DEPTH_MAX
	                 ? err_set(err, ERR_LIMIT, ERR_WHOLE, "directories nested too deep")
	                 : dir_list(v->rootfd, *path ? path : ".", &names, &n, err);

	for (size_t i = 0; i < n; i++) {
		char *below = *path ? xasprintf("%s/%s", path, names[i]) : xstrdup(names[i]);
		struct stat st;

		/* Known files were looked at already. */
		if (rc < 0 || is_known(v, below) ||
		        fstatat(v->rootfd, below, &st, AT_SYMLINK_NOFOLLOW) < 0)
			;
		/*
		 * a file system that keeps removed files for a while kept the directory
		 */
		else if (strcmp(below, ".work") == 0 && !has_work(v))
			;
		else if (strcmp(below, ".work") == 0)
			finding_say(&v->findings, false, below, NULL,
			        "a run is at work or was interrupted: it is no part of the "
			        "archive");
		else if (S_ISDIR(st.st_mode))
			rc = walk_dir(v, below, depth + 1, err);
		else
			finding_say(&v->findings, false, below, NULL, "no seal names it");
		free(below);
	}
	texts_free(names, n);
	return rc;
}

int verify_bag(struct verify *v, struct err *err)
{
	struct err why = {0};
	int rc = 0;

	/* With a seal missing they cannot be known; that is damage enough. */
	if (v->all_seals && v->n_seals)
		rc = check_derived(v, err);
	v->out->files += 2 * v->n_seals;
	for (size_t i = 0; i < v->n_seals; i++)
		v->out->bytes += v->seals[i].json_size + v->seals[i].sums_size;
	if (rc == 0 && walk_dir(v, "", 0, &why) < 0)
		rc = verify_found(v, NULL, &why, err);
	return rc;
}
