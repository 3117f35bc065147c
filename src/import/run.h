#ifndef IMPORT_RUN_H
#define IMPORT_RUN_H

#include "import/give.h"
#include "import/plan.h"
#include "valise/base/textindex.h"
#include "valise/import/import.h"
#include "valise/outlook/read.h"
#include "valise/tree/intake.h"

/*
 * A collection that is being filled: all that the last snapshot has of it, and what is new.
 * Messages are known by their octets, as often as they are there: each PATH may claim each
 * item once. Resources are known by their names.
 */
struct filled {
	enum coll_kind kind;
	struct tree_coll *coll;
	uint32_t next_uid;
	/* by their hash the first message of each content: place + 1; 0: free */
	uint32_t *slots;
	size_t n_slots, n_contents;
	/* by item: the next one of the same content, place + 1; of the first of several: its list
	 */
	uint32_t *next;
	struct twins *twins;
	size_t n_twins, twins_cap, next_cap;
	uint32_t *claimed; /* by item: the number of the PATH that claimed it */
	size_t claimed_cap;
	struct text_index by_href;
	/* error lines of the last snapshot: those of files that are read now are dropped */
	struct tree_error *old;
	size_t n_old;
	uint64_t had, added, changed;
	uint64_t left_out; /* by options, of the files of this run, and not there either */
	/* the item that was given last: its UID, the name of a resource */
	uint32_t last_uid;
	char *last_path;
};

/* Messages of one content, in the order in which they came: places + 1, 0: none. */
struct twins {
	uint32_t second, last;
	uint32_t from, path; /* the first one that this PATH may not have claimed */
};

/* outlook/homeless.c: properties of Outlook's items that have no home, counted over all items. */
struct homeless {
	struct {
		char *property, *example;
		uint64_t items, last; /* last: the number of the item that had it last */
	} * list;
	size_t n, cap;
	struct text_index by_name;
	uint64_t looked_at; /* items */
	/* of the item in work: its lines, up to some number and size; others are counted */
	char **lines;
	size_t n_lines, lines_cap, octets;
	uint64_t more;
};
/* ${line}: of outlook_homeless, of the item that was looked at last; what it is called. */
void homeless_add(struct homeless *h, const char *line, const char *shown);
/* The lines since the last call to import_opts.homeless_item; ${of} says of which item. */
struct import_homeless_item;
void homeless_item_end(
        struct homeless *h, const struct import_opts *opts, struct import_homeless_item *of);
/* Each to import_opts.homeless, those of most items first; and forgotten. */
void homeless_end(struct homeless *h, const struct import_opts *opts);

struct import_run {
	const struct import_opts *opts;
	struct tree_sink *sink;
	struct progress *progress;
	struct import_result result;
	struct filled *list;
	size_t n, cap;
	struct text_index by_name;
	uint32_t path; /* number of the PATH in work, from 1 */
	struct homeless homeless;
};

/* Where the items of one file go. */
struct import_box {
	struct import_run *run;
	const struct import_file *file;
	enum coll_kind kind;
	struct intake in;
	bool begun; /* in */
	char *name; /* of the collection */
	/* the same, if the file is one object of many (box_single); or NULL */
	char *folder;
	const struct seen_folder *beside; /* what stands in that folder; or NULL */
	char *title, *about; /* displayname and description of the collection; or NULL */
	char *color; /* of a calendar; or NULL */
	bool subscribed; /* a new mailbox is */
	bool labelled; /* its messages name their mailboxes */
	/* what is known of the file's messages from beside it */
	uint16_t flags;
	/* these are all flags and keywords: no field of the message's header is read as such */
	bool says_flags;
	char *keywords;
	char **folders; /* as in import_item; or NULL */
	int64_t date_utc; /* INT64_MIN: not known */
	int64_t date_last; /* where neither the file nor the message says it: INT64_MIN */
	uint64_t given, failed;
	struct sha256 hash; /* of the item so far, where options leave some out */
	struct filled *last; /* the collection of the last item; until the next call */
	bool left_out; /* options left that item out */
};
/* ${name} is copied. A file that is read again: its old error lines are forgotten. */
int box_open(struct import_box *b, struct import_run *run, const struct import_file *f,
        enum coll_kind kind, const char *name, struct err *err) MUST_CHECK;
/* The mailbox is there although nothing is in it. */
int box_empty(struct import_box *b, struct err *err) MUST_CHECK;
void box_close(struct import_box *b);
/*
 * "Inbox.mbox: message 17", or (NULL) the file alone: how notes and error lines name it. The
 * caller frees.
 */
char *box_place(const struct import_box *b, const char *shown);

/* filled.c: *out the collection, made with what the last snapshot has of it. */
int fill_find(struct import_run *run, enum coll_kind kind, const char *name, bool make,
        bool subscribed, struct filled **out, struct err *err) MUST_CHECK;
/* ${it}: its octets are with the sink; keywords and the rest as the item has them. */
int fill_item(struct import_run *run, struct filled *f, const struct import_item *it,
        struct tree_item *octets, struct err *err) MUST_CHECK;
/* Options leave the item out: it counts, unless its octets are there anyway. */
void fill_left_out(struct filled *f, const struct import_item *it, const uint8_t sha[SHA256_LEN]);
/* All collections to the sink; what was not touched stays. */
int fill_end(struct import_run *run, struct err *err) MUST_CHECK;
void fill_clear(struct import_run *run);

/* known.c: the message that was added last may be found from now on. */
void known_add(struct filled *f);
bool known_has(const struct filled *f, const uint8_t sha[SHA256_LEN]);
/*
 * The item with these octets that this PATH has not claimed, which it does now; one that
 * arrived at the same time, where there is one among the next thousand, else the first one. A
 * message that names its mailboxes (${named}) is in each of them once, in however many files it
 * comes. NULL: none.
 */
struct tree_item *known_claim(
        struct filled *f, const struct tree_item *it, uint32_t path, bool named);
void known_clear(struct filled *f); /* this index alone */

/*
 * chosen.c: do options leave out the item that came? Then it is dropped, and sha_out is its
 * hash. All of ${it} is known. How many octets of an item are kept to decide that.
 */
bool chosen_leaves_out(
        struct import_box *b, const struct import_item *it, uint8_t sha_out[SHA256_LEN]);
size_t chosen_octets(const struct import_box *b);
/*
 * outlook/outlook.c: the items of one of Outlook's files, which go to folders as it has them;
 * those that it has in none into ${name}.
 */
/* A file of which nothing can be read. */
void take_unread(struct import_run *run, const char *shown, const char *why);
int outlook_take(struct import_run *run, struct import_file *f, enum outlook_file what,
        const char *name, struct err *err) MUST_CHECK;

/* inflate.c: a file that is what ${from} holds in gzip; freed with it. */
struct import_file *inflate_open(struct import_file *from);
void inflate_close(struct import_file *f);

#endif
