#ifndef VALISE_OUTLOOK_MAIL_FIELD_H
#define VALISE_OUTLOOK_MAIL_FIELD_H

#include <stdbool.h>
#include <stdint.h>
#include "valise/base/buf.h"

/*
 * Header fields made of UTF-8, in ASCII: encoded words (RFC 2047), parameters (RFC 2231),
 * lines folded. Texts may be any: controls become blanks. ${h} has no cap of its own: what is
 * put in was cut before (BAG_TEXT_MAX).
 */

/* An unstructured field; none, if the text has nothing but blanks. */
void field_text(struct buf *h, const char *name, const char *text);
/*
 * The same of tokens that need no encoding, folded at blanks; none, if it is not ASCII, or has
 * a token longer than lines are.
 */
void field_tokens(struct buf *h, const char *name, const char *text);
void field_date(struct buf *h, const char *name, int64_t utc);
/* "Mon, 02 Mar 2026 08:15:00 +0000" */
enum { FIELD_DATE_SIZE = 40 };
char *field_date_text(int64_t utc, char out[FIELD_DATE_SIZE]);
/* Words separated by commas: RFC 5322 3.6.5. */
void field_phrases(struct buf *h, const char *name, char *const *list, size_t n);

struct field_address {
	char *name; /* UTF-8; NULL: none */
	char *spec; /* an addr-spec: field_is_spec */
};
/* From, To ...: none, if ${n} is 0. */
void field_addresses(struct buf *h, const char *name, const struct field_address *list, size_t n);
/* An addr-spec of RFC 5322 3.4.1 without comments, quoted strings, literals; ASCII alone. */
bool field_is_spec(const char *s);

/* ";" and a parameter on a line of its own, behind a value that stands at the end of ${h}. */
void field_param(struct buf *h, const char *name, const char *value);
/* One that old programs look for, where it can be said in ASCII: else none. */
void field_plain_param(struct buf *h, const char *name, const char *value);
/* Is it a token of RFC 2045 5.1? "type/subtype": both of them. */
bool field_is_token(const char *s, size_t n);
bool field_is_type(const char *s);

#endif
