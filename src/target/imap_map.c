#include "imap_map.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "imap_name.h"
#include "imap_use.h"

/* A mailbox of the target. */
struct there {
	const struct imap_mailbox *box;
	char *content;
	char *shown;
	const char *use; /* imap_use.h, or NULL */
	bool use_by_name;
	bool taken;
};

struct mapping {
	const struct map_target *t;
	const struct map_wish *wish;
	struct there *there; /* sorted by content name */
	size_t n_there;
	struct map_entry *map;
	size_t n;
};

static bool selectable(const struct there *t)
{
	return !t->box->noselect && !t->box->nonexistent;
}

/* Is INBOX itself meant? It has no prefix. */
static bool is_inbox(const char *name)
{
	return strcasecmp(name, "INBOX") == 0;
}

/* ---- what is there, and what it is for ---- */

static int there_cmp(const void *a, const void *b)
{
	return strcmp(((const struct there *)a)->content, ((const struct there *)b)->content);
}

static bool target_announces(const struct mapping *m, const char *use)
{
	for (size_t i = 0; i < m->n_there; i++)
		if (m->there[i].use == use && !m->there[i].use_by_name)
			return true;
	return false;
}

/* Where a use is announced, names say nothing about it. */
static void read_there(struct mapping *m)
{
	m->there = xcalloc(m->t->n ? m->t->n : 1, sizeof *m->there);
	for (size_t i = 0; i < m->t->n; i++) {
		struct there *t = &m->there[m->n_there++];

		t->box = &m->t->list[i];
		t->shown = name_shown(t->box->name, t->box->name_len);
		t->content = name_content(t->shown, t->box->delimiter, m->t->prefix);
		t->use = t->box->foreign ? NULL : use_announced(t->box->special_use);
		if (!t->use && m->t->labels)
			t->use = use_view(t->box->special_use);
	}
	qsort(m->there, m->n_there, sizeof *m->there, there_cmp);
	for (size_t i = 0; i < m->n_there; i++) {
		struct there *t = &m->there[i];
		const char *use = t->use || t->box->foreign ? NULL : use_by_name(t->content);

		if (use && !target_announces(m, use)) {
			t->use = use;
			t->use_by_name = true;
		}
	}
}

static bool archive_announces(const struct mapping *m, const char *use)
{
	for (size_t i = 0; i < m->n; i++)
		if (use_announced(m->map[i].head->special_use) == use)
			return true;
	return false;
}

static void read_uses(struct mapping *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct map_entry *e = &m->map[i];
		const char *use;

		if (e->head->attrs & (ATTR_NOSELECT | ATTR_SHARED))
			continue;
		e->use = use_announced(e->head->special_use);
		if (!e->use && m->t->labels)
			e->use = use_view(e->head->special_use);
		use = e->use ? NULL : use_by_name(e->head->content_name);
		if (use && !archive_announces(m, use)) {
			e->use = use;
			e->use_by_name = true;
		}
	}
}

static struct there *find_there(struct mapping *m, const char *content)
{
	struct there key = {.content = (char *)(uintptr_t)content};

	return bsearch(&key, m->there, m->n_there, sizeof *m->there, there_cmp);
}

/* The same name on both sides, but one for the trash and the other for the archive, say. */
static bool is_at_odds(const struct map_entry *e, const struct there *t)
{
	return e->use && t->use && e->use != t->use && !is_inbox(t->content);
}

static void take(struct map_entry *e, struct there *t, const char *why)
{
	t->taken = true;
	e->raw = xmemdup(t->box->name, t->box->name_len);
	e->raw_len = t->box->name_len;
	e->shown = xstrdup(t->shown);
	e->content = xstrdup(t->content);
	e->exists = selectable(t);
	e->subscribed = t->box->subscribed;
	e->why = why;
}

/* ---- a new one ---- */

void map_name(struct map_entry *e, const struct map_target *t, char *shown)
{
	if (t->prefix && *t->prefix && !is_inbox(shown)) {
		char *full = xasprintf("%s%s", t->prefix, shown);

		free(shown);
		shown = full;
	}
	free(e->raw);
	free(e->shown);
	free(e->content);
	e->raw = name_wire(shown, &e->raw_len);
	e->shown = shown;
	e->content = name_content(shown, t->delimiter, t->prefix);
}

static bool same_raw(const struct map_entry *a, const struct map_entry *b)
{
	return a->raw && b->raw && a->raw_len == b->raw_len &&
	       memcmp(a->raw, b->raw, a->raw_len) == 0;
}

