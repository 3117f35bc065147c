/* What an audit held against what, for a report's page: the archive and one or two accounts. */
#include <string.h>
#include "valise/base/mem.h"
#include "cli/report/html.h"
#include "cli/report/page.h"

static const struct column columns[] = {{"side", "Side", CELL_TEXT}, {"account", "Name", CELL_TEXT},
        {"collections", "Folders", CELL_NUMBER}, {"items", "Items", CELL_NUMBER},
        {"same", "As in the archive", CELL_NUMBER}, {"gone", "No more there", CELL_NUMBER},
        {"extra", "Besides", CELL_NUMBER}, {"looked_at", "Looked at", CELL_TEXT}};

/* One row: the members of ${side}, under the name that people have for it. */
static void add_side(json_t *rows, const json_t *side, const char *name)
{
	json_t *row;

	if (!json_is_object(side))
		return;
	row = json_copy((json_t *)(uintptr_t)side);
	json_set_text(row, "side", name);
	json_array_append_new(rows, row);
}

void page_sides(struct buf *b, const json_t *o)
{
	const char *command = json_get_str(o, "command");
	json_t *rows, *archive;

	if (!command || strcmp(command, "audit") != 0)
		return;
	rows = json_array();
	archive = json_object();
	json_object_set(archive, "account", json_object_get(o, "archive"));
	json_object_set(archive, "items", json_object_get(o, "items"));
	json_object_set(archive, "collections", json_object_get(o, "collections"));
	add_side(rows, json_object_get(o, "source"), "Old account");
	add_side(rows, archive, "Archive");
	add_side(rows, json_object_get(o, "target"), "New account");
	buf_puts(b, "<section>\n<h2>What was compared</h2>\n");
	html_table(b, NULL, rows, columns, COUNT(columns));
	buf_puts(b, "</section>\n");
	json_decref(archive);
	json_decref(rows);
}
