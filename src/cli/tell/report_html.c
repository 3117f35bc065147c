/*
 * --report FILE.html: a page that can be handed on. It stands alone, holds no script, and
 * everything from outside is escaped, for a terminal's reader and for HTML.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "cli/cli.h"

static const char head[] =
        "<!doctype html>\n"
        "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" "
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        "<style>\n"
        ":root{--ink:#222;--paper:#fff;--line:#bbb;--good:#17692c;--bad:#b00020}\n"
        "@media (prefers-color-scheme:dark){:root{--ink:#ddd;--paper:#1b1b1b;--line:#555;"
        "--good:#7bd88f;--bad:#ff8a80}}\n"
        "@media print{:root{--ink:#000;--paper:#fff;--line:#888;--good:#000;--bad:#000}"
        "thead{display:table-header-group}tr{break-inside:avoid}}\n"
        "body{font:16px/1.4 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;"
        "color:var(--ink);background:var(--paper)}\n"
        "table{border-collapse:collapse;margin:1em 0}\n"
        "td,th{border:1px solid var(--line);padding:.2em .6em;text-align:left;"
        "vertical-align:top;overflow-wrap:anywhere}\n"
        "td.number{text-align:right;white-space:nowrap}\n"
        ".verdict{font-size:1.2em;font-weight:bold;border-left:.3em solid;padding-left:.6em}\n"
        ".good{color:var(--good)}.bad,.warning{color:var(--bad)}\n"
        ".warning td:first-child{font-weight:bold}\n"
        "</style>\n";

static void put_html(struct buf *b, const char *s)
{
	char *safe = term_escape_dup(s ? s : "");

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
	put_html(b, s);
	buf_putf(b, "</%s>", tag);
}

static void put_number(struct buf *b, const json_t *v)
{
	char n[32];

	buf_putf(b, "<td class=\"number\">%s</td>",
	        v ? human_count((uint64_t)json_integer_value(v), n) : "");
}

static void put_fact(struct buf *b, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	buf_puts(b, "<tr>");
	put_cell(b, "th", name);
	put_cell(b, "td", value);
	buf_puts(b, "</tr>\n");
}

/* "imap.old.example:993 (imap, as alice@old.example)" */
static void put_services(struct buf *b, const json_t *services)
{
	size_t i;
	json_t *s;

	json_array_foreach(services, i, s)
	{
		char *text = xasprintf("%s:%lld (%s, as %s)", json_get_str(s, "host"),
		        (long long)json_get_int(s, "port", 0), json_get_str(s, "service"),
		        json_get_str(s, "user"));

		put_fact(b, "Server", text);
		free(text);
	}
}

/* What has a place of its own on the page, or is of no use there. */
static bool is_shown(const char *key)
{
	static const char *const shown[] = {"account", "archive", "to", "began", "ended", "version",
	        "command", "verdict", "exit", "content", "state", "bytes", "dry_run", "sound",
	        "code", "text"};

	for (size_t i = 0; i < COUNT(shown); i++)
		if (strcmp(key, shown[i]) == 0)
			return true;
	return false;
}

struct column {
	const char *key, *title;
};

/* What a member is called for people, where its own name says too little. */
static const char *plain_title(const char *key)
{
	static const struct column titles[] = {{"collections", "folders"},
	        {"collections_made", "folders made"}, {"already", "there already"},
	        {"altered", "not exactly as in the archive"},
	        {"doubled", "more often than in the archive"},
	        {"unseen", "not looked at afterwards"}, {"unattached", "linked files not attached"},
	        {"rescued", "refused at first, taken otherwise"}, {"failed", "not restored"},
	        {"unreadable", "could not be read from the archive"}, {"errors", "missing"},
	        {"gone", "gone, kept"}, {"objects_new", "new items"}, {"bytes_new", "new bytes"},
	        {"stored_bytes", "bytes on disk"}, {"shrunk", "folders that lost much at once"},
	        {"complete", "newest snapshot complete"}, {"damages", "damage found"}};

	for (size_t i = 0; i < COUNT(titles); i++)
		if (strcmp(key, titles[i].key) == 0)
			return titles[i].title;
	return key;
}

/* The rest of the outcome that a person can read: "flags added", 12. */
static void put_rest(struct buf *b, const json_t *o)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)o, key, v)
	{
		char *name, n[32];

		if (is_shown(key) || json_is_object(v) || json_is_array(v))
			continue;
		name = xstrdup(plain_title(key));
		name[0] = (char)(name[0] >= 'a' && name[0] <= 'z' ? name[0] - 32 : name[0]);
		for (char *p = name; *p; p++)
			*p = (char)(*p == '_' ? ' ' : *p);
		put_fact(b, name,
		        json_is_string(v)    ? json_string_value(v)
		        : json_is_true(v)    ? "yes"
		        : json_is_integer(v) ? human_count((uint64_t)json_integer_value(v), n)
		                             : "no");
		free(name);
	}
}

static void put_facts(struct buf *b, const json_t *o)
{
	buf_puts(b, "<table class=\"facts\">\n");
	put_fact(b, "Account", json_get_str(o, "account"));
	put_services(b, json_object_get(o, "servers"));
	put_fact(b, "Archive", json_get_str(o, "archive"));
	put_fact(b, "Directory", json_get_str(o, "to"));
	put_fact(b, "Began", json_get_str(o, "began"));
	put_fact(b, "Ended", json_get_str(o, "ended"));
	put_rest(b, o);
	put_fact(b, "Made by", json_get_str(o, "version"));
	buf_puts(b, "</table>\n");
}

