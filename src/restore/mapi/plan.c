/* Which collection goes to which folder, and the folders that are to be made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "restore/labels/view.h"
#include "run.h"
#include "valise/base/mem.h"

enum { CLASSED_ITEMS = 200, NAME_ATTEMPTS = 5 };

/* ---- collections of the archive ---- */

/* What is not brought back, and why; NULL: it is. */
static const char *left_out(const struct tree_head *h)
{
	if (h->attrs & ATTR_GENERATED)
		return "made by the server itself from other data";
	if (h->attrs & ATTR_SUBSCRIPTION)
		return "a subscription: its address is in the archive";
	return NULL;
}

static const struct tree_head *raw_of(const struct mrun *r, const struct tree_head *h)
{
	char *name = xasprintf("%s: %s", coll_kind_dir(h->kind), h->name);
	const struct tree_head *raw =
	        tree_manifest_find(r->archive->ops->manifest(r->archive), COLL_MAPI, name);

	free(name);
	return raw;
}

static void add_coll(struct mrun *r, const struct tree_head *h)
{
	const struct tree_head *raw = raw_of(r, h);
	struct map_coll *c;

	/* One that is above others alone is there with these. */
	if (h->attrs & ATTR_NOSELECT || left_out(h))
		return;
	c = ARR_PUSH(r->colls, r->n_colls, r->colls_cap);
	*c = (struct map_coll){.head = h,
	        .kind = h->kind,
	        .content = h->content_name,
	        .class = h->kind == COLL_CALENDAR   ? FOLDER_APPOINTMENT
	                 : h->kind == COLL_CONTACTS ? FOLDER_CONTACT
	                                            : FOLDER_NOTE,
	        .together = raw && raw->roots.items,
	        .items = h->roots.items,
	        .node = MAP_NONE};
}

/* One without items is what it is called, or what it says that it takes. */
static enum folder_class class_of_empty(const struct map_coll *c, const struct tree_coll *coll)
{
	const char *props = coll && coll->props ? coll->props : "";

	for (unsigned k = FOLDER_APPOINTMENT; k < FOLDER_CONTACT; k++)
		if (folder_is_default_name((enum folder_class)k, c->content))
			return (enum folder_class)k;
	return strstr(props, "VTODO") && !strstr(props, "VEVENT") ? FOLDER_TASK
	                                                          : FOLDER_APPOINTMENT;
}

/* What most of the first items of a calendar are. */
static int set_class(struct mrun *r, struct map_coll *c, struct err *err)
{
	size_t counts[FOLDER_CLASSES] = {0};
	struct acoll a;
	int rc = mapi_coll_load(r, c, &a, err);

	for (size_t i = 0; rc > 0 && i < a.n_items && i < CLASSED_ITEMS; i++) {
		enum folder_class class;
		int got = mapi_item_class(&a, &a.items[i], &class, err);

		if (got == 0)
			counts[class]++;
		else if (err_ends(err))
			rc = got;
		else
			err_clear(err);
	}
	if (!a.n_items)
		c->class = class_of_empty(c, a.coll);
	mapi_coll_clear(&a);
	for (unsigned k = 0; k < FOLDER_CLASSES; k++)
		if (counts[k] > counts[c->class])
			c->class = (enum folder_class)k;
	return rc < 0 ? rc : 0;
}

/*
 * Of "mail: INBOX" and so on: as a collection of its own, which has the place of the one that it
 * stands beside.
 */
static void add_lone(struct mrun *r, const struct tree_head *h)
{
	for (unsigned k = 0; k < COLL_LINKED; k++) {
		size_t n = strlen(coll_kind_dir((enum coll_kind)k)) + 2;
		struct map_coll *c;

		if (!coll_is_linked((enum coll_kind)k, h->name) || strlen(h->name) <= n ||
		        strlen(h->content_name) <= n)
			continue;
		c = ARR_PUSH(r->colls, r->n_colls, r->colls_cap);
		*c = (struct map_coll){.head = h,
		        .kind = COLL_MAPI,
		        .content = h->content_name + n,
		        .class = k == COLL_CALENDAR   ? FOLDER_APPOINTMENT
		                 : k == COLL_CONTACTS ? FOLDER_CONTACT
		                                      : FOLDER_NOTE,
		        .together = true,
		        .node = MAP_NONE};
	}
}

