/*
 * A commit: decided when commit.json is durable, then carried out; all steps may be
 * repeated. First all files, a barrier, then the catalogs, tree.json, a barrier, and
 * .work goes.
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

char *staged_file(uint32_t file, char out[STAGED_FILE_SIZE])
{
	snprintf(out, STAGED_FILE_SIZE, "c%06u.jsonl", file);
	return out;
}

const struct staged *staged_find(const struct commit *c, enum coll_kind kind, const char *name)
{
	for (size_t i = 0; i < c->n_staged; i++)
		if (c->staged[i].kind == kind && strcmp(c->staged[i].name, name) == 0)
			return &c->staged[i];
	return NULL;
}

void commit_clear(struct commit *c)
{
	for (size_t i = 0; i < c->n_staged; i++)
		free(c->staged[i].name);
	free(c->staged);
	c->staged = NULL;
	c->n_staged = c->staged_cap = 0;
	tree_manifest_clear(&c->after);
}

void tree_json_put(const struct tree_manifest *m, struct buf *out)
{
	json_t *o = json_object();

	tree_manifest_to_json(m, o);
	json_set_number(o, "tree", DIR_VERSION);
	json_put(out, o);
	buf_putc(out, '\n');
	json_decref(o);
}

int commit_decide(const struct commit *c, struct err *err)
{
	json_t *o = json_object(), *list = json_array(), *manifest = json_object();
	struct buf text = buf_of(SIZE_MAX);
	int rc;

	for (size_t i = 0; i < c->n_staged; i++) {
		json_t *s = json_object();

		json_set_number(s, "file", c->staged[i].file);
		json_set_text(s, "kind", coll_kind_dir(c->staged[i].kind));
		json_set_text(s, "name", c->staged[i].name);
		json_array_append_new(list, s);
	}
	tree_manifest_to_json(&c->after, manifest);
	json_object_set_new(o, "manifest", manifest);
	json_object_set_new(o, "staged", list);
	json_put(&text, o);
	json_decref(o);
	rc = fs_barrier(c->workfd, err); /* what it speaks of comes first */
	if (rc == 0)
		rc = file_write(c->workfd, "commit.json", text.data, text.len, err);
	buf_clear(&text);
	return rc;
}

/*
 * Files that the last catalog of this tree names and the new one does not: they are ours,
 * and gone on the server.
 */
static int remove_vanished(struct placing *p, const struct places *now, struct err *err)
{
	struct buf unique = buf_of(SIZE_MAX);
	int rc = 0;

	for (size_t i = 0; rc == 0 && p->old && i < p->old->n_items; i++) {
		const char *have;

		if (now && places_find(now, p->old, &p->old->items[i]))
			continue;
		buf_reset(&unique);
		item_unique_name(p->old, &p->old->items[i], &unique);
		have = listing_find(&p->listing, buf_str(&unique));
		if (have && sys_unlinkat(p->dirfd, have, 0) != 0 && errno != ENOENT)
			rc = err_sys(err, ERR_WHOLE, "cannot remove %s/%s", p->old->path, have);
	}
	buf_clear(&unique);
	return rc;
}

/* The collection's directory, and what a Maildir has in it. */
static int make_dirs(
        const struct commit *c, const struct tree_coll *now, int *fd_out, struct err *err)
{
	static const char *const subs[] = {"cur", "new", "tmp"};
	int fd, rc = beneath_make(c->treefd, now->path, fd_out, err);

	if (now->kind != COLL_MAIL || ((now->attrs & ATTR_NOSELECT) && now->n_items == 0))
		return rc;
	for (size_t i = 0; rc == 0 && i < 3; i++) {
		rc = beneath_make(*fd_out, subs[i], &fd, err);
		fd_close(fd);
	}
	return rc;
}

/* Where the last catalog is, relative to catalog/; NULL: there is none. */
static char *catalog_of(const struct commit *c, enum coll_kind kind, const char *name)
{
	const struct tree_head *h = tree_manifest_find(c->before, kind, name);

	return h && h->catalog && strncmp(h->catalog, "catalog/", 8) == 0 ? h->catalog + 8 : NULL;
}

