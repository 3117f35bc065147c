/* A CalDAV or CardDAV run: discovery, then workers list and fetch the collections. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "run.h"

enum { WORKERS_MAX = 16 };

/*
 * The next collection in ${state} for a worker; NULL: there is none, or the run failed.
 */
static struct davcoll *take_coll(struct dav_run *r, enum dav_state state)
{
	struct davcoll *c = NULL;

	pthread_mutex_lock(&r->base.workers.lock);
	while (!r->base.workers.failed && !c && r->next < r->n_colls) {
		c = &r->colls[r->next++];
		if (c->state != state)
			c = NULL;
	}
	pthread_mutex_unlock(&r->base.workers.lock);
	return c;
}

static int keep_coll(struct dav_run *r, struct davcoll *c, enum coll_status status,
        const char *reason, struct err *err)
{
	c->state = DAV_SETTLED;
	return run_keep(&r->base, c->coll->name, status, reason, err);
}

static void count_coll(struct dav_run *r, const struct davcoll *c, bool unchanged)
{
	run_count(&r->base, &(struct source_result){.collections = 1,
	                            .unchanged = unchanged,
	                            .items = unchanged ? c->prev->n_items : 0});
}

/* A collection that cannot be read keeps its last state. */
static int keep_stale(struct dav_run *r, struct davcoll *c, struct err *err)
{
	struct err why = *err;

	progress_say(
	        r->base.progress, SAY_WARNING, "%s cannot be read: %s", c->coll->name, why.text);
	run_count(&r->base, &(struct source_result){.errors = 1});
	return keep_coll(r, c, COLL_STALE, why.text, err);
}

/*
 * --exact wants octets, and the last snapshot has some that are not known to be those of
 * a GET.
 */
static bool is_inexact(const struct dav_run *r, const struct tree_coll *prev)
{
	for (size_t i = 0; r->exact && i < prev->n_items; i++)
		if (!(prev->items[i].warn & WARN_EXACT))
			return true;
	return false;
}

/* The first pass over a collection: what is there, what of it is known. */
static int look_coll(struct dav_worker *w, struct davcoll *c, struct err *err)
{
	struct dav_run *r = w->run;
	int rc;

	progress_what(r->base.progress, c->coll->name);
	if (!dav_is_wanted(r, c)) {
		rc = c->no_list || !r->inside ? 0 : dav_look_inside(w, c, err);
		if (rc < 0 && err_ends(err))
			return rc;
		c->blind = rc < 0;
		err_clear(err); /* it was not asked for */
		return keep_coll(r, c, COLL_SKIPPED, NULL, err);
	}
	rc = run_load(&r->base, c->coll->name, &c->prev, &c->last_run, err);
	if (rc == 0)
		rc = dav_ask_state(w, c, err);
	if (rc < 0)
		return rc;
	if (dav_unchanged(c) && !is_inexact(r, c->prev)) {
		count_coll(r, c, true);
		return keep_coll(r, c, COLL_COMPLETE, NULL, err);
	}
	if (!c->no_list)
		rc = dav_list(w, c, err);
	if (rc < 0)
		return err_ends(err) ? rc : keep_stale(r, c, err);
	count_coll(r, c, false);
	if (r->base.opts->dry)
		run_count(&r->base, &(struct source_result){.items = c->n_items});
	else
		rc = dav_give_known(w, c, err);
	c->state = DAV_LISTED;
	return rc;
}

static size_t count_done(const struct davcoll *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_items; i++)
		n += c->items[i].done;
	return n;
}

/*
 * The second pass: content. What came before an error of the service is given where the run is
 * sealed all the same: else nothing would go on from there.
 */
static int fill_coll(struct dav_worker *w, struct davcoll *c, struct err *err)
{
	struct dav_run *r = w->run;
	size_t before = count_done(c);
	struct err ends = {0};
	int rc;

	progress_what(r->base.progress, c->coll->name);
	rc = dav_fetch(w, c, err);
	if (rc < 0 && err_ends(err)) {
		if (!r->base.opts->shared || source_ends_run(rc) || count_done(c) == before)
			return rc;
		ends = *err;
	}
	if (rc < 0)
		rc = dav_lose_rest(w, c, err);
	if (rc < 0)
		return rc;
	c->state = DAV_SETTLED;
	rc = run_coll(&r->base, &c->coll, err);
	return rc < 0 ? rc : err_copy(err, &ends);
}

static int open_client(struct dav_worker *w, struct err *err)
{
	return w->http ? 0 : dav_open_beside(w->run->first->http, &w->http, err);
}

