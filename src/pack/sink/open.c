/* The directory of an archive, its lock, and what an interrupted run left in .work. */
#include "sink.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include "pack/bag.h"
#include "pack/part/member.h"
#include "pack/swap.h"

#define LOCK_TRIES 20

static bool has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/*
 * A file at the root of an archive; *temporary_out: what a killed file_write left of it.
 */
static bool is_root_file(const char *name, bool *temporary_out)
{
	static const char *const files[] = {
	        "bagit.txt", "README.txt", "FORMAT.txt", "bag-info.txt", "manifest-sha256.txt"};

	for (size_t i = 0; i < COUNT(files); i++) {
		const char *rest = name + strlen(files[i]);

		if (!has_prefix(name, files[i]))
			continue;
		*temporary_out = *rest == '.' && strlen(rest) > 4 &&
		                 strcmp(rest + strlen(rest) - 4, ".tmp") == 0 &&
		                 rest[strspn(rest, ".0123456789")] == 't';
		return *rest == '\0' || *temporary_out;
	}
	return false;
}

/* May it stand at the root of an archive in which nothing was sealed yet? */
static bool is_ours(const char *name)
{
	bool temporary;

	return strcmp(name, "data") == 0 || strcmp(name, ".work") == 0 ||
	       is_root_file(name, &temporary);
}

/*
 * An archive has a snapshot; or it is a directory where nothing but the beginning of one
 * is.
 */
static int check_is_archive(struct archive_sink *s, struct err *err)
{
	unsigned *numbers = NULL;
	char **names = NULL;
	size_t n_numbers = 0, n = 0;
	bool ours = true;
	int rc = layout_snapshots(s->rootfd, &numbers, &n_numbers, err);

	free(numbers);
	if (rc < 0)
		return rc;
	if (n_numbers)
		return 0;
	rc = dir_list(s->rootfd, ".", &names, &n, err);
	for (size_t i = 0; i < n; i++)
		ours = ours && is_ours(names[i]);
	texts_free(names, n);
	n = 0;
	if (rc == 0 && ours && dir_list(s->rootfd, "data", &names, &n, NULL) == 0) {
		ours = n == 0;
		texts_free(names, n);
	}
	if (rc == 0 && !ours)
		rc = err_set(err, ERR_EXISTS, ERR_WHOLE,
		        "%s exists and is not an archive: choose another path", s->path);
	return rc;
}

/* Opened, or made where nothing is. */
static int open_root(struct archive_sink *s, struct err *err)
{
	struct stat st;

	if (fstatat(AT_FDCWD, s->path, &st, 0) < 0) {
		if (errno != ENOENT)
			return err_sys(err, ERR_WHOLE, "%s", s->path);
		if (dir_make(AT_FDCWD, s->path, err) < 0)
			return err->code;
		s->made_root = true;
	} else if (!S_ISDIR(st.st_mode)) {
		return err_set(err, ERR_EXISTS, ERR_WHOLE,
		        "%s exists and is not an archive: choose another path", s->path);
	}
	return dir_open(AT_FDCWD, s->path, &s->rootfd, err);
}

/* Open a directory that must not be a symbolic link. */
static int open_plain_dir(int dirfd, const char *name, int *fd_out, struct err *err)
{
	*fd_out = sys_openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	return *fd_out < 0 ? err_sys(err, ERR_WHOLE, "%s", name) : 0;
}

/*
 * The lock file goes last when a run ends, so one that was opened may be gone by the time
 * it is locked: then there is a new one to try.
 */
