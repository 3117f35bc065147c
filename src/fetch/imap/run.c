/* An IMAP run (RFC 3501): one session plans, then workers list and fetch mailboxes. */
#include <stdlib.h>
#include <string.h>
#include "valise/format/mutf7.h"
#include "run.h"

#define HIDDEN_SHOWN 20

/* The personal namespace's prefix as text; NULL if there is none, or it is no name. */
static char *own_prefix(struct imap *m)
{
	const char *raw = imap_namespace(m, NULL);
	char *out = NULL;
	struct buf b = buf_of(4096);

	if (!raw || !raw[0])
		return NULL;
	if (mutf7_decode(raw, strlen(raw), &b) && !memchr(b.data, 0, b.len))
		out = buf_take(&b);
	buf_clear(&b);
	return out;
}

static const char shared[] = "shared: --all-namespaces looks at it";

/* Mailboxes of other people and shared ones are left out, unless they were asked for. */
static void plan_boxes(struct run *r, struct imap *m)
{
	size_t left = 0;

	r->plan.prefix = own_prefix(m);
	r->plan.boxes = xcalloc(r->plan.n_list ? r->plan.n_list : 1, sizeof *r->plan.boxes);
	for (size_t i = 0; i < r->plan.n_list; i++) {
		struct mbox *mb = &r->plan.boxes[r->plan.n_boxes];

		mb->left_out = r->plan.list[i].foreign && !r->plan.all_namespaces;
		left += mb->left_out;
		mb->box = &r->plan.list[i];
		mb->name = plan_name(mb->box->name, mb->box->name_len, &mb->keep_raw);
		mb->prefix = r->plan.prefix;
		mb->state = MB_DONE;
		pthread_mutex_init(&mb->lock, NULL);
		r->plan.n_boxes++;
	}
	plan_unique(r->plan.boxes, r->plan.n_boxes);
	if (left)
		progress_say(r->base.progress, SAY_NOTE,
		        "%s left out (--all-namespaces takes what is shared)",
		        counted(left, "mailbox of other users' and shared namespaces is",
		                "mailboxes of other users' and shared namespaces are",
		                (char[COUNTED_SIZE]){0}));
}

static bool has_status(const struct mbox *mb)
{
	return !mb->left_out && !mb->box->noselect && !mb->box->nonexistent;
}

/* A command of the plan once more, on a connection that lives. */
static bool plan_again(struct worker *w, struct attempts *a, int *rc, struct err *err)
{
	if (!imap_conn_retry(&w->conn, a, rc, NULL, err))
		return false;
	*rc = imap_conn_ready(&w->conn, err);
	return *rc == 0;
}

/* STATUS of all mailboxes; where it is refused EXAMINE will tell. */
static int plan_status(struct run *r, struct worker *w, struct err *err)
{
	struct imap_mailbox *ask = xcalloc(r->plan.n_boxes ? r->plan.n_boxes : 1, sizeof *ask);
	struct imap_status *got = xcalloc(r->plan.n_boxes ? r->plan.n_boxes : 1, sizeof *got);
	struct attempts a = {.limit = ATTEMPTS};
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < r->plan.n_boxes; i++)
		if (has_status(&r->plan.boxes[i]))
			ask[n++] = *r->plan.boxes[i].box;
	do
		rc = n ? imap_status_many(w->conn.m, ask, n, r->base.opts->survey, got, err) : 0;
	while (plan_again(w, &a, &rc, err));
	if ((rc == ERR_REFUSED || rc == ERR_BUSY) && !imap_pool_ended(&r->pool, NULL)) {
		memset(got, 0, n * sizeof *got); /* EXAMINE will tell */
		rc = 0;
	}
	n = 0;
	for (size_t i = 0; i < r->plan.n_boxes; i++)
		if (has_status(&r->plan.boxes[i]))
			r->plan.boxes[i].status = got[n++];
	free(ask);
	free(got);
	return rc;
}

