/*
 * Seals: what they hold, how they are written; seal_parse.c reads them (docs/FORMAT.md,
 * "The seal").
 */
#include "seal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/json.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/pack/archive.h"

void seal_init(struct seal *s)
{
	memset(s, 0, sizeof *s);
	tree_manifest_init(&s->manifest);
}

void seal_clear(struct seal *s)
{
	for (size_t i = 0; i < s->n_files; i++) {
		free(s->files[i].path);
		free(s->files[i].parts);
	}
	free(s->files);
	free(s->by_path);
	tree_manifest_clear(&s->manifest);
	memset(s, 0, sizeof *s);
}

struct seal_file *seal_add(struct seal *s, const char *path, uint64_t size,
        const uint8_t sum[SHA256_LEN], const struct part_id *parts, size_t n_parts)
{
	struct seal_file *f = ARR_PUSH(s->files, s->n_files, s->files_cap);

	f->path = xstrdup(path);
	f->size = size;
	memcpy(f->sum, sum, SHA256_LEN);
	f->n_parts = n_parts;
	if (n_parts)
		f->parts = xmemdup(parts, n_parts * sizeof *parts);
	return f;
}

uint64_t seal_disk_size(const struct seal *s)
{
	uint64_t sum = s->json_size + s->sums_size;

	for (size_t i = 0; i < s->n_files; i++) {
		unsigned snapshot;

		layout_kind(s->files[i].path, &snapshot);
		sum += snapshot == s->snapshot ? s->files[i].size : 0;
	}
	return sum;
}

/* What a file is sorted by: its group, then its number in the group. */
struct rank {
	struct seal_file file;
	unsigned group;
	size_t number;
	struct part_id part;
};

/* The one order of files in a seal: parts, links, catalogs, tag files. */
static int cmp_ranks(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return part_id_cmp(&x->part, &y->part);
}

struct head_of {
	const char *path;
	size_t number;
};

static int cmp_heads(const void *a, const void *b)
{
	return strcmp(((const struct head_of *)a)->path, ((const struct head_of *)b)->path);
}

/* Catalogs and links stand in the order of the collections that they belong to. */
static struct head_of *heads_by_file(const struct tree_manifest *m, size_t *n_out)
{
	struct head_of *h = xcalloc(2 * m->n_heads + 1, sizeof *h);
	size_t n = 0;

	for (size_t i = 0; i < m->n_heads; i++) {
		if (m->heads[i].catalog)
			h[n++] = (struct head_of){m->heads[i].catalog, i};
		if (m->heads[i].links)
			h[n++] = (struct head_of){m->heads[i].links, i};
	}
	SORT(h, n, cmp_heads);
	*n_out = n;
	return h;
}

/* By its path, and for catalogs and links by the collection that names it. */
static void rank_file(struct rank *r, const struct head_of *heads, size_t n_heads)
{
	static const unsigned groups[] = {[LAYOUT_OTHER] = 9,
	        [LAYOUT_PART] = 0,
	        [LAYOUT_LINKS] = 1,
	        [LAYOUT_CATALOG] = 2,
	        [LAYOUT_SEAL] = 9,
	        [LAYOUT_SEAL_SUM] = 9,
	        [LAYOUT_TAG] = 3};
	struct head_of key = {r->file.path, 0}, *h;
	enum layout_kind kind = layout_kind(r->file.path, NULL);

	r->group = groups[kind];
	if (kind == LAYOUT_PART)
		part_path_parse(r->file.path, &r->part);
	else if (kind == LAYOUT_TAG)
		r->number = (size_t)bag_tag_index(r->file.path);
	else if ((h = FIND(&key, heads, n_heads, cmp_heads)))
		r->number = h->number;
}

void seal_order(struct seal *s)
{
	size_t n_heads;
	struct head_of *heads = heads_by_file(&s->manifest, &n_heads);
	struct rank *ranks = xcalloc(s->n_files + 1, sizeof *ranks);

	for (size_t i = 0; i < s->n_files; i++) {
		ranks[i].file = s->files[i];
		rank_file(&ranks[i], heads, n_heads);
	}
	SORT(ranks, s->n_files, cmp_ranks);
	for (size_t i = 0; i < s->n_files; i++)
		s->files[i] = ranks[i].file;
	free(ranks);
	free(heads);
}

/* A row of "files"; catalogs alone say which parts they need. */
static json_t *file_json(const struct seal_file *f)
{
	json_t *o = json_object();

	json_set_text(o, "path", f->path);
	json_set_number(o, "size", f->size);
	if (layout_kind(f->path, NULL) == LAYOUT_CATALOG) {
		json_t *parts = json_array();

		for (size_t i = 0; i < f->n_parts; i++) {
			char name[LAYOUT_PATH];

			part_id_format(f->parts[i], name);
			json_array_append_new(parts, json_string(name));
		}
		json_object_set_new(o, "parts", parts);
	}
	return o;
}

/* A reader that knows nothing of them could not read such catalogs. */
static json_t *seal_requires(const struct seal *s)
{
	json_t *words = json_array();
	struct tree_totals t;

	tree_manifest_totals(&s->manifest, &t);
	if (t.gone)
		json_array_append_new(words, json_string(REQUIRES_GONE));
	if (t.collections[COLL_MAPI])
		json_array_append_new(words, json_string(REQUIRES_MAPI));
	return words;
}

/* seal.json, canonical. */
static void put_json(const struct seal *s, struct buf *out)
{
	json_t *o = json_object(), *files = json_array();
	char hex[SHA256_HEX_SIZE];

	tree_manifest_to_json(&s->manifest, o);
	json_set_number(o, "format", ARCHIVE_FORMAT);
	json_set_number(o, "snapshot", s->snapshot);
	json_object_set_new(o, "requires", seal_requires(s));
	hex_format(s->parent, SHA256_LEN, hex);
	json_object_set_new(o, "parent", s->has_parent ? json_string(hex) : json_null());
	hex_format(s->origin, SHA256_LEN, hex);
	if (s->has_origin)
		json_object_set_new(o, "origin", json_string(hex));
	for (size_t i = 0; i < s->n_files; i++)
		json_array_append_new(files, file_json(&s->files[i]));
	json_object_set_new(o, "files", files);
	json_put(out, o);
	buf_putc(out, '\n');
	json_decref(o);
}

static void put_sum(struct buf *out, const uint8_t sum[SHA256_LEN], const char *path)
{
	char hex[SHA256_HEX_SIZE];

	hex_format(sum, SHA256_LEN, hex);
	buf_puts(out, hex);
	buf_puts(out, "  ");
	buf_puts(out, path);
	buf_putc(out, '\n');
}

void seal_put_sums(const struct seal *s, struct buf *out)
{
	char self[LAYOUT_PATH];
	bool done = false;

	snprintf(self, sizeof self, "data/%06u/seal.json", s->snapshot);
	for (size_t i = 0; i <= s->n_files; i++) {
		if (!done &&
		        (i == s->n_files || layout_kind(s->files[i].path, NULL) == LAYOUT_TAG)) {
			put_sum(out, s->json_sum, self);
			done = true;
		}
		if (i < s->n_files)
			put_sum(out, s->files[i].sum, s->files[i].path);
	}
}

void seal_format(struct seal *s, struct buf *json, struct buf *sums)
{
	put_json(s, json);
	sha256_of(json->data, json->len, s->json_sum);
	s->json_size = json->len;
	seal_put_sums(s, sums);
	sha256_of(sums->data, sums->len, s->hash);
	s->sums_size = sums->len;
}
