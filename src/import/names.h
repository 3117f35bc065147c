#ifndef IMPORT_NAMES_H
#define IMPORT_NAMES_H

#include "valise/base/buf.h"
#include "valise/base/err.h"

/*
 * Names in packed files: any octets. packed_name: as UTF-8, what is not UTF-8 read as code page
 * 437 (APPNOTE.TXT of zip, D.1); packed_place: as a place (import/file.h), its components
 * divided by '/' or '\\', none of them empty, "." or "..", without a drive letter before them.
 */
void packed_name(const char *raw, struct buf *out);
void packed_place(const char *name, struct buf *out);

/*
 * Volumes, each whole in itself: NAME-001.zip, NAME-002.zip ... (.tgz and .tar.gz, too) as
 * Google gives them, "NAME Part 1 of 3.zip" as Apple does.
 */
struct volume {
	size_t head, tail; /* octets of the name before and behind its number */
	unsigned number, of,
	        digits; /* of: 0 where it does not say; digits: 0: as many as it takes */
};
bool volume_read(const char *name, struct volume *out);

/**
 * import_paths(paths, n, out, n_out, missing, err): the files and folders to be read, each
 * once: those of ${paths}, and behind a first volume those that are beside it. ${missing}
 * gets the names of the volumes that lack between the first and the last one, each ended by
 * LF. The caller frees *out with texts_free.
 * Errors: a path that is not there.
 */
int import_paths(const char *const *paths, size_t n, char ***out, size_t *n_out,
        struct buf *missing, struct err *err) MUST_CHECK;

#endif