/* What --exclude-use leaves out is named: the mailbox was not. */
static void say_use(struct run *r, const struct pattern_name *name)
{
	bool announced;
	const char *use = pattern_use(&r->base.opts->choice, name, &announced);

	if (use)
		progress_say(r->base.progress, SAY_NOTE, "%s: left out by --exclude-use: %s %s",
		        name->full, announced ? "the server calls it" : "its name means", use);
}

/*
 * What the last snapshot has of the mailbox, and how many items; these themselves only where
 * they are needed.
 */
static int plan_prev(struct run *r, const struct mbox *mb, struct tree_coll **out,
        size_t *items_out, struct err *err)
{
	struct tree_sink *s = r->base.sink;
	int rc = 0;

	*out = NULL;
	if (s->ops->head && !r->twins.on)
		rc = s->ops->head(s, COLL_MAIL, mb->name, out, items_out, err);
	if (rc < 0 || *out)
		return rc;
	rc = s->ops->prev(s, PREV_SNAPSHOT, COLL_MAIL, mb->name, out, err);
	*items_out = *out ? (*out)->n_items : 0;
	return rc;
}

/*
 * One mailbox against the last snapshot: kept, given without a look inside, or to be
 * listed.
 */
static int plan_one(struct run *r, struct mbox *mb, uint64_t *messages, struct err *err)
{
	struct tree_coll *now = plan_coll(mb), *prev = NULL;
	struct pattern_name name;
	size_t items = 0;
	bool skip;
	struct buf content = buf_of(256u << 10);
	int rc = 0;

	tree_content_name(now, &content);
	plan_names(now, buf_str(&content), &name);
	skip = mb->left_out || !pattern_chooses(&r->base.opts->choice, &name);
	if (!mb->left_out)
		say_use(r, &name);
	buf_clear(&content);
	if (r->base.sink && !skip)
		rc = plan_prev(r, mb, &prev, &items, err);
	if (rc < 0)
		goto out;
	if (skip) {
		rc = run_keep(&r->base, mb->name, COLL_SKIPPED, mb->left_out ? shared : NULL, err);
	} else if (plan_unchanged(prev, items, mb, now, r->selection)) {
		r->base.result.collections++;
		r->base.result.unchanged++;
		r->base.result.items += items;
		twins_know_all(&r->twins, prev);
		rc = run_keep(&r->base, mb->name, COLL_COMPLETE, NULL, err);
	} else if (r->base.opts->survey && survey_is_known(mb)) {
		r->base.result.collections++;
		r->base.result.items += mb->status.messages;
		survey_said(r, mb);
	} else if ((now->attrs & ATTR_NOSELECT) || plan_never_used(&mb->status)) {
		r->base.result.collections++;
		now->uidvalidity = mb->status.uidvalidity;
		now->uidnext = mb->status.uidnext;
		now->highestmodseq = mb->status.highestmodseq;
		if (!r->base.opts->dry)
			rc = run_coll(&r->base, &now, err);
	} else {
		mb->state = MB_LIST;
		r->sched.open++;
		if (prev && plan_same_raw(prev, now))
			plan_since(prev, items, &mb->status, &mb->since);
		*messages += mb->status.messages;
		if (prev && prev->uidvalidity == mb->status.uidvalidity)
			*messages -= items < mb->status.messages ? items : mb->status.messages;
	}
out:
	tree_coll_free(now);
	tree_coll_free(prev);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

/* Where LIST was refused, a mailbox that is not listed is not gone. */
static void say_gaps(struct run *r)
{
	for (size_t i = 0; i < r->plan.n_boxes; i++) {
		if (!r->plan.boxes[i].box->gap)
			continue;
		r->base.result.unlisted = true;
		progress_say(r->base.progress, SAY_WARNING,
		        "%s: mailboxes below it may be missing: %s", r->plan.boxes[i].name,
		        r->plan.boxes[i].box->gap);
	}
}

/*
 * A mailbox that one form of LIST hides is taken, and said: people look for it elsewhere.
 */
static void say_hidden(struct run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->plan.n_boxes; i++) {
		const struct mbox *mb = &r->plan.boxes[i];

		if (mb->box->only && !mb->left_out && n++ < HIDDEN_SHOWN)
			progress_say(r->base.progress, SAY_NOTE,
			        "%s: of the server's lists only that of %s has it; it is taken",
			        mb->name, mb->box->only);
	}
	if (n > HIDDEN_SHOWN)
		progress_say(r->base.progress, SAY_NOTE, "... and %zu more that only one list has",
		        n - HIDDEN_SHOWN);
}

