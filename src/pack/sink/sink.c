/*
 * The archive as a sink: opening, what the last snapshot and an interrupted run had, the
 * end.
 */
#include "sink.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include "valise/base/workers.h"
#include "pack/bag.h"

#define WORKERS_MAX 8

/* PREV_RUN; with the lock held. */
static int prev_of_run(
        struct archive_sink *s, enum coll_kind kind, const char *name, struct tree_coll **out)
{
	const struct tree_coll *from = NULL;

	/*
	 * The journal is in order of time: the last one counts when UIDVALIDITY changed.
	 */
	for (size_t i = 0; i < s->n_runs; i++) {
		const struct tree_coll *c = s->runs[i].coll;

		if (c->kind == kind && c->n_items && strcmp(c->name, name) == 0)
			from = c;
	}
	if (!from)
		return 0;
	*out = tree_coll_copy(from);
	tree_coll_sort(*out);
	return 0;
}

static int sink_prev(struct tree_sink *t, enum tree_prev which, enum coll_kind kind,
        const char *name, struct tree_coll **out, struct err *err)
{
	struct archive_sink *s = (struct archive_sink *)t;
	struct slot *slot;
	int rc = sink_failed(s, err);

	*out = NULL;
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&s->lock);
	if (which == PREV_RUN) {
		rc = prev_of_run(s, kind, name, out);
	} else {
		slot = sink_slot(s, kind, name, false);
		if (slot && slot->prev) {
			slot->asked = true;
			rc = sink_load_head(s, slot->prev, out, err);
		}
		if (*out && (*out)->n_gone)
			tree_coll_offer_gone(*out);
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

/*
 * No lock is held while the file is read: a slot's last state stays what it is until somebody
 * reads all of it. One that cannot be read is the affair of prev.
 */
static int sink_head(struct tree_sink *t, enum coll_kind kind, const char *name,
        struct tree_coll **out, size_t *items_out, struct err *err)
{
	struct archive_sink *s = (struct archive_sink *)t;
	const struct tree_head *h;
	const struct slot *slot;
	int rc = sink_failed(s, err);

	*out = NULL;
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&s->lock);
	slot = sink_slot(s, kind, name, false);
	h = slot && !slot->broken ? slot->prev : NULL;
	pthread_mutex_unlock(&s->lock);
	if (!h || h->status != COLL_COMPLETE || h->roots.errors || h->roots.gone || s->bad_parts ||
	        sealed_head(s->rootfd, h, out, NULL) < 0)
		return 0;
	tree_coll_take_status(*out, h);
	*items_out = (size_t)h->roots.items;
	return 0;
}

/* Frees what it holds, not the slot. */
static void slot_clear(struct slot *slot)
{
	tree_coll_free(slot->coll);
	tree_coll_free(slot->before);
	free(slot->name);
	free(slot->reason);
	free(slot->why);
	tree_head_clear(&slot->head);
	free(slot->spill);
	free(slot->parts);
}

void sink_destroy(struct archive_sink *s)
{
	part_checker_free(s->checker);
	part_writer_free(s->writer);
	journal_free(s->journal);
	sink_journal_forget(s);
	for (size_t i = 0; i < s->n_slots; i++)
		slot_clear(&s->slots[i]);
	free(s->slots);
	text_index_clear(&s->by_name);
	free(s->part_sums);
	body_pool_clear(&s->pool);
	seals_clear(&(struct seals){.v = s->seals, .n = s->n_seals});
	texts_free(s->bad, s->n_bad);
	texts_free(s->rotten, s->n_rotten);
	abouts_free(s->abouts);
	tree_account_clear(&s->account);
	tree_names_free(s->names);
	fd_close(s->snapfd);
	lock_drop(s->workfd, "lock", &s->work_lock);
	fd_close(s->workfd);
	fd_close(s->rootfd);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_destroy(&s->barrier);
	pthread_mutex_destroy(&s->naming);
	pthread_cond_destroy(&s->wake);
	free(s->path);
	free(s);
}

static void sink_free(struct tree_sink *t)
{
	struct archive_sink *s = (struct archive_sink *)t;
	struct err err = {0};

	if (!s)
		return;
	sink_keeper_stop(s);
	/* What came since the last barrier is worth keeping, if it can be. */
	if (!s->committed && s->writer && !s->failed.code && sink_barrier(s, &err) < 0)
		progress_say(s->progress, SAY_NOTE, "%s", err.text);
	part_writer_free(s->writer);
	s->writer = NULL;
	if (!s->committed && s->work_lock.fd >= 0 && s->mark.part == 0 &&
	        sink_work_remove(s, &err) < 0)
		progress_say(s->progress, SAY_NOTE, "%s", err.text);
	sink_destroy(s);
}

static const struct tree_sink_ops ops = {
        .prev = sink_prev,
        .head = sink_head,
        .last = sink_last,
        .body_open = sink_body_open,
        .body_write = sink_body_write,
        .body_close = sink_body_close,
        .body_abort = sink_body_abort,
        .item = sink_item,
        .coll = sink_coll,
        .keep = sink_keep,
        .names = sink_names,
        .sync = sink_sync,
        .commit = sink_commit,
        .free = sink_free,
};

struct archive_sink *sink_new(
        const char *path, const struct archive_opts *opts, struct progress *progress)
{
	struct archive_sink *s = xcalloc(1, sizeof *s);
	pthread_condattr_t attr;

	s->base.ops = &ops;
	s->rootfd = s->workfd = s->snapfd = -1;
	s->work_lock = LOCK_NONE;
	if (opts)
		s->opts = *opts;
	if (!s->opts.part_size)
		s->opts.part_size = PART_SIZE;
	if (!s->opts.batch_bytes)
		s->opts.batch_bytes = BATCH_BYTES;
	if (!s->opts.workers)
		s->opts.workers = MIN(workers_cores(), WORKERS_MAX);
	if (!s->opts.created)
		s->opts.created = (int64_t)time(NULL);
	s->progress = progress;
	s->path = xstrdup(path);
	s->names = tree_names_new();
	object_map_init(&s->objects);
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->barrier, NULL);
	pthread_mutex_init(&s->naming, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
	return s;
}

