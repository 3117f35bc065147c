/* A file a mailbox: mboxrd, LF, flags in Status, X-Status and X-Keywords (RFC 4155). */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "format.h"
#include "lines.h"
#include "mail.h"
#include "names.h"

#define EXT ".mbox"
enum {
	PATH_CAP = 1 << 16,
	/* what a message's file has at most, beyond three times its octets and its keywords */
	MORE = 1024,
};

struct mbox {
	struct export_run *run;
	struct export_names files;
	struct buf stem; /* of the mailbox's files */
	struct buf base; /* what the first message of each says of all, or nothing */
	unsigned number; /* of the file */
	uint64_t in_file;
	bool has_one; /* a message is in the file */
};

/* One message on its way into the file; without one it is only measured. */
struct mbox_message {
	struct mbox *mbox;
	struct lines lines;
	const struct buf *top; /* From_ line and flags */
	bool begun, measured;
	uint64_t size;
};

static void *mbox_open(struct export_run *run)
{
	struct mbox *m = xcalloc(1, sizeof *m);

	m->run = run;
	buf_init(&m->stem, PATH_CAP);
	buf_init(&m->base, SIZE_MAX / 2);
	return m;
}

static int begin_file(struct mbox *m, struct err *err)
{
	char *stem = m->number > 1 ? xasprintf("%s-%u", buf_str(&m->stem), m->number)
	                           : xstrdup(buf_str(&m->stem));
	struct buf path = buf_of(2 * PATH_CAP);
	int rc;

	names_take(&m->files, stem, EXT, &path);
	rc = export_out_file(m->run->out, buf_str(&path),
	        m->run->from->ops->manifest(m->run->from)->created, EXPORT_SIZE_UNKNOWN, err);
	m->in_file = 0;
	m->has_one = false;
	free(stem);
	buf_clear(&path);
	return rc;
}

static size_t clash(const char *component, size_t n)
{
	return names_extension(component, n, EXT);
}

/* All keywords of the mailbox, each once. */
static void put_base(struct mbox *m, const struct tree_coll *c)
{
	struct tree_coll *all = tree_coll_new(c->kind, c->name);
	struct buf words = buf_of(SIZE_MAX / 2);
	const char *text;

	for (size_t i = 0; i < c->n_keyword_sets; i++)
		buf_putf(&words, "%s ", c->keyword_sets[i]);
	text = tree_coll_keyword_text(all, tree_coll_words(all, buf_str(&words), NULL, NULL));
	buf_reset(&m->base);
	if (*text)
		mbox_base_put(c->uidvalidity ? c->uidvalidity : 1, text, &m->base);
	buf_clear(&words);
	tree_coll_free(all);
}

static int mbox_coll(
        void *state, const struct tree_head *h, const struct tree_coll *c, struct err *err)
{
	struct mbox *m = state;

	buf_reset(&m->stem);
	names_folder(h->path, clash, &m->stem);
	m->number = 1;
	put_base(m, c);
	export_called(m->run, h, c, buf_str(&m->stem));
	return begin_file(m, err);
}

static int put_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct mbox_message *g = ctx;

	g->size += n;
	return g->measured ? 0 : export_out_write(g->mbox->run->out, p, n, err);
}

static int begin_message(struct mbox_message *g, struct err *err)
{
	g->begun = true;
	g->lines = (struct lines){.write = put_octets, .ctx = g, .mbox = true};
	return put_octets(g, g->top->data, g->top->len, err);
}

static int add_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct mbox_message *g = ctx;
	int rc = g->begun ? 0 : begin_message(g, err);

	return rc == 0 ? export_lines_add(&g->lines, p, n, err) : rc;
}

static int pass_message(struct mbox_message *g, const struct tree_coll *c,
        const struct tree_item *it, struct err *err)
{
	struct tree_reader *r = g->mbox->run->from;
	int rc = r->ops->body(r, c, it, add_octets, g, err);

	if (rc == 0 && !g->begun)
		rc = begin_message(g, err);
	return rc == 0 ? export_lines_end(&g->lines, err) : rc;
}

/* Has the file no room for it? Only where that is near it is measured. */
static int make_room(struct mbox *m, const struct buf *top, const struct tree_coll *c,
        const struct tree_item *it, struct err *err)
{
	struct mbox_message g = {.mbox = m, .top = top, .measured = true};
	uint64_t split = m->run->opts->split, room = split - MIN(m->in_file, split);
	int rc;

	if (split == 0 || !m->has_one ||
	        (!m->run->opts->resized && it->size < room &&
	                3 * it->size + top->len + MORE <= room))
		return 0;
	rc = pass_message(&g, c, it, err);
	if (rc != 0 || g.size <= room)
		return rc;
	rc = export_out_end(m->run->out, err);
	m->number++;
	return rc == 0 ? begin_file(m, err) : rc;
}

/* The From_ line and what follows it; of the first one in a file what that says of all. */
static void put_top(struct mbox *m, const struct item_about *about, const struct tree_coll *c,
        const struct tree_item *it, struct buf *top)
{
	mail_from_line(about->text[ABOUT_FROM], it->date_utc, top);
	if (!m->has_one)
		buf_put(top, m->base.data, m->base.len);
	mail_status(it->flags, tree_coll_keyword_text(c, it->keywords), top);
}

static int mbox_item(
        void *state, const struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	struct mbox *m = state;
	struct buf top = buf_of(SIZE_MAX / 2);
	struct mbox_message g = {.mbox = m, .top = &top};
	struct item_about about;
	int rc;

	tree_item_about(m->run->from, c, it, &about);
	put_top(m, &about, c, it, &top);
	rc = make_room(m, &top, c, it, err);
	if (rc == 0 && !m->has_one) {
		buf_reset(&top);
		put_top(m, &about, c, it, &top);
	}
	if (rc == 0)
		rc = pass_message(&g, c, it, err);
	if (rc == 0) {
		m->has_one = true;
		m->in_file += g.size;
		mail_altered(m->run, c, it, g.lines.seen, true);
	}
	about_clear(&about);
	buf_clear(&top);
	return rc;
}

static int mbox_coll_end(void *state, const struct tree_coll *c, struct err *err)
{
	struct mbox *m = state;

	(void)c;
	return export_out_end(m->run->out, err);
}

static void mbox_free(void *state)
{
	struct mbox *m = state;

	names_clear(&m->files);
	buf_clear(&m->stem);
	buf_clear(&m->base);
	free(m);
}

const struct export_format_ops export_mbox = {
        .word = "mbox",
        .kinds = 1u << COLL_MAIL,
        .loss = "labels and the zones of INTERNALDATEs are left out",
        .open = mbox_open,
        .coll = mbox_coll,
        .item = mbox_item,
        .coll_end = mbox_coll_end,
        .free = mbox_free,
};
