/*
 * The new state of the whole account: put together, held against the last one, decided,
 * carried out.
 */
#include "internal.h"
#include "valise/base/mem.h"
#include "valise/tree/shrink.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Collections of kinds that were kept whole, and not given since. */
static void resolve_kept(struct dir_sink *d)
{
	for (size_t i = 0; i < d->before.n_heads; i++) {
		const struct tree_head *h = &d->before.heads[i];
		const struct kept_kind *k = &d->kept[h->kind];
		struct tree_head copy;

		if (!k->set || tree_manifest_find(&d->commit.after, h->kind, h->name))
			continue;
		tree_head_copy(&copy, h);
		tree_head_keep(&copy, k->status, k->reason);
		tree_manifest_add(&d->commit.after, &copy);
		tree_head_clear(&copy);
	}
}

/* For tree_shrink: the state ${after} or before this run; the caller frees it. */
static int load_state(
        void *ctx, const struct tree_head *h, bool after, struct tree_coll **out, struct err *err)
{
	struct dir_sink *d = ctx;
	const struct staged *s = after ? staged_find(&d->commit, h->kind, h->name) : NULL;
	char file[STAGED_FILE_SIZE];
	int rc;

	if (s)
		return catalog_load(d->workfd, staged_file(s->file, file), NULL, out, NULL, err);
	rc = catalog_load(d->files.treefd, h->catalog, d->abouts, out, NULL, err);
	if (rc == 0 && after)
		tree_coll_without_gone(*out);
	return rc;
}

static int put_state(void *ctx, struct tree_coll *c, struct err *err)
{
	struct dir_sink *d = ctx;

	return dir_coll(&d->sink, c, err);
}

/* Of each collection of the last state: was it read, and not only kept? */
static struct tree_shrink_head *look_at_heads(const struct dir_sink *d)
{
	struct tree_shrink_head *heads = xcalloc(d->before.n_heads + 1, sizeof *heads);

	for (size_t i = 0; i < d->before.n_heads; i++) {
		const struct tree_head *h = &d->before.heads[i],
		                       *now = tree_manifest_find(
		                               &d->commit.after, h->kind, h->name);

		heads[i].lost = UINT64_MAX;
		if (now) /* one that came with marks of its own is right */
			heads[i].read = now->status != COLL_STALE && now->status != COLL_SKIPPED &&
			                now->roots.gone == 0;
		else
			heads[i].read = !d->kept[h->kind].set;
	}
	return heads;
}

/* Takes ${heads}. */
static int keep_gone(
        struct dir_sink *d, struct tree_shrink_head *heads, unsigned *marked_out, struct err *err)
{
	struct tree_shrink s = {.before = &d->before,
	        .heads = heads,
	        .load = load_state,
	        .put = put_state,
	        .ctx = d,
	        .accept = &d->opts.accept,
	        .progress = d->progress};
	int rc = tree_shrink_keep(&s, &d->commit.after, marked_out, err);

	tree_manifest_sort(&d->commit.after);
	free(heads);
	return rc;
}

/* Does the manifest say anything new, but for the time? */
static bool is_changed(struct dir_sink *d)
{
	struct tree_manifest *after = &d->commit.after;
	int64_t created = after->created;
	char *tool = after->tool;
	struct buf a = buf_of(SIZE_MAX), b = buf_of(SIZE_MAX);
	bool same;

	if (!d->before.tool)
		return true;
	after->created = d->before.created;
	after->tool = d->before.tool;
	tree_json_put(&d->before, &a);
	tree_json_put(after, &b);
	same = a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
	if (!same)
		after->created = created;
	after->tool = same ? xstrdup(d->before.tool) : tool;
	if (same)
		free(tool);
	buf_clear(&a);
	buf_clear(&b);
	return !same;
}

static int complete_manifest(struct dir_sink *d, unsigned *marked_out, struct err *err)
{
	struct tree_manifest *m = &d->commit.after;
	struct tree_shrink_head *heads = look_at_heads(d);

	tree_account_clear(&m->account);
	tree_account_copy(&m->account, &d->account);
	tree_account_merge(&m->account, &d->before.account);
	m->created = d->opts.created ? d->opts.created : (int64_t)time(NULL);
	free(m->tool);
	m->tool = xstrdup("valise " VALISE_VERSION);
	resolve_kept(d);
	tree_manifest_sort(m);
	return keep_gone(d, heads, marked_out, err);
}

int dir_commit(struct tree_sink *s, struct tree_commit *out, struct err *err)
{
	struct dir_sink *d = (struct dir_sink *)s;
	int rc;

	memset(out, 0, sizeof *out);
	rc = dir_flush(d, err);
	if (rc == 0)
		rc = complete_manifest(d, &out->shrunk, err);
	if (rc == 0 && d->objects_new > 0)
		rc = commit_share(&d->commit, err);
	if (rc != 0)
		return rc;
	out->changed = is_changed(d);
	tree_manifest_totals(&d->commit.after, &out->totals);
	out->objects_new = d->objects_new;
	out->bytes_new = d->bytes_new;
	/*
	 * It has told what it had to; open, it would linger in .work where a file system
	 * keeps removed files.
	 */
	journal_free(d->journal);
	d->journal = NULL;
	abouts_free(d->abouts);
	d->abouts = NULL;
	if (!out->changed && d->commit.n_staged == 0)
		return commit_put_away(&d->commit, err);
	rc = commit_decide(&d->commit, err);
	if (rc == 0)
		rc = commit_carry_out(&d->commit, err);
	return rc;
}
