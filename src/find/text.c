/* Items as text. */
#include "valise/base/mem.h"
#include "valise/format/content.h"
#include "valise/mime/mime.h"
#include "valise/winmail/winmail.h"
#include <stdlib.h>
#include <string.h>
#include "internal.h"

/* Of a calendar object or card so many octets are read. */
#define OCTETS_MAX (16u << 20)

struct find_reader {
	struct buf text, octets;
	bool cut; /* parts of the message were not read */
};

struct find_reader *find_reader_new(void)
{
	struct find_reader *t = xcalloc(1, sizeof *t);

	t->text = buf_of(FIND_TEXT_MAX + FIND_CUT_MAX);
	t->octets = buf_of(OCTETS_MAX);
	return t;
}

void find_reader_free(struct find_reader *t)
{
	if (!t)
		return;
	buf_clear(&t->text);
	buf_clear(&t->octets);
	free(t);
}

static int add_text(void *text, const void *p, size_t n, struct err *err)
{
	(void)err;
	(void)buf_fill(text, p, n);
	return 0;
}

static int add_octets(void *octets, const void *p, size_t n, struct err *err)
{
	(void)err;
	(void)buf_fill(octets, p, n); /* of what is larger the beginning */
	return 0;
}

static void add_line(void *text, const char *p, size_t n, bool html)
{
	if (html)
		(void)!html_text(p, n, "utf-8", FIND_TEXT_MAX, add_text, text, NULL);
	else
		(void)buf_fill(text, p, n);
	(void)buf_fill(text, "\n", 1);
}

/* What is in a winmail.dat, behind what the message says without it. */
static int winmail_text(struct find_reader *t, struct mime_message *m, struct err *err)
{
	struct mime_spool *spool = mime_spool_new();
	struct winmail_to to = {.write = mime_spool_write, .ctx = spool};
	struct mime_message *opened = NULL;
	unsigned n = 0;
	int rc = winmail_open(m, &to, &n, err);

	if (rc == 0 && n > 0)
		rc = mime_spool_open(spool, &opened, err);
	if (rc == 0 && n > 0)
		rc = mime_search_text(opened, FIND_TEXT_MAX, add_text, &t->text, err);
	mime_free(opened);
	mime_spool_free(spool);
	return rc;
}

static int mail_text(struct find_reader *t, struct tree_reader *r, const struct tree_coll *c,
        const struct tree_item *it, struct err *err)
{
	struct mime_spool *spool = mime_spool_new();
	struct mime_message *m = NULL;
	int rc = r->ops->body(r, c, it, mime_spool_write, spool, err);

	if (rc == 0)
		rc = mime_spool_open(spool, &m, err);
	if (rc == 0)
		rc = mime_search_text(m, FIND_TEXT_MAX, add_text, &t->text, err);
	if (rc == 0 && winmail_in(m))
		rc = winmail_text(t, m, err);
	t->cut = rc == 0 && (mime_cut(m) || strstr(buf_str(&t->text), MIME_LEFT_OUT "\n"));
	mime_free(m);
	mime_spool_free(spool);
	return rc;
}

/* What ends at a cap may have gone on. */
static void mark_cut(struct find_reader *t)
{
	enum { CHARACTERS = 64 }; /* that the cap may have cut off in one piece */

	t->text.len = MIN(t->text.len, (size_t)FIND_TEXT_MAX);
	if (t->cut || t->text.len > FIND_TEXT_MAX - CHARACTERS || t->octets.len == OCTETS_MAX)
		(void)buf_fill(&t->text, " " FIND_CUT, sizeof FIND_CUT);
}

int find_text(struct find_reader *t, struct tree_reader *r, const struct tree_coll *c,
        const struct tree_item *it, const struct buf **text_out, struct err *err)
{
	int rc;

	buf_reset(&t->text);
	buf_reset(&t->octets);
	t->cut = false;
	*text_out = &t->text;
	if (c->kind == COLL_MAIL) {
		rc = mail_text(t, r, c, it, err);
	} else {
		rc = r->ops->body(r, c, it, add_octets, &t->octets, err);
		if (rc == 0)
			content_texts(t->octets.data, t->octets.len, add_line, &t->text);
	}
	mark_cut(t);
	return rc;
}
