/* A restore to a mailbox over MAPI: its steps in order. */
#include <stdlib.h>
#include "restore/labels/view.h"
#include "run.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/restore/predict.h"

enum { SLOW_ITEM_US = 50000 };

/*
 * Its ids are those of this mailbox: of another one of the same address they are other items'. A
 * journal that is damaged is left alone: the run goes on without one.
 */
static int open_journal(struct mrun *r, struct err *err)
{
	const struct target_opts *o = r->opts;
	bool dry = o->dry_run || o->looked;
	char guid[33], life[33], *of;
	int rc;

	hex_format(mapi_store_guid(r->store), 16, guid);
	hex_format(mapi_store_life(r->store), 16, life);
	of = xasprintf("%s %s %s", o->archive_id ? o->archive_id : "", guid, life);
	rc = mapi_journal_open(o->journal, of, dry, &r->journal, err);
	free(of);
	if (rc != ERR_DAMAGED)
		return rc;
	progress_say(r->progress, SAY_WARNING,
	        "the restore journal cannot be used, what is there is recognised by search key and "
	        "Message-ID: %s",
	        err->text);
	err_clear(err);
	return mapi_journal_open(NULL, o->archive_id, dry, &r->journal, err);
}

/* ---- one collection ---- */

/* Those that its own folder is not for: "NAME (tasks)". What came from one folder stays in one. */
static int split(struct mrun *r, struct acoll *a, struct err *err)
{
	for (size_t i = 0; i < a->n_items; i++) {
		struct mitem *it = &a->items[i];
		enum folder_class class;
		int rc;

		if (a->coll->kind != COLL_CALENDAR || it->raw != PAIR_NONE || r->opts->into)
			continue;
		rc = mapi_item_class(a, it, &class, err);
		if (rc < 0 && err_ends(err))
			return rc;
		if (rc < 0)
			err_clear(err); /* it is told when it is to be sent */
		else if (class != r->map.nodes[a->to->node].class)
			it->node = mapi_map_part(&r->map, a->to, class);
	}
	return 0;
}

static void refuse_all(struct box *b, const char *why)
{
	for (size_t i = 0; i < b->n; i++)
		mapi_item_failed(b, i, why);
}

static int restore_box(struct mrun *r, struct acoll *a, size_t node, struct err *err)
{
	struct box b = {0};
	bool fresh = !r->map.nodes[node].id;
	int rc = mapi_make_node(r, node, err);

	if (rc == 0)
		rc = mapi_box_open(r, a, node, &b, err);
	if (rc == 0 && r->map.nodes[node].refused) {
		mapi_say_coll(r, SAY_WARNING, a->head->name, "its folder cannot be made: %s",
		        r->map.nodes[node].refused);
		refuse_all(&b, "it has no folder");
	} else if (rc == 0) {
		a->sum.collections_made += fresh;
		rc = mapi_box_restore(&b, err);
	}
	mapi_box_close(&b);
	return rc;
}

/* Its own folder, and those of its parts. */
static int each_box(struct mrun *r, struct acoll *a, box_fn fn, struct err *err)
{
	size_t done[FOLDER_CLASSES + 1] = {a->to->node}, n = 1;
	int rc = split(r, a, err);

	if (rc == 0)
		rc = fn(r, a, a->to->node, err);
	for (size_t i = 0; i < a->n_items && rc == 0; i++) {
		bool is_done = false;

		for (size_t k = 0; k < n; k++)
			is_done = is_done || done[k] == a->items[i].node;
		if (is_done || n == COUNT(done))
			continue;
		done[n++] = a->items[i].node;
		rc = fn(r, a, a->items[i].node, err);
	}
	return rc;
}

static void note_place(struct mrun *r, const struct map_coll *c)
{
	char *key = mapi_place_key(r, c);

	if (r->map.nodes[c->node].id && !r->opts->dry_run && !c->mapped && !r->opts->into)
		mapi_journal_add_place(r->journal, key, r->map.nodes[c->node].id);
	free(key);
}

static int one_coll(struct mrun *r, struct map_coll *c, box_fn fn, struct err *err)
{
	struct acoll a;
	int rc = mapi_coll_load(r, c, &a, err);

	progress_what(r->progress, c->head->name);
	a.sum.collections = 1;
	if (rc > 0 && c->kind == COLL_MAPI && !a.n_items) {
		a.sum.collections = 0; /* nothing but what stands beside other items */
	} else if (rc > 0) {
		if (!r->opts->looked)
			mapi_say_place(r, c, a.n_items);
		rc = each_box(r, &a, fn, err);
	}
	if (rc >= 0 && !r->opts->looked)
		note_place(r, c);
	target_result_add(&r->sum, &a.sum);
	if (r->opts->counted && a.sum.collections)
		r->opts->counted(r->opts->ctx, c->head, &a.sum);
	mapi_coll_clear(&a);
	return rc < 0 ? rc : 0;
}

