/* --report: what a person or a program keeps of a run. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "valise/base/clock.h"
#include "valise/base/date.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/tree/words.h"
#include "cli/cli.h"

/* How a command's run ended, for a person: by its exit code. */
static const struct {
	unsigned cmd;
	const char *done, *incomplete, *failed;
	const char *ended; /* by an error */
} verdicts[] = {
        {CMD_BACKUP, "Complete: all that the server shows is in the archive.",
                "Incomplete: what is missing is named below.", "Failed.", "Failed."},
        {CMD_FETCH, "Complete: all that the server shows is in the directory.",
                "Incomplete: what is missing is named below.", "Failed.", "Failed."},
        {CMD_RESTORE, "Done: the target has all that was to be restored.",
                "Done, but not everything is there as in the archive: it is named below.",
                "Failed: it ended before everything was done.",
                "Failed: it ended before everything was done."},
        {CMD_CHECK, "Every service was signed in to.", "Incomplete.",
                "A service could not be read.", "A service could not be read."},
        {CMD_AUDIT, "SAFE TO DEACTIVATE: YES", "SAFE TO DEACTIVATE: NO",
                "SAFE TO DEACTIVATE: NO: not everything could be looked at.",
                "SAFE TO DEACTIVATE: NO: not everything could be looked at."},
        {CMD_VERIFY, "Sound: every byte is what it was.",
                "Sound, but the newest snapshot says of itself that it is incomplete.",
                "DAMAGED: what is wrong is named below.",
                "Failed: it ended before everything was read."},
};

static json_t *services_json(const struct account *a)
{
	json_t *list = json_array();

	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		const struct service *s = &a->services[k];
		json_t *o;

		if (!a->present[k])
			continue;
		o = json_object();
		json_set_text(o, "service", s->name);
		put_text(o, "host", s->at.host);
		json_set_number(o, "port", s->at.port);
		put_text(o, "user", s->login.user);
		put_text(o, "account", service_owner(s));
		json_array_append_new(list, o);
	}
	return list;
}

json_t *report_collections(const struct tree_manifest *m,
        bool (*takes)(void *ctx, const struct tree_head *h), void *ctx)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n_heads; i++) {
		const struct tree_head *h = &m->heads[i];
		json_t *o;

		if (takes && !takes(ctx, h))
			continue;
		o = json_object();
		json_set_text(o, "kind", coll_kind_dir(h->kind));
		put_text(o, "name", h->name);
		json_set_text(o, "status", status_word(h->status));
		put_text(o, "reason", h->reason);
		json_set_number(o, "items", h->roots.items);
		json_set_number(o, "bytes", h->roots.bytes);
		json_set_number(o, "errors", h->roots.errors);
		json_set_number(o, "gone", h->roots.gone);
		json_array_append_new(list, o);
	}
	return list;
}

/* The outcome, and what every report has. */
static json_t *report_json(const struct ui *u, const json_t *outcome, const struct report *r)
{
	json_t *o = json_copy((json_t *)(uintptr_t)outcome);
	const struct err *why = &u->args->ending->why;
	int64_t now = (int64_t)time(NULL);
	char when[DATE_TEXT_SIZE];

	json_set_text(o, "command", u->args->cmd->name);
	json_set_text(o, "version", "valise " VALISE_VERSION);
	json_set_text(o, "began", date_format_iso(now - (clock_ms() - u->started) / 1000, when));
	json_set_text(o, "ended", date_format_iso(now, when));
	json_set_number(o, "exit", (uint64_t)r->rc);
	if (r->account) {
		put_text(o, "account", r->account->name);
		json_object_set_new(o, "servers", services_json(r->account));
	}
	if (r->collections)
		json_object_set(o, "folders", r->collections);
	if (why->code != ERR_OK) {
		json_set_text(o, "code", code_word(why->code));
		put_text(o, "text", why->text);
	}
	json_object_set(o, "notes", u->notes);
	return o;
}

/* Is what makes this EXIT_INCOMPLETE only damage that this run made good? */
static bool is_whole_again(const json_t *o)
{
	const char *verdict = json_get_str(o, "verdict");

	return json_get_int(o, "damaged", 0) && verdict && strcmp(verdict, "complete") == 0 &&
	       json_get_int(o, "shrunk", 0) == 0;
}

