/* Collections in the directory sink: what was there, and what comes. */
#include "internal.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Only what passes is in the result; *lost_out counts the rest. */
static struct tree_coll *keep_items(const struct tree_coll *c, const bool *good, size_t *lost_out)
{
	struct tree_coll *out = tree_coll_like(c);

	*lost_out = 0;
	for (size_t i = 0; i < c->n_items; i++) {
		struct tree_item it;

		if (!good[i]) {
			(*lost_out)++;
			continue;
		}
		tree_item_copy(out, c, &c->items[i], &it);
		tree_coll_add(out, &it);
	}
	tree_coll_copy_errors(out, c);
	out->status = c->status;
	tree_coll_sort(out);
	return out;
}

/*
 * The old catalog; NULL if there is none, or it is damaged: then everything is fetched
 * again.
 */
static int load_before(struct dir_sink *d, enum coll_kind kind, const char *name,
        struct tree_coll **out, struct err *err)
{
	const struct tree_head *h = tree_manifest_find(&d->before, kind, name);
	struct err why = {0};
	int rc;

	*out = NULL;
	if (!h || !h->catalog)
		return 0;
	rc = catalog_load(d->files.treefd, h->catalog, d->abouts, out, NULL, &why);
	if (rc == ERR_DAMAGED || rc == ERR_NOTFOUND) {
		progress_say(d->progress, SAY_WARNING, "%s; everything of it is fetched again",
		        why.text);
		return 0;
	}
	return err_copy(err, &why);
}

/* Are its bytes in .work? *file_out (may be NULL): in which file. */
static bool is_staged(struct dir_sink *d, const struct tree_item *it, uint32_t *file_out)
{
	const struct object *o;

	pthread_mutex_lock(&d->lock);
	o = objects_find(&d->objects, it->sha256);
	if (o && file_out)
		*file_out = o->file;
	pthread_mutex_unlock(&d->lock);
	return o != NULL;
}

/*
 * good[i]: the file of item i is in its directory, under whatever flags, and has its
 * bytes.
 */
static int verify_files(struct dir_sink *d, const struct tree_coll *c, bool *good, struct err *err)
{
	struct listing files;
	struct buf unique = buf_of(SIZE_MAX);
	int dir = -1, rc = listing_read(d->files.treefd, c->kind, c->path, &files, err);

	if (rc != 0)
		return rc;
	if (files.n > 0)
		rc = beneath_dir(d->files.treefd, c->path, &dir, err);
	for (size_t i = 0; rc == 0 && dir >= 0 && i < c->n_items; i++) {
		const struct tree_item *it = &c->items[i];
		const char *have;

		buf_reset(&unique);
		item_unique_name(c, it, &unique);
		have = listing_find(&files, buf_str(&unique));
		good[i] = have && beneath_verify(dir, have, it->sha256, it->size, NULL) == 0;
		rc = stop_check(err);
	}
	buf_clear(&unique);
	fd_close(dir);
	listing_clear(&files);
	return rc;
}

/* PREV_SNAPSHOT: what of it has its file, with what is gone. */
static int prev_snapshot(struct dir_sink *d, enum coll_kind kind, const char *name,
        struct tree_coll **out, struct err *err)
{
	struct tree_coll *c;
	size_t lost;
	bool *good, gone;
	int rc = load_before(d, kind, name, &c, err);

	if (rc != 0 || !c)
		return rc;
	gone = c->n_gone > 0;
	tree_coll_with_gone(c);
	good = xcalloc(c->n_items + 1, sizeof *good);
	rc = verify_files(d, c, good, err);
	if (rc == 0)
		*out = keep_items(c, good, &lost);
	if (rc == 0 && (lost > 0 || gone)) /* nothing may take it for complete */
		tree_coll_offer_gone(*out);
	free(good);
	tree_coll_free(c);
	return rc;
}

/* PREV_RUN: what of it has its bytes in .work. */
static int prev_run(struct dir_sink *d, enum coll_kind kind, const char *name,
        struct tree_coll **out, struct err *err)
{
	struct tree_coll *c = run_find(&d->run, kind, name);
	bool *good;
	size_t lost;
	int rc = 0;

