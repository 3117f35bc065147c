#ifndef VALISE_ACCOUNT_SETTINGS_H
#define VALISE_ACCOUNT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include "valise/base/service.h"

/*
 * The keys of an account and their values as given, merged from the file and the options.
 */

enum setting_from { FROM_DEFAULTS, FROM_SECTION, FROM_OPTIONS }; /* the later one wins */

struct setting {
	char *key, *value;
	enum setting_from from;
	const char *file; /* where it stands; lent by the account file, NULL: an option */
	unsigned line;
	const char *untrusted; /* why that file is not ours alone (a literal); NULL: it is */
};
struct settings {
	struct setting *items;
	size_t n, cap;
};

void settings_clear(struct settings *s); /* wipes the values */

/* Set, replacing an earlier value; lent until the next change. */
struct setting *settings_put(
        struct settings *s, const char *key, const char *value, enum setting_from from);
/* The same, but an earlier one of a key that may be repeated stays. */
struct setting *settings_add(
        struct settings *s, const char *key, const char *value, enum setting_from from);
void settings_drop(struct settings *s, const char *key); /* all of them */

const struct setting *settings_find(const struct settings *s, const char *key);

/* "imap-user", else "user", else NULL; lent. */
const struct setting *settings_of(
        const struct settings *s, enum service_kind kind, const char *key);
/* "imap-user" alone. */
const struct setting *settings_own(
        const struct settings *s, enum service_kind kind, const char *key);

/**
 * settings_drop_passwords(s, like, from): what says where a password comes from replaces
 * all that was said about it by what counts less than ${from}, on the same level, the one
 * of ${like} ("imap-password-fd": that of "imap-").
 */
void settings_drop_passwords(struct settings *s, const char *like, enum setting_from from);
/*
 * It says how one signs in: "password-command", "password-fd", "oauth" or "oauth-token",
 * with or without a service before it; "password" too when ${file}.
 */
bool settings_is_password(const char *key, bool file);
/*
 * It says where a password goes, or what guards it on the way: "imap", "pin", "ca-file",
 * "proxy", "cleartext".
 */
bool settings_steers_password(const char *key);
/* Of two keys, each with or without a service before it: do they meet in one service? */
bool settings_meet(const char *a, const char *b);
/* What is run: "password-command", "oauth-client-secret-command", for a service or all. */
bool settings_is_command(const char *key);

/*
 * A key that stands for an option of a command, or for its archive: "archive", "exclude",
 * "max-rate" ...
 */
bool settings_is_option(const char *key);
bool settings_is_repeated(const char *key); /* may stand several times: "exclude" */
/* A key of accounts.ini: those of account_is_key, of settings_is_option, and "password". */
bool settings_is_file_key(const char *key);
/* The key of a file that looks most like ${key}, in ${out}; NULL when none does. */
const char *settings_nearest(const char *key, char out[64]);

#endif
