/*
 * What became of an item: counted, named, kept for the next run. And what is on the
 * target more often than in the archive, although it was not so before this archive was
 * restored: named, left.
 */
#include <stdlib.h>
#include <string.h>
#include "run.h"

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

void entry_unreadable(struct drun *r, struct entry *e, const char *why)
{
	r->outcome.sum.unreadable++;
	entry_failed(r, e, why);
}

/* What is there is another version of it, which an earlier restore left there. */
static const struct put_record *changed_since(
        const struct drun *r, const struct entry *e, const struct res *x)
{
	const struct put_record *p = put_journal_find(r->journal, x->key);

	return p && x->etag && strcmp(p->etag, x->etag) == 0 && p->has_version &&
	                       memcmp(p->version, entry_item(r, e)->sha256, SHA256_LEN) != 0
	               ? p
	               : NULL;
}

/* Is another item of its UID at home there, too? Then nobody knows which one that was. */
static bool has_twin(const struct drun *r, const struct entry *e, uint32_t tcoll)
{
	size_t n = 0, here = 0, from = e->uid ? entries_of(r, e->uid, &n) : 0;

	for (size_t i = 0; i < n; i++)
		here += entry_at_home(r, &r->entries[r->by_uid[from + i]], tcoll);
	return here > 1;
}

bool entry_is_stale(const struct drun *r, struct entry *e, const struct res *x)
{
	const struct put_record *p = changed_since(r, e, x);

	if (!r->opts->update || r->looks || x->grade != CONTENT_ALTERED || e->part || !p ||
	        p->part || x->etag[0] != '"' || !x->untouched ||
	        !put_journal_is_older(r->journal, p, r->opts->snapshot) || has_twin(r, e, x->tcoll))
		return false;
	e->state = ENTRY_STALE;
	e->replaces = xstrdup(x->url);
	e->replaced_etag = xstrdup(x->etag);
	return true;
}

/* Names an item that is not the same on the target, and how it came to that. */
static void say_altered(
        struct drun *r, const struct entry *e, const struct res *x, enum entry_state state)
{
	bool theirs = state == ENTRY_ADDED && !e->reformed;
	struct buf b = buf_of(4096);
	const char *what;

	content_say_differences(
	        x->differences ? x->differences : "", theirs ? CONTENT_DONE : CONTENT_SEEN, &b);
	what = buf_str(&b);
	if (theirs)
		say_entry(r, SAY_NOTE, e, "the server %s", *what ? what : "altered it");
	else if (state == ENTRY_ADDED)
		say_entry(r, SAY_NOTE, e, "%s: %s", e->form, what);
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
	buf_clear(&b);
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
	const struct put_record *p = put_journal_find(r->journal, x->key);

	if (x->known || e->open || !entry_at_home(r, e, x->tcoll))
		return;
	memcpy(rec.archived, entry_item(r, e)->sha256, SHA256_LEN);
	memcpy(rec.held, x->digest, SHA256_LEN);
	if (e->state == ENTRY_ADDED || x->grade != CONTENT_ALTERED) {
		rec.has_version = true;
		memcpy(rec.version, rec.archived, SHA256_LEN);
		rec.version_of = r->opts->snapshot;
	} else if (p && x->untouched) {
		rec.has_version = p->has_version;
		memcpy(rec.version, p->version, SHA256_LEN);
		rec.version_of = p->version_of;
	}
	put_journal_add(r->journal, &rec);
}

/* Kept until each item is told. */
static void note_look(struct entry *e, const struct res *x)
{
	struct buf b = buf_of(4096);

	if (!x->told && x->grade == CONTENT_ALTERED)
		content_say_differences(x->differences ? x->differences : "", CONTENT_SEEN, &b);
	free(e->told);
	e->told = x->told ? xstrdup(x->told) : b.len ? xstrdup(buf_str(&b)) : NULL;
	e->unreadable = x->unreadable;
	e->found = x->tcoll;
	buf_clear(&b);
}

