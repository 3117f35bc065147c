/* Folders, calendars and address books of a report's page: what each holds, side by side. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "cli/report/html.h"
#include "cli/report/page.h"
#include "cli/report/report.h"

static const struct column columns[] = {
        {"name", "Name", CELL_TEXT},
        {"share", "Share", CELL_SHARE},
        {"source.items", "Source items", CELL_NUMBER},
        {"source.bytes", "Source bytes", CELL_BYTES},
        {"items", "Archive items", CELL_NUMBER},
        {"bytes", "Archive bytes", CELL_BYTES},
        {"items", "Items", CELL_NUMBER},
        {"bytes", "Bytes", CELL_BYTES},
        {"target.items", "Target items", CELL_NUMBER},
        {"target.bytes", "Target bytes", CELL_BYTES},
        {"errors", "Missing", CELL_NUMBER},
        {"gone", "Gone, kept", CELL_NUMBER},
        {"left_out", "Left out by options", CELL_NUMBER},
        {"added", "Added", CELL_NUMBER},
        {"already", "There already", CELL_NUMBER},
        {"failed", "Not restored", CELL_NUMBER},
        {"reason", "Why", CELL_TEXT},
};
#define N COUNT(columns)
_Static_assert(N <= COLUMNS_MAX, "a table of the page has no more columns");
enum { SOURCE = 2, SIDED = 4, PLAIN = 6, TARGET = 8 }; /* each with the one after it */

/* The kinds, in the order of the page. */
static const struct {
	const char *kind, *title;
} kinds[] = {{"mail", "Mail"}, {"calendars", "Calendars"}, {"contacts", "Address books"},
        {"linked", "Linked files"}, {"mapi", "Raw items of Outlook"}};

static bool is_kind(const json_t *folder, const char *kind)
{
	const char *k = json_get_str(folder, "kind");

	return k && strcmp(k, kind) == 0;
}

/* Zeros alone, in columns that only tell of trouble, are left out. */
static void drop_zeros(const json_t *list, bool used[COLUMNS_MAX])
{
	static const char *const trouble[] = {"errors", "gone", "failed"};

	for (size_t k = 0; k < N; k++)
		for (size_t t = 0; t < COUNT(trouble); t++) {
			bool any = false;
			size_t i;
			json_t *f;

			if (strcmp(columns[k].path, trouble[t]) != 0)
				continue;
			json_array_foreach(list, i, f)
			{
				any = any || json_get_int(f, trouble[t], 0) > 0;
			}
			used[k] = used[k] && any;
		}
}

/* The archive is named where others stand beside it. */
static void drop_twins(bool used[COLUMNS_MAX])
{
	size_t other = used[SOURCE] || used[TARGET] ? PLAIN : SIDED;

	used[other] = used[other + 1] = false;
}

static uint64_t count_of(const json_t *f, const char *path)
{
	json_int_t n = json_integer_value(json_at(f, path));

	return n > 0 ? (uint64_t)n : 0;
}

/* What ${path} has in all of the list, as the same member of ${sum}. */
static void add_up(json_t *sum, const json_t *list, const char *path)
{
	const char *dot = strchr(path, '.');
	bool any = false;
	uint64_t n = 0;
	size_t i;
	json_t *f;

	json_array_foreach(list, i, f)
	{
		n += count_of(f, path);
		any = any || json_is_integer(json_at(f, path));
	}
	if (any && dot) {
		char *first = xstrndup(path, (size_t)(dot - path));

		if (!json_object_get(sum, first))
			json_object_set_new(sum, first, json_object());
		json_set_number(json_object_get(sum, first), dot + 1, n);
		free(first);
	} else if (any) {
		json_set_number(sum, path, n);
	}
}

static void put_sum(struct buf *b, const json_t *list, const bool used[COLUMNS_MAX])
{
	json_t *sum = json_object();

	json_set_text(sum, "name", "Together");
	for (size_t k = 1; k < N; k++)
		if (columns[k].kind == CELL_NUMBER || columns[k].kind == CELL_BYTES)
			add_up(sum, list, columns[k].path);
	buf_puts(b, "<tr role=\"row\" class=\"sum\">");
	html_cells(b, sum, columns, N, used);
	buf_puts(b, "</tr>\n");
	json_decref(sum);
}

static bool is_in_trouble(const json_t *f)
{
	return json_get_int(f, "failed", 0) > 0 ||
	       (!json_object_get(f, "failed") && json_get_int(f, "errors", 0) > 0);
}

/* "share": thousandths of the fullest folder's items; a picture of one folder says nothing. */
static void put_shares(json_t *list)
{
	uint64_t most = 0;
	size_t i;
	json_t *f;

	json_array_foreach(list, i, f)
	{
		most = MAX(most, count_of(f, "items"));
	}
	if (!most || json_array_size(list) < 2)
		return;
	json_array_foreach(list, i, f)
	{
		double part = (double)count_of(f, "items") / (double)most;

		json_set_number(f, "share", (uint64_t)(part * 1000));
	}
}

/* The folders of a kind, in a table of their own. */
static void put_kind(struct buf *b, const json_t *list, size_t kind)
{
	bool used[COLUMNS_MAX];
	json_t *own = json_array(), *f;
	size_t i;

	json_array_foreach(list, i, f)
	{
		if (is_kind(f, kinds[kind].kind))
			json_array_append_new(own, json_copy(f));
	}
	put_shares(own);
	html_used(own, columns, N, used);
	drop_zeros(own, used);
	drop_twins(used);
	if (json_array_size(own)) {
		buf_puts(b, "<table role=\"table\">\n");
		markup_element(b, "caption", kinds[kind].title);
		html_titles(b, columns, N, used);
		buf_puts(b, "<tbody role=\"rowgroup\">\n");
		json_array_foreach(own, i, f)
		{
			buf_puts(b, is_in_trouble(f) ? "<tr role=\"row\" class=\"warning\">"
			                             : "<tr role=\"row\">");
			html_cells(b, f, columns, N, used);
			buf_puts(b, "</tr>\n");
		}
		buf_puts(b, "</tbody>\n<tfoot role=\"rowgroup\">\n");
		put_sum(b, own, used);
		buf_puts(b, "</tfoot>\n</table>\n");
	}
	json_decref(own);
}

void page_folders(struct buf *b, const json_t *o)
{
	const json_t *list = json_object_get(o, "folders");

	if (!json_array_size(list))
		return;
	buf_puts(b, "<section>\n<h2>Folders</h2>\n");
	for (size_t i = 0; i < COUNT(kinds); i++)
		put_kind(b, list, i);
	buf_puts(b, "</section>\n");
}
