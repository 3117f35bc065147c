/*
 * Items that the view of the archive leaves out (restore/labels/view.h): a restore stores
 * their content once, in another mailbox or with labels. What was found of that is told of
 * them, too.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "look.h"
#include "restore/labels/view.h"

static int by_content(const void *pa, const void *pb)
{
	const struct told *a = pa, *b = pb;
	int c = memcmp(a->sha256, b->sha256, SHA256_LEN);

	return c ? c : ORDER_OF(a->state, b->state); /* the best one first */
}

void imap_look_note(struct run *r, const struct tree_item *it, const struct target_look *look)
{
	struct told *t;

	if (!r->view)
		return;
	pthread_mutex_lock(&r->workers.lock);
	t = ARR_PUSH(r->looking.told, r->looking.n_told, r->looking.told_cap);
	memcpy(t->sha256, it->sha256, SHA256_LEN);
	t->state = look->state;
	t->place = look->place ? xstrdup(look->place) : NULL;
	t->differs = look->differs ? xstrdup(look->differs) : NULL;
	t->by = look->by;
	pthread_mutex_unlock(&r->workers.lock);
}

/* The same content as that of another item. */
static void tell_hidden(struct run *r, const struct tree_coll *c, const struct tree_item *it)
{
	const struct looking *l = &r->looking;
	struct target_look look = {LOOK_UNREADABLE, NULL,
	        "the archive does not give the mailbox that a restore takes it from", 0};
	size_t i;

	LOOKUP_FIRST(i, l->n_told, memcmp(l->told[i].sha256, it->sha256, SHA256_LEN) < 0);
	if (i < l->n_told && memcmp(l->told[i].sha256, it->sha256, SHA256_LEN) == 0)
		look = (struct target_look){
		        l->told[i].state, l->told[i].place, l->told[i].differs, l->told[i].by};
	r->asked->looked(r->asked->ctx, c, it, &look);
}

/* The mailbox as the view shows it, NULL: it does not. */
static struct tree_coll *shown_of(struct run *r, const struct tree_head *h)
{
	const struct tree_manifest *m = r->view->ops->manifest(r->view);
	struct tree_coll *c = NULL;
	struct err ignored;

	for (size_t i = 0; i < m->n_heads; i++)
		if (label_view_origin(r->view, &m->heads[i]) == h &&
		        r->view->ops->coll(r->view, &m->heads[i], &c, &ignored) < 0)
			return NULL;
	return c;
}

/* What is shown are some of the items, in their order. */
static void tell_hidden_of(struct run *r, const struct tree_head *h)
{
	struct tree_coll *all, *shown;
	struct err ignored;
	size_t k = 0;

	/* one that cannot be read was named when it was to be looked at */
	if (r->archive->ops->coll(r->archive, h, &all, &ignored) < 0)
		return;
	tree_coll_sort(all);
	shown = shown_of(r, h);
	for (size_t i = 0; i < all->n_items; i++) {
		const struct tree_item *it = &all->items[i];

		if (shown && k < shown->n_items && shown->items[k].uid == it->uid &&
		        memcmp(shown->items[k].sha256, it->sha256, SHA256_LEN) == 0)
			k++;
		else
			tell_hidden(r, all, it);
	}
	tree_coll_free(shown);
	tree_coll_free(all);
}

void imap_look_hidden(struct run *r)
{
	const struct tree_manifest *m = r->archive->ops->manifest(r->archive);
	struct looking *l = &r->looking;

	SORT(l->told, l->n_told, by_content);
	for (size_t i = 0; i < m->n_heads; i++)
		if (m->heads[i].kind == COLL_MAIL && target_selects(r->opts, &m->heads[i]))
			tell_hidden_of(r, &m->heads[i]);
}
