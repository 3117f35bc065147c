/* valise restore: an archive into an account. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/pack/archive.h"
#include "valise/tree/gone.h"
#include "cli/cli.h"
#include "cli/options/selection.h"
#include "cli/protocols.h"
#include "cli/side_by_side.h"

const struct command restore_command = {
        .name = "restore",
        .synopsis = "ARCHIVE [ACCOUNT]",
        .summary = "bring what an archive holds into an account; again: adds nothing twice",
        .details = "Restore only adds. What the server altered or refused is listed; the original "
                   "stays in the archive.\n"
                   "Exit codes: 0 done, 1 failed, 2 usage, 3 done but something was refused or "
                   "altered,\n"
                   "10 no such archive, 11 locked by another run, 12 sign-in refused, 130 "
                   "interrupted.",
        .bit = CMD_RESTORE,
        .account = true,
        .stores = true,
        .min_pos = 1,
        .max_pos = 2,
        .run = cmd_restore,
};

struct restore {
	const struct args *args;
	const char *path; /* of the archive */
	struct foresight *foresight; /* of check; NULL: it is a restore */
	struct account *account;
	struct tree_reader *reader;
	struct target_opts opts;
	struct ui *ui;
	char archive_id[SHA256_HEX_SIZE];
	char seal[SHA256_HEX_SIZE]; /* of the snapshot that is read */
	uint64_t gone; /* items of the snapshot that are left out as gone */
	uint64_t left_out; /* items of what is chosen that dates and so on leave out */
	struct target_result sum;
	/* of each collection of the snapshot, in its order; touched by one thread at a time */
	struct target_result *by_coll;
	bool *counted; /* was it dealt with? */
	/* --into: of the kinds that have no such collection */
	struct err no_into[COLL_KINDS];
	unsigned n_done; /* kinds that were restored */
	struct selected selected;
	struct maps maps;
};

/* What came of a kind; an --into that its service lacks is kept for later. */
static int settle_kind(struct restore *r, const struct kind_stored *k)
{
	int rc;

	target_result_add(&r->sum, &k->result);
	r->n_done += k->rc == 0;
	if (k->rc < 0 && k->result.no_into)
		r->no_into[k->kind] = k->err;
	if (k->rc == 0 || k->result.no_into)
		return 0;
	rc = fail(r->args, &k->err);
	/*
	 * The server has no time any more: what was begun is gone on with by a later run.
	 */
	if ((k->err.code == ERR_BUSY || k->err.code == ERR_THROTTLED) && k->result.collections)
		rc = EXIT_INCOMPLETE;
	return rc;
}

/* What --exclude-use leaves out is named: the mailbox was not. */
static void say_use(struct restore *r, const struct pattern_name *name)
{
	bool announced;
	const char *use = pattern_use(&r->selected.of.choice, name, &announced);
	char text[128];

	if (!use)
		return;
	snprintf(text, sizeof text, "left out by --exclude-use: %s %s",
	        announced ? "its server called it" : "its name means", use);
	ui_report(r->ui, SAY_NOTE, name->full, NULL, text);
}

/* Each pattern, and each kind of --only, names something. */
static int see_heads(struct restore *r)
{
	const struct tree_manifest *m = r->reader->ops->manifest(r->reader);
	unsigned only = r->selected.of.kinds, all = 0;
	int rc = 0;

	for (size_t i = 0; i < m->n_heads; i++) {
		const struct tree_head *h = &m->heads[i];
		struct pattern_name name;

		if (coll_is_beside(h->kind)) /* no server takes them */
			continue;
		target_name(h, &name);
		choice_see(&r->selected.choice, &name, !only || only & 1u << h->kind);
		if (!only || only & 1u << h->kind)
			say_use(r, &name);
		all |= 1u << h->kind;
	}
	if (!option_is_shared(r->args, "only"))
		rc = args_only_of(r->args, only, all, "this snapshot");
	return rc ? rc : choice_check(&r->selected.choice);
}

/* Items without another form (a kept bag alone) go with the collection that they stand beside. */
static bool has_lone(const struct restore *r, const struct tree_head *h)
{
	enum service_kind to = target_service(r->account, COLL_MAPI);
	unsigned only = r->selected.of.kinds;

	if (h->kind != COLL_MAPI || !h->roots.items || !r->account->present[to] ||
	        selection_by_item(&r->selected.of))
		return false;
	for (unsigned k = 0; k < COLL_LINKED; k++)
		if ((!only || only & 1u << k) && coll_is_linked((enum coll_kind)k, h->name))
			return true;
	return false;
}

