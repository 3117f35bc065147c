/* The catalog of a collection, held against what its seal says of it. */
#include <string.h>
#include "valise/base/mem.h"
#include "valise/tree/catalog.h"
#include "pack/part/part.h"
#include "seal.h"

/* The whole file: catalog, nothing behind it, as many lines as its end member counts. */
static int read_catalog(struct members_reader *r, struct abouts *names, struct tree_coll **out,
        struct tree_roots *roots, struct err *err)
{
	uint8_t byte;
	size_t got = 0;
	int rc = catalog_read(members_reader_read, r, names, out, roots, err);

	if (rc == 0)
		rc = members_reader_read(r, &byte, 1, &got, err);
	if (rc == 0 && got)
		rc = err_set(err, ERR_DAMAGED, ERR_COLLECTION, "something follows the catalog");
	if (rc == 0 && members_reader_entries(r) != catalog_lines(roots))
		rc = err_set(err, ERR_DAMAGED, ERR_COLLECTION, "the count of lines is not right");
	return rc;
}

/* After the end: the sum of the file, where a seal names one (${f} not NULL). */
static int check_sum(struct members_reader *r, const struct seal_file *f, struct err *err)
{
	uint8_t sum[SHA256_LEN];
	uint64_t size;

	members_reader_sum(r, sum, &size);
	return f ? seal_file_check(f, sum, size, err) : 0;
}

/* Is it the collection, and the state, that the head speaks of? */
static int check_head(const struct tree_coll *c, const struct tree_roots *roots,
        const struct tree_head *h, struct err *err)
{
	if (c->kind != h->kind || strcmp(c->name, h->name) != 0 || strcmp(c->path, h->path) != 0 ||
	        memcmp(roots->state, h->roots.state, SHA256_LEN) != 0 ||
	        memcmp(roots->content, h->roots.content, SHA256_LEN) != 0)
		return err_set(
		        err, ERR_DAMAGED, ERR_COLLECTION, "is not the catalog that the seal means");
	return 0;
}

int sealed_catalog(int rootfd, const struct seal *seal, const struct tree_head *h, const char *path,
        struct abouts *names, struct tree_coll **out, struct err *err)
{
	struct members_reader *r = NULL;
	struct tree_coll *c = NULL;
	struct tree_roots roots;
	struct stat st;
	int rc = layout_stat(rootfd, path, &st, err);

	*out = NULL;
	if (rc < 0)
		return rc;
	rc = members_reader_open(rootfd, path, &r, err);
	if (rc == 0)
		rc = read_catalog(r, names, &c, &roots, err);
	if (rc == 0)
		rc = check_sum(r, seal ? seal_find(seal, path) : NULL, err);
	if (rc == 0 && h)
		rc = check_head(c, &roots, h, err);
	members_reader_free(r);
	if (rc < 0) {
		tree_coll_free(c);
		return err_wrap(err, "%s", path);
	}
	*out = c;
	return 0;
}

/* Is it the collection that the head speaks of? Its roots nobody has looked at. */
static int check_name(struct tree_coll **c, const struct tree_head *h, struct err *err)
{
	if ((*c)->kind == h->kind && strcmp((*c)->name, h->name) == 0)
		return 0;
	tree_coll_free(*c);
	*c = NULL;
	return err_set(err, ERR_DAMAGED, ERR_COLLECTION, "is not the catalog that the seal means");
}

int sealed_head(int rootfd, const struct tree_head *h, struct tree_coll **out, struct err *err)
{
	struct members_reader *r = NULL;
	struct stat st;
	int rc = layout_stat(rootfd, h->catalog, &st, err);

	*out = NULL;
	if (rc == 0)
		rc = members_reader_open(rootfd, h->catalog, &r, err);
	if (rc == 0)
		rc = catalog_read_head(members_reader_read, r, out, err);
	members_reader_free(r);
	if (rc == 0)
		rc = check_name(out, h, err);
	return rc ? err_wrap(err, "%s", h->catalog) : 0;
}

int sealed_item(int rootfd, const struct tree_head *h, uint32_t uid, struct tree_coll **out,
        struct err *err)
{
	struct members_picker *k = NULL;
	struct stat st;
	int rc = layout_stat(rootfd, h->catalog, &st, err);

	*out = NULL;
	if (rc == 0)
		rc = members_picker_open(rootfd, h->catalog, &k, err);
	if (rc == 0)
		rc = catalog_find_uid(
		        members_picker_get, k, members_picker_count(k), uid, out, err);
	members_picker_free(k);
	if (rc == 0)
		rc = check_name(out, h, err);
	return rc ? err_wrap(err, "%s", h->catalog) : 0;
}
