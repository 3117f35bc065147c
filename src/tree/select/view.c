/* A reader over a reader: what is meant of it, and nothing else. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "valise/tree/view.h"
#include "internal.h"

#define HEAD_MAX (1u << 20) /* of a message's header */
#define OBJECT_MAX (64u << 20) /* of a calendar object or card */

/* What is shown of a collection. */
struct shown {
	const struct tree_head *own; /* of ${from} */
	/* of its items, then of those that are gone: is it meant? NULL: all are, or nobody
	 * could tell */
	bool *meant;
	size_t n;
};

struct view {
	struct tree_view view;
	const struct selection *s;
	struct shown *shown; /* one for each of its heads */
	bool *found; /* of s->items */
};

/* Of ${n} items, the first ones of ${meant}, those that are meant. */
static size_t keep_meant(struct tree_item *items, size_t n, const bool *meant)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (meant[i])
			items[kept++] = items[i];
	return kept;
}

static const struct shown *find_shown(const struct view *v, const struct tree_head *h)
{
	const struct tree_head *mine = tree_manifest_find(&v->view.manifest, h->kind, h->name);

	return mine ? &v->shown[mine - v->view.manifest.heads] : NULL;
}

static int view_coll(
        struct tree_reader *r, const struct tree_head *h, struct tree_coll **out, struct err *err)
{
	struct view *v = (struct view *)r;
	const struct shown *shown = find_shown(v, h);
	struct tree_coll *c = NULL;
	int rc = v->view.from->ops->coll(v->view.from, shown ? shown->own : h, &c, err);

	*out = c;
	if (rc < 0 || !shown || !shown->meant || shown->n != c->n_items + c->n_gone)
		return rc;
	c->n_gone = keep_meant(c->gone, c->n_gone, shown->meant + c->n_items);
	c->n_items = keep_meant(c->items, c->n_items, shown->meant);
	return 0;
}

static void view_free(struct tree_reader *r)
{
	struct view *v = (struct view *)r;

	if (!v)
		return;
	for (size_t i = 0; v->shown && i < v->view.manifest.n_heads; i++)
		free(v->shown[i].meant);
	free(v->shown);
	free(v->found);
	tree_reader_free(v->view.from);
	tree_manifest_clear(&v->view.manifest);
	free(v);
}

static const struct tree_reader_ops ops = {
        .manifest = tree_view_manifest,
        .coll = view_coll,
        .body = tree_view_body,
        .free = view_free,
        .names = tree_view_names,
};

/* ---- deciding ---- */

static int to_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_fill(ctx, p, n); /* what is beyond the cap does not tell anything any more */
	return 0;
}

/* What cannot be read is meant: whoever reads it says so. */
static bool octets_tell(struct view *v, const struct tree_coll *c, const struct tree_item *it)
{
	struct buf b = buf_of(c->kind == COLL_MAIL ? HEAD_MAX : OBJECT_MAX);
	struct err ignored = {0};
	bool yes = true;

	if (v->view.from->ops->body(v->view.from, c, it, to_buf, &b, &ignored) == 0)
		yes = selection_octets(v->s, c->kind, buf_str(&b), b.len);
	buf_clear(&b);
	return yes;
}

static bool is_named_item(struct view *v, const struct tree_head *h, const struct tree_coll *c,
        const struct tree_item *it)
{
	bool any = false;

	for (size_t i = 0; v->s->items && v->s->items[i]; i++)
		if (selection_is_item(v->s->items[i], h, c, it))
			any = v->found[i] = true;
	return any || !v->s->items;
}

static bool is_meant(struct view *v, const struct tree_head *h, const struct tree_coll *c,
        const struct tree_item *it)
{
	const struct selection *s = v->s;
	enum select_answer named = SELECT_YES;
	struct item_about a = {0};

	if (!is_named_item(v, h, c, it) || !selection_listed(s, c->kind, it) ||
	        (s->text && !s->text(s->text_ctx, c->kind, it->sha256)))
		return false;
	if (s->from || s->to || s->subject || c->kind == COLL_CALENDAR) {
		if (h->what)
			tree_item_about(v->view.from, c, it, &a);
		named = selection_named(s, c->kind, &a, h->what != 0);
		about_clear(&a);
	}
	return named == SELECT_ASK ? octets_tell(v, c, it) : named == SELECT_YES;
}

/* Begins one of --item with the name of the collection? */
static bool may_have_item(const struct selection *s, const struct tree_head *h)
{
	for (size_t i = 0; s->items && s->items[i]; i++)
		for (unsigned form = 0; form < SELECT_ITEM_FORMS; form++)
			if (select_item_key(s->items[i], h, form))
				return true;
	return !s->items;
}

