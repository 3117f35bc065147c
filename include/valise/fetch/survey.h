#ifndef VALISE_FETCH_SURVEY_H
#define VALISE_FETCH_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/tree/model.h"

/*
 * What a dry run tells besides (source_opts.survey): how much there is, what the server says of
 * itself, and a few items, timed as they come. Nothing is stored. And what follows from that: how
 * long a backup takes, and how large the archive is.
 */

/* How the octets of a collection are known. */
enum survey_how {
	SURVEY_SAID, /* the server said the sum (RFC 8438, RFC 1939 STAT) */
	SURVEY_LISTED, /* the sizes in a listing of all items */
	SURVEY_PART, /* the same, but some items had none: their mean is taken for them */
	SURVEY_UNKNOWN, /* no item had a size */
};
const char *survey_how_word(enum survey_how how); /* "said" ... */

struct survey_coll {
	enum coll_kind kind;
	const char *name;
	uint64_t items, bytes;
	enum survey_how how;
};

/* One command, or several sent together, until all answers were there. */
struct survey_round {
	uint64_t items, bytes;
	int64_t us;
};

/* All functions are called by one thread at a time; none may be NULL. */
struct survey {
	void *ctx;
	void (*coll)(void *ctx, const struct survey_coll *c);
	void (*has)(void *ctx, const char *capability);
	void (*quota)(void *ctx, uint64_t used, uint64_t limit); /* octets */
	/* The connection alone: a command that does nothing. */
	void (*idle)(void *ctx, int64_t us);
	void (*round)(void *ctx, const struct survey_round *r);
	/*
	 * One item: its first ${n} octets. ${weight}: how often it was chosen with a chance
	 * proportional to its size, so that it stands for so much of all octets; 0: by number
	 * alone.
	 */
	void (*item)(void *ctx, const void *p, size_t n, unsigned weight);
};

enum {
	SURVEY_ITEM_MAX = 1 << 20, /* octets of one item that are asked for */
	SURVEY_BYTES = 12 << 20, /* of all items of a service */
	SURVEY_MS = 10000, /* so long a service is sampled at most */
};

/**
 * survey_pick(sizes, n, by_size, by_count, marks): choose of ${n} items ${by_size} times one with
 * chances proportional to their sizes, SURVEY_WEIGHT of its mark more each time, and ${by_count}
 * times one with equal chances (marks[i] & 1), evenly spread; the same for the same. The others get
 * 0. At most 100 times each.
 */
enum { SURVEY_WEIGHT = 2 };
void survey_pick(const uint64_t *sizes, size_t n, size_t by_size, size_t by_count, uint8_t *marks);

/* What an estimate goes by. */
struct estimate {
	uint64_t items, bytes, collections; /* of all that is to be fetched */
	unsigned connections; /* that a backup may open */
	int64_t idle_us; /* the shortest answer; 0: not known */
	const struct survey_round *rounds;
	size_t n_rounds;
};
/* A range; low 0 and high 0: nothing was measured. */
struct estimate_range {
	uint64_t low, high;
};
/**
 * estimate_seconds(e): what an item and an octet cost, by the rounds, for all of them. The low end:
 * with all connections doing as well at the same time; the high end: half as fast as measured.
 */
struct estimate_range estimate_seconds(const struct estimate *e);

/* An item as it was sampled: plain octets, and those that it takes in a part of an archive. */
struct estimate_piece {
	uint64_t plain, packed;
	unsigned weight; /* as survey.item has it */
};
/**
 * estimate_archive(e, pieces, n, together, out): the octets that the archive will have:
 * ${together}: those of the small pieces, and what they take in one member, since small items are
 * packed together; the range holds 19 of 20 accounts like this, by the spread of the pieces.
 * Returns the middle; the documents that every archive has (archive_documents) are not in it.
 */
uint64_t estimate_archive(const struct estimate *e, const struct estimate_piece *pieces, size_t n,
        const struct estimate_piece *together, struct estimate_range *out);
enum {
	ESTIMATE_SMALL = 64 << 10
}; /* plain octets of a piece that is packed together with others */

#endif
