/*
 * mapi_same A.fx B.fx: are two kept items the same, as outlook_same has it? Its differences are
 * printed; exit 0: the same, 1: not, 2: one of them is no item.
 */
#include <stdio.h>
#include "valise/outlook/fx.h"
#include "valise/outlook/make.h"

static int take(void *ctx, struct bag *b, struct err *err)
{
	struct bag **out = ctx;

	(void)err;
	bag_free(*out);
	*out = b;
	return 0;
}

static struct bag *load(const char *path)
{
	struct bag *b = NULL;
	struct fx_reader *r = fx_reader_new(take, &b);
	FILE *f = fopen(path, "rb");
	char piece[65536];
	struct err err = {0};
	size_t n;
	int rc = f ? 0 : -1;

	while (rc == 0 && (n = fread(piece, 1, sizeof piece, f)) > 0)
		rc = fx_read(r, piece, n, &err);
	if (rc == 0)
		rc = fx_read_end(r, &err);
	if (f)
		fclose(f);
	fx_reader_free(r);
	if (rc < 0 || !b)
		fprintf(stderr, "%s: %s\n", path, rc < 0 ? err.text : "no item in it");
	if (rc < 0) {
		bag_free(b);
		b = NULL;
	}
	return b;
}

static void tell(void *ctx, const char *line)
{
	(void)ctx;
	puts(line);
}

int main(int argc, char **argv)
{
	struct bag *a = argc == 3 ? load(argv[1]) : NULL, *b = a ? load(argv[2]) : NULL;
	int rc = a && b ? !outlook_same(a, b, tell, NULL) : 2;

	bag_free(a);
	bag_free(b);
	return rc;
}
