/* A folder a mailbox, a numbered file a message, flags in .mh_sequences: MH. */
#include <ctype.h>
#include <stdlib.h>
#include "valise/base/mem.h"
#include "format.h"
#include "lines.h"
#include "mail.h"
#include "names.h"

enum { PATH_CAP = 1 << 16 };

/* What a sequence says of a message: that it has the flag, or has not. */
static const struct sequence {
	const char *name;
	unsigned flag;
	bool has;
} sequences[] = {
        {"unseen", FLAG_SEEN, false},
        {"replied", FLAG_ANSWERED, true},
        {"flagged", FLAG_FLAGGED, true},
};

struct mh {
	struct export_run *run;
	struct buf dir;
	uint32_t last; /* the number of the last message */
	uint8_t *flags; /* of the messages from 1 on */
	size_t n_flags, flags_cap;
};

struct mh_message {
	struct mh *mh;
	struct lines lines;
	const struct tree_item *it;
	bool begun;
};

static void *mh_open(struct export_run *run)
{
	struct mh *m = xcalloc(1, sizeof *m);

	m->run = run;
	buf_init(&m->dir, PATH_CAP);
	return m;
}

/* A folder whose name is a number would be a message; .mbox is what Apple Mail calls folders. */
static size_t clash(const char *component, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (component[i] < '0' || component[i] > '9')
			return names_extension(component, n, ".mbox");
	return 0;
}

static int mh_coll(
        void *state, const struct tree_head *h, const struct tree_coll *c, struct err *err)
{
	struct mh *m = state;

	buf_reset(&m->dir);
	names_folder(h->path, clash, &m->dir);
	m->last = 0;
	m->n_flags = 0;
	export_called(m->run, h, c, buf_str(&m->dir));
	return export_out_dir(m->run->out, buf_str(&m->dir), err);
}

static int put_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	return export_out_write(((struct mh_message *)ctx)->mh->run->out, p, n, err);
}

static int begin_message(struct mh_message *g, struct err *err)
{
	struct mh *m = g->mh;
	struct buf path = buf_of(2 * PATH_CAP);
	int rc;

	g->begun = true;
	g->lines = (struct lines){.write = put_octets, .ctx = g};
	buf_putf(&path, "%s/%u", buf_str(&m->dir), m->last + 1);
	rc = export_out_file(
	        m->run->out, buf_str(&path), g->it->date_utc, EXPORT_SIZE_UNKNOWN, err);
	buf_clear(&path);
	return rc;
}

static int add_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct mh_message *g = ctx;
	int rc = g->begun ? 0 : begin_message(g, err);

	return rc == 0 ? export_lines_add(&g->lines, p, n, err) : rc;
}

static int mh_item(
        void *state, const struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	struct mh *m = state;
	struct mh_message g = {.mh = m, .it = it};
	struct tree_reader *r = m->run->from;
	int rc = r->ops->body(r, c, it, add_octets, &g, err);

	if (rc == 0 && !g.begun)
		rc = begin_message(&g, err);
	if (rc == 0)
		rc = export_lines_end(&g.lines, err);
	if (rc == 0)
		rc = export_out_end(m->run->out, err);
	if (rc != 0)
		return rc;
	m->last++;
	*ARR_PUSH(m->flags, m->n_flags, m->flags_cap) = (uint8_t)it->flags;
	mail_altered(m->run, c, it, g.lines.seen, false);
	return 0;
}

/* "unseen: 1-3 7", or nothing. */
static void put_sequence(const struct mh *m, const struct sequence *s, struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < m->n_flags; i++) {
		size_t first = i;

		while (i < m->n_flags && ((m->flags[i] & s->flag) != 0) == s->has)
			i++;
		if (i == first)
			continue;
		buf_putf(out, any ? " " : "%s: ", s->name);
		buf_putf(out, i - first > 1 ? "%zu-%zu" : "%zu", first + 1, i);
		any = true;
	}
	if (any)
		buf_putc(out, '\n');
}

static int mh_coll_end(void *state, const struct tree_coll *c, struct err *err)
{
	struct mh *m = state;
	struct buf text = buf_of(SIZE_MAX / 2), path = buf_of(2 * PATH_CAP);
	int rc;

	(void)c;
	for (size_t i = 0; i < COUNT(sequences); i++)
		put_sequence(m, &sequences[i], &text);
	buf_putf(&path, "%s/.mh_sequences", buf_str(&m->dir));
	rc = export_out_file(m->run->out, buf_str(&path),
	        m->run->from->ops->manifest(m->run->from)->created, text.len, err);
	if (rc == 0)
		rc = export_out_write(m->run->out, text.data, text.len, err);
	if (rc == 0)
		rc = export_out_end(m->run->out, err);
	buf_clear(&text);
	buf_clear(&path);
	return rc;
}

static void mh_free(void *state)
{
	struct mh *m = state;

	buf_clear(&m->dir);
	free(m->flags);
	free(m);
}

const struct export_format_ops export_mh = {
        .word = "mh",
        .kinds = 1u << COLL_MAIL,
        .loss = "\\Deleted, \\Draft, keywords, labels and the zones of INTERNALDATEs are left out",
        .times = true,
        .open = mh_open,
        .coll = mh_coll,
        .item = mh_item,
        .coll_end = mh_coll_end,
        .free = mh_free,
};
