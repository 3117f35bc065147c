/*
 * Which item each resource of the target is: by UID, else by its content. Servers trim,
 * cut, rewrite or invent UIDs (Google: and URLs); without the content each restore that
 * has no journal would store everything once more.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "restore/dav/run.h"

#define ROUNDS 8 /* items of one key that a resource is held against */

struct keyed {
	uint64_t key;
	uint32_t entry;
};

struct index {
	struct keyed *list;
	size_t n, cap;
};

static int keyed_cmp(const void *pa, const void *pb)
{
	const struct keyed *a = pa, *b = pb;
	int c = ORDER_OF(a->key, b->key);

	return c ? c : ORDER_OF(a->entry, b->entry);
}

/* alike_key() of its content, reckoned once. */
static uint64_t key_of_entry(struct drun *r, struct entry *e)
{
	struct content_summary s;

	if (!e->keyed && entry_summary(r, e, &s)) {
		e->alike = alike_key(&s);
		content_summary_clear(&s);
	}
	e->keyed = true;
	return e->alike;
}

/* Is it an item that this mode looks for? */
static bool has_state(const struct entry *e, enum alike_mode mode)
{
	switch (mode) {
	case ALIKE_THERE:
		return e->state == ENTRY_NEW;
	case ALIKE_STORED:
		return e->state == ENTRY_UNSEEN;
	case ALIKE_COPIES:
		return e->state == ENTRY_THERE || e->state == ENTRY_ADDED;
	}
	return false;
}

/*
 * A card or event of which nothing in the archive has the UID, in a collection that
 * something goes to.
 */
static bool is_open(const struct drun *r, const struct res *x)
{
	if (!x->seen || x->fits || !x->alike)
		return false;
	for (size_t i = 0; i < r->n_acolls; i++)
		if (r->acolls[i].to == x->tcoll)
			return true;
	return false;
}

/* The items that this mode looks for, by the key of their content. */
static void index_entries(struct drun *r, enum alike_mode mode, struct index *ix)
{
	for (uint32_t i = 0; i < r->n_entries; i++) {
		struct entry *e = &r->entries[i];
		uint64_t key = has_state(e, mode) ? key_of_entry(r, e) : 0;

		if (key)
			*ARR_PUSH(ix->list, ix->n, ix->cap) = (struct keyed){key, i};
	}
	SORT(ix->list, ix->n, keyed_cmp);
}

/*
 * One round: each resource is held against one item, and each item but for copies against
 * one resource.
 */
struct round {
	enum alike_mode mode;
	const struct index *ix;
	bool named; /* only items of the resource's name */
	struct keys tried; /* pairs of all rounds */
	struct keys picked; /* items of this one */
};

/* One number for a resource and an item. */
static uint64_t pair_key(const struct res *x, uint32_t entry)
{
	return x->key ^ ((uint64_t)entry + 1) * 0x9E3779B97F4A7C15u;
}

/* NONE: there is no further one. */
static uint32_t next_candidate(const struct drun *r, struct round *o, const struct res *x)
{
	const struct index *ix = o->ix;
	size_t i;

	LOOKUP_FIRST(i, ix->n, ix->list[i].key < x->alike);
	for (; i < ix->n && ix->list[i].key == x->alike; i++) {
		uint32_t entry = ix->list[i].entry;
		const struct entry *e = &r->entries[entry];

		if (!has_state(e, o->mode) || r->acolls[e->acoll].to != x->tcoll ||
		        (o->named && !entry_is_called(r, e, x->url)) ||
		        keys_find(&o->tried, pair_key(x, entry), NULL) ||
		        (o->mode != ALIKE_COPIES && !keys_add(&o->picked, (uint64_t)entry + 1, 1)))
			continue;
		keys_add(&o->tried, pair_key(x, entry), 1);
		return entry;
	}
	return NONE;
}

/* A resource was held against an item: where it is that, both are settled. */
static void settle_one(
        struct drun *r, const struct res *x, struct res *origin, enum alike_mode mode)
{
	struct entry *e = &r->entries[x->entry];

	if (!x->fits || !has_state(e, mode))
		return;
	origin->fits = true;
	origin->entry = x->entry;
	if (mode != ALIKE_COPIES)
		entry_settle(r, e, x, mode == ALIKE_THERE ? ENTRY_THERE : ENTRY_ADDED);
	count_copy(r, x->entry, x);
}

/* Each open resource is held against its next candidate; *any_out: there were some. */
static int round_of(
        struct drun *r, struct res *list, size_t n, struct round *o, bool *any_out, struct err *err)
{
	struct reslist some = {0};
	size_t *origin = xcalloc(n + 1, sizeof *origin);
	int rc;

