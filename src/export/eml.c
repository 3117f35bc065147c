/* A folder a mailbox, a file a message (RFC 5322), octet for octet. */
#include <stdlib.h>
#include "valise/base/mem.h"
#include "format.h"
#include "names.h"

#define EXT ".eml"
enum { PATH_CAP = 1 << 16 };

struct eml {
	struct export_run *run;
	struct export_names files; /* of the mailbox */
	struct buf dir; /* of the mailbox */
};

static void *eml_open(struct export_run *run)
{
	struct eml *e = xcalloc(1, sizeof *e);

	e->run = run;
	buf_init(&e->dir, PATH_CAP);
	return e;
}

/* A folder called .mbox is a mailbox of Apple Mail, which is called otherwise. */
static size_t clash(const char *component, size_t n)
{
	return MIN(names_extension(component, n, EXT), names_extension(component, n, ".mbox"));
}

static int eml_coll(
        void *state, const struct tree_head *h, const struct tree_coll *c, struct err *err)
{
	struct eml *e = state;

	names_clear(&e->files);
	buf_reset(&e->dir);
	names_folder(h->path, clash, &e->dir);
	export_called(e->run, h, c, buf_str(&e->dir));
	return export_out_dir(e->run->out, buf_str(&e->dir), err);
}

static int eml_item(
        void *state, const struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	struct date when = {it->date_utc, it->zone_min, true};
	struct buf name = buf_of(PATH_CAP), path = buf_of(2 * PATH_CAP);
	struct eml *e = state;
	struct item_about about;
	int rc;

	tree_item_about(e->run->from, c, it, &about);
	name_of_item(&when, about_title(&about), &name);
	buf_putf(&path, "%s/", buf_str(&e->dir));
	names_take(&e->files, buf_str(&name), EXT, &path);
	rc = export_item_file(e->run, c, it, buf_str(&path), err);
	about_clear(&about);
	buf_clear(&name);
	buf_clear(&path);
	return rc;
}

static void eml_free(void *state)
{
	struct eml *e = state;

	names_clear(&e->files);
	buf_clear(&e->dir);
	free(e);
}

const struct export_format_ops export_eml = {
        .word = "eml",
        .kinds = 1u << COLL_MAIL,
        .loss = "flags, keywords, labels and the zones of INTERNALDATEs are left out",
        .times = true,
        .open = eml_open,
        .coll = eml_coll,
        .item = eml_item,
        .free = eml_free,
};
