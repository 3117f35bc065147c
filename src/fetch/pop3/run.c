/*
 * The POP3 source: what is new, the canary, the bulk, and the proof that everything is
 * still there. See run.h.
 */
#include <stdlib.h>
#include <string.h>
#include "run.h"

static void clear_run(struct pop3_run *r)
{
	pop3_close(r->visit.pop3);
	tree_coll_free(r->coll);
	known_free(r->past.prev);
	known_free(r->past.last_run);
	tree_reader_free(r->past.last);
	seen_file_free(r->past.elsewhere);
	tally_free(r->maildrop.tally);
	for (size_t i = 0; i < r->maildrop.n_messages; i++)
		free(r->maildrop.messages[i].uidl);
	free(r->maildrop.messages);
	free(r->capa);
	intake_clear(&r->in);
}

/* IMAP is new in this account: what POP3 knew is in INBOX, and moves from there. */
static int load_inbox(struct pop3_run *r, struct tree_coll **out, struct err *err)
{
	const struct tree_head *h = NULL;
	int rc = run_last(&r->base, &r->past.last, err);

	if (rc == 0 && r->past.last)
		h = tree_manifest_find(
		        r->past.last->ops->manifest(r->past.last), COLL_MAIL, "INBOX");
	return h ? r->past.last->ops->coll(r->past.last, h, out, err) : rc;
}

/* What earlier runs left: of this collection, or of INBOX where IMAP is new. */
static int load_state(struct pop3_run *r, struct err *err)
{
	struct tree_coll *prev, *last_run;
	int rc = run_load(&r->base, r->name, &prev, &last_run, err);

	if (rc == 0 && !prev && r->base.opts->seen)
		rc = load_inbox(r, &prev, err);
	r->past.doubted = last_run && run_doubts_sizes(last_run);
	r->past.prev = known_new(prev);
	r->past.last_run = known_new(last_run);
	r->next_uid = known_next_uid(r->past.prev);
	if (r->base.opts->seen)
		r->past.elsewhere = seen_file_open(r->base.opts->state_dir, r->base.service);
	return rc;
}

static bool is_wanted(const struct message *m)
{
	return m->number && !m->done && !m->failed && !m->gone && !m->left_out;
}

static size_t count_left(const struct pop3_run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->maildrop.n_messages; i++)
		n += is_wanted(&r->maildrop.messages[i]);
	return n;
}

/*
 * LIST tells a size, and nothing else. Of a message without a UIDL nobody knows whether it is
 * here already.
 */
static bool is_left_out(const struct pop3_run *r, const struct message *m)
{
	const struct tree_item it = {.size = m->size};

	return r->base.opts->selection && m->uidl &&
	       !selection_listed(r->base.opts->selection, COLL_MAIL, &it);
}

/* Hand over what is known by its UIDL; the rest is to be fetched: its octets. */
static int give_known(struct pop3_run *r, size_t from, uint64_t *bytes, struct err *err)
{
	*bytes = 0;
	for (size_t i = from; i < r->maildrop.n_messages; i++) {
		bool known;
		int rc = pop3_give_known(r, &r->maildrop.messages[i], &known, err);

		if (rc < 0)
			return rc;
		r->maildrop.messages[i].left_out =
		        !known && is_left_out(r, &r->maildrop.messages[i]);
		if (known || r->maildrop.messages[i].left_out)
			continue;
		*bytes += r->maildrop.messages[i].size;
		atomic_fetch_add(&r->base.progress->items_total, 1);
		atomic_fetch_add(&r->base.progress->bytes_total, r->maildrop.messages[i].size);
	}
	return 0;
}

/* A new session, and what is known of what only it lists. */
static int renew_session(struct pop3_run *r, struct err *err)
{
	size_t from = r->maildrop.n_messages;
	uint64_t bytes;
	int rc = pop3_renew(r, err);

	return rc ? rc : give_known(r, from, &bytes, err);
}

/*
 * Did the server lose something? Where only a part is listed, as many others may have
 * come up instead.
 */
static bool is_missing(const struct pop3_run *r)
{
	return r->maildrop.vanished &&
	       !(r->maildrop.window && r->maildrop.fresh >= r->maildrop.vanished);
}

static bool is_passing(int rc)
{
	return rc == ERR_NET || rc == ERR_PROTO || rc == ERR_TLS || rc == ERR_BUSY;
}

