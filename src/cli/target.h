#ifndef VALISE_CLI_TARGET_H
#define VALISE_CLI_TARGET_H

#include "valise/account/account.h"

/*
 * Whose account a target is. UNSURE: perhaps the same one, as a host has several names, and
 * an owner may be written with a domain or without.
 */
struct target {
	char *at[SERVICE_KINDS]; /* HOST:PORT, NULL: it has no such service */
	char *owner[SERVICE_KINDS];
};
enum likeness { TARGETS_APART, TARGETS_UNSURE, TARGETS_SAME };
struct target *target_of(const struct account *a);
void target_free(struct target *t); /* NULL is fine */
enum likeness target_compare(const struct target *a, const struct target *b);

#endif
