/*
 * outlook_back FILE.ics|FILE.vcf: the object or card as a MAPI item, through FastTransfer, and
 * back: what comes of it on stdout, what is told as lost on stderr. --plain: by its properties
 * alone, without the lines that it keeps of the object. --tell: the item's properties on stdout
 * instead. outlook_back --item FILE.fx: an item as calendar object or card, and that as an item:
 * what differs on stdout, each with the class of the item before it; nothing of other items.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/spool.h"
#include "valise/base/text.h"
#include "valise/outlook/fx.h"
#include "valise/outlook/make.h"

static void lost(void *ctx, const char *what)
{
	fprintf(stderr, "%s: %s\n", (const char *)ctx, what);
}

static void check(int rc, const struct err *err)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "error: %s\n", err->text);
	exit(1);
}

static int to_spool(void *ctx, const void *p, size_t n, struct err *err)
{
	return spool_add(ctx, p, n, err);
}

static int take(void *ctx, struct bag *b, struct err *err)
{
	(void)err;
	*(struct bag **)ctx = b;
	return 0;
}

static int to_reader(void *ctx, const void *p, size_t n, struct err *err)
{
	return fx_read(ctx, p, n, err);
}

/* What a store would give back. */
static struct bag *through(struct bag *b)
{
	struct bag *out = NULL;
	struct fx_reader *r = fx_reader_new(take, &out);
	struct err err = {0};

	check(fx_write(b, to_reader, r, &err), &err);
	check(fx_read_end(r, &err), &err);
	fx_reader_free(r);
	bag_free(b);
	return out;
}

static struct bag *make(enum outlook_form form, struct spool *octets, const char *when)
{
	struct outlook_make m = {.form = form,
	        .octets = octets,
	        .date_utc = INT64_MIN,
	        .lost = lost,
	        .kept = lost,
	        .ctx = (void *)when};
	struct bag *b = NULL;
	struct err err = {0};

	check(outlook_make(&m, &b, &err), &err);
	return through(b);
}

static void convert(struct bag *b, struct spool *out)
{
	struct outlook_made made = {0};
	struct err err = {0};
	struct outlook_to to = {to_spool, NULL, out};

	check(outlook_convert(b, &to, &made, &err), &err);
	outlook_made_clear(&made);
}

static void say(void *ctx, const char *line)
{
	(void)ctx;
	puts(line);
}

static int to_stdout(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)ctx;
	(void)err;
	return fwrite(p, 1, n, stdout) == n ? 0 : -1;
}

static void plain(struct bag *b)
{
	struct err err = {0};

	for (size_t i = 0; i < b->n_attachments; i++)
		if (b->attachments[i]->embedded)
			plain(b->attachments[i]->embedded);
	check(bag_set_text(b, PidNameContentLines, " ", &err), &err);
	check(bag_set_text(b, PidNameContentForms, " ", &err), &err);
}

static const char *class; /* of the item that is compared */

static void differs(void *ctx, const char *line)
{
	(void)ctx;
	printf("%s\t%s\n", class, line);
}

static void item(struct spool *in, struct spool *out)
{
	struct bag *b = NULL, *again;
	struct fx_reader *r = fx_reader_new(take, &b);
	struct err err = {0};
	enum outlook_form form;

	check(spool_copy(in, 0, in->len, to_reader, r, &err), &err);
	check(fx_read_end(r, &err), &err);
	fx_reader_free(r);
	form = outlook_form_of(b);
	if (form != OUTLOOK_MAIL && form != OUTLOOK_UNKNOWN) {
		class = bag_text(b, PidTagMessageClass);
		convert(b, out);
		again = make(form, out, "lost");
		outlook_same(b, again, differs, NULL);
		bag_free(again);
	}
	bag_free(b);
}

static void object(const char *how, enum outlook_form form, struct spool *in, struct spool *out)
{
	struct bag *b = make(form, in, "lost");
	struct err err = {0};

	if (strcmp(how, "--tell") == 0) {
		bag_tell(b, say, NULL);
	} else {
		if (strcmp(how, "--plain") == 0)
			plain(b);
		bag_sort(b);
		convert(b, out);
		check(spool_copy(out, 0, out->len, to_stdout, NULL, &err), &err);
	}
	bag_free(b);
}

int main(int argc, char **argv)
{
	const char *file = argv[argc - 1], *how = argc > 2 ? argv[1] : "";
	enum outlook_form form = text_ends_with(file, ".vcf") ? OUTLOOK_CONTACT : OUTLOOK_CALENDAR;
	struct spool in, out;
	struct err err = {0};
	static char octets[64 << 20];
	FILE *f = argc > 1 ? fopen(file, "rb") : NULL;
	size_t n;

	if (!f) {
		fprintf(stderr, "usage: outlook_back [--tell|--plain|--item] FILE\n");
		return 2;
	}
	n = fread(octets, 1, sizeof octets, f);
	fclose(f);
	spool_init(&in);
	spool_init(&out);
	check(spool_add(&in, octets, n, &err), &err);
	if (strcmp(how, "--item") == 0)
		item(&in, &out);
	else
		object(how, form, &in, &out);
	spool_clear(&in);
	spool_clear(&out);
	return 0;
}
