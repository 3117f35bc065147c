#ifndef VALISE_PACK_ARCHIVE_H
#define VALISE_PACK_ARCHIVE_H

#include "valise/base/progress.h"
#include "valise/tree/shrink.h"
#include "valise/tree/sink.h"

/* The archive, format 1 (docs/FORMAT.md): a BagIt bag of immutable snapshots. */

#define ARCHIVE_FORMAT 1

struct archive_opts {
	struct tree_accept accept; /* lent */
	bool same_account;
	bool heal; /* read all that it builds on; what is not whole is fetched again */
	int64_t created; /* of the snapshot; 0: now. A packed tree has its own */
	uint64_t part_size; /* 0: 1 GiB */
	uint64_t batch_bytes; /* bytes between two durability barriers; 0: 64 MiB */
	unsigned workers; /* deflate threads; 0: one a core, at most 8 */
};

/**
 * archive_sink(path, account, opts, progress, out, err):
 * Open or make the archive for a new snapshot, under its lock (.work/lock), and take up
 * an interrupted run. Leftovers that do not belong to the newest snapshot are dropped; a
 * manifest that is old is repaired.
 * Errors: ERR_EXISTS (the path is something else), ERR_LOCKED, ERR_ACCOUNT,
 * ERR_UNSUPPORTED, ERR_DAMAGED (newest seal or a catalog in use does not fit), ERR_IO,
 * ERR_SPACE.
 */
int archive_sink(const char *path, const struct tree_account *account,
        const struct archive_opts *opts, struct progress *progress, struct tree_sink **out,
        struct err *err) MUST_CHECK;

/**
 * archive_space_check(path, bytes, err): is there room at ${path} (which may not exist
 * yet) for ${bytes} of new items? Says no only when they would not fit even well
 * compressed: ERR_SPACE. Unknown is yes.
 */
int archive_space_check(const char *path, uint64_t bytes, struct err *err) MUST_CHECK;

/* Octets of the documents that every archive has beside its snapshots: FORMAT.txt, above all. */
uint64_t archive_documents(void);

/* What 1 <= ${n} <= 1 << 28 octets take in a part of an archive, packed by themselves. */
uint64_t archive_packed_size(const void *p, size_t n);

/*
 * Open one snapshot for reading; ${snapshot} 0: the newest. ERR_NO_ARCHIVE (as of all
 * that read), ERR_NOTFOUND (no such snapshot), ERR_UNSUPPORTED, ERR_DAMAGED.
 */
int archive_reader(
        const char *path, unsigned snapshot, struct tree_reader **out, struct err *err) MUST_CHECK;
/* The hash of the seal of the snapshot that a reader from archive_reader reads. */
void archive_reader_seal(const struct tree_reader *r, char out[SHA256_HEX_SIZE]);
/* Of the first snapshot there ever was, where it was left out or made again; else "". */
void archive_reader_origin(const struct tree_reader *r, char out[SHA256_HEX_SIZE]);
/* Its number: that of a later one is greater, whatever the clock said. */
unsigned archive_reader_number(const struct tree_reader *r);

struct archive_snapshot {
	unsigned number;
	int64_t created;
	struct tree_totals totals;
	uint64_t stored_bytes; /* size of the files in its directory */
	char seal[SHA256_HEX_SIZE];
	char parent[SHA256_HEX_SIZE]; /* "" for the first */
	/* "" unless older ones were left out: the seal of the first there ever was */
	char origin[SHA256_HEX_SIZE];
	bool acted; /* somebody else signed in for the account's owner */
	char account[400]; /* whose it is, tree_account_text, perhaps cut */
	/* not "": the seal cannot be read, why; then number alone counts */
	char damage[640];
};
/* Snapshots in order, those that cannot be read among them; free the array. */
int archive_snapshots(
        const char *path, struct archive_snapshot **out, size_t *n_out, struct err *err) MUST_CHECK;

/**
 * archive_whole(path, seal_out, err): a look without reading more than seals: all of them can be
 * read, the newest snapshot says that it is complete, and every file that it needs is there, as
 * long as it was. *seal_out: its hash. ERR_DAMAGED for what is not so, ERR_NO_ARCHIVE, ERR_IO.
 */
