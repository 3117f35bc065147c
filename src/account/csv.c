/* Tables of accounts as spreadsheets write them (RFC 4180). */
#include "csv.h"
#include "valise/base/mem.h"
#include "valise/base/secret.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <string.h>

struct table {
	const char *at, *end, *label;
	unsigned line; /* of ${at} */
	struct csv_cell *cells; /* of the current row */
	size_t n, cap, columns; /* columns: of the header, 0 before it */
	struct err *err;
};

static int bad_line(const struct table *t, const char *what)
{
	return err_at(t->err, t->label, t->line, "%s", what);
}

static void clear_row(struct table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		wipe(t->cells[i].text, strlen(t->cells[i].text));
		free(t->cells[i].text);
	}
	t->n = 0;
}

/* One more cell of the row, within the caps. */
static int keep_cell(struct table *t, const char *s, size_t n, bool quoted)
{
	if (n > CSV_CELL_MAX)
		return bad_line(t, "a cell is too long");
	if (memchr(s, '\0', n))
		return bad_line(t, "the line holds a NUL byte");
	if (t->n == CSV_COLUMNS_MAX)
		return err_set(t->err, ERR_LIMIT, ERR_WHOLE, "%s, line %u: more than %d columns",
		        t->label, t->line, CSV_COLUMNS_MAX);
	*ARR_PUSH(t->cells, t->n, t->cap) = (struct csv_cell){xstrndup(s, n), quoted};
	return 0;
}

/* From the quote on; "" is a quote. */
static int take_quoted(struct table *t)
{
	const char *s = ++t->at;
	char *text = xmalloc((size_t)(t->end - s) < CSV_CELL_MAX + 1 ? (size_t)(t->end - s) + 1
	                                                             : CSV_CELL_MAX + 2);
	size_t n = 0;
	int rc = 0;

	for (; s < t->end && rc == 0; s++) {
		if (*s == '"' && (s + 1 == t->end || s[1] != '"'))
			break;
		if (*s == '\n' || *s == '\r')
			rc = bad_line(t, "a line break in a cell, or a quote that is not closed");
		else if (n > CSV_CELL_MAX)
			rc = bad_line(t, "a cell is too long");
		else
			text[n++] = *s;
		s += *s == '"';
	}
	if (rc == 0 && s == t->end)
		rc = bad_line(t, "a quote is not closed");
	if (rc == 0) {
		t->at = s + 1;
		rc = keep_cell(t, text, n, true);
	}
	wipe(text, n);
	free(text);
	return rc;
}

/* A cell without quotes, up to the comma or the line's end. */
static int take_plain(struct table *t)
{
	const char *s = t->at;

	while (t->at < t->end && !strchr(",\n\r\"", *t->at))
		t->at++;
	if (t->at < t->end && *t->at == '\0') /* which strchr finds, too */
		return bad_line(t, "the line holds a NUL byte");
	if (t->at < t->end && *t->at == '"')
		return bad_line(t, "a quote inside a cell: put the whole cell in quotes, and write "
		                   "\"\" for one of its own");
	return keep_cell(t, s, (size_t)(t->at - s), false);
}

static void skip_blanks(struct table *t)
{
	while (t->at < t->end && (*t->at == ' ' || *t->at == '\t'))
		t->at++;
}

/* Blanks outside of quotes are nobody's. */
static int take_cell(struct table *t)
{
	const char *start = t->at;
	int rc;

	skip_blanks(t);
	if (t->at < t->end && *t->at == '"') {
		rc = take_quoted(t);
		skip_blanks(t);
		return rc;
	}
	t->at = start;
	return take_plain(t);
}

/* The end of the line, if it is there: CRLF or LF. */
static bool take_end(struct table *t)
{
	if (t->at == t->end)
		return true;
	if (t->end - t->at >= 2 && t->at[0] == '\r' && t->at[1] == '\n')
		t->at++;
	if (*t->at != '\n')
		return false;
	t->at++;
	return true;
}

/* All cells of a line. */
static int take_row(struct table *t)
{
	int rc;

	for (;;) {
		rc = take_cell(t);
		if (rc != 0)
			return rc;
		if (t->at < t->end && *t->at == ',')
			t->at++;
		else
			break;
	}
	if (!take_end(t))
		return bad_line(t, *t->at == '\r' ? "a line ends in CR alone"
		                                  : "text after the quote that closes a cell");
	return 0;
}

/* As many cells as the header has. */
static int check_width(struct table *t)
{
	if (!t->columns)
		t->columns = t->n;
	if (t->n == t->columns)
		return 0;
	return err_at(t->err, t->label, t->line, "%zu cells, and %zu columns in the header", t->n,
	        t->columns);
}

int csv_parse(
        const char *text, size_t n, const char *label, csv_row *row, void *ctx, struct err *err)
{
	struct table t = {.at = text, .end = text + n, .label = label, .err = err};
	int rc = 0;

	if (n > CSV_MAX)
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s is larger than %d MiB, which is too much for a table of accounts",
		        label, CSV_MAX >> 20);
	t.at += text_bom(text, n);
	while (rc == 0 && t.at < t.end) {
		t.line++;
		rc = take_row(&t);
		if (rc == 0 && t.n == 1 && !t.cells[0].quoted && !*t.cells[0].text) {
			clear_row(&t); /* an empty line */
			continue;
		}
		if (rc == 0)
			rc = check_width(&t);
		if (rc == 0)
			rc = row(ctx, t.cells, t.n, t.line, err);
		clear_row(&t);
	}
	clear_row(&t);
	free(t.cells);
	return rc;
}

bool csv_is_likely(const char *text, size_t n)
{
	const char *end = text + n;
	bool comma = false;

	text += text_bom(text, n);
	if (text < end && strchr("[#;", *text))
		return false;
	for (; text < end && *text != '\n'; text++) {
		if (*text == '=')
			return false;
		comma |= *text == ',';
	}
	return comma;
}
