/* A restore to IMAP (RFC 3501): one session plans, then workers take a mailbox each. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "run.h"
#include "restore/imap/look/look.h"
#include "restore/imap/map/name.h"
#include "restore/labels/view.h"

static int entry_cmp(const void *pa, const void *pb, void *ctx)
{
	const struct map_entry *map = ctx;
	size_t a = *(const size_t *)pa, b = *(const size_t *)pb;
	int c = ORDER_OF(map[b].head->roots.bytes, map[a].head->roots.bytes);

	return c ? c : ORDER_OF(a, b); /* parents come before what is below them */
}

/* How the target writes names: delimiter, and prefix of the personal namespace. */
static void probe_names(struct run *r, struct imap *m)
{
	char delimiter = 0;
	const char *prefix = imap_namespace(m, &delimiter);

	r->plan.prefix = xstrdup(prefix ? prefix : "");
	if (imap_has(m, "NAMESPACE"))
		r->plan.prefix_shown =
		        name_shown((const uint8_t *)r->plan.prefix, strlen(r->plan.prefix));
	for (size_t i = 0; i < r->plan.n_list && !delimiter; i++)
		delimiter = r->plan.list[i].delimiter;
	r->plan.there.list = r->plan.list;
	r->plan.there.n = r->plan.n_list;
	r->plan.there.prefix = r->plan.prefix_shown;
	r->plan.there.delimiter = delimiter;
}

/* The whole archive is mapped, so that --folder changes no name. */
static void plan_map(struct run *r)
{
	const struct map_wish wish = {.under = r->opts->under,
	        .maps = r->opts->maps,
	        .n_maps = r->opts->n_maps,
	        .earlier = kept_place_of,
	        .ctx = r->journal};
	const struct tree_manifest *mf = r->reader->ops->manifest(r->reader);
	const struct tree_head **heads = xcalloc(mf->n_heads ? mf->n_heads : 1, sizeof *heads);

	for (size_t i = 0; i < mf->n_heads; i++)
		if (mf->heads[i].kind == COLL_MAIL)
			heads[r->plan.n_map++] = &mf->heads[i];
	r->plan.map = map_plan(heads, r->plan.n_map, &r->plan.there, &wish);
	r->plan.selected = xcalloc(r->plan.n_map + 1, sizeof *r->plan.selected);
	r->plan.order = xcalloc(r->plan.n_map + 1, sizeof *r->plan.order);
	for (size_t i = 0; i < r->plan.n_map; i++) {
		const struct tree_head *h = r->plan.map[i].head;

		r->plan.selected[i] =
		        target_selects(r->opts, r->view ? label_view_origin(r->view, h) : h);
		if (!r->plan.selected[i])
			continue;
		r->plan.order[r->plan.n_order++] = i;
		atomic_fetch_add(&r->progress->items_total, h->roots.items);
		atomic_fetch_add(&r->progress->bytes_total, h->roots.bytes);
	}
	if (r->plan.n_order)
		qsort_r(r->plan.order, r->plan.n_order, sizeof *r->plan.order, entry_cmp,
		        r->plan.map);
	free(heads);
}

/* A journal that is damaged is left alone: the run goes on without one. */
static int open_journal(struct run *r, struct err *err)
{
	const struct target_opts *o = r->opts;
	int rc = kept_open(o->journal, r->journal_id, o->dry_run, &r->journal, err);

	if (rc != ERR_DAMAGED)
		return rc;
	progress_say(r->progress, SAY_WARNING,
	        "the restore journal cannot be used, what is there is recognised by content: %s",
	        err->text);
	return kept_open(NULL, r->journal_id, o->dry_run, &r->journal, err);
}

/* A look has the plan of a restore, or that of an earlier look if nothing changed since. */
static int plan_look(struct run *r, struct imap *m, struct err *err)
{
	bool all;
	int rc = imap_look_recall_all(r, m, &all, err);

	if (rc == 0 && all)
		rc = kept_open(NULL, r->journal_id, true, &r->journal, err);
	else if (rc == 0)
		rc = open_journal(r, err);
	if (rc < 0)
		return rc;
	if (!all)
		plan_map(r);
	r->looking.done = xcalloc(r->plan.n_map + 1, sizeof *r->looking.done);
	return all ? 0 : imap_look_recall(r, m, err);
}

