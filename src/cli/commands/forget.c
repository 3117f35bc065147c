/* valise forget: only some snapshots of an archive stay. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/find/find.h"
#include "valise/pack/archive.h"
#include "cli/cli.h"
#include "cli/forget/keep.h"

const struct command forget_command = {
        .name = "forget",
        .synopsis = "ARCHIVE",
        .summary = "leave only some snapshots of an archive, by rules of age and number",
        .details =
                "At least one --keep-... says what stays; what one of them keeps, no other takes "
                "away, and the newest snapshot always stays. Days, weeks, months and years are "
                "those of the local time zone (TZ). The snapshots that stay are written once more "
                "beside the old ones, verified and compared with them, and only then take their "
                "place, with their numbers; what only the others held is gone. So there must be "
                "room for both. Seals have other hashes afterwards: keep the one that is printed.",
        .bit = CMD_FORGET,
        .min_pos = 1,
        .max_pos = 1,
        .run = cmd_forget,
};

/* What the options ask for. */
struct wish {
	struct keep_rules rules;
	unsigned numbers[ARGS_MAX];
	bool dry;
};

static int read_counts(const struct args *a, struct keep_rules *r)
{
	const struct {
		const char *option;
		uint64_t *to;
	} counts[] = {
	        {"keep-last", &r->last},
	        {"keep-daily", &r->daily},
	        {"keep-weekly", &r->weekly},
	        {"keep-monthly", &r->monthly},
	        {"keep-yearly", &r->yearly},
	};
	int rc = 0;

	for (size_t i = 0; i < COUNT(counts) && rc == 0; i++)
		rc = args_number(a, counts[i].option, 0, counts[i].to);
	return rc;
}

static int read_wish(const struct args *a, struct wish *w)
{
	const char *within = args_get(a, "keep-within"), *given[ARGS_MAX];
	struct keep_rules *r = &w->rules;
	int rc = read_counts(a, r);

	if (rc)
		return rc;
	r->numbers = w->numbers;
	r->n_numbers = args_all(a, "keep-snapshot", given, ARGS_MAX);
	for (size_t i = 0; i < r->n_numbers; i++) {
		char *end;
		unsigned long n = strtoul(given[i], &end, 10);

		if (n == 0 || n > UINT_MAX || *end || given[i][0] == '-')
			return usage_error(a,
			        "--keep-snapshot wants the number of a snapshot (valise snapshots "
			        "lists them), not \"%s\"",
			        given[i]);
		w->numbers[i] = (unsigned)n;
	}
	r->has_within = within != NULL;
	if (within && !age_read(within, &r->within))
		return usage_error(a,
		        "--keep-within takes an age such as 36h, 7d, 4w, 6m (months) or 1y6m, not "
		        "\"%s\"",
		        within);
	w->dry = args_has(a, "dry-run");
	if (!within && r->n_numbers + r->last + r->daily + r->weekly + r->monthly + r->yearly == 0)
		return usage_error(a, "what is to stay? At least one of --keep-last, --keep-daily, "
		                      "--keep-weekly, --keep-monthly, --keep-yearly, --keep-within "
		                      "and --keep-snapshot says so");
	return 0;
}

/* What is told of them, once it is done. */
struct choice_made {
	const struct wish *wish;
	struct archive_snapshot *all;
	struct keep_one *list;
	size_t n;
};

static bool is_one(const struct archive_snapshot *all, size_t n, unsigned number)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].number == number)
			return true;
	return false;
}

/* The rules over all snapshots; a number that is none is a mistake. */
static int choose(
        void *ctx, const struct archive_snapshot *all, size_t n, bool *keep, struct err *err)
{
	struct choice_made *m = ctx;
	const struct keep_rules *r = &m->wish->rules;

	m->all = xmemdup(all, n * sizeof *all);
	m->list = xcalloc(n, sizeof *m->list);
	m->n = n;
	for (size_t i = 0; i < r->n_numbers; i++)
		if (!is_one(all, n, r->numbers[i]))
			return err_set(err, ERR_USAGE, ERR_WHOLE,
			        "there is no snapshot %u (valise snapshots lists them)",
			        r->numbers[i]);
	for (size_t i = 0; i < n; i++) {
		time_t created = (time_t)all[i].created;

		m->list[i].number = all[i].number;
		if (!localtime_r(&created, &m->list[i].at)) /* a year that no clock has */
			m->list[i].at = (struct tm){.tm_mday = 1};
	}
	keep_choose(r, m->list, n);
	for (size_t i = 0; i < n; i++)
		keep[i] = m->list[i].why != 0;
	return 0;
}

