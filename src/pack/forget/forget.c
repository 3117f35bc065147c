/* valise forget: only some of an archive's snapshots stay. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "pack/bag.h"
#include "pack/swap.h"
#include "forget.h"

/* A restore that is under way would find octets gone that it was about to read. */
static int check_unread(const struct forget *f, struct err *err)
{
	return !layout_is_read(f->old->rootfd)
	               ? 0
	               : err_set(err, ERR_LOCKED, ERR_WHOLE,
	                         "%s is being read (by a restore, an audit, ...), and would lose "
	                         "what that needs: nothing was changed, run it again later",
	                         f->path);
}

/*
 * Under its lock, and nothing of an interrupted backup may be lost. A dry run takes no lock,
 * for that is written.
 */
static int open_old(struct forget *f, bool dry, struct err *err)
{
	struct stat st;
	int fd, rc = layout_open(f->path, &fd, err);

	if (rc < 0)
		return rc;
	if (fstatat(fd, "data", &st, AT_SYMLINK_NOFOLLOW) < 0 && (dry || !swap_is_open(fd)))
		rc = layout_none(fd, f->path, err);
	if (rc == 0 && dry) {
		f->old->rootfd = fd;
		return 0;
	}
	sys_close(fd);
	if (rc == 0)
		rc = sink_dirs_open(f->old, err);
	if (rc == 0)
		rc = check_unread(f, err);
	if (rc < 0)
		return rc;
	layout_may_be_read(f->old->rootfd); /* while the new ones are made */
	if (fstatat(f->old->workfd, "journal", &st, AT_SYMLINK_NOFOLLOW) == 0)
		rc = err_set(err, ERR_EXISTS, ERR_WHOLE,
		        "%s: an interrupted backup left what it had fetched: run it again first, "
		        "it goes on from there",
		        f->path);
	return rc;
}

static int refuse_damage(const struct forget *f, struct err *err)
{
	if (err->code != ERR_DAMAGED && err->code != ERR_NOTFOUND)
		return err_wrap(err, "%s", f->path);
	return err_set(err, ERR_DAMAGED, ERR_WHOLE,
	        "%s: %s: a damaged archive stays as it is; valise verify names all that is wrong, "
	        "a backup with --heal fetches it again, valise salvage gets out what is whole",
	        f->path, err->text);
}

/* All seals, and those of them that stay. */
static int choose(struct forget *f, const struct archive_forget_opts *o, struct err *err)
{
	struct archive_snapshot *all;
	int rc = seals_load(f->old->rootfd, &f->seals, err);
	size_t n = f->seals.n;
	bool *keep;

	if (rc < 0)
		return err_wrap(err, "%s", f->path);
	if (f->seals.n_gaps) {
		err_copy(err, &f->seals.gaps[0].why);
		return err->code == ERR_UNSUPPORTED ? err_wrap(err, "%s", f->path)
		                                    : refuse_damage(f, err);
	}
	if (n == 0)
		return layout_none(f->old->rootfd, f->path, err);
	all = seals_list(&f->seals);
	keep = xcalloc(n, sizeof *keep);
	memset(keep, true, n);
	rc = o->choose(o->ctx, all, n, keep, err);
	keep[n - 1] = true;
	f->keep = xcalloc(n, sizeof *f->keep);
	for (size_t i = 0; i < n; i++)
		if (keep[i])
			f->keep[f->n++] = &f->seals.v[i];
	free(keep);
	free(all);
	return rc;
}

