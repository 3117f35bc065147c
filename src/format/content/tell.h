#ifndef VALISE_FORMAT_CONTENT_TELL_H
#define VALISE_FORMAT_CONTENT_TELL_H

#include "valise/base/buf.h"

/* tell_words.c: values of calendar objects in words for people, appended. */

/*
 * A DATE or DATE-TIME (RFC 5545 3.3.4, 3.3.5): "Sun, 3 Nov 2024", "Sun, 3 Nov 2024 10:00
 * Europe/Berlin"; ${zone} may be NULL. ${last}: a date that ends something by being behind it
 * (DTEND) is the day before. What is none is appended as it is.
 */
void tell_time(const char *value, const char *zone, bool last, struct buf *out);
/* A DURATION (RFC 5545 3.3.6): "1 day 2 hours". */
void tell_duration(const char *value, struct buf *out);
/* A RECUR (RFC 5545 3.3.10): "every 2 weeks on Mon, Wed, until 31 Dec 2024". */
void tell_rule(const char *value, struct buf *out);

#endif
