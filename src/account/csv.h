#ifndef VALISE_ACCOUNT_CSV_H
#define VALISE_ACCOUNT_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include "valise/base/err.h"

#define CSV_MAX (16 << 20)
#define CSV_CELL_MAX 4000 /* octets */
#define CSV_COLUMNS_MAX 64

struct csv_cell {
	char *text; /* never NULL */
	bool quoted; /* its blanks are its own */
};

/**
 * csv_parse(text, n, label, row, ctx, err):
 * Read the ${n} octets of a table (RFC 4180) and call ${row} for each row with its cells
 * and the line on which it begins, the header first; a result other than 0 ends it and is
 * returned. ${label} names the file in messages. Lines end in CRLF or LF, a byte order
 * mark is passed over, so are empty lines.
 *
 * ERR_USAGE, naming the line: a quote within a cell that does not begin with one, text
 * after the closing quote, a quote that is never closed, a line break in a cell, NUL, a
 * row with more or fewer cells than the header, a cell of over 4000 octets; a table of over
 * CSV_MAX octets. ERR_LIMIT: over 64 columns.
 */
typedef int csv_row(
        void *ctx, const struct csv_cell *cells, size_t n, unsigned line, struct err *err);
int csv_parse(const char *text, size_t n, const char *label, csv_row *row, void *ctx,
        struct err *err) MUST_CHECK;

/* Does it look like a table: are there commas in its first line, and nothing of a file of settings?
 */
bool csv_is_likely(const char *text, size_t n);

#endif
