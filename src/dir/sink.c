/* The sink of a directory tree: opened and locked, an interrupted run continued. */
#include "internal.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include <stdlib.h>

static void dir_free(struct tree_sink *s)
{
	struct dir_sink *d = (struct dir_sink *)s;

	if (!d)
		return;
	journal_free(d->journal);
	abouts_free(d->abouts);
	fd_close(d->workfd);
	tree_files_close(&d->files);
	texts_free(d->pending, d->n_pending);
	for (size_t k = 0; k < COLL_KINDS; k++)
		free(d->kept[k].reason);
	commit_clear(&d->commit);
	objects_clear(&d->objects);
	run_clear(&d->run);
	tree_names_free(d->names);
	tree_manifest_clear(&d->before);
	tree_account_clear(&d->account);
	free(d->path);
	pthread_mutex_destroy(&d->lock);
	pthread_mutex_destroy(&d->batch_lock);
	free(d);
}

static int dir_last(struct tree_sink *s, struct tree_reader **out, struct err *err)
{
	struct dir_sink *d = (struct dir_sink *)s;

	*out = NULL;
	return d->before.n_heads ? tree_dir_reader(d->path, out, err) : 0;
}

/* What has no path yet came with its octets, but for what an interrupted run left. */
static int dir_names(
        struct tree_sink *s, const struct tree_coll *c, struct abouts **out, struct err *err)
{
	struct dir_sink *d = (struct dir_sink *)s;

	*out = d->abouts;
	return c->path ? dir_name_items(d, c, err) : 0;
}

static const struct tree_sink_ops dir_ops = {
        .prev = dir_prev,
        .last = dir_last,
        .body_open = dir_body_open,
        .body_write = dir_body_write,
        .body_close = dir_body_close,
        .body_abort = dir_body_abort,
        .item = dir_item,
        .coll = dir_coll,
        .keep = dir_keep,
        .names = dir_names,
        .sync = dir_sync_batch,
        .commit = dir_commit,
        .free = dir_free,
};

/* The state that stands. */
static int load_manifest(struct dir_sink *d, struct err *err)
{
	int rc = tree_files_manifest(d->files.catfd, &d->before, err);

	if (rc == ERR_NOTFOUND) {
		err_clear(err);
		return 0;
	}
	if (rc == ERR_DAMAGED && err) {
		struct err why = *err;

		return err_set(err, ERR_DAMAGED, ERR_WHOLE,
		        "%s/catalog/tree.json is damaged (%s): remove it, and the next run reads "
		        "the tree again",
		        d->path, why.text);
	}
	if (rc == 0)
		rc = tree_account_check(&d->before.account, &d->account, d->opts.same_account, err);
	if (rc == 0)
		rc = tree_accept_check(&d->opts.accept, &d->before, err);
	for (size_t i = 0; rc == 0 && i < d->before.n_heads; i++) {
		const struct tree_head *h = &d->before.heads[i];

		tree_names_keep(d->names, h->kind, h->name, h->path);
	}
	return rc;
}

/* What an interrupted run has left. */
static int open_work(struct dir_sink *d, struct err *err)
{
	int rc = beneath_make(d->files.catfd, ".work", &d->workfd, err);

	d->abouts = abouts_new(d->workfd, "what");
	if (rc == 0) {
		d->run.objects = &d->objects;
		rc = journal_open(d->workfd, "journal", run_replay, &d->run, &d->journal, err);
	}
	if (rc == 0 && d->run.has_account) {
		rc = tree_account_check(&d->run.account, &d->account, d->opts.same_account, err);
		if (rc != 0)
			err_wrap(err, "an interrupted run");
	}
	return rc;
}

int tree_dir_sink(const char *path, const struct tree_account *account,
        const struct tree_dir_opts *opts, struct progress *progress, struct tree_sink **out,
        struct err *err)
{
	struct dir_sink *d = xcalloc(1, sizeof *d);
	int rc;

	*out = NULL;
	d->sink.ops = &dir_ops;
	d->workfd = -1;
	d->path = xstrdup(path);
	d->opts = *opts;
	d->progress = progress;
	d->names = tree_names_new();
	tree_account_copy(&d->account, account);
	pthread_mutex_init(&d->lock, NULL);
	pthread_mutex_init(&d->batch_lock, NULL);
	rc = tree_files_lock(path, true, &d->files, err);
	if (rc == 0)
		rc = tree_files_recover(&d->files, progress, err);
	if (rc == 0)
		rc = dir_names_choose(&d->files, opts->names, progress, err);
	if (rc == 0)
		rc = load_manifest(d, err);
	if (rc == 0)
		rc = open_work(d, err);
	if (rc != 0) {
		dir_free(&d->sink);
		return rc;
	}
	d->commit = (struct commit){.treefd = d->files.treefd,
	        .catfd = d->files.catfd,
	        .workfd = d->workfd,
	        .before = &d->before,
	        .objects = &d->objects,
	        .links_max = DIR_LINKS_MAX,
	        .sep = d->files.sep,
	        .progress = progress};
	*out = &d->sink;
	return 0;
}

void dir_sink_links_max(struct tree_sink *s, unsigned max)
{
	((struct dir_sink *)s)->commit.links_max = max;
}
