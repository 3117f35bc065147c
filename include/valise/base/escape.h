#ifndef VALISE_BASE_ESCAPE_H
#define VALISE_BASE_ESCAPE_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include "valise/base/buf.h"

/*
 * True if the n bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
 */
bool utf8_valid(const char *s, size_t n);
/*
 * Bytes of the character at the start of ${s}, 0 if none is well-formed; its code point
 * (may be NULL).
 */
size_t utf8_next(const char *s, size_t n, uint32_t *point_out);
/* The UTF-8 form of a code point; returns its 1 to 4 bytes. */
size_t utf8_put(uint32_t point, char out[4]);

/*
 * Controls (C0, DEL, C1), bidirectional controls, line and paragraph separators: never
 * shown as they are.
 */
bool char_is_hidden(uint32_t point);

/**
 * term_escape(s, n, out, size):
 * Text for a person: C0, DEL, C1 controls, bidirectional controls, line and paragraph
 * separators and bytes that are not UTF-8 become visible (\x1b, \u202e); cut to ${size}
 * bytes at a character border, with "..." at the end when cut.
 * Returns ${out}, NUL-terminated.
 */
char *term_escape(const char *s, size_t n, char *out, size_t size);
/* The same without a limit, malloc'ed. */
char *term_escape_dup(const char *s);

/**
 * text_one_line(s, n, cap, out):
 * Append text as a name that is kept: one line of well-formed UTF-8. Controls become blanks,
 * what turns the order of the text or breaks its line is left out, a byte that is not UTF-8
 * is U+FFFD; no blanks at the ends; at most ${cap} bytes, cut at a character: of what
 * is longer blanks in a row are one, so that it is cut at 5 bytes less at most.
 */
void text_one_line(const char *s, size_t n, size_t cap, struct buf *out);
/* Is it what text_one_line makes, and not empty? */
bool text_is_one_line(const char *s, size_t n, size_t cap);

/**
 * path_escape(name, n, out):
 * Append ${name} (UTF-8; other bytes become =XX) to ${out} as one path component that
 * every file system takes: =XX (upper-case hexadecimal) for each byte of / \ : " * ? < >
 * | = controls, bidirectional controls but for the marks, line and paragraph separators,
 * noncharacters and U+F000 to U+F07F, a leading dot or '-', a trailing dot or blank, and
 * the first letter of the whole names "cur", "new", "tmp" and of names of devices (CON,
 * COM1 ..., any extension, any case). An empty name becomes "=". At most 200 bytes: a
 * longer one is cut at a character border and gets "~" and the first 8 hexadecimal digits
 * of the SHA-256 of ${name}.
 */
int path_escape(const char *name, size_t n, struct buf *out) MUST_CHECK;
/*
 * Does every file system take the component as it is, and is it shown as it is? (A
 * leading dot or '-' is fine here.)
 */
bool path_travels(const char *name, size_t n);

/**
 * path_fold(name, out):
 * The key under which two path components count as twins on a file system that folds case
 * or normalizes: Unicode's full case folding of the canonical decomposition, without
 * combining marks. A coarse key is fine: twins only get a numbered suffix.
 */
void path_fold(const char *name, struct buf *out);

/*
 * True if ${path} is relative, without "..", ".", empty or absolute components, controls
 * or backslashes.
 */
bool path_is_safe(const char *path);

#endif
