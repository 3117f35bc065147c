/* The plan of folders: what is there, and what the archive has, compared step by step. */
#include "map.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/hash.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/tree/use.h"

enum { NAME_MAX_OCTETS = 200, LEVELS_MAX = 32 };
static const char inbox[] = "INBOX";

struct planning {
	struct map *m;
	struct map_coll *colls;
	size_t n;
	const struct map_wish *wish;
};

/* ---- what is there ---- */

static size_t add_node(struct map *m, size_t parent, const char *name, enum folder_class class)
{
	struct map_node *d = ARR_PUSH(m->nodes, m->n, m->cap);

	d->parent = parent;
	d->name = xstrdup(name);
	d->class = class;
	return m->n - 1;
}

struct id_at {
	mapi_id id;
	size_t node;
};

static int by_id(const void *p, const void *q)
{
	const struct id_at *a = p, *b = q;

	return ORDER_OF(a->id, b->id);
}

void mapi_map_begin(struct map *m, const struct mapi_folders *f)
{
	struct id_at *ids = xcalloc(f->n + 1, sizeof *ids);

	*m = (struct map){0};
	for (size_t i = 0; i < f->n; i++) {
		const struct mapi_folder *from = &f->list[i];
		size_t k = add_node(m, MAP_TOP, from->name, folder_class_of(from->container_class));

		m->nodes[k].id = from->id;
		m->nodes[k].use = from->use;
		m->nodes[k].search = from->type == MAPI_FOLDER_SEARCH;
		if (from->depth <= 1)
			m->top = from->parent;
		ids[i] = (struct id_at){from->id, k};
	}
	SORT(ids, f->n, by_id);
	for (size_t i = 0; i < f->n; i++) {
		struct id_at key = {f->list[i].parent, 0};
		const struct id_at *above = FIND(&key, ids, f->n, by_id);

		if (above && above->node != i)
			m->nodes[i].parent = above->node;
	}
	free(ids);
}

void mapi_map_clear(struct map *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->nodes[i].name);
		free(m->nodes[i].refused);
	}
	free(m->nodes);
	*m = (struct map){0};
}

void mapi_map_colls_free(struct map_coll *colls, size_t n)
{
	for (size_t i = 0; colls && i < n; i++)
		free(colls[i].want);
	free(colls);
}

void mapi_map_path(const struct map *m, size_t node, struct buf *out)
{
	if (m->nodes[node].parent != MAP_TOP) {
		mapi_map_path(m, m->nodes[node].parent, out);
		buf_putc(out, '/');
	}
	buf_puts(out, m->nodes[node].name);
}

/* The child of this name, letter by letter, else in any case; MAP_NONE: there is none. */
static size_t find_child(const struct map *m, size_t parent, const char *name)
{
	size_t near = MAP_NONE;

	for (size_t i = 0; i < m->n; i++) {
		if (m->nodes[i].parent != parent || strcasecmp(m->nodes[i].name, name) != 0)
			continue;
		if (strcmp(m->nodes[i].name, name) == 0)
			return i;
		near = near == MAP_NONE ? i : near;
	}
	return near;
}

static size_t find_use(const struct map *m, const char *use)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->nodes[i].use && strcmp(m->nodes[i].use, use) == 0 && !m->nodes[i].search)
			return i;
	return MAP_NONE;
}

/* ---- names ---- */

/* What is too long for a folder is cut, and told apart by its sum. */
static void shorten(struct buf *name)
{
	char hex[SHA256_HEX_SIZE];
	size_t n = NAME_MAX_OCTETS;

	sha256_hex((const char *)name->data, name->len, hex);
	while (n && (name->data[n] & 0xc0) == 0x80)
		n--;
	name->len = n;
	buf_putf(name, "~%.8s", hex);
}

/* A level of a content name as it is called: =2F and =3D are what they stand for. */
static char *level_name(const char *s, size_t n)
{
	struct buf out = buf_of(SIZE_MAX);

	for (size_t i = 0; i < n; i++) {
		int c = s[i] == '=' && i + 2 < n ? hex_octet(s + i + 1) : -1;

		if (c == '/' || c == '=') {
			buf_putc(&out, (char)c);
			i += 2;
		} else {
			buf_putc(&out, s[i]);
		}
	}
	if (!out.len)
		buf_putc(&out, '_');
	if (out.len > NAME_MAX_OCTETS)
		shorten(&out);
	return buf_take(&out);
}

/* Where its last level begins. */
static size_t last_level(const char *path, size_t n)
{
	while (n && path[n - 1] != '/')
		n--;
	return n;
}

static unsigned bit_of(const struct map_coll *c)
{
	return 1u << c->kind;
}

static void take(struct planning *p, struct map_coll *c, size_t node)
{
	c->node = node;
	p->m->nodes[node].taken |= bit_of(c);
}

