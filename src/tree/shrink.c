/* What vanished in a suspicious way stays, marked as gone: see tree/shrink.h. */
#include "valise/tree/shrink.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/tree/use.h"
#include <stdlib.h>
#include <string.h>

/*
 * A set of what items are known by, as 64-bit keys: a chance hit among a million keys is
 * one in ten billion, and would count one item less as lost.
 */
struct keys {
	uint64_t *v;
	size_t n, cap;
	bool filled;
};

static uint64_t key_of(const char *what, const void *p, size_t n)
{
	uint8_t sum[SHA256_LEN];
	struct sha256 h;
	uint64_t key;

	sha256_start(&h);
	sha256_add(&h, what, 1);
	sha256_add(&h, p, n);
	sha256_end(&h, sum);
	memcpy(&key, sum, sizeof key);
	return key;
}

/* The keys of an item: its content; DAV also href and UID. */
static size_t item_keys(const struct tree_coll *c, const struct tree_item *it, uint64_t out[3])
{
	const struct tree_ext *e = c->kind == COLL_MAIL ? NULL : tree_item_ext(c, it);
	size_t n = 0;

	memcpy(&out[n++], it->sha256, sizeof out[0]);
	if (e && e->href)
		out[n++] = key_of("h", e->href, strlen(e->href));
	if (e && e->uid)
		out[n++] = key_of("u", e->uid, strlen(e->uid));
	return n;
}

static void keys_add(struct keys *k, const struct tree_coll *c)
{
	k->v = arr_grow(k->v, &k->cap, k->n + 3 * c->n_items, sizeof *k->v);
	for (size_t i = 0; i < c->n_items; i++)
		k->n += item_keys(c, &c->items[i], k->v + k->n);
}

static int cmp_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void keys_sort(struct keys *k)
{
	SORT(k->v, k->n, cmp_keys);
}

static bool is_known(const struct keys *k, const struct tree_coll *c, const struct tree_item *it)
{
	uint64_t key[3];
	size_t n = item_keys(c, it, key);

	for (size_t i = 0; i < n; i++)
		if (FIND(&key[i], k->v, k->n, cmp_keys))
			return true;
	return false;
}

static uint64_t count_missing(const struct keys *k, const struct tree_coll *c)
{
	uint64_t missing = 0;

	for (size_t i = 0; i < c->n_items; i++)
		missing += !is_known(k, c, &c->items[i]);
	return missing;
}

bool tree_shrunk(uint64_t before, uint64_t lost)
{
	return lost > SHRINK_LEAST && lost > before - lost;
}

static bool is_named(const struct tree_head *h, const char *name)
{
	return strcmp(h->name, name) == 0 || strcmp(h->content_name, name) == 0 ||
	       strcmp(h->path, name) == 0;
}

bool tree_accepts(const struct tree_accept *a, const char *name)
{
	bool yes = a->all;

	for (size_t i = 0; i < a->n_names && !yes; i++)
		yes = strcmp(name, a->names[i]) == 0;
	return yes;
}

bool tree_accepts_head(const struct tree_accept *a, const struct tree_head *h)
{
	return tree_accepts(a, h->name) || tree_accepts(a, h->content_name) ||
	       tree_accepts(a, h->path);
}

int tree_accept_check(const struct tree_accept *a, const struct tree_manifest *m, struct err *err)
{
	for (size_t i = 0; i < a->n_names && m->n_heads > 0; i++) {
		size_t k = 0;

		while (k < m->n_heads && !is_named(&m->heads[k], a->names[i]))
			k++;
		if (k == m->n_heads)
			return err_set(err, ERR_USAGE, ERR_WHOLE,
			        "--accept-shrink: the last snapshot has no folder \"%s\"",
			        a->names[i]);
	}
	return 0;
}

