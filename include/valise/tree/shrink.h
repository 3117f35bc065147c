#ifndef VALISE_TREE_SHRINK_H
#define VALISE_TREE_SHRINK_H

#include "valise/base/progress.h"
#include "valise/tree/manifest.h"

/*
 * The shrink rule of both sinks. What the server shows is the new state, always. What
 * vanished in a suspicious way stays beside it, in its last state and marked as gone
 * (tree_coll.gone), until two further runs find the same or the user believes it: a
 * server that answers "empty" by mistake takes nothing along, and nobody is told more
 * than once of mail that was tidied up.
 *
 * Suspicious is: more than half and more than SHRINK_LEAST items of a collection that is
 * not passing (use_is_passing, and what is below such a mailbox); or all of a kind (all
 * mail, all calendars, all address books) but for what is passing. An item is lost when
 * its content is in no collection of the account any more; for DAV also neither its href
 * nor its UID is there (an edited event is not a lost one).
 * Linked files come and go with their links: they are under no rule.
 */

enum {
	SHRINK_LEAST = 20,
	SHRINK_RUNS = 2, /* further runs that must find the same */
};

/* Is it suspicious that ${lost} of ${before} items are lost? */
bool tree_shrunk(uint64_t before, uint64_t lost);

/* The user's word: what is lost is to go. */
struct tree_accept {
	bool all;
	const char *const *names; /* of collections, as tree_accepts_head knows them */
	size_t n_names;
};
bool tree_accepts(const struct tree_accept *a, const char *name);
/* By full name, content name or path. */
bool tree_accepts_head(const struct tree_accept *a, const struct tree_head *h);
/*
 * ERR_USAGE, if a name is of no collection of ${m}, the last snapshot; an empty ${m} is
 * fine.
 */
int tree_accept_check(
        const struct tree_accept *a, const struct tree_manifest *m, struct err *err) MUST_CHECK;

/* What is known of a collection of the last snapshot. */
struct tree_shrink_head {
	/* this run saw what the server has, or that the server has it no more */
	bool read;
	/* at most so many of its items are not in its successor; UINT64_MAX: not known */
	uint64_t lost;
};

struct tree_shrink {
	const struct tree_manifest *before; /* the last snapshot */
	struct tree_shrink_head *heads; /* one for each of ${before}; changed */
	/*
	 * Load the collection of a head, of the last snapshot (${after} false) or of the
	 * new one, the latter without what is gone; the caller frees.
	 */
	int (*load)(void *ctx, const struct tree_head *h, bool after, struct tree_coll **out,
	        struct err *err);
	/*
	 * ${c}, sorted and numbered, is the new state of the collection; the callee
	 * frees.
	 */
	int (*put)(void *ctx, struct tree_coll *c, struct err *err);
	void *ctx;
	const struct tree_accept *accept;
	struct progress *progress; /* told of each, may be NULL */
};

/**
 * tree_shrink_keep(s, after, marked_out, err): ${after} is what the server shows,
 * collections that were not read with their last state. Put each collection where
 * something becomes gone, or was. *marked_out counts those where something became gone by
 * this run. Collections are loaded only as far as needed.
 */
int tree_shrink_keep(const struct tree_shrink *s, const struct tree_manifest *after,
        unsigned *marked_out, struct err *err) MUST_CHECK;

#endif
