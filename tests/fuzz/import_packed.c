/* A zip, tar or gzip file: what is in it has places that stay below, and is read to its end. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "import/file.h"
#include "import/names.h"

enum { READ_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_place(const char *place)
{
	size_t n = strlen(place);

	if (!n || *place == '/' || place[n - 1] == '/' || strstr(place, "//") ||
	        strchr(place, '\\') || !strcmp(place, "..") || !strncmp(place, "../", 3) ||
	        strstr(place, "/../") || (n > 2 && !strcmp(place + n - 3, "/..")))
		abort();
}

static int on_file(void *ctx, struct import_file *f, struct err *err)
{
	size_t *total = ctx, got = 1;
	struct err own = {0};
	char piece[4096];

	(void)err;
	check_place(f->place);
	while (got && *total < READ_MAX && f->read(f, piece, sizeof piece, &got, &own) == 0)
		*total += got;
	return 0;
}

static int on_dir(void *ctx, const char *place, struct err *err)
{
	(void)ctx;
	(void)err;
	check_place(place);
	return 0;
}

static void on_lost(void *ctx, const char *shown, const struct err *err)
{
	(void)ctx;
	if (!shown || !err->text[0])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t total = 0;
	const struct import_visit v = {&total, on_file, on_dir, on_lost};
	struct import_files *files;
	struct err err = {0};
	char path[64];
	int fd = memfd_create("packed", 0);

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size ||
	        import_files_packed(path, &files, &err) < 0)
		abort();
	if (files->ops->each(files, &v, &err) < 0)
		abort();
	files->ops->free(files);
	close(fd);
	return 0;
}
