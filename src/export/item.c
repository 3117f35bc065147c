/* What the writers of the formats share: a file for an item, and what is said of it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "valise/base/mem.h"
#include "format.h"

struct item_file {
	struct export_run *run;
	const struct tree_item *it;
	const char *path;
	bool begun;
};

static int begin_file(struct item_file *f, struct err *err)
{
	f->begun = true;
	return export_out_file(
	        f->run->out, f->path, f->it->date_utc, export_size(f->run, f->it), err);
}

static int write_file(void *ctx, const void *p, size_t n, struct err *err)
{
	struct item_file *f = ctx;
	int rc = f->begun ? 0 : begin_file(f, err);

	return rc == 0 ? export_out_write(f->run->out, p, n, err) : rc;
}

int export_item_file(struct export_run *run, const struct tree_coll *c, const struct tree_item *it,
        const char *path, struct err *err)
{
	struct item_file f = {.run = run, .it = it, .path = path};
	int rc = run->from->ops->body(run->from, c, it, write_file, &f, err);

	if (rc == 0 && !f.begun)
		rc = begin_file(&f, err);
	return rc == 0 ? export_out_end(run->out, err) : rc;
}

void export_altered(struct export_run *run, const struct tree_coll *c, const struct tree_item *it,
        const char *fmt, ...)
{
	struct buf name = buf_of(SIZE_MAX / 2);
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	run->result->altered++;
	tree_item_name(run->from, c, it, &name);
	progress_name(run->progress, SAY_NOTE, c->name, buf_str(&name), "%s", text);
	buf_clear(&name);
}

void export_called(struct export_run *run, const struct tree_head *h, const struct tree_coll *c,
        const char *path)
{
	if (strcmp(path, h->content_name) != 0)
		progress_name(
		        run->progress, SAY_NOTE, c->name, NULL, "it is called \"%s\" here", path);
}
