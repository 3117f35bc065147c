#ifndef VALISE_ACCOUNT_ACCOUNT_H
#define VALISE_ACCOUNT_ACCOUNT_H

#include <stdbool.h>
#include <stdio.h>
#include "valise/base/err.h"
#include "valise/base/service.h"

/*
 * An account: up to one service of each kind, from a section of accounts.ini, from
 * options of the command line, or from both (options win). The same keys in both, without
 * the dashes in the file.
 */

/*
 * One option or key as given: "imap", "user", "imap-user", "password-command",
 * "cleartext" (value "yes").
 */
struct account_setting {
	const char *key;
	const char *value;
};

/*
 * What the account's section, or [defaults], says of options of commands: "exclude", "max-rate"
 * ...; "archive" and "old" say where its archive is.
 */
struct account_option {
	char *key, *value;
	char *written; /* the value, a path not yet counted from the file */
	char *file; /* where it stands */
	unsigned line;
	bool shared; /* of [defaults]: for all accounts */
};
struct account_options {
	struct account_option *items;
	size_t n, cap;
};
void account_options_clear(struct account_options *o);

struct account {
	/*
	 * the section, the address, or USER@HOST of the first service; names the default
	 * archive
	 */
	char *name;
	struct service services[SERVICE_KINDS];
	bool present[SERVICE_KINDS];
	struct service_facts *facts[SERVICE_KINDS]; /* owned; what services point to */
	/* the --user that the user of a URL beside it won over, or NULL */
	char *passed_over[SERVICE_KINDS];
	struct account_secrets *secrets; /* owned; what login.ctx points to */
	struct account_options options;
	unsigned held; /* account_hold */
};

/* True if ${key} is a key of an account: "imap", "caldav-password-command", "pin", ... */
bool account_is_key(const char *key);
/* True if the key takes no value on the command line ("cleartext"). */
bool account_key_is_flag(const char *key);
/* The key that looks most like ${key}, in ${out}; NULL when none does. */
const char *account_nearest_key(const char *key, char out[64]);

/**
 * account_load(name, config, settings, n, trace, out, err):
 * The account for ${name}: a section of the file ${config} (NULL:
 * $XDG_CONFIG_HOME/valise/accounts.ini, else ~/.config/valise/accounts.ini; the default
 * one may be missing), overlaid by ${settings}.
 * ${name} NULL: settings alone. A file that others can read and that holds a "password"
 * is refused; "password" exists nowhere else. Keys: imap pop3 caldav carddav (URLs), user
 * password-command password-fd auth ca-file pin authzid timeout (seconds) cleartext, and
 * each of these with a service prefix (imap-user ...), which wins.
 * URLs: imaps://[user@]host[:993] imap:// (STARTTLS) pop3s:// pop3:// https://; http://
 * and a plain imap:// or pop3:// with "cleartext" are spoken without TLS, http:// without
 * it is refused. A password in a URL is refused.
 * Errors: ERR_USAGE with what to write instead, ERR_NOTFOUND for an unknown name, ERR_IO.
 */
int account_load(const char *name, const char *config, const struct account_setting *settings,
        size_t n, FILE *trace, struct account **out, struct err *err) MUST_CHECK;
void account_free(struct account *a);
/*
 * ${a} once more, with all that is known of its passwords: one account_free more is needed
 * until it is freed. Not thread-safe.
 */
struct account *account_hold(struct account *a);

/* Where accounts.ini is if nobody says otherwise; NULL: nobody knows. The caller frees. */
char *account_default_path(void);

/**
 * accounts_open(path, out, err):
 * Read a file of accounts, and all that it includes; everything in it is checked but the
 * values of single accounts. An INI file or, if it is called *.csv or has a header with commas, a
 * table (RFC 4180) whose columns are the keys and "name" (or "new"; without it "user" names the
 * account).
 *
 * 	include = FILE         before the first section: its accounts and [defaults], too
 * 	[defaults]             keys for all accounts of the list
 * 	[NAME]                 an account; its keys win
 *
 * Values have %{name}, %{user}, %{local}, %{domain} and %% (expand.h). A relative path of
 * archive, ca-file and include counts from the file in which it stands. Refused: an
 * unknown key, one given twice, an account that stands twice, a "password" in a file that
 * others can read, a command in one that others can write, each with file and line.
 * ERR_USAGE, ERR_LIMIT, ERR_IO; ERR_NOTFOUND: ${path} itself does not exist.
 */
struct accounts;
int accounts_open(const char *path, struct accounts **out, struct err *err) MUST_CHECK;
void accounts_close(struct accounts *list); /* wipes; NULL is fine */
/* The accounts, in the order of the file; lent. */
size_t accounts_count(const struct accounts *list);
const char *accounts_name(const struct accounts *list, size_t i);
/* What the file says of options of commands for the account ${name}, whatever its services. */
int accounts_options(const struct accounts *list, const char *name, struct account_options *out,
        struct err *err) MUST_CHECK;
/* account_load from a list that is open; NULL: there is no file. */
int account_from(const struct accounts *list, const char *name,
        const struct account_setting *settings, size_t n, FILE *trace, struct account **out,
        struct err *err) MUST_CHECK;

/*
 * The services' warnings about clear text (loopback needs none) and about a --user that
 * does not count, one line each for a person, at most n; returns how many.
 */
#define ACCOUNT_WARNINGS (2 * SERVICE_KINDS)
size_t account_warnings(const struct account *a, char lines[][256], size_t n);

/*
 * Passwords: password-command (sh -c, first line of its output, taken as raw bytes; a
 * non-zero end is an error that shows its status, never its output), password-fd (one
 * line, read once, one fd may serve several services), a "password" key of a private
 * file, else asked on the terminal without echo (ERR_USAGE when there is none). Each
 * source is asked once and kept in memory for the run; renew asks a command again.
 */

#endif
