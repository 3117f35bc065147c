/* A mailbox over MAPI: its folders, and what is in them, into a sink. */
#include "fetch/mapi/run.h"
#include <stdlib.h>
#include "valise/base/clock.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

/* What all names of a store begin with. */
static const char *const above[STORES] = {
        [STORE_PUBLIC] = "Public Folders", [STORE_ARCHIVE] = "Archive Mailbox"};

/* ---- sessions ---- */

bool is_passing(int code)
{
	return code == ERR_NET || code == ERR_TLS || code == ERR_BUSY || code == ERR_THROTTLED ||
	       code == ERR_PROTO;
}

void worker_close(struct mapi_worker *w, enum store_place at)
{
	mapi_close(w->stores[at]);
	w->stores[at] = NULL;
}

int worker_store(
        struct mapi_worker *w, enum store_place at, struct mapi_store **out, struct err *err)
{
	const struct service *s = w->run->base.service;
	int rc = 0;

	if (at == STORE_ARCHIVE)
		s = s->archive;
	else if (at == STORE_PUBLIC && s->public_folders)
		s = s->public_folders;
	if (w->stores[at] && mapi_store_is_lost(w->stores[at]))
		worker_close(w, at);
	if (!w->stores[at])
		rc = mapi_open(s, GUARD_MAPI_SOURCE,
		        at == STORE_PUBLIC ? MAPI_PUBLIC_FOLDERS : MAPI_MAILBOX,
		        w->run->base.progress, &w->stores[at], err);
	*out = w->stores[at];
	return rc;
}

/* How often an error may come in a row, without any gain. */
static unsigned tries_of(int code)
{
	switch (code) {
	case ERR_BUSY:
	case ERR_THROTTLED: /* it was waited for already */
	case ERR_AUTH: /* the session of a password that is good may have ended */
		return 1;
	default:
		return is_passing(code) ? MAPI_TRIES : 0;
	}
}

/* Is it longer than the user wants to wait without any gain? */
static bool is_too_long(const struct mapi_run *r, unsigned nth)
{
	int64_t all = 0, most = (int64_t)r->base.opts->max_wait_s * 1000;

	for (unsigned i = 0; i <= nth; i++)
		all += clock_pause_ms(MAPI_PAUSE_MS, i, MAPI_PAUSE_MOST_MS);
	return most && all > most;
}

int worker_again(struct mapi_worker *w, const struct box *b, unsigned nth, struct err *err)
{
	bool is_lost = !w->stores[b->at] || mapi_store_is_lost(w->stores[b->at]);
	struct err why = *err;
	int rc;

	/* who was never let in is not let in the next time */
	if (b->is_fatal || nth > tries_of(why.code) || is_too_long(w->run, nth) ||
	        (why.code == ERR_AUTH && !w->stores[b->at]))
		return why.code ? (int)why.code : ERR_PROTO;
	rc = stop_check(err);
	if (rc < 0)
		return rc;
	if (why.code == ERR_AUTH)
		worker_close(w, b->at);
	err_clear(err);
	if (!is_lost && why.code == ERR_PROTO)
		return 0;
	progress_name(w->run->base.progress, SAY_NOTE, b->place.name, NULL, "%s; %s", why.text,
	        is_lost ? "connecting again" : "asking again");
	if (why.wait_ms)
		return clock_sleep(MIN(why.wait_ms, MAPI_PAUSE_MOST_MS), err);
	return clock_sleep(clock_pause_ms(MAPI_PAUSE_MS, nth, MAPI_PAUSE_MOST_MS), err);
}

/* ---- folders ---- */

/* What tells that nothing has changed; NULL: the server does not say when something did. */
static char *mark_of(const struct mapi_folder *f)
{
	if (!f->changed)
		return NULL;
	return xasprintf("%jx/%u/%u/%u/%u", (uintmax_t)f->changed, f->items, f->associated,
	        f->deleted, f->unread);
}

/* As the folder is called, and otherwise than the collections of other services. */
static void name_pair(struct box *b, size_t form)
{
	const struct source_beside *o = b->run->base.opts->beside;
	struct pair *p = &b->pairs[form];
	char *name = plan_coll_name(&b->place, form);

	p->stand_in = tree_coll_new(p->kind, name);
	if (p->kind == COLL_MAIL) {
		p->stand_in->delimiter = '/';
		p->stand_in->special_use = xstrdup(b->place.special_use);
	}
	if (o && p->is_wanted)
		o->collection(o->ctx, p->stand_in);
	p->is_renamed = strcmp(p->stand_in->name, name) != 0;
	p->name = xstrdup(p->stand_in->name);
	p->raw_name = xasprintf("%s: %s", coll_kind_dir(p->kind), p->name);
	free(name);
}

