#ifndef VALISE_ACCOUNT_EXPAND_H
#define VALISE_ACCOUNT_EXPAND_H

#include "valise/base/err.h"

/* What stands for what in the values of an account file. */
struct variables {
	const char *name; /* %{name}: of the account */
	/* %{user}; %{local} is what stands before its last '@', %{domain} what after it */
	const char *user;
};

/* What the value is for, and so how a name from outside is put into it. */
enum expand_as {
	EXPAND_TEXT, /* as it is */
	EXPAND_PATH, /* as one component of a path: no slash, no dot at its beginning */
	EXPAND_URL, /* percent-encoded */
	/*
	 * refused if it holds what a shell does not take as it is, is empty, or leads out of a
	 * directory
	 */
	EXPAND_COMMAND,
};

/**
 * expand_value(value, v, as, out, err): ${value} with its variables, the caller's; %% is
 * '%', any other '%' itself. ERR_USAGE: an unknown variable (the nearest is named), one that
 * is not closed, %{domain} of a user without one.
 */
int expand_value(const char *value, const struct variables *v, enum expand_as as, char **out,
        struct err *err) MUST_CHECK;

#endif
