/* The reader of a directory tree: manifest, catalogs, files checked by their hash. */
#include "internal.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"

#define BODY_MEM_MAX (4u << 20) /* a larger file is read twice */
#define CHUNK (64u << 10)
/* as many collections may be read at a time without listing them again */
#define LISTINGS 8

struct dir_reader {
	struct tree_reader reader;
	int treefd, catfd;
	char sep;
	struct tree_manifest manifest;
	pthread_mutex_t lock; /* guards the listings */
	struct {
		char *path;
		struct listing files;
	} listings[LISTINGS];
	unsigned next;
};

static const struct tree_manifest *reader_manifest(struct tree_reader *t)
{
	return &((struct dir_reader *)t)->manifest;
}

static int reader_coll(
        struct tree_reader *t, const struct tree_head *h, struct tree_coll **out, struct err *err)
{
	struct dir_reader *r = (struct dir_reader *)t;
	struct tree_roots roots;
	struct tree_coll *c;
	int rc = catalog_load(r->treefd, h->catalog, NULL, &c, &roots, err);

	*out = NULL;
	if (rc != 0)
		return rc;
	if (c->kind != h->kind || strcmp(c->name, h->name) != 0 || strcmp(c->path, h->path) != 0 ||
	        memcmp(&roots, &h->roots, sizeof roots) != 0) {
		tree_coll_free(c);
		return err_set(err, ERR_DAMAGED, ERR_COLLECTION,
		        "%s is not the catalog that tree.json speaks of", h->catalog);
	}
	tree_coll_take_status(c, h);
	*out = c;
	return 0;
}

/* The name that the file has now, malloc'ed; NULL if it is not there. */
static char *look_up(struct dir_reader *r, const struct tree_coll *c, const char *unique)
{
	struct listing *l = NULL;
	const char *name;
	char *copy;

	pthread_mutex_lock(&r->lock);
	for (unsigned i = 0; !l && i < LISTINGS; i++)
		if (r->listings[i].path && strcmp(r->listings[i].path, c->path) == 0)
			l = &r->listings[i].files;
	if (!l) {
		unsigned i = r->next++ % LISTINGS;

		listing_clear(&r->listings[i].files);
		free(r->listings[i].path);
		r->listings[i].path = xstrdup(c->path);
		l = &r->listings[i].files;
		if (listing_read(r->treefd, c->kind, c->path, l, NULL) != 0)
			memset(l, 0, sizeof *l);
	}
	name = listing_find(l, unique);
	copy = xstrdup(name);
	pthread_mutex_unlock(&r->lock);
	return copy;
}

/* The file under the catalog's name, else under the one that a client gave it. */
static int open_item(struct dir_reader *r, const struct tree_coll *c, const struct tree_item *it,
        int *fd_out, uint64_t *size_out, struct err *err)
{
	char label[ITEM_LABEL_SIZE], *now;
	struct buf path = buf_of(SIZE_MAX);
	int rc;

	buf_putf(&path, "%s/", c->path);
	dir_local_path(c, it, r->sep, &path);
	rc = beneath_file(r->treefd, buf_str(&path), fd_out, size_out, err);
	if (rc == ERR_NOTFOUND) {
		buf_reset(&path);
		item_unique_name(c, it, &path);
		now = look_up(r, c, buf_str(&path));
		if (now) {
			char *full = xasprintf("%s/%s", c->path, now);

			err_clear(err);
			rc = beneath_file(r->treefd, full, fd_out, size_out, err);
			free(full);
		}
		free(now);
	}
	buf_clear(&path);
	if (rc == ERR_NOTFOUND)
		return err_set(err, ERR_NOTFOUND, ERR_ITEM, "%s, %s: its file is not in the tree",
		        c->name, item_label(c, it, label));
	if (rc != 0)
		return err_set(err, ERR_DAMAGED, ERR_ITEM, "%s, %s: its file cannot be read",
		        c->name, item_label(c, it, label));
	return 0;
}

/* One pass over the file; ${write} NULL: only the hash is wanted. */
static int read_pass(int fd, uint64_t size, uint8_t sum_out[SHA256_LEN], tree_write_fn write,
        void *ctx, struct err *err)
{
	uint8_t chunk[CHUNK];
	struct sha256 h;
	uint64_t off = 0;
	size_t n;
	int rc = 0;

	sha256_start(&h);
	do {
		rc = fd_pread(fd, chunk, sizeof chunk, off, &n, err);
		off += n;
		if (rc == 0 && off > size)
			rc = err_set(err, ERR_DAMAGED, ERR_ITEM, "a file grew while it was read");
		if (rc == 0 && n > 0)
			sha256_add(&h, chunk, n);
		if (rc == 0 && n > 0 && write)
			rc = write(ctx, chunk, n, err);
	} while (rc == 0 && n == sizeof chunk);
	sha256_end(&h, sum_out);
	return rc;
}

/* All in memory: what was checked is what is given out. */
static int small_body(int fd, uint64_t size, const uint8_t sha256[SHA256_LEN], bool *good_out,
        tree_write_fn write, void *ctx, struct err *err)
{
	uint8_t *data = xmalloc(size + 1), sum[SHA256_LEN];
	size_t n;
	int rc = fd_pread(fd, data, size, 0, &n, err);

	if (rc == 0) {
		sha256_of(data, n, sum);
		*good_out = n == size && memcmp(sum, sha256, SHA256_LEN) == 0;
		if (*good_out && n > 0)
			rc = write(ctx, data, n, err);
	}
	free(data);
	return rc;
}