static void add_box(struct mapi_run *r, enum store_place at, const struct mapi_folder *f,
        struct planned *p, const uint8_t *guid)
{
	struct box *b = &r->boxes[r->n_boxes++];
	uint8_t id[8];
	char store[33], folder[17];

	*b = (struct box){.run = r, .at = at, .folder = *f, .place = p->place};
	memset(&p->place, 0, sizeof p->place);
	hex_format(guid, 16, store);
	for (size_t i = 0; i < sizeof id; i++)
		id[i] = (uint8_t)(f->id >> 8 * i);
	hex_format(id, sizeof id, folder);
	b->href = xasprintf("%s/%s", store, folder);
	b->mark = mark_of(f);
	for (size_t i = 0; i < MAPI_FORMS; i++) {
		struct pair *pair = &b->pairs[i];

		pair->kind = plan_kind(i);
		pair->is_wanted = (r->kinds & 1u << pair->kind) != 0;
		name_pair(b, i);
	}
}

static int list_folders(struct mapi_worker *w, enum store_place at, struct err *err)
{
	struct mapi_run *r = w->run;
	struct mapi_folders *f = &r->folders[at];
	struct planned *plan;
	struct mapi_store *store;
	size_t n_hidden = 0;
	int rc = worker_store(w, at, &store, err);

	if (rc == 0)
		rc = mapi_folders(store, f, err);
	if (rc < 0)
		return rc;
	plan = xcalloc(f->n + 1, sizeof *plan);
	r->boxes = xrealloc(r->boxes, (r->n_boxes + f->n + 1) * sizeof *r->boxes);
	plan_folders(f, above[at], r->associated, plan);
	for (size_t i = 0; i < f->n; i++) {
		n_hidden += plan[i].why == PLAN_HIDDEN && f->list[i].items > 0;
		if (plan[i].why == PLAN_TAKEN)
			add_box(r, at, &f->list[i], &plan[i], mapi_store_guid(store));
		else
			outlook_place_clear(&plan[i].place);
	}
	if (n_hidden && !r->base.opts->dry)
		progress_say(r->base.progress, SAY_INFO,
		        "%s, where programs keep their settings; --associated takes them",
		        counted(n_hidden, "hidden folder is left out",
		                "hidden folders are left out", (char[COUNTED_SIZE]){0}));
	free(plan);
	return 0;
}

/* A mailbox beside the own one that cannot be read is named, and what is known of it stays. */
static int list_other(struct mapi_worker *w, enum store_place at, struct err *err)
{
	struct mapi_run *r = w->run;
	int rc = list_folders(w, at, err);

	if (rc == 0 || source_ends_run(rc) || rc == ERR_SECRET)
		return rc;
	progress_say(r->base.progress, SAY_WARNING, "%s cannot be read: %s", above[at], err->text);
	r->base.result.errors++;
	r->base.result.unlisted = true;
	r->has_failed_store = true;
	worker_close(w, at);
	err_clear(err);
	return stop_check(err);
}

static int list_all(struct mapi_worker *w, struct err *err)
{
	const struct fetch_run *base = &w->run->base;
	int rc = list_folders(w, STORE_OWN, err);

	if (rc == 0 && source_option(base->opts, "archive-mailbox") && base->service->archive)
		rc = list_other(w, STORE_ARCHIVE, err);
	if (rc == 0 && source_option(base->opts, "public-folders"))
		rc = list_other(w, STORE_PUBLIC, err);
	return rc;
}

/* ---- which of them ---- */

static struct pattern_name name_of(const struct box *b)
{
	return (struct pattern_name){.full = b->place.name,
	        .content = b->place.name,
	        .delimiter = '/',
	        .mail = b->place.form == OUTLOOK_MAIL,
	        .uses = b->place.special_use};
}

/* Its own items are of a kind that is asked for, and it is chosen. */
static bool is_wanted(const struct box *b)
{
	const struct pattern_name name = name_of(b);

	return b->pairs[b->place.form].is_wanted &&
	       pattern_chooses(&b->run->base.opts->choice, &name);
}

