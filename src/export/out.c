/* Where exported files go: what a folder and a zip file have in common. */
#include "out.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "outkind.h"
#include "staging.h"

enum { HELD = 1 << 18 }; /* octets that are written at once */

struct export_out {
	const struct out_kind *kind;
	void *state;
	struct staging staging;
	uint8_t *held;
	size_t n_held;
	uint64_t files, bytes;
	bool failed;
};

static int note(struct export_out *o, int rc)
{
	if (rc < 0)
		o->failed = true;
	return rc;
}

int export_out_open(const char *path, struct export_out **out, struct err *err)
{
	struct export_out *o = xcalloc(1, sizeof *o);
	bool zip = text_ends_with(path, ".zip");
	int rc = staging_open(&o->staging, path, !zip, err);

	o->kind = zip ? &out_zip : &out_folder;
	o->held = xmalloc(HELD);
	if (rc == 0)
		rc = o->kind->open(o->staging.stagefd, o->staging.mode, &o->state, err);
	if (rc < 0) {
		export_out_free(o);
		o = NULL;
	}
	*out = o;
	return rc;
}

int export_out_dir(struct export_out *o, const char *path, struct err *err)
{
	return note(o, o->kind->dir(o->state, path, err));
}

int export_out_file(
        struct export_out *o, const char *path, int64_t mtime, uint64_t size, struct err *err)
{
	o->files++;
	return note(o, o->kind->begin(o->state, &(struct out_file){path, mtime, size}, err));
}

static int write_held(struct export_out *o, struct err *err)
{
	size_t n = o->n_held;

	o->n_held = 0;
	return n ? note(o, o->kind->write(o->state, o->held, n, err)) : 0;
}

int export_out_write(void *out, const void *p, size_t n, struct err *err)
{
	struct export_out *o = out;
	int rc = 0;

	o->bytes += n;
	if (o->n_held + n > HELD)
		rc = write_held(o, err);
	if (rc == 0 && n >= HELD)
		return note(o, o->kind->write(o->state, p, n, err));
	if (rc == 0) {
		memcpy(o->held + o->n_held, p, n);
		o->n_held += n;
	}
	return rc;
}

int export_out_end(struct export_out *o, struct err *err)
{
	int rc = write_held(o, err);

	return rc == 0 ? note(o, o->kind->end(o->state, err)) : rc;
}

uint64_t export_out_files(const struct export_out *o)
{
	return o->files;
}

uint64_t export_out_bytes(const struct export_out *o)
{
	return o->bytes;
}

uint64_t export_out_untimed(const struct export_out *o)
{
	return o->kind->untimed ? o->kind->untimed(o->state) : 0;
}

bool export_out_failed(const struct export_out *o)
{
	return o->failed;
}

int export_out_commit(struct export_out *o, struct err *err)
{
	int rc = note(o, o->kind->finish(o->state, err));

	return rc == 0 ? note(o, staging_take(&o->staging, err)) : rc;
}

void export_out_free(struct export_out *o)
{
	if (!o)
		return;
	if (o->state)
		o->kind->free(o->state);
	staging_clear(&o->staging);
	free(o->held);
	free(o);
}
