#ifndef VALISE_TREE_MANIFEST_H
#define VALISE_TREE_MANIFEST_H

#include "valise/base/json.h"
#include "valise/tree/catalog.h"

/*
 * The state of a whole account at one time: who it is, and one head for each collection.
 * It is the greater part of seal.json in an archive and TREE/catalog/tree.json in a
 * directory tree.
 */

enum { HEAD_WHAT = 1 };

struct tree_head {
	enum coll_kind kind;
	char *name; /* as in struct tree_coll */
	char *path;
	char *content_name;
	enum coll_status status;
	char *reason;
	char *catalog; /* file of the catalog, relative to the archive or tree */
	char *links; /* archive: its tar of hard links; NULL in a tree */
	unsigned attrs; /* ATTR_NOSELECT, ATTR_SUBSCRIBED ... as in the collection */
	char *special_use;
	/*
	 * its catalog says what names the items, by the rules of this version (1); 0: it was
	 * written before catalogs did
	 */
	unsigned what;
	uint64_t left_out; /* as in the collection */
	char *selection;
	struct tree_roots roots;
};

struct tree_manifest {
	struct tree_account account;
	int64_t created; /* UTC seconds: when the account was read */
	char *tool; /* "valise 0.1.0" */
	struct tree_head *heads; /* sorted by kind, then name (bytes) */
	size_t n_heads, heads_cap;
};

void tree_manifest_init(struct tree_manifest *m);
void tree_manifest_clear(struct tree_manifest *m);
/* A copy of everything that a head holds. */
void tree_head_copy(struct tree_head *to, const struct tree_head *from);
void tree_head_clear(struct tree_head *h);
/* Fill a head from a finished collection (catalog and links stay NULL). */
void tree_head_of(struct tree_head *h, const struct tree_coll *c, const struct tree_roots *roots);
/**
 * tree_head_keep(h, status, reason): what the last snapshot's head becomes when it is
 * kept (tree_sink's keep) with
 *   COMPLETE   COMPLETE, or PARTIAL if it has error lines
 *   SKIPPED    the same, but a STALE one stays STALE
 *   STALE      STALE with ${reason}
 */
void tree_head_keep(struct tree_head *h, enum coll_status status, const char *reason);
/* copies */
struct tree_head *tree_manifest_add(struct tree_manifest *m, const struct tree_head *h);
struct tree_head *tree_manifest_find(
        const struct tree_manifest *m, enum coll_kind kind, const char *name);
void tree_manifest_sort(struct tree_manifest *m);

struct tree_totals {
	/* of what the server shows */
	uint64_t items[COLL_KINDS], collections[COLL_KINDS];
	uint64_t bytes, errors;
	uint64_t gone; /* items that it does not show any more */
	uint64_t left_out; /* items that it shows, and that options left out */
	bool complete; /* every collection COLL_COMPLETE or COLL_SKIPPED, no error line */
	uint8_t content[SHA256_LEN], state[SHA256_LEN];
};
/**
 * tree_manifest_totals(m, out): sums, verdict and the account's roots: SHA-256 over
 * "<kind dir> <root hex> <content name>\n" (content) or "<kind dir> <root hex> <name>\n"
 * (state) of the heads, in byte order of these lines. A head with ATTR_NOSELECT counts as
 * a collection, too; one with ATTR_GONE does not, and has no line for content.
 */
void tree_manifest_totals(const struct tree_manifest *m, struct tree_totals *out);

/*
 * The manifest as members of ${o}: account, created, tool, collections, counts, content,
 * state, verdict.
 */
void tree_manifest_to_json(const struct tree_manifest *m, json_t *o);
/*
 * ERR_DAMAGED if a member is missing or of another type, or a path is not safe, or the
 * totals do not fit.
 */
int tree_manifest_from_json(const json_t *o, struct tree_manifest *out, struct err *err) MUST_CHECK;

/*
 * Paths of collections. Names once given are kept (tree_names_keep for every head of the
 * last snapshot first); twins under path_fold get "_2", "_3"...
 */
struct tree_names;
struct tree_names *tree_names_new(void);
void tree_names_free(struct tree_names *n);
void tree_names_keep(struct tree_names *n, enum coll_kind kind, const char *name, const char *path);
/* Only if every file system takes the path, and beside those that were kept before. */
void tree_names_keep_portable(
        struct tree_names *n, enum coll_kind kind, const char *name, const char *path);
/*
 * The path for ${c} (kind, name, delimiter), malloc'ed: "mail/INBOX/Work". A c->path that
 * is set is taken if it is free, safe and fit for every file system. Thread-safe.
 */
char *tree_names_path(struct tree_names *n, const struct tree_coll *c);

/* The status and the reason that ${h} says of it. */
void tree_coll_take_status(struct tree_coll *c, const struct tree_head *h);

#endif
