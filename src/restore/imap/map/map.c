/* The plan: names, uses and wishes of both sides compared, step by step. */
#include "map.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "name.h"
#include "valise/base/lookup.h"
#include "valise/tree/use.h"

/* A mailbox of the target. */
struct there {
	const struct imap_mailbox *box;
	char *content; /* name_place */
	char *shown;
	const char *use; /* tree/use.h, or NULL */
	bool use_by_name;
	bool taken;
};

struct mapping {
	const struct map_target *t;
	const struct map_wish *wish;
	struct there *there; /* sorted by content, then name */
	size_t n_there;
	struct map_entry *map;
	size_t n;
};

static bool is_selectable(const struct there *t)
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
	const struct there *x = a, *y = b;
	int c = strcmp(x->content, y->content);

	return c ? c : strcmp(x->shown, y->shown);
}

/*
 * Of several that are INBOX but for case (Exchange, Domino) or prefix, it is the one that
 * is called just so.
 */
static char *place_beside(char *place, const char *name, bool has_inbox)
{
	char *other;

	if (!has_inbox || strcmp(place, "INBOX") != 0 || strcmp(name, "INBOX") == 0)
		return place;
	other = xasprintf("INBOX/%s", name + strlen(name) - 5);
	free(place);
	return other;
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
	bool has_inbox = map_listed(m->t->list, m->t->n, "INBOX", 5) != NULL;

	m->there = xcalloc(m->t->n ? m->t->n : 1, sizeof *m->there);
	for (size_t i = 0; i < m->t->n; i++) {
		struct there *t = &m->there[m->n_there++];
		char *name;

		t->box = &m->t->list[i];
		t->shown = name_shown(t->box->name, t->box->name_len);
		name = name_content(t->shown, t->box->delimiter, m->t->prefix);
		t->content = place_beside(name_place(t->shown, name), t->shown, has_inbox);
		free(name);
		t->use = t->box->foreign ? NULL : use_announced(t->box->special_use);
		if (!t->use && m->t->labels)
			t->use = use_view(t->box->special_use);
	}
	SORT(m->there, m->n_there, there_cmp);
	for (size_t i = 0; i < m->n_there; i++) {
		struct there *t = &m->there[i];
		const char *use = t->use || t->box->foreign ? NULL : use_by_name(t->content);

		if (use && !target_announces(m, use)) {
			t->use = use;
			t->use_by_name = true;
		}
	}
}

/* What each mailbox of the archive should be called. */
static void read_places(struct mapping *m, const struct tree_head *const *heads)
{
	bool has_inbox = false;

	for (size_t i = 0; i < m->n; i++)
		has_inbox |= strcmp(heads[i]->name, "INBOX") == 0;
	for (size_t i = 0; i < m->n; i++) {
		const struct tree_head *h = m->map[i].head = heads[i];
		char *place = name_place(h->name, h->content_name);

		m->map[i].want = place_beside(place, h->name, has_inbox);
	}
}

static bool archive_announces(const struct mapping *m, const char *use)
{
	for (size_t i = 0; i < m->n; i++)
		if (use_announced(m->map[i].head->special_use) == use)
			return true;
	return false;
}

/* What each is for; where a use is announced, names say nothing about it. */
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

/* The first with this name; those that share it follow. */
static struct there *find_there(struct mapping *m, const char *content)
{
	size_t i;

	LOOKUP_FIRST(i, m->n_there, strcmp(m->there[i].content, content) < 0);
	return i < m->n_there && strcmp(m->there[i].content, content) == 0 ? &m->there[i] : NULL;
}

static struct there *next_there(struct mapping *m, struct there *t)
{
	bool more = t + 1 < m->there + m->n_there && strcmp(t[1].content, t->content) == 0;

	return more ? t + 1 : NULL;
}

/*
 * The same name on both sides, but one for the trash and the other for the archive, say.
 */
static bool is_at_odds(const struct map_entry *e, const struct there *t)
{
	return e->use && t->use && e->use != t->use && !is_inbox(t->content);
}

/*
 * The mailbox called ${content} that ${e} may take: of several the one of the same full
 * name, else the first.
 */
static struct there *free_there(struct mapping *m, const struct map_entry *e, const char *content)
{
	struct there *found = NULL;

	for (struct there *t = find_there(m, content); t; t = next_there(m, t)) {
		if (t->taken || is_at_odds(e, t))
			continue;
		if (!found || strcmp(t->shown, e->head->name) == 0)
			found = t;
	}
	return found;
}

