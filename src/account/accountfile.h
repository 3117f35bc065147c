#ifndef VALISE_ACCOUNT_ACCOUNTFILE_H
#define VALISE_ACCOUNT_ACCOUNTFILE_H

#include <stddef.h>
#include "settings.h"
#include "valise/account/account.h"
#include "valise/base/err.h"
#include "valise/base/textindex.h"

/* What a file of accounts says, and those that it includes. */

struct account_section {
	char *name;
	const char *file; /* where it stands; lent by the list */
	unsigned line;
	const char *untrusted; /* as in struct setting */
	struct settings set; /* as written */
};

struct accounts {
	char **files; /* all that were read */
	size_t n_files, files_cap;
	struct settings defaults;
	struct account_section *sections;
	size_t n, cap;
	struct text_index index; /* of the sections, by name */
};

/* The section ${name}; NULL: there is none. */
const struct account_section *accounts_section(const struct accounts *list, const char *name);
/* The name of a section that looks most like ${name}; NULL if none does. */
const char *accounts_nearest(const struct accounts *list, const char *name);

/**
 * accounts_settings(list, section, given, n, out, err):
 * What the file says of the account: its section over [defaults], with %{name} and the
 * like filled in and relative paths counted from the file. Of the options ${given} "user"
 * is what %{user} means.
 */
int accounts_settings(const struct accounts *list, const struct account_section *section,
        const struct account_setting *given, size_t n, struct settings *out,
        struct err *err) MUST_CHECK;

/**
 * accounts_check_sources(list, section, set, err): may the password of ${set}, which is what
 * the files and the options say of ${section}, go where it goes? ERR_USAGE: a file that is not
 * ours alone sends the password of another file somewhere.
 */
int accounts_check_sources(const struct accounts *list, const struct account_section *section,
        const struct settings *set, struct err *err) MUST_CHECK;

/* ${path} as it stands in ${file}, which relative ones count from. The caller frees. */
char *accountfile_beside(const char *file, const char *path);

/* "~/x" in the home directory; else a copy. */
char *accountfile_expand_home(const char *path);

#endif
