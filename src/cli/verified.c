/*
 * That an archive was found sound, beside no archive: $XDG_STATE_HOME/valise/verified has a file
 * for each place, {"depth":"full","files":HASH,"seal":HASH,"when":SECONDS}. ${files}: of all names,
 * sizes and times, so that what was written to since does not count.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "valise/base/file.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
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

/* What stands below the directory, with sizes and times; what cannot be read counts as such. */
static void add_files(struct sha256 *sum, int dirfd, const char *path)
{
	char **names = NULL;
	struct err ignored = {0};
	size_t n = 0;

	if (dir_list(dirfd, path, &names, &n, &ignored) < 0)
		sha256_add(sum, path, strlen(path) + 1);
	for (size_t i = 0; i < n; i++) {
		char *full = xasprintf("%s/%s", path, names[i]), *line;
		struct stat st = {0};

		if (strcmp(names[i], ".work") != 0 &&
		        fstatat(dirfd, full, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		        S_ISDIR(st.st_mode)) {
			add_files(sum, dirfd, full);
		} else if (strcmp(names[i], ".work") != 0) {
			line = xasprintf("%s %jd %jd.%09ld %jd.%09ld\n", full, (intmax_t)st.st_size,
			        (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
			        (intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
			sha256_add(sum, line, strlen(line));
			free(line);
		}
		free(full);
	}
	texts_free(names, n);
}

static void sum_files(const char *archive, char out[SHA256_HEX_SIZE])
{
	char *full = realpath(archive, NULL);
	uint8_t raw[SHA256_LEN];
	struct sha256 sum;

	sha256_start(&sum);
	if (full)
		add_files(&sum, AT_FDCWD, full);
	sha256_end(&sum, raw);
	hex_format(raw, sizeof raw, out);
	free(full);
}

void verified_note(const char *archive, const char *seal, const char *depth)
{
	char *path = stamp_path(archive), *dir = state_path("verified"), *text;
	char files[SHA256_HEX_SIZE];
	json_t *o = json_object();
	struct err ignored = {0};

	sum_files(archive, files);
	json_set_text(o, "files", files);
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
	const char *of, *depth, *files;
	char now[SHA256_HEX_SIZE];
	json_t *o = NULL;
	struct err ignored = {0};
	bool known = false;

	if (path && file_read(AT_FDCWD, path, &text, &ignored) == 0 &&
	        json_read(buf_str(&text), text.len, STAMP_MAX, &o, &ignored) == 0) {
		of = json_get_str(o, "seal");
		depth = json_get_str(o, "depth");
		*when_out = json_get_int(o, "when", 0);
		files = json_get_str(o, "files");
		sum_files(archive, now);
		known = of && depth && files && *when_out > 0 && strcmp(of, seal) == 0 &&
		        strcmp(files, now) == 0;
		snprintf(depth_out, 16, "%s", depth ? depth : "");
	}
	json_decref(o);
	buf_clear(&text);
	free(path);
	return known;
}
