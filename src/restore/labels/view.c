/* A reader over a reader: one message of many mailboxes in one place, with labels. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "valise/tree/view.h"
#include "names.h"
#include "pick.h"
#include "view.h"

struct view {
	struct tree_view view;
	struct label_opts o;
	struct label_names names; /* mailboxes of ${from} and what they are picked for */
	uint32_t *origin; /* per head shown: its number in names */
};

static void view_free(struct tree_reader *r)
{
	struct view *v = (struct view *)r;

	label_names_clear(&v->names);
	tree_manifest_clear(&v->view.manifest);
	free(v->origin);
	free(v);
}

static uint32_t number_of(const struct view *v, const struct tree_head *h)
{
	return v->origin[h - v->view.manifest.heads];
}

/* The collection without what is restored elsewhere, its labels set. */
static int view_coll(
        struct tree_reader *r, const struct tree_head *h, struct tree_coll **out, struct err *err)
{
	struct view *v = (struct view *)r;
	uint32_t number = number_of(v, h);
	const struct pick_coll *pick = &v->names.colls[number];
	struct tree_coll *c;
	struct label_memo memo = {0};
	size_t kept = 0;
	int rc = v->view.from->ops->coll(v->view.from, v->names.heads[number], &c, err);

	*out = NULL;
	if (rc < 0)
		return rc;
	tree_coll_sort(c);
	for (size_t i = 0; pick->set && i < c->n_items && i < pick->n; i++) {
		struct tree_item it = c->items[i];

		if (pick->set[i] == PICK_NOT)
			continue;
		if (v->o.gmail)
			label_item(&v->names, number, c, &it, pick->set[i], &memo);
		else if (v->o.target->labels == LABELS_KEYWORDS)
			label_item_keywords(&v->names, number, c, &it, pick->set[i], &memo);
		c->items[kept++] = it;
	}
	if (pick->set)
		c->n_items = kept;
	label_memo_clear(&memo);
	*out = c;
	return 0;
}

static const struct tree_reader_ops view_ops = {
        .manifest = tree_view_manifest,
        .coll = view_coll,
        .body = tree_view_body,
        .free = view_free,
        .names = tree_view_names,
};

const struct tree_head *label_view_origin(const struct tree_reader *view, const struct tree_head *h)
{
	const struct view *v = (const struct view *)view;

	return v->names.heads[number_of(v, h)];
}

/* ---- reading ---- */

struct reading {
	struct place *places;
	size_t n, cap;
};

/* Where the messages of a mailbox are; one that cannot be read has none. */
static int read_places(struct view *v, struct reading *t, uint32_t number, struct err *err)
{
	struct pick_coll *pick = &v->names.colls[number];
	struct tree_coll *c;
	struct err why = {0};

	if (v->view.from->ops->coll(v->view.from, v->names.heads[number], &c, &why) < 0) {
		if (why.code == ERR_STOPPED) {
			*err = why;
			return why.code;
		}
		return 0; /* it is told when it is restored */
	}
	tree_coll_sort(c);
	pick->n = c->n_items;
	pick->set = xmalloc((c->n_items + 1) * sizeof *pick->set);
	for (size_t i = 0; i < c->n_items; i++) {
		const struct tree_ext *e = tree_item_ext(c, &c->items[i]);
		struct place *p = ARR_PUSH(t->places, t->n, t->cap);

		pick->set[i] = PICK_NOT;
		memcpy(p->sha256, c->items[i].sha256, SHA256_LEN);
		p->msgid = e ? e->gm_msgid : 0;
		p->coll = number;
		p->item = (uint32_t)i;
		if (v->o.target->labels == LABELS_KEYWORDS && !v->o.gmail && e && e->labels)
			label_names_see(&v->names, e->labels);
	}
	tree_coll_free(c);
	return stop_check(err);
}

static bool has_class(const struct label_names *n, enum label_class class)
{
	for (size_t i = 0; i < n->n; i++)
		if (n->colls[i].class == class)
			return true;
	return false;
}

/* Where a use is announced, names say nothing about it; as restore/imap/map.c has it. */
static void class_by_name(struct label_names *n)
{
	bool announced[CLASSES];

	for (enum label_class c = 0; c < CLASSES; c++)
		announced[c] = has_class(n, c);
	for (size_t i = 0; i < n->n; i++) {
		enum label_class class = label_class_by_name(n->heads[i]);

		if (n->colls[i].class == CLASS_USER && !announced[class])
			n->colls[i].class = class;
	}
}

