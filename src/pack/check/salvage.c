/*
 * What is still whole in a damaged archive. Nothing is believed but hashes: parts are
 * scanned member by member, and an item of a catalog is given out when an object with its
 * hash was found, wherever that is.
 */
#include "valise/pack/archive.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/json.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include "valise/tree/intake.h"
#include "pack/part/objects.h"
#include "pack/part/part.h"
#include "pack/seal.h"
#include "verify.h"

#define HEAD_BYTES 65536 /* of a message, to look for its date in */

struct salvage {
	struct tree_sink *to;
	struct findings findings;
	struct archive_verdict *out;
	int rootfd;
	struct object_map objects; /* whole ones, in order of storage */
	struct part_reader *parts;
	struct abouts *names; /* of the catalog that was read last */
	/* while a part is scanned */
	struct part_id id;
	const char *file;
};

/* The first place of each object counts. */
static int on_object(void *ctx, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        uint64_t size, uint64_t member, uint64_t offset, struct err *err)
{
	struct salvage *s = ctx;
	struct object_place w = {s->id.snapshot, s->id.part, member, offset};
	bool is_new;
	struct object *o = object_map_add(&s->objects, kind, sha256, size, &is_new);

	(void)err;
	if (is_new) {
		s->out->objects++;
		(void)object_set_place(o, &w);
	}
	return 0;
}

static void on_gap(void *ctx, uint64_t from, uint64_t to)
{
	struct salvage *s = ctx;

	finding_say(&s->findings, true, s->file, NULL, "bytes %ju to %ju are damaged",
	        (uintmax_t)from, (uintmax_t)to);
}

/* Every whole object of its parts, whatever any seal says. */
static int scan_snapshot(struct salvage *s, unsigned snapshot, struct err *err)
{
	char dir[LAYOUT_PATH], **names = NULL;
	size_t n = 0;
	int rc;

	snapshot_dir(snapshot, dir);
	rc = dir_list(s->rootfd, dir, &names, &n, err);
	for (size_t i = 0; i < n; i++) {
		char *path = xasprintf("%s/%s", dir, names[i]);
		struct err why = {0};
		struct stat st;

		s->file = path;
		if (rc == 0 && part_path_parse(path, &s->id) &&
		        (layout_stat(s->rootfd, path, &st, &why) < 0 ||
		                part_scan(s->rootfd, path, on_object, on_gap, s, &why) < 0))
			finding_say(&s->findings, true, path, NULL, "%s", why.text);
		free(path);
	}
	s->file = NULL;
	texts_free(names, n);
	return rc;
}

/*
 * seal.json alone, when seal.sha256 does not fit it: its own totals must still be right.
 */
static int load_json(struct salvage *s, const char *dir, struct tree_manifest *out, struct err *err)
{
	char *path = xasprintf("%s/seal.json", dir);
	struct buf text = buf_of(SEAL_CAP);
	json_t *o = NULL;
	int rc;

	rc = layout_read(s->rootfd, path, &text, err);
	if (rc == 0)
		rc = json_read(buf_str(&text), text.len, SEAL_CAP, &o, err);
	if (rc == 0)
		rc = tree_manifest_from_json(o, out, err);
	json_decref(o);
	buf_clear(&text);
	free(path);
	return rc;
}

/* The manifest of a snapshot, from whatever is left of its seal. */
static bool load_manifest(struct salvage *s, unsigned snapshot, struct tree_manifest *out)
{
	char dir[LAYOUT_PATH];
	struct err why = {0};
	struct seal seal;

	tree_manifest_init(out);
	snapshot_dir(snapshot, dir);
	if (seal_load(s->rootfd, dir, snapshot, &seal, &why) == 0) {
		tree_manifest_clear(out);
		*out = seal.manifest;
		tree_manifest_init(&seal.manifest);
		seal_clear(&seal);
		return true;
	}
	finding_say(&s->findings, true, dir, NULL, "%s", why.text);
	err_clear(&why);
	return load_json(s, dir, out, &why) == 0;
}

/* The catalog of a head, else that of the same collection in an older snapshot. */
static struct tree_coll *load_catalog(
        struct salvage *s, const struct tree_manifest *m, size_t n, const struct tree_head *h)
{
	for (size_t i = 0; i < n; i++) {
		const struct tree_head *at = i ? tree_manifest_find(&m[i], h->kind, h->name) : h;
		struct tree_coll *c = NULL;
		struct err why = {0};

		if (!at || !at->catalog || layout_kind(at->catalog, NULL) != LAYOUT_CATALOG)
			continue;
		abouts_free(s->names);
		s->names = abouts_new(-1, NULL);
		if (sealed_catalog(s->rootfd, NULL, at, at->catalog, s->names, &c, &why) == 0)
			return c;
		finding_say(&s->findings, true, at->catalog, NULL, "%s", why.text);
	}
	return NULL;
}