bool map_is_shared(const struct map_entry *map, size_t n, size_t i)
{
	for (size_t k = 0; k < n; k++)
		if (k != i && !map[k].implied && same_raw(&map[k], &map[i]))
			return true;
	return false;
}

/* The target's mailbox of exactly that name. */
static struct there *there_of(struct mapping *m, const struct map_entry *e)
{
	struct there *t = find_there(m, e->content);

	return t && t->box->name_len == e->raw_len && memcmp(t->box->name, e->raw, e->raw_len) == 0
	               ? t
	               : NULL;
}

/* The special use to give to a new mailbox: one that no mailbox of the target has. */
static const char *free_use(const struct mapping *m, const struct map_entry *e)
{
	return e->use && !e->use_by_name && !target_announces(m, e->use) ? e->use : NULL;
}

/* INBOX and others may say that nothing can be below them. */
static bool has_barren_parent(struct mapping *m, const char *content)
{
	for (const char *p = strchr(content, '/'); p; p = strchr(p + 1, '/')) {
		char *parent = xstrndup(content, (size_t)(p - content));
		const struct there *t = find_there(m, parent);

		free(parent);
		if (t && t->box->noinferiors)
			return true;
	}
	return false;
}

static void make_up(struct mapping *m, struct map_entry *e)
{
	bool barren = has_barren_parent(m, e->want);
	char *base = name_on_target(e->want, m->t->delimiter, barren ? NAME_FLAT : 0, &e->why);
	size_t i = (size_t)(e - m->map);
	struct there *t;

	if (barren)
		e->why = "the target's mailbox above it takes none below it";
	map_name(e, m->t, xstrdup(base));
	for (unsigned k = 2; map_is_shared(m->map, m->n, i) ||
	                     ((t = there_of(m, e)) != NULL && is_at_odds(e, t));
	        k++) {
		e->why = map_is_shared(m->map, m->n, i)
		                 ? "another mailbox goes to that name on the target"
		                 : "the target's mailbox of that name is there for something else";
		map_name(e, m->t, xasprintf("%s_%u", base, k));
	}
	free(base);
	t = there_of(m, e); /* of an earlier restore */
	if (t) {
		t->taken = true;
		e->exists = selectable(t);
		e->subscribed = t->box->subscribed;
	}
	if (!e->exists)
		e->special_use = xstrdup(free_use(m, e));
}

static bool keeps_its_name(const struct mapping *m, const struct map_entry *e)
{
	const char *why = NULL;

	free(name_on_target(e->want, m->t->delimiter, 0, &why));
	return !why;
}

/* Those that keep their name first: no substitute takes it. */
static void make_up_rest(struct mapping *m)
{
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < m->n; i++) {
			struct map_entry *e = &m->map[i];

			if (!e->raw && !e->implied && (pass || keeps_its_name(m, e)))
				make_up(m, e);
		}
}

/* ---- the steps, one after the other ---- */

/* What --map says about a content name: the longest part of it that is named; *rest_out is what is below that. */
static const struct target_map *find_map(
        const struct map_wish *w, const struct tree_head *h, const char **rest_out)
{
	const struct target_map *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < w->n_maps; i++) {
		const char *from = w->maps[i].from;
		size_t n = strlen(from);

		if (strcmp(from, h->name) == 0 || strcmp(from, h->content_name) == 0) {
			*rest_out = "";
			return &w->maps[i];
		}
		if (n > longest && strncmp(from, h->content_name, n) == 0 &&
		        h->content_name[n] == '/') {
			*rest_out = h->content_name + n;
			found = &w->maps[i];
			longest = n;
		}
	}
	return found;
}

/* What is named by --map. */
static void map_wished(struct mapping *m)
{
	const char *under = m->wish->under;

	for (size_t i = 0; i < m->n; i++) {
		struct map_entry *e = &m->map[i];
		const char *rest = "", *name = e->head->content_name;
		const struct target_map *w = find_map(m->wish, e->head, &rest);
		struct there *t;

		if (!w) {
			e->want = under && *under ? xasprintf("%s/%s", under, name) : xstrdup(name);
			continue;
		}
		e->want = xasprintf("%s%s", w->to, rest);
		t = find_there(m, e->want);
		if (t && !t->taken && selectable(t))
			take(e, t, "--map");
		else if (!e->implied)
			make_up(m, e);
		if (!e->why)
			e->why = "--map";
	}
}

