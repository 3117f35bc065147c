#ifndef VALISE_DIR_INTERNAL_H
#define VALISE_DIR_INTERNAL_H

#include <pthread.h>
#include "valise/base/lock.h"
#include "valise/dir/dir.h"
#include "valise/tree/abouts.h"
#include "valise/tree/journal.h"
#include "valise/tree/words.h"

/*
 * The directory form of the tree, inside.
 *
 *   TREE/mail, calendars, contacts     what a person and a mail client see; changed only
 *                                      while a commit is carried out
 *   TREE/catalog/tree.json             the manifest; catalog/<coll path>.jsonl the
 *                                      catalogs
 *   TREE/catalog/.lock                 locked by a writer (base/lock.h)
 *   TREE/catalog/.work/                a run that is not done: journal, objects oNNN/NNN,
 *                                      finished catalogs cNNNNNN.jsonl, and
 *   TREE/catalog/.work/commit.json     the decision: once it is there the new state
 *                                      counts, and whoever opens the tree next carries it
 *                                      out to the end (each step may be repeated).
 *                                      Without it the old state counts and the journal
 *                                      says what need not be fetched again.
 *   TREE/catalog/.done/                a .work that is being removed
 */

/* a body up to this size stays in memory until its hash is known */
#define DIR_MEM_MAX (256u << 10)
#define DIR_BATCH_BYTES (64u << 20)
#define DIR_BATCH_ITEMS 2000
#define DIR_LINKS_MAX 10000
#define DIR_JSON_MAX (64u << 20)
#define DIR_VERSION 1

/* path.c: nothing follows a symlink beneath ${dirfd}, whatever the names say. */
int beneath_dir(int dirfd, const char *path, int *fd_out, struct err *err) MUST_CHECK;
int beneath_make(int dirfd, const char *path, int *fd_out, struct err *err) MUST_CHECK;
int beneath_file(
        int dirfd, const char *path, int *fd_out, uint64_t *size_out, struct err *err) MUST_CHECK;
/* Missing is fine; ${flags} AT_REMOVEDIR or 0. */
int beneath_unlink(int dirfd, const char *path, int flags, struct err *err) MUST_CHECK;
/* ERR_DAMAGED if the file has not this size and hash, ERR_NOTFOUND; scope ERR_ITEM. */
int beneath_verify(int dirfd, const char *path, const uint8_t sha256[SHA256_LEN], uint64_t size,
        struct err *err) MUST_CHECK;
/* *same_out: the two open files hold the same bytes. */
int fd_same(int a, int b, bool *same_out, struct err *err) MUST_CHECK;
int fd_copy(int from, int to, struct err *err) MUST_CHECK;
/* Everything written so far to the file system of ${fd} is durable. */
int fs_barrier(int fd, struct err *err) MUST_CHECK;
bool is_there(int dirfd, const char *path);
/* A catalog file; what names its items goes to ${names} (or NULL). ERR_NOTFOUND, ERR_DAMAGED. */
int catalog_load(int dirfd, const char *path, struct abouts *names, struct tree_coll **out,
        struct tree_roots *roots_out, struct err *err) MUST_CHECK;
int json_load(int dirfd, const char *path, json_t **out, struct err *err) MUST_CHECK;

/* listing.c: the files of a collection's directory by unique name. */
struct listing {
	/* "cur/...", "new/..." or a plain file name; sorted by unique name */
	char **names;
	size_t n, cap;
};
/* A directory that is not there is empty. */
int listing_read(int treefd, enum coll_kind kind, const char *path, struct listing *out,
        struct err *err) MUST_CHECK;
void listing_clear(struct listing *l);
/* The local path of the file with this unique name, lent; NULL if there is none. */
const char *listing_find(const struct listing *l, const char *unique);
/* How many files no item of ${c} has; *first_out: one of them, lent. */
size_t listing_strangers(
        const struct listing *l, const struct tree_coll *c, const char **first_out);