static int gather(struct mrun *r, struct err *err)
{
	struct tree_reader *mail = r->view ? r->view : r->archive;
	const struct tree_manifest *m = mail->ops->manifest(mail),
	                           *all = r->archive->ops->manifest(r->archive);
	int rc = 0;

	for (size_t i = 0; i < m->n_heads; i++)
		if (m->heads[i].kind == COLL_MAIL)
			add_coll(r, &m->heads[i]);
	for (size_t i = 0; i < all->n_heads; i++)
		if (all->heads[i].kind != COLL_MAIL && !coll_is_beside(all->heads[i].kind))
			add_coll(r, &all->heads[i]);
	for (size_t i = 0; i < r->n_colls && rc == 0; i++)
		if (r->colls[i].kind == COLL_CALENDAR)
			rc = set_class(r, &r->colls[i], err);
	for (size_t i = 0; i < all->n_heads; i++)
		if (all->heads[i].kind == COLL_MAPI)
			add_lone(r, &all->heads[i]);
	return rc;
}

/* The head that a person chooses it by. */
static bool is_selected(const struct mrun *r, const struct map_coll *c)
{
	const struct tree_head *h = c->head;
	const struct tree_manifest *m = r->archive->ops->manifest(r->archive);
	const struct tree_head *own = NULL;
	struct tree_head as = *h;

	if (c->kind == COLL_MAIL && r->view)
		h = label_view_origin(r->view, h);
	if (c->kind != COLL_MAPI)
		return target_selects(r->opts, h);
	for (unsigned k = 0; k < COLL_LINKED; k++)
		if (coll_is_linked((enum coll_kind)k, h->name)) {
			as.kind = (enum coll_kind)k;
			as.name = h->name + strlen(coll_kind_dir((enum coll_kind)k)) + 2;
			own = tree_manifest_find(m, as.kind, as.name);
		}
	as.content_name = (char *)(uintptr_t)c->content;
	return (!r->opts->beside || r->opts->beside & 1u << as.kind) &&
	       target_selects(r->opts, own ? own : &as);
}

bool mapi_is_chosen(const struct mrun *r, const struct map_coll *c)
{
	return c->kind == r->kind && c->node != MAP_NONE && is_selected(r, c);
}

/* ---- places ---- */

/* "mail: INBOX"; with --under it is another place. */
char *mapi_place_key(const struct mrun *r, const struct map_coll *c)
{
	const char *under = r->opts->under ? r->opts->under : "";

	if (c->kind == COLL_MAPI)
		return xasprintf("%s%s%s", under, *under ? "/" : "", c->head->name);
	return xasprintf(
	        "%s%s%s: %s", under, *under ? "/" : "", coll_kind_dir(c->kind), c->head->name);
}

static mapi_id earlier(const void *ctx, const struct map_coll *c)
{
	const struct mrun *r = ctx;
	char *key = mapi_place_key(r, c);
	mapi_id id = mapi_journal_place(r->journal, key);

	free(key);
	return id;
}

/* --into: a folder of this path or name, for all of the kind. */
static size_t find_into(const struct mrun *r)
{
	bool contacts = r->kind == COLL_CONTACTS;

	for (size_t i = 0; i < r->map.n; i++) {
		const struct map_node *d = &r->map.nodes[i];
		struct buf path = buf_of(SIZE_MAX);
		bool is;

		mapi_map_path(&r->map, i, &path);
		is = !d->search && d->class != FOLDER_NOTE &&
		     (d->class == FOLDER_CONTACT) == contacts &&
		     (strcmp(buf_str(&path), r->opts->into) == 0 ||
		             strcmp(d->name, r->opts->into) == 0);
		buf_clear(&path);
		if (is)
			return i;
	}
	return MAP_NONE;
}

static int take_into(struct mrun *r, struct err *err)
{
	size_t node;

	if (!r->opts->into || (r->kind != COLL_CALENDAR && r->kind != COLL_CONTACTS))
		return 0;
	node = find_into(r);
	for (size_t i = 0; i < r->n_colls; i++) {
		struct map_coll *c = &r->colls[i];

		if (node == MAP_NONE && mapi_is_chosen(r, c))
			r->sum.failed += c->items;
		if (node != MAP_NONE && c->kind == r->kind && !c->mapped)
			c->node = node;
	}
	r->sum.no_into = node == MAP_NONE;
	r->sum.items = r->sum.failed;
	return node != MAP_NONE
	               ? 0
	               : err_set(err, ERR_NOTFOUND, ERR_WHOLE,
	                         "--into: the target has no %s \"%s\"",
	                         r->kind == COLL_CONTACTS ? "folder of contacts" : "calendar",
	                         r->opts->into);
}