/* One worker: collections in ${state} until there are none. */
static int run_pass(struct dav_worker *w, enum dav_state state, struct err *err)
{
	struct davcoll *c;
	int rc = 0;

	while (rc == 0 && (c = take_coll(w->run, state)) != NULL) {
		rc = stop_check(err);
		if (rc == 0)
			rc = state == DAV_NEW ? look_coll(w, c, err) : fill_coll(w, c, err);
	}
	return rc;
}

static int look_main(void *arg, struct err *err)
{
	return run_pass(arg, DAV_NEW, err);
}

static int fill_main(void *arg, struct err *err)
{
	return run_pass(arg, DAV_LISTED, err);
}

/* Each collection that is in ${state}, by up to ${n} workers. */
static int run_all(
        struct dav_run *r, struct dav_worker *w, size_t n, enum dav_state state, struct err *err)
{
	worker_fn *fn = state == DAV_NEW ? look_main : fill_main;
	struct err ignored = {0};

	r->next = 0;
	for (size_t i = 1; i < n; i++)
		if (open_client(&w[i], &ignored) < 0 || !workers_start(&r->base.workers, fn, &w[i]))
			break;
	return workers_run(&r->base.workers, 1, fn, &w[0], err);
}

/* What is to be fetched; 0 when there is room for it. */
static int check_space(struct dav_run *r, struct err *err)
{
	uint64_t bytes = 0, n = 0;

	for (size_t i = 0; i < r->n_colls; i++)
		for (size_t k = 0; r->colls[i].state == DAV_LISTED && k < r->colls[i].n_items; k++)
			if (!r->colls[i].items[k].done) {
				bytes += r->colls[i].items[k].len;
				n++;
			}
	atomic_fetch_add(&r->base.progress->items_total, n);
	atomic_fetch_add(&r->base.progress->bytes_total, bytes);
	if (n && r->base.opts->space_check)
		return r->base.opts->space_check(r->base.opts->space_ctx, bytes, err);
	return 0;
}

/*
 * A home set, or, where a proxy takes a part of the path away, what it is called outside.
 */
static int enumerate_home(struct dav_worker *w, const char *url, struct err *err)
{
	const struct dav_home *home = &w->run->home;
	const int depth = home->single ? 0 : 1;
	int rc = dav_enumerate(w, url, depth, err);
	struct err first = *err;
	struct buf longer = buf_of(SIZE_MAX);

	if (rc != ERR_REFUSED || !home->prefix)
		return rc;
	if (dav_prefixed_url(home->prefix, url, &longer)) {
		err_clear(err);
		rc = dav_enumerate(w, buf_str(&longer), depth, err);
		if (rc == ERR_REFUSED)
			*err = first;
	}
	buf_clear(&longer);
	return rc;
}

/*
 * Discover the home sets, whose they are, and what they hold; an error if none can be
 * read.
 */
static int find_collections(struct dav_worker *w, struct err *err)
{
	struct dav_run *r = w->run;
	const struct dav_home *home = &r->home;
	struct err why = {0};
	size_t read = 0;
	int rc = dav_discover(w->http, r->base.service, &r->home, err);

	if (rc == 0)
		rc = dav_check_owner(r, err);
	r->mixed = home->mixed;
	for (size_t i = 0; i < home->n && rc == 0; i++) {
		rc = enumerate_home(w, home->urls[i], err);
		if (rc == 0) {
			read++;
		} else if (!err_ends(err)) {
			why = *err;
			dav_add_lost(r, home->urls[i], why.text);
			rc = 0;
		}
	}
	if (rc == 0 && !read) {
		*err = why;
		dav_tell_elsewhere(home, err);
		rc = err->code;
	}
	if (rc < 0)
		return err_widen(err, ERR_WHOLE);
	dav_name_all(r, 0);
	return dav_decide_inside(r, err);
}

