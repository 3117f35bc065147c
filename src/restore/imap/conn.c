/* Mailboxes on a connection, which valise/proto/imap/pool.h opens and waits for. */
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
