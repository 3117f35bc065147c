/* valise import: files of mail, calendars and contacts into an archive. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/import/import.h"
#include "valise/pack/archive.h"
#include "cli/cli.h"
#include "cli/options/selection.h"

static int cmd_import(const struct args *a);
const struct command import_command = {
        .name = "import",
        .synopsis = "PATH... -o ARCHIVE",
        .summary = "files of mail, calendars and contacts into an archive",
        .details = "mbox, Maildir, MH, .eml, .emlx, .ics, .vcf, Outlook's PST, OST, .msg and "
                   "winmail.dat, in folders, zip, tar and tgz: what a file is is told from its "
                   "content. Again: only what is new is added.\n"
                   "Exit codes: 0 done, 1 failed, 2 usage, 3 done, but something did not come "
                   "over whole, 11 locked by another run, 130 interrupted.",
        .bit = CMD_IMPORT,
        .min_pos = 1,
        .max_pos = POS_MAX,
        .run = cmd_import,
};

enum { REPORTED_MAX = 10000 }; /* items, of which a report says what found no place */

struct import {
	const struct args *args;
	const char *path; /* of the archive */
	bool dry;
	struct selected selected;
	struct ui ui;
	struct tree_account who;
	struct tree_reader *last; /* with --dry-run; NULL: there is no archive yet */
	struct tree_sink *sink;
	struct import_result result;
	struct tree_commit commit;
	json_t *folders; /* what came of each collection */
	json_t *homeless; /* properties of Outlook's items that found no place */
	json_t *homeless_items; /* with --report: the same by item; NULL: nobody asked */
	uint64_t homeless_more; /* items that have some, and are not in the report */
};

/* Each collection, as it was filled. */
static void take_told(void *ctx, const struct import_told *t)
{
	struct import *m = ctx;
	json_t *o = json_object();

	json_set_text(o, "kind", coll_kind_dir(t->kind));
	put_text(o, "name", t->name);
	json_set_number(o, "had", t->had);
	json_set_number(o, "added", t->added);
	json_set_number(o, "changed", t->changed);
	if (t->left_out)
		json_set_number(o, "left_out", t->left_out);
	json_set_number(o, "errors", t->errors);
	json_array_append_new(m->folders, o);
}

static void take_homeless(void *ctx, const struct import_homeless *h)
{
	struct import *m = ctx;
	json_t *o = json_object();

	put_text(o, "property", h->property);
	json_set_number(o, "items", h->items);
	put_text(o, "example", h->example);
	json_array_append_new(m->homeless, o);
}

/* For programs at once, as there may be millions; for the report the first ones. */
static void take_homeless_item(void *ctx, const struct import_homeless_item *h)
{
	struct import *m = ctx;
	json_t *o = json_object(), *list = json_array();

	put_text(o, "kind", coll_kind_dir(h->kind));
	put_text(o, "collection", h->collection);
	put_text(o, "item", h->item);
	for (size_t i = 0; i < h->n; i++)
		append_text(list, h->properties[i]);
	json_object_set_new(o, "properties", list);
	if (h->more)
		json_set_number(o, "more", h->more);
	if (m->ui.json) {
		pthread_mutex_lock(&m->ui.lock);
		print_event(o, "homeless");
		pthread_mutex_unlock(&m->ui.lock);
	}
	if (m->homeless_items && json_array_size(m->homeless_items) < REPORTED_MAX)
		json_array_append(m->homeless_items, o);
	else
		m->homeless_more++;
	json_decref(o);
}

static json_t *outcome_json(const struct import *m)
{
	json_t *o = json_object();

	put_text(o, "archive", m->path);
	json_object_set_new(o, "dry_run", json_boolean(m->dry));
	json_object_set(o, "folders", m->folders);
	json_set_number(o, "files", m->result.files);
	json_set_number(o, "found", m->result.items);
	json_set_number(o, "added", m->result.added);
	json_set_number(o, "updated", m->result.changed);
	json_set_number(o, "failed", m->result.errors);
	json_set_number(o, "unread", m->result.unread);
	json_set_number(o, "ignored", m->result.ignored);
	if (m->result.raw_only)
		json_set_number(o, "raw_only", m->result.raw_only);
	if (json_array_size(m->homeless))
		json_object_set(o, "homeless", m->homeless);
	if (!m->dry)
		commit_to_json(&m->commit, o);
	else if (m->result.left_out)
		json_set_number(o, "left_out", m->result.left_out);
	return o;
}

