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
#include "cli/cli.h"
#include "cli/report/report.h"

/* Both ends of the run, in UTC and as the clock on the wall had them. */
static void put_times(const struct ui *u, json_t *o)
{
	int64_t now = (int64_t)time(NULL), began = now - (clock_ms() - u->started) / 1000;
	char when[DATE_TEXT_SIZE], local[LOCAL_TIME_SIZE];

	json_set_text(o, "began", date_format_iso(began, when));
	json_set_text(o, "ended", date_format_iso(now, when));
	json_set_text(o, "began_local", gather_local_time(began, local));
	json_set_text(o, "ended_local", gather_local_time(now, local));
}

/* Whose, and the servers that were asked. */
static void put_accounts(json_t *o, const struct report *r)
{
	json_t *servers = json_array();
	const struct account *first = r->account ? r->account : r->target;

	if (first)
		put_text(o, "account", first->name);
	if (r->account)
		gather_servers(servers, r->account, "source");
	if (r->target)
		gather_servers(servers, r->target, "target");
	if (first)
		json_object_set(o, "servers", servers);
	json_decref(servers);
}

/* The folders with their mail by year, the seals, and what nobody looked at. */
static void put_content(const struct ui *u, json_t *o, const struct report *r)
{
	const char *archive = json_get_str(o, "archive");
	json_t *years = gather_years(r->collections);

	if (r->collections)
		json_object_set(o, "folders", r->collections);
	if (r->offers)
		json_object_set(o, "offers", r->offers);
	if (years)
		json_object_set_new(o, "years", years);
	if (archive && !json_object_get(o, "accounts")) {
		json_t *seals = gather_seals(archive);

		if (seals)
			json_object_set_new(o, "seals", seals);
	}
	if (r->account && !json_object_get(o, "not_examined"))
		json_object_set_new(
		        o, "not_examined", gather_unexamined(u->args, r->account, r->manifest));
}

/* The outcome, and what every report has. */
static json_t *report_json(const struct ui *u, const json_t *outcome, const struct report *r)
{
	json_t *o = json_copy((json_t *)(uintptr_t)outcome);
	const struct err *why = &u->args->ending->why;

	json_set_text(o, "command", u->args->cmd->name);
	json_set_text(o, "version", "valise " VALISE_VERSION);
	put_times(u, o);
	json_set_number(o, "exit", (uint64_t)r->rc);
	put_accounts(o, r);
	put_content(u, o, r);
	if (why->code != ERR_OK) {
		json_set_text(o, "code", code_word(why->code));
		put_text(o, "text", why->text);
	}
	json_object_set(o, "notes", u->notes);
	return o;
}

/* The page alone: it is told what it is to show. */
static int write_html(const char *path, const json_t *o, struct err *err)
{
	struct buf b = buf_of(SIZE_MAX / 2);
	int rc;

	report_page(o, &b);
	rc = file_write(AT_FDCWD, path, b.data, b.len, err);
	buf_clear(&b);
	return rc;
}

static int write_json(const char *path, const json_t *o, struct err *err)
{
	struct buf b = buf_of(SIZE_MAX / 2);
	int rc;

	json_put_shown(&b, o);
	buf_putc(&b, '\n');
	rc = file_write(AT_FDCWD, path, b.data, b.len, err);
	buf_clear(&b);
	return rc;
}

/* What a report's name ends in decides what it is. */
static const struct {
	const char *suffix;
	int (*write)(const char *path, const json_t *o, struct err *err);
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
		if (kinds[find_kind(paths[i])].write(paths[i], o, &err) < 0)
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
