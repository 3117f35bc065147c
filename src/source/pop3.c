/* The POP3 source: what is new, the canary, the bulk, and the proof that everything is still there. See pop3.h. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "pop3.h"

static void clear_run(struct pop3_run *r)
{
	pop3_close(r->session);
	tree_coll_free(r->coll);
	tree_coll_free(r->prev);
	tree_coll_free(r->last_run);
	for (size_t i = 0; i < r->n_drops; i++)
		free(r->drops[i].uidl);
	free(r->drops);
	free(r->used);
	buf_clear(&r->head);
}

static int load_prev(struct pop3_run *r, struct err *err)
{
	int rc = r->sink->ops->prev(r->sink, PREV_SNAPSHOT, COLL_MAIL, "INBOX", &r->prev, err);

	if (rc == 0)
		rc = r->sink->ops->prev(r->sink, PREV_RUN, COLL_MAIL, "INBOX", &r->last_run, err);
	r->next_uid = 1;
	for (size_t i = 0; r->prev && i < r->prev->n_items; i++)
		if (r->prev->items[i].uid >= r->next_uid)
			r->next_uid = r->prev->items[i].uid + 1;
	r->used = xcalloc(r->prev && r->prev->n_items ? r->prev->n_items : 1, 1);
	return rc;
}

/* Hand over what is known by its UIDL; the rest is to be fetched: its count and octets. */
static int give_all_known(
        struct pop3_run *r, size_t from, uint64_t *bytes, size_t *left, struct err *err)
{
	*bytes = 0;
	*left = 0;
	for (size_t i = from; i < r->n_drops; i++) {
		bool known;
		int rc = pop3_give_known(r, &r->drops[i], &known, err);

		if (rc < 0)
			return rc;
		if (!known) {
			*bytes += r->drops[i].size;
			++*left;
		}
	}
	atomic_fetch_add(&r->progress->items_total, *left);
	atomic_fetch_add(&r->progress->bytes_total, *bytes);
	return 0;
}

static bool wanted(const struct drop *d)
{
	return d->number && !d->done && !d->failed;
}

/* A new session: the one before ends as it must. */
static int renew(struct pop3_run *r, size_t *new_out, struct err *err)
{
	unsigned delay = r->session ? pop3_caps(r->session)->login_delay : 0;
	int rc = pop3_disconnect(r, err);

	if (rc == 0 && delay) {
		progress_say(
		        r->progress, SAY_INFO, "the server wants %u s between two sign-ins", delay);
		for (unsigned i = 0; i < delay * 5 && rc == 0; i++) {
			struct timespec t = {0, 200000000};

			rc = stop_check(err);
			nanosleep(&t, NULL);
		}
	}
	if (rc == 0)
		rc = pop3_connect(r, err);
	return rc ? rc : pop3_relist(r, new_out, err);
}

/* Messages listed once and no longer: 0 if none vanished. */
static size_t vanished(const struct pop3_run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_drops; i++)
		n += r->drops[i].number == 0;
	return n;
}

/**
 * Before the first bulk of an account: retrieve the smallest message, come back, and see that it is still there. A server that
 * removes what was retrieved costs one message, which is safe here, not the maildrop.
 */
static int canary(struct pop3_run *r, bool *gone, struct err *err)
{
	struct drop *small = NULL;
	size_t fresh;
	int rc;

	*gone = false;
	for (size_t i = 0; i < r->n_drops; i++)
		if (wanted(&r->drops[i]) && (!small || r->drops[i].size < small->size))
			small = &r->drops[i];
	if (!small)
		return 0;
	rc = pop3_fetch(r, &small, 1, err);
	if (rc == 0)
		rc = renew(r, &fresh, err);
	if (rc == 0 && vanished(r)) {
		*gone = true;
		progress_say(r->progress, SAY_WARNING,
		        "%s removed a message that was only read (it is safe here): nothing more "
		        "is retrieved over POP3. Use IMAP, or have the setting changed",
		        r->service->at.host);
	}
	return rc;
}

/* One pass over what this session lists. */
static int fetch_listed(struct pop3_run *r, struct err *err)
{
	size_t i = 0;
	int rc = 0;

	while (i < r->n_drops && rc == 0) {
		struct drop *list[POP3_BATCH];
		uint64_t bytes = 0;
		size_t n = 0;

		for (; i < r->n_drops && n < POP3_BATCH &&
		        (n == 0 || bytes + r->drops[i].size <= POP3_BATCH_BYTES);
		        i++)
			if (wanted(&r->drops[i])) {
				bytes += r->drops[i].size;
				list[n++] = &r->drops[i];
			}
		if (n)
			rc = pop3_fetch(r, list, n, err);
	}
	return rc;
}

static size_t count_left(const struct pop3_run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_drops; i++)
		n += wanted(&r->drops[i]);
	return n;
}

