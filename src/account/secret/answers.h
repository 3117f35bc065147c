#ifndef VALISE_ACCOUNT_ANSWERS_H
#define VALISE_ACCOUNT_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include "valise/base/secret.h"

/*
 * The passwords that are known for one place, and what its services said to each. A
 * service is one bit of a mask. Pure, but for the memory; the caller locks.
 */

struct answer {
	struct secret secret;
	unsigned let_in, refused; /* the services that did */
};

struct answers {
	struct answer *items;
	size_t n, cap;
};

void answers_clear(struct answers *a); /* wipes */
/* One more; ${s} is taken. */
const struct secret *answers_add(struct answers *a, struct secret *s);

/**
 * answers_pick(a, who, known): what the service ${who} is to try, or NULL: the one that
 * let it in, else the newest that it has not refused, and that another one has not
 * refused either, unless it let somebody in. ${known}: one that has let it in before,
 * whatever it said since, is better than none.
 */
const struct secret *answers_pick(const struct answers *a, unsigned who, bool known);
void answers_refuse(struct answers *a, unsigned who, const struct secret *s);
/* What nobody has taken so far is forgotten: it counts for no other service. */
void answers_let_in(struct answers *a, unsigned who, const struct secret *s);
/* How many tries ${who} has used up, or others for it. */
unsigned answers_refused(const struct answers *a, unsigned who);
/* What is worth keeping: the first that let somebody in, or NULL. */
const struct secret *answers_proven(const struct answers *a);

#endif
