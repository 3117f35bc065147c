/* valise audit: may the old account be closed? */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/migration/migration.h"
#include "valise/pack/archive.h"
#include "valise/tree/gone.h"
#include "cli/audit/run.h"
#include "cli/cli.h"
#include "cli/target.h"

const struct command audit_command = {
        .name = "audit",
        .synopsis = "ARCHIVE",
        .summary = "may the old account be closed? The archive beside --source and --target, item "
                   "by item",
        .details = "Nothing is written at either server, nor into the archive. YES needs "
                   "--source; docs/AUDIT.md has the rule for each finding.\n"
                   "Exit codes: 0 SAFE TO DEACTIVATE: YES, 3 NO, 1 failed or not everything "
                   "could be looked at,\n"
                   "2 usage, 10 no such archive, 12 sign-in refused, 130 interrupted.",
        .bit = CMD_AUDIT,
        .account = true,
        .min_pos = 1,
        .max_pos = 1,
        .run = cmd_audit,
};

static const unsigned all_kinds = 1u << COLL_MAIL | 1u << COLL_CALENDAR | 1u << COLL_CONTACTS;

/* --accept: words of findings. */
static int read_accepts(struct audit_run *r)
{
	const char *list = args_get(r->args, "accept");
	int rc = 0;

	for (const char *p = list ? list : ""; *p && rc == 0;) {
		size_t n = strcspn(p, ",");
		char *word = xstrndup(p, n);
		enum audit_what what;

		if (!audit_what_parse(word, &what))
			rc = usage_error(r->args, "--accept \"%s\": no finding is called so", word);
		else if (!audit_rules[what].acceptable)
			rc = usage_error(r->args,
			        "--accept %s: %s; nobody can accept that, as nothing else would "
			        "have it",
			        word, audit_rules[what].title);
		else
			r->audit.accepts[what] = true;
		free(word);
		p += n + (p[n] == ',');
	}
	return rc;
}

/* The account of --source or --target, with what its section says of options. */
static int load_side(struct audit_run *r, struct audit_side_run *s, const char *name)
{
	int rc;

	s->run = r;
	if (!name)
		return 0;
	s->args = xmemdup(r->args, sizeof *r->args);
	s->args->prepared = NULL;
	s->args->pos[s->args->n_pos++] = name;
	rc = section_apply(s->args);
	if (rc == 0)
		rc = load_account(s->args, name, &s->account);
	if (rc == 0)
		rc = choice_init(&s->choice, s->args);
	if (rc == 0)
		rc = args_only(s->args, &s->kinds);
	s->kinds = s->kinds ? s->kinds & all_kinds : all_kinds;
	return rc;
}

static int open_reader(struct audit_run *r, struct audit_side_run *s, bool as_restore)
{
	struct err err = {0};

	if (!s->args)
		return 0;
	if (archive_reader(r->args->pos[0], 0, &s->reader, &err) < 0)
		return fail(r->args, &err);
	if (as_restore)
		s->reader = tree_gone_view(s->reader, args_has(s->args, "with-gone"));
	return 0;
}

static void clear_side(struct audit_side_run *s)
{
	tree_reader_free(s->reader);
	choice_clear(&s->choice);
	maps_clear(&s->maps);
	account_free(s->account);
	if (s->args)
		section_clear(s->args);
	free(s->args);
}

/* What is beside itself is always equal. */
static int check_two(const struct audit_run *r)
{
	struct target *from, *to;
	bool one;

	if (!r->source.account || !r->target.account)
		return 0;
	from = target_of(r->source.account);
	to = target_of(r->target.account);
	one = target_compare(from, to) == TARGETS_SAME;
	target_free(from);
	target_free(to);
	return one ? usage_error(r->args, "--source and --target are one account") : 0;
}

/* Both accounts, before anything is asked of a server. */
static int load_sides(struct audit_run *r)
{
	const char *source = args_get(r->args, "source"), *target = args_get(r->args, "target");
	int rc;

	if (!source && !target)
		return usage_error(r->args, "which accounts? --source OLD, --target NEW, or both");
	if (args_name_service(r->args))
		return usage_error(r->args, "accounts are named by --source and --target, each a "
		                            "section of accounts.ini or an address");
	rc = read_accepts(r);
	if (rc == 0)
		rc = load_side(r, &r->source, source);
	if (rc == 0)
		rc = load_side(r, &r->target, target);
	if (rc == 0)
		rc = check_two(r);
	return rc;
}

static void start_side(struct audit_side_run *s, void *(*fn)(void *side))
{
	if (!s->args)
		return;
	s->running = pthread_create(&s->thread, NULL, fn, s) == 0;
	if (!s->running)
		(void)fn(s);
}

static void join_side(struct audit_side_run *s)
{
	if (s->running)
		pthread_join(s->thread, NULL);
	s->running = false;
}