/* The kinds that are to be restored: those the archive has, within --only; *items_out of them. */
static unsigned find_kinds(const struct restore *r, uint64_t *items_out)
{
	const struct tree_manifest *m = r->reader->ops->manifest(r->reader);
	unsigned only = r->selected.of.kinds, have = 0;

	*items_out = 0;
	for (size_t i = 0; i < m->n_heads; i++) {
		const struct tree_head *h = &m->heads[i];

		if (has_lone(r, h))
			have |= 1u << COLL_MAPI;
		if (coll_is_beside(h->kind) || (only && !(only & 1u << h->kind)) ||
		        !target_selects(&r->opts, h))
			continue;
		have |= 1u << h->kind;
		*items_out += h->roots.items;
	}
	return have;
}

/* Each of the kinds needs a service. */
static int check_services(const struct restore *r, unsigned kinds)
{
	unsigned services = 0;

	for (unsigned k = 0; k < COLL_KINDS; k++) {
		enum service_kind to = target_service(r->account, k);

		if (!(kinds & 1u << k))
			continue;
		services |= 1u << to;
		if (!r->account->present[to])
			return usage_error(r->args,
			        "the archive holds %s, and no --%s target was given: give one, or "
			        "name what to restore with --only",
			        coll_kind_dir(k), protocols[to].name);
	}
	return args_have_use(r->args, PROTOCOL_RESTORE, services);
}

/* How the target took what it had refused, RESTORE.md's names (rescue_name) in words. */
static void tell_rescued(const struct target_result *s)
{
	static const char *const words[RESCUES] = {
	        [RESCUE_END] = "with a line end at its end",
	        [RESCUE_LINES] = "with other line ends",
	        [RESCUE_NUL] = "without NUL characters",
	        [RESCUE_FIELDS] = "with a mended header",
	        [RESCUE_8BIT] = "with an encoded header",
	        [RESCUE_LONG] = "with shorter lines",
	        [RESCUE_WRAP] = "as an attachment",
	        [RESCUE_DATE] = "without its date",
	        [RESCUE_FORM] = "in another form",
	};
	const char *sep = "";
	char n[32];

	printf(" (%s of them refused at first and taken otherwise: ", human_count(s->rescued, n));
	for (unsigned i = 0; i < RESCUES; i++)
		if (s->rescues[i]) {
			printf("%s%s %s", sep, human_count(s->rescues[i], n), words[i]);
			sep = ", ";
		}
	putchar(')');
}

static void tell_outcome(const struct restore *r)
{
	const struct target_result *s = &r->sum;
	char n[8][32], items[COUNTED_SIZE], colls[COUNTED_SIZE];

	printf("%s%s in %s: %s %s, %s already there", r->opts.dry_run ? "dry run: " : "",
	        counted(s->items, "item", "items", items),
	        counted(s->collections, "collection", "collections", colls),
	        human_count(s->added, n[2]), r->opts.dry_run ? "to add" : "added",
	        human_count(s->already, n[3]));
	if (s->updated)
		printf(", %s %s", human_count(s->updated, n[1]),
		        r->opts.dry_run ? "to replace by a newer version"
		                        : "replaced by a newer version");
	if (s->flags_added)
		printf(", %s %s", counted(s->flags_added, "flag", "flags", items),
		        r->opts.dry_run ? "to add" : "added");
	if (s->unattached)
		printf(", %s not attached",
		        counted(s->unattached, "linked file", "linked files", items));
	if (s->altered)
		printf(", %s not exactly as in the archive", human_count(s->altered, n[5]));
	if (s->rescued)
		tell_rescued(s);
	if (s->doubled)
		printf(", %s more often than in the archive", human_count(s->doubled, n[7]));
	if (s->unseen)
		printf(", %s not looked at afterwards", human_count(s->unseen, n[4]));
	if (s->unreadable)
		printf(", %s could not be read from the archive (named above; see valise verify)",
		        human_count(s->unreadable, n[4]));
	if (s->failed > s->unreadable)
		printf(", %s REFUSED (named above; what the archive has of them stays in it)",
		        human_count(s->failed - s->unreadable, n[6]));
	putchar('\n');
	if (r->gone)
		printf("%s marked as gone from the source %s left out (--with-gone takes them "
		       "along)\n",
		        counted(r->gone, "item that is", "items that are", items),
		        r->gone == 1 ? "is" : "are");
	if (r->left_out)
		printf("%s not meant by the options, and left out\n",
		        counted(r->left_out, "item is", "items are", items));
}

