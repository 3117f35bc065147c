#ifndef VALISE_FORMAT_HEADER_H
#define VALISE_FORMAT_HEADER_H

#include <stddef.h>
#include "valise/base/buf.h"
#include "valise/base/date.h"

/*
 * A reader of message header fields (RFC 5322 2.2) that never fails: LF or CRLF, 8-bit
 * bytes, missing colons, no header at all. It looks at no more than the bytes given.
 */

/* A colon with blanks before it (RFC 5322 4.5) is one of the first so many octets of its line. */
enum { HEADER_COLON_MAX = 32 };

/**
 * header_find(msg, n, name, out): append the unfolded value of the first (topmost) field
 * ${name} to ${out}, blanks at both ends removed, cut to the cap of ${out}. Returns 1
 * found, 0 not there.
 */
int header_find(const char *msg, size_t n, const char *name, struct buf *out);

/**
 * header_param(value, n, name, out): append the parameter ${name} of a field like
 * Content-Type (RFC 2045 5.1), without its quotes. 1 found, 0 not there.
 */
int header_param(const char *value, size_t n, const char *name, struct buf *out);

/* Bytes of the header with its empty line; n when there is no empty line. */
size_t header_length(const char *msg, size_t n);

/*
 * RFC 2047 words of ${s} decoded to UTF-8 for display, other bytes escaped as by
 * term_escape; tabs become blanks. Looks at the first 64 KiB; cut to the cap of ${out},
 * then with "..." at its end.
 */
void header_decode_text(const char *s, size_t n, struct buf *out);

/**
 * header_text(s, n, cap, out): append the text of an unfolded field as it is kept: RFC 2047
 * words decoded, 8-bit text that is not UTF-8 read as Windows-1252, then as by
 * text_one_line, at most ${cap} bytes. Looks at the first HEADER_TEXT_MAX octets.
 */
#define HEADER_TEXT_MAX 8192
void header_text(const char *s, size_t n, size_t cap, struct buf *out);
/* The same of all the octets, whose number the caller has bounded. */
void header_whole_text(const char *s, size_t n, size_t cap, struct buf *out);

/**
 * header_param_text(value, n, name, cap, out): the same of a parameter: RFC 2231 with its
 * charset and continuations, else encoded words, which have no place there but are met.
 * 1 found, 0 not there, or empty.
 */
int header_param_text(const char *value, size_t n, const char *name, size_t cap, struct buf *out);

/* The name by which iconv is trusted with the charset; NULL: it is not. */
const char *charset_known(const char *name);

/*
 * Append ${raw}, text in the charset ${name}, as UTF-8; as it is where nobody knows the
 * charset.
 */
void charset_to_utf8(const char *name, struct buf *raw, struct buf *out);

/*
 * The date of the topmost Received field, else (also when that is not readable) of Date;
 * 1 found, 0 none. *source_out (may be NULL) "received" or "date".
 */
int header_arrival_date(const char *msg, size_t n, struct date *out, const char **source_out);

#endif
