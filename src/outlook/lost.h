#ifndef VALISE_OUTLOOK_LOST_H
#define VALISE_OUTLOOK_LOST_H

#include <stdarg.h>
#include "valise/outlook/convert.h"

/* What did not come over, to whoever asks for it; a line of at most 511 octets. */
void lost_say(const struct outlook_to *to, const char *fmt, va_list args) PRINTF_LIKE(2, 0);

#endif