static struct shown *show(struct view *v, const struct tree_head *h, size_t *cap)
{
	size_t n = v->view.manifest.n_heads;
	struct shown *shown = ARR_PUSH(v->shown, n, *cap);

	(void)tree_manifest_add(&v->view.manifest, h);
	shown->own = h;
	return shown;
}

/* Which of its items are meant; nothing is shown where none is. */
static int show_meant(struct view *v, const struct tree_head *h, size_t *cap, struct err *err)
{
	struct tree_coll *c = NULL;
	struct err why = {0};
	struct shown *shown;
	struct tree_head *mine;
	uint64_t kept = 0, gone = 0, bytes = 0;
	bool *meant;
	int rc = v->view.from->ops->coll(v->view.from, h, &c, &why);

	if (rc < 0 && why.code == ERR_STOPPED) {
		*err = why;
		return rc;
	}
	if (rc < 0) {
		show(v, h, cap);
		return 0;
	}
	meant = xcalloc(c->n_items + c->n_gone + 1, sizeof *meant);
	for (size_t i = 0; i < c->n_items + c->n_gone && rc == 0; i++) {
		const struct tree_item *it = tree_coll_any(c, i);

		meant[i] = is_meant(v, h, c, it);
		gone += meant[i] && i >= c->n_items;
		kept += meant[i] && i < c->n_items;
		bytes += meant[i] && i < c->n_items ? it->size : 0;
		rc = stop_check(err);
	}
	if (rc == 0 && kept + gone > 0) {
		shown = show(v, h, cap);
		shown->meant = meant;
		shown->n = c->n_items + c->n_gone;
		mine = &v->view.manifest.heads[v->view.manifest.n_heads - 1];
		mine->roots.items = kept;
		mine->roots.gone = gone;
		mine->roots.bytes = bytes;
	} else {
		free(meant);
	}
	tree_coll_free(c);
	return rc;
}

static void head_name(const struct tree_head *h, struct pattern_name *out)
{
	*out = (struct pattern_name){h->name, h->content_name,
	        pattern_delimiter(h->name, h->content_name), h->kind == COLL_MAIL, h->special_use};
}

/*
 * What stands beside a collection, files behind its links, stands and falls with it,
 * "calendars: Work", and is no item that somebody means.
 */
static bool linked_is_meant(const struct selection *s, const struct tree_head *h)
{
	if (s->keep_others)
		return true;
	for (unsigned k = 0; k < COLL_LINKED && !selection_by_item(s); k++) {
		const char *name = strchr(h->name, ':');
		struct pattern_name of = {.full = name};

		if (!coll_is_linked((enum coll_kind)k, h->name))
			continue;
		of.full = name[1] == ' ' ? name + 2 : name + 1;
		return selection_coll(s, (enum coll_kind)k, &of);
	}
	return false;
}

static int show_head(struct view *v, const struct tree_head *h, size_t *cap, struct err *err)
{
	const struct selection *s = v->s;
	struct pattern_name name;

	head_name(h, &name);
	if (coll_is_beside(h->kind) ? linked_is_meant(s, h)
	                            : !selection_by_item(s) && selection_coll(s, h->kind, &name))
		show(v, h, cap);
	else if (!coll_is_beside(h->kind) && selection_coll(s, h->kind, &name))
		return may_have_item(s, h) ? show_meant(v, h, cap, err) : 0;
	else if (!coll_is_beside(h->kind) && s->keep_others &&
	         (!s->kinds || s->kinds & 1u << h->kind))
		show(v, h, cap);
	return 0;
}

int selection_view(struct tree_reader *from, const struct selection *s, struct tree_reader **out,
        struct err *err)
{
	const struct tree_manifest *m = from->ops->manifest(from);
	struct view *v = xcalloc(1, sizeof *v);
	size_t n_items = 0, cap = 0;
	int rc = 0;

	*out = NULL;
	v->view.reader.ops = &ops;
	v->view.from = from;
	v->s = s;
	while (s->items && s->items[n_items])
		n_items++;
	v->found = xcalloc(n_items + 1, sizeof *v->found);
	tree_account_copy(&v->view.manifest.account, &m->account);
	v->view.manifest.created = m->created;
	v->view.manifest.tool = xstrdup(m->tool);
	for (size_t i = 0; i < m->n_heads && rc == 0; i++)
		rc = show_head(v, &m->heads[i], &cap, err);
	if (rc == 0)
		*out = &v->view.reader;
	else
		view_free(&v->view.reader);
	return rc;
}

const char *selection_unfound(const struct tree_reader *view)
{
	const struct view *v = (const struct view *)view;

	for (size_t i = 0; v->s->items && v->s->items[i]; i++)
		if (!v->found[i])
			return v->s->items[i];
	return NULL;
}