int archive_whole(const char *path, char seal_out[SHA256_HEX_SIZE], struct err *err) MUST_CHECK;

/*
 * One thing that verify found. ${file} relative to the archive, may be NULL; ${item}:
 * "INBOX, UID 17 (3f2a...)" or NULL.
 */
struct archive_finding {
	enum { FINDING_NOTE, FINDING_DAMAGE } level;
	const char *file;
	const char *item;
	const char *text;
};
struct archive_verify_opts {
	bool quick; /* sizes and sums of files only; nothing is inflated */
	bool newest; /* what the newest snapshot needs, and nothing else */
	const char *expect; /* hex SHA-256 of the newest seal.sha256, or NULL */
	void (*finding)(void *ctx, const struct archive_finding *f);
	void *ctx;
	unsigned workers; /* 0: one a core */
};
struct archive_verdict {
	unsigned snapshots, damages, notes;
	uint64_t files, bytes, objects, items; /* checked */
	/* of the damages: in what the newest snapshot needs */
	unsigned in_newest;
	bool complete; /* the newest snapshot says of itself that nothing is missing */
	uint64_t left_out; /* items that options left out of it (tree_coll.left_out) */
	char seal[SHA256_HEX_SIZE];
	/*
	 * whose seal was expected, where that is not the newest one: nothing older has taken
	 * its place, so that is no damage; 0
	 */
	unsigned expected;
	bool unexpected; /* of the damages one: no seal here is the expected one */
};
/**
 * archive_verify(path, opts, out, err): check every byte of every file of every snapshot:
 * sums, members, tar entries, each object against its name, each catalog against its
 * roots and objects, links against catalogs, seals, the chain of parents, the files of
 * the bag. Damage is a finding, not an error; errors are what keeps from checking (not an
 * archive, I/O).
 */
int archive_verify(const char *path, const struct archive_verify_opts *opts,
        struct progress *progress, struct archive_verdict *out, struct err *err) MUST_CHECK;

/* What archive_forget did, or would do. */
struct archive_forgotten {
	uint64_t before, after; /* bytes of data/; of a dry run: ${after} at most */
	uint64_t objects; /* that the kept snapshots need */
	char seal[SHA256_HEX_SIZE]; /* the newest one's; "": nothing was changed */
};
struct archive_forget_opts {
	/*
	 * Which of ${n} snapshots stay: *keep of each, all true before. Each can be read, and
	 * the last one stays in any case. An error is passed on.
	 */
	int (*choose)(void *ctx, const struct archive_snapshot *all, size_t n, bool *keep,
	        struct err *err);
	void *ctx;
	bool dry; /* how much it would be; nothing is written */
};
/**
 * archive_forget(path, opts, progress, out, err): leave only some snapshots, under the
 * numbers, times and roots that they have. They are copied into .work, with no object that
 * none of them needs, verified to the last byte, held against what they were, and only then
 * put in place of the old ones, at once. Whatever goes wrong before that leaves the archive as
 * it is; so does damage, in a seal or in what is to stay (ERR_DAMAGED).
 * ERR_NO_ARCHIVE, ERR_LOCKED, ERR_EXISTS (an interrupted backup left what it fetched),
 * ERR_SPACE, ERR_STOPPED.
 */
int archive_forget(const char *path, const struct archive_forget_opts *opts,
        struct progress *progress, struct archive_forgotten *out, struct err *err) MUST_CHECK;

/**
 * archive_salvage(path, to, finding, ctx, out, err): from an archive however damaged,
 * give ${to} (a directory sink) every item of the newest readable state whose bytes are
 * still whole: members are found by scanning the parts; what is lost becomes error lines.
 * Objects that no readable catalog names go to mailbox "Salvaged" in order of storage.
 */
int archive_salvage(const char *path, struct tree_sink *to,
        void (*finding)(void *ctx, const struct archive_finding *f), void *ctx,
        struct archive_verdict *out, struct err *err) MUST_CHECK;

#endif