/* Of the same UID, or without one of the same octets. */
static bool is_alike(const struct drun *r, const struct entry *e, const struct entry *o)
{
	return e->uid || e == o ||
	       (!o->uid &&
	               memcmp(entry_item(r, e)->sha256, entry_item(r, o)->sha256, SHA256_LEN) == 0);
}

/*
 * The first item of its UID whose place this collection is; *n_out: how many there are.
 */
static struct entry *first_of(struct drun *r, uint32_t entry, uint32_t tcoll, size_t *n_out)
{
	struct entry *e = &r->entries[entry], *first = NULL;
	size_t n, from = entries_of(r, e->uid, &n);

	*n_out = 0;
	for (size_t i = 0; i < (e->uid ? n : r->n_entries); i++) {
		struct entry *o = &r->entries[e->uid ? r->by_uid[from + i] : i];

		if (r->acolls[o->acoll].to != tcoll || !is_alike(r, e, o))
			continue;
		first = first ? first : o;
		++*n_out;
	}
	return first;
}

void count_copy(struct drun *r, uint32_t entry, const struct res *x)
{
	size_t n;
	struct entry *first = first_of(r, entry, x->tcoll, &n);
	struct copy *c;

	if (!keys_add(&r->outcome.counted, x->key, 1))
		return;
	if (!first || ++first->copies <= n)
		return;
	c = ARR_PUSH(r->outcome.copies, r->outcome.n_copies, r->outcome.cap_copies);
	c->entry = entry;
	c->url = xstrdup(x->url);
}

void say_copies(struct drun *r)
{
	for (size_t i = 0; i < r->outcome.n_copies; i++) {
		const struct copy *c = &r->outcome.copies[i];

		if (put_journal_had(r->journal, dav_key(c->url)))
			continue;
		r->outcome.sum.doubled++;
		say_entry(r, SAY_WARNING, &r->entries[c->entry],
		        "is on the target more often than in the archive, and was not before: also "
		        "as "
		        "%s; take away what is too much there",
		        c->url);
	}
}

void entry_settle(struct drun *r, struct entry *e, const struct res *x, enum entry_state state)
{
	e->state = state;
	e->grade = x->grade;
	free(e->url);
	e->url = xstrdup(x->url);
	if (r->looks)
		note_look(e, x);
	entry_done(r, e);
	r->outcome.grades[x->grade]++;
	if (e->more) {
		/* counted with the one that stands for the item */
	} else if (state == ENTRY_ADDED) {
		*(e->replaces ? &r->outcome.sum.updated : &r->outcome.sum.added) += 1;
		r->outcome.sum.bytes += entry_item(r, e)->size;
	} else {
		r->outcome.sum.already++;
	}
	if (x->grade == CONTENT_ALTERED) {
		r->outcome.sum.altered++;
		say_altered(r, e, x, state);
	}
	if (e->replaces && state == ENTRY_ADDED)
		say_entry(r, SAY_INFO, e, "was changed at the source: replaced");
	if (e->form && !(e->reformed && x->grade == CONTENT_ALTERED)) {
		say_entry(r, SAY_INFO, e, "%s", e->form);
	}
	if (e->reformed && x->grade == CONTENT_ALTERED) {
		r->outcome.sum.rescued++;
		r->outcome.sum.rescues[RESCUE_FORM]++;
	}
	r->tcolls[x->tcoll].took = true;
	e->lacks = alike_lacks(x);
	if (e->more && state == ENTRY_ADDED &&
	        (r->entries[e->of].lacks || r->entries[e->of].state == ENTRY_THERE))
		say_entry(r, SAY_INFO, e, "one object of the item was missing and is added alone");
	e->open = e->open || (x->open && r->acolls[e->acoll].to == x->tcoll);
	entry_remember(r, e, x);
}