/* Items of a collection in order of place. */
struct places {
	const struct tree_coll *c;
	uint32_t *order;
};
void places_init(struct places *p, const struct tree_coll *c);
void places_clear(struct places *p);
/* The item of p->c with the place that ${it} of ${c} has, or NULL. */
const struct tree_item *places_find(
        const struct places *p, const struct tree_coll *c, const struct tree_item *it);

/* objects.c: objects of a run that is not done, by content. */
struct object {
	uint8_t sha256[SHA256_LEN];
	uint64_t size;
	uint32_t file; /* number of its file in .work */
	bool old; /* from an interrupted run */
	bool shared; /* is the inode of a file of the tree */
};
struct objects {
	struct object *list;
	size_t n, cap;
	uint32_t *index;
	size_t index_size;
	uint32_t next_file;
};
void objects_clear(struct objects *o);
struct object *objects_find(const struct objects *o, const uint8_t sha256[SHA256_LEN]);
/* A later one of the same content takes its place. */
struct object *objects_put(
        struct objects *o, const uint8_t sha256[SHA256_LEN], uint64_t size, uint32_t file);
#define OBJECT_FILE_SIZE 24
char *object_file(uint32_t file, char out[OBJECT_FILE_SIZE]); /* "o000/017" */
/* Create the file, in place of one that is there, and its directory as needed. */
int object_create(int workfd, uint32_t file, int *fd_out, struct err *err) MUST_CHECK;

/* run.c: what the journal says of an interrupted run. */
struct run {
	struct tree_account account;
	bool has_account;
	struct tree_coll **colls;
	size_t n_colls, colls_cap;
	struct objects *objects; /* filled, too */
};
int run_replay(void *run, const json_t *record, struct err *err);
void run_clear(struct run *r);
struct tree_coll *run_find(const struct run *r, enum coll_kind kind, const char *name);
/* The journal's text of an item, and of the account; the caller frees. */
char *run_item_text(const struct tree_coll *c, const struct tree_item *it, uint32_t file);
char *run_account_text(const struct tree_account *a);

/* apply.c: carry out a commit. */
struct staged {
	enum coll_kind kind;
	char *name;
	uint32_t file; /* .work/cNNNNNN.jsonl */
};
struct commit {
	int treefd, catfd, workfd;
	const struct tree_manifest *before; /* empty for a new tree */
	struct tree_manifest after;
	struct staged *staged; /* collections of after whose catalog is in .work */
	size_t n_staged, staged_cap;
	struct objects *objects;
	unsigned links_max;
	char sep; /* as in struct tree_files */
	struct progress *progress; /* may be NULL */
};
#define STAGED_FILE_SIZE 24
char *staged_file(uint32_t file, char out[STAGED_FILE_SIZE]);
const struct staged *staged_find(const struct commit *c, enum coll_kind kind, const char *name);
void commit_clear(struct commit *c);
/* Write commit.json: from here on the new state counts. */
int commit_decide(const struct commit *c, struct err *err) MUST_CHECK;
/* Carry out what commit.json says, and remove .work. */
int commit_carry_out(struct commit *c, struct err *err) MUST_CHECK;
/* Remove .work, in one step for whoever comes next. */
int commit_put_away(const struct commit *c, struct err *err) MUST_CHECK;
/* Objects that the tree holds already become links to its files. */
int commit_share(const struct commit *c, struct err *err) MUST_CHECK;
/* The text of tree.json. */
void tree_json_put(const struct tree_manifest *m, struct buf *out);

/* place.c: one item to its place. */
struct placing {
	struct commit *commit;
	const struct tree_coll *now, *old; /* old may be NULL */
	struct places old_places;
	struct listing listing;
	int dirfd; /* the collection's directory */
};
int place_item(struct placing *p, const struct tree_item *it, struct err *err) MUST_CHECK;

