/* Readers and sinks: their ends, and all collections copied from one to the other. */
#include "valise/base/progress.h"
#include "valise/tree/intake.h"
#include "valise/tree/words.h"
#include "reader_names.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tree_sink_free(struct tree_sink *s)
{
	if (s)
		s->ops->free(s);
}

static int keep_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct buf *out = ctx;

	return buf_add(out, p, n) == 0 ? 0
	                               : err_set(err, ERR_LIMIT, ERR_ITEM,
	                                         "it is larger than %zu octets", out->cap);
}

int tree_reader_one(struct tree_reader *r, const struct tree_head *h, uint32_t uid,
        struct tree_coll **out, struct err *err)
{
	struct err ignored = {0}; /* who reads all of it hears what is wrong */

	*out = NULL;
	if (h->kind == COLL_MAIL && r->ops->one && r->ops->one(r, h, uid, out, &ignored) == 0 &&
	        (*out)->n_items)
		return 0;
	tree_coll_free(*out);
	return r->ops->coll(r, h, out, err);
}

int tree_reader_octets(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        struct buf *out, struct err *err)
{
	return r->ops->body(r, c, it, keep_octets, out, err);
}

void tree_reader_free(struct tree_reader *r)
{
	if (!r)
		return;
	reader_names_free(r);
	r->ops->free(r);
}

/* One collection on its way. */
struct copy {
	struct tree_reader *from;
	struct tree_sink *to;
	struct progress *progress;
	const struct tree_coll *in;
	struct tree_coll *out;
	/* what the sink has of it: last snapshot, interrupted run; or NULL */
	struct tree_coll *prev[2];
	struct err *last; /* why an item could not be read: told with the first of them */
};

/*
 * True if the sink holds the very same content for this item: it need not be read again.
 */
static bool is_there(const struct copy *c, const struct tree_item *it)
{
	const struct tree_ext *e = tree_item_ext(c->in, it);

	for (unsigned i = 0; i < 2; i++) {
		const struct tree_item *was = NULL;

		if (c->prev[i] && it->uid > 0)
			was = tree_coll_find(c->prev[i], it->uid);
		else if (c->prev[i] && e && e->href)
			was = tree_coll_find_href(c->prev[i], e->href);
		if (was && was->size == it->size &&
		        memcmp(was->sha256, it->sha256, SHA256_LEN) == 0)
			return true;
	}
	return false;
}

/*
 * *lost_out: the item cannot be read, the reason is in ${err}; other errors end the copy.
 */
static int copy_body(struct copy *c, const struct tree_item *it, bool *lost_out, struct err *err)
{
	struct tree_item stored = {0};
	struct intake in;
	int rc;

	intake_begin(&in, c->to, c->in->kind, 0);
	rc = c->from->ops->body(c->from, c->in, it, intake_write, &in, err);
	*lost_out = !in.failed && (rc == ERR_DAMAGED || rc == ERR_NOTFOUND);
	if (rc == 0)
		rc = intake_finish(&in, &stored, INTAKE_DATE, err);
	intake_clear(&in);
	if (rc == 0 && memcmp(stored.sha256, it->sha256, SHA256_LEN) != 0)
		rc = err_set(err, ERR_DAMAGED, ERR_WHOLE, "%s: the copy of an item differs from it",
		        c->in->name);
	return *lost_out ? 0 : rc;
}

int tree_copy_body(struct tree_reader *from, const struct tree_coll *c, const struct tree_item *it,
        struct tree_sink *to, struct err *err)
{
	struct copy copy = {.from = from, .to = to, .in = c};
	bool lost;
	int rc = copy_body(&copy, it, &lost, err);

	return lost ? (int)err->code : rc;
}

