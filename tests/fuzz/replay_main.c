/*
 * Runs a fuzz target over the files of a corpus directory, for compilers without
 * libFuzzer.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;
	uint8_t *data;
	size_t n;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (!f)
		return -1;
	data = malloc(1 << 20);
	n = data ? fread(data, 1, 1 << 20, f) : 0;
	fclose(f);
	/* An exact-size copy, so that a sanitizer sees reads past the end. */
	uint8_t *exact = malloc(n ? n : 1);
	if (data && exact) {
		memcpy(exact, data, n);
		LLVMFuzzerTestOneInput(exact, n);
	}
	free(exact);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);
		struct dirent *e;

		if (!d) {
			fprintf(stderr, "%s: no such corpus\n", argv[i]);
			return 1;
		}
		while ((e = readdir(d)))
			if (e->d_name[0] != '.' && replay(argv[i], e->d_name) == 0)
				n++;
		closedir(d);
	}
	printf("%d inputs replayed\n", n);
	return n > 0 ? 0 : 1;
}
