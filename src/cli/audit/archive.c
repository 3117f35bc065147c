/* Is the archive itself what it was? */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "valise/base/mem.h"
#include "valise/pack/archive.h"
#include "run.h"

static void on_finding(void *ctx, const struct archive_finding *f)
{
	struct audit_run *r = ctx;
	struct audit_finding found = {.side = AUDIT_ARCHIVE,
	        .what = AUDIT_DAMAGED,
	        .kind = AUDIT_NO_KIND,
	        .collection = xstrdup(f->item),
	        .place = xstrdup(f->file),
	        .differs = xstrdup(f->text)};

	if (f->level == FINDING_DAMAGE) {
		audit_add(&r->audit, &found);
		return;
	}
	ui_finding(r->ui, f);
	free(found.collection);
	free(found.place);
	free(found.differs);
}

int audit_verify(struct audit_run *r)
{
	struct archive_verify_opts o = {.newest = true, .finding = on_finding, .ctx = r};
	const char *path = r->args->pos[0];
	struct archive_verdict v = {0};
	struct err err = {0};

	if (!r->full && verified_since(path, r->seal, &r->proof.when, r->proof.depth))
		return 0;
	r->proof = (struct audit_proof){0};
	if (archive_verify(path, &o, &r->ui->progress, &v, &err) < 0)
		return fail(r->args, &err);
	if (v.damages)
		return 0;
	r->proof.when = (int64_t)time(NULL);
	snprintf(r->proof.depth, sizeof r->proof.depth, "newest");
	verified_note(path, v.seal, r->proof.depth);
	return 0;
}
