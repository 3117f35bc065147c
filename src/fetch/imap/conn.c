/* What the fetch keeps of a connection: valise/proto/imap/pool.h opens it and waits. */
#include <stdlib.h>
#include <string.h>
#include "run.h"

static void forget_session(void *ctx)
{
	struct worker *w = ctx;

	fetch_drop(w);
	w->at = NULL;
	w->qresync = w->qresync_tried = false;
}

void worker_init(struct worker *w, struct run *r, unsigned number)
{
	w->run = r;
	w->conn.pool = &r->pool;
	w->conn.number = number;
	w->conn.closed = forget_session;
	w->conn.ctx = w;
	w->busy.limit = ATTEMPTS_BUSY + 1;
	intake_begin(&w->body.in, r->base.sink, COLL_MAIL, HEAD_MAX);
}

void worker_clear(struct worker *w)
{
	intake_clear(&w->body.in);
	free(w->missing);
	free(w->body.doubts);
}

int mbox_examine(struct worker *w, struct mbox *mb, struct imap_selected *sel, struct err *err)
{
	int rc;

	w->at = NULL;
	memset(sel, 0, sizeof *sel);
	rc = imap_conn_select(
	        &w->conn, mb->box->name, mb->box->name_len, false, mb->name, sel, err);
	if (rc == 0) {
		w->at = mb;
		w->at_validity = sel->uidvalidity;
	}
	return rc;
}
