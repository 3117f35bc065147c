/* Seals, read: nothing in them is believed before it fits everything else in them. */
#include "seal.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/json.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/pack/archive.h"

static int fail_seal(struct err *err, const char *what)
{
	return err_set(err, ERR_DAMAGED, ERR_WHOLE, "%s", what);
}

/* One line of sums: 64 hex digits, two blanks, a path, LF. Moves *p on. */
static bool next_sum(
        const char **p, const char *end, uint8_t sum[SHA256_LEN], const char **path, size_t *n)
{
	const char *lf = memchr(*p, '\n', (size_t)(end - *p));
	char hex[SHA256_HEX_SIZE];

	if (!lf || lf - *p < 67 || memcmp(*p + 64, "  ", 2) != 0)
		return false;
	memcpy(hex, *p, 64);
	hex[64] = '\0';
	*path = *p + 66;
	*n = (size_t)(lf - *path);
	*p = lf + 1;
	return hex_parse(hex, sum, SHA256_LEN);
}

static bool same_text(const char *text, size_t n, const char *s)
{
	return strlen(s) == n && memcmp(text, s, n) == 0;
}

/*
 * seal.json must be the file that seal.sha256 means; only then is a word of it worth
 * reading.
 */
static int check_json_sum(
        struct seal *s, const void *json, size_t n_json, const char *p, size_t n, struct err *err)
{
	char self[LAYOUT_PATH];
	const char *end = p + n, *path;
	uint8_t sum[SHA256_LEN];
	size_t len;

	snprintf(self, sizeof self, "data/%06u/seal.json", s->snapshot);
	sha256_of(json, n_json, s->json_sum);
	s->json_size = n_json;
	sha256_of(p, n, s->hash);
	s->sums_size = n;
	while (p < end) {
		if (!next_sum(&p, end, sum, &path, &len))
			return fail_seal(err, "seal.sha256 holds a line that is no checksum line");
		if (same_text(path, len, self))
			return memcmp(sum, s->json_sum, SHA256_LEN) == 0
			               ? 0
			               : fail_seal(err, "seal.json does not have the checksum that "
			                                "seal.sha256 names");
	}
	return fail_seal(err, "seal.sha256 does not name seal.json");
}

/* A newer format or a word of "requires" that is not known: ERR_UNSUPPORTED. */
static int check_version(const json_t *o, struct err *err)
{
	int64_t format = json_get_int(o, "format", -1);
	const json_t *words = json_object_get(o, "requires");

	if (format < 1)
		return fail_seal(err, "seal.json does not say its format");
	if (format > ARCHIVE_FORMAT)
		return err_set(err, ERR_UNSUPPORTED, ERR_WHOLE,
		        "the archive has format %" PRId64
		        ", this program knows format %d: use a newer valise",
		        format, ARCHIVE_FORMAT);
	if (!json_is_array(words))
		return fail_seal(err, "seal.json does not say what it requires");
	for (size_t i = 0; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i));

		if (word && (!strcmp(word, REQUIRES_GONE) || !strcmp(word, REQUIRES_MAPI)))
			continue;
		return err_set(err, ERR_UNSUPPORTED, ERR_WHOLE,
		        "the archive needs \"%s\", which this program does not know: use a newer "
		        "valise",
		        word ? word : "?");
	}
	return 0;
}

/* What it requires is said exactly where it is needed. */
static int check_requires(const json_t *o, const struct seal *s, struct err *err)
{
	const json_t *words = json_object_get(o, "requires");
	bool gone = false, mapi = false;
	struct tree_totals t;

	for (size_t i = 0; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i));

		gone = gone || strcmp(word, REQUIRES_GONE) == 0;
		mapi = mapi || strcmp(word, REQUIRES_MAPI) == 0;
	}
	tree_manifest_totals(&s->manifest, &t);
	return gone == (t.gone > 0) && mapi == (t.collections[COLL_MAPI] > 0) &&
	                       json_array_size(words) == (size_t)gone + mapi
	               ? 0
	               : fail_seal(err, "seal.json does not require what it needs");
}

/*
 * Snapshot and parent; only the first snapshot has none, or where older ones were left out
 * the first of what is left.
 */
static int parse_numbers(const json_t *o, struct seal *s, struct err *err)
{
	const json_t *parent = json_object_get(o, "parent");
	const char *hex = json_get_str(o, "parent"), *origin = json_get_str(o, "origin");

	if (json_get_int(o, "snapshot", 0) != s->snapshot)
		return fail_seal(err, "seal.json is of another snapshot");
	s->has_parent = !json_is_null(parent);
	if (s->has_parent && (!hex || !hex_parse(hex, s->parent, SHA256_LEN)))
		return fail_seal(err, "seal.json names no parent");
	s->has_origin = json_object_get(o, "origin") != NULL;
	if (s->has_origin && (!origin || !hex_parse(origin, s->origin, SHA256_LEN)))
		return fail_seal(err, "seal.json names no origin");
	if (s->snapshot == 1 ? s->has_parent : !s->has_parent && !s->has_origin)
		return fail_seal(err, "seal.json: only the first snapshot has no parent");
	return 0;
}

