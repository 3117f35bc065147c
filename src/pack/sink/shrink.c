/* The shrink rule (tree/shrink.h) in the archive. */
#include "sink.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/tree/shrink.h"

/* For tree_shrink: the state ${after} or before this run; the caller frees it. */
static int load_coll(
        void *ctx, const struct tree_head *h, bool after, struct tree_coll **out, struct err *err)
{
	struct archive_sink *s = ctx;
	struct slot *slot = sink_slot(s, h->kind, h->name, false);
	int rc;

	if (after && slot && slot->spill) {
		rc = sink_unspill(s, slot, err);
		*out = slot->coll; /* the file still has it */
		slot->coll = NULL;
		return rc;
	}
	if (after && slot && slot->coll) {
		*out = tree_coll_copy(slot->coll);
		return 0;
	}
	*out = NULL;
	rc = slot ? sink_past_catalog(s, slot, out, err) : 0;
	if (rc == 0 && !*out)
		*out = tree_coll_new(h->kind, h->name);
	if (rc == 0 && after)
		tree_coll_without_gone(*out);
	return rc;
}

/* What is gone and has lost its bytes, too, with a file of the archive: mend.c named it. */
static void drop_without_bytes(const struct archive_sink *s, struct tree_coll *c)
{
	size_t kept = 0, n = c->n_gone;

	for (size_t i = 0; i < n; i++)
		if (object_map_find(&s->objects, c->kind, c->gone[i].sha256))
			c->gone[kept++] = c->gone[i];
	c->n_gone = kept;
}

/* Its objects may not be in the map yet: nobody has given it. */
static int put_coll(void *ctx, struct tree_coll *c, struct err *err)
{
	struct archive_sink *s = ctx;
	struct slot *slot = sink_slot(s, c->kind, c->name, false);
	struct tree_coll *prev = NULL;
	int rc = 0;

	if (!slot->loaded && slot->prev) {
		rc = sink_load_head(s, slot->prev, &prev, err);
		tree_coll_free(prev);
	}
	if (rc == 0) {
		drop_without_bytes(s, c);
		return sink_replace(s, c, err);
	}
	tree_coll_free(c);
	return rc;
}

/* Was it read in this run, and how much does it lack? */
static struct tree_shrink_head look_at(const struct slot *slot)
{
	bool given = (slot->state == SLOT_GIVEN || slot->state == SLOT_SAME) && !slot->marked;
	uint64_t lost = slot->state == SLOT_GONE    ? slot->prev->roots.items
	                : slot->state == SLOT_GIVEN ? slot->missing
	                                            : 0;

	return (struct tree_shrink_head){given || slot->state == SLOT_GONE, lost};
}

int sink_shrink(struct archive_sink *s, const struct tree_manifest *after, unsigned *shrunk_out,
        struct err *err)
{
	struct tree_manifest before = {0}; /* the heads are lent */
	struct tree_shrink_head *heads = xcalloc(s->n_slots + 1, sizeof *heads);
	struct tree_shrink rule = {.before = &before,
	        .heads = heads,
	        .load = load_coll,
	        .put = put_coll,
	        .ctx = s,
	        .accept = &s->opts.accept,
	        .progress = s->progress};
	int rc;

	for (size_t i = 0; i < s->n_slots; i++) {
		if (!s->slots[i].prev)
			continue;
		heads[before.n_heads] = look_at(&s->slots[i]);
		*ARR_PUSH(before.heads, before.n_heads, before.heads_cap) = *s->slots[i].prev;
	}
	rc = tree_shrink_keep(&rule, after, shrunk_out, err);
	free(before.heads);
	free(heads);
	return rc;
}
