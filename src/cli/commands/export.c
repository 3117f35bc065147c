/* valise export: items of an archive as files that other programs take. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/export/export.h"
#include "valise/pack/archive.h"
#include "valise/tree/gone.h"
#include "valise/winmail/winmail.h"
#include "cli/cli.h"
#include "cli/options/selection.h"

static int cmd_export(const struct args *a);
const struct command export_command = {
        .name = "export",
        .synopsis = "ARCHIVE -o DIR|FILE.zip --format FORMAT",
        .summary = "write items as files that other programs take",
        .details =
                "Mail as mbox, eml, maildir or mh, calendars as ics, contacts as vcf, all of it as "
                "html, which is for reading. What a format loses of every item is said first. "
                "Exit codes: 0 done, 2 usage, 3 done, but something could not be read, or came out "
                "otherwise than the format has to make it: named.",
        .bit = CMD_EXPORT,
        .min_pos = 1,
        .max_pos = 1,
        .run = cmd_export,
};

/* "mbox|eml": those that are made. */
static void put_formats(struct buf *out)
{
	for (unsigned f = 0; f < EXPORT_FORMATS; f++)
		if (export_format_word(f))
			buf_putf(out, "%s%s", out->len ? "|" : "", export_format_word(f));
}

static int read_format(const struct args *a, enum export_format *out)
{
	const char *word = args_get(a, "format");
	struct buf words = buf_of(200);
	unsigned place, f = 0;
	int rc;

	put_formats(&words);
	if (word)
		rc = args_word(a, "format", buf_str(&words), &place);
	else
		rc = usage_error(a, "which format? --format %s", buf_str(&words));
	buf_clear(&words);
	while (rc == 0 && (!export_format_word(f) || strcmp(export_format_word(f), word) != 0))
		f++;
	*out = f;
	return rc;
}

static int read_options(const struct args *a, struct export_opts *o)
{
	const char *split = args_get(a, "split");
	unsigned version = 0;
	int rc = read_format(a, &o->format);

	o->path = args_get(a, "output");
	if (rc == 0 && split && (!bytes_read(split, &o->split) || o->split == 0))
		rc = usage_error(a, "--split takes " BYTES_WANTED ", not \"%s\"", split);
	if (rc == 0 && split && o->format != EXPORT_MBOX && o->format != EXPORT_ICS &&
	        o->format != EXPORT_VCF)
		rc = usage_error(a, "--split goes with --format mbox, ics and vcf");
	if (rc == 0 && args_has(a, "vcard")) {
		rc = args_word(a, "vcard", "3|4", &version);
		o->vcard = version + 3;
	}
	if (rc == 0 && o->vcard && o->format != EXPORT_VCF)
		rc = usage_error(a, "--vcard goes with --format vcf");
	o->resized = args_has(a, "open-winmail");
	if (rc == 0 && o->resized && !(export_format_kinds(o->format) & 1u << COLL_MAIL))
		rc = usage_error(a, "--open-winmail goes with formats for mail");
	if (rc == 0 && !o->path)
		rc = usage_error(a, "where to? -o DIR names a new folder, -o FILE.zip a zip file");
	return rc;
}

/* Without links, of what is there of it. NULL: nothing can be said. */
static char *real_place(const char *path)
{
	char *at = xstrdup(path), *real = realpath(at, NULL), *slash;

	while (!real && (slash = strrchr(at, '/')) && slash > at) {
		*slash = '\0';
		real = realpath(at, NULL);
	}
	free(at);
	return real ? real : realpath(*path == '/' ? "/" : ".", NULL);
}

/* A backup, or valise forget, would take what is there for a part of it, or away. */
static int check_outside(const struct args *a, const char *path)
{
	char *archive = realpath(a->pos[0], NULL), *place = real_place(path);
	size_t n = archive ? strlen(archive) : 0;
	bool inside = n > 1 && place && strncmp(place, archive, n) == 0 &&
	              (place[n] == '/' || place[n] == '\0');

	free(archive);
	free(place);
	return inside ? usage_error(
	                        a, "%s is the archive, or in it: name a place outside of it", path)
	              : 0;
}

/* What of the snapshot is in none of the files, and what the files cannot say. */
static int tell_losses(
        const struct args *a, struct ui *ui, struct tree_reader *r, enum export_format f)
{
	static const char *const what[COLL_KINDS] = {
	        "mail", "calendars", "contacts", "files behind links", "raw items of Outlook"};
	const struct tree_manifest *m = r->ops->manifest(r);
	unsigned kinds = export_format_kinds(f), have = 0, there = 0;
	struct buf left = buf_of(400);

	for (size_t i = 0; i < m->n_heads; i++) {
		there |= 1u << m->heads[i].kind;
		have |= m->heads[i].roots.items ? 1u << m->heads[i].kind : 0;
	}
	if (!(there & kinds)) {
		buf_clear(&left);
		return usage_error(a, "there is nothing to be written in the format %s",
		        export_format_word(f));
	}
	for (unsigned k = 0; k < COLL_KINDS; k++)
		if (have & ~kinds & 1u << k)
			buf_putf(&left, "%s%s", left.len ? ", " : "", what[k]);
	if (left.len)
		progress_say(&ui->progress, SAY_NOTE, "not in this format, and left out: %s",
		        buf_str(&left));
	if (export_format_loss(f))
		progress_say(&ui->progress, SAY_NOTE, "%s: %s", export_format_word(f),
		        export_format_loss(f));
	buf_clear(&left);
	return 0;
}