static json_t *outcome_json(const struct restore *r)
{
	const struct target_result *s = &r->sum;
	json_t *o = json_object(), *how = json_object();

	put_text(o, "archive", r->path);
	if (*r->seal)
		json_set_text(o, "seal", r->seal);
	json_object_set_new(o, "dry_run", json_boolean(r->opts.dry_run));
	json_set_number(o, "items", s->items);
	json_set_number(o, "collections", s->collections);
	json_set_number(o, "collections_made", s->collections_made);
	json_set_number(o, "added", s->added);
	json_set_number(o, "already", s->already);
	json_set_number(o, "altered", s->altered);
	json_set_number(o, "doubled", s->doubled);
	json_set_number(o, "unseen", s->unseen);
	json_set_number(o, "unattached", s->unattached);
	json_set_number(o, "rescued", s->rescued);
	for (unsigned i = 0; i < RESCUES; i++)
		json_set_number(how, rescue_name(i), s->rescues[i]);
	json_object_set_new(o, "rescued_by", how);
	json_set_number(o, "failed", s->failed);
	json_set_number(o, "unreadable", s->unreadable);
	json_set_number(o, "flags_added", s->flags_added);
	json_set_number(o, "updated", s->updated);
	json_set_number(o, "bytes", s->bytes);
	if (selection_by_item(&r->selected.of))
		json_set_number(o, "left_out", r->left_out);
	choice_put_unmatched(&r->selected.choice, o);
	return o;
}

/* As target_opts.counted: called under the lock of the target, which alone has this kind. */
static void add_count(void *ctx, const struct tree_head *h, const struct target_result *res)
{
	struct restore *r = ctx;
	const struct tree_manifest *m = r->reader->ops->manifest(r->reader);

	for (size_t i = 0; i < m->n_heads; i++)
		if (m->heads[i].kind == h->kind && strcmp(m->heads[i].name, h->name) == 0) {
			target_result_add(&r->by_coll[i], res);
			r->counted[i] = true;
			return;
		}
}

static void report_line(
        void *ctx, enum say_level level, const char *collection, const char *item, const char *text)
{
	const struct restore *r = ctx;

	if (r->foresight)
		r->foresight->report(r->foresight->ctx, level, collection, item, text);
	else
		ui_report(r->ui, level, collection, item, text);
}

/* r->opts from the arguments. */
static int restore_options(struct restore *r)
{
	const struct args *a = r->args;
	unsigned full;
	int rc = target_options(a, &r->selected.choice, &r->opts);

	if (rc == 0)
		rc = args_word(a, "verify", "sample|full", &full);
	if (rc)
		return rc;
	r->opts.read_all = full;
	r->opts.dry_run = args_has(a, "dry-run");
	r->opts.attach_links = args_has(a, "attach-links");
	r->opts.update = args_has(a, "update");
	r->opts.strict = args_has(a, "strict");
	r->opts.archive_id = r->archive_id;
	r->opts.report = report_line;
	r->opts.counted = add_count;
	r->opts.beside = r->selected.of.kinds;
	r->opts.ctx = r;
	if (r->foresight) {
		r->opts.dry_run = true;
		r->opts.predictor = r->foresight->to;
	}
	return 0;
}

/*
 * What --into names may be a calendar and no address book: that is no reason to leave the
 * calendars out.
 */
static int tell_no_into(struct restore *r)
{
	int rc = 0;

	for (unsigned k = 0; k < COLL_KINDS; k++) {
		char *text;

		if (!r->no_into[k].code)
			continue;
		if (!r->n_done) {
			rc = fail(r->args, &r->no_into[k]);
			continue;
		}
		text = xasprintf("%s: the archive's %s are not restored; make it there, or leave "
		                 "them out with --only",
		        r->no_into[k].text, coll_kind_dir((enum coll_kind)k));
		ui_report(r->ui, SAY_WARNING, NULL, NULL, text);
		free(text);
	}
	return rc;
}