/* Both came from one folder of Outlook's. */
static bool is_same_folder(const struct map_coll *a, const struct map_coll *b)
{
	return a != b && a->together && b->together && strcmp(a->want, b->want) == 0;
}

/* ---- folders by path ---- */

/* The collection whose folder is this path, if it has one already. */
static size_t placed_at(const struct planning *p, const char *path, size_t n)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct map_coll *c = &p->colls[i];

		if (c->node != MAP_NONE && (c->kind == COLL_MAIL || c->together) &&
		        strncmp(c->want, path, n) == 0 && !c->want[n])
			return c->node;
	}
	return MAP_NONE;
}

/* The folder of the first ${n} octets of the path, there or to be made. */
static size_t folder_at(struct planning *p, const char *path, size_t n)
{
	size_t node, parent, at = last_level(path, n);
	char *name;

	if (n == 0)
		return MAP_TOP;
	node = placed_at(p, path, n);
	if (node == MAP_NONE && n == sizeof inbox - 1 && strncasecmp(path, inbox, n) == 0)
		node = find_use(p->m, "\\Inbox");
	if (node != MAP_NONE)
		return node;
	parent = folder_at(p, path, at ? at - 1 : 0);
	name = level_name(path + at, n - at);
	node = find_child(p->m, parent, name);
	if (node == MAP_NONE || p->m->nodes[node].search)
		node = add_node(p->m, parent, name, FOLDER_NOTE);
	free(name);
	return node;
}

/* Of a folder that several collections shared, what most of it was. */
static enum folder_class class_of_all(const struct planning *p, const struct map_coll *c)
{
	const struct map_coll *most = c;

	for (size_t i = 0; i < p->n; i++)
		if (is_same_folder(&p->colls[i], c) && p->colls[i].items > most->items)
			most = &p->colls[i];
	return most->class;
}

static const char *mail_use(const struct map_coll *c)
{
	const char *use = c->kind == COLL_MAIL ? use_announced(c->head->special_use) : NULL;

	return use ? use : c->kind == COLL_MAIL ? use_by_name(c->content) : NULL;
}

static bool is_usable(const struct planning *p, const struct map_coll *c, size_t node)
{
	const struct map_node *d = &p->m->nodes[node];
	const char *use = mail_use(c);

	if (d->search || (d->taken & bit_of(c) && !c->mapped))
		return false;
	if (use && d->use && *d->use == '\\' && strcmp(use, d->use) != 0)
		return false;
	return c->together || c->mapped || d->class == c->class;
}

/* The next name for what cannot have its own. */
static char *other_name(const struct map_coll *c, const char *name, unsigned attempt)
{
	if (attempt == 0)
		return xstrdup(name);
	if (attempt == 1)
		return xasprintf("%s (%s)", name, folder_class_word(c->class));
	return xasprintf("%s_%u", name, attempt);
}

static size_t place_below(struct planning *p, struct map_coll *c, size_t parent, const char *name)
{
	enum folder_class class = class_of_all(p, c);

	for (unsigned attempt = 0;; attempt++) {
		char *other = other_name(c, name, attempt);
		size_t node = find_child(p->m, parent, other);

		if (node == MAP_NONE)
			node = add_node(p->m, parent, other, class);
		free(other);
		/* What is above something else of the archive alone is not of a class yet. */
		if (!p->m->nodes[node].id && !p->m->nodes[node].taken)
			p->m->nodes[node].class = class;
		if (is_usable(p, c, node))
			return node;
		/* It is no other word for what another one of its kind is called. */
		attempt += attempt == 0 && p->m->nodes[node].taken & bit_of(c);
	}
}

static void place(struct planning *p, struct map_coll *c)
{
	size_t n = strlen(c->want), at = last_level(c->want, n), parent;
	char *name;

	for (size_t i = 0; i < p->n; i++)
		if (is_same_folder(&p->colls[i], c) && p->colls[i].node != MAP_NONE &&
		        is_usable(p, c, p->colls[i].node)) {
			take(p, c, p->colls[i].node);
			return;
		}
	if (c->mapped && strcasecmp(c->want, inbox) == 0) {
		take(p, c, folder_at(p, c->want, n));
		return;
	}
	parent = folder_at(p, c->want, at ? at - 1 : 0);
	name = level_name(c->want + at, n - at);
	take(p, c, place_below(p, c, parent, name));
	free(name);
}

/* ---- the steps ---- */

/* What the user says; the longest name counts. */
static char *wished(const struct map_wish *w, const struct map_coll *c)
{
	const char *rest, *to = NULL, *behind = "";
	size_t longest = 0;

	for (size_t i = 0; i < w->n_maps; i++) {
		const struct target_map *m = &w->maps[i];

		if (target_map_names(m, c->head, c->content, &rest) && strlen(m->from) >= longest) {
			longest = strlen(m->from);
			to = m->to;
			behind = rest;
		}
	}
	return to ? xasprintf("%s%s", to, behind) : NULL;
}