/* Both sides side by side, and the archive meanwhile. */
static int look(struct audit_run *r, struct tree_reader *archive)
{
	struct limits *from = NULL, *to = NULL;
	struct err err = {0};
	int rc = r->source.args ? limits_start(r->source.args, r->source.account, &from) : 0;

	if (rc == 0 && r->target.args)
		rc = limits_start(r->target.args, r->target.account, &to);
	if (rc == 0) {
		start_side(&r->source, audit_run_source);
		start_side(&r->target, audit_run_target);
		rc = audit_verify(r);
		join_side(&r->source);
		join_side(&r->target);
	}
	if (rc == 0 && r->target.args)
		audit_target_excluded(&r->target);
	limits_end(from);
	limits_end(to);
	if (rc == 0 && audit_archive(&r->audit, archive, all_kinds,
	                       r->look ? audit_source_settled : NULL, r->look, &err) < 0)
		rc = fail(r->args, &err);
	if (rc == 0 && !r->source.args)
		audit_say(&r->audit, AUDIT_SOURCE, AUDIT_NO_SOURCE, AUDIT_NO_KIND, NULL, NULL);
	return rc;
}

static void put_found(void *ctx, const struct audit_finding *f)
{
	json_t *o = audit_finding_json(f);

	(void)ctx;
	print_event(o, "finding");
	json_decref(o);
}

/* The exit code of what was found; an error was told. */
static int judge(const struct audit_run *r)
{
	const struct audit_side_run *sides[] = {&r->source, &r->target};
	int rc = audit_is_safe(r->audit.items, r->audit.n) ? EXIT_DONE : EXIT_INCOMPLETE;

	for (size_t i = 0; i < COUNT(sides); i++)
		if (sides[i]->failed) {
			int why = fail(r->args, &sides[i]->err);

			rc = why == EXIT_INTERRUPTED ? why : EXIT_FAILED;
		}
	return rc;
}

static int tell(struct audit_run *r, struct tree_reader *archive, int rc)
{
	struct report report = {
	        .rc = rc, .account = r->source.account, .target = r->target.account};
	json_t *o = audit_json(r);

	ui_stop(r->ui);
	if (args_has(r->args, "report")) {
		report.collections = report_collections(archive, NULL, NULL);
		audit_put_folders(r, report.collections);
	}
	if (r->ui->json)
		end_outcome(r->args, json_copy(o));
	else if (rc != EXIT_INTERRUPTED && !ui_quiet(r->ui, rc))
		audit_tell(r);
	if (ui_write_reports(r->ui, o, &report) && rc != EXIT_INTERRUPTED)
		rc = EXIT_FAILED;
	json_decref(report.collections);
	json_decref(o);
	ui_stats(r->ui);
	return rc;
}

/* With both accounts loaded. */
static int run_audit(struct audit_run *r)
{
	struct tree_reader *archive = NULL;
	struct err err = {0};
	int rc = 0;

	if (archive_reader(r->args->pos[0], 0, &archive, &err) < 0 ||
	        archive_identity(r->args->pos[0], r->archive_id, &err) < 0)
		rc = fail(r->args, &err);
	if (rc == 0)
		rc = open_reader(r, &r->source, false);
	if (rc == 0)
		rc = open_reader(r, &r->target, true);
	if (rc == 0 && r->source.args)
		rc = audit_source_options(&r->source);
	if (rc == 0 && r->target.args)
		rc = audit_target_options(&r->target);
	if (rc == 0) {
		archive_reader_seal(archive, r->seal);
		r->created = archive->ops->manifest(archive)->created;
		if (r->source.args)
			r->look = audit_source_new(
			        &r->audit, r->source.reader, r->full, &r->source.choice.of);
		rc = look(r, archive);
	}
	if (rc == 0)
		rc = audit_dns(r);
	if (rc == 0) {
		rc = judge(r);
		rc = tell(r, archive, rc);
	}
	audit_source_free(r->look);
	migration_free(r->dns);
	tree_reader_free(archive);
	return rc;
}

int cmd_audit(const struct args *a)
{
	struct audit_run *r = xcalloc(1, sizeof *r);
	struct ui ui;
	int rc;

	r->args = a;
	r->full = args_has(a, "full");
	r->source.side = AUDIT_SOURCE;
	r->target.side = AUDIT_TARGET;
	audit_init(&r->audit);
	rc = load_sides(r);
	if (rc == 0) {
		r->ui = &ui;
		ui_start(&ui, a);
		r->audit.found = ui.json ? put_found : NULL;
		rc = run_audit(r);
		ui_clear(&ui);
	}
	clear_side(&r->source);
	clear_side(&r->target);
	audit_clear(&r->audit);
	free(r);
	return rc;
}