/* A server of MAPI takes all kinds: what goes another way is said. */
static void say_ways(const struct restore *r, unsigned kinds)
{
	struct buf line = buf_of(1024);
	unsigned others = 0;

	for (unsigned k = 0; k < COLL_KINDS; k++) {
		enum service_kind to = target_service(r->account, (enum coll_kind)k);

		if (!(kinds & 1u << k))
			continue;
		others += to != SERVICE_MAPI;
		buf_putf(&line, "%s%s over %s", line.len ? ", " : "",
		        k == COLL_MAPI ? "items of Outlook's without another form"
		                       : coll_kind_dir((enum coll_kind)k),
		        protocols[to].name);
	}
	if (others && r->account->present[SERVICE_MAPI])
		ui_report(r->ui, SAY_INFO, NULL, NULL, buf_str(&line));
	buf_clear(&line);
}

/* All kinds within the limits; of several that failed the first one's exit code. */
static int run_kinds(struct restore *r, unsigned kinds)
{
	struct kind_stored list[COLL_KINDS] = {0};
	struct limits *limits = NULL;
	size_t n = 0;
	int rc = limits_start(r->args, r->account, &limits);

	say_ways(r, kinds);
	for (unsigned k = 0; k < COLL_KINDS; k++)
		if (kinds & 1u << k)
			list[n++] = (struct kind_stored){
			        .kind = k, .to = target_service(r->account, k)};
	if (rc == 0)
		store_side_by_side(
		        r->account->services, list, n, r->reader, &r->opts, &r->ui->progress);
	limits_end(limits);
	for (size_t i = 0; i < n; i++) {
		int now = list[i].is_done ? settle_kind(r, &list[i]) : 0;

		rc = rc ? rc : now;
	}
	return rc == 0 ? tell_no_into(r) : rc;
}

struct chosen {
	const struct target_opts *opts;
	unsigned kinds;
};

static bool is_chosen(void *ctx, const struct tree_head *h)
{
	const struct chosen *c = ctx;

	return c->kinds & 1u << h->kind && target_selects(c->opts, h);
}

/* What came of each of these folders; none of those that the run did not get to. */
static void put_counts(const struct restore *r, const struct chosen *chosen, json_t *folders)
{
	const struct tree_manifest *m = r->reader->ops->manifest(r->reader);
	size_t at = 0;

	for (size_t i = 0; i < m->n_heads; i++) {
		json_t *o;

		if (!is_chosen((void *)(uintptr_t)chosen, &m->heads[i]))
			continue;
		o = json_array_get(folders, at++);
		if (!r->counted[i])
			continue;
		json_set_number(o, "added", r->by_coll[i].added);
		json_set_number(o, "already", r->by_coll[i].already);
		json_set_number(o, "failed", r->by_coll[i].failed);
	}
}

/* With the folders that were chosen. */
static int write_report(const struct restore *r, const json_t *outcome, unsigned kinds, int rc)
{
	struct chosen chosen = {&r->opts, kinds};
	struct report report = {.rc = rc, .target = r->account};

	if (args_has(r->args, "report")) {
		report.collections = report_collections(r->reader, is_chosen, &chosen);
		put_counts(r, &chosen, report.collections);
	}
	rc = ui_write_reports(r->ui, outcome, &report);
	json_decref(report.collections);
	return rc;
}

/* Not all would be there as it is in the archive. */
static bool is_incomplete(const struct restore *r)
{
	const struct target_result *s = &r->sum;

	return s->failed || s->altered || s->doubled || s->unseen || s->unattached ||
	       selected_unread(&r->selected);
}

/* From the options to what came of it, with the archive open. */
static int run_chosen(struct restore *r, unsigned *kinds)
{
	struct err err = {0};
	uint64_t all, meant;
	int rc = restore_options(r);

	if (rc == 0 && archive_identity(r->path, r->archive_id, &err) < 0)
		rc = fail(r->args, &err);
	if (rc == 0)
		rc = see_heads(r);
	*kinds = find_kinds(r, &all);
	if (rc == 0)
		rc = maps_read(&r->maps, r->reader->ops->manifest(r->reader), &r->opts,
		        *kinds & ~(1u << COLL_MAPI), &r->selected.choice);
	if (rc == 0)
		rc = selected_items(&r->selected, &r->reader);
	if (rc)
		return rc;
	*kinds = find_kinds(r, &meant);
	r->left_out = all - meant;
	if (r->left_out && !meant)
		rc = usage_error(r->args, "of what is chosen, these options leave nothing");
	if (rc == 0)
		rc = check_services(r, *kinds);
	if (rc == 0 && r->opts.into && *kinds & 1u << COLL_MAIL)
		rc = usage_error(r->args,
		        "--into is for calendars and contacts: add --only calendars or --only "
		        "contacts");
	return rc;
}