/* The mailboxes of the archive, what they are for, which of them are wanted. */
static void collect_labels(struct view *v)
{
	const struct tree_manifest *m = v->view.from->ops->manifest(v->view.from);
	struct label_names *n = &v->names;

	n->heads = xcalloc(m->n_heads + 1, sizeof *n->heads);
	n->colls = xcalloc(m->n_heads + 1, sizeof *n->colls);
	n->wanted = xcalloc(m->n_heads + 1, sizeof *n->wanted);
	n->sets = tree_coll_new(COLL_MAIL, "");
	for (size_t i = 0; i < m->n_heads; i++) {
		if (m->heads[i].kind != COLL_MAIL)
			continue;
		n->heads[n->n] = &m->heads[i];
		n->colls[n->n].class = label_class_of(&m->heads[i]);
		n->wanted[n->n++] = target_selects(v->o.target, &m->heads[i]);
	}
	class_by_name(n);
}

/* Does the view show anything otherwise than it is? */
static bool is_needed(const struct view *v)
{
	if (v->o.gmail || v->o.target->labels != LABELS_FOLDERS)
		return true;
	for (size_t i = 0; i < v->names.n; i++)
		if (v->names.colls[i].class == CLASS_ALL && v->names.wanted[i])
			return true;
	return false;
}

/* ---- the manifest ---- */

/* Has a mailbox of the archive this name, or this use? */
static bool name_taken(const struct view *v, const char *content_name, const char *use)
{
	for (size_t i = 0; i < v->names.n; i++)
		if ((content_name &&
		            strcasecmp(v->names.heads[i]->content_name, content_name) == 0) ||
		        (use && v->names.heads[i]->special_use &&
		                strstr(v->names.heads[i]->special_use, use)))
			return true;
	return false;
}

/* Has a mailbox lost all its messages to others, so that it need not be there? */
static bool is_emptied(const struct view *v, uint32_t i)
{
	const struct pick_coll *pick = &v->names.colls[i];
	enum label_class class = pick->class;

	/* not wanted, or it could not be read */
	if (!pick->set)
		return false;
	for (size_t k = 0; k < pick->n; k++)
		if (pick->set[k] != PICK_NOT)
			return false;
	if (v->o.gmail)
		return class == CLASS_ALL || class == CLASS_IMPORTANT || class == CLASS_FLAGGED;
	return pick->n > 0;
}

static bool is_below(const struct tree_head *h, const struct tree_head *parent)
{
	size_t n = strlen(parent->content_name);

	return strncmp(h->content_name, parent->content_name, n) == 0 && h->content_name[n] == '/';
}

/* A \Noselect mailbox that had some below it, and has none any more. */
static bool is_bare(const struct view *v, uint32_t i, const bool *shown)
{
	const struct tree_head *h = v->names.heads[i];
	bool had = false;

	for (size_t k = 0; k < v->names.n && (h->attrs & ATTR_NOSELECT); k++) {
		if (!is_below(v->names.heads[k], h))
			continue;
		if (shown[k])
			return false;
		had = true;
	}
	return had;
}

/* The head counts what is left. */
static void count_kept(const struct pick_coll *pick, struct tree_head *h)
{
	uint64_t kept = 0;

	if (!pick->set)
		return;
	for (size_t i = 0; i < pick->n; i++)
		kept += pick->set[i] != PICK_NOT;
	/* Octets are for the plan and the progress alone. */
	h->roots.bytes = pick->n ? h->roots.bytes / pick->n * kept : 0;
	h->roots.items = kept;
}

/* One more mailbox of the manifest; \All becomes the archive mailbox. */
static void show_item(struct view *v, uint32_t i)
{
	struct tree_head *h = tree_manifest_add(&v->view.manifest, v->names.heads[i]);

	v->origin[v->view.manifest.n_heads - 1] = i;
	count_kept(&v->names.colls[i], h);
	if (v->o.gmail || v->names.colls[i].class != CLASS_ALL)
		return;
	if (!name_taken(v, NULL, "\\Archive")) {
		free(h->special_use);
		h->special_use = xstrdup("\\Archive");
	}
	if (!name_taken(v, "Archive", NULL)) {
		free(h->content_name);
		h->content_name = xstrdup("Archive");
	}
}

