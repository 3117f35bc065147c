/* One snapshot of an archive as a tree_reader; and the list of all. */
#include "valise/pack/archive.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include "pack/part/part.h"
#include "seal.h"

struct archive_view {
	struct tree_reader base;
	int rootfd;
	struct seal seal;
	struct part_reader *parts;
	_Atomic uint64_t looked_at; /* the part that was last found to be a plain file */
};

static const struct tree_manifest *view_manifest(struct tree_reader *r)
{
	return &((struct archive_view *)r)->seal.manifest;
}

/* Has the snapshot the catalog that a head names? */
static int check_catalog(const struct archive_view *v, const struct tree_head *h, struct err *err)
{
	if (h->catalog && layout_kind(h->catalog, NULL) == LAYOUT_CATALOG &&
	        seal_find(&v->seal, h->catalog))
		return 0;
	return err_set(err, ERR_NOTFOUND, ERR_COLLECTION, "%s is not in this snapshot", h->name);
}

static int view_coll(
        struct tree_reader *r, const struct tree_head *h, struct tree_coll **out, struct err *err)
{
	struct archive_view *v = (struct archive_view *)r;
	int rc = check_catalog(v, h, err);

	*out = NULL;
	if (rc < 0)
		return rc;
	rc = sealed_catalog(v->rootfd, &v->seal, h, h->catalog, NULL, out, err);
	if (rc < 0)
		return rc;
	tree_coll_take_status(*out, h);
	return 0;
}

/* The part is looked at once before it is read from: it must be a plain file. */
static int view_body(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        tree_write_fn write, void *ctx, struct err *err)
{
	struct archive_view *v = (struct archive_view *)r;
	struct part_id id = {it->where.snapshot, it->where.part};
	char path[LAYOUT_PATH];
	struct stat st;
	int rc = 0;

	if (id.part == 0 || id.part > PART_MAX || id.snapshot > SNAPSHOT_MAX ||
	        !seal_find_part(&v->seal, id))
		return err_set(err, ERR_DAMAGED, ERR_ITEM,
		        "%s: the item is in no part of this snapshot", c->path);
	part_path_format(id, path);
	if (v->looked_at != ((uint64_t)id.snapshot << 32 | id.part))
		rc = layout_stat(v->rootfd, path, &st, err);
	if (rc == 0) {
		v->looked_at = (uint64_t)id.snapshot << 32 | id.part;
		rc = part_reader_object(
		        v->parts, path, &it->where, it->sha256, it->size, c->kind, write, ctx, err);
	}
	return rc;
}

static int view_names(
        struct tree_reader *r, const struct tree_coll *c, struct abouts *into, struct err *err)
{
	struct archive_view *v = (struct archive_view *)r;
	const struct tree_head *h = tree_manifest_find(&v->seal.manifest, c->kind, c->name);
	struct tree_coll *again = NULL;
	int rc = h && h->what
	                 ? sealed_catalog(v->rootfd, &v->seal, h, h->catalog, into, &again, err)
	                 : 0;

	tree_coll_free(again);
	return rc;
}

static int view_one(struct tree_reader *r, const struct tree_head *h, uint32_t uid,
        struct tree_coll **out, struct err *err)
{
	struct archive_view *v = (struct archive_view *)r;
	int rc = check_catalog(v, h, err);

	*out = NULL;
	if (rc == 0)
		rc = sealed_item(v->rootfd, h, uid, out, err);
	if (rc == 0)
		tree_coll_take_status(*out, h);
	return rc;
}

static void view_free(struct tree_reader *r)
{
	struct archive_view *v = (struct archive_view *)r;

	if (!v)
		return;
	part_reader_free(v->parts);
	seal_clear(&v->seal);
	fd_close(v->rootfd);
	free(v);
}

static const struct tree_reader_ops ops = {
        .manifest = view_manifest,
        .coll = view_coll,
        .body = view_body,
        .free = view_free,
        .names = view_names,
        .one = view_one,
};

/*
 * The number asked for, or the newest; an empty directory is no snapshot. *older_out: one
 * before the newest, or 0.
 */