/* Tell the names of all mailboxes (source_opts.listed). */
static void tell_names(struct run *r)
{
	for (size_t i = 0; i < r->plan.n_boxes; i++) {
		struct tree_coll *c = plan_coll(&r->plan.boxes[i]);
		struct pattern_name name;
		struct buf content = buf_of(256u << 10);

		tree_content_name(c, &content);
		plan_names(c, buf_str(&content), &name);
		r->base.opts->listed(r->base.opts->listed_ctx, &name, !r->plan.boxes[i].left_out);
		buf_clear(&content);
		tree_coll_free(c);
	}
}

static bool is_planned(const struct run *r, const char *name)
{
	for (size_t i = 0; i < r->plan.n_boxes; i++)
		if (strcmp(r->plan.boxes[i].name, name) == 0)
			return true;
	return false;
}

/*
 * Shared mailboxes of the last snapshot that this run did not ask for, and that LIST does
 * not show unasked ("#shared.team"): left out, not lost.
 */
static int keep_unasked(struct run *r, struct err *err)
{
	struct tree_reader *last = NULL;
	const struct tree_manifest *m;
	int rc;

	if (r->plan.all_namespaces || r->base.opts->dry)
		return 0;
	rc = run_last(&r->base, &last, err);
	m = rc == 0 && last ? last->ops->manifest(last) : NULL;
	for (size_t i = 0; m && i < m->n_heads && rc == 0; i++) {
		const struct tree_head *h = &m->heads[i];

		if (h->kind == COLL_MAIL && (h->attrs & ATTR_SHARED) && !is_planned(r, h->name))
			rc = run_keep(&r->base, h->name, COLL_SKIPPED, shared, err);
	}
	tree_reader_free(last);
	return rc;
}

