#ifndef IMPORT_FILE_H
#define IMPORT_FILE_H

#include "valise/base/buf.h"
#include "valise/base/err.h"

/*
 * One regular file, wherever it is: in a folder, or inside a zip or tar file, which are not
 * unpacked. Files come one after the other, each read once from its beginning to its end.
 */
struct import_file {
	/* for messages: "Takeout-001.zip: Takeout/Mail/Inbox.mbox"; not escaped */
	const char *shown;
	/*
	 * relative to the PATH that was given, '/' between its components, none of them empty,
	 * "." or "..": "Takeout/Mail/Inbox.mbox"; where PATH is a file itself, its name. Octets
	 * as they are: it need not be UTF-8
	 */
	const char *place;
	const char *path; /* where it is on disk by itself; NULL: inside of another file */
	uint64_t size; /* UINT64_MAX: not known before it was read */
	int64_t mtime; /* seconds UTC; INT64_MIN: not known */
	/* Reads up to ${n} bytes; *got 0 is the end. An error is of this file alone (ERR_ITEM). */
	int (*read)(struct import_file *f, void *p, size_t n, size_t *got, struct err *err);
	/*
	 * Up to ${n} bytes at ${off}, wherever reading is; less only at the end. NULL: it cannot
	 * be done.
	 */
	int (*peek)(struct import_file *f, void *p, size_t n, uint64_t off, size_t *got,
	        struct err *err);
	void *ctx; /* of both */
};

/*
 * Where files come from. each() visits all of them in an order that is the same each time; it
 * may be called again (the first time to see what there is, then to read), and a visit may
 * read as much of its file as it likes, nothing of it too. An error of ${visit} ends it; one
 * of a single file (it vanished, a damaged entry of a zip) is told by ${lost} and costs that
 * file.
 */
struct import_files;
struct import_visit {
	void *ctx;
	int (*file)(void *ctx, struct import_file *f, struct err *err);
	/* A folder, with ${place} as of files; an empty one, too (not the PATH itself). */
	int (*dir)(void *ctx, const char *place, struct err *err);
	void (*lost)(void *ctx, const char *shown, const struct err *err);
};
struct import_files_ops {
	int (*each)(struct import_files *s, const struct import_visit *v, struct err *err);
	void (*free)(struct import_files *s);
};
struct import_files {
	const struct import_files_ops *ops;
};

/*
 * A folder, or a single file, on disk; symbolic links are not followed, but for ${path}
 * itself. *dir_out: it is a folder.
 */
int import_files_disk(
        const char *path, bool *dir_out, struct import_files **out, struct err *err) MUST_CHECK;
/*
 * A zip, tar or tar.gz file (import_is_packed: by its first octets; of gzip only what holds a
 * tar), or one of its volumes, each whole in itself (Takeout-001.zip, -002.zip).
 */
enum { IMPORT_HEAD = 4096 }; /* octets by which a file is told */
bool import_is_packed(const void *head, size_t n);
/* One in which there is nothing. */
bool import_is_packed_empty(const void *head, size_t n);
int import_files_packed(const char *path, struct import_files **out, struct err *err) MUST_CHECK;

#endif
