/*
 * A tar of links, read back: libarchive's tar reader alone, fed with bytes whose
 * checksums were right.
 */
#include "pack/part/hardlinks.h"
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"

#define CHUNK 16384

struct check {
	struct archive *a;
	const struct tree_coll *c;
	tree_read_fn read;
	void *ctx;
	struct err *err; /* of the reading */
	int rc;
	uint64_t entries;
	char chunk[CHUNK];
};

/* For libarchive; an error of the reading is k->rc. */
static la_ssize_t on_read(struct archive *a, void *ctx, const void **p)
{
	struct check *k = ctx;
	size_t got = 0;

	(void)a;
	k->rc = k->read(k->ctx, k->chunk, sizeof k->chunk, &got, k->err);
	*p = k->chunk;
	return k->rc ? -1 : (la_ssize_t)got;
}

static int say_difference(struct check *k, const char *path, const char *what, struct err *err)
{
	return err_set(err, ERR_DAMAGED, ERR_COLLECTION, "%s, entry %ju (%s): %s", k->c->path,
	        (uintmax_t)k->entries, path ? path : "?", what);
}

/* Does the entry hold just this text? */
static bool same_file(struct check *k, const char *data)
{
	size_t n = strlen(data);
	char have[LINKS_FILE_MAX + 1];
	la_ssize_t got = archive_read_data(k->a, have, sizeof have);

	return got == (la_ssize_t)n && memcmp(have, data, n) == 0;
}

static bool same_path(const struct links_entry *e, const char *path)
{
	size_t n = strlen(e->path);

	if (!path || strncmp(path, e->path, n) != 0)
		return false;
	return strcmp(path + n, e->type == LINKS_DIR ? "/" : "") == 0;
}

static bool same_attributes(struct archive_entry *have, const struct links_entry *e)
{
	static const unsigned modes[] = {
	        [LINKS_DIR] = 0700, [LINKS_LINK] = 0600, [LINKS_FILE] = 0600};
	const char *link = archive_entry_hardlink(have);

	if (archive_entry_perm(have) != modes[e->type] || archive_entry_mtime(have) != 0 ||
	        archive_entry_uid(have) != 0 || archive_entry_gid(have) != 0 ||
	        archive_entry_symlink(have))
		return false;
	if (e->type == LINKS_LINK)
		return link && strcmp(link, e->target) == 0;
	return !link &&
	       archive_entry_filetype(have) == (e->type == LINKS_DIR ? AE_IFDIR : AE_IFREG);
}

/* The next entry of the tar must be this one. */
static int check_entry(void *ctx, const struct links_entry *e, struct err *err)
{
	struct check *k = ctx;
	struct archive_entry *have;
	int r = archive_read_next_header(k->a, &have);

	k->entries++;
	if (k->rc)
		return k->rc;
	/*
	 * ARCHIVE_WARN: in a locale without UTF-8 a pax path is given as it is, which is
	 * what we compare.
	 */
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return say_difference(
		        k, e->path, r == ARCHIVE_EOF ? "is missing" : "is not a tar entry", err);
	if (!same_path(e, archive_entry_pathname(have)))
		return say_difference(k, e->path, "the catalog has another path", err);
	if (!same_attributes(have, e))
		return say_difference(k, e->path, "leads elsewhere or has other attributes", err);
	if (e->type == LINKS_FILE && !same_file(k, e->data))
		return say_difference(k, e->path, "holds something else", err);
	return 0;
}

/* No further entry; and the source is read to its end, where its own checks are. */
static int check_end(struct check *k, struct err *err)
{
	struct archive_entry *have;
	int r = archive_read_next_header(k->a, &have);
	size_t got = 0;

	if (k->rc)
		return k->rc;
	if (r != ARCHIVE_EOF)
		return err_set(err, ERR_DAMAGED, ERR_COLLECTION,
		        "%s: the catalog does not have all entries", k->c->path);
	do
		k->rc = k->read(k->ctx, k->chunk, sizeof k->chunk, &got, err);
	while (k->rc == 0 && got);
	return k->rc;
}

int links_check(const struct tree_coll *c, tree_read_fn read, void *ctx, uint64_t *entries_out,
        struct err *err)
{
	struct check *k = xcalloc(1, sizeof *k);
	int rc;

	k->c = c;
	k->read = read;
	k->ctx = ctx;
	k->err = err;
	k->a = archive_read_new();
	if (!k->a || archive_read_support_filter_none(k->a) != ARCHIVE_OK ||
	        archive_read_support_format_tar(k->a) != ARCHIVE_OK)
		rc = err_set(err, ERR_IO, ERR_WHOLE, "libarchive cannot read tar");
	else if (archive_read_open(k->a, k, NULL, on_read, NULL) != ARCHIVE_OK)
		rc = k->rc ? k->rc
		           : err_set(err, ERR_DAMAGED, ERR_COLLECTION, "%s: not a tar", c->path);
	else
		rc = links_walk(c, check_entry, k, err);
	if (rc == 0)
		rc = check_end(k, err);
	*entries_out = k->entries;
	archive_read_free(k->a);
	free(k);
	return rc;
}