/* Retrieve the smallest message and come back; *died: the server has removed it. */
static int release_canary(struct pop3_run *r, bool *died, struct err *err)
{
	struct message *small = NULL;
	int rc;

	for (size_t i = 0; i < r->maildrop.n_messages; i++)
		if (is_wanted(&r->maildrop.messages[i]) &&
		        (!small || r->maildrop.messages[i].size < small->size))
			small = &r->maildrop.messages[i];
	if (!small)
		return 0;
	small->by_retr = true;
	/* By another way, where the first does not give all of it. */
	for (rc = 0; rc == 0 && is_wanted(small) && small->tries == 0;)
		rc = pop3_fetch(r, &small, 1, NULL, err);
	/* it does not matter whose end of the connection closed it */
	if (is_passing(rc))
		err_clear(err);
	else if (rc < 0)
		return rc;
	rc = renew_session(r, err);
	if (rc == 0 && is_missing(r)) {
		*died = true;
		progress_say(r->base.progress, SAY_WARNING,
		        "%s removed a message that was only read (it is safe here): nothing more "
		        "is retrieved over POP3. Use IMAP, or have the setting changed",
		        r->base.service->at.host);
	}
	return rc;
}

static bool any_done(const struct pop3_run *r)
{
	for (size_t i = 0; i < r->maildrop.n_messages; i++)
		if (r->maildrop.messages[i].done && r->maildrop.messages[i].number)
			return true;
	return false;
}

/**
 * Before a bulk: retrieve the smallest message, come back, and see that it is still
 * there; once more with QUIT where sessions are to end by it. A server that removes what
 * was retrieved costs one message, which is safe here, not the maildrop.
 */
static int try_canary(struct pop3_run *r, bool *died, struct err *err)
{
	int rc = 0;

	*died = r->visit.end_by_quit = false;
	if (known_count(r->past.prev) == 0 || count_left(r) >= POP3_CANARY_FROM ||
	        (r->manner.top && !any_done(r))) {
		rc = release_canary(r, died, err);
		r->visit.end_by_quit = r->visit.quits;
		if (rc == 0 && !*died && r->visit.end_by_quit)
			rc = release_canary(r, died, err);
	}
	r->visit.end_by_quit = r->visit.quits;
	return rc;
}

/* One pass over what this session lists; what made trouble comes last. */
static int fetch_listed(struct pop3_run *r, bool again, struct err *err)
{
	struct message **list = xcalloc(r->maildrop.n_messages + 1, sizeof *list);
	size_t n = 0, asked = 0;
	int rc = 0;

	for (size_t i = 0; i < r->maildrop.n_messages; i++)
		if (is_wanted(&r->maildrop.messages[i]) &&
		        (r->maildrop.messages[i].tries > 0) == again)
			list[n++] = &r->maildrop.messages[i];
	for (size_t i = 0; i < n && rc == 0; i += asked)
		rc = pop3_fetch(r, list + i, n - i, &asked, err);
	free(list);
	return rc;
}

/*
 * Sessions until nothing is left, in a listing that is younger than the last message; a
 * broken one is followed by another as long as something comes.
 */
static int fetch_all(struct pop3_run *r, struct err *err)
{
	char why[sizeof err->text + 32] = "could not be retrieved";
	unsigned without = 0;

	while (count_left(r) > 0 && without < POP3_TRIES) {
		uint64_t before = r->base.result.fetched;
		int rc = fetch_listed(r, false, err);

		if (rc == 0)
			rc = fetch_listed(r, true, err);
		if (rc < 0 && !is_passing(rc))
			return rc;
		without += rc < 0 && pop3_waited_out(r->visit.pop3) ? POP3_WAITED_OUT : 1;
		if (r->base.result.fetched > before)
			without = 0;
		if (rc < 0)
			progress_say(r->base.progress, SAY_NOTE, "%s; connecting again", err->text);
		/* refused: asked once more */
		else if (count_left(r) > 0)
			continue;
		if (rc < 0)
			snprintf(why, sizeof why, "could not be retrieved: %s", err->text);
		err_clear(err);
		rc = renew_session(r, err);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < r->maildrop.n_messages; i++)
		if (is_wanted(&r->maildrop.messages[i]))
			pop3_name_failure(r, &r->maildrop.messages[i], why);
	return r->visit.retrieved ? renew_session(r, err) : 0;
}

