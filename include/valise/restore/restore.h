#ifndef VALISE_RESTORE_RESTORE_H
#define VALISE_RESTORE_RESTORE_H

#include <stdarg.h>
#include "valise/base/progress.h"
#include "valise/base/service.h"
#include "valise/tree/pattern.h"
#include "valise/tree/sink.h"

/*
 * A target brings what a tree_reader has into one service of an account. It only adds: no
 * message, mailbox or flag is ever taken away. One table of functions a protocol.
 */

/*
 * How a message that the server refused got there all the same. One message may need
 * several.
 */
enum rescue {
	RESCUE_END,
	RESCUE_LINES,
	RESCUE_NUL,
	RESCUE_FIELDS,
	RESCUE_8BIT,
	RESCUE_LONG,
	RESCUE_WRAP,
	RESCUE_DATE,
	/* a calendar object or card in another form (valise/format/amend.h) */
	RESCUE_FORM,
	RESCUES
};
const char *rescue_name(enum rescue r); /* "line-ends" */

/*
 * --map: this collection (content name, or full name) goes there. Mail: with what is
 * below it, to a content name. DAV: into the target's collection of that display name or
 * last segment, else into a new one; several may go into one.
 */
struct target_map {
	const char *from, *to;
};

/* What becomes of labels (X-GM-LABELS) on a server that has none. */
enum label_policy {
	LABELS_FOLDERS, /* every labelled mailbox gets its copy */
	LABELS_KEYWORDS, /* one copy, its labels as keywords */
	LABELS_FIRST, /* one copy, in the first mailbox */
};

/* What a look at the target finds of one item of the archive (target_opts.looked). */
enum look_state {
	LOOK_SAME, /* there, and equal in all that was looked at */
	LOOK_OTHER, /* there in another form */
	LOOK_FLAGS, /* there, without flags or keywords that the archive has */
	LOOK_ELSEWHERE, /* there, but not in the collection that a restore puts it in */
	LOOK_TWICE, /* there more often than in the archive */
	LOOK_MISSING,
	LOOK_HELD_BACK, /* not there; a restore stores it only when told to */
	LOOK_UNREADABLE, /* the archive does not give it, so that nobody can tell */
	LOOK_UNSEEN, /* the target does not give it, so that nobody can tell */
	LOOK_STATES
};
/* In what a message of the target is not like the item, as bits. */
enum {
	LOOK_BY_FORM = 1, /* octets, but the form is known and keeps all of the content */
	LOOK_BY_ENDS = 2, /* line ends or NUL, nothing else of the octets */
	LOOK_BY_CONTENT = 4,
	LOOK_BY_DATE = 8, /* INTERNALDATE */
	LOOK_BY_FLAGS = 16,
};
struct target_look {
	enum look_state state;
	const char *place; /* the collection of the target, its name in UTF-8; or NULL */
	/*
	 * one line on what differs, or why nobody can tell; or NULL. LOOK_FLAGS: "without" and
	 * the words
	 */
	const char *differs;
	unsigned by; /* of mail; of DAV 0: LOOK_OTHER is another content */
};

struct target_result;
struct predictor;
struct target_opts {
	bool dry_run;
	bool strict; /* --strict: a refused message is named, and nothing else is tried */
	/* --verify full: every message that was stored is read back, not a sample */
	bool read_all;
	enum label_policy labels;
	struct pattern_choice choice; /* --folder, --include, --exclude */
	/* each names a collection of the archive, of whatever kind */
	const struct target_map *maps;
	size_t n_maps;
	/*
	 * --under: put everything below this mailbox (content name), or NULL; DAV: its
	 * name and '/' before each collection's
	 */
	const char *under;
	/* --into: DAV: everything into this collection, which is there, or NULL */
	const char *into;
	/*
	 * --with-attendees: store events with attendees also where the server may mail
	 * them
	 */
	bool with_attendees;
	/*
	 * --update: DAV: what an earlier restore of the archive left on the target, and
	 * nobody has changed there since, is replaced by the archive's newer version
	 */
	bool update;
	/*
	 * --attach-links: DAV: files of the archive that items link to are put into them
	 */
	bool attach_links;
	/**
	 * looked(ctx, c, it, look): not NULL: the target is only looked at. Nothing that
	 * writes leaves (the guard has the role of a source), the journal is a hint where
	 * something may be and never a proof (IMAP: beside it, in JOURNAL.looked, stands which
	 * mailboxes a look found equal, with the STATUS that they had: of those that have the same
	 * still, HIGHESTMODSEQ included, nothing is listed), and nothing is reported but what keeps
	 * the look from going on. Each item of each chosen collection is told exactly once, ${look}
	 * borrowed; but none of a collection whose catalog cannot be read, which is reported,
	 * or that no restore brings back (DAV: subscriptions, generated ones). By default by
	 * UID, size, date, flags, header fields and ETag; with read_all by the octets of both
	 * sides. Thread-safe, with the same ctx.
	 */
	void (*looked)(void *ctx, const struct tree_coll *c, const struct tree_item *it,
	        const struct target_look *look);
	/*
	 * Not NULL: what the target will refuse or change is foreseen, too
	 * (valise/restore/predict.h). Goes with dry_run; each message is read from the archive.
	 */
	const struct predictor *predictor;
	/* path of the restore journal of this archive and target, NULL: none is kept */
	const char *journal;
	/*
	 * MAPI: beside collections of which kinds, as bits, items without another form are
	 * meant (COLL_MAPI); 0: of all
	 */
	unsigned beside;
	const char *archive_id; /* names archive and snapshot line in the journal */
	/* that is read; without its number (0) nothing is replaced */
	unsigned snapshot;
	unsigned connections; /* 0: the target's own choice */
	/* IMAP: trouble without any gain that ends the run; 0: the target's own choice */
	unsigned max_wait_s;
	/*
	 * One line of the plan or of the outcome of an item or collection that was not
	 * taken over exactly. Thread-safe.
	 */
	void (*report)(void *ctx, enum say_level level, const char *collection, const char *item,
	        const char *text);
	/*
	 * What came of a collection that was dealt with: ${r} borrowed, once or several times,
	 * to be added up. Thread-safe, with the same ctx. May be NULL.
	 */
	void (*counted)(void *ctx, const struct tree_head *h, const struct target_result *r);
	void *ctx;
};