#define FOLDER_NUMBERS 6

/*
 * Folders, calendars and address books, with their sum: what there is of each, and what a
 * restore did of it, nothing where it did not get there.
 */
static void put_collections(struct buf *b, const json_t *list, bool restored)
{
	static const struct column kept[FOLDER_NUMBERS] = {{"items", "Items"}, {"bytes", "Bytes"},
	        {"errors", "Missing"}, {"gone", "Gone, kept"}};
	static const struct column brought[FOLDER_NUMBERS] = {{"items", "Items"},
	        {"bytes", "Bytes"}, {"errors", "Missing in the archive"}, {"added", "Added"},
	        {"already", "There already"}, {"failed", "Not restored"}};
	const struct column *numbers = restored ? brought : kept;
	size_t n_numbers = restored ? FOLDER_NUMBERS : 4;
	uint64_t sum[FOLDER_NUMBERS] = {0};
	char n[32], human[32];
	size_t i;
	json_t *c;

	if (!json_array_size(list))
		return;
	buf_puts(b, "<h2>Folders</h2>\n<table>\n<thead><tr><th>Kind</th><th>Name</th>");
	for (size_t k = 0; k < n_numbers; k++)
		put_cell(b, "th", numbers[k].title);
	buf_puts(b, "<th></th></tr></thead>\n<tbody>\n");
	json_array_foreach(list, i, c)
	{
		buf_puts(b, json_get_int(c, restored ? "failed" : "errors", 0)
		                    ? "<tr class=\"warning\">"
		                    : "<tr>");
		put_cell(b, "td", json_get_str(c, "kind"));
		put_cell(b, "td", json_get_str(c, "name"));
		for (size_t k = 0; k < n_numbers; k++) {
			put_number(b, json_object_get(c, numbers[k].key));
			sum[k] += (uint64_t)json_get_int(c, numbers[k].key, 0);
		}
		put_cell(b, "td", json_get_str(c, "reason"));
		buf_puts(b, "</tr>\n");
	}
	buf_puts(b, "</tbody>\n<tfoot><tr><th></th><th>Together</th>");
	for (size_t k = 0; k < n_numbers; k++)
		buf_putf(b, "<td class=\"number\">%s</td>", human_count(sum[k], n));
	buf_putf(b, "<td>%s</td></tr></tfoot>\n</table>\n", human_bytes(sum[1], human));
}

/* A table of objects; rows that warn, or are of what failed, are marked. */
static void put_rows(struct buf *b, const json_t *rows, const struct column columns[4])
{
	size_t i;
	json_t *o;

	buf_puts(b, "<table>\n<thead><tr>");
	for (size_t k = 0; k < 4; k++)
		put_cell(b, "th", columns[k].title);
	buf_puts(b, "</tr></thead>\n<tbody>\n");
	json_array_foreach(rows, i, o)
	{
		const char *level = json_get_str(o, "level");
		bool bad = (level && strcmp(level, "warning") == 0) || json_get_str(o, "error");

		buf_puts(b, bad ? "<tr class=\"warning\">" : "<tr>");
		for (size_t k = 0; k < 4; k++)
			put_cell(b, "td", json_get_str(o, columns[k].key));
		buf_puts(b, "</tr>\n");
	}
	buf_puts(b, "</tbody>\n</table>\n");
}

static void put_accounts(struct buf *b, const json_t *accounts)
{
	static const struct column columns[4] = {{"account", "Account"}, {"outcome", "Outcome"},
	        {"archive", "Archive"}, {"error", "What went wrong"}};

	if (!accounts)
		return;
	buf_puts(b, "<h2>Accounts</h2>\n");
	put_rows(b, accounts, columns);
}

/* Of a run that ${failed} nobody knows whether there is nothing to be said. */
static void put_notes(struct buf *b, const json_t *notes, bool failed)
{
	static const struct column columns[4] = {
	        {"level", ""}, {"collection", "Where"}, {"item", "Item"}, {"text", "What"}};

	if (!json_array_size(notes) && failed)
		return;
	buf_puts(b, "<h2>Named</h2>\n");
	if (json_array_size(notes))
		put_rows(b, notes, columns);
	else
		buf_puts(b, "<p>Nothing: there is no item of which more is to be said.</p>\n");
}

void report_html(const json_t *o, const char *title, const char *verdict, bool good, struct buf *b)
{
	const char *why = json_get_str(o, "text"), *command = json_get_str(o, "command");

	buf_puts(b, head);
	put_cell(b, "title", title);
	buf_puts(b, "\n</head>\n<body>\n");
	put_cell(b, "h1", title);
	buf_putf(b, "\n<p class=\"verdict %s\">", good ? "good" : "bad");
	put_html(b, verdict);
	buf_puts(b, "</p>\n");
	if (why) {
		buf_puts(b, "<p class=\"why\">Why: ");
		put_html(b, why);
		buf_puts(b, "</p>\n");
	}
	put_facts(b, o);
	put_accounts(b, json_object_get(o, "accounts"));
	put_collections(b, json_object_get(o, "folders"), command && !strcmp(command, "restore"));
	put_notes(b, json_object_get(o, "notes"), why);
	buf_puts(b, "</body>\n</html>\n");
}
