/*
 * outlook_remake FILE...: each message as a MAPI item and back. FILE.back is what comes of it,
 * FILE.lost what did not come over on either way, FILE.homeless what of the item has no place in
 * a message. Ends with 1 if the item is another one when it is made again, or when it was
 * FastTransfer.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "valise/base/mem.h"
#include "valise/outlook/fx.h"
#include "valise/outlook/make.h"

static void check(int rc, const char *path, const struct err *err)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "%s: %s\n", path, err->text);
	exit(1);
}

static int to_file(void *ctx, const void *p, size_t n, struct err *err)
{
	return fwrite(p, 1, n, ctx) == n ? 0 : err_sys(err, ERR_WHOLE, "cannot write");
}

static int to_spool(void *ctx, const void *p, size_t n, struct err *err)
{
	return spool_add(ctx, p, n, err);
}

static void line(void *ctx, const char *text)
{
	fprintf(ctx, "%s\n", text);
}

static FILE *beside(const char *path, const char *ending)
{
	char *name = xasprintf("%s.%s", path, ending);
	FILE *f = fopen(name, "wb");

	if (!f) {
		perror(name);
		exit(1);
	}
	free(name);
	return f;
}

static void end(FILE *f)
{
	if (fclose(f) != 0) {
		perror("cannot write");
		exit(1);
	}
}

static void load(const char *path, struct spool *out)
{
	FILE *f = fopen(path, "rb");
	char piece[65536];
	struct err err = {0};
	size_t n;

	spool_init(out);
	while (f && (n = fread(piece, 1, sizeof piece, f)) > 0)
		check(spool_add(out, piece, n, &err), path, &err);
	if (!f || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

struct one {
	const char *path;
	FILE *lost;
};

static void lost(void *ctx, const char *text)
{
	struct one *o = ctx;

	if (o->lost)
		line(o->lost, text);
}

/* Octets of the item. */
static void make(struct one *o, struct spool *octets, struct spool *fx)
{
	static const char keywords[] = "$Forwarded work";
	struct outlook_make m = {.form = OUTLOOK_MAIL,
	        .octets = octets,
	        .flags = 1 | 2 | 4,
	        .keywords = keywords,
	        .date_utc = 1767225600,
	        .lost = lost,
	        .ctx = o};
	struct err err = {0};
	struct bag *b;

	check(outlook_make(&m, &b, &err), o->path, &err);
	check(fx_write(b, to_spool, fx, &err), o->path, &err);
	bag_free(b);
}

struct target {
	struct one *o;
	FILE *back;
};

static int back_write(void *ctx, const void *p, size_t n, struct err *err)
{
	const struct target *t = ctx;

	return to_file(t->back, p, n, err);
}

static void back_lost(void *ctx, const char *text)
{
	const struct target *t = ctx;

	lost(t->o, text);
}

struct reading {
	struct one *o;
	struct spool again; /* FastTransfer of what was read */
	unsigned n;
};

static int take(void *ctx, struct bag *b, struct err *err)
{
	struct reading *r = ctx;
	struct target t = {r->o, beside(r->o->path, "back")};
	struct outlook_to to = {back_write, back_lost, &t};
	struct outlook_made made;
	FILE *homeless = beside(r->o->path, "homeless");

	check(fx_write(b, to_spool, &r->again, err), r->o->path, err);
	check(outlook_convert(b, &to, &made, err), r->o->path, err);
	if (made.form != OUTLOOK_MAIL || made.flags != (1 | 2 | 4) || made.date_utc != 1767225600 ||
	        !made.keywords || strcmp(made.keywords, "$Forwarded work") != 0)
		check(-1, r->o->path, &(struct err){.text = "flags, keywords or date"});
	outlook_homeless(b, line, homeless);
	outlook_made_clear(&made);
	end(homeless);
	end(t.back);
	bag_free(b);
	r->n++;
	return 0;
}

static int read_piece(void *ctx, const void *p, size_t n, struct err *err)
{
	return fx_read(ctx, p, n, err);
}

static bool same(struct spool *a, struct spool *b)
{
	uint8_t x[4096], y[4096];
	struct err err = {0};

	if (a->len != b->len)
		return false;
	for (uint64_t at = 0; at < a->len; at += sizeof x) {
		size_t n = (size_t)MIN(sizeof x, a->len - at);

		check(spool_read(a, at, x, n, &err), "spool", &err);
		check(spool_read(b, at, y, n, &err), "spool", &err);
		if (memcmp(x, y, n) != 0)
			return false;
	}
	return true;
}

static void remake(const char *path)
{
	struct one o = {path, beside(path, "lost")};
	struct reading r = {.o = &o};
	struct spool octets, first, second;
	struct fx_reader *reader = fx_reader_new(take, &r);
	struct err err = {0};

	load(path, &octets);
	spool_init(&first);
	spool_init(&second);
	spool_init(&r.again);
	make(&o, &octets, &first);
	check(spool_copy(&first, 0, first.len, read_piece, reader, &err), path, &err);
	check(fx_read_end(reader, &err), path, &err);
	end(o.lost);
	o.lost = NULL;
	make(&o, &octets, &second);
	if (r.n != 1 || !same(&first, &second) || !same(&first, &r.again))
		check(-1, path, &(struct err){.text = "another item"});
	fx_reader_free(reader);
	spool_clear(&octets);
	spool_clear(&first);
	spool_clear(&second);
	spool_clear(&r.again);
}

int main(int argc, char **argv)
{
	struct rusage use;

	for (int i = 1; i < argc; i++)
		remake(argv[i]);
	if (getrusage(RUSAGE_SELF, &use) == 0)
		printf("%d messages, %ld KiB\n", argc - 1, use.ru_maxrss);
	return 0;
}