/* One run of the rule. */
struct rule {
	const struct tree_shrink *s;
	const struct tree_manifest *before, *after;
	struct keys all; /* of everything that the server shows */
	bool whole[COLL_KINDS]; /* everything of the kind is lost */
	bool returned[COLL_KINDS]; /* but something that was gone is there again */
	unsigned marked;
	uint64_t whole_items[COLL_KINDS], whole_colls[COLL_KINDS];
};

/* The mailbox whose content name is the first ${n} octets of ${name}. */
static bool is_passing_name(const struct tree_manifest *m, const char *name, size_t n)
{
	char *part = xstrndup(name, n);
	bool yes = use_is_passing(NULL, part);

	for (size_t i = 0; i < m->n_heads && !yes; i++)
		yes = m->heads[i].special_use && m->heads[i].kind == COLL_MAIL &&
		      strcmp(m->heads[i].content_name, part) == 0 &&
		      use_is_passing(m->heads[i].special_use, part);
	free(part);
	return yes;
}

/* Trash, Junk, Drafts, or below one of them. */
static bool is_passing(const struct tree_manifest *m, const struct tree_head *h)
{
	const char *name = h->content_name;

	if (h->kind != COLL_MAIL)
		return false;
	if (use_is_passing(h->special_use, name))
		return true;
	for (const char *p = strchr(name, '/'); p; p = strchr(p + 1, '/'))
		if (is_passing_name(m, name, (size_t)(p - name)))
			return true;
	return false;
}

static bool is_all_lost(const struct rule *r, size_t i)
{
	return r->s->heads[i].read && r->s->heads[i].lost >= r->before->heads[i].roots.items;
}

/*
 * What a passing mailbox is for is looked up only where it matters: the names are many.
 */
static bool is_whole(const struct rule *r, enum coll_kind kind)
{
	bool some = false;

	for (size_t i = 0; i < r->before->n_heads; i++) {
		const struct tree_head *h = &r->before->heads[i];

		if (h->kind == kind && h->roots.items && !is_all_lost(r, i) &&
		        !is_passing(r->before, h))
			return false;
	}
	for (size_t i = 0; i < r->before->n_heads && !some; i++) {
		const struct tree_head *h = &r->before->heads[i];

		some = h->kind == kind && h->roots.items && !is_passing(r->before, h);
	}
	return some;
}

static void find_whole(struct rule *r)
{
	for (unsigned k = 0; k < COLL_LINKED; k++)
		r->whole[k] = !r->returned[k] && is_whole(r, k);
}

/* As far as is known yet: is this what the rule is for? */
static bool is_suspicious(const struct rule *r, size_t i)
{
	const struct tree_head *h = &r->before->heads[i];
	uint64_t lost = r->s->heads[i].lost;

	if (!r->s->heads[i].read || lost == 0)
		return false;
	return r->whole[h->kind] ||
	       (tree_shrunk(h->roots.items, lost) && !is_passing(r->before, h));
}

static int load_keys(
        const struct tree_shrink *s, const struct tree_head *h, struct keys *k, struct err *err)
{
	struct tree_coll *c = NULL;
	int rc = s->load(s->ctx, h, true, &c, err);

	if (rc == 0)
		keys_add(k, c);
	tree_coll_free(c);
	return rc;
}

static int load_all(struct rule *r, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->after->n_heads; i++)
		if (!coll_is_beside(r->after->heads[i].kind))
			rc = load_keys(r->s, &r->after->heads[i], &r->all, err);
	keys_sort(&r->all);
	r->all.filled = true;
	return rc;
}

/* How many items of the head are not among ${k}. */
static int count_lost(struct rule *r, size_t i, const struct keys *k, struct err *err)
{
	struct tree_coll *old = NULL;
	int rc = r->s->load(r->s->ctx, &r->before->heads[i], false, &old, err);

	if (rc == 0)
		r->s->heads[i].lost = count_missing(k, old);
	tree_coll_free(old);
	return rc;
}

static bool same_state(const struct tree_head *a, const struct tree_head *b)
{
	return memcmp(a->roots.state, b->roots.state, SHA256_LEN) == 0;
}