static int try_lock(struct archive_sink *s, bool *again_out, struct err *err)
{
	struct stat a, b;
	int rc;

	*again_out = false;
	if (sys_mkdirat(s->rootfd, ".work", 0700) < 0 && errno != EEXIST)
		return err_sys(err, ERR_WHOLE, "%s/.work", s->path);
	rc = open_plain_dir(s->rootfd, ".work", &s->workfd, err);
	if (rc < 0) {
		*again_out = rc == ERR_NOTFOUND;
		return err_wrap(err, "%s", s->path);
	}
	rc = lock_take(s->workfd, "lock", "another run is at work on it", &s->work_lock, err);
	if (rc < 0) {
		*again_out = rc == ERR_NOTFOUND;
		return err_wrap(err, rc == ERR_LOCKED ? "%s" : "%s/.work", s->path);
	}
	if (fstat(s->work_lock.fd, &a) < 0 ||
	        fstatat(s->rootfd, ".work/lock", &b, AT_SYMLINK_NOFOLLOW) < 0 ||
	        a.st_ino != b.st_ino || a.st_dev != b.st_dev) {
		*again_out = true;
		rc = err_set(err, ERR_LOCKED, ERR_WHOLE,
		        "%s: another run has just ended, try again", s->path);
	}
	return rc;
}

int sink_dirs_open(struct archive_sink *s, struct err *err)
{
	bool again = true, mended = false;
	int rc = open_root(s, err);

	if (rc == 0)
		rc = check_is_archive(s, err);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; again && i < LOCK_TRIES; i++) {
		rc = try_lock(s, &again, err);
		if (rc == 0)
			break;
		lock_drop(s->workfd, "lock", &s->work_lock);
		fd_close(s->workfd);
		s->workfd = -1;
	}
	if (rc == 0)
		rc = swap_mend(s->rootfd, s->workfd, &mended, err);
	if (mended)
		progress_say(s->progress, SAY_NOTE,
		        "%s: valise forget was interrupted: all snapshots are there as before it",
		        s->path);
	if (rc == 0 && s->work_lock.by_file)
		progress_say(s->progress, SAY_NOTE,
		        "%s: the file system has no locks (flock): .work/lock.held keeps other "
		        "runs "
		        "away",
		        s->path);
	return rc;
}

