#ifndef VALISE_FORMAT_CONTENT_INTERNAL_H
#define VALISE_FORMAT_CONTENT_INTERNAL_H

#include "valise/format/content.h"

#define CONTENT_LINE_MAX (64u << 20)
#define CONTENT_DEPTH_MAX 16
#define CONTENT_PARAMS_MAX 200

typedef int (*content_fn)(void *ctx, const struct content_line *l, struct err *err);

/*
 * content_read; with ${stray}, lines that are no content lines come, too: name "", the
 * text as value.
 */
int content_scan(const void *p, size_t n, content_fn fn, bool stray, void *ctx, unsigned *wrong_out,
        struct err *err) MUST_CHECK;

/* Is it the name on the BEGIN or END line? */
bool content_component_is(const struct content_line *l, const char *name);

enum content_encoding { CONTENT_PLAIN, CONTENT_QP, CONTENT_BASE64 };
enum content_encoding content_encoding(const struct content_line *l);

/* Is it an ATTACH, PHOTO, LOGO or SOUND that is a URL? Appends that to ${url}. */
bool content_link(const struct content_line *l, struct buf *url);

/*
 * Append text with its escapes decoded (RFC 5545 3.3.11, RFC 6350 3.4): \n \N \, \; \:
 * \\; other backslashes stay.
 */
void content_unescape(const char *s, size_t n, struct buf *out);
#define CONTENT_TEXT_MAX 1024
/*
 * Text for display: escapes decoded, octets that are not UTF-8 read as ISO 8859-1; cut to
 * CONTENT_TEXT_MAX. The words of N in their order: given name, family name. Caller frees.
 */
char *content_text(const struct content_line *l);
char *content_name_text(const struct content_line *l);
/* Does a main component, neither a calendar nor a time zone, begin at this depth? */
bool content_is_main(const char *name, bool in_calendar, int depth);
/* Append the octets but for ${chars}. */
void content_without(const char *s, size_t n, const char *chars, struct buf *out);
/* Append the value of a line, decoded if it is quoted-printable; of it ${n} octets at most. */
void content_plain(const struct content_line *l, size_t n, struct buf *out);
/* Append quoted-printable text decoded (RFC 2045 6.7); what is not well-formed stays. */
void content_qp_decode(const char *s, size_t n, struct buf *out);
/* Octets of ${s} before the first ${c} that no backslash precedes. */
size_t content_span(const char *s, size_t n, char c);

/*
 * A name of the tz database (RFC 7808 speaks of it), so that nobody needs its VTIMEZONE?
 * NULL: no.
 */
bool content_known_zone(const char *tzid);

#endif