	for (size_t i = 0; i < n; i++) {
		uint32_t entry = is_open(r, &list[i]) ? next_candidate(r, o, &list[i]) : NONE;
		struct res *x;

		if (entry == NONE)
			continue;
		origin[some.n] = i;
		x = reslist_add(&some, list[i].tcoll, list[i].url, list[i].etag);
		x->entry = entry;
		x->likely = true;
		x->ours = o->mode == ALIKE_STORED;
	}
	*any_out = some.n > 0;
	rc = dav_look(r, some.list, some.n, err);
	for (size_t i = 0; i < some.n && rc == 0; i++)
		settle_one(r, &some.list[i], &list[origin[i]], o->mode);
	reslist_clear(&some);
	free(origin);
	return rc;
}

int dav_alike(struct drun *r, struct res *list, size_t n, enum alike_mode mode, struct err *err)
{
	struct index ix = {0};
	struct round o = {.mode = mode, .ix = &ix, .named = true};
	bool any = false;
	int rc = 0;

	for (size_t i = 0; i < n && !any; i++)
		any = is_open(r, &list[i]);
	if (any)
		index_entries(r, mode, &ix);
	for (unsigned k = 0; k <= ROUNDS && ix.n && any && rc == 0; k++) {
		rc = round_of(r, list, n, &o, &any, err);
		keys_clear(&o.picked);
		/* Of the same name: none is no end. */
		any = any || o.named;
		o.named = false;
	}
	keys_clear(&o.tried);
	free(ix.list);
	return rc;
}

/*
 * A resource of the UID of an item that belongs elsewhere: where it is missing there, it is here.
 */
static void settle_stray(struct drun *r, struct res *x)
{
	struct entry *e = &r->entries[x->entry];
	size_t n, from = entries_of(r, e->uid, &n);

	/*
	 * Is the other item of this UID at home here? Then it says nothing of this one.
	 */
	for (size_t i = 0; i < n; i++) {
		const struct entry *o = &r->entries[r->by_uid[from + i]];

		if (entry_at_home(r, o, x->tcoll) && o->state == ENTRY_THERE)
			return;
	}
	for (size_t i = 0; i < n && e->state != ENTRY_NEW; i++)
		e = &r->entries[r->by_uid[from + i]];
	if (e->state != ENTRY_NEW)
		return;
	say_entry(r, SAY_NOTE, e, "is in \"%s\" on the target", r->tcolls[x->tcoll].name);
	entry_settle(r, e, x, ENTRY_THERE);
}

/*
 * Those that the journal knows first, then the others but for what was a second copy from
 * the beginning.
 */
static void count_all(struct drun *r, const struct reslist *all)
{
	for (int pass = 0; pass < 3; pass++)
		for (size_t i = 0; i < all->n; i++) {
			const struct res *x = &all->list[i];
			int turn = x->known ? 0 : put_journal_had(r->journal, x->key) ? 2 : 1;

			if (x->fits && turn == pass)
				count_copy(r, x->entry, x);
		}
}

/*
 * Items and the resources of their UID, those that the journal knows first, then what is
 * most like the item.
 */
static void pair_resources(struct drun *r, struct reslist *all)
{
	count_all(r, all);
	for (int pass = 0; pass <= 1 + CONTENT_ALTERED; pass++)
		for (size_t i = 0; i < all->n; i++) {
			struct res *x = &all->list[i];
			struct entry *e = x->fits ? &r->entries[x->entry] : NULL;

			if (!e || e->state != ENTRY_NEW || !entry_at_home(r, e, x->tcoll) ||
			        pass != (x->known ? 0 : 1 + (int)x->grade) ||
			        entry_is_stale(r, e, x))
				continue;
			entry_settle(r, e, x, ENTRY_THERE);
		}
	for (int grade = 0; grade <= CONTENT_ALTERED; grade++)
		for (size_t i = 0; i < all->n; i++) {
			struct res *x = &all->list[i];

			if (x->fits && x->uid && (int)x->grade == grade &&
			        !entry_at_home(r, &r->entries[x->entry], x->tcoll))
				settle_stray(r, x);
		}
}

