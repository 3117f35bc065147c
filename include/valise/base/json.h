#ifndef VALISE_BASE_JSON_H
#define VALISE_BASE_JSON_H

#include <jansson.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"

/*
 * Canonical JSON: UTF-8, object keys sorted by bytes, no blanks, integers only (no
 * floats), strings escape only '"', '\\' and control characters below 0x20 (short forms
 * \b \f \n \r \t, else \u00xx with lower-case hexadecimal). This is
 * json.dumps(sort_keys=True, separators=(",", ":"), ensure_ascii=False) of Python.
 */

/* Append "..." with escapes; a byte of ${s} that is not UTF-8 becomes U+FFFD. */
void json_put_string(struct buf *out, const char *s, size_t n);

/* Append the canonical form of ${v}. */
void json_put(struct buf *out, const json_t *v);

/*
 * The same for people's and other programs' eyes, outside of archives: C1 controls, DEL,
 * and what reorders or breaks a line (is escaped by term_escape, too) become \u00xx,
 * \u20xx. It reads back as the same text; its bytes are not the canonical ones.
 */
void json_put_shown(struct buf *out, const json_t *v);

/* json_put_string() of a text; "" for NULL. */
void json_puts(struct buf *out, const char *text);
/* The canonical form of ${v}, which is taken; the caller frees it. */
char *json_text(json_t *v);

/* Members: text (nothing for NULL), a number, octets as lower-case hexadecimal. */
void json_set_text(json_t *o, const char *key, const char *text);
void json_set_number(json_t *o, const char *key, uint64_t v);
void json_set_hex(json_t *o, const char *key, const uint8_t *p, size_t n);

/*
 * Parse one text of at most ${cap} bytes; duplicates of a key, trailing text and numbers
 * that are not integers of 64 bits are refused. ERR_DAMAGED.
 */
int json_read(const char *text, size_t n, size_t cap, json_t **out, struct err *err) MUST_CHECK;

/* Typed members; the fallback when absent or of another type. */
/* NULL, also for text with a NUL inside */
const char *json_get_str(const json_t *o, const char *key);
int64_t json_get_int(const json_t *o, const char *key, int64_t fallback);
int json_get_bool(const json_t *o, const char *key);

#endif