/* It is missing in the copy, for this reason; what costs many items is told once. */
static void name_lost(struct copy *c, const struct tree_item *it, const struct err *why)
{
	const struct tree_ext *e = tree_item_ext(c->in, it);
	bool again = strcmp(why->text, c->last->text) == 0;
	char date[DATE_TEXT_SIZE];
	struct buf name = buf_of(SIZE_MAX);
	struct item_about a;

	tree_item_about(c->from, c->in, it, &a);
	date_format_imap(&(struct date){it->date_utc, it->zone_min, true}, date);
	tree_coll_error(c->out, it->uid, e ? e->href : NULL, date, about_title(&a), why->text);
	tree_coll_error_from(c->out, a.text[ABOUT_FROM]);
	item_name(c->in, it, &a, &name);
	progress_name(c->progress, SAY_WARNING, c->in->name, buf_str(&name), "cannot be read%s%s",
	        again ? ", for the same reason" : ": ", again ? "" : why->text);
	about_clear(&a);
	buf_clear(&name);
	*c->last = *why;
}

/* Read only where the sink has it not; a damaged one is named, not fatal. */
static int copy_item(struct copy *c, const struct tree_item *it, struct err *err)
{
	struct tree_item item;
	struct err why = {0};
	bool lost = false;
	int rc = 0;

	if (!is_there(c, it))
		rc = copy_body(c, it, &lost, &why);
	if (rc != 0)
		return err_copy(err, &why);
	if (lost) {
		name_lost(c, it, &why);
		return 0;
	}
	tree_item_copy(c->out, c->in, it, &item);
	item.where = (struct object_place){0};
	rc = c->to->ops->item(c->to, c->out, &item, err);
	if (rc == 0)
		c->out->items[c->out->n_items - 1].gone = it->gone;
	return rc;
}

/* One collection with its errors; a damaged catalog costs this one alone. */
static int copy_coll(struct tree_reader *from, struct tree_sink *to, const struct tree_head *h,
        struct progress *progress, struct err *last, struct err *err)
{
	struct copy c = {.from = from, .to = to, .progress = progress, .last = last};
	struct tree_coll *in = NULL;
	struct err why = {0};
	int rc = from->ops->coll(from, h, &in, &why);

	if (rc == ERR_DAMAGED || rc == ERR_NOTFOUND) { /* costs this collection alone */
		progress_name(progress, SAY_WARNING, h->name, NULL, "left out: %s", why.text);
		return to->ops->keep(to, h->kind, h->name, COLL_STALE, why.text, err);
	}
	if (rc != 0)
		return err_copy(err, &why);
	c.in = in;
	c.out = tree_coll_like(in);
	rc = to->ops->prev(to, PREV_SNAPSHOT, h->kind, h->name, &c.prev[0], err);
	if (rc == 0)
		rc = to->ops->prev(to, PREV_RUN, h->kind, h->name, &c.prev[1], err);
	tree_coll_copy_errors(c.out, in);
	for (size_t i = 0; rc == 0 && i < in->n_items + in->n_gone; i++) {
		rc = stop_check(err);
		if (rc == 0)
			rc = copy_item(&c, tree_coll_any(in, i), err);
	}
	tree_coll_part_gone(c.out);
	if (rc == 0) {
		rc = to->ops->coll(to, c.out, err);
		c.out = NULL;
	}
	tree_coll_free(c.out);
	tree_coll_free(c.prev[0]);
	tree_coll_free(c.prev[1]);
	tree_coll_free(in);
	return rc;
}

/* What stands beside a collection goes with it: "calendars:NAME". */
static bool is_wanted(const struct tree_head *h, unsigned only)
{
	if (only == 0 || only & 1u << h->kind)
		return true;
	for (unsigned k = 0; coll_is_beside(h->kind) && k < COLL_LINKED; k++)
		if (only & 1u << k && coll_is_linked(k, h->name))
			return true;
	return false;
}

int tree_copy(struct tree_reader *from, struct tree_sink *to, unsigned only,
        struct progress *progress, struct err *err)
{
	const struct tree_manifest *m = from->ops->manifest(from);
	struct err last = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < m->n_heads; i++)
		if (is_wanted(&m->heads[i], only))
			rc = copy_coll(from, to, &m->heads[i], progress, &last, err);
	return rc;
}