static int choose_snapshot(int rootfd, const char *path, unsigned want, unsigned *out,
        unsigned *older_out, struct err *err)
{
	unsigned *numbers = NULL;
	size_t n = 0, all;
	int rc = layout_snapshots(rootfd, &numbers, &n, err);

	*out = *older_out = 0;
	for (all = n; n > 0 && want == 0 && layout_is_empty(rootfd, numbers[n - 1]); n--)
		;
	for (size_t i = 0; i < n; i++)
		if (want == 0 || numbers[i] == want)
			*out = numbers[i];
	if (n > 1 && want == 0)
		*older_out = numbers[n - 2];
	free(numbers);
	if (rc == 0 && n == 0)
		rc = !all ? layout_none(rootfd, path, err)
		          : err_set(err, ERR_DAMAGED, ERR_WHOLE,
		                    "%s: its only snapshot is an empty directory", path);
	else if (rc == 0 && *out == 0)
		rc = err_set(err, ERR_NOTFOUND, ERR_WHOLE, "%s has no snapshot %u", path, want);
	return rc;
}

/* The newest state cannot be read: what can be done about it. */
static int advise_older(const char *path, unsigned older, struct err *err)
{
	char hint[96] = "";

	if (err->code != ERR_DAMAGED && err->code != ERR_IO)
		return err_wrap(err, "%s", path);
	if (older)
		snprintf(hint, sizeof hint, "--snapshot %u takes the one before it, ", older);
	return err_set(err, err->code, ERR_WHOLE,
	        "%s: %s: %svalise salvage gets out what is whole, the next backup makes a new "
	        "snapshot",
	        path, err->text, hint);
}

int archive_reader(const char *path, unsigned snapshot, struct tree_reader **out, struct err *err)
{
	struct archive_view *v = xcalloc(1, sizeof *v);
	char dir[LAYOUT_PATH];
	struct err why = {0};
	unsigned older = 0;
	int rc;

	*out = NULL;
	v->base.ops = &ops;
	v->rootfd = -1;
	seal_init(&v->seal);
	rc = layout_open(path, &v->rootfd, &why);
	if (rc < 0)
		v->rootfd = -1;
	if (rc == 0)
		rc = choose_snapshot(v->rootfd, path, snapshot, &snapshot, &older, &why);
	if (rc == 0) {
		snapshot_dir(snapshot, dir);
		rc = seal_load(v->rootfd, dir, snapshot, &v->seal, &why);
		if (rc < 0)
			rc = advise_older(path, older, &why);
	}
	if (rc < 0) {
		view_free(&v->base);
		return err_copy(err, &why);
	}
	v->parts = part_reader_new(v->rootfd);
	*out = &v->base;
	return 0;
}

void archive_reader_seal(const struct tree_reader *r, char out[SHA256_HEX_SIZE])
{
	hex_format(((const struct archive_view *)r)->seal.hash, SHA256_LEN, out);
}

void archive_reader_origin(const struct tree_reader *r, char out[SHA256_HEX_SIZE])
{
	const struct seal *s = &((const struct archive_view *)r)->seal;

	out[0] = '\0';
	if (s->has_origin)
		hex_format(s->origin, SHA256_LEN, out);
}

unsigned archive_reader_number(const struct tree_reader *r)
{
	return ((const struct archive_view *)r)->seal.snapshot;
}

/* What the list of snapshots says of one whose seal can be read. */
static void fill_snapshot(struct archive_snapshot *a, const struct seal *s)
{
	struct buf who;

	a->number = s->snapshot;
	a->created = s->manifest.created;
	tree_manifest_totals(&s->manifest, &a->totals);
	a->stored_bytes = seal_disk_size(s);
	hex_format(s->hash, SHA256_LEN, a->seal);
	a->acted = tree_account_acted(&s->manifest.account);
	buf_init(&who, 1u << 20);
	tree_account_text(&s->manifest.account, &who);
	snprintf(a->account, sizeof a->account, "%s", buf_str(&who));
	buf_clear(&who);
	if (s->has_parent)
		hex_format(s->parent, SHA256_LEN, a->parent);
	if (s->has_origin)
		hex_format(s->origin, SHA256_LEN, a->origin);
}

