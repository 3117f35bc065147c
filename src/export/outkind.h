#ifndef EXPORT_OUTKIND_H
#define EXPORT_OUTKIND_H

#include "export/out.h"

/* A folder and a zip file, as out.c sees them: STAGING_OUT in ${stagefd} is theirs. */
struct out_file {
	const char *path;
	int64_t mtime;
	uint64_t size; /* or EXPORT_SIZE_UNKNOWN */
};
struct out_kind {
	/* ${mode}: of the folder, 0: that of a new one */
	int (*open)(int stagefd, unsigned mode, void **state, struct err *err);
	int (*dir)(void *state, const char *path, struct err *err);
	int (*begin)(void *state, const struct out_file *f, struct err *err);
	int (*write)(void *state, const void *p, size_t n, struct err *err);
	int (*end)(void *state, struct err *err); /* of the file */
	int (*finish)(void *state, struct err *err); /* it is whole, and on the disk */
	uint64_t (*untimed)(const void *state); /* see export_out_untimed; NULL: none */
	void (*free)(void *state);
};
extern const struct out_kind out_folder, out_zip;

#endif
