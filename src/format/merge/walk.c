/* A calendar object line by line, as both readings of it need it. */
#include <stdlib.h>
#include <string.h>
#include "internal.h"

struct walking {
	const struct merge_walk *w;
	const char *p;
	size_t from; /* of the line that is held */
	int done;
	enum merge_kind kind, open; /* of the line that is held; of the component */
};

static void give_range(struct walking *k, size_t to)
{
	if (to > k->from)
		k->w->range(k->w->ctx, k->done, k->kind, k->p + k->from, to - k->from);
	k->from = to;
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct walking *k = ctx;
	bool begins = l->depth == 1 && strcmp(l->name, "BEGIN") == 0;
	bool ends = l->depth == 1 && strcmp(l->name, "END") == 0;

	(void)err;
	give_range(k, l->offset);
	if (begins)
		k->open = content_component_is(l, "VTIMEZONE") ? MERGE_ZONE : MERGE_COMPONENT;
	k->kind = l->depth > 1 || begins || ends ? k->open : MERGE_OWN;
	k->done = k->w->line(k->w->ctx, l, k->kind);
	return 0;
}

struct whole {
	unsigned roots;
	bool calendar, other; /* other: an older or newer version than 2.0 */
};

static int on_root(void *ctx, const struct content_line *l, struct err *err)
{
	struct whole *f = ctx;

	(void)err;
	if (l->depth == 0 && strcmp(l->name, "BEGIN") == 0) {
		f->roots++;
		f->calendar = content_component_is(l, "VCALENDAR");
	}
	f->other |= l->depth == 1 && strcmp(l->name, "VERSION") == 0 &&
	            (l->value_len < 3 || memcmp(l->value, "2.0", 3) != 0);
	return 0;
}

int merge_walk(const struct merge_walk *w, const void *p, size_t n, struct err *err)
{
	struct walking k = {.w = w, .p = p};
	struct whole f = {0};
	unsigned wrong = 0;
	int rc = content_read(p, n, on_root, &f, &wrong, err);

	if (rc < 0)
		return rc;
	if (f.roots != 1 || !f.calendar)
		return err_set(err, ERR_DAMAGED, ERR_ITEM, "it is not one VCALENDAR");
	if (wrong)
		return err_set(err, ERR_DAMAGED, ERR_ITEM,
		        "%u of its lines are no content lines, or BEGIN and END that do not match",
		        wrong);
	if (f.other)
		return err_set(err, ERR_DAMAGED, ERR_ITEM, "it is not iCalendar 2.0");
	rc = content_scan(p, n, on_line, true, &k, NULL, err);
	if (rc == 0)
		give_range(&k, n);
	return rc;
}
