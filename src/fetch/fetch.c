/* Which source reads which kind of service. */
#include "valise/fetch/fetch.h"

static const struct source_ops *const sources[] = {
        &source_imap,
        &source_pop3,
        &source_caldav,
        &source_carddav,
};

const struct source_ops *source_for(enum service_kind kind)
{
	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
		if (sources[i]->kind == kind)
			return sources[i];
	return NULL;
}
