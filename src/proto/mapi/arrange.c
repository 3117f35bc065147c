/*
 * The rows of a hierarchy as a tree: each folder once, parents first, and how deep it is. A
 * server may list a folder twice while others come and go, or one whose parent nobody sees.
 */
#include <stdlib.h>
#include "proto/mapi/folders.h"
#include "valise/base/lookup.h"

enum { DEPTH_MAX = 300 }; /* as Exchange has it */

struct place {
	mapi_id id;
	size_t at; /* in the list */
};

static int by_id(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = ORDER_OF(x->id, y->id);

	return order ? order : ORDER_OF(x->at, y->at);
}

static int by_id_alone(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return ORDER_OF(x->id, y->id);
}

/* Of rows with one id the first stays. */
static void drop_repeated(struct mapi_folders *f, struct place *index)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++)
		index[i] = (struct place){f->list[i].id, i};
	SORT(index, f->n, by_id);
	for (size_t i = 1; i < f->n; i++)
		if (index[i].id == index[i - 1].id)
			f->list[index[i].at].id = 0;
	for (size_t i = 0; i < f->n; i++) {
		if (f->list[i].id == 0) {
			free(f->list[i].name);
			free(f->list[i].container_class);
		} else {
			f->list[kept++] = f->list[i];
		}
	}
	f->n = kept;
	for (size_t i = 0; i < f->n; i++)
		index[i] = (struct place){f->list[i].id, i};
	SORT(index, f->n, by_id);
}

static struct mapi_folder *parent_of(
        const struct mapi_folders *f, const struct place *index, size_t i)
{
	struct place key = {f->list[i].parent, 0};
	const struct place *p = FIND(&key, index, f->n, by_id_alone);

	return p ? &f->list[p->at] : NULL;
}

/* One whose parent is not listed is at the top; so is one that is in itself, or too deep. */
static void find_depth(
        struct mapi_store *s, struct mapi_folders *f, const struct place *index, size_t i)
{
	struct mapi_folder *x = &f->list[i];

	x->depth = 1;
	for (struct mapi_folder *up = parent_of(f, index, i); up && x->depth <= DEPTH_MAX;
	        up = parent_of(f, index, (size_t)(up - f->list)))
		x->depth++;
	if (x->depth <= DEPTH_MAX)
		return;
	if (s->progress)
		progress_name(s->progress, SAY_NOTE, x->name, NULL,
		        "the server has it in itself, or deeper than %d folders: it is put at the "
		        "top",
		        DEPTH_MAX);
	x->parent = 0;
	x->depth = 1;
}

/* Stable: by depth, in the server's order where that is the same. */
static void by_depth(struct mapi_folders *f)
{
	struct mapi_folder *sorted = xcalloc(f->n, sizeof *sorted);
	size_t n = 0;

	for (unsigned depth = 1; depth <= DEPTH_MAX; depth++)
		for (size_t i = 0; i < f->n; i++)
			if (f->list[i].depth == depth)
				sorted[n++] = f->list[i];
	free(f->list);
	f->list = sorted;
}

void folders_arrange(struct mapi_store *s, struct mapi_folders *f, mapi_id top)
{
	struct place *index;
	bool is_in_order = true;

	if (f->n == 0)
		return;
	index = xcalloc(f->n, sizeof *index);
	drop_repeated(f, index);
	for (size_t i = 0; i < f->n; i++) {
		const struct mapi_folder *up;

		find_depth(s, f, index, i);
		up = parent_of(f, index, i);
		if (up && up - f->list >= (ptrdiff_t)i)
			is_in_order = false;
	}
	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].depth == 1)
			f->list[i].parent = top;
	free(index);
	if (!is_in_order)
		by_depth(f);
}
