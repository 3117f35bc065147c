/*
 * That an archive was found sound, beside no archive: $XDG_STATE_HOME/valise/verified has a file
 * for each place, {"depth":"full","seal":HASH,"when":SECONDS}. It is no proof for anybody else.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "valise/base/file.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "cli.h"

#define STAMP_MAX 1000

/* The file for the archive; NULL: there is no place for it, or no such archive. */
static char *stamp_path(const char *archive)
{
	char *full = realpath(archive, NULL), *dir = state_path("verified"), hex[SHA256_HEX_SIZE];
	char *path = NULL;

	if (full && dir) {
		sha256_hex(full, strlen(full), hex);
		path = xasprintf("%s/%.32s", dir, hex);
	}
	free(full);
	free(dir);
	return path;
}

void verified_note(const char *archive, const char *seal, const char *depth)
{
	char *path = stamp_path(archive), *dir = state_path("verified"), *text;
	json_t *o = json_object();
	struct err ignored = {0};

	json_set_text(o, "seal", seal);
	json_set_text(o, "depth", depth);
	json_set_number(o, "when", (uint64_t)time(NULL));
	text = json_text(o);
	/* without it the next audit verifies once more */
	if (path && dir && dir_make(AT_FDCWD, dir, &ignored) == 0 &&
	        file_write(AT_FDCWD, path, text, strlen(text), &ignored) < 0)
		err_clear(&ignored);
	free(text);
	free(path);
	free(dir);
}

bool verified_since(const char *archive, const char *seal, int64_t *when_out, char depth_out[16])
{
	char *path = stamp_path(archive);
	struct buf text = buf_of(STAMP_MAX);
	const char *of, *depth;
	json_t *o = NULL;
	struct err ignored = {0};
	bool known = false;

	if (path && file_read(AT_FDCWD, path, &text, &ignored) == 0 &&
	        json_read(buf_str(&text), text.len, STAMP_MAX, &o, &ignored) == 0) {
		of = json_get_str(o, "seal");
		depth = json_get_str(o, "depth");
		*when_out = json_get_int(o, "when", 0);
		known = of && depth && *when_out > 0 && strcmp(of, seal) == 0;
		snprintf(depth_out, 16, "%s", depth ? depth : "");
	}
	json_decref(o);
	buf_clear(&text);
	free(path);
	return known;
}
