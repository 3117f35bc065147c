/* Every service of an account into one sink: what backup and fetch share. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "beside.h"
#include "cli.h"
#include "options/selection.h"
#include "protocols.h"
#include "side_by_side.h"

struct tally {
	unsigned asked, tried, failed;
	unsigned lost; /* kinds that a service could not be read for */
	unsigned unlisted; /* those that one did not list wholly */
	struct err last;
};

/* ${own}: ARGS_MAX of them, lent to ${o}. */
static int source_options(struct take *t, struct source_opts *o, struct source_option *own)
{
	int rc;

	*o = (struct source_opts){.accept = &t->accept,
	        .same_account = args_has(t->args, "same-account"),
	        .space_check = t->to->space_check,
	        .space_ctx = t->path,
	        .own = own};
	rc = args_at_most(t->args, "connections", CONNECTIONS_MAX, &o->connections);
	if (rc == 0)
		rc = args_at_most(t->args, "max-wait", MAX_WAIT_S, &o->max_wait_s);
	return rc ? rc : args_own(t->args, own, &o->n_own);
}

/* What ${kind} gives of the kinds that are asked for; ${only} 0: all. */
static unsigned kinds_asked(enum service_kind kind, unsigned only)
{
	return protocols[kind].kinds & (only ? only : ~0u);
}

/* Not read this time: what the service gives keeps its last state. */
static int keep_stale(struct take *t, unsigned kinds, struct tally *y)
{
	struct err err = {0};
	int rc = 0;

	for (unsigned k = 0; k < COLL_KINDS && rc == 0; k++) {
		if (!(kinds & 1u << k))
			continue;
		y->lost |= 1u << k;
		rc = t->sink->ops->keep(t->sink, k, NULL, COLL_STALE, y->last.text, &err);
	}
	return rc < 0 ? fail(t->args, &err) : 0;
}

/* Nobody knows what of these MAPI alone has. */
static void tell_without(struct take *t, const struct service_read *s)
{
	struct buf text = buf_of(200);

	for (unsigned k = 0; k < COLL_KINDS; k++)
		if (s->without & 1u << k)
			buf_putf(&text, "%s%s", text.len ? ", " : "", coll_kind_dir(k));
	buf_puts(&text, " left out this time, as what another service has of it could not be read");
	ui_report(t->ui, SAY_WARNING, NULL, protocols[s->kind].name, buf_str(&text));
	buf_clear(&text);
}

/* What it had in common with others. */
static void tell_elsewhere(struct take *t, const struct service_read *s)
{
	char n[COUNTED_SIZE];

	if (!s->result.elsewhere)
		return;
	progress_say(&t->ui->progress, SAY_INFO, "%s: %s, and left out", protocols[s->kind].name,
	        counted(s->result.elsewhere, "item is one that another service gave",
	                "items are those that other services gave", n));
	json_set_number(t->outcome, "elsewhere", s->result.elsewhere);
}

/*
 * What came of a service: 0 to go on (also after one that failed), else an exit code.
 */
static int settle_service(struct take *t, const struct service_read *s, struct tally *y)
{
	const char *name = protocols[s->kind].name;

	if (s->left_out && !s->last) { /* without IMAP's mail nobody knows what POP3 alone has */
		ui_report(t->ui, SAY_WARNING, NULL, name,
		        "left out this time, as IMAP could not be read");
		return 0;
	}
	if (s->without)
		tell_without(t, s);
	if (s->without && keep_stale(t, 1u << COLL_MAPI, y) != 0)
		return EXIT_FAILED;
	if (s->left_out)
		return 0;
	tell_elsewhere(t, s);
	y->tried++;
	if (s->rc == 0) {
		y->unlisted |= s->result.unlisted ? s->kinds : 0;
		return 0;
	}
	if (source_ends_run(s->err.code))
		return fail(t->args, &s->err);
	/*
	 * The only one: the command fails with it, and says so once. A sign-in that several
	 * have in common fails for all of them.
	 */
	(y->asked > 1 ? ui_report : ui_note)(t->ui, SAY_WARNING, NULL, name,
	        y->failed && strcmp(s->err.text, y->last.text) == 0
	                ? "not read, for the same reason"
	                : s->err.text);
	y->failed++;
	y->last = s->err;
	return keep_stale(t, s->kinds, y);
}

