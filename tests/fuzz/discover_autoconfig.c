/* The autoconfig XML of a hostile domain. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "discover/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct autoconfig a;

	if (!autoconfig_read((const char *)data, size, "al+ice@old.example", "old.example", &a) &&
	        a.plain)
		abort();
	for (int k = 0; k < SERVICE_KINDS; k++) {
		const struct place *p = &a.places[k];
		char *host = p->url ? url_host_of(p->url) : NULL;

		/* each URL has a host, is one line, and none goes without TLS */
		if (p->url && (!host || !*host || strpbrk(p->url, "\r\n\x1b ") ||
		                      strncmp(p->url, "http://", 7) == 0))
			abort();
		if (p->user && (!*p->user || strpbrk(p->user, "\r\n\x1b")))
			abort();
		free(host);
	}
	autoconfig_clear(&a);
	return 0;
}
