/* An item on its way to the target: what it is, and what is said and kept of its end. */
#include <stdlib.h>
#include <string.h>
#include "restore/dav/put/put.h"
#include "run.h"

bool entry_at_home(const struct drun *r, const struct entry *e, uint32_t tcoll)
{
	uint32_t to = r->acolls[e->acoll].to;
	unsigned takes = to == NONE ? 0 : r->tcolls[to].comps;

	return to == tcoll ||
	       (takes && r->tcolls[tcoll].comps && !(takes & r->tcolls[tcoll].comps));
}

struct tree_item *entry_item(const struct drun *r, const struct entry *e)
{
	return &r->acolls[e->acoll].coll->items[e->item];
}

const struct tree_ext *entry_ext(const struct drun *r, const struct entry *e)
{
	return tree_item_ext(r->acolls[e->acoll].coll, entry_item(r, e));
}

static int body_write(void *ctx, const void *p, size_t n, struct err *err)
{
	return buf_add(ctx, p, n) == 0 ? 0
	                               : err_set(err, ERR_LIMIT, ERR_ITEM,
	                                         "it is larger than %d MiB", ITEM_MAX >> 20);
}

int entry_original(struct drun *r, const struct entry *e, struct buf *out, struct err *err)
{
	uint64_t size = entry_item(r, e)->size;

	int rc;

	buf_init(out, size < ITEM_MAX ? (size_t)size : ITEM_MAX);
	rc = r->reader->ops->body(
	        r->reader, r->acolls[e->acoll].coll, entry_item(r, e), body_write, out, err);
	return rc == 0 && e->part ? apart_pick(out, e->part, err) : rc;
}

int entry_body(struct drun *r, const struct entry *e, struct buf *out, struct err *err)
{
	int rc = entry_original(r, e, out, err);

	if (rc == 0 && r->opts->attach_links && !e->as_links)
		rc = dav_attach(r, e, e->managed, out, NULL, err);
	return rc;
}

void entry_done(struct drun *r, const struct entry *e)
{
	if (e->more)
		return;
	atomic_fetch_add(&r->progress->items_done, 1);
	atomic_fetch_add(&r->progress->bytes_done, entry_item(r, e)->size);
}

void entry_failed(struct drun *r, struct entry *e, const char *why)
{
	e->state = ENTRY_FAILED;
	r->outcome.sum.failed++;
	entry_done(r, e);
	say_entry(r, SAY_WARNING, e, "not restored: %s", why);
}

/* What is there is another version of it, which an earlier restore put there. */
static bool changed_since(const struct drun *r, const struct entry *e, const struct res *x)
{
	const struct put_record *p = put_journal_find(r->journal, x->key);

	return p && x->etag && strcmp(p->etag, x->etag) == 0 &&
	       memcmp(p->archived, entry_item(r, e)->sha256, SHA256_LEN) != 0;
}

static void say_altered(
        struct drun *r, const struct entry *e, const struct res *x, enum entry_state state)
{
	const char *what = x->differences ? x->differences : "";

	if (state == ENTRY_ADDED && e->reformed)
		say_entry(r, SAY_NOTE, e, "%s: %s", e->form, what);
	else if (state == ENTRY_ADDED)
		say_entry(r, SAY_NOTE, e, "altered by the target: %s", what);
	else if (changed_since(r, e, x))
		say_entry(r, SAY_NOTE, e,
		        "was changed at the source since it was restored; the version here is "
		        "left: %s",
		        what);
	else if (x->known)
		say_entry(r, SAY_NOTE, e, "as after the earlier restore, not as in the archive: %s",
		        what);
	else
		say_entry(r, SAY_NOTE, e, "is there already, but differs, and is left as it is: %s",
		        what);
}

void entry_remember(struct drun *r, const struct entry *e, const struct res *x)
{
	struct put_record rec = {.url = x->url,
	        .etag = x->etag,
	        .uid = (char *)e->uid,
	        .held_uid = x->uid && e->uid && strcmp(x->uid, e->uid) != 0 ? x->uid : NULL,
	        .differences = x->differences,
	        .grade = (int)x->grade,
	        .part = e->part != 0};

	if (x->known || e->open || !entry_at_home(r, e, x->tcoll))
		return;
	memcpy(rec.archived, entry_item(r, e)->sha256, SHA256_LEN);
	memcpy(rec.held, x->sha256, SHA256_LEN);
	put_journal_add(r->journal, &rec);
}

void entry_settle(struct drun *r, struct entry *e, const struct res *x, enum entry_state state)
{
	e->state = state;
	e->grade = x->grade;
	free(e->url);
	e->url = xstrdup(x->url);
	entry_done(r, e);
	r->outcome.grades[x->grade]++;
	if (e->more) {
		/* counted with the one that stands for the item */
	} else if (state == ENTRY_ADDED) {
		r->outcome.sum.added++;
		r->outcome.sum.bytes += entry_item(r, e)->size;
	} else {
		r->outcome.sum.already++;
	}
	if (x->grade == CONTENT_ALTERED) {
		r->outcome.sum.altered++;
		say_altered(r, e, x, state);
	}
	if (e->form && !(e->reformed && x->grade == CONTENT_ALTERED)) {
		say_entry(r, SAY_INFO, e, "%s", e->form);
	}
	if (e->reformed && x->grade == CONTENT_ALTERED) {
		r->outcome.sum.rescued++;
		r->outcome.sum.rescues[RESCUE_FORM]++;
	}
	r->tcolls[x->tcoll].took = true;
	e->lacks = apart_lacks(x);
	if (e->more && state == ENTRY_ADDED &&
	        (r->entries[e->of].lacks || r->entries[e->of].state == ENTRY_THERE))
		say_entry(r, SAY_INFO, e, "one object of the item was missing and is added alone");
	e->open = e->open || (x->open && r->acolls[e->acoll].to == x->tcoll);
	entry_remember(r, e, x);
}
