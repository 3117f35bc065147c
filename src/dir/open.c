/* TREE opened: what it is, its lock, an earlier run that was cut. */
#include "internal.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* A tree, or nothing yet: anything else is not ours to write to. */
static int check_place(int treefd, const char *path, struct err *err)
{
	char **names = NULL;
	size_t n = 0, others = 0;
	int rc;

	if (is_there(treefd, "catalog/tree.json") || is_there(treefd, "catalog/.lock"))
		return 0;
	rc = dir_list(treefd, ".", &names, &n, err);
	for (size_t i = 0; i < n; i++)
		others += strcmp(names[i], "catalog") != 0;
	texts_free(names, n);
	if (rc == 0 && others > 0)
		rc = err_set(err, ERR_EXISTS, ERR_WHOLE,
		        "%s is not empty, and not a tree of valise: give another directory", path);
	return rc;
}

int tree_files_lock(const char *path, bool make, struct tree_files *out, struct err *err)
{
	int rc = 0;

	*out = (struct tree_files){-1, -1, LOCK_NONE, ':'};
	if (make)
		rc = dir_make(AT_FDCWD, path, err);
	if (rc == 0)
		rc = dir_open(AT_FDCWD, path, &out->treefd, err);
	if (rc == 0 && make)
		rc = check_place(out->treefd, path, err);
	if (rc == 0)
		rc = make ? beneath_make(out->treefd, "catalog", &out->catfd, err)
		          : beneath_dir(out->treefd, "catalog", &out->catfd, err);
	if (rc == 0)
		rc = lock_take(out->catfd, ".lock",
		        "is being written by another run: wait for its end", &out->lock, err);
	if (rc == ERR_LOCKED && err)
		err_wrap(err, "%s", path);
	if (rc == 0)
		rc = dir_names_read(out->catfd, &out->sep, err);
	if (rc != 0) {
		tree_files_close(out);
		if (err)
			err_widen(err, ERR_WHOLE);
	}
	return rc;
}

void tree_files_close(struct tree_files *f)
{
	int *fds[] = {&f->catfd, &f->treefd};

	lock_drop(f->catfd, ".lock", &f->lock);
	for (size_t i = 0; i < 2; i++) {
		fd_close(*fds[i]);
		*fds[i] = -1;
	}
}

int tree_files_manifest(int catfd, struct tree_manifest *out, struct err *err)
{
	json_t *o;
	int64_t version;
	int rc = json_load(catfd, "tree.json", &o, err);

	tree_manifest_init(out);
	if (rc != 0)
		return rc;
	version = json_get_int(o, "tree", 0);
	if (version > DIR_VERSION)
		rc = err_set(err, ERR_UNSUPPORTED, ERR_WHOLE,
		        "the tree is of version %lld; this program knows %d", (long long)version,
		        DIR_VERSION);
	else if (version != DIR_VERSION)
		rc = err_set(err, ERR_DAMAGED, ERR_WHOLE,
		        "catalog/tree.json is not the manifest of a tree");
	else
		rc = tree_manifest_from_json(o, out, err);
	json_decref(o);
	for (size_t i = 0; rc == 0 && i < out->n_heads; i++) {
		char *want = xasprintf("catalog/%s.jsonl", out->heads[i].path);

		if (!out->heads[i].catalog || strcmp(out->heads[i].catalog, want) != 0)
			rc = err_set(err, ERR_DAMAGED, ERR_WHOLE,
			        "catalog/tree.json names a catalog in another place");
		free(want);
	}
	if (rc != 0)
		tree_manifest_clear(out);
	return rc;
}

/* What was decided: c->after, c->staged. */
static int parse_commit(const json_t *o, struct commit *c, struct err *err)
{
	const json_t *list = json_object_get(o, "staged"), *s;
	size_t i;
	int rc = tree_manifest_from_json(json_object_get(o, "manifest"), &c->after, err);

	json_array_foreach(list, i, s)
	{
		int64_t file = json_get_int(s, "file", -1);
		const char *name = json_get_str(s, "name");
		enum coll_kind kind;
		struct staged *slot;

		if (file < 0 || file >= UINT32_MAX || !name ||
		        !kind_parse(json_get_str(s, "kind"), &kind))
			return err_set(err, ERR_DAMAGED, ERR_WHOLE,
			        "catalog/.work/commit.json is damaged");
		slot = ARR_PUSH(c->staged, c->n_staged, c->staged_cap);
		*slot = (struct staged){kind, xstrdup(name), (uint32_t)file};
	}
	return rc;
}

/* Where the run's bytes are, from its journal. */
static int load_objects(int workfd, struct objects *objects, struct err *err)
{
	struct run run = {.objects = objects};
	struct journal *journal = NULL;
	int rc = journal_open(workfd, "journal", run_replay, &run, &journal, err);

	journal_free(journal);
	run_clear(&run);
	return rc;
}

/* The decided commit in .work, from its beginning. */
static int carry_out(
        const struct tree_files *f, int workfd, struct progress *progress, struct err *err)
{
	struct tree_manifest before;
	struct objects objects = {0};
	struct commit c = {.treefd = f->treefd,
	        .catfd = f->catfd,
	        .workfd = workfd,
	        .before = &before,
	        .objects = &objects,
	        .links_max = DIR_LINKS_MAX,
	        .sep = f->sep,
	        .progress = progress};
	json_t *o = NULL;
	int rc = tree_files_manifest(f->catfd, &before, err);

	rc = err_pardon(err, rc, ERR_NOTFOUND);
	if (rc == 0)
		rc = json_load(workfd, "commit.json", &o, err);
	if (rc == 0)
		rc = parse_commit(o, &c, err);
	if (rc == 0)
		rc = load_objects(workfd, &objects, err);
	if (rc == 0)
		rc = commit_carry_out(&c, err);
	json_decref(o);
	objects_clear(&objects);
	commit_clear(&c);
	tree_manifest_clear(&before);
	return rc;
}

int tree_files_recover(const struct tree_files *f, struct progress *progress, struct err *err)
{
	int workfd, rc = dir_remove(f->catfd, ".done", err);

	if (rc != 0 || !is_there(f->catfd, ".work/commit.json"))
		return rc;
	rc = beneath_dir(f->catfd, ".work", &workfd, err);
	if (rc != 0)
		return rc;
	rc = carry_out(f, workfd, progress, err);
	sys_close(workfd);
	return rc;
}