/* All mailboxes but those that have lost everything to others. */
static void build_manifest(struct view *v)
{
	bool *shown = xcalloc(v->names.n + 1, sizeof *shown);

	tree_manifest_init(&v->view.manifest);
	v->origin = xcalloc(v->names.n + 1, sizeof *v->origin);
	for (uint32_t i = 0; i < v->names.n; i++)
		shown[i] = !is_emptied(v, i);
	for (uint32_t i = 0; i < v->names.n; i++)
		if (shown[i] && !is_bare(v, i, shown))
			show_item(v, i);
	free(shown);
}

/* ---- the plan in words ---- */

static void say_gmail(const struct view *v, const struct pick_counts *c)
{
	char n[COUNTED_SIZE];

	if (c->shared)
		target_say(v->o.target, SAY_NOTE, NULL, NULL, "%s, with labels",
		        counted(c->shared, "message of several mailboxes becomes one message",
		                "messages of several mailboxes become one message each", n));
	if (c->equal)
		target_say(v->o.target, SAY_NOTE, NULL, NULL,
		        "%s left out: an equal one is in the same mailbox, and Gmail keeps a "
		        "content once",
		        counted(c->equal, "message is", "messages are", n));
	if (c->spared)
		target_say(v->o.target, SAY_NOTE, NULL, NULL,
		        "%s that are restored: Gmail cannot hold the same there as well",
		        counted(c->spared, "message of Trash or Junk is equal to others",
		                "messages of Trash or Junk are equal to others", n));
}

static void say_plan_of(const struct view *v, const struct pick_counts *c)
{
	char n[COUNTED_SIZE];
	const char *all = NULL;

	if (v->o.gmail) {
		say_gmail(v, c);
		return;
	}
	for (size_t i = 0; i < v->names.n; i++)
		if (v->names.colls[i].class == CLASS_ALL && v->names.wanted[i])
			all = v->names.heads[i]->name;
	if (all)
		target_say(v->o.target, SAY_NOTE, all, NULL,
		        "it shows all messages: %s in other mailboxes, not restored twice; %s in "
		        "none, for the archive mailbox",
		        counted(c->all_left, "stands", "stand", n),
		        counted(c->all_kept, "stands", "stand", (char[COUNTED_SIZE]){0}));
	if (c->shared)
		target_say(v->o.target, SAY_NOTE, NULL, NULL,
		        "%s several labels: restored once, %s",
		        counted(c->shared, "message has", "messages have", n),
		        v->o.target->labels == LABELS_KEYWORDS ? "its labels as keywords"
		                                               : "in the first of its mailboxes");
	if (v->o.target->labels == LABELS_KEYWORDS)
		label_names_say(&v->names, v->o.target);
}

static enum pick_how pick_way(const struct label_opts *o)
{
	if (o->gmail)
		return o->gmail_all ? PICK_GMAIL : PICK_GMAIL_FOLDERS;
	if (o->target->labels == LABELS_FIRST)
		return PICK_FIRST;
	return o->target->labels == LABELS_KEYWORDS ? PICK_KEYWORDS : PICK_FOLDERS;
}

int label_view(struct tree_reader *from, const struct label_opts *o, struct tree_reader **out,
        struct err *err)
{
	struct view *v = xcalloc(1, sizeof *v);
	struct reading t = {0};
	struct pick_counts counts;
	int rc = 0;

	*out = NULL;
	v->view.reader.ops = &view_ops;
	v->view.from = from;
	v->o = *o;
	collect_labels(v);
	if (!is_needed(v)) {
		view_free(&v->view.reader);
		return 0;
	}
	for (uint32_t i = 0; i < v->names.n && rc == 0; i++)
		if (v->names.wanted[i])
			rc = read_places(v, &t, i, err);
	if (rc == 0) {
		label_pick(pick_way(o), t.places, t.n, v->names.colls, v->names.sets, &counts);
		build_manifest(v);
		say_plan_of(v, &counts);
		*out = &v->view.reader;
	} else {
		view_free(&v->view.reader);
	}
	free(t.places);
	return rc;
}
