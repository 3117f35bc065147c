#ifndef VALISE_FETCH_RUN_H
#define VALISE_FETCH_RUN_H

#include "valise/base/workers.h"
#include "valise/fetch/fetch.h"

/*
 * What the runs of all sources share: where from and where to, the threads and the first
 * error that ends them, what was counted. Each run has one as its member ${base}.
 */
struct fetch_run {
	const struct service *service;
	struct tree_sink *sink; /* NULL when dry without one */
	const struct source_opts *opts; /* NULL for linked files, which have none */
	struct progress *progress;
	enum coll_kind kind;

	struct workers workers; /* its lock guards what follows */
	struct source_result result;
};

void run_begin(struct fetch_run *r, const struct service *service, struct tree_sink *sink,
        const struct source_opts *opts, struct progress *progress, enum coll_kind kind);
/*
 * ${rc}: how it ended, with ${err}, which gets the scope ERR_WHOLE. What was counted is
 * added to ${out}. Returns ${rc}.
 */
int run_finish(struct fetch_run *r, int rc, struct source_result *out, struct err *err) MUST_CHECK;

/* Add to what is counted. */
void run_count(struct fetch_run *r, const struct source_result *add);
/*
 * An error line of ${c}, counted: ${name} is an href or UIDL, or NULL with the UID ${uid}
 * or 0.
 */
void run_lose(struct fetch_run *r, struct tree_coll *c, uint32_t uid, const char *name,
        const char *reason);

/* Are sizes that a server says right so often that a wrong one says something? */
bool run_trusts_sizes(uint64_t right, uint64_t wrong);
/*
 * Is a message that is longer than its server says only counted wrong, by a few octets in
 * all or in a hundred? Another one in its place would seldom be so near.
 */
bool run_is_miscounted(uint64_t came, uint64_t said);

/* What people are told of one that came with another size all the same. */
enum { MISFIT_TEXT = 160 };
const char *run_misfit_text(bool cut, uint64_t came, uint64_t said, char out[MISFIT_TEXT]);

/*
 * Items of an interrupted run whose size is not as listed (WARN_SIZE): were they perhaps
 * named? Its error lines are gone with it. Where they are few, or rare, they are fetched
 * and judged again.
 */
bool run_doubts_sizes(const struct tree_coll *last_run);

/*
 * A collection whose name has no levels: is it chosen by --include and --exclude? Tell
 * that it is there (source_opts.listed).
 */
bool run_wants(const struct fetch_run *r, const char *name);
void run_tell(const struct fetch_run *r, const char *name);

/* To the sink, an error of which costs the run (ERR_WHOLE); keep does nothing when dry. */
int run_item(const struct fetch_run *r, struct tree_coll *c, const struct tree_item *it,
        struct err *err) MUST_CHECK;
int run_keep(const struct fetch_run *r, const char *name, enum coll_status status,
        const char *reason, struct err *err) MUST_CHECK;
int run_coll(const struct fetch_run *r, struct tree_coll **c, struct err *err) MUST_CHECK;
/* The last snapshot; NULL: there is none, or the sink cannot give it. */
int run_last(const struct fetch_run *r, struct tree_reader **out, struct err *err) MUST_CHECK;
/* What the sink has of the collection; each may become NULL, the caller frees both. */
int run_load(const struct fetch_run *r, const char *name, struct tree_coll **snapshot,
        struct tree_coll **last_run, struct err *err) MUST_CHECK;

#endif