/* All that is decided before the first message, and the mailboxes that are missing. */
static int plan_run(struct run *r, struct worker *w, struct err *err)
{
	struct imap *m = w->conn.m;
	struct imap_quota quota;
	struct attempts a = {.limit = 1};
	int rc;

	do
		rc = imap_list(m, false, &r->plan.list, &r->plan.n_list, err);
	while (imap_alive(m) && imap_conn_retry(&w->conn, &a, &rc, NULL, err));
	if (rc == 0)
		rc = labels_plan(r, m, err);
	if (rc == 0) {
		probe_names(r, m);
		rc = r->opts->looked ? plan_look(r, m, err) : open_journal(r, err);
	}
	if (rc < 0 || r->opts->looked)
		return rc;
	plan_map(r);
	r->plan.append_limit = imap_append_limit(m);
	rc = imap_quota(m, &quota, err);
	if (rc < 0 && imap_alive(m)) {
		quota = (struct imap_quota){0}; /* none known */
		rc = 0;
	}
	if (rc < 0)
		return rc;
	say_plan(r, quota.used, quota.limit);
	if (r->opts->dry_run)
		return r->opts->predictor ? predict_plan(r, m, &quota, err) : 0;
	rc = imap_select(m, (const uint8_t *)"INBOX", 5, true, &r->plan.inbox, err);
	if (rc < 0 && err->code == ERR_STOPPED)
		return rc;
	/* what is missing is made one by one */
	return imap_alive(m) ? make_all(r, m, err) : 0;
}

static int begin_box(struct worker *w, size_t entry, struct err *err)
{
	return w->run->opts->looked ? imap_look_box(w, entry, err) : box_restore(w, entry, err);
}

/* Those that wait. */
static int finish_boxes(struct worker *w, struct err *err)
{
	return w->run->opts->looked ? imap_look_boxes(w, err) : box_finish_later(w, err);
}

/* Mailboxes until none is left, the last looks at them with every few. */
static int work_queue(struct worker *w, struct err *err)
{
	struct run *r = w->run;
	size_t entry;
	int rc = 0;

	if (!w->conn.m)
		rc = imap_conn_open(&w->conn, err);
	while (rc == 0 && !imap_conn_is_spare(&w->conn) && queue_next(r, &entry)) {
		rc = begin_box(w, entry, err);
		if (rc < 0)
			queue_give_back(r, entry);
		else if (w->n_later == LATER_BOXES || w->later_items >= LATER_ITEMS)
			rc = finish_boxes(w, err);
		queue_done(r);
	}
	if (rc == 0)
		rc = finish_boxes(w, err);
	return rc;
}

/*
 * Only the last one's error ends the run, and a stop: the others do the work of a worker
 * that has lost its connection.
 */
static int worker_main(void *arg, struct err *err)
{
	struct worker *w = arg;
	struct run *r = w->run;
	struct err late = {0};
	int rc = work_queue(w, err);
	bool last;

	if (rc == ERR_STOPPED)
		workers_fail(&r->workers, err);
	if (w->n_later && finish_boxes(w, &late) < 0 && rc == 0)
		rc = late.code;
	last = imap_conn_end(&w->conn);
	pthread_mutex_lock(&r->workers.lock);
	if (rc < 0 && last && (r->queue.n_back || r->queue.next < r->plan.n_order))
		workers_fail_held(&r->workers, err);
	pthread_mutex_unlock(&r->workers.lock);
	imap_conn_tell_end(&w->conn, rc, err);
	return 0;
}

/*
 * Several connections are worth their sign-in only for several mailboxes with something
 * in them.
 */
static unsigned count_workers(const struct run *r)
{
	const struct tree_manifest *mf = r->reader->ops->manifest(r->reader);
	unsigned max = r->opts->connections ? r->opts->connections : CONNECTIONS;
	size_t units = 0, boxes = 0;

	for (size_t i = 0; i < mf->n_heads; i++) {
		const struct tree_head *h = &mf->heads[i];

		if (h->kind != COLL_MAIL || !h->roots.items || !target_selects(r->opts, h))
			continue;
		boxes++;
		units += 1 + (size_t)(h->roots.items / 100);
	}
	units = 1 + units / 8;
	if (units > boxes)
		units = boxes ? boxes : 1;
	return units < max ? (unsigned)units : max;
}

