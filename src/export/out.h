#ifndef EXPORT_OUT_H
#define EXPORT_OUT_H

#include "valise/base/err.h"

/*
 * Where exported files go: a folder, or a zip file. Files are written one after the other.
 * Names come from the writers of the formats, which make them safe (names.h).
 */
struct export_out;
/* Nothing is at ${path} before export_out_commit. */
int export_out_folder(const char *path, struct export_out **out, struct err *err) MUST_CHECK;
int export_out_zip(const char *path, struct export_out **out, struct err *err) MUST_CHECK;
/* "mail/INBOX/cur": also where no file is in it. */
int export_out_dir(struct export_out *o, const char *path, struct err *err) MUST_CHECK;
/* ${mtime}: seconds UTC; of the file and of its entry. */
int export_out_file(
        struct export_out *o, const char *path, int64_t mtime, struct err *err) MUST_CHECK;
int export_out_write(void *out, const void *p, size_t n, struct err *err) MUST_CHECK;
int export_out_end(struct export_out *o, struct err *err) MUST_CHECK; /* of the file */
int export_out_commit(struct export_out *o, struct err *err) MUST_CHECK; /* durable */
void export_out_free(struct export_out *o); /* what was not committed is taken away */

#endif
