/*
 * Mail has two ways in. A run over one of them leaves what the other one gave as it is:
 * of that it knows nothing. Where IMAP takes INBOX over from POP3, what only POP3 read
 * goes beside it.
 */
#include <string.h>
#include "valise/base/mem.h"
#include "cli.h"
#include "protocols.h"

#define BESIDE "INBOX (POP3)"

static bool has_service(const struct tree_account *a, enum service_kind kind)
{
	for (size_t i = 0; i < a->n_services; i++)
		if (strcmp(a->services[i].kind, protocols[kind].name) == 0)
			return true;
	return false;
}

static int keep_other(struct take *t, const struct tree_head *h, size_t *n, struct err *err)
{
	if (tree_accepts_head(&t->accept, h))
		return 0;
	++*n;
	return t->sink->ops->keep(t->sink, COLL_MAIL, h->name, COLL_SKIPPED, NULL, err);
}

/* INBOX is the maildrop, and stands for it in POP3's words already. */
static int keep_imap(struct take *t, const struct tree_manifest *m, struct err *err)
{
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < m->n_heads && rc == 0; i++)
		if (m->heads[i].kind == COLL_MAIL && strcmp(m->heads[i].name, "INBOX") != 0 &&
		        strcmp(m->heads[i].name, BESIDE) != 0)
			rc = keep_other(t, &m->heads[i], &n, err);
	if (rc == 0 && n)
		progress_say(&t->ui->progress, SAY_INFO,
		        "%zu %s of IMAP, which this run did not read, stay as they were", n,
		        n == 1 ? "mailbox" : "mailboxes");
	return rc;
}

struct move {
	struct take *t;
	const struct other_mail *o;
	struct tree_coll *from, *to;
	size_t n;
};

static int move_item(struct move *m, const struct tree_item *old, struct err *err)
{
	const struct tree_ext *ext = tree_item_ext(m->from, old);
	struct tree_item it = *old;
	int rc = tree_copy_body(m->o->last, m->from, old, m->t->sink, err);

	m->n++;
	if (rc == ERR_DAMAGED || rc == ERR_NOTFOUND) {
		tree_coll_error(m->to, it.uid, NULL, NULL, NULL, err->text);
		err_clear(err);
		return 0;
	}
	it.ext = it.keywords = 0;
	if (ext && ext->uid)
		tree_coll_ext(m->to, &it.ext)->uid = xstrdup(ext->uid);
	return rc < 0 ? rc : m->t->sink->ops->item(m->t->sink, m->to, &it, err);
}

/* What the maildrop's collection has, and IMAP did not give. */
static int move_beside(struct move *m, struct err *err)
{
	int rc = 0;

	m->to = tree_coll_new(COLL_MAIL, BESIDE);
	for (size_t i = 0; i < m->from->n_items && rc == 0; i++)
		if (!recorder_seen(m->o->imap, m->from->items[i].sha256))
			rc = move_item(m, &m->from->items[i], err);
	if (rc < 0 || !m->n) {
		tree_coll_free(m->to);
		return rc;
	}
	progress_say(&m->t->ui->progress, SAY_NOTE,
	        "%zu %s read over POP3 and not shown by IMAP: kept, in \"" BESIDE "\"", m->n,
	        m->n == 1 ? "message was" : "messages were");
	return m->t->sink->ops->coll(m->t->sink, m->to, err);
}

static int keep_pop3(
        struct take *t, const struct tree_manifest *m, const struct other_mail *o, struct err *err)
{
	const struct tree_head *beside = tree_manifest_find(m, COLL_MAIL, BESIDE);
	const struct tree_head *inbox = tree_manifest_find(m, COLL_MAIL, "INBOX");
	struct move move = {.t = t, .o = o};
	size_t n = 0;
	int rc;

	if (beside)
		return keep_other(t, beside, &n, err);
	if (!inbox || tree_accepts_head(&t->accept, inbox))
		return 0;
	rc = o->last->ops->coll(o->last, inbox, &move.from, err);
	if (rc == 0 && !move.from->uidvalidity)
		rc = move_beside(&move, err);
	tree_coll_free(move.from);
	return rc;
}

int other_mail_open(struct take *t, bool by_imap, struct other_mail *o, struct err *err)
{
	const struct tree_manifest *m;
	int rc = t->sink->ops->last ? t->sink->ops->last(t->sink, &o->last, err) : 0;

	if (rc < 0 || !o->last)
		return rc;
	m = o->last->ops->manifest(o->last);
	o->by_imap = by_imap;
	if (!has_service(&m->account, by_imap ? SERVICE_POP3 : SERVICE_IMAP))
		other_mail_close(o);
	else if (by_imap && !tree_manifest_find(m, COLL_MAIL, BESIDE))
		o->imap = recorder_new(t->sink);
	return 0;
}

int other_mail_keep(struct take *t, const struct other_mail *o, struct err *err)
{
	const struct tree_manifest *m = o->last ? o->last->ops->manifest(o->last) : NULL;

	if (!m)
		return 0;
	return o->by_imap ? keep_pop3(t, m, o, err) : keep_imap(t, m, err);
}

void other_mail_close(struct other_mail *o)
{
	recorder_free(o->imap);
	tree_reader_free(o->last);
	memset(o, 0, sizeof *o);
}
