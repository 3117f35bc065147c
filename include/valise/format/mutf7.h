#ifndef VALISE_FORMAT_MUTF7_H
#define VALISE_FORMAT_MUTF7_H

#include <stdbool.h>
#include "valise/base/buf.h"

/* Modified UTF-7 of IMAP mailbox names, RFC 3501 5.1.3. */

/**
 * mutf7_decode(s, n, out): append the UTF-8 form to ${out}. Returns false (out unchanged)
 * if ${s} is not valid modified UTF-7, holds a NUL, is not the form that mutf7_encode
 * gives back, or exceeds the cap of ${out}: the name is then kept raw.
 */
bool mutf7_decode(const char *s, size_t n, struct buf *out) MUST_CHECK;

/*
 * Append the modified UTF-7 form of well-formed UTF-8 ${s}; false (out unchanged) if it
 * is not well-formed, holds a NUL or exceeds the cap of ${out}.
 */
bool mutf7_encode(const char *s, size_t n, struct buf *out) MUST_CHECK;

#endif