/* What was left out, and what was not listed, keeps its last state. */
static int keep_rest(struct take *t, unsigned taken, const struct tally *y)
{
	static const char why[] = "the server did not list everything";
	struct err err = {0};

	for (unsigned k = 0; k < COLL_KINDS; k++) {
		int rc = 0;

		/* take_links looks */
		if (k == COLL_LINKED && args_has(t->args, "fetch-links"))
			rc = t->sink->ops->keep(t->sink, k, NULL, COLL_COMPLETE, NULL, &err);
		else if (!(taken & 1u << k))
			rc = t->sink->ops->keep(t->sink, k, NULL, COLL_SKIPPED, NULL, &err);
		else if (y->unlisted & 1u << k)
			rc = t->sink->ops->keep(t->sink, k, NULL, COLL_STALE, why, &err);
		if (rc < 0)
			return fail(t->args, &err);
	}
	return 0;
}

/* Is the account's service of this kind to be read? */
static bool is_asked(const struct account *account, enum service_kind kind, unsigned only)
{
	return account->present[kind] && kinds_asked(kind, only);
}

/*
 * What the options ask for is there in the account, or they would be passed over without
 * a word; of many accounts each has its own. 0, or EXIT_USAGE after a message.
 */
static int check_account(const struct args *a, const struct account *account)
{
	unsigned only, kinds = 0, services = 0;
	int rc = args_only(a, &only);

	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		kinds |= account->present[k] ? protocols[k].kinds : 0;
		services |= is_asked(account, k, only) ? 1u << k : 0;
	}
	if (rc)
		return rc;
	if (args_has(a, "one-of-many"))
		return services ? 0 : usage_error(a, "--only leaves nothing of this account");
	if (!option_is_shared(a, "only"))
		rc = args_only_of(a, only, kinds, "this account");
	return rc ? rc : args_have_use(a, PROTOCOL_FETCH, services);
}

/* The names of the last snapshot, for the patterns. */
static int see_last(struct take *t, struct choice *c, unsigned only, struct err *err)
{
	struct tree_reader *last = NULL;
	int rc = t->sink->ops->last ? t->sink->ops->last(t->sink, &last, err) : 0;

	if (rc < 0 || !last)
		return rc;
	choice_see_heads(c, last->ops->manifest(last), only);
	tree_reader_free(last);
	return 0;
}

/**
 * A pattern that the last snapshot knows is none to worry about: what it names may have
 * been renamed meanwhile, and is kept and named.
 */
static int check_choice(
        struct take *t, struct choice *c, const struct source_opts *o, unsigned only)
{
	struct err err = {0};
	bool known;
	int rc;

	if (choice_settled(c))
		return 0;
	if (see_last(t, c, only, &err) < 0)
		return fail(t->args, &err);
	if (choice_settled(c))
		return 0;
	rc = choice_ask(c, t->account, only, o, &known);
	if (rc || !known)
		return rc;
	choice_put_unmatched(c, t->outcome);
	return choice_check(c);
}

/*
 * All services that are asked for, side by side; POP3 gives what IMAP has not. *taken_out:
 * the kinds that they have.
 */
static int read_services(struct take *t, const struct source_opts *o,
        const struct other_mail *other, struct other_services *beside, unsigned only,
        unsigned *taken_out, struct tally *y)
{
	struct service_read list[SERVICE_KINDS] = {0};
	const struct service_read *imap = NULL;
	struct source_opts opts = *o, mapi = *o;
	unsigned n = 0;
	int rc = 0;

	mapi.beside = beside->beside ? beside_opts(beside->beside) : NULL;
	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		struct service_read *s = &list[n];

		if (!is_asked(t->account, k, only))
			continue;
		*s = (struct service_read){.kind = k,
		        .kinds = kinds_asked(k, only),
		        .sink = t->sink,
		        .opts = k == SERVICE_MAPI ? &mapi : &opts,
		        .after = k == SERVICE_POP3 ? imap : NULL,
		        .last = k == SERVICE_MAPI && n > 0};
		if (k == SERVICE_IMAP) {
			imap = s;
			s->sink = other->imap ? recorder_sink(other->imap) : t->sink;
		}
		s->sink = other_services_sink(beside, k, s->sink);
		*taken_out |= s->kinds;
		n++;
	}
	y->asked = n;
	opts.shared = mapi.shared = n > 1;
	read_side_by_side(t->account->services, list, n, &t->ui->progress);
	for (unsigned i = 0; i < n && rc == 0; i++)
		rc = settle_service(t, &list[i], y);
	return rc;
}

