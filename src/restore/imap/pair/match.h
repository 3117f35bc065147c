#ifndef VALISE_RESTORE_IMAP_MATCH_H
#define VALISE_RESTORE_IMAP_MATCH_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>
#include "valise/base/hash.h"

/*
 * Which message of the archive is which of the target, as multisets: two equal messages
 * in the archive need two on the target. What is compared is put into keys: (size, date)
 * to find what is worth a look, then (hash of the content, date).
 */
struct match_key {
	uint8_t key[SHA256_LEN];
	int64_t date;
	uint64_t size;
	uint32_t index; /* of the item or of the target's message */
	bool none; /* there is nothing to compare: never equal */
};

enum match_rule {
	MATCH_DATE = 1, /* the dates are the same instant, too */
	/* the sizes differ: what was rewritten by a server, not another message */
	MATCH_OTHER_SIZE = 2,
};

struct match_key match_by_hash(
        const uint8_t hash[SHA256_LEN], int64_t date, uint64_t size, size_t index);
/* A size as key; 0: only dates are compared. */
struct match_key match_by_size(uint64_t size, int64_t date, size_t index);

/**
 * match_pairs(a, na, b, nb, rule, mate, claimed): pair equal keys in order of index; each
 * index of ${a} and ${b} is used once. mate[a's index] is b's index + 1, 0 for none: what
 * is set already stays, and so does claimed[b's index]. Sorts both. Returns how many were
 * paired.
 */
size_t match_pairs(struct match_key *a, size_t na, struct match_key *b, size_t nb, unsigned rule,
        uint32_t *mate, uint8_t *claimed);

/*
 * wanted[index] = 1 for each key of ${b} that equals one of ${a}; sorts both. Returns how
 * many were new.
 */
size_t match_wanted(struct match_key *a, size_t na, struct match_key *b, size_t nb, unsigned rule,
        uint8_t *wanted);

/*
 * wanted[index] = 1 for each of the keys that another one equals, the dates as well;
 * sorts them. Returns how many were new.
 */
size_t match_twins(struct match_key *k, size_t n, uint8_t *wanted);

/*
 * A message that the target took and that was not recognised there: it has one of these
 * UIDs; to 0: it is none of those.
 */
struct taken {
	uint32_t from, to;
};
/*
 * Of ${n} such messages, in the order in which they were sent, the one at ${nth}; ${uids}:
 * what is there, ascending, and nobody's.
 */
struct taken taken_of(size_t nth, size_t n, const uint32_t *uids, size_t n_uids);
/* Is any of them still nobody's? */
bool taken_is_there(struct taken t, const uint32_t *uids, size_t n_uids);

/*
 * A hash of what servers leave alone when they rewrite a message: CR, NUL and what NUL is
 * turned into (0x80), and line ends at the end are not counted. Beside it the Message-ID
 * and whether the header has ended.
 */
struct loose {
	struct sha256 hash;
	uint64_t held_lf; /* LFs not yet known to be followed by something */
	uint64_t n_nul, n_80; /* of the octets that are not counted */
};
void loose_start(struct loose *l);
void loose_add(struct loose *l, const void *p, size_t n);
void loose_end(struct loose *l, uint8_t out[SHA256_LEN]);

/*
 * A hash of what stays of a message when a server adds or changes header fields: From,
 * To, Date, Subject and the body, that without what struct loose leaves out.
 */
struct text {
	struct loose body;
	bool in_body, any;
	bool line_empty; /* so far */
};
void text_start(struct text *t);
void text_add(struct text *t, const void *p, size_t n);
/*
 * ${head}: the first ${n} octets of the message; ${fields}: the same without the body;
 * ${body}: that alone. False: too little is in it to know it by.
 */
bool text_end(struct text *t, const char *head, size_t n, uint8_t fields[SHA256_LEN],
        uint8_t body[SHA256_LEN], uint8_t out[SHA256_LEN]);

#endif
