/* --report: what a person or a program keeps of a run. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "valise/base/escape.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "cli.h"

static void put_html(struct buf *b, const char *s)
{
	char *safe = term_escape_dup(s);

	for (const char *p = safe; *p; p++)
		switch (*p) {
		case '<':
			buf_puts(b, "&lt;");
			break;
		case '>':
			buf_puts(b, "&gt;");
			break;
		case '&':
			buf_puts(b, "&amp;");
			break;
		case '"':
			buf_puts(b, "&quot;");
			break;
		default:
			buf_putc(b, *p);
		}
	free(safe);
}

static void put_cell(struct buf *b, const char *tag, const char *s)
{
	buf_putf(b, "<%s>", tag);
	put_html(b, s ? s : "");
	buf_putf(b, "</%s>", tag);
}

static void put_value(struct buf *b, const json_t *v)
{
	struct buf text;

	if (json_is_string(v)) {
		put_html(b, json_string_value(v));
		return;
	}
	buf_init(&text, SIZE_MAX / 2);
	json_put_shown(&text, v);
	put_html(b, buf_str(&text));
	buf_clear(&text);
}

struct column {
	const char *key, *title;
};

/* A table of objects; rows that warn are red. */
static void put_rows(struct buf *b, const json_t *rows, const struct column columns[4])
{
	size_t i;
	json_t *o;

	buf_puts(b, "<table><tr>");
	for (size_t k = 0; k < 4; k++)
		put_cell(b, "th", columns[k].title);
	buf_puts(b, "</tr>\n");
	json_array_foreach(rows, i, o)
	{
		const char *level = json_get_str(o, "level");

		buf_puts(b, level && !strcmp(level, "warning") ? "<tr class=\"warning\">" : "<tr>");
		for (size_t k = 0; k < 4; k++)
			put_cell(b, "td", json_get_str(o, columns[k].key));
		buf_puts(b, "</tr>\n");
	}
	buf_puts(b, "</table>\n");
}

static void put_notes(struct buf *b, const json_t *notes)
{
	static const struct column columns[4] = {
	        {"level", "level"}, {"collection", "where"}, {"item", "item"}, {"text", "what"}};

	buf_puts(b, "<h2>Notes</h2>\n");
	if (json_array_size(notes))
		put_rows(b, notes, columns);
	else
		buf_puts(b, "<p>Nothing to report: every item was taken over as it is.</p>\n");
}

/* Of backup --accounts. */
static void put_accounts(struct buf *b, const json_t *accounts)
{
	static const struct column columns[4] = {{"account", "account"}, {"outcome", "outcome"},
	        {"archive", "archive"}, {"error", "error"}};

	buf_puts(b, "<h2>Accounts</h2>\n");
	put_rows(b, accounts, columns);
}

static int write_html(const char *path, json_t *o, struct err *err)
{
	struct buf b = buf_of(SIZE_MAX / 2);
	const char *key;
	json_t *v;
	int rc;

	buf_puts(&b, "<!doctype html>\n<html lang=\"en\"><head><meta "
	             "charset=\"utf-8\"><title>valise</title><style>"
	             "body{font:16px sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
	             "table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.2em "
	             ".6em;text-align:left;"
	             "vertical-align:top;overflow-wrap:anywhere}.warning{color:#b00}</style></"
	             "head><body>\n<h1>valise ");
	put_html(&b, json_get_str(o, "command") ? json_get_str(o, "command") : "");
	buf_puts(&b, "</h1>\n<table>\n");
	json_object_foreach(o, key, v)
	{
		if (!strcmp(key, "notes") || !strcmp(key, "accounts"))
			continue;
		buf_puts(&b, "<tr>");
		put_cell(&b, "th", key);
		buf_puts(&b, "<td>");
		put_value(&b, v);
		buf_puts(&b, "</td></tr>\n");
	}
	buf_puts(&b, "</table>\n");
	if (json_object_get(o, "accounts"))
		put_accounts(&b, json_object_get(o, "accounts"));
	put_notes(&b, json_object_get(o, "notes"));
	buf_puts(&b, "</body></html>\n");
	rc = file_write(AT_FDCWD, path, b.data, b.len, err);
	buf_clear(&b);
	return rc;
}

static int write_json(const char *path, json_t *o, struct err *err)
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
	int (*write)(const char *path, json_t *o, struct err *err);
} kinds[] = {{".html", write_html}, {".json", write_json}};

/* NULL: of none. */
static int (*find_writer(const char *path))(const char *, json_t *, struct err *)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	size_t n = strlen(name);

	for (size_t i = 0; i < COUNT(kinds); i++) {
		size_t k = strlen(kinds[i].suffix);

		if (n > k && strcmp(name + n - k, kinds[i].suffix) == 0)
			return kinds[i].write;
	}
	return NULL;
}

int ui_write_reports(const struct ui *u, json_t *o)
{
	const char *paths[16];
	size_t n = args_all(u->args, "report", paths, COUNT(paths));
	struct err err = {0};
	int rc = 0;

	json_set_text(o, "command", u->args->cmd->name);
	json_object_set(o, "notes", u->notes);
	for (size_t i = 0; i < n && rc == 0; i++)
		if (find_writer(paths[i])(paths[i], o, &err) < 0)
			rc = fail(u->args, &err);
	return rc;
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
		if (!find_writer(paths[i]))
			return unknown_suffix(a, paths[i]);
		if (file_try_write(AT_FDCWD, paths[i], &err) < 0)
			return usage_error(a, "--report: %s", err.text);
	}
	return 0;
}
