/*
 * What is on the target more often than in the archive, although it was not so before
 * this archive was restored: named, left.
 */
#include <stdlib.h>
#include "run.h"

/*
 * The first item of its UID whose place this collection is; *n_out: how many there are.
 */
static struct entry *first_of(struct drun *r, uint32_t entry, uint32_t tcoll, size_t *n_out)
{
	struct entry *e = &r->entries[entry], *first = NULL;
	size_t n, from = entries_of(r, e->uid, &n);

	*n_out = 0;
	for (size_t i = 0; i < n; i++) {
		struct entry *o = &r->entries[r->by_uid[from + i]];

		if (r->acolls[o->acoll].to != tcoll)
			continue;
		first = first ? first : o;
		++*n_out;
	}
	if (!e->uid && r->acolls[e->acoll].to == tcoll) {
		*n_out = 1;
		return e;
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
