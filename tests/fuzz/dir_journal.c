/* The journal's scanner, and behind it what the directory sink makes of the records. */
#include "dir/internal.h"
#include "tree/journal_scan.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct objects objects = {0};
	struct run run = {.objects = &objects};
	struct journal_parsing parsing = {run_replay, &run};
	struct journal_scan scan;
	struct err err;

	journal_scan_init(&scan, journal_parse, &parsing);
	if (journal_scan_add(&scan, data, size, &err) == 0 && scan.good > size)
		abort();
	journal_scan_clear(&scan);
	run_clear(&run);
	objects_clear(&objects);
	return 0;
}