/* Parts of a catalog, ascending, each once. */
static int parse_parts(const json_t *list, struct seal_file *f, struct err *err)
{
	size_t n = json_array_size(list);

	if (!json_is_array(list))
		return fail_seal(err, "seal.json: a catalog without its parts");
	f->parts = n ? xcalloc(n, sizeof *f->parts) : NULL;
	for (size_t i = 0; i < n; i++) {
		const json_t *name = json_array_get(list, i);

		if (!json_is_string(name) ||
		        !part_id_parse(json_string_value(name), &f->parts[i]) ||
		        (i && part_id_cmp(&f->parts[i - 1], &f->parts[i]) >= 0))
			return fail_seal(err, "seal.json: a list of parts is not in order");
		f->n_parts = i + 1;
	}
	return 0;
}

/*
 * The files, each with its line of sums; the line of seal.json has been checked and is
 * passed over.
 */
static int parse_files(
        const json_t *o, struct seal *s, const char *p, const char *end, struct err *err)
{
	const json_t *list = json_object_get(o, "files"), *e;
	uint8_t sum[SHA256_LEN];
	const char *at;
	size_t i, n;
	int rc = 0;

	if (!json_is_array(list))
		return fail_seal(err, "seal.json names no files");
	json_array_foreach(list, i, e)
	{
		const char *path = json_get_str(e, "path");
		int64_t size = json_get_int(e, "size", -1);
		struct seal_file *f;

		if (!path || size < 0)
			return fail_seal(err, "seal.json: a file without path or size");
		if (!next_sum(&p, end, sum, &at, &n))
			return fail_seal(err, "seal.json names more files than seal.sha256");
		if (layout_kind(path, NULL) == LAYOUT_TAG && bag_tag_index(path) == 0 &&
		        !next_sum(&p, end, sum, &at, &n))
			return fail_seal(err, "seal.json names more files than seal.sha256");
		if (!same_text(at, n, path))
			return fail_seal(err, "seal.json and seal.sha256 name different files");
		f = seal_add(s, path, (uint64_t)size, sum, NULL, 0);
		if (layout_kind(path, NULL) == LAYOUT_CATALOG)
			rc = parse_parts(json_object_get(e, "parts"), f, err);
		if (rc)
			return rc;
	}
	return p == end ? 0 : fail_seal(err, "seal.sha256 names more files than seal.json");
}

static int cmp_paths(const void *a, const void *b)
{
	return strcmp((*(const struct seal_file *const *)a)->path,
	        (*(const struct seal_file *const *)b)->path);
}

/* s->by_path; no file stands twice. */
static int index_files(struct seal *s, struct err *err)
{
	s->by_path = xcalloc(s->n_files + 1, sizeof(struct seal_file *));
	for (size_t i = 0; i < s->n_files; i++)
		s->by_path[i] = &s->files[i];
	SORT(s->by_path, s->n_files, cmp_paths);
	for (size_t i = 1; i < s->n_files; i++)
		if (strcmp(s->by_path[i - 1]->path, s->by_path[i]->path) == 0)
			return fail_seal(err, "seal.json names a file twice");
	return 0;
}

const struct seal_file *seal_find(const struct seal *s, const char *path)
{
	size_t i;

	LOOKUP_FIRST(i, s->n_files, strcmp(s->by_path[i]->path, path) < 0);
	return i < s->n_files && strcmp(s->by_path[i]->path, path) == 0 ? s->by_path[i] : NULL;
}

int seal_file_check(
        const struct seal_file *f, const uint8_t sum[SHA256_LEN], uint64_t size, struct err *err)
{
	if (size == f->size && memcmp(sum, f->sum, SHA256_LEN) == 0)
		return 0;
	return err_set(
	        err, ERR_DAMAGED, ERR_COLLECTION, "does not have the checksum that the seal names");
}

const struct seal_file *seal_find_part(const struct seal *s, struct part_id id)
{
	char path[LAYOUT_PATH];

	part_path_format(id, path);
	return seal_find(s, path);
}

/*
 * A head's file must stand where the path of the collection puts it, in this snapshot or
 * an older one.
 */