/* Collections that the listings of others showed. */
static int find_nested(struct dav_worker *w, struct err *err)
{
	struct dav_run *r = w->run;
	size_t n = r->n_colls;
	int rc = 0;

	for (size_t i = 0; i < r->n_nested; i++) {
		if (rc == 0 && !dav_is_known(r, dav_key(r->nested[i])))
			rc = dav_enumerate(w, r->nested[i], 0, err);
		if (rc < 0 && !err_ends(err)) {
			dav_add_lost(r, r->nested[i], err->text);
			rc = 0;
		}
		free(r->nested[i]);
	}
	r->n_nested = 0;
	dav_name_all(r, n);
	dav_mark_below(r, n);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

/*
 * The names that patterns are held against before anything is done: what lies in others
 * is looked for where one matches nothing else.
 */
static int tell_names(struct dav_run *r, struct dav_worker *w, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < r->n_colls && rc == 0; i++) {
		if (dav_is_missed(r) && !r->colls[i].no_list)
			rc = dav_look_inside(w, &r->colls[i], err);
		if (rc < 0 && !err_ends(err)) {
			err_clear(err);
			rc = 0;
		}
		if (rc == 0 && i + 1 == r->n_colls)
			rc = find_nested(w, err);
	}
	for (size_t i = 0; i < r->n_colls && rc == 0; i++)
		run_tell(&r->base, r->colls[i].coll->name);
	return rc;
}

static size_t count_workers(const struct dav_run *r)
{
	size_t n = r->base.opts->connections ? r->base.opts->connections : DAV_WORKERS;

	n = MIN(n, WORKERS_MAX);
	return r->n_colls ? MIN(n, r->n_colls) : 1;
}

/*
 * Nobody knows what a place holds that could not be read: what is known stays, and it is
 * named in the place of the rest.
 */
static int keep_lost(struct dav_run *r, struct err *err)
{
	const struct dav_lost *first = NULL;
	int rc = 0;

	for (size_t i = 0; i < r->n_lost && rc == 0; i++) {
		const struct dav_lost *l = &r->lost[i];

		/* another home set had it */
		if (dav_is_known(r, dav_key(l->url)))
			continue;
		first = first ? first : l;
		r->base.result.errors++;
		rc = run_keep(&r->base, l->url, COLL_STALE, l->reason, err);
	}
	if (rc == 0 && first)
		rc = run_keep(&r->base, NULL, COLL_STALE, first->reason, err);
	return rc;
}

static bool has_new(const struct dav_run *r)
{
	for (size_t i = 0; i < r->n_colls; i++)
		if (r->colls[i].state == DAV_NEW)
			return true;
	return false;
}

/* List all collections, those found meanwhile too, then fetch what is not known. */
static int work_service(struct dav_run *r, struct dav_worker *w, struct err *err)
{
	int rc;

	do {
		rc = run_all(r, w, count_workers(r), DAV_NEW, err);
		if (rc == 0)
			rc = find_nested(w, err);
	} while (rc == 0 && has_new(r));
	if (rc < 0)
		return rc;
	if (r->base.opts->dry)
		return r->base.opts->survey ? dav_survey(w, err) : 0;
	rc = dav_keep_unseen(r, err);
	if (rc == 0)
		rc = check_space(r, err);
	if (rc == 0)
		rc = run_all(r, w, count_workers(r), DAV_LISTED, err);
	return rc == 0 ? keep_lost(r, err) : rc;
}

/* run() of source_ops, for both services. */
static int dav_source_run(const struct service *service, unsigned kinds, struct tree_sink *sink,
        const struct source_opts *opts, struct progress *progress, struct source_result *out,
        struct err *err)
{
	struct dav_run r = {.exact = source_option(opts, "exact") != NULL};
	struct dav_worker w[WORKERS_MAX];
	int rc;

	run_begin(&r.base, service, sink, opts, progress,
	        kinds & 1u << COLL_CONTACTS ? COLL_CONTACTS : COLL_CALENDAR);
	memset(w, 0, sizeof w);
	r.first = &w[0];
	for (size_t i = 0; i < WORKERS_MAX; i++)
		w[i].run = &r;
	progress_what(progress, service->name);
	rc = dav_open(service, GUARD_DAV_SOURCE, progress, &w[0].http, err);
	if (rc == 0)
		rc = find_collections(&w[0], err);
	if (rc == 0)
		rc = opts->listed ? tell_names(&r, w, err) : work_service(&r, w, err);
	for (size_t i = 0; i < WORKERS_MAX; i++)
		dav_close(w[i].http);
	for (size_t i = 0; i < r.n_colls; i++)
		dav_coll_clear(&r.colls[i]);
	free(r.colls);
	dav_home_clear(&r.home);
	for (size_t i = 0; i < r.n_lost; i++) {
		free(r.lost[i].url);
		free(r.lost[i].reason);
	}
	free(r.lost);
	texts_free(r.nested, r.n_nested);
	return run_finish(&r.base, rc, out, err);
}

const struct source_ops source_caldav = {.run = dav_source_run, .links = dav_links};
const struct source_ops source_carddav = {.run = dav_source_run, .links = dav_links};