struct target_result {
	uint64_t collections_made, collections;
	uint64_t items; /* looked at */
	uint64_t added, already, altered, failed;
	uint64_t unreadable; /* of the failed ones: the archive does not give them */
	/*
	 * on the target more often than in the archive, and not before the first restore
	 * of it
	 */
	uint64_t doubled;
	/* stand there, but it could not be looked whether they are as they were sent */
	uint64_t unseen;
	uint64_t rescued; /* of the altered ones: refused as they are */
	uint64_t rescues[RESCUES]; /* how */
	/* --attach-links: files of the archive that did not go into their items */
	uint64_t unattached;
	/*
	 * with an error: --into names nothing of this kind, so none of its items (failed)
	 * was restored
	 */
	bool no_into;
	/*
	 * looked: in the collections that were looked at, and not in the archive; Gmail's are
	 * not counted
	 */
	uint64_t extra;
	uint64_t updated; /* opts->update: replaced by the newer version; not among added */
	uint64_t flags_added; /* cut-over: flags set since the earlier restore */
	uint64_t bytes;
};

/* The counts of ${r} are added to those of ${s}. */
void target_result_add(struct target_result *s, const struct target_result *r);

struct target_ops {
	/*
	 * One kind of collections of ${reader} into the service. Errors as in source_ops:
	 * only what ends the whole service; refused items are counted in failed and
	 * reported.
	 */
	int (*run)(const struct service *service, enum coll_kind kind, struct tree_reader *reader,
	        const struct target_opts *opts, struct progress *progress,
	        struct target_result *out, struct err *err);
};

extern const struct target_ops target_imap, target_caldav, target_carddav, target_mapi;
/**
 * target_run(ops, service, kind, reader, opts, progress, out, err): ops->run with the lock on
 * opts->journal held, so that one restore at a time works for an archive and a target; a
 * dry run and a look need none. Where the file system knows no locks, people are told and it goes
 * on.
 * Errors: ERR_LOCKED, nothing was done; else as ops->run.
 */
int target_run(const struct target_ops *ops, const struct service *service, enum coll_kind kind,
        struct tree_reader *reader, const struct target_opts *opts, struct progress *progress,
        struct target_result *out, struct err *err) MUST_CHECK;
/* A line for opts->report; ${collection} and ${item} may be NULL. */
void target_say(const struct target_opts *o, enum say_level level, const char *collection,
        const char *item, const char *fmt, ...) PRINTF_LIKE(5, 6);
void target_vsay(const struct target_opts *o, enum say_level level, const char *collection,
        const char *item, const char *fmt, va_list ap);
/* Is this collection to be restored, as --folder, --include and --exclude say? */
bool target_selects(const struct target_opts *o, const struct tree_head *h);
/* What patterns are held against; borrows from ${h}. */
void target_name(const struct tree_head *h, struct pattern_name *out);
/**
 * target_map_names(m, h, place, rest_out): is this the collection that the mapping names,
 * or, for mail, what is below it? *rest_out: what of ${place}, its content name, is
 * below, "/2024", or "". What a server has below INBOX because it has everything there is
 * not below INBOX.
 */
bool target_map_names(const struct target_map *m, const struct tree_head *h, const char *place,
        const char **rest_out);

#endif
