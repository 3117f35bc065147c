/* Is every byte of an archive what it was? */
#include "verify.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"

static int cmp_files(const void *a, const void *b)
{
	return strcmp(((const struct vfile *)a)->path, ((const struct vfile *)b)->path);
}

const struct vfile *verify_file(const struct verify *v, const char *path)
{
	struct vfile key = {.path = path};

	return FIND(&key, v->files, v->n_files, cmp_files);
}

/*
 * A run that could not read the newest seal went on from an older one; that is not what a
 * parent of no seal at all is.
 */
static void check_parent(struct verify *v, const char *dir, const struct seal *s)
{
	const struct seal *parent = seal_parent(s, v->seals, v->n_seals);

	if (v->n_seals == 0 || v->seals[v->n_seals - 1].snapshot + 1 != s->snapshot)
		return;
	if (!parent)
		finding_say(&v->findings, true, dir, NULL,
		        "its parent is not the seal of the snapshot before");
	else if (parent != &v->seals[v->n_seals - 1])
		finding_say(&v->findings, false, dir, NULL,
		        "it was made from snapshot %u: newer ones could not be read then",
		        parent->snapshot);
}

/* The numbers from ${from} to ${number}. */
static void say_missing(struct verify *v, unsigned from, unsigned number)
{
	char dir[LAYOUT_PATH];

	for (; from < number; from++) {
		snapshot_dir(from, dir);
		finding_say(&v->findings, true, dir, NULL, "the snapshot is missing");
		v->all_seals = false;
	}
}

/*
 * One seal: a gap before it, or that it cannot be read, is a finding. ${last}: the number of
 * the directory before it, 0 for none.
 */
static int load_seal(struct verify *v, unsigned last, unsigned number, struct err *err)
{
	const struct seal *before = v->n_seals ? &v->seals[v->n_seals - 1] : NULL;
	char dir[LAYOUT_PATH];
	struct err why = {0};
	struct seal s;
	int rc;

	snapshot_dir(number, dir);
	rc = seal_load(v->rootfd, dir, number, &s, &why);
	if (!v->opts->newest && seal_lacks_between(rc < 0 ? NULL : &s, before,
	                                last == (before ? before->snapshot : 0)))
		say_missing(v, last + 1, number);
	if (rc < 0) {
		v->all_seals = false;
		return verify_found(v, dir, &why, err);
	}
	check_parent(v, dir, &s);
	v->seals[v->n_seals++] = s;
	return 0;
}

/* v->seals, in order; an error only where there is no archive. */
static int load_seals(struct verify *v, struct err *err)
{
	unsigned *numbers = NULL;
	size_t n = 0;
	int rc = layout_snapshots(v->rootfd, &numbers, &n, err);

	if (rc == 0 && n == 0)
		rc = layout_none(v->rootfd, v->path, err);
	v->seals = xcalloc(n + 1, sizeof *v->seals);
	v->all_seals = !v->opts->newest;
	for (size_t i = v->opts->newest && n ? n - 1 : 0; i < n && rc == 0; i++)
		rc = load_seal(v, i ? numbers[i - 1] : 0, numbers[i], err);
	if (v->n_seals && v->seals[v->n_seals - 1].snapshot == numbers[n - 1])
		v->findings.newest = &v->seals[v->n_seals - 1];
	v->out->snapshots = (unsigned)(v->opts->newest ? MIN(n, 1) : n);
	free(numbers);
	return rc;
}

/* All files that seals name; two seals may not disagree on one. */
static void list_files(struct verify *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n_seals; i++)
		for (size_t k = 0; k < v->seals[i].n_files; k++) {
			const struct seal_file *f = &v->seals[i].files[k];

			*ARR_PUSH(v->files, v->n_files, v->files_cap) =
			        (struct vfile){f->path, f, layout_kind(f->path, NULL)};
		}
	SORT(v->files, v->n_files, cmp_files);
	for (size_t i = 0; i < v->n_files; i++) {
		const struct seal_file *a = v->files[i].file, *b = n ? v->files[n - 1].file : NULL;

		if (!b || strcmp(a->path, b->path) != 0)
			v->files[n++] = v->files[i];
		else if (a->size != b->size || memcmp(a->sum, b->sum, SHA256_LEN) != 0)
			finding_say(&v->findings, true, a->path, NULL,
			        "two seals name different checksums for it");
	}
	v->n_files = n;
}

/* The verdict's seal and completeness; --expect against it. */
static void check_newest(struct verify *v)
{
	const struct seal *s = v->n_seals ? &v->seals[v->n_seals - 1] : NULL;
	struct tree_totals totals;

	if (!s)
		return;
	tree_manifest_totals(&s->manifest, &totals);
	v->out->complete = totals.complete;
	v->out->left_out = totals.left_out;
	hex_format(s->hash, SHA256_LEN, v->out->seal);
	if (!v->opts->expect || strcmp(v->opts->expect, v->out->seal) == 0)
		return;
	for (size_t i = 0; i + 1 < v->n_seals; i++) {
		char hex[SHA256_HEX_SIZE];

		hex_format(v->seals[i].hash, SHA256_LEN, hex);
		if (strcmp(v->opts->expect, hex) == 0)
			v->out->expected = v->seals[i].snapshot;
	}
	if (v->out->expected)
		return;
	v->out->unexpected = true;
	finding_say(&v->findings, true, NULL, NULL, "the newest seal is %s, not the expected %s",
	        v->out->seal, v->opts->expect);
}

static void verify_clear(struct verify *v)
{
	seals_clear(&(struct seals){.v = v->seals, .n = v->n_seals});
	object_map_clear(&v->objects);
	free(v->files);
	free(v->copies);
	workers_clear(&v->workers);
	fd_close(v->rootfd);
}

int archive_verify(const char *path, const struct archive_verify_opts *opts,
        struct progress *progress, struct archive_verdict *out, struct err *err)
{
	struct verify v = {.opts = opts,
	        .progress = progress,
	        .out = out,
	        .path = path,
	        .rootfd = -1,
	        .findings = {.verdict = out,
	                .fn = opts->finding,
	                .ctx = opts->ctx,
	                .lock = PTHREAD_MUTEX_INITIALIZER}};
	int rc;

	memset(out, 0, sizeof *out);
	workers_init(&v.workers);
	object_map_init(&v.objects);
	rc = layout_open(path, &v.rootfd, err);
	if (rc < 0)
		v.rootfd = -1;
	else
		rc = load_seals(&v, err);
	if (rc == 0) {
		list_files(&v);
		check_newest(&v);
		rc = verify_files(&v, err);
	}
	if (rc == 0 && !opts->quick)
		rc = verify_colls(&v, err);
	if (rc == 0 && !opts->newest)
		rc = verify_bag(&v, err);
	verify_clear(&v);
	return rc;
}
