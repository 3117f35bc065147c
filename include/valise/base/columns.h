#ifndef VALISE_BASE_COLUMNS_H
#define VALISE_BASE_COLUMNS_H

#include <stddef.h>

/*
 * Text on a terminal: UTF-8 without controls (base/escape.h), of which a character takes
 * no column, one or two, whatever the locale of the process is.
 */
size_t text_columns(const char *s);
/*
 * ${s}, or its beginning and "...", in at most ${columns} columns and ${size} octets of
 * ${out}, which is returned. Characters are never cut.
 */
char *text_cut(const char *s, size_t columns, char *out, size_t size);

#endif