static json_t *snapshot_json(const struct archive_snapshot *s, unsigned why)
{
	json_t *o = json_object();
	json_t *words = json_array();
	char date[DATE_TEXT_SIZE];

	date_format_iso(s->created, date);
	json_set_number(o, "snapshot", s->number);
	json_set_text(o, "created", date);
	for (unsigned i = 0; i < KEEP_WORDS; i++)
		if (why & 1u << i)
			json_array_append_new(words, json_string(keep_word(i)));
	if (why)
		json_object_set(o, "why", words);
	json_decref(words);
	return o;
}

static json_t *outcome_json(
        const struct args *a, const struct choice_made *m, const struct archive_forgotten *f)
{
	json_t *o = json_object(), *kept = json_array(), *gone = json_array();

	for (size_t i = 0; i < m->n; i++)
		json_array_append_new(
		        m->list[i].why ? kept : gone, snapshot_json(&m->all[i], m->list[i].why));
	put_text(o, "archive", a->pos[0]);
	json_object_set_new(o, "kept", kept);
	json_object_set_new(o, "forgotten", gone);
	json_set_number(o, "bytes_before", f->before);
	json_set_number(o, "bytes", f->after);
	json_object_set_new(o, "changed", json_boolean(f->seal[0] != '\0'));
	if (f->seal[0])
		json_set_text(o, "seal", f->seal);
	if (args_has(a, "dry-run"))
		json_object_set_new(o, "dry_run", json_true());
	return o;
}

/* A line for each snapshot; how many go. */
static size_t tell_snapshots(const struct choice_made *m, bool dry)
{
	char when[40], words[KEEP_TEXT_SIZE];
	size_t gone = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct keep_one *one = &m->list[i];

		strftime(when, sizeof when, "%Y-%m-%d %H:%M", &one->at);
		printf("%4u  %s  %s%s\n", one->number, when,
		        one->why ? "stays: "
		        : dry    ? "would be forgotten"
		                 : "forgotten",
		        keep_text(one->why, words));
		gone += !one->why;
	}
	return gone;
}

/* What it comes to, and the seal to keep. */
static void tell(
        const struct args *a, const struct choice_made *m, const struct archive_forgotten *f)
{
	char safe[600], was[32], is[32], text[COUNTED_SIZE];
	bool dry = args_has(a, "dry-run");
	size_t gone = tell_snapshots(m, dry);

	term_escape(a->pos[0], strlen(a->pos[0]), safe, sizeof safe);
	if (gone == 0)
		printf("%s: nothing to forget: %s, %s on disk\n", safe,
		        counted(m->n, "snapshot", "snapshots", text), human_bytes(f->before, was));
	else if (dry)
		printf("%s: %s of %zu would be forgotten: %s on disk, at most %s then\n", safe,
		        counted(gone, "snapshot", "snapshots", text), m->n,
		        human_bytes(f->before, was), human_bytes(f->after, is));
	else
		printf("%s: %s of %zu forgotten: %s on disk, %s before\n", safe,
		        counted(gone, "snapshot", "snapshots", text), m->n,
		        human_bytes(f->after, is), human_bytes(f->before, was));
	if (f->seal[0])
		printf("seal %s (keep this number elsewhere: valise verify --expect)\n", f->seal);
}

/* The index of valise find has the words of what was forgotten. */
static void drop_index(const char *archive, struct ui *ui)
{
	char id[SHA256_HEX_SIZE] = "", *dir = cache_path("find");
	struct err err = {0};

	if (dir && archive_identity(archive, id, &err) == 0 && id[0] &&
	        find_drop(dir, id, &err) < 0)
		progress_say(&ui->progress, SAY_WARNING,
		        "the index of valise find still has what was forgotten: %s", err.text);
	free(dir);
}

int cmd_forget(const struct args *a)
{
	struct wish w = {0};
	struct choice_made made = {.wish = &w};
	struct archive_forgotten done = {0};
	struct archive_forget_opts o = {.choose = choose, .ctx = &made};
	struct err err = {0};
	struct ui ui;
	int rc = read_wish(a, &w);

	if (rc)
		return rc;
	o.dry = w.dry;
	ui_start(&ui, a);
	if (archive_forget(a->pos[0], &o, &ui.progress, &done, &err) < 0)
		rc = fail(a, &err);
	if (done.seal[0])
		drop_index(a->pos[0], &ui);
	ui_stop(&ui);
	if (done.seal[0])
		verified_note(a->pos[0], done.seal, "full");
	if (rc == 0 && ui.json)
		end_outcome(a, outcome_json(a, &made, &done));
	else if (rc == 0 && !ui_quiet(&ui, rc))
		tell(a, &made, &done);
	free(made.all);
	free(made.list);
	ui_clear(&ui);
	return rc;
}
