/* A restore to CalDAV or CardDAV: its steps in order, and the bodies of its items. */
#include <stdlib.h>
#include <string.h>
#include "restore/dav/put/put.h"
#include "run.h"

/* A journal that is damaged is left alone: the run goes on without one. */
static int open_journal(struct drun *r, struct err *err)
{
	const struct target_opts *o = r->opts;
	int rc = put_journal_open(o->journal, o->archive_id, o->dry_run, &r->journal, err);

	if (rc == 0)
		put_journal_begin(r->journal, o->snapshot);
	if (rc != ERR_DAMAGED)
		return rc;
	progress_say(r->progress, SAY_WARNING,
	        "the restore journal cannot be used, what is there is recognised by UID: %s",
	        err->text);
	return put_journal_open(NULL, o->archive_id, o->dry_run, &r->journal, err);
}

/* The steps in order; what came of them is told in any case. */
static int run_steps(struct drun *r, struct err *err)
{
	int rc = dav_probe(r, err);

	if (rc == 0)
		rc = open_journal(r, err);
	if (rc == 0)
		rc = dav_plan(r, err);
	if (rc == 0 && r->opts->predictor)
		rc = predict_dav_probe(r, err);
	if (rc < 0)
		return rc;
	say_plan_dav(r);
	rc = dav_there(r, err);
	if (rc == 0)
		rc = dav_make(r, err);
	if (rc == 0 && !r->opts->dry_run)
		rc = dav_split(r, err);
	remember_places(r);
	if (rc == 0)
		rc = dav_put_all(r, err);
	if (rc == 0 && !r->opts->dry_run)
		rc = dav_after(r, err);
	/* Of what was found only there. */
	if (rc == 0)
		rc = managed_post(r, err);
	say_copies(r);
	say_end(r);
	if (rc == 0 && r->opts->predictor)
		predict_dav_end(r);
	return rc;
}

/*
 * target_opts.looked: the plan of a restore, and what it would find. Files of links may be
 * in the items or not, as after a restore with --attach-links or without.
 */
static int run_look(struct drun *r, struct err *err)
{
	const struct target_opts *given = r->opts;
	struct target_opts own = *given;
	int rc;

	own.dry_run = own.attach_links = true;
	r->opts = &own;
	rc = dav_probe(r, err);
	if (rc == 0)
		rc = open_journal(r, err);
	if (rc == 0)
		rc = dav_plan(r, err);
	if (rc == 0)
		rc = dav_plan_unlisted(r, err);
	/* Each item is told by itself from here on. */
	own.report = NULL;
	if (rc == 0)
		rc = dav_look_target(r, err);
	r->opts = given;
	return rc;
}

static void run_clear(struct drun *r)
{
	dav_close(r->http);
	dav_home_clear(&r->home);
	for (size_t i = 0; i < r->n_tcolls; i++)
		tcoll_clear(&r->tcolls[i]);
	free(r->tcolls);
	for (size_t i = 0; i < r->n_acolls; i++) {
		struct acoll *a = &r->acolls[i];

		if (!a->part)
			tree_coll_free(a->coll);
		props_clear(&a->props);
		free(a->name);
		linked_free(a->linked);
		free(a->refused);
		free(a->hidden);
	}
	free(r->acolls);
	for (size_t i = 0; i < r->n_entries; i++) {
		free(r->entries[i].url);
		free(r->entries[i].segment);
		free(r->entries[i].replaces);
		free(r->entries[i].replaced_etag);
		free(r->entries[i].why);
		free(r->entries[i].form);
		free(r->entries[i].own_uid);
		free(r->entries[i].told);
		free(r->entries[i].again);
	}
	free(r->entries);
	for (size_t i = 0; i < r->outcome.n_copies; i++)
		free(r->outcome.copies[i].url);
	free(r->outcome.copies);
	for (size_t i = 0; i < r->outcome.n_lost; i++)
		free(r->outcome.lost[i].text);
	free(r->outcome.lost);
	keys_clear(&r->outcome.counted);
	keys_clear(&r->readonly_homes);
	free(r->by_uid);
	free(r->outcome.stopped);
	free(r->hidden);
	keys_clear(&r->names);
	put_journal_free(r->journal);
}

/* What came of each collection of the archive: of its items, by how they ended. */
static void tell_counts(struct drun *r)
{
	struct target_result *of = xcalloc(r->n_acolls + 1, sizeof *of);

	for (size_t i = 0; i < r->n_entries; i++) {
		const struct entry *e = &r->entries[i];
		struct target_result *one = &of[e->acoll];

		if (e->more)
			continue;
		one->items++;
		one->added += e->state == ENTRY_ADDED;
		one->already += e->state == ENTRY_THERE;
		one->failed += e->state == ENTRY_FAILED || e->state == ENTRY_HELD;
	}
	for (size_t i = 0; i < r->n_acolls; i++) {
		if (!r->acolls[i].coll)
			of[i].items = of[i].failed = r->acolls[i].head->roots.items;
		if (r->opts->counted)
			r->opts->counted(r->opts->ctx, r->acolls[i].head, &of[i]);
	}
	free(of);
}

static int dav_run(const struct service *service, enum coll_kind kind, struct tree_reader *reader,
        const struct target_opts *opts, struct progress *progress, struct target_result *out,
        struct err *err)
{
	struct drun r = {.service = service,
	        .reader = reader,
	        .opts = opts,
	        .progress = progress,
	        .contacts = kind == COLL_CONTACTS,
	        .looks = opts->looked != NULL,
	        .kind = kind};
	enum guard_role role = opts->looked   ? GUARD_DAV_SOURCE
	                       : opts->update ? GUARD_DAV_UPDATE
	                                      : GUARD_DAV_TARGET;
	int rc = dav_open(service, role, progress, &r.http, err);

	progress_what(progress, service->name);
	if (rc == 0)
		rc = r.looks ? run_look(&r, err) : run_steps(&r, err);
	for (size_t i = 0; i < r.n_acolls; i++)
		r.outcome.sum.collections += !r.acolls[i].part;
	for (size_t i = 0; i < r.n_entries; i++)
		r.outcome.sum.items += !r.looks && !r.entries[i].more;
	if (!r.looks)
		tell_counts(&r);
	if (r.outcome.sum.no_into)
		r.outcome.sum.items = r.outcome.sum.failed;
	*out = r.outcome.sum;
	run_clear(&r);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

const struct target_ops target_caldav = {dav_run};
const struct target_ops target_carddav = {dav_run};
