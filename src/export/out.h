#ifndef EXPORT_OUT_H
#define EXPORT_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/base/err.h"

/*
 * Where exported files go: a folder, or a zip file. Files are written one after the other.
 * Paths are relative, with '/' between components, which are made safe by the writers of the
 * formats (names.h); each is written once.
 */
struct export_out;
/* Nothing is at ${path} before export_out_commit. By its end it is a zip file or a folder. */
int export_out_open(const char *path, struct export_out **out, struct err *err) MUST_CHECK;
/* "INBOX/cur": also where no file will be in it; with what is above it. */
int export_out_dir(struct export_out *o, const char *path, struct err *err) MUST_CHECK;
#define EXPORT_SIZE_UNKNOWN UINT64_MAX
/* ${mtime}: seconds UTC; of the file and of its entry. ${size}: what will be written. */
int export_out_file(struct export_out *o, const char *path, int64_t mtime, uint64_t size,
        struct err *err) MUST_CHECK;
/* As a tree_write_fn, with the struct export_out as its ctx. */
int export_out_write(void *out, const void *p, size_t n, struct err *err) MUST_CHECK;
int export_out_end(struct export_out *o, struct err *err) MUST_CHECK; /* of the file */
/* Files and octets in them so far. */
uint64_t export_out_files(const struct export_out *o);
uint64_t export_out_bytes(const struct export_out *o);
/* Files that could not get their time, as the file system has none. */
uint64_t export_out_untimed(const struct export_out *o);
/* Has a call of the above failed? Then nothing more can be written. */
bool export_out_failed(const struct export_out *o);
int export_out_commit(struct export_out *o, struct err *err) MUST_CHECK; /* durable */
void export_out_free(struct export_out *o); /* what was not committed is taken away */

#endif