/* In order of their numbers, seals and gaps merged. */
struct archive_snapshot *seals_list(const struct seals *s)
{
	struct archive_snapshot *all = xcalloc(s->n + s->n_gaps + 1, sizeof *all);
	size_t i = 0, k = 0;

	while (i < s->n || k < s->n_gaps) {
		struct archive_snapshot *a = &all[i + k];

		if (k == s->n_gaps || (i < s->n && s->v[i].snapshot < s->gaps[k].snapshot)) {
			fill_snapshot(a, &s->v[i++]);
			continue;
		}
		a->number = s->gaps[k].snapshot;
		snprintf(a->damage, sizeof a->damage, "%s", s->gaps[k++].why.text);
	}
	return all;
}

int archive_snapshots(
        const char *path, struct archive_snapshot **out, size_t *n_out, struct err *err)
{
	struct seals s;
	int rootfd, rc = layout_open(path, &rootfd, err);

	*out = NULL;
	*n_out = 0;
	if (rc < 0)
		return rc;
	rc = seals_load(rootfd, &s, err);
	if (rc == 0 && s.n + s.n_gaps == 0)
		rc = layout_none(rootfd, path, err);
	sys_close(rootfd);
	if (rc == 0) {
		*out = seals_list(&s);
		*n_out = s.n + s.n_gaps;
	}
	seals_clear(&s);
	return rc;
}

static int check_whole(int rootfd, const struct seals *all, struct err *err)
{
	const struct seal *s = all->n ? &all->v[all->n - 1] : NULL;
	struct tree_totals totals;
	int rc = 0;

	if (!s || all->n_gaps)
		return err_set(err, ERR_DAMAGED, ERR_WHOLE, "not every seal can be read");
	tree_manifest_totals(&s->manifest, &totals);
	if (!totals.complete)
		return err_set(err, ERR_DAMAGED, ERR_WHOLE, "the newest snapshot is incomplete");
	for (size_t i = 0; i < s->n_files && rc == 0; i++) {
		struct stat st;

		rc = layout_stat(rootfd, s->files[i].path, &st, err);
		if (rc == 0 && (uint64_t)st.st_size != s->files[i].size)
			rc = err_set(err, ERR_DAMAGED, ERR_WHOLE, "%s is not as long as it was",
			        s->files[i].path);
	}
	return rc;
}

int archive_whole(const char *path, char seal_out[SHA256_HEX_SIZE], struct err *err)
{
	struct seals s = {0};
	int rootfd, rc = layout_open(path, &rootfd, err);

	if (rc < 0)
		return rc;
	rc = seals_load(rootfd, &s, err);
	if (rc == 0)
		rc = check_whole(rootfd, &s, err);
	if (rc == 0)
		hex_format(s.v[s.n - 1].hash, SHA256_LEN, seal_out);
	seals_clear(&s);
	(void)sys_close(rootfd);
	return rc;
}

int archive_space_check(const char *path, uint64_t bytes, struct err *err)
{
	char *at = xstrdup(path), *slash;
	uint64_t free_bytes, need = bytes / 2;
	char have[32], want[32];

	/*
	 * The archive may not be there yet: then the nearest directory above it counts.
	 */
	while ((free_bytes = disk_free(AT_FDCWD, at)) == UINT64_MAX && (slash = strrchr(at, '/')) &&
	        slash > at)
		*slash = '\0';
	if (free_bytes == UINT64_MAX && at[0] != '/')
		free_bytes = disk_free(AT_FDCWD, ".");
	free(at);
	if (free_bytes >= need)
		return 0;
	return err_set(err, ERR_SPACE, ERR_WHOLE,
	        "%s: %s are free, and even well compressed the account takes at least %s: make "
	        "room, or give another place (-o)",
	        path, human_bytes(free_bytes, have), human_bytes(need, want));
}
