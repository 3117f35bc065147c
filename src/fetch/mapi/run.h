#ifndef VALISE_FETCH_MAPI_RUN_H
#define VALISE_FETCH_MAPI_RUN_H

#include "fetch/mapi/plan.h"
#include "fetch/mapi/state.h"
#include "fetch/run.h"
#include "valise/outlook/fx.h"
#include "valise/outlook/place.h"
#include "valise/tree/intake.h"

/*
 * A mailbox over MAPI into a sink.
 *   run.c          folders, which of them is read; workers, each with sessions of its own
 *   plan.c         where the items of folders go. Pure
 *   state.c        what a server is told of what is here: its own state, or one made of that. Pure
 *   unchanged.c    the folders that need no question: what their last catalogs say of them
 *   past.c         what the last snapshot and an interrupted run have of a folder
 *   folder.c       a folder from its past to its collections
 *   sync.c         what has changed in it, by content synchronization
 *   rows.c         the same by its table of contents; single items by CopyMessages
 *   twins.c        what other services of the account show, too: it is left out
 *   give.c         an item: what is made of it, and its properties beside it
 *   survey.c       what source_opts.survey is told
 */

enum {
	MAPI_WORKERS = 2,
	MAPI_WORKERS_MAX = 8,
	MAPI_TRIES = 6, /* without any gain, of one folder */
	MAPI_PAUSE_MS = 500, /* the first one before a session is opened again */
	MAPI_PAUSE_MOST_MS = 30000,
	MAPI_KEY_MAX = 255, /* octets of a source or change key */
	MAPI_TOGETHER = 20000, /* items of folders that are asked for together */
};

/* An item of a folder, by its source key: here already, or given in this run. */
struct known {
	const char *key, *change; /* hexadecimal; ${change} may be "" */
	const struct tree_coll *raw_in, *made_in; /* where it is; made_in NULL: nothing was made */
	size_t raw, made; /* its places among their items */
	uint8_t form;
	bool is_new; /* given in this run: raw_in and made_in are what is being filled */
	mapi_id id; /* of one that is new, 0: not known */
	bool is_owned; /* ${key} and ${change} are */
	struct item_twin *twin; /* another service shows it, and nothing of it is here; or NULL */
	bool is_there; /* the server has it, as far as it said */
	bool is_over; /* another version of it was given */
	bool is_asked; /* others were asked whether they show it */
	bool has_seen, seen; /* \Seen as the server has it now, if it said */
};

/* Where the items of one form go in a folder, and their properties: what was, what will be. */
struct pair {
	bool is_wanted;
	enum coll_kind kind;
	/* what others are asked of: kind, name, delimiter and use alone */
	struct tree_coll *stand_in;
	bool is_renamed; /* another service has a collection of its name */
	char *name, *raw_name;
	struct tree_coll *was, *raw_was; /* of the last snapshot */
	struct tree_coll *run, *raw_run; /* of an interrupted run */
	struct tree_coll *made, *raw; /* what is filled */
	struct text_index by_path; /* of what is filled: names of its resources */
	char **paths;
	size_t n_paths, paths_cap;
	uint64_t n_made, n_raw; /* of the last snapshot, as its catalogs say */
};

/* An item that did not come whole: asked for alone. */
struct broken {
	mapi_id id; /* 0: not known */
	char *key, *change, *why;
};

enum box_state {
	BOX_NEW,
	BOX_KEPT, /* left out, or unchanged */
	BOX_OPEN, /* its past is in memory */
	BOX_SYNCED, /* what has changed is here */
	BOX_GIVEN,
};
/* The mailboxes that belong to an account. */
enum store_place { STORE_OWN, STORE_PUBLIC, STORE_ARCHIVE, STORES };
struct box {
	struct mapi_run *run;
	enum store_place at;
	struct mapi_folder folder; /* its texts are the list's */
	struct outlook_place place;
	char *href; /* "GUID of the store/id of the folder", hexadecimal */
	char *mark; /* what tells that it did not change; or NULL */
	bool is_light; /* its last state is whole: little will come */
	bool is_same; /* nothing has changed in it, as the server says of all folders */
	enum box_state state;
	/* while it is open */
	bool is_open;
	struct pair pairs[MAPI_FORMS];
	struct known *known;
	size_t n_known, known_cap;
	struct text_index by_key;
	struct replicas replicas;
	uint32_t next_uid;
	struct buf given_state; /* what the server is told; empty: nothing */
	bool is_own_state; /* that is the server's own state of the last time */
	struct buf new_state; /* what it said at its end */
	bool has_new_state;
	struct sync_ids ids; /* what it said of items by their ids */
	struct broken *broken;
	size_t n_broken, broken_cap;
	struct text_index broken_by_key;
	uint64_t arrived, gained; /* items that came; and those that were stored */
	uint64_t missing; /* items that the server has, and that are not here as it has them */
	uint64_t left_out; /* by options */
	bool is_doubted; /* what the server said of items is held against the folder's table */
	bool is_fatal; /* the sink failed, or a stop was asked for */
};