/*
 * The bytes of an object into the sink. An error of the sink ends all, one of the archive
 * is the item's.
 */
static int give_body(struct salvage *s, const struct object *o, struct tree_item *it, unsigned told,
        bool *lost_out, struct err *err)
{
	struct part_id id = {o->snapshot, o->part};
	struct object_place w;
	struct intake in;
	char path[LAYOUT_PATH];
	int rc;

	object_get_place(o, &w);
	part_path_format(id, path);
	intake_begin(&in, s->to, o->kind, HEAD_BYTES);
	rc = part_reader_object(
	        s->parts, path, &w, o->sha256, o->size, o->kind, intake_write, &in, err);
	*lost_out = !in.failed && (rc == ERR_DAMAGED || rc == ERR_NOTFOUND);
	if (rc == 0)
		rc = intake_finish(&in, it, told, err);
	intake_clear(&in);
	return *lost_out ? 0 : rc;
}

/* Told, and an error line in place of the item. */
static void lose_item(struct salvage *s, const struct tree_coll *from, const struct tree_item *it,
        struct tree_coll *to)
{
	const struct tree_ext *e = tree_item_ext(from, it);
	struct date date = {.utc = it->date_utc, .zone_min = it->zone_min, .known = true};
	char text[DATE_TEXT_SIZE], item[ITEM_NAME_SIZE];
	struct item_about a;

	abouts_find(s->names, from->kind, it->sha256, &a);
	verify_item_name(from, it, &a, item);
	finding_say(&s->findings, true, NULL, item, "its bytes are lost");
	tree_coll_error(to, it->uid, e ? e->href : NULL,
	        from->kind == COLL_MAIL ? date_format_imap(&date, text) : NULL, about_title(&a),
	        "its bytes were lost from the archive");
	tree_coll_error_from(to, a.text[ABOUT_FROM]);
	about_clear(&a);
}

/* The item with its bytes, wherever they were found, else its loss. */
static int give_item(struct salvage *s, const struct tree_coll *from, const struct tree_item *it,
        struct tree_coll *to, struct err *err)
{
	struct object *o = object_map_find(&s->objects, from->kind, it->sha256);
	struct tree_item copy = {0};
	bool lost = !o;
	int rc = lost ? 0 : give_body(s, o, &copy, INTAKE_DATE, &lost, err);

	if (rc < 0)
		return rc;
	s->out->items++;
	if (lost) {
		lose_item(s, from, it, to);
		return 0;
	}
	o->flags |= OBJECT_CURRENT;
	tree_item_copy(to, from, it, &copy);
	rc = s->to->ops->item(s->to, to, &copy, err);
	if (rc == 0)
		to->items[to->n_items - 1].gone = it->gone;
	return rc;
}

static int give_coll(struct salvage *s, const struct tree_coll *from, struct err *err)
{
	struct tree_coll *to = tree_coll_like(from);
	int rc = 0;

	for (size_t i = 0; i < from->n_items + from->n_gone && rc == 0; i++) {
		rc = stop_check(err);
		if (rc == 0)
			rc = give_item(s, from, tree_coll_any(from, i), to, err);
	}
	tree_coll_part_gone(to);
	tree_coll_copy_errors(to, from);
	if (rc < 0) {
		tree_coll_free(to);
		return rc;
	}
	return s->to->ops->coll(s->to, to, err);
}

/* Objects that an older state names are no finds. */
static void mark_named(struct salvage *s, const struct tree_manifest *m)
{
	for (size_t i = 0; i < m->n_heads; i++) {
		struct tree_coll *c = NULL;

		if (!m->heads[i].catalog ||
		        layout_kind(m->heads[i].catalog, NULL) != LAYOUT_CATALOG ||
		        sealed_catalog(s->rootfd, NULL, &m->heads[i], m->heads[i].catalog, NULL, &c,
		                NULL) < 0)
			continue;
		tree_coll_with_gone(c);
		for (size_t k = 0; k < c->n_items; k++) {
			struct object *o =
			        object_map_find(&s->objects, c->kind, c->items[k].sha256);

			if (o)
				o->flags |= OBJECT_CURRENT;
		}
		tree_coll_free(c);
	}
}

