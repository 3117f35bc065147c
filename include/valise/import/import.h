#ifndef VALISE_IMPORT_IMPORT_H
#define VALISE_IMPORT_IMPORT_H

#include "valise/base/progress.h"
#include "valise/tree/select.h"
#include "valise/tree/sink.h"

/*
 * Files into a tree: mail as mbox, Maildir, MH and single messages, calendars, address
 * books, Outlook's own files, in folders and in zip and tar files. What a file is is told from
 * its content.
 */

/* What became of one collection. */
struct import_told {
	enum coll_kind kind;
	const char *name;
	uint64_t had; /* items that the last snapshot has */
	uint64_t added; /* that are new */
	uint64_t changed; /* that have more flags now, or another content */
	uint64_t left_out; /* by options, and not there either */
	uint64_t errors;
};
/* A property of Outlook's items that has no place in what was made of them. */
struct import_homeless {
	const char *property; /* "PidTagImportance" */
	uint64_t items; /* that had it */
	const char *example; /* one of them */
};
/* The same of one item: its first ones, as outlook_homeless tells them. */
struct import_homeless_item {
	enum coll_kind kind;
	const char *collection, *item; /* as in its notes */
	char *const *properties; /* "PidTagImportance (attachment 2)" */
	size_t n;
	uint64_t more; /* that it has besides */
};
struct import_opts {
	const char *const *paths; /* files and folders; lent */
	size_t n_paths;
	const char
	        *archive; /* where it goes: what of it lies below a PATH is passed over; or NULL */
	const char *into; /* everything below this folder; NULL: as the files have it */
	/*
	 * Which items are meant, by dates, sizes, flags, from, to, subject (the rest of it counts
	 * for nothing); lent; NULL: all. What it leaves out is counted, also in the catalogs.
	 */
	const struct selection *selection;
	void (*told)(void *ctx, const struct import_told *t); /* of each that was filled; or NULL */
	void *told_ctx;
	bool no_raw; /* of Outlook's items: without their properties as they are (COLL_MAPI) */
	bool recover; /* of Outlook's files: what was deleted, or is in no folder, too */
	/* Each of them, by name; or NULL. */
	void (*homeless)(void *ctx, const struct import_homeless *h);
	/* Each item that has some, as it is imported; or NULL. */
	void (*homeless_item)(void *ctx, const struct import_homeless_item *h);
	void *homeless_ctx; /* of both */
	/* Is there room for files of so many octets? Asked before they are read; NULL: yes. */
	int (*space_check)(void *ctx, uint64_t bytes, struct err *err);
	void *space_ctx;
};
struct import_result {
	uint64_t files; /* that gave something, or could not be read */
	uint64_t items; /* that are in them */
	uint64_t added, changed; /* sums of import_told */
	uint64_t left_out; /* sum of import_told */
	uint64_t errors; /* items that could not be read: error lines of their collections */
	uint64_t unread; /* files of which nothing could be read: no collection names them */
	uint64_t ignored; /* files that hold nothing of an account; named as notes */
	/* of Outlook's files: items of which only the properties are kept; named as notes */
	uint64_t raw_only;
	uint64_t homeless; /* properties of items that found no place in them */
};

/**
 * import_run(opts, sink, progress, out, err): give all that is found to ${sink}, beside what
 * its last snapshot has (an import only adds), not committing it. Messages that a collection
 * has already, octet for octet, are not added again: of each PATH it has as many of the same
 * as the PATH has. What cannot be read is an error line of its collection.
 * ERR_USAGE: a PATH is a tree or an archive of ours.
 */
int import_run(const struct import_opts *opts, struct tree_sink *sink, struct progress *progress,
        struct import_result *out, struct err *err) MUST_CHECK;

/* A sink for --dry-run: it has what ${last} (lent; may be NULL) has, and keeps nothing. */
struct tree_sink *import_dry_sink(struct tree_reader *last);

#endif
