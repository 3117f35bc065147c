#ifndef VALISE_AUDIT_SOURCE_H
#define VALISE_AUDIT_SOURCE_H

#include "internal.h"

/* The source beside the snapshot: what the sink and the comparison share. */

/* A body that came and that the snapshot does not have. */
struct fresh {
	uint8_t sha256[SHA256_LEN]; /* first: the key */
	struct audit_name name;
	char *octets; /* of a calendar object or card; NULL: too large, or of a message */
	size_t len;
};

/* Content of the snapshot, and the collection that has it. */
struct sum {
	uint8_t sha256[SHA256_LEN]; /* first: the key */
	uint32_t head; /* its place in the manifest */
	uint32_t item; /* its place in the collection: tree_coll_any */
	bool gone;
};

/* An item of the snapshot that its collection at the source does not show. */
struct absent {
	uint32_t head;
	uint32_t item; /* its place in the sorted collection */
};

/* What the source said of a collection of the snapshot. */
struct seen_head {
	bool given; /* all of it, or that nothing changed */
	bool scanned; /* what was rescued is told */
	bool skipped; /* left out, or it could not be read: said so */
};

struct audit_source {
	struct tree_sink base; /* first */
	struct audit *audit;
	struct tree_reader *archive;
	bool full;
	const struct pattern_choice *choice;
	pthread_mutex_t lock; /* guards all that follows, and the archive */
	struct seen_head *heads; /* one for each of the manifest */
	struct sum *sums; /* sorted; NULL: not needed yet */
	size_t n_sums, sums_cap;
	struct fresh *fresh; /* the first n_sorted are */
	size_t n_fresh, fresh_cap, n_sorted;
	size_t kept_octets; /* of all fresh */
	struct absent *absent;
	size_t n_absent, absent_cap;
	uint8_t (*moved)[SHA256_LEN]; /* what was found in another collection */
	size_t n_moved, moved_cap;
	struct tree_coll *cached; /* a collection that names are read from, with what is gone */
	size_t cached_head;
	struct abouts *names; /* of all that the snapshot has; NULL: nobody asked */
};

/* With the lock held: a collection of the snapshot; NULL in *out: it has none of that name. */
int source_load(struct audit_source *s, enum coll_kind kind, const char *name,
        struct tree_coll **out, struct err *err) MUST_CHECK;
/* With the lock held: where the snapshot has the content; NULL: nowhere. */
const struct sum *source_sum(struct audit_source *s, const uint8_t sha256[SHA256_LEN]);
/* With the lock held: what came with this content; NULL: nothing, or it was not new. */
struct fresh *source_fresh(struct audit_source *s, const uint8_t sha256[SHA256_LEN]);
size_t source_head(const struct audit_source *s, enum coll_kind kind, const char *name);

/* With the lock held: the name of what the snapshot has there, as far as it can be read. */
void source_name(struct audit_source *s, size_t head, size_t item, struct audit_name *out);

/* With the lock held: a collection as the source shows it, beside the snapshot's (or NULL). */
void source_compare(
        struct audit_source *s, const struct tree_coll *now, struct tree_coll *was, size_t head);

#endif
