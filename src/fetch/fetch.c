/* What all sources have in common: options of their own. */
#include "valise/fetch/fetch.h"
#include <string.h>

const char *source_option(const struct source_opts *opts, const char *name)
{
	for (size_t i = 0; i < opts->n_own; i++)
		if (strcmp(opts->own[i].name, name) == 0)
			return opts->own[i].value;
	return NULL;
}
