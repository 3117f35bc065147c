/*
 * What every step in a mailbox stands on: the mailbox selected, also after trouble, the
 * words that it takes, and the octets of its items.
 */
#include <string.h>
#include <strings.h>
#include "valise/format/header.h"
#include "valise/base/text.h"
#include "run.h"

bool box_again(struct box *b, struct attempts *a, int *rc, struct err *err)
{
	struct worker *w = b->w;

	/* What is refused for now was sent again by who sent it. */
	if (imap_conn_is_over(&w->conn, err) || (*rc == ERR_BUSY && imap_conn_alive(&w->conn)))
		return false;
	return imap_conn_retry(&w->conn, a, rc, b->e->shown, err);
}

bool box_again_in(struct box *b, struct attempts *a, int *rc, struct err *err)
{
	if (!box_again(b, a, rc, err))
		return false;
	*rc = box_reselect(b, err);
	return *rc == 0;
}

int box_select(struct box *b, struct err *err)
{
	return imap_conn_select(&b->w->conn, b->e->raw, b->e->raw_len, !b->w->run->opts->dry_run,
	        b->e->shown, &b->sel, err);
}

int box_reselect(struct box *b, struct err *err)
{
	uint32_t validity = b->sel.uidvalidity;
	int rc = box_select(b, err);

	if (rc == 0 && validity && b->sel.uidvalidity != validity)
		rc = err_set(err, ERR_PROTO, ERR_COLLECTION,
		        "the target's UIDVALIDITY changed meanwhile");
	return rc;
}

int box_refresh(struct box *b, bool select, struct err *err)
{
	int rc = select || !imap_conn_alive(&b->w->conn) ? box_reselect(b, err)
	                                                 : imap_noop(b->w->conn.m, err);

	return (rc == ERR_REFUSED || rc == ERR_BUSY) && imap_conn_alive(&b->w->conn) ? 0 : rc;
}

bool box_refuses(const struct box *b, int rc)
{
	return rc < 0 && rc != ERR_STOPPED && imap_conn_alive(&b->w->conn);
}

/* RFC 3501 7.1: without PERMANENTFLAGS everything may be tried. */
bool keyword_fits(void *box, const char *word)
{
	const struct box *b = box;
	const struct run *r = b->w->run;
	/* EXAMINE says of most that nothing is permanent: what was asked for once counts. */
	bool own = r->opts->dry_run ? b->sel.n_permanent != 0
	                            : b->sel.exists || b->sel.n_permanent || b->sel.uidnext;
	const struct imap_selected *sel = own ? &b->sel : &r->plan.inbox;

	if (sel->n_permanent == 0)
		return true;
	for (size_t i = 0; i < sel->n_permanent; i++)
		if (strcmp(sel->permanent[i], "\\*") == 0 ||
		        strcasecmp(sel->permanent[i], word) == 0)
			return true;
	return false;
}

const char **words_split(char *text, size_t *n_out)
{
	const char **list = NULL;
	size_t cap = 0;
	char *rest = NULL;

	*n_out = 0;
	for (char *w = strtok_r(text, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		*ARR_PUSH(list, *n_out, cap) = w;
	return list;
}

static bool is_missing(void *ctx, const char *word)
{
	return !text_has_word(ctx, word, strlen(word));
}

uint32_t words_minus(struct box *b, const char *a, const char *minus)
{
	return tree_coll_words(b->words, a, is_missing, (void *)(uintptr_t)minus);
}

int item_read(struct box *b, uint32_t item, tree_write_fn write, void *ctx, struct err *err)
{
	struct tree_reader *r = b->w->run->reader;

	return r->ops->body(r, b->coll, &b->coll->items[item], write, ctx, err);
}

void item_altered(struct box *b, uint32_t item, enum odd how)
{
	b->sum.altered += !b->items[item].odd;
	b->items[item].odd |= (uint8_t)how;
}

/* Stops the reading once there is enough; the message itself was found whole before. */
static int head_write(void *ctx, const void *p, size_t n, struct err *err)
{
	struct buf *b = ctx;

	buf_fill(b, p, n);
	if (b->len == HEAD_CAP || header_length((const char *)b->data, b->len) < b->len)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "enough");
	return 0;
}

void item_head(struct box *b, uint32_t item, struct buf *out)
{
	struct err ignored = {0};

	/* What is missing here is only the subject in a report. */
	(void)!item_read(b, item, head_write, out, &ignored);
}