static void name_loss(struct pop3_run *r, const char *uidl)
{
	run_lose(&r->base, r->coll, 0, uidl,
	        "the server no longer lists this message, which was read during this run; it is in "
	        "the archive");
}

/* The last listing is younger than the last RETR: is everything listed earlier still there? */
static void prove_top_use(struct pop3_run *r)
{
	if (!r->maildrop.vanished)
		return;
	for (size_t i = 0; i < r->maildrop.n_messages; i++) {
		struct message *m = &r->maildrop.messages[i];

		if (m->number || m->gone || m->left_out)
			continue;
		if (!m->done && !m->failed)
			pop3_name_failure(r, m, "vanished from the server before it was retrieved");
		else if (!m->failed && !r->maildrop.window)
			name_loss(r, m->uidl);
	}
	for (size_t i = 0; i < r->maildrop.lost; i++)
		name_loss(r, NULL);
	progress_say(r->base.progress, SAY_WARNING,
	        "%s gone from the server. We send nothing that deletes: the server did, or another "
	        "client. What was read is safe here",
	        counted(r->maildrop.vanished, "message listed earlier is",
	                "messages listed earlier are", (char[COUNTED_SIZE]){0}));
}

/**
 * What was read once stays until the user drops it: that another client takes the mail
 * away is the ordinary use of a maildrop. Where IMAP is new in the account, the last
 * state may be IMAP's own INBOX, which POP3 has nothing to do with.
 */
static int keep_read(struct pop3_run *r, struct err *err)
{
	const struct tree_coll *old = known_coll(r->past.prev);
	size_t kept;
	int rc;

	if (!old || (strcmp(old->name, r->name) != 0 && old->uidvalidity))
		return 0;
	rc = pop3_give_unlisted(r, false, &kept, err);
	if (rc == 0 && kept)
		progress_say(r->base.progress, SAY_INFO, "%s here",
		        counted(kept,
		                "message that was read is not on the server any more; it stays",
		                "messages that were read are not on the server any more; they stay",
		                (char[COUNTED_SIZE]){0}));
	return rc;
}

/*
 * What a server that lists only a part showed earlier stays, and the collection is not
 * complete.
 */
static int keep_unlisted(struct pop3_run *r, struct err *err)
{
	size_t kept;
	char *text;
	int rc;

	if (!r->maildrop.window)
		return keep_read(r, err);
	rc = pop3_give_unlisted(r, true, &kept, err);
	if (rc < 0)
		return rc;
	if (kept == 0 && r->maildrop.counted <= r->maildrop.listed && !r->maildrop.vanished)
		return 0;
	text = xasprintf("the server lists only a part of the maildrop (%s now, and %zu listed "
	                 "earlier are kept): run again, or use IMAP",
	        counted(r->maildrop.listed, "message", "messages", (char[COUNTED_SIZE]){0}),
	        kept + r->maildrop.vanished);
	run_lose(&r->base, r->coll, 0, NULL, text);
	progress_say(r->base.progress, SAY_WARNING, "%s", text);
	free(text);
	return 0;
}

/*
 * Everything retrieved is durable and stands; only that the server still has it could not
 * be seen.
 */
static void no_proof(struct pop3_run *r, const struct err *why)
{
	char *text = xasprintf(
	        "could not check whether everything is still on the server: %s", why->text);

	run_lose(&r->base, r->coll, 0, NULL, text);
	progress_say(r->base.progress, SAY_WARNING, "%s", text);
	free(text);
}

static int prove_top(struct pop3_run *r, struct err *err)
{
	int rc = pop3_prove_top(r, err);

	if (!is_passing(rc) && rc != ERR_LIMIT)
		return rc;
	err_clear(err);
	return renew_session(r, err);
}

/* The canary, TOP proven, then all messages; what a server removes is not retrieved. */
static int fetch_new(struct pop3_run *r, struct err *err)
{
	const struct pop3_caps *caps = pop3_caps(r->visit.pop3);
	struct err late = {0};
	bool died;
	int rc;

	r->manner.top = r->manner.may_top = caps->top || !caps->known;
	rc = try_canary(r, &died, err);
	if (rc == 0 && !died && r->manner.top && count_left(r))
		rc = prove_top(r, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; died && i < r->maildrop.n_messages; i++)
		if (is_wanted(&r->maildrop.messages[i]))
			pop3_name_failure(r, &r->maildrop.messages[i],
			        "not retrieved: the server removes what is read");
	rc = fetch_all(r, &late);
	pop3_say_how(r);
	if (rc < 0 && count_left(r) == 0 &&
	        (is_passing(rc) || rc == ERR_AUTH || rc == ERR_SECRET)) {
		no_proof(r, &late);
		return 0;
	}
	if (rc < 0 && err)
		*err = late;
	return rc;
}

