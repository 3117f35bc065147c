#ifndef VALISE_PACK_CHECK_VERIFY_H
#define VALISE_PACK_CHECK_VERIFY_H

#include <pthread.h>
#include "valise/base/workers.h"
#include "valise/pack/archive.h"
#include "valise/tree/abouts.h"
#include "pack/part/objects.h"
#include "pack/part/part.h"
#include "pack/seal.h"

/*
 * archive_verify, inside: verify.c reads the seals and ends with the verdict; files.c
 * holds every file against its sum and reads the parts; coll.c holds catalogs against
 * parts and links against catalogs; bag.c the rest of the bag.
 */

/* Where findings go: counted in ${verdict} and given to ${fn} (may be NULL). */
struct findings {
	struct archive_verdict *verdict;
	void (*fn)(void *ctx, const struct archive_finding *f);
	void *ctx;
	pthread_mutex_t lock; /* one at a time */
	const struct seal *newest; /* verify: whose files count as in_newest; may be NULL */
};
/* One of them, its text escaped, as it comes from the archive and goes to a terminal. */
void finding_say(struct findings *f, bool damage, const char *file, const char *item,
        const char *fmt, ...) PRINTF_LIKE(5, 6);

/* A file that some seal names. */
struct vfile {
	const char *path;
	const struct seal_file *file;
	enum layout_kind kind;
};

/*
 * A further copy of an object: an interrupted or unbelieved run left the first one
 * without a name.
 */
struct vcopy {
	struct object object;
};

struct verify {
	const struct archive_verify_opts *opts;
	struct progress *progress;
	struct archive_verdict *out;
	struct findings findings;
	const char *path;
	int rootfd;

	struct seal *seals; /* those that could be read, in order */
	size_t n_seals;
	bool all_seals; /* none is missing or damaged */

	struct vfile *files; /* sorted by path, each once */
	size_t n_files, files_cap;
	size_t next_file;
	unsigned ahead; /* further threads of each part, where there are fewer parts than processors
	                 */

	struct workers workers; /* the lock guards what follows, and out */
	struct object_map objects;
	struct vcopy *copies; /* sorted once the parts are read */
	size_t n_copies, copies_cap;
};

/*
 * What went wrong with ${file}: a finding, unless it keeps from checking on; then it is
 * passed on.
 */
int verify_found(
        struct verify *v, const char *file, const struct err *why, struct err *err) MUST_CHECK;
/*
 * 'INBOX, UID 17, 3 Nov 2024, Ann <ann@example.org>, "Lunch?" (3f2a...)'; ${a}: what its
 * catalog says of it.
 */
#define ITEM_NAME_SIZE 800
void verify_item_name(const struct tree_coll *c, const struct tree_item *it,
        const struct item_about *a, char out[ITEM_NAME_SIZE]);

const struct vfile *verify_file(const struct verify *v, const char *path);

int verify_files(struct verify *v, struct err *err) MUST_CHECK;
int verify_colls(struct verify *v, struct err *err) MUST_CHECK;
int verify_bag(struct verify *v, struct err *err) MUST_CHECK;

#endif