	if (!c)
		return 0;
	tree_coll_sort(c);
	good = xcalloc(c->n_items + 1, sizeof *good);
	for (size_t i = 0; rc == 0 && i < c->n_items; i++) {
		const struct tree_item *it = &c->items[i];
		char path[OBJECT_FILE_SIZE];
		uint32_t file;

		/* fetched twice: one is enough */
		if (i + 1 < c->n_items && item_order(c, it, c, it + 1) == 0)
			continue;
		good[i] = is_staged(d, it, &file) &&
		          beneath_verify(d->workfd, object_file(file, path), it->sha256, it->size,
		                  NULL) == 0;
		rc = stop_check(err);
	}
	if (rc == 0)
		*out = keep_items(c, good, &lost);
	free(good);
	return rc;
}

int dir_prev(struct tree_sink *s, enum tree_prev which, enum coll_kind kind, const char *name,
        struct tree_coll **out, struct err *err)
{
	struct dir_sink *d = (struct dir_sink *)s;

	*out = NULL;
	return which == PREV_SNAPSHOT ? prev_snapshot(d, kind, name, out, err)
	                              : prev_run(d, kind, name, out, err);
}

static int write_fd(void *ctx, const void *p, size_t n, struct err *err)
{
	return fd_write_all(*(int *)ctx, p, n, err);
}

/* The catalog, to .work. */
static int write_staged(struct dir_sink *d, const struct tree_coll *c, uint32_t file,
        struct tree_roots *roots, struct err *err)
{
	char name[STAGED_FILE_SIZE];
	int fd = sys_openat(d->workfd, staged_file(file, name),
	            O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600),
	    rc;

	if (fd < 0)
		return err_sys(err, ERR_WHOLE, "cannot create .work/%s", name);
	rc = catalog_write(c, false, d->abouts, write_fd, &fd, roots, err);
	if (sys_close(fd) != 0 && rc == 0)
		rc = err_sys(err, ERR_WHOLE, "cannot write .work/%s", name);
	return rc;
}

/*
 * Into the manifest of the new state, in place of what was said of the collection before.
 */
static void add_head(struct dir_sink *d, const struct tree_head *h, const uint32_t *file)
{
	struct commit *c = &d->commit;
	struct tree_head *have;

	pthread_mutex_lock(&d->lock);
	have = tree_manifest_find(&c->after, h->kind, h->name);
	if (have) {
		tree_head_clear(have);
		tree_head_copy(have, h);
	} else {
		tree_manifest_add(&c->after, h);
	}
	for (size_t i = 0; i < c->n_staged; i++) {
		if (c->staged[i].kind != h->kind || strcmp(c->staged[i].name, h->name) != 0)
			continue;
		free(c->staged[i].name);
		c->staged[i] = c->staged[--c->n_staged];
		break;
	}
	if (file)
		*ARR_PUSH(c->staged, c->n_staged, c->staged_cap) =
		        (struct staged){h->kind, xstrdup(h->name), *file};
	pthread_mutex_unlock(&d->lock);
}

/* Items whose bytes are neither in .work nor in their file become error lines. */
static int drop_missing(struct dir_sink *d, struct tree_coll *c, bool *staged_out, struct err *err)
{
	struct listing files = {0};
	struct buf unique = buf_of(SIZE_MAX);
	bool listed = false;
	size_t n = 0;
	int rc = 0;
	unsigned attrs = c->attrs;

	tree_coll_with_gone(c);
	for (size_t i = 0; rc == 0 && i < c->n_items; i++) {
		const struct tree_item *it = &c->items[i];
		const struct tree_ext *e = tree_item_ext(c, it);
		bool there = is_staged(d, it, NULL);

		*staged_out |= there;
		if (!there && !listed)
			rc = listing_read(d->files.treefd, c->kind, c->path, &files, err);
		listed |= !there;
		buf_reset(&unique);
		item_unique_name(c, it, &unique);
		if (there || listing_find(&files, buf_str(&unique)))
			c->items[n++] = *it;
		else if (!it->gone) /* what is gone cannot be fetched again */
			tree_coll_error(c, it->uid, e ? e->href : NULL, NULL, NULL,
			        "its file was removed from the tree while the run went on; run "
			        "again");
	}
	if (rc == 0)
		c->n_items = n;
	buf_clear(&unique);
	listing_clear(&files);
	tree_coll_part_gone(c);
	c->attrs = attrs;
	tree_coll_sort(c);
	return rc;
}

