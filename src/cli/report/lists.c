/*
 * Long lists of a report's page: what an audit found, what the run said, and lists of the
 * outcome that have no page of their own. Each item is there, never just a number.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/audit/audit.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "cli/report/html.h"
#include "cli/report/page.h"
#include "cli/report/report.h"

#define OPEN_MAX 100 /* rows that are shown without being asked for */

void page_folded(struct buf *b, const char *title, const json_t *rows, const struct column *columns,
        size_t n)
{
	char number[32];

	buf_putf(b, "<details%s><summary>", json_array_size(rows) <= OPEN_MAX ? " open" : "");
	markup_text(b, title);
	buf_putf(b, " <b>%s</b></summary>\n", human_count(json_array_size(rows), number));
	html_table(b, NULL, rows, columns, n);
	buf_puts(b, "</details>\n");
}

/* The list that ${groups} has under this name, made if there is none. */
static json_t *group_of(json_t *groups, const char *name)
{
	json_t *rows = json_object_get(groups, name);

	if (!rows) {
		rows = json_array();
		json_object_set_new(groups, name, rows);
	}
	return rows;
}

/* What people call the findings of this word (audit_rules), and what mends them; or the word. */
static char *finding_title(const char *word, bool safe, bool accepted)
{
	enum audit_what what;
	bool known = audit_what_parse(word, &what);
	const char *advice = known && !safe ? audit_rules[what].advice : NULL;
	char *text = html_words(known ? audit_rules[what].title : word), *title;

	title = xasprintf("%s%s%s%s", text, accepted ? ": accepted" : "",
	        advice ? ". What mends it: " : "", advice ? advice : "");
	free(text);
	return title;
}

/* Messages, events and contacts in the same columns, so that the table is narrow. */
static const struct column finding_columns[] = {{"collection", "Folder", CELL_TEXT},
        {"when", "Date", CELL_TIME}, {"from", "From", CELL_TEXT},
        {"title", "Subject or title", CELL_TEXT}, {"differs", "What differs", CELL_TEXT},
        {"place", "Where it is", CELL_TEXT}, {"id", "UID or href", CELL_TEXT}};

static json_t *finding_row(const json_t *f)
{
	static const struct {
		const char *from, *to;
	} members[] = {{"date", "when"}, {"start", "when"}, {"subject", "title"},
	        {"summary", "title"}, {"name", "title"}, {"uid", "id"}, {"href", "id"}};
	json_t *row = json_is_object(f) ? json_copy((json_t *)(uintptr_t)f) : json_object();

	for (size_t i = 0; i < COUNT(members); i++) {
		json_t *v = json_object_get(f, members[i].from);

		if (v && !json_object_get(row, members[i].to))
			json_object_set(row, members[i].to, v);
	}
	return row;
}

/* Those that are ${safe}, or are not. */
static void put_findings(
        struct buf *b, const json_t *list, bool safe, const char *title, const char *intro)
{
	json_t *groups = json_object(), *f, *rows;
	const char *name;
	size_t i;

	json_array_foreach(list, i, f)
	{
		const char *word = json_get_str(f, "finding");
		bool is_safe = json_get_bool(f, "safe");
		char *group =
		        finding_title(word ? word : "?", is_safe, json_get_bool(f, "accepted"));

		if (is_safe == safe)
			json_array_append_new(group_of(groups, group), finding_row(f));
		free(group);
	}
	if (json_object_size(groups)) {
		buf_puts(b, safe ? "<section>\n" : "<section class=\"reasons\">\n");
		markup_element(b, "h2", title);
		markup_element(b, "p", intro);
		json_object_foreach(groups, name, rows)
		        page_folded(b, name, rows, finding_columns, COUNT(finding_columns));
		buf_puts(b, "</section>\n");
	}
	json_decref(groups);
}

void page_findings(struct buf *b, const json_t *o)
{
	const json_t *list = json_object_get(o, "findings");

	put_findings(b, list, false, "Reasons for NO",
	        "As long as these are so, something may be lost with the old account.");
	put_findings(b, list, true, "Differences that cost nothing",
	        "What these are about is safe, or somebody has accepted it.");
}

static const struct column note_columns[] = {{"collection", "Where", CELL_TEXT},
        {"item", "Item", CELL_TEXT}, {"text", "What", CELL_TEXT}};

/* Of a run that failed nobody knows whether there is nothing to be said. */
void page_notes(struct buf *b, const json_t *o)
{
	static const struct {
		const char *level, *title;
	} levels[] = {{"warning", "Warnings"}, {"note", "Altered, held back or to be known"},
	        {"info", "For information"}};
	const json_t *notes = json_object_get(o, "notes");
	size_t i;
	json_t *n;

	if (!json_array_size(notes) && (json_object_get(o, "text") || !notes))
		return;
	buf_puts(b, "<section>\n<h2>Named by the run</h2>\n");
	if (!json_array_size(notes))
		buf_puts(b, "<p>Nothing: there is no item of which more is to be said.</p>\n");
	for (size_t k = 0; k < COUNT(levels); k++) {
		json_t *rows = json_array();

		json_array_foreach(notes, i, n)
		{
			const char *level = json_get_str(n, "level");

			if (level && strcmp(level, levels[k].level) == 0)
				json_array_append(rows, n);
		}
		if (json_array_size(rows))
			page_folded(b, levels[k].title, rows, note_columns, COUNT(note_columns));
		json_decref(rows);
	}
	buf_puts(b, "</section>\n");
}

static bool has_place(const char *key)
{
	static const char *const keys[] = {"findings", "notes", "not_examined", "folders", "years",
	        "seals", "servers", "accounts", "unmatched", "offers"};

	for (size_t i = 0; i < COUNT(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* Numbers of octets by their names. */
static enum cell kind_of(const char *name, const json_t *v)
{
	if (!json_is_integer(v))
		return CELL_TEXT;
	return strstr(name, "bytes") || strncmp(name, "quota", 5) == 0 ? CELL_BYTES : CELL_NUMBER;
}

/* A list of objects that nobody has a place for: columns are the members of the first ones. */
static void put_list(struct buf *b, const char *key, const json_t *rows)
{
	struct column columns[COLUMNS_MAX];
	char *titles[COLUMNS_MAX], *title = html_words(key);
	json_t *members = json_object(), *o, *v;
	const char *name;
	size_t n = 0, i;

	json_array_foreach(rows, i, o)
	{
		json_object_foreach(o, name, v)
		{
			if (json_is_object(v) || json_is_null(v) ||
			        (json_is_array(v) && !json_is_string(json_array_get(v, 0))))
				continue;
			if (json_object_size(members) < COLUMNS_MAX && !strchr(name, '.'))
				json_object_set(members, name, v);
		}
	}
	json_object_foreach(members, name, v)
	{
		titles[n] = html_words(name);
		columns[n] = (struct column){name, titles[n], kind_of(name, v)};
		n++;
	}
	if (n) {
		buf_puts(b, "<section>\n");
		markup_element(b, "h2", title);
		if (json_array_size(rows) > OPEN_MAX)
			page_folded(b, "All of them", rows, columns, n);
		else
			html_table(b, NULL, rows, columns, n);
		buf_puts(b, "</section>\n");
	}
	while (n)
		free(titles[--n]);
	json_decref(members);
	free(title);
}

void page_more(struct buf *b, const json_t *o)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)o, key, v)
	{
		if (json_is_array(v) && json_array_size(v) && !has_place(key))
			put_list(b, key, v);
	}
}
