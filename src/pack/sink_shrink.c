/* The shrink rule (tree/shrink.h), for the collections that lost items under their UIDs or are gone. */
#include "sink.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/tree/shrink.h"

static struct tree_coll *copy_coll(const struct tree_coll *from)
{
	struct tree_coll *c = tree_coll_like(from);

	for (size_t i = 0; i < from->n_items; i++) {
		struct tree_item it;

		tree_item_copy(c, from, &from->items[i], &it);
		tree_coll_add(c, &it);
	}
	return c;
}

static int load(
        void *ctx, const struct tree_head *h, bool after, struct tree_coll **out, struct err *err)
{
	struct archive_sink *s = ctx;
	struct slot *slot = sink_slot(s, h->kind, h->name, false);

	if (after && slot && slot->spill) {
		int rc = sink_unspill(s, slot, err);

		*out = slot->coll; /* the file still has it */
		slot->coll = NULL;
		return rc;
	}
	if (after && slot && slot->coll) {
		*out = copy_coll(slot->coll);
		return 0;
	}
	return sealed_catalog(s->rootfd, s->prev, slot && slot->prev ? slot->prev : h,
	        slot && slot->prev ? slot->prev->catalog : h->catalog, out, err);
}

static bool is_suspicious(const struct slot *slot)
{
	return slot->prev &&
	       (slot->state == SLOT_GONE || (slot->state == SLOT_GIVEN && slot->suspicious));
}

/* What was not believed: the last state stands. */
static void take_back(struct slot *slot, const struct tree_head *h)
{
	if (!is_suspicious(slot) || !h || h->status != COLL_STALE)
		return;
	tree_coll_free(slot->coll);
	slot->coll = NULL;
	free(slot->spill);
	slot->spill = NULL;
	slot->state = SLOT_KEPT;
	slot->status = COLL_STALE;
	free(slot->reason);
	slot->reason = xstrdup(h->reason);
}

int sink_shrink(
        struct archive_sink *s, struct tree_manifest *after, unsigned *shrunk_out, struct err *err)
{
	struct tree_manifest before = {0}; /* the heads in question, lent */
	struct tree_shrink rule = {&before, load, s, s->progress};
	int rc = 0;

	*shrunk_out = 0;
	for (size_t i = 0; i < s->n_slots && !s->opts.accept_shrink; i++)
		if (is_suspicious(&s->slots[i]))
			*ARR_PUSH(before.heads, before.n_heads, before.heads_cap) =
			        *s->slots[i].prev;
	if (before.n_heads)
		rc = tree_shrink_refuse(&rule, after, shrunk_out, err);
	free(before.heads);
	for (size_t i = 0; i < s->n_slots && rc == 0 && *shrunk_out; i++)
		take_back(&s->slots[i],
		        tree_manifest_find(after, s->slots[i].kind, s->slots[i].name));
	return rc;
}