/**
 * The service failed in the middle, and the run is sealed with what others gave: what was
 * retrieved is given, for a server may have removed it since; the rest is named.
 */
static void name_rest(struct pop3_run *r, const struct err *why)
{
	size_t left = 0;

	for (size_t i = 0; i < r->maildrop.n_messages; i++) {
		struct message *m = &r->maildrop.messages[i];

		if (m->done || m->failed || m->gone || m->left_out)
			continue;
		run_lose(&r->base, r->coll, 0, m->uidl, why->text);
		left++;
	}
	r->drop = false; /* what is known may be among these, where UIDLs do not say */
	progress_say(r->base.progress, SAY_WARNING, "%s: %s not fetched this time: %s", r->name,
	        counted(left, "message was", "messages were", (char[COUNTED_SIZE]){0}), why->text);
}

/* Give what is known, fetch the rest, and keep what is not listed any more. */
static int take_messages(struct pop3_run *r, struct err *err)
{
	struct err why = {0};
	uint64_t bytes;
	int rc = give_known(r, 0, &bytes, &why);

	if (rc == 0 && count_left(r) && r->base.opts->space_check)
		rc = r->base.opts->space_check(r->base.opts->space_ctx, bytes, &why);
	if (rc == 0 && count_left(r))
		rc = fetch_new(r, &why);
	if (rc == 0) {
		prove_top_use(r);
		pop3_name_misfits(r);
	} else if (r->base.opts->shared && r->base.result.fetched && !source_ends_run(rc)) {
		name_rest(r, &why);
		pop3_name_misfits(r);
		rc = 0;
	}
	return rc ? err_copy(err, &why) : keep_unlisted(r, err);
}

/* Sign in, take the messages, and give the collection to the sink. */
static int run_session(struct pop3_run *r, struct err *err)
{
	int rc = pop3_connect(r, err);

	if (rc < 0)
		return rc;
	r->capa = pop3_capa_json(r->visit.pop3);
	pop3_advise(r);
	rc = pop3_check_expire(r, err);
	if (rc == 0 && !r->base.opts->dry)
		rc = load_state(r, err);
	if (rc == 0 && r->base.opts->dry) {
		r->base.result.items = r->maildrop.n_messages;
		if (r->base.opts->survey)
			rc = pop3_survey(r, err);
	} else if (rc == 0) {
		r->coll = tree_coll_new(COLL_MAIL, r->name);
		rc = take_messages(r, err);
		if (rc == 0)
			rc = pop3_give_coll(r, err);
	}
	pop3_disconnect(r);
	return rc;
}

/* run() of source_ops. */
static int run_pop3(const struct service *service, unsigned kinds, struct tree_sink *sink,
        const struct source_opts *opts, struct progress *progress, struct source_result *out,
        struct err *err)
{
	const char *end = source_option(opts, "pop3-end");
	struct pop3_run r = {.name = opts->seen ? "INBOX (POP3)" : "INBOX",
	        .visit.quits = end && strcmp(end, "quit") == 0};
	int rc;

	(void)kinds; /* mail is all that there is */
	run_begin(&r.base, service, sink, opts, progress, COLL_MAIL);
	r.visit.end_by_quit = r.visit.quits;
	r.drop = opts->accept && tree_accepts(opts->accept, r.name);
	r.base.result.collections = 1;
	progress_what(progress, r.name);
	if (opts->listed) {
		run_tell(&r.base, r.name);
		return run_finish(&r.base, 0, out, err);
	}
	if (!opts->dry && !run_wants(&r.base, r.name)) {
		rc = run_keep(&r.base, r.name, COLL_SKIPPED, NULL, err);
		return run_finish(&r.base, rc, out, err);
	}
	r.maildrop.tally = tally_new();
	intake_begin(&r.in, sink, COLL_MAIL, POP3_HEAD);
	rc = run_session(&r, err);
	clear_run(&r);
	return run_finish(&r.base, rc, out, err);
}

const struct source_ops source_pop3 = {.run = run_pop3};