/* It goes to a mailbox that is there. */
static void take_place(struct map_entry *e, struct there *t, const char *why)
{
	t->taken = true;
	e->raw = xmemdup(t->box->name, t->box->name_len);
	e->raw_len = t->box->name_len;
	e->shown = xstrdup(t->shown);
	e->content = xstrdup(t->content);
	e->exists = is_selectable(t);
	e->subscribed = t->box->subscribed;
	e->why = why;
}

/* ---- a new one ---- */

void map_name(struct map_entry *e, const struct map_target *t, char *shown)
{
	bool itself = is_inbox(shown) && is_inbox(e->want);
	char *name;

	if (t->prefix && *t->prefix && !itself) {
		char *full = xasprintf("%s%s", t->prefix, shown);

		free(shown);
		shown = full;
	}
	free(e->raw);
	free(e->shown);
	free(e->content);
	e->raw = name_wire(shown, &e->raw_len);
	e->shown = shown;
	name = name_content(shown, t->delimiter, t->prefix);
	e->content = name_place(shown, name);
	free(name);
}

const char *map_base(const struct map_entry *e)
{
	return e->want + e->skip;
}

bool map_keeps_name(const struct map_entry *e)
{
	char *place;
	bool same = strcmp(e->content, e->head->content_name) == 0 ||
	            strcmp(e->shown, e->head->name) == 0;

	if (same)
		return true;
	place = name_place(e->head->name, e->head->content_name);
	same = strcmp(e->content, place) == 0;
	free(place);
	return same;
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

	while (t &&
	        (t->box->name_len != e->raw_len || memcmp(t->box->name, e->raw, e->raw_len) != 0))
		t = next_there(m, t);
	return t;
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

/* It goes to a mailbox that is made: under its name, or the next that is free. */
static void make_up(struct mapping *m, struct map_entry *e)
{
	bool barren = has_barren_parent(m, map_base(e));
	char *base = name_on_target(map_base(e), m->t->delimiter, barren ? NAME_FLAT : 0, &e->why);
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
		e->exists = is_selectable(t);
		e->subscribed = t->box->subscribed;
	}
	if (!e->exists)
		e->special_use = xstrdup(free_use(m, e));
}

