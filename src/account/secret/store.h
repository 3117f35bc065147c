#ifndef VALISE_ACCOUNT_STORE_H
#define VALISE_ACCOUNT_STORE_H

#include <stdbool.h>
#include "valise/base/err.h"
#include "valise/base/lock.h"
#include "valise/base/secret.h"

/*
 * Secrets that are kept from run to run: in the keyring of the session where there is one,
 * tokens else in a file of ours alone, $XDG_STATE_HOME/valise/tokens/HASH.
 */

enum store_place { STORE_KEYRING, STORE_FILE };

struct store_key {
	const char *kind; /* "oauth", "password" */
	const char *id; /* what it is found by: any text */
	const char *label; /* for people who look into their keyring */
	bool shared; /* to be taken although others can read it: for what ends it */
};

/* Where one may be: ERR_NOTFOUND, where it is in neither. */
int store_find(const struct store_key *key, struct secret *out, enum store_place *place_out,
        struct err *err) MUST_CHECK;
/*
 * Put it there; what was there before stays until it is. ERR_UNSUPPORTED: there is no
 * keyring.
 */
int store_put(const struct store_key *key, const struct secret *s, enum store_place place,
        struct err *err) MUST_CHECK;
/*
 * Room in the file for what a server is about to give, taken before it is asked: a disk
 * that is full is noticed while nothing is lost yet. With the lock held.
 */
struct store_room {
	int dir, fd; /* fd < 0: none */
	char *temp;
};
int store_reserve(const struct store_key *key, struct store_room *out, struct err *err) MUST_CHECK;
/* Put it into the file, into that room, or without one as store_put does. */
int store_fill(const struct store_key *key, struct store_room *r, const struct secret *s,
        struct err *err) MUST_CHECK;
void store_unreserve(struct store_room *r);
/* Delete it in both; *there_out: it was in one of them. */
int store_forget(const struct store_key *key, bool *there_out, struct err *err) MUST_CHECK;

/* The file that holds it, or would; the caller frees. NULL without HOME. */
char *store_path(const struct store_key *key);

/* One run at a time renews a token; waits for another one, until a stop is asked for. */
struct store_lock {
	int dir;
	char *name;
	struct lock lock;
};
int store_lock(const struct store_key *key, struct store_lock *out, struct err *err) MUST_CHECK;
void store_unlock(struct store_lock *l);

/*
 * keyring.c: the secret service of the session (freedesktop.org), by secret-tool.
 * ERR_NOTFOUND: it has none. ERR_UNSUPPORTED: there is no such service, or it did not
 * answer.
 */
int keyring_find(const struct store_key *key, struct secret *out, struct err *err) MUST_CHECK;
int keyring_put(const struct store_key *key, const struct secret *s, struct err *err) MUST_CHECK;
int keyring_forget(const struct store_key *key, struct err *err) MUST_CHECK;

/* 32 hexadecimal digits that stand for the key. */
#define STORE_NAME_SIZE 33
void store_name(const struct store_key *key, char out[STORE_NAME_SIZE]);

#endif