static void map_earlier(struct mapping *m)
{
	for (size_t i = 0; i < m->n && m->wish->earlier; i++) {
		struct map_entry *e = &m->map[i];
		const char *shown =
		        e->raw || e->implied ? NULL : m->wish->earlier(m->wish->ctx, e->head->name);

		for (size_t k = 0; k < m->n_there && shown; k++) {
			struct there *t = &m->there[k];

			if (t->taken || !selectable(t) || strcmp(t->shown, shown) != 0)
				continue;
			take(e, t, "an earlier restore put it there");
			break;
		}
	}
}

static void map_same_names(struct mapping *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct map_entry *e = &m->map[i];
		struct there *t = e->raw || e->implied ? NULL : find_there(m, e->want);

		if (t && !t->taken && !is_at_odds(e, t))
			take(e, t, NULL);
	}
}

static bool is_wanted_name(const struct mapping *m, const char *content)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->map[i].want, content) == 0)
			return true;
	return false;
}

/* The mailbox of the archive for one of the target's with this use; NULL: there is none, or it has its place. */
static struct map_entry *best_for(const struct mapping *m, const char *use)
{
	struct map_entry *best = NULL;

	for (size_t i = 0; i < m->n; i++) {
		struct map_entry *e = &m->map[i];

		if (e->use != use || e->raw)
			continue;
		if (!best || (best->use_by_name && !e->use_by_name) ||
		        (best->use_by_name == e->use_by_name &&
		                e->head->roots.items > best->head->roots.items))
			best = e;
	}
	return best;
}

/* Does a mailbox of the target that announces or is called so have mail for this use already? */
static bool is_served(const struct mapping *m, const char *use)
{
	for (size_t i = 0; i < m->n_there; i++)
		if (m->there[i].use == use && m->there[i].taken)
			return true;
	return false;
}

static void map_uses(struct mapping *m)
{
	for (size_t i = 0; i < m->n_there; i++) {
		struct there *t = &m->there[i];
		struct map_entry *e;

		if (!t->use || t->taken || !selectable(t) || is_inbox(t->content) ||
		        is_served(m, t->use) || is_wanted_name(m, t->content))
			continue;
		e = best_for(m, t->use);
		if (e)
			take(e, t,
			        t->use_by_name || e->use_by_name
			                ? "by the name it is the target's mailbox for the same use"
			                : "it is the target's mailbox for the same special use");
	}
}

/* Is there a mailbox below it? Then a \Noselect parent needs no making. */
static bool has_child(const struct mapping *m, const struct map_entry *e)
{
	size_t n = strlen(e->head->content_name);

	for (size_t i = 0; i < m->n; i++) {
		const char *other = m->map[i].head->content_name;

		if (strncmp(other, e->head->content_name, n) == 0 && other[n] == '/')
			return true;
	}
	return false;
}

/* It comes with its children: only what it will be called is to be known. */
static void name_implied(struct mapping *m, struct map_entry *e)
{
	const struct there *t;
	const char *why = NULL;

	if (!e->raw)
		map_name(e, m->t, name_on_target(e->want, m->t->delimiter, 0, &why));
	t = there_of(m, e);
	e->subscribed = t && t->box->subscribed;
}

struct map_entry *map_plan(const struct tree_head *const *heads, size_t n,
        const struct map_target *t, const struct map_wish *wish)
{
	struct mapping m = {.t = t, .wish = wish, .n = n, .map = xcalloc(n ? n : 1, sizeof *m.map)};

	read_there(&m);
	for (size_t i = 0; i < n; i++)
		m.map[i].head = heads[i];
	for (size_t i = 0; i < n; i++)
		m.map[i].implied = (heads[i]->attrs & ATTR_NOSELECT) && has_child(&m, &m.map[i]);
	read_uses(&m);
	map_wished(&m);
	map_earlier(&m);
	map_same_names(&m);
	if (!wish->under || !*wish->under)
		map_uses(&m);
	for (size_t i = 0; i < n; i++)
		if (m.map[i].implied)
			name_implied(&m, &m.map[i]);
	make_up_rest(&m);
	for (size_t i = 0; i < m.n_there; i++) {
		free(m.there[i].content);
		free(m.there[i].shown);
	}
	free(m.there);
	return m.map;
}

void map_free(struct map_entry *map, size_t n)
{
	for (size_t i = 0; map && i < n; i++) {
		free(map[i].want);
		free(map[i].raw);
		free(map[i].shown);
		free(map[i].content);
		free(map[i].special_use);
	}
	free(map);
}
