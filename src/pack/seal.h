#ifndef VALISE_PACK_SEAL_H
#define VALISE_PACK_SEAL_H

#include "valise/tree/manifest.h"
#include "layout.h"

/*
 * The seal of a snapshot: seal.json says what the account was and which files are needed,
 * seal.sha256 holds the sums of these files and of seal.json. Both are canonical: each
 * text has exactly one form, and each is held against the other.
 */

#define SEAL_CAP (256u << 20) /* of either text */

/* A word of "requires": catalogs hold items that are gone. */
#define REQUIRES_GONE "gone"
/* There are collections of the kind mapi. */
#define REQUIRES_MAPI "mapi"

struct seal_file {
	char *path;
	uint64_t size;
	uint8_t sum[SHA256_LEN];
	/* of a catalog: where the bytes of its items are, ascending */
	struct part_id *parts;
	size_t n_parts;
};

struct seal {
	unsigned snapshot;
	bool has_parent;
	uint8_t parent[SHA256_LEN]; /* hash of the seal before */
	/* older snapshots were left out (forget.h): what the first of all had been sealed with */
	bool has_origin;
	uint8_t origin[SHA256_LEN];
	struct tree_manifest manifest;
	/*
	 * In the order of seal.sha256: parts, links, catalogs, (there seal.json itself,)
	 * tag files.
	 */
	struct seal_file *files;
	size_t n_files, files_cap;
	uint8_t json_sum[SHA256_LEN],
	        hash[SHA256_LEN]; /* of seal.json; of seal.sha256: the hash of the seal */
	uint64_t json_size, sums_size;
	const struct seal_file **by_path; /* sorted */
};

void seal_init(struct seal *s);
void seal_clear(struct seal *s);

/* Add a file; the parts are copied. The order is the caller's duty, see seal_order. */
struct seal_file *seal_add(struct seal *s, const char *path, uint64_t size,
        const uint8_t sum[SHA256_LEN], const struct part_id *parts, size_t n_parts);
/* Put the files into the one order that is allowed; the manifest must be sorted. */
void seal_order(struct seal *s);

/**
 * seal_format(s, json, sums): both texts of an ordered seal, appended to empty buffers;
 * sets json_sum, json_size, hash, sums_size.
 */
void seal_format(struct seal *s, struct buf *json, struct buf *sums);

/* seal.sha256 alone, from the sums that ${s} has. */
void seal_put_sums(const struct seal *s, struct buf *out);

/**
 * seal_parse(snapshot, json, n_json, sums, n_sums, out, err): the strict inverse: what
 * seal_format would not have written byte for byte is ERR_DAMAGED; another format or a
 * required feature ERR_UNSUPPORTED. ${out} is filled only on success.
 */
int seal_parse(unsigned snapshot, const void *json, size_t n_json, const void *sums, size_t n_sums,
        struct seal *out, struct err *err) MUST_CHECK;

/* The seal in the directory ${dir} ("data/000001"). Errors name the file. */
int seal_load(int rootfd, const char *dir, unsigned snapshot, struct seal *out,
        struct err *err) MUST_CHECK;

/*
 * catalog.c: the catalog ${path}: its sum checked if there is a ${seal}, its roots if there
 * is ${h}. What names the items goes to ${names}, if that is not NULL.
 */
int sealed_catalog(int rootfd, const struct seal *seal, const struct tree_head *h, const char *path,
        struct abouts *names, struct tree_coll **out, struct err *err) MUST_CHECK;
/* Its first line alone: the collection of ${h} without its items. No sum is checked. */
int sealed_head(
        int rootfd, const struct tree_head *h, struct tree_coll **out, struct err *err) MUST_CHECK;
/*
 * Of a mailbox's catalog no more than it takes to find the item of this UID, as by
 * catalog_find_uid; it must be the mailbox of ${h}.
 */
int sealed_item(int rootfd, const struct tree_head *h, uint32_t uid, struct tree_coll **out,
        struct err *err) MUST_CHECK;

/* Size of the files in the snapshot's own directory. */
uint64_t seal_disk_size(const struct seal *s);

/*
 * The file of this path; NULL if the seal does not name it. After seal_parse or
 * seal_load.
 */
const struct seal_file *seal_find(const struct seal *s, const char *path);
/* ERR_DAMAGED unless the file is as long, and has the sum. */
int seal_file_check(const struct seal_file *f, const uint8_t sum[SHA256_LEN], uint64_t size,
        struct err *err) MUST_CHECK;
/* The part with this number. */
const struct seal_file *seal_find_part(const struct seal *s, struct part_id id);

/*
 * Does the chain hold? The parent of ${s} is the newest seal before it that could be read
 * when it was made: which of ${seals} that is, or NULL.
 */
const struct seal *seal_parent(const struct seal *s, const struct seal *seals, size_t n);
/*
 * Are the numbers between two snapshots missing? Not if the later one names the seal of the
 * other as its parent: then they were left out (archive_forget). ${s}: NULL if it cannot be
 * read; ${before}: the newest seal before it that can, or NULL; ${next_to_it}: no directory of
 * a snapshot lies between.
 */
bool seal_lacks_between(const struct seal *s, const struct seal *before, bool next_to_it);

/* A snapshot between, before or after the others whose seal cannot be read. */
struct seal_gap {
	unsigned snapshot;
	bool empty; /* a directory with nothing in it */
	struct err why;
};
struct seals {
	struct seal *v; /* those that can be read, in order */
	size_t n;
	struct seal_gap *gaps; /* in order */
	size_t n_gaps, gaps_cap;
	unsigned newest; /* number of the newest directory that is not empty; 0: none */
};
/*
 * All seals of an archive. One that is damaged is a gap, and so is one of a newer format;
 * errors are what keeps from looking.
 */
int seals_load(int rootfd, struct seals *out, struct err *err) MUST_CHECK;
void seals_clear(struct seals *s);
/* reader.c: as archive_snapshots gives them, n + n_gaps, malloc'ed */
struct archive_snapshot;
struct archive_snapshot *seals_list(const struct seals *s);

#endif