struct mapi_run {
	struct fetch_run base; /* its lock guards ${next}, too */
	unsigned kinds;
	bool associated;
	struct mapi_folders folders[STORES];
	struct box *boxes;
	size_t n_boxes;
	struct box **tasks; /* those that are to be read: in the order in which they are taken */
	size_t n_tasks, next;
	struct tree_reader *last; /* the last snapshot, where others are asked; or NULL */
	pthread_mutex_t naming; /* it reads the names of one collection at a time */
	bool is_down; /* the service failed behind some gain: ${why} */
	struct err why;
	bool has_failed_store; /* one could not be read: what is known of it stays */
};
struct mapi_worker {
	struct mapi_run *run;
	struct mapi_store *stores[STORES]; /* NULL: not open */
};

/* run.c: the store, opened if it is not. */
int worker_store(struct mapi_worker *w, enum store_place at, struct mapi_store **out,
        struct err *err) MUST_CHECK;
void worker_close(struct mapi_worker *w, enum store_place at);
/*
 * After an error of a request: 0: it may be tried again, in another session if this one is lost,
 * after a pause that grows with ${nth}; else the error.
 */
int worker_again(
        struct mapi_worker *w, const struct box *b, unsigned nth, struct err *err) MUST_CHECK;
bool is_passing(int code);

/* unchanged.c */
/* Of its last catalogs: is_light; *same_out: all is as it was, and was kept so. */
int folder_look(struct box *b, bool *same_out, struct err *err) MUST_CHECK;
/* They stand, as nothing has changed. */
int folder_keep_same(struct box *b, struct err *err) MUST_CHECK;
/* What a run knows of its folder, for the next one: the props of its raw collections. */
char *folder_props(const struct box *b);
/* The last catalogs of all its collections stand. */
int folder_keep(
        struct box *b, enum coll_status status, const char *reason, struct err *err) MUST_CHECK;

/* past.c */
int folder_open(struct box *b, struct err *err) MUST_CHECK;
void folder_close(struct box *b);
/* The one with this source key that no other version of it took the place of; NULL: none. */
struct known *folder_find(struct box *b, const char *key);
/* given_state, of what is here; again where a session was lost. */
int folder_compose(struct box *b, struct err *err) MUST_CHECK;
/* The server does not take its state: all of the folder is asked for. */
void folder_forget_state(struct box *b);
/* The server said of ids that they are gone, read or unread. */
void folder_apply_ids(struct box *b);
/* Behind it: is_doubted where a mailbox was set back, or has more than came. */
void folder_doubt(struct box *b);

/* sync.c */
int folder_sync(struct mapi_worker *w, struct box *b, struct err *err) MUST_CHECK;
/* Those that could not be read this way stay BOX_OPEN. */
int folder_sync_many(
        struct mapi_worker *w, struct box **list, size_t n, struct err *err) MUST_CHECK;

/* rows.c */
int folder_by_rows(struct mapi_worker *w, struct box *b, struct err *err) MUST_CHECK;
/* The broken ones, each alone; what does not come is named. */
int folder_copy_broken(struct mapi_worker *w, struct box *b, struct err *err) MUST_CHECK;
/* By what date, size and flags of a row say. */
bool folder_leaves_out(const struct box *b, const struct mapi_row *row);

/* folder.c */
/* ${list}: as many folders as go together; all of them are given behind it. */
int folders_take(struct mapi_worker *w, struct box **list, size_t n, struct err *err) MUST_CHECK;

/* give.c */
/* An item as it arrives: ${b} is the callee's. */
struct arrived {
	const char *key, *change; /* hexadecimal */
	mapi_id id;
};
int folder_take_item(
        struct box *b, const struct arrived *a, struct bag *item, struct err *err) MUST_CHECK;
/* Of any code that costs the service, as every other folder would fail as well. */
bool costs_service(const struct mapi_worker *w, const struct box *b, const struct err *err);
/* An item that the server has and that did not come; its last version stays. */
void folder_lose(struct box *b, const char *key, const char *subject, const char *why);
/* false: it was one already. */
bool folder_add_broken(struct box *b, const struct arrived *a, const char *why);
/* A name that a resource of the collection has. */
void pair_add_path(struct pair *p, const char *path);
struct tree_coll *folder_made(struct box *b, size_t form);
struct tree_coll *folder_raw(struct box *b, size_t form);
/* What was here before and is so still, and the collections to the sink. */
int folder_end(struct box *b, struct err *err) MUST_CHECK;

/* twins.c */
/* Is an item left out, as another service shows it? To be asked once of each. */
bool twins_has(const struct box *b, size_t form, const struct item_twin *twin);
/* Of what was made of an item, by its first octets. */
void twins_twin(size_t form, const char *uid, const void *p, size_t n, struct item_twin *out);
/* One more that is left out. */
void twins_add(struct box *b, const struct arrived *a, size_t form, const struct item_twin *twin);
/* Those of the last time; and all of now, as the props of a collection have them, or NULL. */
void twins_read(struct box *b, const char *base64);
char *twins_text(const struct box *b);
/*
 * All that is known is asked of again: what others show now is left out, and what they do not
 * show any more is fetched. *changed_out: there was any of these.
 */
int twins_settle(
        struct mapi_worker *w, struct box *b, bool *changed_out, struct err *err) MUST_CHECK;
/* rows.c: these items, in as few streams as may be. */
struct wanted {
	const char *key, *change;
	mapi_id id;
};
int folder_copy(struct mapi_worker *w, struct box *b, const struct wanted *list, size_t n,
        struct err *err) MUST_CHECK;

/* survey.c */
int mapi_survey(struct mapi_worker *w, struct err *err) MUST_CHECK;

#endif