/* Sessions until nothing is left; a broken one is followed by another as long as something comes. */
static int fetch_all(struct pop3_run *r, struct err *err)
{
	unsigned without = 0;
	size_t before, fresh, left;
	uint64_t bytes;
	int rc = 0;

	while ((before = count_left(r)) > 0) {
		size_t known = r->n_drops;

		if (r->session) {
			rc = fetch_listed(r, err);
			if (rc < 0 && rc != ERR_NET && rc != ERR_PROTO && rc != ERR_BUSY)
				return rc;
		}
		without = count_left(r) < before ? 0 : without + 1;
		if (without >= POP3_TRIES)
			break;
		if (rc < 0)
			progress_say(r->progress, SAY_NOTE, "%s; connecting again", err->text);
		if (rc < 0 || count_left(r) == 0) {
			rc = renew(r, &fresh, err);
			if (rc == 0)
				rc = give_all_known(r, known, &bytes, &left, err);
			if (rc < 0)
				return rc;
		}
	}
	for (size_t i = 0; i < r->n_drops; i++)
		if (wanted(&r->drops[i]))
			pop3_name_failure(
			        r, &r->drops[i], rc < 0 ? err->text : "could not be retrieved");
	return 0;
}

/* The last listing is younger than the last RETR: is everything of before still there? */
static void prove(struct pop3_run *r)
{
	size_t gone = 0;

	for (size_t i = 0; i < r->n_drops; i++) {
		struct drop *d = &r->drops[i];

		if (d->number)
			continue;
		gone++;
		if (!d->done && !d->failed)
			pop3_name_failure(r, d, "vanished from the server before it was retrieved");
		else
			tree_coll_error(r->coll, 0, d->uidl, NULL, NULL,
			        "the server no longer lists this message, which was read during "
			        "this run; it is in the archive");
	}
	if (gone) {
		r->result->errors += gone;
		progress_say(r->progress, SAY_WARNING,
		        "%zu messages of before are not on the server any more. Nothing we send "
		        "deletes: the server did, or another client. What was read is safe here",
		        gone);
	}
}

static int take(struct pop3_run *r, struct err *err)
{
	size_t fresh, left;
	uint64_t bytes;
	bool gone = false;
	int rc = give_all_known(r, 0, &bytes, &left, err);

	if (rc == 0 && left && r->opts->space_check)
		rc = r->opts->space_check(r->opts->space_ctx, bytes, err);
	if (rc == 0 && left && (!r->prev || r->prev->n_items == 0))
		rc = canary(r, &gone, err);
	if (rc < 0)
		return rc;
	if (gone) {
		for (size_t i = 0; i < r->n_drops; i++)
			if (wanted(&r->drops[i]))
				pop3_name_failure(r, &r->drops[i],
				        "not retrieved: the server removes what is read");
	} else if (left) {
		rc = fetch_all(r, err);
		if (rc == 0 && r->retrieved)
			rc = renew(r, &fresh, err);
	}
	if (rc == 0)
		prove(r);
	return rc;
}

static void note_partial_listing(struct pop3_run *r)
{
	uint32_t count;
	uint64_t octets;
	struct err err = {0};

	if (pop3_stat(r->session, &count, &octets, &err) == 0 && count > r->n_drops)
		progress_say(r->progress, SAY_WARNING,
		        "the server counts %u messages and lists %zu", count, r->n_drops);
	if (r->n_drops == 250)
		progress_say(r->progress, SAY_NOTE,
		        "exactly 250 messages are listed: some servers (Gmail, wildduck) show a "
		        "part only; run again until nothing new comes, or use IMAP");
}

static int run_pop3(const struct service *service, struct tree_sink *sink,
        const struct source_opts *opts, struct progress *progress, struct source_result *out,
        struct err *err)
{
	struct pop3_run r = {.service = service,
	        .sink = sink,
	        .opts = opts,
	        .progress = progress,
	        .result = out};
	size_t fresh;
	int rc;

	buf_init(&r.head, POP3_HEAD + 1);
	progress_what(progress, "INBOX (POP3)");
	rc = pop3_connect(&r, err);
	if (rc == 0)
		rc = pop3_relist(&r, &fresh, err);
	if (rc == 0)
		note_partial_listing(&r);
	out->collections = 1;
	if (rc == 0 && opts->dry)
		out->items = r.n_drops;
	if (rc == 0 && !opts->dry) {
		r.coll = tree_coll_new(COLL_MAIL, "INBOX");
		rc = pop3_check_expire(&r, err);
		if (rc == 0)
			rc = load_prev(&r, err);
		if (rc == 0)
			rc = take(&r, err);
		if (rc == 0) {
			rc = sink->ops->coll(sink, r.coll, err);
			r.coll = NULL;
		}
	}
	if (rc == 0)
		rc = pop3_disconnect(&r, err);
	clear_run(&r);
	return rc;
}

const struct source_ops source_pop3 = {.kind = SERVICE_POP3, .run = run_pop3};
