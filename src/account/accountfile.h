#ifndef VALISE_ACCOUNT_ACCOUNTFILE_H
#define VALISE_ACCOUNT_ACCOUNTFILE_H

#include <stddef.h>
#include <stdbool.h>
#include "settings.h"
#include "valise/base/err.h"

#define ACCOUNTFILE_MAX (1 << 20)

/**
 * accountfile_parse(text, n, label, entry, ctx, err):
 * Read the ${n} bytes of an account file and call ${entry} for each section (key and
 * value NULL) and each key, in order, with its section and line; a result other than 0
 * ends it and is returned. ${label} names the file in messages.
 *
 * 	[name]                 an account
 * 	key = value one line, no quotes, nothing after the value is a comment ; or # a
 *  comment, at the start of a line
 *
 * ERR_USAGE, naming the line, for what is not this: a key outside a section, a line
 * without '=', a section written twice, NUL, a name over 49 or a line over 4000 bytes;
 * ERR_LIMIT for a file over 1 MiB.
 */
typedef int accountfile_entry(void *ctx, const char *section, const char *key, const char *value,
        unsigned line, struct err *err);
int accountfile_parse(const char *text, size_t n, const char *label, accountfile_entry *entry,
        void *ctx, struct err *err) MUST_CHECK;

/**
 * accountfile_load(path, name, out, found_out, nearest, err):
 * The settings of the section ${name}. The whole file is checked: unknown keys (the
 * nearest valid one is named), keys given twice, a "password" in a file that others can
 * read, a file that all can write.
 * ${nearest} (may be NULL) gets the section that looks most like ${name}, or "".
 * ERR_NOTFOUND when there is no such file.
 */
int accountfile_load(const char *path, const char *name, struct settings *out, bool *found_out,
        char nearest[64], struct err *err) MUST_CHECK;

/*
 * Where the file is when nobody says: caller frees; NULL without HOME and
 * XDG_CONFIG_HOME.
 */
char *accountfile_default_path(void);

#endif