/* The same beside MAPI, or with it beside the others. */
static int read_beside(struct take *t, const struct source_opts *o, const struct other_mail *other,
        unsigned only, unsigned *taken_out, struct tally *y)
{
	struct other_services beside = {0};
	struct err err = {0};
	unsigned asked = 0;
	int rc;

	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		asked |= is_asked(t->account, k, only) ? 1u << k : 0;
	rc = other_services_open(t, asked, &beside, &err) < 0 ? fail(t->args, &err) : 0;
	if (rc == 0)
		rc = read_services(t, o, other, &beside, only, taken_out, y);
	if (rc == 0 && other_services_keep(t, &beside, &err) < 0)
		rc = fail(t->args, &err);
	other_services_close(&beside);
	return rc;
}

/* Each service that is asked for; what was not read stays. */
static int take_services(struct take *t, struct tally *y)
{
	struct selected *selected = xcalloc(1, sizeof *selected);
	bool by_imap = t->account->present[SERVICE_IMAP],
	     both = by_imap && t->account->present[SERVICE_POP3];
	struct other_mail other = {0};
	char *state_dir = both ? state_path("pop3") : NULL;
	struct source_option own[ARGS_MAX];
	struct source_opts o;
	struct err err = {0};
	unsigned only, taken = 0;
	int rc = args_only(t->args, &only);

	if (rc == 0)
		rc = source_options(t, &o, own);
	if (both)
		other.imap = recorder_new(t->sink);
	else if (rc == 0 && (!only || only & 1u << COLL_MAIL) &&
	         (by_imap || t->account->present[SERVICE_POP3]) &&
	         other_mail_open(t, by_imap, &other, &err) < 0)
		rc = fail(t->args, &err);
	if (rc == 0 && both) {
		o.seen = recorder_seen;
		o.seen_ctx = other.imap;
		o.state_dir = state_dir;
	}
	if (rc == 0)
		rc = args_selection(t->args, selected);
	o.choice = selected->choice.of;
	if (rc == 0)
		rc = selected_source(selected, t->account, t->ui, &o.selection);
	if (rc == 0)
		rc = check_choice(t, &selected->choice, &o, only);
	if (rc == 0)
		rc = read_beside(t, &o, &other, only, &taken, y);
	if (rc == 0 && taken & 1u << COLL_MAIL && !(y->lost & 1u << COLL_MAIL) &&
	        other_mail_keep(t, &other, &err) < 0)
		rc = fail(t->args, &err);
	other_mail_close(&other);
	free(state_dir);
	selected_clear(selected);
	free(selected);
	return rc ? rc : keep_rest(t, taken, y);
}

/* What an earlier commit of this run did counts, too. */
static int commit_run(struct take *t)
{
	const struct tree_commit before = t->commit;
	struct err err = {0};

	if (t->sink->ops->commit(t->sink, &t->commit, &err) < 0)
		return fail(t->args, &err);
	t->commit.changed |= before.changed;
	t->commit.objects_new += before.objects_new;
	t->commit.bytes_new += before.bytes_new;
	t->commit.disk_new += before.disk_new;
	t->commit.shrunk += before.shrunk;
	t->commit.found += before.found;
	commit_to_json(&t->commit, t->outcome);
	return t->failed || !t->commit.totals.complete || t->commit.shrunk || t->commit.found
	               ? EXIT_INCOMPLETE
	               : EXIT_DONE;
}

/* All services within the limits, and the commit; nothing read, nothing sealed. */
static int take_account(struct take *t)
{
	struct tally y = {0};
	struct limits *limits = NULL;
	int rc = limits_start(t->args, t->account, &limits);

	if (rc == 0)
		rc = take_services(t, &y);
	limits_end(limits);
	if (rc)
		return rc;
	if (y.failed == y.tried && y.asked > 1) /* each was told */
		(void)err_set(&y.last, y.last.code, ERR_WHOLE,
		        "none of the services could be read (see above): nothing is kept of this "
		        "run");
	/* nothing was read: nothing is sealed */
	if (y.failed == y.tried)
		return fail(t->args, &y.last);
	t->failed = y.failed > 0;
	return commit_run(t);
}