/* Can it be called on the target as in the archive? */
static bool keeps_its_name(const struct mapping *m, const struct map_entry *e)
{
	const char *why = NULL;

	free(name_on_target(map_base(e), m->t->delimiter, 0, &why));
	return !why && !e->skip;
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

/*
 * What --map says about the mailbox called ${place}: the longest part of it that is
 * named; *rest_out is what is below that.
 */
static const struct target_map *find_map(const struct map_wish *w, const struct tree_head *h,
        const char *place, const char **rest_out)
{
	const struct target_map *found = NULL;

	for (size_t i = 0; i < w->n_maps; i++) {
		const char *rest;

		if (!target_map_names(&w->maps[i], h, place, &rest) ||
		        (found && strlen(rest) >= strlen(*rest_out)))
			continue;
		found = &w->maps[i];
		*rest_out = rest;
	}
	return found;
}

static bool is_below_inbox(const struct map_target *t)
{
	return t->prefix && strncasecmp(t->prefix, "INBOX", 5) == 0 && t->prefix[5] &&
	       !t->prefix[6];
}

/*
 * Where everything is below INBOX, "INBOX/" is the prefix, and no mailbox in it called
 * INBOX is made.
 */
static void skip_prefix(struct mapping *m, struct map_entry *e)
{
	if (is_below_inbox(m->t) && strncmp(e->want, "INBOX/", 6) == 0)
		e->skip = 6;
}

/* The mailbox that --map names, one that can be selected. */
static struct there *wished_there(struct mapping *m, struct map_entry *e)
{
	struct there *t = find_there(m, e->want);

	skip_prefix(m, e);
	if (!t && e->skip && !is_inbox(map_base(e)))
		t = find_there(m, map_base(e));
	return t && !t->taken && is_selectable(t) ? t : NULL;
}

/*
 * The content name of what a person calls ${name}: INBOX in any case, and as the target
 * itself spells what is there or below its prefix.
 */
static char *wish_content(const struct mapping *m, const char *name)
{
	const char *prefix = m->t->prefix;
	size_t n = prefix ? strlen(prefix) : 0;

	if (strncasecmp(name, "INBOX", 5) == 0 && (!name[5] || name[5] == '/'))
		return xasprintf("INBOX%s", name + 5);
	for (size_t i = 0; i < m->n_there; i++)
		if (strcmp(m->there[i].content, name) == 0)
			return xstrdup(name);
	for (size_t i = 0; i < m->n_there; i++)
		if (strcmp(m->there[i].shown, name) == 0)
			return xstrdup(m->there[i].content);
	return n && strncmp(name, prefix, n) == 0 && name[n]
	               ? name_content(name, m->t->delimiter, prefix)
	               : xstrdup(name);
}

/* Where --map says, made if it is not there. */
static void put_wished(struct mapping *m, struct map_entry *e, const char *to, const char *rest)
{
	char *top = wish_content(m, to);
	struct there *t;

	free(e->want);
	e->want = xasprintf("%s%s", top, rest);
	free(top);
	t = wished_there(m, e);
	if (t)
		take_place(e, t, "--map");
	else if (!e->implied)
		make_up(m, e);
	if (!e->why)
		e->why = "--map";
}

/* What is named by --map: first what is named itself, then what is only below such. */
static void map_wished(struct mapping *m)
{
	for (unsigned below = 0; below < 2; below++)
		for (size_t i = 0; i < m->n; i++) {
			struct map_entry *e = &m->map[i];
			const char *rest = "";
			const struct target_map *w;
			char *place;

			if (e->raw || e->why) /* has its place */
				continue;
			w = find_map(m->wish, e->head, e->want, &rest);
			if (!w || !*rest != !below)
				continue;
			place = xstrdup(rest);
			put_wished(m, e, w->to, place);
			free(place);
		}
}

/* --under: everything else. */
static void put_under(struct mapping *m)
{
	char *under = wish_content(m, m->wish->under);

	for (size_t i = 0; i < m->n; i++) {
		struct map_entry *e = &m->map[i];
		char *place = e->want;

		if (e->raw || e->why)
			continue;
		e->want = xasprintf("%s/%s", under, place);
		free(place);
		skip_prefix(m, e);
	}
	free(under);
}

/* Where an earlier restore put it. */
static void map_earlier(struct mapping *m, struct map_entry *e)
{
	const char *shown = m->wish->earlier ? m->wish->earlier(m->wish->ctx, e->head->name) : NULL;

	for (size_t k = 0; k < m->n_there && shown && !e->implied; k++) {
		struct there *t = &m->there[k];

		if (t->taken || !is_selectable(t) || strcmp(t->shown, shown) != 0)
			continue;
		take_place(e, t, "an earlier restore put it there");
		return;
	}
}

/*
 * Does another mailbox of the archive have this name; ${skip} more: behind so much of its
 * own?
 */
static bool is_wanted(const struct mapping *m, const char *name, size_t skip)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct map_entry *e = &m->map[i];

		if (!e->implied && strncmp(e->want, "INBOX/", skip) == 0 &&
		        strcmp(e->want + skip, name) == 0)
			return true;
	}
	return false;
}

/* Called INBOX on a server that has everything below INBOX, and not INBOX itself. */
static bool is_place_of_own(const struct map_entry *e)
{
	return strcmp(e->want, e->head->content_name) != 0;
}

/*
 * "INBOX.INBOX.x" of the target: "INBOX/x", unless the archive has an "INBOX/INBOX/x" for
 * it.
 */
static bool is_home_of_other(const struct mapping *m, const struct map_entry *e)
{
	return is_below_inbox(m->t) && strncmp(e->want, "INBOX/", 6) == 0 &&
	       !name_is_below_inbox(e->head->name, e->head->content_name) &&
	       is_wanted(m, e->want, 6);
}

/* Where a mailbox of its name is. */
static void map_same_name(struct mapping *m, struct map_entry *e)
{
	struct there *t = e->implied || is_home_of_other(m, e) ? NULL : free_there(m, e, e->want);

	if (t)
		take_place(e, t, NULL);
}

/*
 * "INBOX/x" to a target that has everything below INBOX: "INBOX.x", not "INBOX.INBOX.x".
 */
static void map_below_inbox(struct mapping *m, struct map_entry *e)
{
	bool was_below = name_is_below_inbox(e->head->name, e->head->content_name);
	struct there *t = NULL;

	if (is_place_of_own(e) || !was_below)
		skip_prefix(m, e);
	if (!e->skip)
		return;
	if (!was_below)
		e->why = "the target has its mailboxes below INBOX";
	if (!e->implied && !is_inbox(map_base(e)) && !is_wanted(m, map_base(e), 0))
		t = free_there(m, e, map_base(e));
	if (t)
		take_place(e, t, e->why);
}