/*
 * The last catalog, if there is one that is whole: without it nothing is taken for
 * vanished.
 */
static int load_old(const struct commit *c, enum coll_kind kind, const char *name,
        struct tree_coll **out, struct err *err)
{
	const char *catalog = catalog_of(c, kind, name);
	int rc;

	*out = NULL;
	rc = catalog ? catalog_load(c->catfd, catalog, NULL, out, NULL, err) : 0;
	if (*out)
		tree_coll_with_gone(*out);
	if (rc != ERR_NOTFOUND && rc != ERR_DAMAGED)
		return rc;
	err_clear(err);
	return 0;
}

/* Every item to its place, and what a vdir says of itself. */
static int place_all(struct placing *p, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->now->n_items; i++)
		rc = place_item(p, &p->now->items[i], err);
	if (rc == 0 && p->now->kind != COLL_MAIL)
		rc = props_write(p->commit->workfd, p->dirfd, p->now, err);
	return rc;
}

/*
 * The files of one collection. Its catalog is still in .work, and the last one in its
 * place.
 */
static int apply_files(struct commit *c, const struct staged *s, struct err *err)
{
	struct placing p = {.commit = c, .dirfd = -1};
	struct tree_coll *now = NULL, *old = NULL;
	struct places places = {0};
	char file[STAGED_FILE_SIZE];
	int rc;

	/* done before */
	if (!is_there(c->workfd, staged_file(s->file, file)))
		return 0;
	rc = catalog_load(c->workfd, file, NULL, &now, NULL, err);
	/* its files stay in their places */
	if (rc == 0)
		tree_coll_with_gone(now);
	if (rc == 0)
		rc = load_old(c, s->kind, s->name, &old, err);
	if (rc != 0) {
		tree_coll_free(now);
		return rc;
	}
	p.now = now;
	p.old = old;
	places_init(&p.old_places, old);
	places_init(&places, now);
	rc = make_dirs(c, now, &p.dirfd, err);
	if (rc == 0)
		rc = listing_read(c->treefd, now->kind, now->path, &p.listing, err);
	if (rc == 0)
		rc = place_all(&p, err);
	if (rc == 0)
		rc = remove_vanished(&p, &places, err);
	fd_close(p.dirfd);
	listing_clear(&p.listing);
	places_clear(&p.old_places);
	places_clear(&places);
	tree_coll_free(old);
	tree_coll_free(now);
	return rc;
}

/* From .work into its place; done before is fine. */
static int install_catalog(struct commit *c, const struct staged *s, struct err *err)
{
	const struct tree_head *h = tree_manifest_find(&c->after, s->kind, s->name);
	char file[STAGED_FILE_SIZE], *dir;
	const char *slash;
	int fd, rc;

	slash = h && h->catalog ? strrchr(h->catalog, '/') : NULL;
	if (!slash || !is_there(c->workfd, staged_file(s->file, file)))
		return 0;
	dir = xstrndup(h->catalog, (size_t)(slash - h->catalog));
	rc = beneath_make(c->treefd, dir, &fd, err);
	if (rc == 0 && sys_renameat(c->workfd, file, fd, slash + 1) != 0)
		rc = err_sys(err, ERR_WHOLE, "cannot put %s in its place", h->catalog);
	fd_close(fd);
	free(dir);
	return rc;
}

static int unlink_if(int dirfd, const char *name, int flags, struct err *err)
{
	if (sys_unlinkat(dirfd, name, flags) == 0 || errno == ENOENT || errno == ENOTEMPTY ||
	        errno == EEXIST)
		return 0;
	return err_sys(err, ERR_WHOLE, "cannot remove %s", name);
}

/* Remove what a directory of ours holds besides items. */
static int empty_dir(int fd, enum coll_kind kind, struct err *err)
{
	static const char *const subs[] = {"cur", "new", "tmp"}, *const files[] = {
	                                                                 "displayname", "color"};
	int rc = 0;

	for (size_t i = 0; rc == 0 && kind == COLL_MAIL && i < 3; i++)
		rc = unlink_if(fd, subs[i], AT_REMOVEDIR, err);
	for (size_t i = 0; rc == 0 && kind != COLL_MAIL && i < 2; i++)
		rc = unlink_if(fd, files[i], 0, err);
	return rc;
}