/* The largest first, so that none of them is alone at the end; then those with little to come. */
static int by_work(const void *p, const void *q)
{
	const struct box *a = *(struct box *const *)p, *b = *(struct box *const *)q;
	int order = ORDER_OF(a->is_light, b->is_light);

	if (!order)
		order = ORDER_OF(b->folder.size, a->folder.size);
	if (!order)
		order = ORDER_OF(b->folder.items, a->folder.items);
	return order ? order : strcmp(a->place.name, b->place.name);
}

static int make_tasks(struct mapi_run *r, struct err *err)
{
	int rc = 0;

	r->tasks = xcalloc(r->n_boxes + 1, sizeof(struct box *));
	for (size_t i = 0; i < r->n_boxes && rc == 0; i++) {
		struct box *b = &r->boxes[i];
		bool is_same = false;

		if (!is_wanted(b)) {
			rc = folder_keep(b, COLL_SKIPPED, NULL, err);
			continue;
		}
		rc = folder_look(b, &is_same, err);
		if (rc == 0 && !is_same)
			r->tasks[r->n_tasks++] = b;
	}
	SORT(r->tasks, r->n_tasks, by_work);
	return rc;
}

/* ---- workers ---- */

/* The next folder, or as many where little is new as go together. */
static size_t take_tasks(struct mapi_run *r, struct box **list)
{
	uint64_t items = 0;
	size_t n = 0;

	pthread_mutex_lock(&r->base.workers.lock);
	while (!r->base.workers.failed && !r->is_down && n < MAPI_SYNCS && r->next < r->n_tasks) {
		struct box *b = r->tasks[r->next];

		if (n && (!b->is_light || b->at != list[0]->at ||
		                 items + b->folder.items > MAPI_TOGETHER))
			break;
		items += b->folder.items;
		list[n++] = b;
		r->next++;
		if (!b->is_light)
			break;
	}
	pthread_mutex_unlock(&r->base.workers.lock);
	return n;
}

/* The service is at its end: what came is given, and the rest named, when all have stopped. */
static void go_down(struct mapi_run *r, const struct err *why)
{
	pthread_mutex_lock(&r->base.workers.lock);
	if (!r->is_down)
		r->why = *why;
	r->is_down = true;
	pthread_mutex_unlock(&r->base.workers.lock);
}

static int work(void *arg, struct err *err)
{
	struct mapi_worker *w = arg;
	struct box *list[MAPI_SYNCS];
	size_t n;
	int rc = 0;

	while (rc == 0 && (n = take_tasks(w->run, list)) > 0)
		rc = folders_take(w, list, n, err);
	if (rc < 0 && !source_ends_run(rc) && !stop_requested()) {
		go_down(w->run, err);
		err_clear(err);
		rc = 0;
	}
	return rc;
}

/* A session that the server does not open is one helper less. */
static int help(void *arg, struct err *err)
{
	struct mapi_worker *w = arg;
	struct mapi_store *store;

	if (worker_store(w, STORE_OWN, &store, err) < 0) {
		err_clear(err);
		return stop_check(err);
	}
	return work(w, err);
}

/* Sessions for what there is: folders with little to come cost less than another session. */
static size_t count_workers(const struct mapi_run *r)
{
	size_t n = r->base.opts->connections ? r->base.opts->connections : MAPI_WORKERS, heavy = 0;

	for (size_t i = 0; i < r->n_tasks; i++)
		heavy += !r->tasks[i]->is_light && r->tasks[i]->folder.items > 0;
	n = MIN(n, MAPI_WORKERS_MAX);
	n = MIN(n, heavy);
	return n ? n : 1;
}

static int run_workers(struct mapi_run *r, struct mapi_worker *w, struct err *err)
{
	size_t n = count_workers(r);

	for (size_t i = 1; i < n; i++)
		if (!workers_start(&r->base.workers, help, &w[i]))
			break;
	return workers_run(&r->base.workers, 1, work, &w[0], err);
}

/* Behind the failure of the service: an error only if nothing came at all. */
static int end_down(struct mapi_run *r, struct err *err)
{
	bool has_gain = false;
	int rc = 0;

	if (!r->is_down)
		return 0;
	for (size_t i = 0; i < r->n_tasks; i++)
		has_gain = has_gain || r->tasks[i]->state == BOX_GIVEN;
	if (!has_gain)
		return err_copy(err, &r->why);
	progress_say(
	        r->base.progress, SAY_WARNING, "%s: %s", r->base.service->at.host, r->why.text);
	for (size_t i = 0; i < r->n_tasks && rc == 0; i++) {
		struct box *b = r->tasks[i];

		if (b->state == BOX_GIVEN || b->state == BOX_KEPT)
			continue;
		r->base.result.errors++;
		progress_name(r->base.progress, SAY_WARNING, b->place.name, NULL,
		        "it was not read: %s", r->why.text);
		rc = folder_keep(b, COLL_STALE, r->why.text, err);
	}
	return rc;
}

