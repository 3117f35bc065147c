#ifndef VALISE_ACCOUNT_SETTINGS_H
#define VALISE_ACCOUNT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include "valise/base/service.h"

/*
 * The keys of an account and their values as given, merged from the file and the options.
 */

struct setting {
	char *key, *value;
	bool from_file;
};
struct settings {
	struct setting *items;
	size_t n, cap;
};

void settings_clear(struct settings *s); /* wipes the values */

/* Set, replacing an earlier value. */
void settings_put(struct settings *s, const char *key, const char *value, bool from_file);

const struct setting *settings_find(const struct settings *s, const char *key);

/* The value of "imap-user", else of "user", else NULL; lent. */
const char *settings_value(const struct settings *s, enum service_kind kind, const char *key);
/* Of "imap-user" alone. */
const char *settings_own(const struct settings *s, enum service_kind kind, const char *key);

/**
 * settings_drop_passwords(s, like): options that say where a password comes from replace
 * all that the file said about it on the same level, the one of ${like}
 * ("imap-password-fd": that of "imap-").
 */
void settings_drop_passwords(struct settings *s, const char *like);
/*
 * "password-command" or "password-fd", with or without a service before it; "password"
 * too when ${file}.
 */
bool settings_is_password(const char *key, bool file);

/* A key of accounts.ini: those of account_is_key, and "password". */
bool settings_is_file_key(const char *key);
#endif