static int write_html(const char *path, const struct args *a, json_t *o, struct err *err)
{
	const char *of = json_get_str(o, "account"), *verdict;
	int64_t code = json_get_int(o, "exit", 0);
	struct buf b = buf_of(SIZE_MAX / 2);
	size_t i = 0;
	char *title;
	int rc;

	while (i + 1 < COUNT(verdicts) && verdicts[i].cmd != a->cmd->bit)
		i++;
	of = of ? of : json_get_str(o, "archive");
	title = xasprintf("valise %s%s%s", a->cmd->name, of ? ": " : "", of ? of : "");
	verdict = code == EXIT_DONE         ? verdicts[i].done
	          : code == EXIT_INCOMPLETE ? verdicts[i].incomplete
	          : json_get_str(o, "text") ? verdicts[i].ended
	                                    : verdicts[i].failed;
	if (json_get_bool(o, "dry_run") && (code == EXIT_DONE || code == EXIT_INCOMPLETE))
		verdict = "Dry run: nothing was done.";
	if (code == EXIT_INCOMPLETE && json_get_int(o, "unhealed", 0))
		verdict = "DAMAGED: the newest snapshot needs what is named below (--heal).";
	else if (code == EXIT_INCOMPLETE && is_whole_again(o))
		verdict = "Done; older snapshots are damaged: it is named below.";
	if (json_get_bool(o, "unexpected") && json_get_int(o, "damages", 0) == 1)
		verdict = "Not the expected archive: its newest seal is another.";
	report_html(o, title, verdict, code == EXIT_DONE, &b);
	rc = file_write(AT_FDCWD, path, b.data, b.len, err);
	free(title);
	buf_clear(&b);
	return rc;
}

static int write_json(const char *path, const struct args *a, json_t *o, struct err *err)
{
	struct buf b = buf_of(SIZE_MAX / 2);
	int rc;

	(void)a;
	json_put_shown(&b, o);
	buf_putc(&b, '\n');
	rc = file_write(AT_FDCWD, path, b.data, b.len, err);
	buf_clear(&b);
	return rc;
}

/* What a report's name ends in decides what it is. */
static const struct {
	const char *suffix;
	int (*write)(const char *path, const struct args *a, json_t *o, struct err *err);
} kinds[] = {{".html", write_html}, {".json", write_json}};

/* Its place in kinds, COUNT(kinds): it has none. */
static size_t find_kind(const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	size_t n = strlen(name), i = 0;

	for (; i < COUNT(kinds); i++) {
		size_t k = strlen(kinds[i].suffix);

		if (n > k && strcmp(name + n - k, kinds[i].suffix) == 0)
			break;
	}
	return i;
}

int ui_write_reports(const struct ui *u, const json_t *outcome, const struct report *r)
{
	const char *paths[16];
	size_t n = args_all(u->args, "report", paths, COUNT(paths));
	json_t *o = n ? report_json(u, outcome, r) : NULL;
	struct err err = {0};
	int rc = 0;

	u->args->ending->reported = true;
	for (size_t i = 0; i < n && rc == 0; i++)
		if (kinds[find_kind(paths[i])].write(paths[i], u->args, o, &err) < 0)
			rc = fail(u->args, &err);
	json_decref(o);
	return rc;
}

void report_unwritten(const struct args *a, int rc)
{
	struct ui u = {.args = a, .notes = json_array(), .started = a->ending->started};
	json_t *o = a->ending->outcome ? json_copy(a->ending->outcome) : json_object();

	(void)ui_write_reports(&u, o, &(struct report){.rc = rc}); /* which tells its errors */
	json_decref(o);
	json_decref(u.notes);
}

static int unknown_suffix(const struct args *a, const char *path)
{
	struct buf known = buf_of(200);
	int rc;

	for (size_t i = 0; i < COUNT(kinds); i++)
		buf_putf(&known, "%s%s",
		        i == 0                  ? ""
		        : i + 1 == COUNT(kinds) ? " or "
		                                : ", ",
		        kinds[i].suffix);
	rc = usage_error(a, "--report %s: its name has to end in %s", path, buf_str(&known));
	buf_clear(&known);
	return rc;
}

int report_check(const struct args *a)
{
	const char *paths[17];
	size_t n = args_all(a, "report", paths, COUNT(paths));

	if (n == COUNT(paths))
		return usage_error(a, "more than %zu reports", COUNT(paths) - 1);
	for (size_t i = 0; i < n; i++) {
		struct err err = {0};
		struct stat st;

		if (stat(paths[i], &st) == 0 && !S_ISREG(st.st_mode))
			return usage_error(a, "--report %s: %s", paths[i],
			        S_ISDIR(st.st_mode) ? "this is a directory" : "no regular file");
		if (find_kind(paths[i]) == COUNT(kinds))
			return unknown_suffix(a, paths[i]);
		if (file_try_write(AT_FDCWD, paths[i], &err) < 0)
			return usage_error(a, "--report: %s", err.text);
	}
	return 0;
}