/* Levels beyond what a mailbox has are one. */
static void flatten(char *path)
{
	unsigned levels = 1;

	for (char *s = path; *s; s++)
		if (*s == '/' && ++levels > LEVELS_MAX)
			*s = '_';
}

static void set_wants(struct planning *p)
{
	const struct map_wish *w = p->wish;

	for (size_t i = 0; i < p->n; i++) {
		struct map_coll *c = &p->colls[i];

		c->node = MAP_NONE;
		c->want = wished(w, c);
		c->mapped = c->want != NULL;
		if (!c->want)
			c->want = w->under ? xasprintf("%s/%s", w->under, c->content)
			                   : xstrdup(c->content);
		flatten(c->want);
	}
}

/* Where an earlier restore put it. */
static void take_earlier(struct planning *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct map_coll *c = &p->colls[i];
		mapi_id id = p->wish->earlier && !c->mapped ? p->wish->earlier(p->wish->ctx, c) : 0;

		for (size_t k = 0; id && k < p->m->n; k++)
			if (p->m->nodes[k].id == id && !p->m->nodes[k].search &&
			        !(p->m->nodes[k].taken & bit_of(c)))
				take(p, c, k);
	}
}

static bool announces(const struct planning *p, const char *use)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->colls[i].kind == COLL_MAIL &&
		        text_same(use_announced(p->colls[i].head->special_use), use))
			return true;
	return false;
}

/* Of the mail that has this use, that with the most items; ${called}: first what is called so. */
static struct map_coll *best_of_use(const struct planning *p, const char *use, const char *called)
{
	bool announced = announces(p, use);
	struct map_coll *best = NULL;

	for (size_t i = 0; i < p->n; i++) {
		struct map_coll *c = &p->colls[i];
		const char *its = c->kind != COLL_MAIL ? NULL
		                  : announced          ? use_announced(c->head->special_use)
		                                       : use_by_name(c->content);

		if (c->node != MAP_NONE || !text_same(its, use))
			continue;
		if (strcasecmp(c->content, called) == 0)
			return c;
		if (!best || c->items > best->items)
			best = c;
	}
	return best;
}

static void take_uses(struct planning *p)
{
	for (size_t k = 0; k < p->m->n; k++) {
		const struct map_node *d = &p->m->nodes[k];
		struct map_coll *c = NULL;

		if (!d->use || *d->use != '\\' || d->search || d->taken & 1u << COLL_MAIL)
			continue;
		for (size_t i = 0; i < p->n && !c; i++)
			if (strcmp(d->use, "\\Inbox") == 0 && p->colls[i].kind == COLL_MAIL &&
			        strcmp(p->colls[i].content, inbox) == 0 &&
			        p->colls[i].node == MAP_NONE)
				c = &p->colls[i];
		if (!c && strcmp(d->use, "\\Inbox") != 0)
			c = best_of_use(p, use_announced(d->use), d->name);
		if (c)
			take(p, c, k);
	}
}

/* The default folders of what is no mail. */
static void take_defaults(struct planning *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct map_coll *c = &p->colls[i];
		size_t node;

		if (c->node != MAP_NONE || c->class == FOLDER_NOTE || c->kind == COLL_MAIL ||
		        !folder_is_default_name(c->class, c->content))
			continue;
		node = find_use(p->m, folder_class_word(c->class));
		if (node != MAP_NONE && is_usable(p, c, node))
			take(p, c, node);
	}
}

void mapi_map_plan(struct map *m, struct map_coll *colls, size_t n, const struct map_wish *wish)
{
	struct planning p = {m, colls, n, wish};

	set_wants(&p);
	for (size_t i = 0; i < n; i++)
		if (colls[i].mapped)
			place(&p, &colls[i]);
	take_earlier(&p);
	if (!wish->under) {
		take_uses(&p);
		take_defaults(&p);
	}
	for (size_t i = 0; i < n; i++)
		if (colls[i].node == MAP_NONE)
			place(&p, &colls[i]);
}

size_t mapi_map_part(struct map *m, const struct map_coll *c, enum folder_class class)
{
	const struct map_node *own = &m->nodes[c->node];
	size_t parent = own->parent;
	char *name = xasprintf("%s (%s)", own->name, folder_class_word(class));
	size_t node = find_child(m, parent, name);

	for (unsigned i = 2; node != MAP_NONE && m->nodes[node].class != class; i++) {
		free(name);
		name = xasprintf("%s (%s)_%u", own->name, folder_class_word(class), i);
		node = find_child(m, parent, name);
	}
	if (node == MAP_NONE)
		node = add_node(m, parent, name, class);
	free(name);
	return node;
}