/* What would come, folder by folder. */
static void tell_folders(const struct import *m)
{
	char n[32], had[32], safe[400];
	size_t i;
	json_t *o;

	json_array_foreach(m->folders, i, o)
	{
		const char *name = json_get_str(o, "name"), *kind = json_get_str(o, "kind");

		printf("%12s new, %12s there  %s%s%s\n",
		        human_count((uint64_t)json_get_int(o, "added", 0), n),
		        human_count((uint64_t)json_get_int(o, "had", 0), had),
		        strcmp(kind, "mail") ? kind : "", strcmp(kind, "mail") ? "/" : "",
		        term_escape(name, strlen(name), safe, sizeof safe));
	}
}

static void tell_sealed(const struct import *m)
{
	const struct tree_commit *c = &m->commit;
	struct buf b = buf_of(4096);
	char safe[600], n[2][32];

	term_escape(m->path, strlen(m->path), safe, sizeof safe);
	totals_text(&c->totals, &b);
	if (!c->changed)
		printf("%s: nothing new since snapshot %u: %s\n", safe, c->snapshot, buf_str(&b));
	else
		printf("%s: snapshot %u sealed: %s; %s of it new, %s on disk\n"
		       "seal %s (keep this number elsewhere: valise verify --expect)\n",
		        safe, c->snapshot, buf_str(&b), human_bytes(c->bytes_new, n[0]),
		        human_bytes(c->disk_new, n[1]), c->seal);
	if (!c->totals.complete)
		printf("INCOMPLETE: %s; valise list shows which\n",
		        counted(c->totals.errors, "item did not come over whole",
		                "items did not come over whole", (char[COUNTED_SIZE]){0}));
	buf_clear(&b);
}

/* No loss where the properties are kept as they are; else the only word of them. */
static void tell_homeless(const struct import *m)
{
	char n[2][COUNTED_SIZE];

	if (m->result.homeless)
		printf("%s of Outlook's items (%s) have no place in what was made of them,\n"
		       "and are %skept as they are; --json and --report name them\n",
		        counted(m->result.homeless, "property", "properties", n[0]),
		        counted(json_array_size(m->homeless), "name", "names", n[1]),
		        args_has(m->args, "no-raw") ? "not " : "");
}

static void tell_outcome(const struct import *m)
{
	const struct import_result *r = &m->result;
	char n[4][COUNTED_SIZE], k[32];
	struct buf words = buf_of(SIZE_MAX);

	if (m->dry)
		tell_folders(m);
	printf("%s in %s: %s new%s\n", counted(r->items, "item", "items", n[0]),
	        counted(r->files, "file", "files", n[1]), human_count(r->added, k),
	        m->dry ? "; nothing was written" : "");
	if (r->changed)
		printf("%s\n", counted(r->changed, "item has more flags or another content now",
		                       "items have more flags or another content now", n[2]));
	if (r->left_out) {
		char safe[1000];

		selection_words(&m->selected.of, &words);
		printf("%s left out (%s): an import without these options adds what is still in "
		       "the files\n",
		        counted(r->left_out, "item is", "items are", n[2]),
		        term_escape(buf_str(&words), words.len, safe, sizeof safe));
	}
	buf_clear(&words);
	if (r->raw_only)
		printf("%s of a class that has no form: only the properties are kept\n",
		        counted(r->raw_only, "item of Outlook is", "items of Outlook are", n[2]));
	tell_homeless(m);
	if (r->ignored)
		printf("%s of an account: left alone\n",
		        counted(r->ignored, "file holds nothing", "files hold nothing", n[2]));
	if (r->unread)
		printf("NOT READ: %s\n",
		        counted(r->unread, "file, named above", "files, named above", n[3]));
	if (!m->dry)
		tell_sealed(m);
}

/* What the report has besides; programs had it as events. */
static void put_reported(const struct import *m, json_t *o)
{
	if (json_array_size(m->homeless_items))
		json_object_set(o, "homeless_items", m->homeless_items);
	if (m->homeless_more)
		json_set_number(o, "homeless_items_left_out", m->homeless_more);
}

/* The exit code, what people and programs are told, the reports. */
static int finish(struct import *m)
{
	bool missing = m->result.unread || m->result.errors ||
	               (!m->dry && (!m->commit.totals.complete || m->commit.found));
	int rc = missing ? EXIT_INCOMPLETE : EXIT_DONE;
	json_t *o = outcome_json(m);
	struct report report = {.rc = rc};
	struct tree_reader *from = NULL;
	struct err err = {0};

	ui_stop(&m->ui);
	if (m->ui.json)
		end_outcome(m->args, json_copy(o));
	else if (!ui_quiet(&m->ui, rc))
		tell_outcome(m);
	if (args_has(m->args, "report")) {
		if (!m->dry && archive_reader(m->path, 0, &from, &err) < 0)
			rc = fail(m->args, &err);
		if (from)
			report.collections = report_collections(from, NULL, NULL);
		put_reported(m, o);
		if (ui_write_reports(&m->ui, o, &report))
			rc = EXIT_FAILED;
	}
	json_decref(report.collections);
	json_decref(o);
	tree_reader_free(from);
	return rc;
}