static const struct seal_file *head_file(
        const struct seal *s, const struct tree_head *h, const char *path, enum layout_kind kind)
{
	const char *suffix = kind == LAYOUT_CATALOG ? CATALOG_SUFFIX : LINKS_SUFFIX;
	size_t n = strlen(h->path);
	unsigned snapshot;

	if (!path || layout_kind(path, &snapshot) != kind || snapshot > s->snapshot)
		return NULL;
	if (strncmp(path + 12, h->path, n) != 0 || strcmp(path + 12 + n, suffix) != 0)
		return NULL;
	return seal_find(s, path);
}

/*
 * Exactly the files of the heads, the parts of their catalogs and of this snapshot, and
 * the tag files.
 */
static int check_files(const struct seal *s, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < s->manifest.n_heads; i++) {
		const struct tree_head *h = &s->manifest.heads[i];
		const struct seal_file *c = head_file(s, h, h->catalog, LAYOUT_CATALOG);

		if (!c || !head_file(s, h, h->links, LAYOUT_LINKS))
			return err_set(err, ERR_DAMAGED, ERR_WHOLE,
			        "the seal does not name the files of %s", h->path);
		for (size_t k = 0; k < c->n_parts; k++)
			if (!seal_find_part(s, c->parts[k]))
				return err_set(err, ERR_DAMAGED, ERR_WHOLE,
				        "the seal lacks a part of %s", h->path);
		n += 2;
	}
	for (size_t i = 0; i < s->n_files; i++) {
		unsigned snapshot;
		enum layout_kind kind = layout_kind(s->files[i].path, &snapshot);

		if (kind == LAYOUT_PART && snapshot > s->snapshot)
			return fail_seal(err, "the seal names a part of a later snapshot");
		n += kind == LAYOUT_PART || kind == LAYOUT_TAG;
	}
	for (unsigned i = 0; i < BAG_TAGS; i++)
		if (!seal_find(s, bag_tag_names[i]))
			return err_set(err, ERR_DAMAGED, ERR_WHOLE, "the seal does not name %s",
			        bag_tag_names[i]);
	return n == s->n_files ? 0
	                       : fail_seal(err, "the seal names a file that belongs to nothing");
}

/* Both texts again from what was understood: nothing else may stand in them. */
static int check_canonical(struct seal *s, const json_t *o, const void *json, size_t n_json,
        const void *sums, size_t n_sums, struct err *err)
{
	struct seal again = *s;
	struct buf again_sums = buf_of(SIZE_MAX);
	struct buf text = buf_of(SIZE_MAX);
	bool same;

	json_put(&text, o);
	buf_putc(&text, '\n');
	same = text.len == n_json && memcmp(text.data, json, n_json) == 0;
	/*
	 * Ordering moves the files, so it works on a copy of the array; what they point
	 * at is shared.
	 */
	again.files = xcalloc(s->n_files + 1, sizeof *s->files);
	memcpy(again.files, s->files, s->n_files * sizeof *s->files);
	seal_order(&again);
	for (size_t i = 0; i < s->n_files && same; i++)
		same = again.files[i].path == s->files[i].path;
	free(again.files);
	buf_clear(&text);
	seal_put_sums(s, &again_sums);
	same = same && again_sums.len == n_sums && memcmp(again_sums.data, sums, n_sums) == 0;
	buf_clear(&again_sums);
	return same ? 0 : fail_seal(err, "the seal is not in its canonical form");
}

/* All of seal.json but its form, each step held against those before. */
static int parse_json(const json_t *o, struct seal *s, const char *sums, size_t n, struct err *err)
{
	int rc = check_version(o, err);

	if (rc == 0)
		rc = parse_numbers(o, s, err);
	if (rc == 0)
		rc = tree_manifest_from_json(o, &s->manifest, err);
	if (rc == 0)
		rc = check_requires(o, s, err);
	if (rc == 0)
		rc = parse_files(o, s, sums, sums + n, err);
	if (rc == 0)
		rc = index_files(s, err);
	return rc ? rc : check_files(s, err);
}

int seal_parse(unsigned snapshot, const void *json, size_t n_json, const void *sums, size_t n_sums,
        struct seal *out, struct err *err)
{
	struct seal s;
	json_t *o = NULL;
	int rc;

	seal_init(&s);
	s.snapshot = snapshot;
	rc = check_json_sum(&s, json, n_json, sums, n_sums, err);
	if (rc == 0 && (n_json == 0 || ((const char *)json)[n_json - 1] != '\n'))
		rc = fail_seal(err, "seal.json does not end with a line end");
	if (rc == 0)
		rc = json_read(json, n_json - 1, SEAL_CAP, &o, err);
	if (rc == 0)
		rc = parse_json(o, &s, sums, n_sums, err);
	if (rc == 0)
		rc = check_canonical(&s, o, json, n_json, sums, n_sums, err);
	json_decref(o);
	if (rc < 0)
		seal_clear(&s);
	else
		*out = s;
	return rc;
}