int mapi_each_coll(struct mrun *r, box_fn fn, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < r->n_colls && rc == 0; i++)
		if (mapi_is_chosen(r, &r->colls[i]))
			rc = one_coll(r, &r->colls[i], fn, err);
	return rc;
}

static void predict(const struct mrun *r, bool sure, uint64_t items, const char *text)
{
	const struct prediction p = {
	        .what = PREDICT_FORM, .sure = sure, .text = text, .items = items};

	r->opts->predictor->said(r->opts->predictor->ctx, &p);
}

/*
 * check --for: what has no place in an item, and what it costs. What a server of MAPI refuses or
 * alters, none says beforehand.
 */
static void foresee(struct mrun *r)
{
	const struct predict_cost cost = {.items = r->sum.added,
	        .bytes = r->to_add,
	        .trips = r->sum.added,
	        .item_us = SLOW_ITEM_US};

	for (size_t i = 0; i < r->losses.n; i++) {
		char *text = xasprintf("no property of an item says: %s", r->losses.list[i].name);

		predict(r, true, r->losses.list[i].items, text);
		free(text);
	}
	if (r->sum.added)
		predict(r, false, r->sum.added,
		        "what a server of MAPI refuses or alters is not known before: the restore "
		        "compares what it stored, and names it");
	r->opts->predictor->cost(r->opts->predictor->ctx, &cost);
}

static int restore_all(struct mrun *r, struct err *err)
{
	struct err late = {0};
	int rc, end;

	rc = mapi_each_coll(r, restore_box, err);
	if (!r->opts->predictor)
		mapi_say_counts(r);
	else if (rc == 0)
		foresee(r);
	end = r->opts->dry_run ? 0 : mapi_journal_commit(r->journal, &late);
	return rc == 0 && end < 0 ? err_copy(err, &late) : rc;
}

/* ---- the run ---- */

static void run_clear(struct mrun *r)
{
	mapi_close(r->store);
	mapi_map_colls_free(r->colls, r->n_colls);
	mapi_map_clear(&r->map);
	mapi_folders_clear(&r->folders);
	mapi_journal_free(r->journal);
	tree_reader_free(r->view);
	mapi_counts_clear(&r->adds);
	mapi_counts_clear(&r->losses);
}

/* Labels of Gmail are folders here, or as the user wants them. */
static int open_view(struct mrun *r, struct err *err)
{
	const struct label_opts o = {.target = r->opts};

	return r->kind == COLL_MAIL ? label_view(r->archive, &o, &r->view, err) : 0;
}

/* Is there any item beside others that is none of these? */
static int any_lone(struct mrun *r, bool *out, struct err *err)
{
	const struct tree_manifest *m = r->archive->ops->manifest(r->archive);
	int rc = 0;

	*out = r->kind != COLL_MAPI;
	for (size_t i = 0; i < m->n_heads && rc >= 0 && !*out; i++) {
		struct map_coll c = {.head = &m->heads[i], .kind = COLL_MAPI};
		struct acoll a;

		if (m->heads[i].kind != COLL_MAPI)
			continue;
		rc = mapi_coll_load(r, &c, &a, err);
		*out = rc > 0 && a.n_items;
		mapi_coll_clear(&a);
	}
	return rc < 0 ? rc : 0;
}

static int run_steps(struct mrun *r, struct err *err)
{
	bool any;
	int rc = any_lone(r, &any, err);

	if (rc < 0 || !any)
		return rc;
	rc = mapi_open(r->service, r->role, MAPI_MAILBOX, r->progress, &r->store, err);

	if (rc < 0)
		r->store = NULL;
	if (rc == 0)
		rc = open_view(r, err);
	if (rc == 0)
		rc = open_journal(r, err);
	if (rc == 0)
		rc = mapi_plan(r, err);
	if (rc < 0)
		return rc;
	return r->opts->looked ? mapi_look(r, err) : restore_all(r, err);
}

static int run(const struct service *service, enum coll_kind kind, struct tree_reader *reader,
        const struct target_opts *opts, struct progress *progress, struct target_result *out,
        struct err *err)
{
	bool reads = opts->dry_run || opts->looked;
	struct mrun r = {.service = service,
	        .kind = kind,
	        .archive = reader,
	        .opts = opts,
	        .progress = progress,
	        .role = reads ? GUARD_MAPI_SOURCE : GUARD_MAPI_TARGET};
	int rc;

	progress_what(progress, service->name);
	rc = run_steps(&r, err);
	*out = r.sum;
	run_clear(&r);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

const struct target_ops target_mapi = {.run = run};