/* "alice" of "backups/alice.valise/": whose the files are. */
static char *name_of(const char *archive)
{
	size_t n = strlen(archive), from;

	while (n > 1 && archive[n - 1] == '/')
		n--;
	for (from = n; from > 0 && archive[from - 1] != '/';)
		from--;
	if (n - from > 7 && strncmp(archive + n - 7, ".valise", 7) == 0)
		n -= 7;
	return xstrndup(archive + from, n - from);
}

static int open_sink(struct import *m, struct err *err)
{
	struct archive_opts o = {0};
	int rc = 0;

	m->who.name = name_of(m->path);
	tree_account_add(&m->who, ACCOUNT_FILES, "", 0, "");
	if (!m->dry) {
		rc = args_number(m->args, "part-size", 0, &o.part_size);
		return rc ? ERR_USAGE
		          : archive_sink(m->path, &m->who, &o, &m->ui.progress, &m->sink, err);
	}
	rc = err_pardon(err, archive_reader(m->path, 0, &m->last, err), ERR_NO_ARCHIVE);
	if (rc == 0 && m->last)
		rc = tree_account_check(
		        &m->last->ops->manifest(m->last)->account, &m->who, false, err);
	if (rc == 0)
		m->sink = import_dry_sink(m->last);
	return rc;
}

/* Nothing was found at all: a PATH that was meant otherwise. */
static int check_found(const struct import *m)
{
	const struct import_result *r = &m->result;

	struct err err = {0};

	if (r->files)
		return 0;
	if (r->unread || r->errors) {
		(void)err_set(&err, ERR_IO, ERR_WHOLE,
		        "nothing could be read (see above): nothing is kept of this run");
		return fail(m->args, &err);
	}
	return usage_error(m->args,
	        m->args->n_pos > 1 ? "nothing of an account is in these %zu paths"
	                           : "nothing of an account is in what is given",
	        m->args->n_pos);
}

static int check_space(void *path, uint64_t bytes, struct err *err)
{
	return archive_space_check(path, bytes, err);
}

static int run_import(struct import *m)
{
	struct stat st;
	/* Of files that an archive may have already nobody knows what they will take. */
	bool first = !m->dry && stat(m->path, &st) != 0;
	const struct import_opts o = {.paths = m->args->pos,
	        .n_paths = m->args->n_pos,
	        .archive = m->path,
	        .into = args_get(m->args, "into"),
	        .selection = selection_by_item(&m->selected.of) ? &m->selected.of : NULL,
	        .told = take_told,
	        .told_ctx = m,
	        .no_raw = args_has(m->args, "no-raw"),
	        .recover = args_has(m->args, "recover"),
	        .homeless = take_homeless,
	        .homeless_item = m->ui.json || m->homeless_items ? take_homeless_item : NULL,
	        .homeless_ctx = m,
	        .space_check = first ? check_space : NULL,
	        .space_ctx = (void *)(uintptr_t)m->path};
	struct err err = {0};
	int rc = open_sink(m, &err);

	if (rc == 0)
		rc = import_run(&o, m->sink, &m->ui.progress, &m->result, &err);
	if (rc < 0)
		return fail(m->args, &err);
	rc = check_found(m);
	if (rc)
		return rc;
	if (!m->dry && m->sink->ops->commit(m->sink, &m->commit, &err) < 0)
		return fail(m->args, &err);
	return finish(m);
}

static int cmd_import(const struct args *a)
{
	struct import m = {.args = a, .path = args_get(a, "output"), .dry = args_has(a, "dry-run")};
	const char *into = args_get(a, "into");
	uint64_t size;
	int rc = args_number(a, "part-size", 0, &size);

	if (rc)
		return rc;
	if (!m.path)
		return usage_error(a, "where to? -o ARCHIVE names the archive");
	if (into && (maps_empty_level(into) || !utf8_valid(into, strlen(into))))
		return usage_error(a, "--into names a folder, not \"%s\"", into);
	m.folders = json_array();
	rc = args_selection(a, &m.selected);
	m.homeless = json_array();
	if (args_has(a, "report"))
		m.homeless_items = json_array();
	ui_start(&m.ui, a);
	if (rc == 0)
		rc = run_import(&m);
	tree_sink_free(m.sink);
	tree_reader_free(m.last);
	tree_account_clear(&m.who);
	json_decref(m.folders);
	selected_clear(&m.selected);
	json_decref(m.homeless);
	json_decref(m.homeless_items);
	ui_clear(&m.ui);
	return rc;
}