/* An item for an object that nobody names; ${number}: its UID or href. */
static int give_found(struct salvage *s, struct tree_coll *c, const struct object *o,
        uint32_t number, struct err *err)
{
	struct tree_item it = {0};
	bool lost;
	int rc = give_body(s, o, &it, 0, &lost, err);

	if (rc < 0 || lost)
		return rc;
	if (c->kind == COLL_MAIL) {
		it.uid = number;
	} else {
		struct tree_ext *e = tree_coll_ext(c, &it.ext);

		e->href = xasprintf("/salvaged/%u", number);
	}
	s->out->items++;
	return s->to->ops->item(s->to, c, &it, err);
}

/* What no readable catalog names. */
static int give_rest(struct salvage *s, enum coll_kind kind, struct err *err)
{
	struct tree_coll *c = NULL;
	uint32_t number = 0;
	int rc = 0;

	for (size_t i = 0; i < s->objects.n && rc == 0; i++) {
		const struct object *o = object_map_at(&s->objects, i);

		if (o->kind != kind || (o->flags & OBJECT_CURRENT))
			continue;
		if (!c)
			c = tree_coll_new(kind, "Salvaged");
		rc = give_found(s, c, o, ++number, err);
	}
	if (!c)
		return rc;
	finding_say(&s->findings, false, NULL, NULL, "%s in \"Salvaged\"",
	        counted(number, "item that no readable catalog names is",
	                "items that no readable catalog names are", (char[COUNTED_SIZE]){0}));
	if (rc < 0) {
		tree_coll_free(c);
		return rc;
	}
	return s->to->ops->coll(s->to, c, err);
}

/* ${m}: manifests that could be read, newest first. */
static int give_all(struct salvage *s, const struct tree_manifest *m, size_t n, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; n > 0 && i < m[0].n_heads && rc == 0; i++) {
		struct tree_coll *c = load_catalog(s, m, n, &m[0].heads[i]);

		if (!c)
			finding_say(&s->findings, true, m[0].heads[i].catalog, NULL,
			        "%s: no catalog of it is left", m[0].heads[i].name);
		else
			rc = give_coll(s, c, err);
		tree_coll_free(c);
	}
	for (size_t i = 1; i < n && rc == 0; i++)
		mark_named(s, &m[i]);
	for (unsigned kind = 0; kind < COLL_KINDS && rc == 0; kind++)
		rc = give_rest(s, (enum coll_kind)kind, err);
	return rc;
}

/* Objects first, then what catalogs make of them, then the rest. */
static int run_salvage(struct salvage *s, const char *path, struct err *err)
{
	struct tree_manifest *m = NULL;
	unsigned *numbers = NULL;
	size_t n = 0, n_m = 0;
	int rc = layout_snapshots(s->rootfd, &numbers, &n, err);

	if (rc == 0 && n == 0)
		rc = err_set(err, ERR_NO_ARCHIVE, ERR_WHOLE,
		        "%s has no snapshot from which anything can be recovered", path);
	m = xcalloc(n + 1, sizeof *m);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = scan_snapshot(s, numbers[i], err);
	for (size_t i = n; i-- > 0 && rc == 0;)
		if (load_manifest(s, numbers[i], &m[n_m]))
			n_m++;
	s->out->snapshots = (unsigned)n;
	if (rc == 0 && n_m == 0)
		finding_say(&s->findings, true, NULL, NULL,
		        "no seal can be read: names and dates of the items are lost");
	if (rc == 0)
		rc = give_all(s, m, n_m, err);
	s->out->complete = s->out->damages == 0;
	for (size_t i = 0; i < n_m; i++)
		tree_manifest_clear(&m[i]);
	free(m);
	free(numbers);
	return rc;
}

int archive_salvage(const char *path, struct tree_sink *to,
        void (*finding)(void *ctx, const struct archive_finding *f), void *ctx,
        struct archive_verdict *out, struct err *err)
{
	struct salvage s = {.to = to,
	        .findings = {.verdict = out,
	                .fn = finding,
	                .ctx = ctx,
	                .lock = PTHREAD_MUTEX_INITIALIZER},
	        .out = out,
	        .rootfd = -1};
	int rc;

	memset(out, 0, sizeof *out);
	object_map_init(&s.objects);
	rc = layout_open(path, &s.rootfd, err);
	if (rc < 0)
		return rc;
	s.parts = part_reader_new(s.rootfd);
	rc = run_salvage(&s, path, err);
	part_reader_free(s.parts);
	abouts_free(s.names);
	object_map_clear(&s.objects);
	sys_close(s.rootfd);
	return rc;
}
