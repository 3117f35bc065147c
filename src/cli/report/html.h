#ifndef VALISE_CLI_REPORT_HTML_H
#define VALISE_CLI_REPORT_HTML_H

#include "valise/base/json.h"
#include "valise/base/markup.h"

/* Elements of a page. Whatever comes from outside passes markup_octets (base/markup.h). */

/* How a member is shown. */
enum cell {
	CELL_TEXT, /* numbers as they are, true and false as yes and no */
	CELL_NUMBER, /* in groups of three, at the right */
	CELL_BYTES, /* "1.2 GB" */
	CELL_TIME, /* "2026-11-22 17:16:00 UTC" */
	CELL_HASH, /* of equal width */
	CELL_SHARE, /* thousandths, as a bar, for the eye alone */
};
/* The value, as text of an element; of a list its texts. Nothing for NULL and null. */
void html_value(struct buf *b, const json_t *v, enum cell kind);
/* "source.items" is a member of a member; NULL: it is not there. */
json_t *json_at(const json_t *o, const char *path);

struct column {
	const char *path, *title;
	enum cell kind;
};
/*
 * A table with a row for each object of ${rows}, in a box of its own; columns of which no
 * row has a value are left out, the first of those that are there heads its row. A row with
 * a member "error" or "damage", or whose "level" is "warning", is marked.
 */
void html_table(struct buf *b, const char *caption, const json_t *rows,
        const struct column *columns, size_t n);
/* The cells of ${o} in columns that ${used} has. */
#define COLUMNS_MAX 20
void html_cells(struct buf *b, const json_t *o, const struct column *columns, size_t n,
        const bool used[COLUMNS_MAX]);
/* Which columns have a value in any of the rows. */
void html_used(const json_t *rows, const struct column *columns, size_t n, bool used[COLUMNS_MAX]);
void html_titles(
        struct buf *b, const struct column *columns, size_t n, const bool used[COLUMNS_MAX]);

/* A name and its value within <dl>; nothing where there is none. */
void html_fact(struct buf *b, const char *name, const json_t *value, enum cell kind);
void html_fact_text(struct buf *b, const char *name, const char *value);

/* "flags_added" as "Flags added"; the caller frees. */
char *html_words(const char *key);

#endif