/* --open-winmail: messages in which one was opened, and those of which something is missing. */
struct winmails {
	struct progress *progress;
	uint64_t opened, incomplete;
	struct tree_reader *from; /* whose items they are */
	const struct tree_coll *c;
	const struct tree_item *it; /* that was counted as incomplete last */
};

static void on_winmail(void *ctx, const struct tree_coll *c, const struct tree_item *it, bool lost,
        const char *what)
{
	struct winmails *w = ctx;
	struct buf name = buf_of(SIZE_MAX / 2);

	if (!what) {
		w->opened++;
		return;
	}
	if (lost && (w->c != c || w->it != it)) {
		w->incomplete++;
		w->c = c;
		w->it = it;
	}
	tree_item_name(w->from, c, it, &name);
	progress_name(w->progress, lost ? SAY_WARNING : SAY_NOTE, c->name, buf_str(&name),
	        "winmail.dat: %s", what);
	buf_clear(&name);
}

static json_t *outcome_json(const struct args *a, const struct export_opts *o,
        const struct export_result *e, const struct winmails *w)
{
	json_t *out = json_object();

	put_text(out, "archive", a->pos[0]);
	put_text(out, "to", o->path);
	json_set_text(out, "format", export_format_word(o->format));
	json_set_number(out, "collections", e->collections);
	json_set_number(out, "items", e->items);
	json_set_number(out, "files", e->files);
	json_set_number(out, "bytes", e->bytes);
	json_set_number(out, "failed", e->failed);
	json_set_number(out, "missing", e->missing);
	json_set_number(out, "altered", e->altered);
	if (o->resized) {
		json_set_number(out, "opened", w->opened);
		json_set_number(out, "opened_in_part", w->incomplete);
	}
	return out;
}

static void tell_outcome(
        const struct export_opts *o, const struct export_result *e, const struct winmails *w)
{
	char n[8][COUNTED_SIZE], safe[600];

	printf("%s: %s in %s, %s\n", term_escape(o->path, strlen(o->path), safe, sizeof safe),
	        counted(e->items, "item", "items", n[0]), counted(e->files, "file", "files", n[1]),
	        human_bytes(e->bytes, n[2]));
	if (o->resized)
		printf("winmail.dat opened in %s\n",
		        counted(w->opened, "message", "messages", n[6]));
	if (w->incomplete)
		printf("%s with a winmail.dat of which something is missing: named above\n",
		        counted(w->incomplete, "message", "messages", n[7]));
	if (e->failed)
		printf("%s could not be read: named above\n",
		        counted(e->failed, "item", "items", n[3]));
	if (e->missing)
		printf("%s missing in the archive: named above\n",
		        counted(e->missing, "item is", "items are", n[4]));
	if (e->altered)
		printf("%s not as in the archive: named above\n",
		        counted(e->altered, "item is", "items are", n[5]));
}

/* The codes, the report, what people and programs are told. */
static int finish(struct ui *ui, const struct export_opts *o, const struct export_result *e,
        const struct selected *meant, const struct winmails *w)
{
	bool whole = !w->incomplete && !e->failed && !e->missing && !e->altered &&
	             !selected_unread(meant);
	int rc = whole ? EXIT_DONE : EXIT_INCOMPLETE;
	json_t *out = outcome_json(ui->args, o, e, w);

	ui_stop(ui);
	if (ui->json)
		end_outcome(ui->args, json_copy(out));
	else if (!ui_quiet(ui, rc))
		tell_outcome(o, e, w);
	if (ui_write_reports(ui, out, &(struct report){.rc = rc}))
		rc = EXIT_FAILED;
	json_decref(out);
	return rc;
}

/* What is meant of the snapshot. 0, or an exit code after a message; *out is NULL then. */
static int open_source(struct ui *ui, struct selected *meant, struct tree_reader **out)
{
	const struct args *a = ui->args;
	struct err err = {0};
	unsigned snapshot;
	int rc = args_snapshot(a, &snapshot);

	*out = NULL;
	if (rc == 0 && archive_reader(a->pos[0], snapshot, out, &err) < 0)
		rc = fail(a, &err);
	if (rc)
		return rc;
	if (selected_search(meant, a->pos[0], NULL, *out, &ui->progress, &err) < 0) {
		tree_reader_free(*out);
		*out = NULL;
		return fail(a, &err);
	}
	*out = tree_gone_view(*out, args_has(a, "with-gone"));
	return selected_view(meant, out);
}

static int cmd_export(const struct args *a)
{
	struct tree_reader *from = NULL;
	struct export_opts o = {0};
	struct export_result e = {0};
	struct winmails w = {0};
	struct selected meant;
	struct err err = {0};
	struct ui ui;
	int rc = args_selection(a, &meant);

	rc = rc ? rc : read_options(a, &o);
	rc = rc ? rc : check_outside(a, o.path);
	ui_start(&ui, a);
	rc = rc ? rc : open_source(&ui, &meant, &from);
	if (rc == 0)
		rc = tell_losses(a, &ui, from, o.format);
	if (rc == 0 && o.resized) {
		w.progress = &ui.progress;
		w.from = from;
		from = winmail_view(from, on_winmail, &w);
	}
	if (rc == 0 && export_run(from, &o, &ui.progress, &e, &err) < 0)
		rc = fail(a, &err);
	else if (rc == 0)
		rc = finish(&ui, &o, &e, &meant, &w);
	tree_reader_free(from);
	ui_clear(&ui);
	selected_clear(&meant);
	return rc;
}
