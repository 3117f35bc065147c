#ifndef VALISE_ACCOUNT_ACCOUNTFILE_H
#define VALISE_ACCOUNT_ACCOUNTFILE_H

#include <stddef.h>
#include <stdbool.h>
#include "settings.h"
#include "valise/base/err.h"

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