/* List the mailboxes and decide of each what is to be done; *messages: about how many. */
static int plan_run(struct run *r, struct worker *w, uint64_t *messages, struct err *err)
{
	struct attempts a = {.limit = ATTEMPTS};
	int rc;

	do
		rc = imap_list(
		        w->conn.m, r->plan.all_namespaces, &r->plan.list, &r->plan.n_list, err);
	while (plan_again(w, &a, &rc, err));
	if (rc < 0)
		return err_widen(err, ERR_WHOLE);
	plan_boxes(r, w->conn.m);
	if (r->base.opts->listed) {
		tell_names(r);
		return 0;
	}
	say_gaps(r);
	say_hidden(r);
	if (r->plan.n_boxes == 0)
		return err_set(err, ERR_PROTO, ERR_WHOLE,
		        "the server lists no mailbox at all, not even INBOX");
	r->twins.on = imap_has(w->conn.m, "X-GM-EXT-1");
	rc = keep_unasked(r, err);
	if (rc == 0)
		rc = plan_status(r, w, err);
	for (size_t i = 0; i < r->plan.n_boxes && rc == 0; i++) {
		rc = stop_check(err);
		if (rc == 0)
			rc = plan_one(r, &r->plan.boxes[i], messages, err);
	}
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

/* One worker: mailboxes to list and to fetch from, until there are none. */
static int work_jobs(struct worker *w, struct err *err)
{
	struct mbox *mb;
	bool list;
	int rc = 0;

	if (!w->conn.m)
		rc = imap_conn_open(&w->conn, err);
	while (rc == 0 && !imap_conn_is_spare(&w->conn) && (mb = sched_pick(w, &list, err))) {
		rc = list ? list_mailboxes(w, mb, err) : fetch_mailbox(w, mb, err);
	}
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
	int rc = work_jobs(w, err);
	bool last;

	if (rc == ERR_STOPPED)
		workers_fail(&r->base.workers, err);
	last = imap_conn_end(&w->conn);
	pthread_mutex_lock(&r->base.workers.lock);
	if (rc < 0 && last && r->sched.open && !r->base.workers.failed) {
		r->sched.cut_short = true;
		workers_fail_held(&r->base.workers, err);
	}
	pthread_mutex_unlock(&r->base.workers.lock);
	imap_conn_tell_end(&w->conn, rc, err);
	worker_clear(w);
	return 0;
}

/* The session that has planned is the first worker's. */
static int work_all(struct run *r, unsigned listers, struct err *err)
{
	r->sched.phase = 1;
	imap_conn_begin(&r->sched.worker[0].conn);
	pthread_mutex_lock(&r->base.workers.lock);
	r->sched.n_workers = 1;
	work_start(r, listers);
	pthread_mutex_unlock(&r->base.workers.lock);
	return workers_run(&r->base.workers, 1, worker_main, &r->sched.worker[0], err);
}

static void run_clear(struct run *r)
{
	for (size_t i = 0; i < r->plan.n_boxes; i++) {
		mbox_reset(&r->plan.boxes[i]);
		pthread_mutex_destroy(&r->plan.boxes[i].lock);
		free(r->plan.boxes[i].name);
	}
	free(r->plan.boxes);
	free(r->sched.worker);
	free(r->plan.prefix);
	free(r->selection);
	twins_clear(&r->twins);
	imap_list_free(r->plan.list, r->plan.n_list);
	imap_pool_clear(&r->pool);
}

/*
 * No connection can be opened any more: an error if nothing was fetched, else what was
 * fetched counts and the rest is named.
 */
static int cut_short(struct run *r, struct err *err)
{
	const struct source_result *had = &r->base.result;

	if (r->base.opts->dry || (!had->fetched && !had->collections))
		return err_widen(err, ERR_WHOLE);
	progress_say(r->base.progress, SAY_WARNING, "%s", err->text);
	return sched_settle(r, r->base.workers.fatal.text, err);
}

/* What options leave out, in words; NULL: nothing. */
static char *selection_text(const struct source_opts *opts)
{
	struct buf words = buf_of(SIZE_MAX);

	if (opts->selection)
		selection_words(opts->selection, &words);
	return words.len ? buf_take(&words) : NULL;
}

/* run() of source_ops. */
static int imap_run(const struct service *service, unsigned kinds, struct tree_sink *sink,
        const struct source_opts *opts, struct progress *progress, struct source_result *out,
        struct err *err)
{
	struct service own = *service;
	struct run r = {.work = worker_main,
	        .plan.all_namespaces = source_option(opts, "all-namespaces") != NULL,
	        .strict = source_option(opts, "strict") != NULL,
	        .pool = {.service = &own,
	                .progress = progress,
	                .max_wait_s = opts->max_wait_s,
	                .workers = &r.base.workers}};
	struct worker *first;
	uint64_t messages = 0;
	int rc;

	(void)kinds; /* mail is all that there is */
	own.one_by_one = &r.one_by_one;
	run_begin(&r.base, &own, sink, opts, progress, COLL_MAIL);
	twins_init(&r.twins);
	r.selection = selection_text(opts);
	imap_pool_init(&r.pool);
	r.sched.max_workers = opts->connections ? opts->connections : CONNECTIONS;
	r.sched.worker = first = xcalloc(r.sched.max_workers, sizeof *r.sched.worker);
	worker_init(first, &r, 0);
	rc = imap_conn_open(&first->conn, err);
	if (rc == 0)
		rc = plan_run(&r, first, &messages, err);
	if (rc == 0 && opts->survey)
		rc = survey_sample(first, err);
	if (rc == 0 && r.sched.open)
		rc = work_all(&r, plan_listers(opts, r.sched.open, messages), err);
	if (rc < 0 && r.sched.cut_short)
		rc = cut_short(&r, err);
	imap_conn_close(&first->conn);
	run_clear(&r);
	return run_finish(&r.base, rc, out, err);
}

const struct source_ops source_imap = {.run = imap_run};
