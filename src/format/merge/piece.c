/* The second reading: an object's components as they stand among those of others. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "format/content/canon.h"
#include "internal.h"

enum { LIST_MAX = 256 }; /* of names that are told */

void merge_piece_init(struct merge_piece *piece, size_t cap)
{
	*piece = (struct merge_piece){.text = buf_of(cap),
	        .left_out = buf_of(LIST_MAX),
	        .otherwise = buf_of(LIST_MAX),
	        .undefined = buf_of(LIST_MAX)};
}

void merge_piece_clear(struct merge_piece *piece)
{
	buf_clear(&piece->text);
	buf_clear(&piece->left_out);
	buf_clear(&piece->otherwise);
	buf_clear(&piece->undefined);
	free(piece->zones);
}

struct piecing {
	const struct merge *m;
	const struct merge_use *uses;
	size_t n_uses;
	struct merge_piece *piece;
	const char *suffix; /* of the line at hand */
	bool full;
};

/* Append a name to a list, once. */
static void list_name(struct buf *list, const char *name)
{
	size_t n = strlen(name), before = list->len;

	for (const char *s = buf_str(list); *s; s += strcspn(s, ",")) {
		s += strspn(s, ", ");
		if (strncmp(s, name, n) == 0 && (!s[n] || s[n] == ','))
			return;
	}
	if (buf_addf(list, "%s%s", before ? ", " : "", name) < 0)
		(void)!buf_adds(list, before && buf_str(list)[before - 1] != '.' ? " ..." : "");
}

static void on_entry(void *ctx, const struct canon_entry *e)
{
	(void)e;
	*(bool *)ctx = true;
}

static void note_own(struct piecing *k, const struct content_line *l)
{
	bool counts = false;

	if (l->depth != 1 || text_in(l->name, "VERSION|NAME"))
		return;
	canon_line(l, false, false, on_entry, &counts);
	if (counts)
		list_name(&k->piece->left_out, l->name);
}

static int on_line(void *ctx, const struct content_line *l, enum merge_kind kind)
{
	struct piecing *k = ctx;
	const char *tzid = kind == MERGE_COMPONENT ? content_param(l, "TZID") : NULL;

	if (kind == MERGE_OWN)
		note_own(k, l);
	k->suffix = "";
	for (size_t i = 0; tzid && i < k->n_uses; i++)
		if (strcmp(k->m->names[k->uses[i].name].tzid, tzid) == 0 &&
		        k->uses[i].zone != MERGE_NONE)
			k->suffix = k->m->zones[k->uses[i].zone].suffix;
	return *k->suffix != '\0';
}

static void on_range(void *ctx, int done, enum merge_kind kind, const char *s, size_t n)
{
	struct piecing *k = ctx;
	struct buf *text = &k->piece->text;

	/* what a line may grow by */
	if (kind != MERGE_COMPONENT || k->full)
		return;
	k->full = text->cap - text->len < 2 * n + 64;
	if (k->full)
		return;
	if (done)
		merge_rename_param(s, n, k->suffix, text);
	else
		merge_put_lines(s, n, text);
}

static void need_zone(struct merge_piece *piece, size_t zone)
{
	for (size_t i = 0; i < piece->n_zones; i++)
		if (piece->zones[i] == zone)
			return;
	*ARR_PUSH(piece->zones, piece->n_zones, piece->zones_cap) = zone;
}

/* Which zones it needs, and of which it is told that. */
static void note_uses(const struct piecing *k)
{
	for (size_t i = 0; i < k->n_uses; i++) {
		const struct merge_use *u = &k->uses[i];
		const struct merge_name *name = &k->m->names[u->name];

		if (u->zone == MERGE_NONE)
			continue;
		need_zone(k->piece, u->zone);
		if (u->otherwise)
			list_name(&k->piece->otherwise, name->tzid);
		else if (u->definition == MERGE_NONE && !name->known)
			list_name(&k->piece->undefined, name->tzid);
	}
}

int merge_piece(struct merge *m, size_t object, const void *p, size_t n, struct merge_piece *piece,
        struct err *err)
{
	size_t from = m->objects[object],
	       to = object + 1 < m->n_objects ? m->objects[object + 1] : m->n_uses;
	struct piecing k = {.m = m, .n_uses = to - from, .piece = piece};
	const struct merge_walk walk = {on_line, on_range, &k};
	int rc;

	if (k.n_uses)
		k.uses = m->uses + from;
	buf_reset(&piece->text);
	buf_reset(&piece->left_out);
	buf_reset(&piece->otherwise);
	buf_reset(&piece->undefined);
	piece->n_zones = 0;
	note_uses(&k);
	rc = merge_walk(&walk, p, n, err);
	if (rc == 0 && k.full)
		rc = err_set(err, ERR_LIMIT, ERR_ITEM, "its components have more than %zu octets",
		        piece->text.cap);
	return rc;
}