/* Is there a mailbox that has to be listed? */
static bool is_anything_new(const struct run *r)
{
	for (size_t i = 0; i < r->plan.n_order; i++)
		if (!imap_look_is_seen(r, r->plan.order[i]))
			return true;
	return false;
}

static void start_others(struct run *r, struct worker *w, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		imap_conn_begin(&w[i].conn);
		if (workers_start(&r->workers, worker_main, &w[i]))
			continue;
		imap_conn_end(&w[i].conn);
		break;
	}
}

/*
 * The others sign in while the first session, which has shown that it can, makes the
 * plan; a look may turn out to need none.
 */
static int work_all(struct run *r, struct worker *w, unsigned n, struct err *err)
{
	imap_conn_begin(&w[0].conn);
	if (!r->opts->looked)
		start_others(r, w, n);
	if (plan_run(r, &w[0], err) < 0 || labels_make(&w[0], err) < 0)
		workers_fail(&r->workers, err);
	else if (r->opts->looked && is_anything_new(r))
		start_others(r, w, n);
	pthread_mutex_lock(&r->workers.lock);
	r->plan.ready = true;
	pthread_cond_broadcast(&r->workers.wake);
	pthread_mutex_unlock(&r->workers.lock);
	return workers_run(&r->workers, 1, worker_main, &w[0], err);
}

static void run_clear(struct run *r)
{
	map_free(r->plan.map, r->plan.n_map);
	kept_free(r->journal);
	imap_selected_clear(&r->plan.inbox);
	imap_list_free(r->plan.list, r->plan.n_list);
	free(r->plan.prefix);
	free(r->plan.prefix_shown);
	free(r->journal_id);
	tree_reader_free(r->view);
	free(r->plan.selected);
	free(r->plan.order);
	free(r->queue.back);
	free(r->outcome.gone);
	free(r->outcome.placed);
	workers_clear(&r->workers);
	pthread_mutex_destroy(&r->reader_lock);
	imap_pool_clear(&r->pool);
}

static int imap_run(const struct service *service, enum coll_kind kind, struct tree_reader *reader,
        const struct target_opts *opts, struct progress *progress, struct target_result *out,
        struct err *err)
{
	struct target_opts quiet = *opts;
	struct run r = {.service = service,
	        .archive = reader,
	        .reader = reader,
	        .opts = opts->looked ? &quiet : opts,
	        .asked = opts,
	        .progress = progress,
	        .outcome = {.quota_refused = UINT64_MAX},
	        .pool = {.service = service,
	                .target = !opts->looked,
	                .progress = progress,
	                .max_wait_s = opts->max_wait_s,
	                .workers = &r.workers}};
	unsigned n = count_workers(&r);
	struct worker *w = xcalloc(n, sizeof *w);
	int rc;

	(void)kind; /* mail is all that there is */
	quiet.report = NULL;
	quiet.dry_run = true;
	workers_init(&r.workers);
	pthread_mutex_init(&r.reader_lock, NULL);
	imap_pool_init(&r.pool);
	for (unsigned i = 0; i < n; i++) {
		w[i].run = &r;
		w[i].conn = (struct imap_conn){.pool = &r.pool, .number = i};
	}
	rc = imap_conn_open(&w[0].conn, err);
	if (rc == 0)
		rc = work_all(&r, w, n, err);
	if (opts->looked)
		imap_look_rest(&r, &w[0], rc, err);
	else if (r.journal)
		say_gone(&r);
	if (rc == 0 && opts->predictor)
		predict_end(&r);
	if (r.outcome.quota_refused != UINT64_MAX)
		progress_say(progress, SAY_WARNING,
		        "the target is over quota: make room there, then run this again; it goes "
		        "on with what is missing");
	imap_conn_close(&w[0].conn);
	free(w);
	*out = r.outcome.sum;
	run_clear(&r);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

const struct target_ops target_imap = {imap_run};
