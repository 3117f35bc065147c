#ifndef VALISE_FETCH_IMAP_MATCH_H
#define VALISE_FETCH_IMAP_MATCH_H

#include "run.h"

/*
 * Is a listed message one that the last snapshot has under another UID? Pure decisions.
 */

enum { MATCH_KEY = 16 };

/* What a message is known by. */
struct trait {
	int64_t date_utc;
	uint64_t size;
	uint8_t key[MATCH_KEY]; /* of some header fields */
	bool has_key, has_id; /* a Message-ID among them */
};

/* A message that would have to be fetched. */
struct want {
	struct trait is;
	struct mbox *mb;
	size_t rec; /* of mb->recs */
	bool hit; /* an item of the snapshot agrees in date and size */
	size_t found; /* its place among the items, plus one; 0: none */
};

/* An item of the last snapshot that agrees with a message in date and size. */
struct have {
	struct trait is;
	uint8_t sha256[SHA256_LEN];
	bool given; /* the sink has its bytes for this run */
	bool has_nul;
};

/* The header fields that count, of a header or of what the server cut out of it. */
#define MATCH_FIELDS "MESSAGE-ID DATE FROM TO SUBJECT"
void match_key(struct trait *t, const char *head, size_t n);

void match_sort_wants(struct want *wants, size_t n);
/*
 * Of sorted messages the first with this date and size or greater ones; is it one with
 * just these?
 */
size_t match_first(const struct want *wants, size_t n, const struct trait *t);
bool match_is_at(const struct want *wants, size_t n, size_t i, const struct trait *t);

/**
 * match_decide(wants, n_wants, haves, n_haves): sort both, and find for each message the
 * item that it is: date, size and header fields are equal, there are at least as many
 * such items as messages, they are all one content, and without a Message-ID nothing else
 * agrees in date and size. In doubt it is none.
 */
void match_decide(struct want *wants, size_t n_wants, struct have *haves, size_t n_haves);

#endif
