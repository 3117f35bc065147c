#ifndef VALISE_CLI_TELL_DIFF_H
#define VALISE_CLI_TELL_DIFF_H

#include "valise/tree/diff.h"
#include "cli/cli.h"

/* valise diff, as it goes on. */
struct diff_run {
	const struct args *args;
	struct tree_reader *from, *to;
	unsigned before, after; /* snapshots */
	bool json, stat; /* stat: of items a number for each collection */
	uint64_t all[DIFF_KINDS]; /* told */
	const struct tree_head *of; /* stat: whose items are being counted, in some[] */
	uint64_t some[DIFF_KINDS];
};
/* A diff_fn; ${run} is a struct diff_run. */
int diff_tell(void *run, const struct diff_one *d, struct err *err);
/* At the end: what there was in all, for people or as the outcome. */
void diff_tell_all(struct diff_run *r);

#endif
