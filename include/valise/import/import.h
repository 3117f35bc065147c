#ifndef VALISE_IMPORT_IMPORT_H
#define VALISE_IMPORT_IMPORT_H

#include "valise/base/progress.h"
#include "valise/tree/sink.h"

/*
 * Files into a tree: mail as mbox, Maildir, MH and single messages, calendars, address books,
 * in folders and in zip and tar files. What a file is is told from its content.
 */
struct import_opts {
	const char *const *paths; /* files and folders; lent */
	size_t n_paths;
	const char *into; /* everything below this folder; NULL: as the files have it */
	/* What a file is taken for where it would not be told: "mbox"; NULL */
	const char *as;
};
struct import_result {
	uint64_t files, items, added, errors; /* added: not in the last snapshot */
	uint64_t ignored; /* files that hold nothing of an account; named as notes */
};

/**
 * import_run(opts, sink, progress, out, err): give all that is found to ${sink}, beside what
 * its last snapshot has (an import only adds), not committing it. What cannot be read is an
 * error line of its collection.
 */
int import_run(const struct import_opts *opts, struct tree_sink *sink, struct progress *progress,
        struct import_result *out, struct err *err) MUST_CHECK;

#endif
