#ifndef VALISE_OUTLOOK_WIDE_H
#define VALISE_OUTLOOK_WIDE_H

#include "valise/base/buf.h"

/* UTF-16LE of a text, appended; what is no UTF-8 is U+FFFD. */
void wide_put(struct buf *out, const char *text);

#endif
