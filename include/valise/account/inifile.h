#ifndef VALISE_ACCOUNT_INIFILE_H
#define VALISE_ACCOUNT_INIFILE_H

#include <stddef.h>
#include <sys/stat.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"

/* Files of settings: accounts.ini, providers.ini. */

#define INIFILE_MAX (16 << 20) /* as a table of accounts: tens of thousands */
#define INIFILE_NAME_MAX 200 /* octets of a section's name */

/**
 * inifile_parse(text, n, label, entry, ctx, err):
 * Read the ${n} bytes of a file of settings and call ${entry} for each section (key and
 * value NULL) and each key, in order, with its section and line; a result other than 0
 * ends it and is returned. ${label} names the file in messages.
 *
 * 	[name]                 a section
 * 	key = value            one line, no quotes, nothing after the value is a comment
 * 	; or #                 a comment, at the start of a line
 *
 * ERR_USAGE, naming the line, for what is not this: a key outside a section, a line
 * without '=', a section written twice, NUL, a section over 200, a key over 49 or a line over 4000
 * bytes, a file over INIFILE_MAX.
 */
typedef int inifile_entry(void *ctx, const char *section, const char *key, const char *value,
        unsigned line, struct err *err);
int inifile_parse(const char *text, size_t n, const char *label, inifile_entry *entry, void *ctx,
        struct err *err) MUST_CHECK;
/* The same, but keys may stand before the first section; theirs is "". */
int inifile_parse_headed(const char *text, size_t n, const char *label, inifile_entry *entry,
        void *ctx, struct err *err) MUST_CHECK;

/*
 * The file a person named, or that is ours by its place, appended to ${out}. One that
 * everyone can write is refused, as is one over the cap of ${out}. ERR_NOTFOUND, ERR_USAGE, ERR_IO.
 */
int inifile_read(
        const char *path, struct buf *out, struct stat *st_out, struct err *err) MUST_CHECK;
/*
 * Why nothing in it that others could have written may be followed, for "the file ...";
 * NULL: it is ours alone.
 */
const char *inifile_untrusted(const struct stat *st);

#endif