/* The tag files that every seal names are those of the archive. */
static int copy_tags(const struct forget *f, struct err *err)
{
	const struct seal *newest = &f->seals.v[f->seals.n - 1];
	int fd, rc = dir_make(f->old->workfd, SWAP_DIR, err);

	if (rc == 0)
		rc = dir_open(f->old->workfd, SWAP_DIR, &fd, err);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < BAG_TAGS && rc == 0; i++) {
		const struct seal_file *tag = seal_find(newest, bag_tag_names[i]);
		struct buf text = buf_of(SEAL_CAP);
		uint8_t sum[SHA256_LEN];

		rc = layout_read(f->old->rootfd, tag->path, &text, err);
		sha256_of(text.data, text.len, sum);
		if (rc == 0 && seal_file_check(tag, sum, text.len, err) < 0)
			rc = err_wrap(err, "%s", tag->path);
		if (rc == 0)
			rc = file_write(fd, tag->path, text.data, text.len, err);
		buf_clear(&text);
	}
	sys_close(fd);
	return rc;
}

/* Only what is derived: the snapshots stand, whatever happens here. */
static void update_bag(const struct forget *f, const struct seals *s)
{
	struct err why = {0};

	if (bag_update(f->old->rootfd, s->v, s->n, NULL, &why) < 0)
		progress_say(f->progress, SAY_WARNING,
		        "%s: the bag files are not up to date, the next backup writes them: %s",
		        f->path, why.text);
}

/* Made and proved beside the old ones; then in their place, and the old ones go. */
static int replace(struct forget *f, struct err *err)
{
	struct seals made = {0};
	int rc = dir_remove(f->old->workfd, SWAP_DIR, err);

	if (rc == 0)
		rc = copy_tags(f, err);
	if (rc == 0)
		rc = forget_copy(f, err);
	if (rc == ERR_DAMAGED || rc == ERR_NOTFOUND)
		rc = refuse_damage(f, err);
	if (rc == 0)
		rc = forget_prove(f, &made, err);
	if (rc == 0)
		rc = stop_check(err);
	if (rc == 0)
		rc = check_unread(f, err);
	if (rc == 0) {
		bool moved;

		rc = swap_run(f->old->rootfd, f->old->workfd, &moved, err);
		f->unsure = rc < 0 && moved;
	}
	if (rc == 0) {
		f->out->after = 0;
		for (size_t i = 0; i < made.n; i++)
			f->out->after += seal_disk_size(&made.v[i]);
		hex_format(made.v[made.n - 1].hash, SHA256_LEN, f->out->seal);
		update_bag(f, &made);
	}
	seals_clear(&made);
	return rc;
}

/*
 * .work goes with all that is in it, but for what an interrupted backup left; and not where
 * nobody knows which snapshots the disk has in place.
 */
static void close_old(struct forget *f)
{
	struct err why = {0};
	struct stat st;

	if (!f->unsure && f->old->work_lock.fd >= 0 &&
	        fstatat(f->old->workfd, "journal", &st, AT_SYMLINK_NOFOLLOW) < 0 &&
	        sink_work_remove(f->old, &why) < 0)
		progress_say(f->progress, SAY_WARNING,
		        "%s: what is not needed any more could not be removed, the next backup "
		        "tries again: %s",
		        f->path, why.text);
	sink_destroy(f->old);
}

int archive_forget(const char *path, const struct archive_forget_opts *opts,
        struct progress *progress, struct archive_forgotten *out, struct err *err)
{
	struct forget f = {.path = path, .progress = progress, .out = out};
	int rc;

	memset(out, 0, sizeof *out);
	f.old = sink_new(path, NULL, progress);
	f.at = xasprintf("%s/.work/" SWAP_DIR, path);
	rc = open_old(&f, opts->dry, err);
	if (rc == 0)
		rc = choose(&f, opts, err);
	if (rc == 0) {
		rc = forget_plan(&f, err);
		if (rc == ERR_DAMAGED || rc == ERR_NOTFOUND)
			rc = refuse_damage(&f, err);
	}
	if (rc == 0 && !opts->dry && f.n < f.seals.n)
		rc = replace(&f, err);
	else if (rc == 0 && !opts->dry)
		update_bag(&f, &f.seals); /* a run before may have been interrupted */
	close_old(&f);
	seals_clear(&f.seals);
	free(f.keep);
	free(f.at);
	return rc;
}