int sink_work_remove(struct archive_sink *s, struct err *err)
{
	char **names = NULL;
	size_t n = 0;
	int rc;

	if (swap_is_open(s->rootfd)) /* all snapshots are in it */
		return err_set(
		        err, ERR_IO, ERR_WHOLE, "%s: .work/" SWAP_DIR " was not put back", s->path);
	/*
	 * What is open would linger under another name where a file system keeps such
	 * (FUSE, NFS).
	 */
	journal_free(s->journal);
	s->journal = NULL;
	abouts_free(s->abouts);
	s->abouts = NULL;
	rc = dir_list(s->workfd, ".", &names, &n, err);
	/* The journal first: without it the rest means nothing. */
	if (rc == 0 && sys_unlinkat(s->workfd, "journal", 0) < 0 && errno != ENOENT)
		rc = err_sys(err, ERR_WHOLE, "%s/.work/journal", s->path);
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct stat st;

		if (lock_owns("lock", names[i]) ||
		        fstatat(s->workfd, names[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			rc = dir_remove(s->workfd, names[i], err);
		else if (sys_unlinkat(s->workfd, names[i], 0) < 0 && errno != ENOENT)
			rc = err_sys(err, ERR_WHOLE, "%s/.work/%s", s->path, names[i]);
	}
	texts_free(names, n);
	if (rc < 0)
		return rc;
	rc = lock_remove(s->workfd, "lock", &s->work_lock, err);
	if (rc < 0)
		return err_wrap(err, "%s/.work", s->path);
	/*
	 * Somebody else may be in it already: that is fine, and so is a root that is not
	 * empty.
	 */
	(void)sys_unlinkat(s->rootfd, ".work", AT_REMOVEDIR);
	if (s->made_root && s->n_seals == 0)
		(void)sys_unlinkat(AT_FDCWD, s->path, AT_REMOVEDIR);
	return 0;
}

/* Every part up to the mark must be there, at least as long as the journal says. */
static bool parts_are_there(struct archive_sink *s)
{
	for (uint32_t p = 1; p <= s->mark.part; p++) {
		char name[PART_NAME_SIZE], path[LAYOUT_PATH];
		uint64_t want = p == s->mark.part ? s->mark.offset : MEMBER_END_SIZE;
		struct stat st;

		part_name(p, name);
		snprintf(path, sizeof path, "%06u/%s", s->snapshot, name);
		if (want == 0)
			continue;
		if (fstatat(s->workfd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		        !S_ISREG(st.st_mode) || (uint64_t)st.st_size < want)
			return false;
	}
	return true;
}

/* Temporary files that a killed run left at the root. */
static int clean_root(struct archive_sink *s, struct err *err)
{
	char **names = NULL;
	size_t n = 0;
	int rc = dir_list(s->rootfd, ".", &names, &n, err);

	for (size_t i = 0; i < n && rc == 0; i++) {
		bool temporary = false;

		if (is_root_file(names[i], &temporary) && temporary &&
		        sys_unlinkat(s->rootfd, names[i], 0) < 0 && errno != ENOENT)
			rc = err_sys(err, ERR_WHOLE, "%s/%s", s->path, names[i]);
	}
	texts_free(names, n);
	return rc;
}

/* Of .work or the snapshot that is built in it. What cannot be looked at stays. */
static int remove_entry(const struct archive_sink *s, int dirfd, const char *name, struct err *err)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return dir_remove(dirfd, name, err);
	if (sys_unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
		return err_sys(err, ERR_WHOLE, "%s/.work: %s", s->path, name);
	return 0;
}

/*
 * Remove what is in .work but for the lock and, if the run is taken up, the journal and
 * the parts of it.
 */
static int clean_work(struct archive_sink *s, bool resume, struct err *err)
{
	char **names = NULL, dir[16];
	size_t n = 0;
	int rc = dir_list(s->workfd, ".", &names, &n, err);

	snprintf(dir, sizeof dir, "%06u", s->snapshot);
	for (size_t i = 0; i < n && rc == 0; i++) {
		bool kept = strcmp(names[i], "journal") == 0 || strcmp(names[i], dir) == 0;

		if (!lock_owns("lock", names[i]) && !(resume && kept))
			rc = remove_entry(s, s->workfd, names[i], err);
	}
	texts_free(names, n);
	return rc;
}

/*
 * In the snapshot being built: everything but parts goes; parts beyond the mark are the
 * writer's affair.
 */
static int clean_snapshot(struct archive_sink *s, struct err *err)
{
	char **names = NULL;
	size_t n = 0;
	int rc = dir_list(s->snapfd, ".", &names, &n, err);

	for (size_t i = 0; i < n && rc == 0; i++)
		if (!has_prefix(names[i], "part-"))
			rc = remove_entry(s, s->snapfd, names[i], err);
	texts_free(names, n);
	return rc;
}

/* .work/NNNNNN, made if it is not there. */
static int open_snapshot(struct archive_sink *s, struct err *err)
{
	char dir[16];

	snprintf(dir, sizeof dir, "%06u", s->snapshot);
	if (sys_mkdirat(s->workfd, dir, 0700) < 0 && errno != EEXIST)
		return err_sys(err, ERR_WHOLE, "%s/.work/%s", s->path, dir);
	return open_plain_dir(s->workfd, dir, &s->snapfd, err);
}

int sink_resume(struct archive_sink *s, struct err *err)
{
	bool fits = false;
	struct stat st;
	int rc = 0;

	if (fstatat(s->workfd, "journal", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
		rc = sink_journal_open(s, &fits, err);
	if (rc < 0)
		return rc;
	if (!fits || s->mark.part == 0 || !parts_are_there(s)) {
		fits = false;
		journal_free(s->journal);
		s->journal = NULL;
		sink_journal_forget(s);
	}
	rc = clean_root(s, err);
	if (rc == 0)
		rc = clean_work(s, fits, err);
	if (rc == 0)
		rc = open_snapshot(s, err);
	if (rc == 0)
		rc = clean_snapshot(s, err);
	if (rc == 0 && fits)
		progress_say(s->progress, SAY_INFO, "%s: an interrupted run is taken up (%s there)",
		        s->path,
		        counted(s->objects.n, "object is", "objects are", (char[COUNTED_SIZE]){0}));
	return rc;
}