/* The same, to the reports. */
static int run_restore(struct restore *r)
{
	unsigned kinds = 0;
	json_t *o;
	int rc = run_chosen(r, &kinds);

	if (rc)
		return rc;
	rc = run_kinds(r, kinds);
	if (rc == 0 && is_incomplete(r))
		rc = EXIT_INCOMPLETE;
	ui_stop(r->ui);
	o = outcome_json(r);
	if (r->ui->json)
		end_outcome(r->args, json_copy(o));
	else if ((rc == 0 || rc == EXIT_INCOMPLETE || r->n_done) &&
	         !ui_quiet(r->ui, rc)) /* what the other services took, too */
		tell_outcome(r);
	if (write_report(r, o, kinds, rc) && (rc == 0 || rc == EXIT_INCOMPLETE))
		rc = EXIT_FAILED;
	json_decref(o);
	ui_stats(r->ui);
	return rc;
}

/* With what is gone among the items, or without it; how much that is. */
static void choose_gone(struct restore *r)
{
	bool with = args_has(r->args, "with-gone");
	struct tree_totals t;
	size_t n;

	tree_manifest_totals(r->reader->ops->manifest(r->reader), &t);
	r->gone = with ? 0 : t.gone;
	r->reader = tree_gone_view(r->reader, with);
	n = r->reader->ops->manifest(r->reader)->n_heads;
	r->by_coll = xcalloc(n + 1, sizeof *r->by_coll);
	r->counted = xcalloc(n + 1, sizeof *r->counted);
}

/* The archive, and ${run} with it. */
static int with_archive(struct restore *r, int (*run)(struct restore *r))
{
	struct err err = {0};
	unsigned snapshot;
	int rc = args_snapshot(r->args, &snapshot);

	if (rc)
		return rc;
	if (archive_reader(r->path, snapshot, &r->reader, &err) < 0)
		return fail(r->args, &err);
	archive_reader_seal(r->reader, r->seal);
	r->opts.snapshot = archive_reader_number(r->reader);
	if (selected_search(&r->selected, r->path, NULL, r->reader, &r->ui->progress, &err) < 0)
		rc = fail(r->args, &err);
	choose_gone(r);
	rc = rc ? rc : run(r);
	tree_reader_free(r->reader);
	maps_clear(&r->maps);
	free(r->by_coll);
	free(r->counted);
	return rc;
}

static int run_foresight(struct restore *r)
{
	unsigned kinds = 0;
	int rc = run_chosen(r, &kinds);

	if (rc == 0)
		rc = run_kinds(r, kinds);
	r->foresight->outcome = outcome_json(r);
	r->foresight->incomplete = is_incomplete(r);
	return rc;
}

int restore_foresee(
        const struct args *a, struct account *account, struct ui *ui, struct foresight *f)
{
	struct restore *r = xcalloc(1, sizeof *r);
	int rc = args_selection(a, &r->selected);

	r->args = a;
	r->path = f->archive;
	r->foresight = f;
	r->account = account;
	r->ui = ui;
	if (rc == 0)
		rc = with_archive(r, run_foresight);
	selected_clear(&r->selected);
	free(r);
	return rc;
}

int cmd_restore(const struct args *a)
{
	struct restore *r = xcalloc(1, sizeof *r);
	struct ui ui;
	unsigned snapshot;
	int rc = args_snapshot(a, &snapshot);

	r->args = a;
	r->path = a->pos[0];
	r->ui = &ui;
	if (rc == 0)
		rc = args_selection(a, &r->selected);
	if (rc == 0)
		rc = load_account(a, a->pos[1], &r->account);
	if (rc) {
		free(r);
		return rc;
	}
	ui_start(&ui, a);
	rc = with_archive(r, run_restore);
	ui_clear(&ui);
	account_free(r->account);
	selected_clear(&r->selected);
	free(r);
	return rc;
}