/* ---- a run ---- */

static void tell_names(struct mapi_run *r)
{
	for (size_t i = 0; i < r->n_boxes; i++) {
		const struct box *b = &r->boxes[i];
		const struct pattern_name name = name_of(b);

		if (b->pairs[b->place.form].is_wanted)
			r->base.opts->listed(r->base.opts->listed_ctx, &name, true);
	}
}

static int look_only(struct mapi_run *r, struct mapi_worker *w, struct err *err)
{
	for (size_t i = 0; i < r->n_boxes; i++)
		if (is_wanted(&r->boxes[i]))
			run_count(&r->base, &(struct source_result){.collections = 1,
			                            .items = r->boxes[i].folder.items});
	return r->base.opts->survey ? mapi_survey(w, err) : 0;
}

/* What a store that could not be read had the last time stays. */
static int keep_failed(struct mapi_run *r, struct err *err)
{
	struct tree_sink *s = r->base.sink;
	int rc = 0;

	if (!r->has_failed_store)
		return 0;
	for (size_t i = 0; i < MAPI_FORMS && rc == 0; i++)
		if (r->kinds & 1u << plan_kind(i))
			rc = s->ops->keep(s, plan_kind(i), NULL, COLL_STALE,
			        "its mailbox cannot be read", err);
	if (rc == 0)
		rc = s->ops->keep(s, COLL_MAPI, NULL, COLL_SKIPPED, NULL, err);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

static int run_store(struct mapi_run *r, struct mapi_worker *w, struct err *err)
{
	int rc = list_all(&w[0], err);

	if (rc < 0)
		return rc;
	if (r->base.opts->listed) {
		tell_names(r);
		return 0;
	}
	if (r->base.opts->dry)
		return look_only(r, &w[0], err);
	rc = r->base.opts->beside ? run_last(&r->base, &r->last, err) : 0;
	if (rc == 0)
		rc = make_tasks(r, err);
	if (rc == 0)
		rc = run_workers(r, w, err);
	if (rc == 0)
		rc = end_down(r, err);
	return rc < 0 ? rc : keep_failed(r, err);
}

static void clear_run(struct mapi_run *r)
{
	for (size_t i = 0; i < r->n_boxes; i++) {
		struct box *b = &r->boxes[i];

		outlook_place_clear(&b->place);
		free(b->href);
		free(b->mark);
		for (size_t k = 0; k < MAPI_FORMS; k++) {
			free(b->pairs[k].name);
			free(b->pairs[k].raw_name);
			tree_coll_free(b->pairs[k].stand_in);
		}
	}
	tree_reader_free(r->last);
	pthread_mutex_destroy(&r->naming);
	free(r->boxes);
	free(r->tasks);
	for (size_t i = 0; i < COUNT(r->folders); i++)
		mapi_folders_clear(&r->folders[i]);
}

/* run() of source_ops. */
static int run_mapi(const struct service *service, unsigned kinds, struct tree_sink *sink,
        const struct source_opts *opts, struct progress *progress, struct source_result *out,
        struct err *err)
{
	struct mapi_run r = {.kinds = kinds};
	struct mapi_worker w[MAPI_WORKERS_MAX];
	int rc;

	run_begin(&r.base, service, sink, opts, progress, COLL_MAPI);
	pthread_mutex_init(&r.naming, NULL);
	r.associated = source_option(opts, "associated") != NULL;
	memset(w, 0, sizeof w);
	for (size_t i = 0; i < MAPI_WORKERS_MAX; i++)
		w[i].run = &r;
	progress_what(progress, service->name);
	rc = run_store(&r, w, err);
	for (size_t i = 0; i < MAPI_WORKERS_MAX; i++)
		for (size_t k = 0; k < STORES; k++)
			worker_close(&w[i], (enum store_place)k);
	clear_run(&r);
	return run_finish(&r.base, rc, out, err);
}

const struct source_ops source_mapi = {.run = run_mapi};
