/*
 * Every file that a seal names, against its size and sum; parts are read to the last byte
 * of the last object.
 */
#include "verify.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"

#define WORKERS_MAX 16

static int check_sum(struct verify *v, const struct vfile *f, struct err *err)
{
	uint8_t sum[SHA256_LEN];
	uint64_t size = 0;
	struct stat st;
	int rc = layout_stat(v->rootfd, f->path, &st, err);

	if (rc == 0)
		rc = file_sha256(v->rootfd, f->path, sum, &size, err);
	if (rc == 0 && size != f->file->size)
		rc = err_set(err, ERR_DAMAGED, ERR_WHOLE, "%ju bytes, but the seal says %ju",
		        (uintmax_t)size, (uintmax_t)f->file->size);
	return rc ? rc : seal_file_check(f->file, sum, size, err);
}

struct part_check {
	struct verify *v;
	struct part_id id;
};

/* Every object found, by its place: the first in the map, others in v->copies. */
static int on_object(void *ctx, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        uint64_t size, uint64_t member, uint64_t offset, struct err *err)
{
	struct part_check *k = ctx;
	struct verify *v = k->v;
	struct object_place w = {k->id.snapshot, k->id.part, member, offset};
	struct object copy = {.kind = kind & 15u, .size = size & (OBJECT_SIZE_LIMIT - 1)}, *o;
	bool is_new, fits;

	(void)err;
	pthread_mutex_lock(&v->workers.lock);
	o = object_map_add(&v->objects, kind, sha256, size, &is_new);
	fits = object_set_place(is_new ? o : &copy, &w);
	if (!is_new) {
		memcpy(copy.sha256, sha256, SHA256_LEN);
		ARR_PUSH(v->copies, v->n_copies, v->copies_cap)->object = copy;
	}
	v->out->objects++;
	pthread_mutex_unlock(&v->workers.lock);
	if (!fits)
		finding_say(&v->findings, true, NULL, NULL,
		        "part %u of snapshot %u is larger than a part can be", k->id.part,
		        k->id.snapshot);
	return 0;
}

/*
 * Behind the first damage there may be more objects: find them, so that only what is lost
 * is called so.
 */
static void scan_rest(struct part_check *k, const char *path)
{
	struct verify *v = k->v;
	struct err ignored = {0};
	uint64_t before = v->out->objects;

	if (part_scan(v->rootfd, path, on_object, NULL, k, &ignored) < 0)
		return;
	pthread_mutex_lock(&v->workers.lock);
	v->out->objects = before; /* whole, but not checked as a part of a sound file */
	pthread_mutex_unlock(&v->workers.lock);
}

/* Read to its end; what is whole behind damage is looked for, too. */
static int check_part(struct verify *v, const struct vfile *f, struct err *err)
{
	struct part_check k = {.v = v};
	struct part_checker *c = NULL;
	uint8_t sum[SHA256_LEN];
	uint64_t size;
	struct stat st;
	int rc = layout_stat(v->rootfd, f->path, &st, err);

	if (rc < 0)
		return rc;
	if (!part_path_parse(f->path, &k.id))
		return err_set(err, ERR_DAMAGED, ERR_WHOLE, "not a part");
	rc = part_checker_open(v->rootfd, f->path, on_object, &k, &c, err);
	if (rc == 0) {
		part_checker_ahead(c, v->ahead);
		rc = part_checker_run(c, UINT64_MAX, err);
	}
	if (rc == 0) {
		part_checker_sum(c, sum, &size);
		rc = seal_file_check(f->file, sum, size, err);
	} else if (rc == ERR_DAMAGED || rc == ERR_IO) {
		scan_rest(&k, f->path);
	}
	part_checker_free(c);
	return rc;
}

/* By its kind; damage is told, not returned. */
static int check_file(struct verify *v, const struct vfile *f, struct err *err)
{
	struct err why = {0};
	int rc;

	/* Catalogs and links are hashed when they are read. */
	if (!v->opts->quick && (f->kind == LAYOUT_CATALOG || f->kind == LAYOUT_LINKS))
		return 0;
	rc = !v->opts->quick && f->kind == LAYOUT_PART ? check_part(v, f, &why)
	                                               : check_sum(v, f, &why);
	if (rc < 0)
		return verify_found(v, f->path, &why, err);
	return 0;
}

static const struct vfile *take_file(struct verify *v)
{
	const struct vfile *f = NULL;

	pthread_mutex_lock(&v->workers.lock);
	if (v->next_file < v->n_files && !v->workers.failed) {
		f = &v->files[v->next_file++];
		v->out->files++;
		v->out->bytes += f->file->size;
	}
	pthread_mutex_unlock(&v->workers.lock);
	return f;
}

/* What each thread does. */
static int check_files(void *arg, struct err *err)
{
	struct verify *v = arg;
	const struct vfile *f;
	int rc = 0;

	while (rc == 0 && (f = take_file(v))) {
		rc = stop_check(err);
		if (rc == 0)
			rc = check_file(v, f, err);
		if (v->progress)
			v->progress->bytes_done += f->file->size;
	}
	return rc;
}

static int cmp_copies(const void *a, const void *b)
{
	return memcmp(((const struct vcopy *)a)->object.sha256,
	        ((const struct vcopy *)b)->object.sha256, SHA256_LEN);
}

int verify_files(struct verify *v, struct err *err)
{
	size_t large = 0, want = v->opts->workers ? v->opts->workers : workers_cores();
	int rc;

	for (size_t i = 0; i < v->n_files; i++) {
		large += v->files[i].file->size > 1 << 20;
		if (v->progress)
			v->progress->bytes_total += v->files[i].file->size;
	}
	want = MIN(want, WORKERS_MAX);
	if (large && large < want) /* one thread a part would leave processors idle */
		v->ahead = (unsigned)((want + large - 1) / large);
	rc = workers_run(&v->workers, MIN(want, large), check_files, v, err);
	SORT(v->copies, v->n_copies, cmp_copies);
	return rc;
}
