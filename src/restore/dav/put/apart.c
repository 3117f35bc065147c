/*
 * Several objects of one resource, each an item of its own where the target wants one
 * (RFC 4791 4.1, RFC 6352 5.1): put, read back and counted as any other.
 */
#include <stdlib.h>
#include <string.h>
#include "put.h"

struct widening {
	struct drun *r;
	uint32_t of;
	unsigned at;
};

/*
 * The others of an item: named by their UID, so that a second restore finds them there.
 */
static int add_part(void *ctx, const char *uid, const struct buf *text, struct err *err)
{
	struct widening *w = ctx;
	const struct entry of = w->r->entries[w->of];
	struct entry *e;

	(void)err;
	if (++w->at == of.part)
		return 0;
	e = ARR_PUSH(w->r->entries, w->r->n_entries, w->r->cap_entries);
	e->acoll = of.acoll;
	e->item = of.item;
	e->part = w->at;
	e->more = true;
	e->of = w->of;
	e->own_uid = uid && *uid ? xstrdup(uid) : NULL;
	e->uid = e->own_uid;
	e->uid_key = e->uid ? key_of(e->uid) : 0;
	e->segment = e->uid ? entry_made_name(w->r, e->uid, strlen(e->uid))
	                    : entry_made_name(w->r, text->data, text->len);
	return 0;
}

/*
 * ${entry} becomes its main object, and the others entries behind the last. 1: so it is;
 * 0: it is one object.
 */
static int widen_entry(struct drun *r, uint32_t entry, struct err *err)
{
	struct widening w = {r, entry, 0};
	struct entry *e = &r->entries[entry];
	unsigned main = e->part, n;
	struct buf body;
	int rc;

	e->part = 0;
	rc = entry_original(r, e, &body, err);
	e->part = rc < 0 || main ? main : entry_main_object(e, &body, &n);
	if (rc == 0 && e->part) {
		e->widened = true;
		rc = content_apart(body.data, body.len, add_part, &w, err);
	}
	buf_clear(&body);
	if (rc >= 0 || err_ends(err))
		return rc;
	r->outcome.sum.failed++;
	r->outcome.sum.unreadable++;
	say_entry(r, SAY_WARNING, &r->entries[entry], "its other objects are not restored: %s",
	        err->text);
	err_clear(err);
	return 0;
}

/* Stored just now, apart, or without some of its objects, which then go apart. */
static bool to_widen(const struct drun *r, const struct entry *e)
{
	return !e->more && !e->widened && (e->part || (e->lacks && !r->opts->strict)) &&
	       (e->state == ENTRY_ADDED || e->state == ENTRY_UNSEEN);
}

int apart_stored(struct drun *r, struct err *err)
{
	size_t n = r->n_entries;
	int rc = 0;

	for (uint32_t i = 0; i < n && rc >= 0; i++) {
		if (to_widen(r, &r->entries[i]))
			rc = widen_entry(r, i, err);
	}
	if (r->n_entries > n)
		index_uids(r);
	return rc < 0 ? rc : r->n_entries > n;
}

/* The item that a record of the journal is a part of; NONE. */
static uint32_t whole_of(const struct drun *r, const struct put_record *p, uint32_t tcoll)
{
	for (uint32_t i = 0; i < r->n_entries; i++)
		if (!r->entries[i].more && entry_at_home(r, &r->entries[i], tcoll) &&
		        memcmp(entry_item(r, &r->entries[i])->sha256, p->archived, SHA256_LEN) == 0)
			return i;
	return NONE;
}

int apart_by_journal(struct drun *r, const struct reslist *all, struct err *err)
{
	size_t n = r->n_entries;
	int rc = 0;

	for (size_t i = 0; i < all->n && rc >= 0; i++) {
		const struct put_record *p = put_journal_find(r->journal, all->list[i].key);
		uint32_t whole = p && p->part ? whole_of(r, p, all->list[i].tcoll) : NONE;

		if (whole != NONE && !r->entries[whole].widened)
			rc = widen_entry(r, whole, err);
	}
	if (r->n_entries > n)
		index_uids(r);
	return rc < 0 ? rc : 0;
}

/* What fits nothing, and what is an item that is apart now. */
static bool to_see_again(const struct drun *r, const struct res *x)
{
	return !x->known && x->seen && (!x->fits || r->entries[x->entry].widened);
}

/* Once more, now that the parts are known. */
static int see_again(struct drun *r, struct reslist *all, struct err *err)
{
	size_t *at = xcalloc(all->n + 1, sizeof *at);
	struct reslist some = {0};
	int rc;

	for (size_t i = 0; i < all->n; i++)
		if (to_see_again(r, &all->list[i])) {
			at[some.n] = i;
			reslist_add(&some, all->list[i].tcoll, all->list[i].url, all->list[i].etag);
		}
	rc = dav_look(r, some.list, some.n, err);
	for (size_t i = 0; i < some.n && rc == 0; i++) {
		struct res before = all->list[at[i]];

		some.list[i].fresh = before.fresh;
		all->list[at[i]] = some.list[i];
		some.list[i] = before;
	}
	reslist_clear(&some);
	free(at);
	return rc;
}

int apart_there(struct drun *r, struct reslist *all, struct err *err)
{
	size_t n = r->n_entries;
	int rc = 0;

	for (size_t i = 0; i < all->n && rc >= 0; i++) {
		const struct res *x = &all->list[i];

		if (!x->known && x->fits && alike_lacks(x) && !r->entries[x->entry].part &&
		        entry_at_home(r, &r->entries[x->entry], x->tcoll))
			rc = widen_entry(r, x->entry, err);
	}
	if (r->n_entries > n)
		index_uids(r);
	if (rc < 0)
		return rc;
	return r->n_entries > n ? see_again(r, all, err) : 0;
}