/*
 * A directory that is empty now goes; what a client put there stays, and so does the
 * directory of a subfolder.
 */
static int remove_dirs(int treefd, const struct tree_head *h, struct err *err)
{
	const char *slash = strrchr(h->path, '/');
	char *parent = xstrndup(h->path, (size_t)(slash - h->path));
	int fd = -1, up = -1, rc = beneath_dir(treefd, h->path, &fd, err);

	if (rc == 0)
		rc = empty_dir(fd, h->kind, err);
	if (rc == 0)
		rc = beneath_dir(treefd, parent, &up, err);
	if (rc == 0)
		rc = unlink_if(up, slash + 1, AT_REMOVEDIR, err);
	rc = err_pardon(err, rc, ERR_NOTFOUND);
	fd_close(fd);
	fd_close(up);
	free(parent);
	return rc;
}

/* A collection that the new state has no more. */
static int remove_coll(struct commit *c, const struct tree_head *h, struct err *err)
{
	struct placing p = {.commit = c, .dirfd = -1};
	struct tree_coll *old;
	int rc = load_old(c, h->kind, h->name, &old, err);

	if (rc == 0 && old)
		rc = beneath_dir(c->treefd, h->path, &p.dirfd, err);
	/* the whole directory was removed by somebody */
	rc = err_pardon(err, rc, ERR_NOTFOUND);
	if (rc == 0 && p.dirfd >= 0) {
		p.old = old;
		rc = listing_read(c->treefd, h->kind, h->path, &p.listing, err);
		if (rc == 0)
			rc = remove_vanished(&p, NULL, err);
		listing_clear(&p.listing);
		sys_close(p.dirfd);
	}
	if (rc == 0)
		rc = remove_dirs(c->treefd, h, err);
	if (rc == 0 && h->catalog)
		rc = beneath_unlink(c->treefd, h->catalog, 0, err);
	tree_coll_free(old);
	return rc;
}

/*
 * Subfolders come after their parents in the order of names: from the end, so that
 * emptied directories go.
 */
static int remove_gone(struct commit *c, struct err *err)
{
	int rc = 0;

	for (size_t i = c->before->n_heads; rc == 0 && i-- > 0;) {
		const struct tree_head *h = &c->before->heads[i];

		if (!tree_manifest_find(&c->after, h->kind, h->name))
			rc = remove_coll(c, h, err);
	}
	return rc;
}

static int write_tree_json(const struct commit *c, struct err *err)
{
	struct buf text = buf_of(SIZE_MAX);
	int rc;

	tree_json_put(&c->after, &text);
	rc = file_write(c->workfd, "tree.json", text.data, text.len, err);
	if (rc == 0 && sys_renameat(c->workfd, "tree.json", c->catfd, "tree.json") != 0)
		rc = err_sys(err, ERR_WHOLE, "cannot put catalog/tree.json in its place");
	buf_clear(&text);
	return rc;
}

int commit_carry_out(struct commit *c, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->n_staged; i++)
		rc = apply_files(c, &c->staged[i], err);
	if (rc == 0)
		rc = fs_barrier(c->treefd, err);
	for (size_t i = 0; rc == 0 && i < c->n_staged; i++)
		rc = install_catalog(c, &c->staged[i], err);
	if (rc == 0)
		rc = remove_gone(c, err);
	if (rc == 0)
		rc = write_tree_json(c, err);
	if (rc == 0)
		rc = fs_barrier(c->treefd, err);
	return rc ? rc : commit_put_away(c, err);
}

int commit_put_away(const struct commit *c, struct err *err)
{
	if (sys_renameat(c->catfd, ".work", c->catfd, ".done") != 0)
		return err_sys(err, ERR_WHOLE, "cannot put the finished run away");
	return dir_remove(c->catfd, ".done", err);
}
