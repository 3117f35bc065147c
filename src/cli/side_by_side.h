#ifndef VALISE_CLI_SIDE_BY_SIDE_H
#define VALISE_CLI_SIDE_BY_SIDE_H

#include "cli/protocols.h"

/* A service that is to be read, and what came of it. */
struct service_read {
	enum service_kind kind;
	unsigned kinds; /* 1 << COLL_x: what is asked of it */
	struct tree_sink *sink; /* lent, as are opts and after */
	const struct source_opts *opts;
	/* read when that one has been, as it needs what it gave, and if it could be; or NULL */
	const struct service_read *after;
	/* filled in: */
	bool left_out; /* ${after} could not be read */
	int rc;
	struct source_result result;
	struct err err;
};

/**
 * read_side_by_side(services, list, n, progress): read all of them, each in a thread, but
 * those that come after another one, which stands before them. None ends because another
 * one failed; all end when a stop is requested (valise/base/progress.h).
 */
void read_side_by_side(const struct service *services, struct service_read *list, size_t n,
        struct progress *progress);

#endif
