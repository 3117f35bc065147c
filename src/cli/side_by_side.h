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
	/*
	 * Read when all others have been, as it gives none of what they gave: without the kinds
	 * of those that could not be read
	 */
	bool last;
	/* filled in: */
	bool left_out; /* ${after} could not be read, or nothing that it may give */
	unsigned without; /* 1 << COLL_x: of kinds, what it did not give for that reason */
	int rc;
	struct source_result result;
	struct err err;
};

/**
 * read_side_by_side(services, list, n, progress): read all of them, each in a thread, but
 * those that come after another one, which stands before them, or last. None ends because another
 * one failed; all end when a stop is requested (valise/base/progress.h).
 */
void read_side_by_side(const struct service *services, struct service_read *list, size_t n,
        struct progress *progress);

/* A kind of collections that is to be stored, and what came of it. */
struct kind_stored {
	enum coll_kind kind;
	enum service_kind to;
	/* filled in: */
	bool is_done; /* false: one before it, of the same service, could not be stored */
	int rc;
	struct target_result result;
	struct err err;
};

/**
 * store_side_by_side(services, list, n, reader, opts, progress): all of them, those of one
 * service one after the other, the services each in a thread. None ends because another one
 * failed. A dry run is one after the other, up to the first that fails: its lines have an
 * order.
 */
void store_side_by_side(const struct service *services, struct kind_stored *list, size_t n,
        struct tree_reader *reader, const struct target_opts *opts, struct progress *progress);

#endif
