#ifndef VALISE_PACK_LAYOUT_H
#define VALISE_PACK_LAYOUT_H

#include <sys/stat.h>
#include "valise/tree/model.h"

/*
 * Where things stand in an archive. Paths are relative to its root and come from seals,
 * that is, from outside: only the shapes below are ever opened, and never through a
 * symbolic link.
 */

#define SNAPSHOT_MAX 999999u
#define PART_MAX 999999u
#define LAYOUT_PATH 64 /* room for the fixed paths below */

enum layout_kind {
	LAYOUT_OTHER,
	LAYOUT_PART, /* data/NNNNNN/part-NNNNNN.tar.gz */
	LAYOUT_LINKS, /* data/NNNNNN/mail/INBOX.links.tar.gz */
	LAYOUT_CATALOG, /* data/NNNNNN/mail/INBOX.jsonl.gz */
	LAYOUT_SEAL, /* data/NNNNNN/seal.json */
	LAYOUT_SEAL_SUM, /* data/NNNNNN/seal.sha256 */
	LAYOUT_TAG, /* bagit.txt README.txt FORMAT.txt */
};
#define CATALOG_SUFFIX ".jsonl.gz"
#define LINKS_SUFFIX ".links.tar.gz"

/* bagit.txt, README.txt, FORMAT.txt: in the order of a seal. */
#define BAG_TAGS 3
extern const char *const bag_tag_names[BAG_TAGS];
int bag_tag_index(const char *path); /* -1: none of them */

/* What ${path} is; *snapshot_out (may be NULL): the NNNNNN after data/, else 0. */
enum layout_kind layout_kind(const char *path, unsigned *snapshot_out);

/* "000001/part-000001.tar.gz", as catalogs and seals name parts, and back. */
struct part_id {
	uint32_t snapshot, part;
};
int part_id_cmp(const void *a, const void *b); /* for qsort */
/* In the order in which they are stored, so that each member is inflated once. */
int object_place_cmp(const struct object_place *x, const struct object_place *y);
void part_id_format(struct part_id id, char out[LAYOUT_PATH]);
bool part_id_parse(const char *s, struct part_id *out);
/* The same with "data/" before it. */
void part_path_format(struct part_id id, char out[LAYOUT_PATH]);
bool part_path_parse(const char *s, struct part_id *out);

void snapshot_dir(unsigned snapshot, char out[LAYOUT_PATH]); /* "data/000001" */

/*
 * The directory of an archive, for reading; ERR_NO_ARCHIVE if there is none. As long as it is
 * open it has a shared flock, where the file system has such.
 */
int layout_open(const char *path, int *rootfd_out, struct err *err) MUST_CHECK;
/*
 * Has another process, or another descriptor, got it open so? If not, nobody can lock it until
 * layout_may_be_read; who only reads goes on without. ${rootfd} is not from layout_open.
 */
bool layout_is_read(int rootfd);
void layout_may_be_read(int rootfd);

/* The numbers of all snapshots in order, malloc'ed; none is fine. */
int layout_snapshots(int rootfd, unsigned **out, size_t *n_out, struct err *err) MUST_CHECK;

/* What is said where there are none: ERR_NO_ARCHIVE, or that swap.h was interrupted. */
int layout_none(int rootfd, const char *path, struct err *err) MUST_CHECK;

/* Is there its directory, with nothing in it? */
bool layout_is_empty(int rootfd, unsigned snapshot);

/**
 * layout_stat(rootfd, path, st, err): a regular file at the end of real directories.
 * ERR_NOTFOUND if it is missing, ERR_DAMAGED if it is something else.
 */
int layout_stat(int rootfd, const char *path, struct stat *st, struct err *err) MUST_CHECK;

/* A small file whole into ${out} (its cap bounds it), after layout_stat. */
int layout_read(int rootfd, const char *path, struct buf *out, struct err *err) MUST_CHECK;

#endif