/* A new item of this UID that is at home there, and not picked yet; NONE. */
static uint32_t spare_of(const struct drun *r, const struct res *x, struct keys *picked)
{
	size_t n, from = entries_of(r, r->entries[x->entry].uid, &n);

	for (size_t i = 0; i < n; i++) {
		uint32_t at = r->by_uid[from + i];

		if (r->entries[at].state == ENTRY_NEW &&
		        entry_at_home(r, &r->entries[at], x->tcoll) &&
		        keys_add(picked, (uint64_t)at + 1, 1))
			return at;
	}
	return NONE;
}

/*
 * Several items of one UID, none of which the target holds as it is: each resource stands
 * for one of them.
 */
static int pair_spare(struct drun *r, const struct reslist *all, struct err *err)
{
	struct reslist some = {0};
	struct keys picked = {0};
	int rc;

	for (size_t i = 0; i < all->n; i++) {
		const struct res *x = &all->list[i];
		const struct entry *e = x->fits ? &r->entries[x->entry] : NULL;
		uint32_t spare = e && !x->known && x->grade == CONTENT_ALTERED && e->url &&
		                                 strcmp(e->url, x->url) != 0
		                         ? spare_of(r, x, &picked)
		                         : NONE;

		if (spare != NONE)
			reslist_add(&some, x->tcoll, x->url, x->etag)->entry = spare;
	}
	rc = dav_look(r, some.list, some.n, err);
	for (size_t i = 0; i < some.n && rc == 0; i++)
		if (some.list[i].fits)
			entry_settle(
			        r, &r->entries[some.list[i].entry], &some.list[i], ENTRY_THERE);
	keys_clear(&picked);
	reslist_clear(&some);
	return rc;
}

/* Another item of these octets that belongs there too, and is nowhere yet; NULL. */
static struct entry *find_twin(struct drun *r, const struct entry *e, uint32_t tcoll)
{
	size_t n, from = entries_of(r, e->uid, &n);

	for (size_t i = 0; i < (e->uid ? n : r->n_entries); i++) {
		struct entry *o = &r->entries[e->uid ? r->by_uid[from + i] : i];

		if (o->state == ENTRY_NEW && o->part == e->part && entry_at_home(r, o, tcoll) &&
		        memcmp(entry_item(r, o)->sha256, entry_item(r, e)->sha256, SHA256_LEN) == 0)
			return o;
	}
	return NULL;
}

/*
 * Several items of the same octets: each resource of them stands for one, else the others
 * would be stored once more.
 */
static void pair_twins(struct drun *r, const struct reslist *all)
{
	struct keys ours = {0};

	entries_there(r, &ours);
	for (size_t i = 0; i < all->n; i++) {
		const struct res *x = &all->list[i];
		struct entry *twin = x->fits && !keys_find(&ours, x->key, NULL)
		                             ? find_twin(r, &r->entries[x->entry], x->tcoll)
		                             : NULL;

		if (twin)
			entry_settle(r, twin, x, ENTRY_THERE);
	}
	keys_clear(&ours);
}

/*
 * What an earlier restore put there and the snapshot has no more. Nothing is said where
 * only a part of the archive is restored.
 */
static void say_gone(struct drun *r, const struct reslist *all)
{
	bool whole = !r->opts->choice.n_include && !r->opts->choice.n_exclude;

	for (size_t i = 0; i < r->n_acolls; i++)
		whole = whole && r->acolls[i].coll;
	for (size_t i = 0; i < all->n && whole; i++) {
		const struct res *x = &all->list[i];
		char *segment;

		if (x->fits || !x->seen || !put_journal_find(r->journal, x->key))
			continue;
		segment = dav_last_segment(x->url);
		say_coll(r, SAY_NOTE, r->tcolls[x->tcoll].name,
		        "%.200s, UID %.200s: deleted at the source since it was restored; it is "
		        "left here",
		        segment, x->uid ? x->uid : "none");
		free(segment);
	}
}

/* What is there twice before anything of this archive was stored is nobody's fault. */
static void note_copies(struct drun *r)
{
	for (size_t i = 0; i < r->outcome.n_copies && put_journal_is_new(r->journal); i++)
		put_journal_add_had(r->journal, r->outcome.copies[i].url);
}

/* Which item each resource is. */
int dav_pair(struct drun *r, struct reslist *all, struct err *err)
{
	int rc;

	pair_resources(r, all);
	pair_twins(r, all);
	rc = pair_spare(r, all, err);
	if (rc == 0)
		rc = dav_alike(r, all->list, all->n, ALIKE_THERE, err);
	if (rc == 0)
		rc = dav_alike(r, all->list, all->n, ALIKE_COPIES, err);
	if (rc < 0)
		return rc;
	note_copies(r);
	say_gone(r, all);
	return put_journal_commit(r->journal, err);
}