/* The links of a kind that is not looked at this time stay. */
static int keep_links(
        struct take *t, const struct tree_manifest *m, enum coll_kind kind, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < m->n_heads && rc == 0; i++) {
		const char *name = m->heads[i].name;

		if (m->heads[i].kind == COLL_LINKED && coll_is_linked(kind, name))
			rc = t->sink->ops->keep(
			        t->sink, COLL_LINKED, name, COLL_SKIPPED, NULL, err);
	}
	return rc;
}

/* What the services' calendars and contacts link to; the rest stays as it is. */
static int links_of(struct take *t, struct tree_reader *from)
{
	struct source_result r = {0};
	struct err err = {0};
	unsigned only, looked = 0;
	int rc = args_only(t->args, &only);

	if (rc)
		return rc;
	for (unsigned k = 0; k < SERVICE_KINDS && rc == 0; k++) {
		const struct source_ops *ops = protocol_ops[k].source;
		unsigned kinds = kinds_asked(k, only);

		if (!ops->links || !t->account->present[k] || !kinds)
			continue;
		looked |= kinds;
		rc = ops->links(
		        &t->account->services[k], kinds, from, t->sink, &t->ui->progress, &r, &err);
	}
	for (unsigned k = 0; k < COLL_LINKED && rc == 0; k++) {
		if (!(looked & 1u << k))
			rc = keep_links(t, from->ops->manifest(from), k, &err);
		if (rc == 0)
			rc = t->sink->ops->keep(t->sink, k, NULL, COLL_COMPLETE, NULL, &err);
	}
	return rc < 0 ? fail(t->args, &err) : commit_run(t);
}

/* --fetch-links: a second run, of what the first one just committed links to. */
static int take_links(struct take *t)
{
	struct limits *limits = NULL;
	struct tree_reader *from = NULL;
	struct err err = {0};
	int rc = t->to->reader(t->path, &from, &err);

	t->accept = (struct tree_accept){0}; /* it was heard */
	if (rc == 0)
		rc = t->to->sink(t, &err);
	if (rc < 0) {
		rc = fail(t->args, &err);
	} else {
		rc = limits_start(t->args, t->account, &limits);
		if (rc == 0)
			rc = links_of(t, from);
		limits_end(limits);
		tree_sink_free(t->sink);
	}
	tree_reader_free(from);
	return rc;
}

static bool is_done(int rc)
{
	return rc == EXIT_DONE || rc == EXIT_INCOMPLETE;
}

int take_report(struct take *t, int rc)
{
	struct report report = {.rc = rc, .account = t->account};
	struct tree_reader *from = NULL;
	struct err err = {0};

	if (!args_has(t->args, "report"))
		return 0;
	if (is_done(rc) && t->to->reader(t->path, &from, &err) < 0)
		return fail(t->args, &err);
	if (from) {
		report.collections = report_collections(from, NULL, NULL);
		report.manifest = from->ops->manifest(from);
	}
	rc = ui_write_reports(t->ui, t->outcome, &report);
	json_decref(report.collections);
	tree_reader_free(from);
	return rc;
}

/* The whole run, once it is known what is read. */
static int take_all(struct take *t)
{
	struct err err = {0};
	int rc, extra = 0;

	if (t->to->sink(t, &err) < 0) {
		ui_stop(t->ui);
		rc = fail(t->args, &err);
		(void)take_report(t, rc);
		return rc;
	}
	rc = take_account(t);
	tree_sink_free(t->sink);
	if (is_done(rc) && args_has(t->args, "fetch-links"))
		rc = take_links(t);
	if (is_done(rc) && t->commit.totals.errors)
		extra = take_say_kept(t);
	if (is_done(rc) && !extra)
		extra = t->to->tell(t, rc);
	else
		(void)take_report(t, extra ? extra : rc); /* the run has failed already */
	ui_stop(t->ui);
	ui_stats(t->ui);
	return extra ? extra : rc;
}

int take_run(struct take *t)
{
	struct ui ui;
	int rc = load_account(t->args, t->args->pos[0], &t->account);

	if (rc == 0)
		rc = check_account(t->args, t->account);
	if (rc == 0) {
		t->ui = &ui;
		t->accept = args_accept(t->args, t->accepted);
		t->outcome = json_object();
		account_to_tree(t->account, &t->who);
		ui_start(&ui, t->args);
		rc = take_all(t);
		ui_clear(&ui);
		json_decref(t->outcome);
		tree_account_clear(&t->who);
	}
	account_free(t->account);
	free(t->path);
	return rc;
}
