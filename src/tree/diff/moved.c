/* What was moved from one collection to another. */
#include "moved.h"
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"

static int cmp_content(const struct stray *x, const struct stray *y)
{
	int d = ORDER_OF(x->kind, y->kind);

	return d ? d : memcmp(x->sum, y->sum, sizeof x->sum);
}

static int cmp_strays(const void *a, const void *b)
{
	const struct stray *x = a, *y = b;
	int d = cmp_content(x, y);

	if (d == 0)
		d = ORDER_OF(x->coll, y->coll);
	return d ? d : ORDER_OF(x->item, y->item);
}

static struct stray stray_of(const struct tree_coll *c, uint32_t coll, uint32_t item)
{
	const struct tree_item *it = &c->items[item];
	struct stray s = {.date = it->date_utc,
	        .coll = coll,
	        .item = item,
	        .other = STRAY_ALONE,
	        .flags = it->flags,
	        .kind = (uint16_t)c->kind};

	memcpy(s.sum, it->sha256, sizeof s.sum);
	return s;
}

void stray_add(struct strays *s, const struct tree_coll *c, uint32_t coll, uint32_t item)
{
	*ARR_PUSH(s->v, s->n, s->cap) = stray_of(c, coll, item);
}

void strays_pair(struct strays *lost, struct strays *come)
{
	size_t i = 0, k = 0;

	SORT(lost->v, lost->n, cmp_strays);
	SORT(come->v, come->n, cmp_strays);
	while (i < lost->n && k < come->n) {
		int d = cmp_content(&lost->v[i], &come->v[k]);

		if (d == 0) {
			lost->v[i].other = (uint32_t)k;
			come->v[k].other = (uint32_t)i;
		}
		i += d <= 0;
		k += d >= 0;
	}
}

const struct stray *stray_find(
        const struct strays *s, const struct tree_coll *c, uint32_t coll, uint32_t item)
{
	struct stray key = stray_of(c, coll, item);

	return FIND(&key, s->v, s->n, cmp_strays);
}