/* May it be added to what is there, and what of that does it lack? */
static int take_account(struct archive_sink *s, struct err *err)
{
	const struct tree_manifest *last = &s->prev->manifest;
	int rc = tree_account_check(&last->account, &s->account, s->opts.same_account, err);

	if (rc == 0)
		rc = tree_accept_check(&s->opts.accept, last, err);
	if (rc == 0)
		tree_account_merge(&s->account, &last->account);
	return rc;
}

/*
 * The state that this run goes on from: seals, account, names, one slot for each
 * collection.
 */
static int load_state(struct archive_sink *s, const struct tree_account *account, struct err *err)
{
	int rc = sink_past_seals(s, err);

	if (rc < 0)
		return err_wrap(err, "%s", s->path);
	if (s->snapshot > SNAPSHOT_MAX)
		return err_set(err, ERR_LIMIT, ERR_WHOLE,
		        "%s has as many snapshots as an archive can have", s->path);
	tree_account_copy(&s->account, account);
	if (s->n_seals == 0)
		return 0;
	if (!s->like) {
		rc = take_account(s, err);
		if (rc < 0)
			return err_wrap(err, "%s", s->path);
	}
	for (size_t i = 0; i < s->prev->manifest.n_heads; i++) {
		const struct tree_head *h = &s->prev->manifest.heads[i];
		struct slot *slot = sink_slot(s, h->kind, h->name, true);

		tree_names_keep_portable(s->names, h->kind, h->name, h->path);
		slot->prev = h;
		slot->seal = s->n_seals - 1;
	}
	return s->like ? 0 : sink_past_look(s, err);
}

/*
 * Tag files are part of every seal, so one that is gone or damaged is put back when this
 * program has the very text.
 */
static int repair_tags(struct archive_sink *s, struct err *err)
{
	for (unsigned i = 0; i < BAG_TAGS; i++) {
		const struct seal_file *f = seal_find(s->prev, bag_tag_names[i]);
		uint8_t sum[SHA256_LEN], own[SHA256_LEN];
		uint64_t size;
		size_t n;
		const uint8_t *text = bag_tag_text(i, &n);

		int rc = file_sha256(s->rootfd, f->path, sum, &size, err);

		if (rc == 0 && memcmp(sum, f->sum, SHA256_LEN) == 0)
			continue;
		if (rc < 0 && !sink_past_is_damage(rc))
			return sink_past_unsure(s, err);
		err_clear(err);
		sha256_of(text, n, own);
		if (memcmp(own, f->sum, SHA256_LEN) != 0)
			sink_past_tag(s, f->path);
		else if (file_write(s->rootfd, f->path, text, n, err) < 0)
			return err->code;
	}
	return 0;
}

/* Tag files and derived files of the archive as they should be. */
static int repair_past(struct archive_sink *s, struct err *err)
{
	bool changed = false;
	int rc;

	if (!s->prev)
		return 0;
	rc = repair_tags(s, err);
	if (rc == 0 && s->gaps == 0)
		rc = bag_update(s->rootfd, s->seals, s->n_seals, &changed, err);
	if (changed)
		progress_say(s->progress, SAY_NOTE,
		        "%s: manifest-sha256.txt and bag-info.txt brought up to date", s->path);
	return rc;
}

/* Frees it on failure. */
static int open_sink(struct archive_sink *s, const struct tree_account *account, struct err *err)
{
	int rc = sink_dirs_open(s, err);

	s->abouts = abouts_new(s->workfd, "what");
	if (rc == 0)
		rc = load_state(s, account, err);
	if (rc == 0)
		rc = repair_past(s, err);
	if (rc == 0)
		rc = sink_resume(s, err);
	/* Whether bytes are nowhere can be told only when all places are known. */
	if (rc == 0 && s->bad_parts)
		rc = sink_load_all(s, err);
	if (rc < 0) {
		struct stat st;

		/* Nothing of ours stays; what an interrupted run left does. */
		if (s->work_lock.fd >= 0 &&
		        fstatat(s->workfd, "journal", &st, AT_SYMLINK_NOFOLLOW) < 0) {
			struct err ignored = {0};

			if (sink_work_remove(s, &ignored) < 0)
				progress_say(s->progress, SAY_NOTE, "%s", ignored.text);
		}
		sink_destroy(s);
	}
	return rc;
}

int archive_sink(const char *path, const struct tree_account *account,
        const struct archive_opts *opts, struct progress *progress, struct tree_sink **out,
        struct err *err)
{
	struct archive_sink *s = sink_new(path, opts, progress);
	int rc = open_sink(s, account, err);

	*out = NULL;
	if (rc < 0)
		return rc;
	rc = sink_heal(s, err);
	if (rc < 0) {
		sink_free(&s->base); /* what is copied stays for the next run */
		return rc;
	}
	*out = &s->base;
	return 0;
}

int sink_open_like(const char *path, const struct sink_like *like, struct progress *progress,
        struct archive_sink **out, struct err *err)
{
	struct archive_sink *s = sink_new(
	        path, &(struct archive_opts){.created = like->seal->manifest.created}, progress);
	int rc;

	s->like = like;
	rc = open_sink(s, &like->seal->manifest.account, err);
	*out = rc < 0 ? NULL : s;
	return rc;
}
