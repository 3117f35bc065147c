/*
 * Resources of the target whose UID is in no item of the archive, but whose content is:
 * servers that trim, cut, rewrite or invent UIDs (Google: and URLs). Without this each
 * restore that has no journal would store everything once more.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "run.h"

#define ROUNDS 8 /* items of one key that a resource is held against */
#define DIFFERENCES_TOLD 500 /* a list that is longer may not be all of it */

uint64_t alike_key(const struct content_summary *s)
{
	uint64_t key;
	char *text;

	if (!s->title && !s->start)
		return 0;
	text = xasprintf("%s\n%s\n%s", s->component ? s->component : "", s->title ? s->title : "",
	        s->start ? s->start : "");
	key = key_of(text);
	free(text);
	return key ? key : 1;
}

bool alike_holds(const char *differences)
{
	static const char *const harmless[] = {"UID", "SEQUENCE", "X-"};
	const char *at = differences ? differences : "";

	if (strlen(at) > DIFFERENCES_TOLD)
		return false;
	for (size_t n; *at; at += n + (at[n] == ' ')) {
		bool fine = *at == '+';

		n = strcspn(at, " ");
		for (size_t i = 0; i < sizeof harmless / sizeof harmless[0] && !fine; i++) {
			size_t k = strlen(harmless[i]);

			fine = n > k && strncmp(at + 1, harmless[i], k) == 0 &&
			       (n == k + 1 || harmless[i][k - 1] == '-');
		}
		if (!fine)
			return false;
	}
	return true;
}

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

	if (a->key != b->key)
		return a->key > b->key ? 1 : -1;
	return (a->entry > b->entry) - (a->entry < b->entry);
}

static uint64_t key_of_entry(struct drun *r, struct entry *e)
{
	struct content_summary s = {0};
	struct buf body;

	if (e->keyed)
		return e->alike;
	e->keyed = true;
	if (entry_original(r, e, &body, NULL) == 0 &&
	        content_summarize(body.data, body.len, &s, NULL) == 0) {
		e->alike = alike_key(&s);
		content_summary_clear(&s);
	}
	buf_clear(&body);
	return e->alike;
}

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

/* The first of its key. */
static size_t first_of(const struct index *ix, uint64_t key)
{
	size_t i;

	LOOKUP_FIRST(i, ix->n, ix->list[i].key < key);
	return i;
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

static uint64_t pair_key(const struct res *x, uint32_t entry)
{
	return x->key ^ ((uint64_t)entry + 1) * 0x9E3779B97F4A7C15u;
}

/* NONE: there is no further one. */
static uint32_t next_candidate(const struct drun *r, struct round *o, const struct res *x)
{
	const struct index *ix = o->ix;

	for (size_t i = first_of(ix, x->alike); i < ix->n && ix->list[i].key == x->alike; i++) {
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
	rc = some.n ? dav_look(r, some.list, some.n, err) : 0;
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
