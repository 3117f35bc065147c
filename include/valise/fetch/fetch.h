#ifndef VALISE_FETCH_FETCH_H
#define VALISE_FETCH_FETCH_H

#include "valise/base/progress.h"
#include "valise/base/service.h"
#include "valise/tree/shrink.h"
#include "valise/tree/pattern.h"
#include "valise/tree/select.h"
#include "valise/tree/sink.h"
#include "valise/tree/twin.h"

/*
 * A source reads one service of an account into a sink. How to write one: the last
 * section of docs/ARCHITECTURE.md.
 */

struct survey; /* valise/fetch/survey.h */

/* What was given of the options that are for one protocol alone. */
struct source_option {
	const char *name; /* without the dashes */
	const char *value; /* "": it takes none */
};

/*
 * What the other services of the account gave in this run, or keep as it is, so that a second
 * way to the same items (MAPI) gives none of them again. It runs when these are done, and all
 * is known. Thread-safe. docs/MAPI.md, "Beside IMAP and DAV".
 */
struct source_beside {
	/**
	 * collection(ctx, c): of each collection that the source has, before has() is asked of
	 * any item: ${c} has its kind, name, delimiter and special_use. A name that is another
	 * service's is replaced: "NAME (MAPI)", always the same. What stands beside ${c}
	 * (COLL_MAPI) is named by what it is called then.
	 */
	void (*collection)(void *ctx, struct tree_coll *c);
	/**
	 * has(ctx, c, twin): does another service show the item? Each of its items is the twin of
	 * one item alone, first of that in the collection of the same name or use. What it says yes
	 * to is left out and counted (source_result.elsewhere), and has to be asked of again in
	 * each further run, listed or not, as the other service may show it no more: the source
	 * keeps its twin (${state_dir}, or with the collection) and fetches it then.
	 */
	bool (*has)(void *ctx, const struct tree_coll *c, const struct item_twin *twin);
	void *ctx;
};

struct source_opts {
	struct pattern_choice choice; /* what is not chosen is kept as skipped */
	/*
	 * By dates, sizes and flags of mail: what it leaves out is not fetched but counted
	 * (tree_coll.left_out); what the last snapshot has stays all the same while the server
	 * lists it. POP3 knows sizes alone. NULL: all is meant. Lent
	 */
	const struct selection *selection;
	/**
	 * listed(ctx, name, taken): not NULL: each collection that there is is told (not
	 * ${taken}: it is left out whatever is chosen), and nothing else is done.
	 * Goes with dry.
	 */
	void (*listed)(void *ctx, const struct pattern_name *name, bool taken);
	void *listed_ctx;
	/* the protocol's own (protocol.options of account/protocols.h), lent */
	const struct source_option *own;
	size_t n_own;
	unsigned connections; /* 0: the source's own choice */
	/*
	 * Of these names and of all: POP3 mail that the server does not list any more is
	 * left out. NULL: it stays. Lent
	 */
	const struct tree_accept *accept;
	/**
	 * seen(ctx, sha256): another source of this run has given a message with this
	 * content. NULL: there is no other source of mail. With it, POP3 gives only what
	 * was not seen, in a mailbox of its own; ${state_dir} (may be NULL) is where it
	 * keeps which UIDLs those were, so that they are not retrieved each time.
	 */
	bool (*seen)(void *ctx, const uint8_t sha256[SHA256_LEN]);
	void *seen_ctx;
	const char *state_dir;
	/* MAPI: the other services of the account; NULL: there are none. Lent */
	const struct source_beside *beside;
	/*
	 * Other sources give to the sink in this run, and it is committed with what they gave
	 * even if this one fails: what it has fetched of a collection is given then, and
	 * the rest named, as nothing else would go on from there
	 */
	bool shared;
	/*
	 * IMAP, and until a POP3 session is open: trouble without any gain that ends the
	 * run as incomplete; 0: the source's own choice
	 */
	unsigned max_wait_s;
	bool dry; /* list only; nothing goes to the sink */
	/* Not NULL: what is there is told with sizes, and sampled. Goes with dry. */
	const struct survey *survey;
	/*
	 * DAV: what is at other places on the server than before is the same person's all
	 * the same
	 */
	bool same_account;
	/* asked once the size of what has to be fetched is known; may be NULL */
	int (*space_check)(void *ctx, uint64_t bytes, struct err *err);
	void *space_ctx;
};

/* The value of one of opts->own; NULL: it was not given. */
const char *source_option(const struct source_opts *opts, const char *name);

/* Does an error of a source end the whole run, whatever others gave? */
bool source_ends_run(int code);

struct source_result {
	uint64_t collections, items, fetched, bytes_fetched, errors, unchanged;
	uint64_t elsewhere; /* items left out, as opts->beside has them */
	/*
	 * the server did not list everything: what the sink has beside what was given is
	 * not gone
	 */
	bool unlisted;
};

struct source_ops {
	/**
	 * run(service, kinds, sink, opts, progress, result_out, err): give every
	 * collection of the service that is of these ${kinds} (1 << COLL_x, some of those
	 * of its protocol) to ${sink} (not committing it). What cannot be read becomes
	 * error lines, a folder that cannot be read is kept stale; an error is returned
	 * only for what costs the whole service (sign-in, network for good, the sink
	 * itself: then what was given so far stays valid and ${sink} must not be
	 * committed unless every remaining collection is kept stale).
	 */
	int (*run)(const struct service *service, unsigned kinds, struct tree_sink *sink,
	        const struct source_opts *opts, struct progress *progress,
	        struct source_result *out, struct err *err);
	/**
	 * links(service, kinds, from, sink, progress, result_out, err): the files behind
	 * the links (ATTACH, PHOTO, LOGO, SOUND) of all collections of these ${kinds}
	 * that ${from} has: each collection with links gives one of kind COLL_LINKED to
	 * ${sink} (not committing it), whose items have the URL as href. A link that the
	 * last snapshot has is not fetched again; one that cannot be fetched is an error
	 * line. At most 64 MiB a file. Not thread-safe. NULL: no content of the protocol
	 * has links that are followed.
	 */
	int (*links)(const struct service *service, unsigned kinds, struct tree_reader *from,
	        struct tree_sink *sink, struct progress *progress, struct source_result *out,
	        struct err *err);
};

extern const struct source_ops source_imap, source_pop3, source_caldav, source_carddav, source_mapi;

#endif