/*
 * What was below INBOX since its server has nothing elsewhere, and is below INBOX on the
 * target.
 */
static void map_back(struct mapping *m, struct map_entry *e)
{
	struct there *t = NULL;
	char *below;

	if (is_below_inbox(m->t) || e->implied || find_there(m, e->want) ||
	        !name_is_below_inbox(e->head->name, e->head->content_name))
		return;
	below = xasprintf("INBOX/%s", e->want);
	if (!is_wanted(m, below, 0))
		t = free_there(m, e, below);
	free(below);
	if (t && is_selectable(t))
		take_place(e, t, "the target has it below INBOX");
}

static bool is_wanted_name(const struct mapping *m, const char *content)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(map_base(&m->map[i]), content) == 0)
			return true;
	return false;
}

/*
 * The mailbox of the archive for one of the target's with this use; NULL: there is none,
 * or it has its place.
 */
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

/*
 * Does a mailbox of the target that announces or is called so have mail for this use
 * already?
 */
static bool is_served(const struct mapping *m, const char *use)
{
	for (size_t i = 0; i < m->n_there; i++)
		if (m->there[i].use == use && m->there[i].taken)
			return true;
	return false;
}

/* Mailboxes of the target with a use that nothing of their name goes to. */
static void map_uses(struct mapping *m)
{
	for (size_t i = 0; i < m->n_there; i++) {
		struct there *t = &m->there[i];
		struct map_entry *e;

		if (!t->use || t->taken || !is_selectable(t) || is_inbox(t->content) ||
		        is_served(m, t->use) || is_wanted_name(m, t->content))
			continue;
		e = best_for(m, t->use);
		if (e)
			take_place(e, t,
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
		map_name(e, m->t, name_on_target(map_base(e), m->t->delimiter, 0, &why));
	t = there_of(m, e);
	e->subscribed = t && t->box->subscribed;
}

/*
 * What mail programs showed at the source is subscribed here, or else they do not show
 * it: the subscribed ones; INBOX, which they show without, also where it gets another
 * name; all, where nothing is subscribed (POP3, programs that know no subscriptions).
 */
static void choose_shown(struct mapping *m)
{
	bool any = false;

	for (size_t i = 0; i < m->n; i++)
		any |= (m->map[i].head->attrs & ATTR_SUBSCRIBED) != 0;
	for (size_t i = 0; i < m->n; i++) {
		const struct tree_head *h = m->map[i].head;
		bool selectable = !(h->attrs & ATTR_NOSELECT);

		m->map[i].show =
		        (h->attrs & ATTR_SUBSCRIBED) || (selectable && (!any || is_inbox(h->name)));
	}
}

/* A step for each mailbox that has no place yet. */
static void map_each(struct mapping *m, void (*step)(struct mapping *m, struct map_entry *e))
{
	for (size_t i = 0; i < m->n; i++)
		if (!m->map[i].raw)
			step(m, &m->map[i]);
}

struct map_entry *map_plan(const struct tree_head *const *heads, size_t n,
        const struct map_target *t, const struct map_wish *wish)
{
	struct mapping m = {.t = t, .wish = wish, .n = n, .map = xcalloc(n ? n : 1, sizeof *m.map)};

	read_there(&m);
	read_places(&m, heads);
	for (size_t i = 0; i < n; i++)
		m.map[i].implied = (heads[i]->attrs & ATTR_NOSELECT) && has_child(&m, &m.map[i]);
	read_uses(&m);
	map_wished(&m);
	if (wish->under && *wish->under)
		put_under(&m);
	map_each(&m, map_earlier);
	map_each(&m, map_same_name);
	map_each(&m, map_below_inbox);
	if (!wish->under || !*wish->under)
		map_uses(&m);
	map_each(&m, map_back);
	for (size_t i = 0; i < n; i++)
		if (m.map[i].implied)
			name_implied(&m, &m.map[i]);
	make_up_rest(&m);
	choose_shown(&m);
	for (size_t i = 0; i < m.n_there; i++) {
		free(m.there[i].content);
		free(m.there[i].shown);
	}
	free(m.there);
	return m.map;
}

const struct imap_mailbox *map_listed(
        const struct imap_mailbox *list, size_t n, const void *name, size_t name_len)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].name_len == name_len && memcmp(list[i].name, name, name_len) == 0)
			return &list[i];
	return NULL;
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