static int large_body(int fd, uint64_t size, const uint8_t sha256[SHA256_LEN], bool *good_out,
        tree_write_fn write, void *ctx, struct err *err)
{
	uint8_t sum[SHA256_LEN];
	int rc = read_pass(fd, size, sum, NULL, NULL, err);

	*good_out = rc == 0 && memcmp(sum, sha256, SHA256_LEN) == 0;
	if (!*good_out)
		return rc;
	rc = read_pass(fd, size, sum, write, ctx, err);
	/* a client writes to it just now */
	*good_out = rc != 0 || memcmp(sum, sha256, SHA256_LEN) == 0;
	return rc;
}

/* Checked before it is given out, large files by reading them twice. */
static int reader_body(struct tree_reader *t, const struct tree_coll *c, const struct tree_item *it,
        tree_write_fn write, void *ctx, struct err *err)
{
	char label[ITEM_LABEL_SIZE];
	bool good = false;
	uint64_t size;
	int fd, rc = open_item((struct dir_reader *)t, c, it, &fd, &size, err);

	if (rc != 0)
		return rc;
	if (size == it->size && size <= BODY_MEM_MAX)
		rc = small_body(fd, size, it->sha256, &good, write, ctx, err);
	else if (size == it->size)
		rc = large_body(fd, size, it->sha256, &good, write, ctx, err);
	sys_close(fd);
	if (rc == 0 && !good)
		rc = err_set(err, ERR_DAMAGED, ERR_ITEM,
		        "%s, %s: its file does not have the bytes that were fetched", c->name,
		        item_label(c, it, label));
	return rc;
}

static int reader_names(
        struct tree_reader *t, const struct tree_coll *c, struct abouts *into, struct err *err)
{
	struct dir_reader *r = (struct dir_reader *)t;
	const struct tree_head *h = tree_manifest_find(&r->manifest, c->kind, c->name);
	struct tree_coll *again = NULL;
	int rc = h && h->what ? catalog_load(r->treefd, h->catalog, into, &again, NULL, err) : 0;

	tree_coll_free(again);
	return rc;
}

static void reader_free(struct tree_reader *t)
{
	struct dir_reader *r = (struct dir_reader *)t;

	if (!r)
		return;
	for (unsigned i = 0; i < LISTINGS; i++) {
		listing_clear(&r->listings[i].files);
		free(r->listings[i].path);
	}
	fd_close(r->catfd);
	fd_close(r->treefd);
	tree_manifest_clear(&r->manifest);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static const struct tree_reader_ops reader_ops = {
        .manifest = reader_manifest,
        .coll = reader_coll,
        .body = reader_body,
        .free = reader_free,
        .names = reader_names,
};

/* A commit that was decided and not carried out to its end is, now. */
static int finish_commit(const char *path, struct err *err)
{
	struct tree_files files;
	int rc = tree_files_lock(path, false, &files, err);

	if (rc == 0)
		rc = tree_files_recover(&files, NULL, err);
	tree_files_close(&files);
	return rc ? err_wrap(err, "an interrupted run has to be finished first") : 0;
}

/* A decided commit is finished first. */
static int open_tree(struct dir_reader *r, const char *path, struct err *err)
{
	int rc = dir_open(AT_FDCWD, path, &r->treefd, err);

	if (rc == 0)
		rc = beneath_dir(r->treefd, "catalog", &r->catfd, err);
	if (rc == ERR_NOTFOUND && r->treefd >= 0)
		return err_set(err, ERR_NOTFOUND, ERR_WHOLE,
		        "%s is not a tree of valise: it has no catalog", path);
	if (rc == 0 && is_there(r->catfd, ".work/commit.json"))
		rc = finish_commit(path, err);
	if (rc != 0)
		return rc;
	rc = dir_names_read(r->catfd, &r->sep, err);
	if (rc == 0)
		rc = tree_files_manifest(r->catfd, &r->manifest, err);
	if (rc == ERR_NOTFOUND)
		rc = err_set(err, ERR_NOTFOUND, ERR_WHOLE,
		        "%s holds no finished tree: run fetch to its end", path);
	return rc;
}

int tree_dir_strangers(
        struct tree_reader *t, struct progress *progress, uint64_t *n_out, struct err *err)
{
	struct dir_reader *r = (struct dir_reader *)t;
	int rc = 0;

	*n_out = 0;
	for (size_t i = 0; i < r->manifest.n_heads && rc == 0; i++) {
		const struct tree_head *h = &r->manifest.heads[i];
		struct tree_coll *c = NULL;
		struct listing files = {0};
		const char *first = NULL;
		struct err named; /* by the copy */
		size_t n = 0;

		rc = stop_check(err);
		if (rc < 0 || h->kind != COLL_MAIL || reader_coll(t, h, &c, &named) != 0)
			continue;
		if (listing_read(r->treefd, h->kind, h->path, &files, &named) == 0)
			n = listing_strangers(&files, c, &first);
		if (n)
			progress_say(progress, SAY_WARNING,
			        "%s: %zu %s of the tree %s not of its catalog and left out (%s)",
			        h->name, n, n == 1 ? "file" : "files", n == 1 ? "is" : "are",
			        first);
		*n_out += n;
		listing_clear(&files);
		tree_coll_free(c);
	}
	return rc;
}

int tree_dir_reader(const char *path, struct tree_reader **out, struct err *err)
{
	struct dir_reader *r = xcalloc(1, sizeof *r);
	int rc;

	*out = NULL;
	r->reader.ops = &reader_ops;
	r->treefd = r->catfd = -1;
	pthread_mutex_init(&r->lock, NULL);
	rc = open_tree(r, path, err);
	if (rc != 0) {
		reader_free(&r->reader);
		return rc;
	}
	*out = &r->reader;
	return 0;
}
