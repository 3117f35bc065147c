/* How converters say what did not come over. */
#include "outlook/lost.h"
#include <stdio.h>

void lost_say(const struct outlook_to *to, const char *fmt, va_list args)
{
	char text[512];

	if (!to->lost)
		return;
	vsnprintf(text, sizeof text, fmt, args);
	to->lost(to->ctx, text);
}