/* With reset_new: nothing may be in the way of a new collection. */
static int check_new(struct dir_sink *d, const struct tree_coll *c, struct err *err)
{
	struct listing files;
	size_t n;
	int rc;

	if (!d->opts.reset_new || tree_manifest_find(&d->before, c->kind, c->name))
		return 0;
	rc = listing_read(d->files.treefd, c->kind, c->path, &files, err);
	n = files.n;
	listing_clear(&files);
	if (rc == 0 && n > 0)
		rc = err_set(err, ERR_EXISTS, ERR_COLLECTION,
		        "%s holds files already that are not of this tree", c->path);
	return rc;
}

/* Numbered, written to .work, in the new manifest. */
static int take_coll(struct dir_sink *d, struct tree_coll *c, struct err *err)
{
	const struct tree_head *before = tree_manifest_find(&d->before, c->kind, c->name);
	struct tree_coll *old = NULL;
	struct tree_roots roots;
	struct tree_head h;
	bool staged = false, same;
	uint32_t file;
	int rc;

	rc = check_new(d, c, err);
	if (rc == 0)
		rc = load_before(d, c->kind, c->name, &old, err);
	if (rc == 0 && old)
		tree_coll_with_gone(old);
	if (rc != 0)
		return rc;
	tree_coll_number(c, old);
	rc = drop_missing(d, c, &staged, err);
	if (rc == 0)
		rc = dir_name_items(d, c, err);
	if (rc == 0) {
		pthread_mutex_lock(&d->lock);
		file = d->next_staged++;
		pthread_mutex_unlock(&d->lock);
		rc = write_staged(d, c, file, &roots, err);
	}
	if (rc == 0) {
		same = old && before && before->what && !staged &&
		       memcmp(before->roots.state, roots.state, SHA256_LEN) == 0;
		tree_head_of(&h, c, &roots);
		h.catalog = xasprintf("catalog/%s.jsonl", c->path);
		add_head(d, &h, same ? NULL : &file);
		tree_head_clear(&h);
	}
	tree_coll_free(old);
	return rc;
}

int dir_coll(struct tree_sink *s, struct tree_coll *c, struct err *err)
{
	struct dir_sink *d = (struct dir_sink *)s;
	char *path = tree_names_path(d->names, c);
	int rc;

	free(c->path);
	c->path = path;
	rc = take_coll(d, c, err);
	tree_coll_free(c);
	return rc;
}

/* Known to be unchanged: as if the source had given again what it gave last time. */
static int give_again(struct dir_sink *d, enum coll_kind kind, const char *name, struct err *err)
{
	struct tree_coll *c;
	int rc = load_before(d, kind, name, &c, err);

	if (rc == 0 && !c)
		rc = err_set(err, ERR_DAMAGED, ERR_COLLECTION, "%s: its catalog is damaged", name);
	if (rc != 0)
		return rc;
	tree_coll_without_gone(c);
	c->status = c->n_errors ? COLL_PARTIAL : COLL_COMPLETE;
	free(c->reason);
	c->reason = NULL;
	return dir_coll(&d->sink, c, err);
}

/* The last state stands, or a STALE collection is made. */
static int keep_one(struct dir_sink *d, enum coll_kind kind, const char *name,
        enum coll_status status, const char *reason, struct err *err)
{
	const struct tree_head *before = tree_manifest_find(&d->before, kind, name);
	struct tree_head h;

	if (before && (before->roots.gone || !before->what) && status == COLL_COMPLETE)
		return give_again(d, kind, name, err);
	if (before) {
		tree_head_copy(&h, before);
		tree_head_keep(&h, status, reason);
		add_head(d, &h, NULL);
		tree_head_clear(&h);
		return 0;
	}
	if (status != COLL_STALE)
		return 0;
	struct tree_coll *c = tree_coll_new(kind, name);
	c->status = COLL_STALE;
	c->reason = xstrdup(reason);
	return dir_coll(&d->sink, c, err);
}

int dir_keep(struct tree_sink *s, enum coll_kind kind, const char *name, enum coll_status status,
        const char *reason, struct err *err)
{
	struct dir_sink *d = (struct dir_sink *)s;

	if (name)
		return keep_one(d, kind, name, status, reason, err);
	/* Which these are is known at the commit. */
	pthread_mutex_lock(&d->lock);
	free(d->kept[kind].reason);
	d->kept[kind] = (struct kept_kind){true, status, xstrdup(reason)};
	pthread_mutex_unlock(&d->lock);
	return 0;
}