static void say_left_out(struct mrun *r)
{
	const struct tree_manifest *m = r->archive->ops->manifest(r->archive);

	for (size_t i = 0; i < m->n_heads; i++)
		if (m->heads[i].kind == r->kind && left_out(&m->heads[i]) &&
		        target_selects(r->opts, &m->heads[i]))
			mapi_say_coll(r, SAY_NOTE, m->heads[i].name, "not restored: %s",
			        left_out(&m->heads[i]));
}

int mapi_plan(struct mrun *r, struct err *err)
{
	const struct map_wish wish = {.under = r->opts->under,
	        .maps = r->opts->maps,
	        .n_maps = r->opts->n_maps,
	        .earlier = earlier,
	        .ctx = r};
	int rc = gather(r, err);

	if (rc == 0)
		do
			rc = mapi_folders(r->store, &r->folders, err);
		while (mapi_again(r, &rc, err));
	if (rc < 0)
		return rc;
	mapi_map_begin(&r->map, &r->folders);
	mapi_map_plan(&r->map, r->colls, r->n_colls, &wish);
	rc = take_into(r, err);
	for (size_t i = 0; i < r->n_colls; i++)
		if (mapi_is_chosen(r, &r->colls[i])) {
			atomic_fetch_add(&r->progress->items_total, r->colls[i].items);
			atomic_fetch_add(&r->progress->bytes_total, r->colls[i].head->roots.bytes);
		}
	if (rc == 0 && !r->opts->looked)
		say_left_out(r);
	return rc;
}

/* ---- folders ---- */

/* There is one by now: made by somebody else, or by a request that was refused or lost. */
static int find_made(struct mrun *r, struct map_node *d, mapi_id parent, struct err *err)
{
	struct mapi_folders now = {0};
	int rc;

	do
		rc = r->store ? mapi_folders(r->store, &now, err)
		              : err_set(err, ERR_NET, ERR_WHOLE, "no session");
	while (mapi_again(r, &rc, err));
	for (size_t i = 0; rc == 0 && i < now.n && !d->id; i++)
		if (now.list[i].parent == parent && now.list[i].type != MAPI_FOLDER_SEARCH &&
		        strcasecmp(now.list[i].name, d->name) == 0)
			d->id = now.list[i].id;
	mapi_folders_clear(&now);
	return rc;
}

static int make_one(struct mrun *r, struct map_node *d, mapi_id parent, struct err *err)
{
	for (;;) {
		struct err other = {0};
		int rc = r->store ? mapi_make_folder(r->store, parent, d->name,
		                            folder_class_name(d->class), &d->id, err)
		                  : err_set(err, ERR_NET, ERR_WHOLE, "no session");
		bool again;

		d->made = rc == 0;
		if (rc == 0)
			return 0;
		d->id = 0;
		again = mapi_again(r, &rc, err);
		if (!again && err_ends(err))
			return rc;
		if (find_made(r, d, parent, &other) < 0 && err_ends(&other))
			return err_copy(err, &other);
		if (d->id)
			err_clear(err);
		if (d->id || !again)
			return d->id ? 0 : err->code;
	}
}

/* A folder that the server has under this name, and does not list, costs the name. */
static int make_named(struct mrun *r, struct map_node *d, mapi_id parent, struct err *err)
{
	char *name = d->name;
	int rc = ERR_EXISTS;

	for (unsigned i = 1; rc == ERR_EXISTS && i <= NAME_ATTEMPTS; i++) {
		d->name = i == 1 ? xstrdup(name) : xasprintf("%s_%u", name, i);
		rc = make_one(r, d, parent, err);
		if (rc < 0)
			free(d->name);
	}
	if (rc < 0)
		d->name = name;
	else
		free(name);
	return rc;
}

int mapi_make_node(struct mrun *r, size_t node, struct err *err)
{
	size_t above = r->map.nodes[node].parent;
	struct map_node *d;
	mapi_id parent = r->map.top;
	int rc = 0;

	if (r->map.nodes[node].id || r->map.nodes[node].refused || r->opts->dry_run)
		return 0;
	if (above != MAP_TOP) {
		rc = mapi_make_node(r, above, err);
		parent = r->map.nodes[above].id;
	}
	d = &r->map.nodes[node];
	if (rc == 0 && !parent)
		d->refused = xasprintf(
		        "the folder above it was not made: %s", r->map.nodes[above].refused);
	if (rc < 0 || !parent)
		return rc;
	rc = make_named(r, d, parent, err);
	if (rc < 0 && !err_ends(err)) {
		d->refused = xstrdup(err->text);
		err_clear(err);
		return 0;
	}
	return rc;
}