/* Held against its own successor, which is nearly always enough. */
static int hold_against_own(struct rule *r, size_t i, struct err *err)
{
	const struct tree_head *old = &r->before->heads[i];
	const struct tree_head *now = tree_manifest_find(r->after, old->kind, old->name);
	struct keys own = {0};
	int rc;

	if (now && same_state(old, now))
		r->s->heads[i].lost = 0;
	else if (!now)
		r->s->heads[i].lost = old->roots.items;
	if (!now || same_state(old, now))
		return 0;
	rc = load_keys(r->s, now, &own, err);
	keys_sort(&own);
	if (rc == 0)
		rc = count_lost(r, i, &own, err);
	free(own.v);
	return rc;
}

/* A server that shows again what it had lost has not lost everything. */
static int find_returned(struct rule *r, const struct tree_head *h, struct err *err)
{
	struct tree_coll *old = NULL;
	int rc = r->s->load(r->s->ctx, h, false, &old, err);

	for (size_t i = 0; rc == 0 && i < old->n_gone; i++)
		r->returned[h->kind] |= is_known(&r->all, old, &old->gone[i]);
	tree_coll_free(old);
	return rc;
}

/* What is lost, exactly, of all that is suspicious. */
static int measure_loss(struct rule *r, struct err *err)
{
	const struct tree_shrink_head *h = r->s->heads;
	size_t n = r->before->n_heads;
	bool ask = false;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (h[i].read && h[i].lost == UINT64_MAX)
			rc = hold_against_own(r, i, err);
	find_whole(r);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (is_suspicious(r, i))
			rc = hold_against_own(r, i, err);
	find_whole(r);
	for (size_t i = 0; i < n; i++)
		ask |= is_suspicious(r, i) ||
		       (h[i].read && r->before->heads[i].roots.gone &&
		               !tree_accepts_head(r->s->accept, &r->before->heads[i]));
	if (rc == 0 && ask)
		rc = load_all(r, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (r->before->heads[i].roots.gone && r->whole[r->before->heads[i].kind])
			rc = find_returned(r, &r->before->heads[i], err);
	find_whole(r);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (is_suspicious(r, i))
			rc = count_lost(r, i, &r->all, err);
	find_whole(r);
	return rc;
}

/* A collection on its way: what it was, what it is, what becomes of what is lost. */
struct fate {
	struct tree_coll *old, *now;
	bool agrees; /* the run counts as one that found the same */
	uint64_t fresh, believed; /* items */
};

static void add_gone(struct fate *f, const struct tree_item *it, unsigned runs)
{
	struct tree_item copy;

	tree_item_copy(f->now, f->old, it, &copy);
	copy.gone = (uint16_t)runs;
	/* it would be another message's */
	if (f->now->uidvalidity != f->old->uidvalidity)
		copy.uid = 0;
	tree_coll_add_gone(f->now, &copy);
}

static void decide_fate(struct rule *r, struct fate *f, bool suspicious)
{
	for (size_t i = 0; i < f->old->n_gone; i++) {
		const struct tree_item *it = &f->old->gone[i];
		unsigned runs = it->gone + (unsigned)f->agrees;

		if (is_known(&r->all, f->old, it))
			continue;
		if (runs > SHRINK_RUNS)
			f->believed++;
		else
			add_gone(f, it, runs);
	}
	for (size_t i = 0; suspicious && i < f->old->n_items; i++)
		if (!is_known(&r->all, f->old, &f->old->items[i])) {
			add_gone(f, &f->old->items[i], 1);
			f->fresh++;
		}
}

static void tell_fate(const struct rule *r, const struct tree_head *h, const struct fate *f)
{
	unsigned long long fresh = f->fresh, believed = f->believed;
	char n[COUNTED_SIZE];

	if (!r->s->progress)
		return;
	if (fresh && !r->whole[h->kind])
		progress_say(r->s->progress, SAY_WARNING,
		        "%s %s: %llu of %s on the server any more. What vanished stays, marked as "
		        "gone (--with-gone), until two further runs find the same, or "
		        "--accept-shrink='%s' says that it is right",
		        coll_kind_dir(h->kind), h->name, fresh,
		        counted(h->roots.items, "item is not", "items are not", n), h->name);
	if (believed)
		progress_say(r->s->progress, SAY_NOTE,
		        "%s %s: three runs found that %s gone: left out from now on",
		        coll_kind_dir(h->kind), h->name,
		        counted(believed, "item is", "items are", n));
}

static void tell_whole(const struct rule *r)
{
	char items[COUNTED_SIZE], colls[COUNTED_SIZE];

	for (unsigned k = 0; k < COLL_KINDS && r->s->progress; k++)
		if (r->whole_items[k])
			progress_say(r->s->progress, SAY_WARNING,
			        "%s: nothing of what the last snapshot shows is on the server any "
			        "more. All %s of %s marked as gone (--with-gone), until two "
			        "further "
			        "runs find the same, or --accept-shrink says that it is right",
			        coll_kind_dir(k),
			        counted(r->whole_items[k], "item", "items", items),
			        counted(r->whole_colls[k], "collection stays", "collections stay",
			                colls));
}

/* The collection as it was, with nothing in it. */
static struct tree_coll *gone_coll(const struct tree_coll *old)
{
	struct tree_coll *c = tree_coll_like(old);

	c->attrs |= ATTR_GONE;
	c->status = COLL_COMPLETE;
	free(c->reason);
	c->reason = NULL;
	return c;
}

/* An error line may stand for the very item that is missed. */
static bool is_wholly_read(const struct tree_head *now)
{
	return !now || (now->status == COLL_COMPLETE && now->roots.errors == 0);
}

static int mark_gone(struct rule *r, const struct tree_head *h, bool suspicious, struct err *err)
{
	const struct tree_head *now = tree_manifest_find(r->after, h->kind, h->name);
	struct fate f = {.agrees = is_wholly_read(now)};
	int rc = r->s->load(r->s->ctx, h, false, &f.old, err);

	if (rc == 0 && now)
		rc = r->s->load(r->s->ctx, now, true, &f.now, err);
	else if (rc == 0)
		f.now = gone_coll(f.old);
	if (rc == 0 && !tree_accepts_head(r->s->accept, h))
		decide_fate(r, &f, suspicious);
	tree_coll_free(f.old);
	if (rc == 0 && (now || f.now->n_gone > 0)) {
		tree_coll_number(f.now, NULL);
		rc = r->s->put(r->s->ctx, f.now, err);
		f.now = NULL;
	}
	tree_coll_free(f.now);
	if (rc != 0)
		return rc;
	tell_fate(r, h, &f);
	r->marked += f.fresh > 0;
	if (r->whole[h->kind]) {
		r->whole_items[h->kind] += f.fresh;
		r->whole_colls[h->kind] += f.fresh > 0;
	}
	return 0;
}

int tree_shrink_keep(const struct tree_shrink *s, const struct tree_manifest *after,
        unsigned *marked_out, struct err *err)
{
	struct rule r = {.s = s, .before = s->before, .after = after};
	int rc;

	*marked_out = 0;
	for (size_t i = 0; i < s->before->n_heads; i++) {
		const struct tree_head *h = &s->before->heads[i];

		if (coll_is_beside(h->kind))
			s->heads[i].read = false;
		if (tree_accepts_head(s->accept, h))
			s->heads[i].lost = 0;
	}
	rc = measure_loss(&r, err);
	for (size_t i = 0; rc == 0 && i < s->before->n_heads; i++) {
		const struct tree_head *h = &s->before->heads[i];
		bool suspicious = is_suspicious(&r, i);

		if (suspicious || (s->heads[i].read && h->roots.gone))
			rc = mark_gone(&r, h, suspicious, err);
	}
	if (rc == 0)
		tell_whole(&r);
	*marked_out = r.marked;
	free(r.all.v);
	return rc;
}