/* props.c: displayname and color of a vdir. */
int props_write(int workfd, int dirfd, const struct tree_coll *c, struct err *err) MUST_CHECK;

/* open.c */
struct tree_files {
	int treefd, catfd;
	struct lock lock;
	char sep; /* before the flags of a message's name */
};
/* names.c: the item's path in its collection's directory, as this tree names files. */
void dir_local_path(
        const struct tree_coll *c, const struct tree_item *it, char sep, struct buf *out);
int dir_names_read(int catfd, char *sep_out, struct err *err) MUST_CHECK;
/*
 * f->sep: as the tree has it, or as a new one is to have it. ERR_EXISTS if ${want} is
 * another.
 */
int dir_names_choose(struct tree_files *f, enum dir_names want, struct progress *progress,
        struct err *err) MUST_CHECK;

/* Open TREE and lock it; ${make}: it may be new. */
int tree_files_lock(
        const char *path, bool make, struct tree_files *out, struct err *err) MUST_CHECK;
void tree_files_close(struct tree_files *f);
/*
 * Finish a decided commit, if there is one, and what is left of a removed .work. The lock
 * is held.
 */
int tree_files_recover(
        const struct tree_files *f, struct progress *progress, struct err *err) MUST_CHECK;
/* tree.json; ERR_NOTFOUND if there is none. */
int tree_files_manifest(int catfd, struct tree_manifest *out, struct err *err) MUST_CHECK;

/* The sink. */
struct kept_kind {
	bool set;
	enum coll_status status;
	char *reason;
};
struct dir_sink {
	struct tree_sink sink;
	char *path;
	struct tree_files files;
	int workfd;
	struct tree_dir_opts opts;
	struct tree_account account;
	struct progress *progress;
	struct tree_manifest before;
	struct tree_names *names;
	struct journal *journal;
	struct abouts *abouts; /* what names items, as far as this run knows it */
	struct run run;
	pthread_mutex_t lock; /* guards all that follows */
	struct objects objects;
	/* its manifest and staged catalogs are collected as collections come */
	struct commit commit;
	struct kept_kind kept[COLL_KINDS];
	uint32_t next_staged;
	char **pending; /* records for the journal */
	size_t n_pending, pending_cap;
	uint64_t pending_bytes;
	uint64_t objects_new, bytes_new;
	bool journal_has_account;
	bool sync_failed;
	pthread_mutex_t batch_lock; /* held while a batch is made durable; before lock */
};

/* body.c */
int dir_body_open(
        struct tree_sink *s, enum coll_kind kind, struct tree_body **out, struct err *err);
int dir_body_write(struct tree_body *b, const void *p, size_t n, struct err *err);
int dir_body_close(struct tree_body *b, struct tree_object *out, struct err *err);
void dir_body_abort(struct tree_body *b);
int dir_item(struct tree_sink *s, struct tree_coll *c, const struct tree_item *it, struct err *err);
int dir_sync_batch(struct tree_sink *s, struct err *err) MUST_CHECK;
int dir_flush(struct dir_sink *d, struct err *err) MUST_CHECK;

/* coll.c */
int dir_prev(struct tree_sink *s, enum tree_prev which, enum coll_kind kind, const char *name,
        struct tree_coll **out, struct err *err);
int dir_coll(struct tree_sink *s, struct tree_coll *c, struct err *err);
int dir_keep(struct tree_sink *s, enum coll_kind kind, const char *name, enum coll_status status,
        const char *reason, struct err *err);

/* what.c: what names the items of a collection that is written, into d->abouts */
int dir_name_items(struct dir_sink *d, const struct tree_coll *c, struct err *err) MUST_CHECK;

/* commit.c */
int dir_commit(struct tree_sink *s, struct tree_commit *out, struct err *err);

/* For tests: another limit of links. */
void dir_sink_links_max(struct tree_sink *s, unsigned max);

#endif
